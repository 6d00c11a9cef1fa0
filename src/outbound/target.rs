//! What an address names, read more strictly than browsers do: whatever two readers could understand differently is refused.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The longest address.
const LONGEST: usize = 2048;
/// The longest name (RFC 1035), and the longest part of one.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Whom to speak to, and what to ask for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// Whether it is `https`.
    pub(super) secure: bool,
    pub(super) host: Host,
    pub(super) port: u16,
    /// `/deploy?env=prod`; it may hold a secret.
    pub(super) path: String,
}

/// A host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Host {
    /// In lower case.
    Name(String),
    Address(IpAddr),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Address(IpAddr::V4(address)) => address.fmt(f),
            Self::Address(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// Host and port: never the path.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.port == default_port(self.secure) { self.host.fmt(f) } else { write!(f, "{}:{}", self.host, self.port) }
    }
}

pub(super) fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

impl Target {
    /// # Errors
    /// What is wrong; it repeats nothing of the address.
    pub(super) fn parse(url: &str) -> Result<Self, &'static str> {
        if url.len() > LONGEST {
            return Err("it is longer than 2,048 characters");
        }
        let (secure, rest) = match (url.strip_prefix("https://"), url.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (_, Some(rest)) => (false, rest),
            (None, None) => return Err("it must begin with `https://`"),
        };
        let (authority, path) = match rest.find(['/', '?', '#', '\\']) {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if authority.contains('@') {
            return Err("it must not hold a user or a password: put those into a header");
        }
        let (host, port) = split_port(authority)?;
        let port = match port {
            Some(port) => parse_port(port)?,
            None => default_port(secure),
        };
        Ok(Self { secure, host: Host::parse(host)?, port, path: parse_path(path)? })
    }
}

impl Host {
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            let address =
                inner.parse::<Ipv6Addr>().map_err(|_| "what stands in brackets is no IPv6 address; zones are not allowed")?;
            return Ok(Self::Address(IpAddr::V6(address)));
        }
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Ok(Self::Address(IpAddr::V4(address))); // std takes four decimal numbers without leading zeros, and nothing else
        }
        if text.is_empty() {
            return Err("it has no host");
        }
        if !text.is_ascii() {
            return Err("its host must be written in ASCII: an international name as `xn--…`");
        }
        if text.ends_with('.') {
            return Err("its host must not end in a dot");
        }
        if text.len() > LONGEST_NAME || text.split('.').any(|label| label.len() > LONGEST_LABEL) {
            return Err("its host is longer than a name may be");
        }
        if !text.split('.').all(is_label) {
            return Err("its host is no name: letters, digits and inner hyphens, with dots between");
        }
        // `2130706433`, `0x7f.1`, `127.1`, `0177.0.0.1`: some resolvers take these for addresses.
        if text.rsplit('.').next().is_some_and(reads_as_number) {
            return Err("its host is a number: write an IPv4 address as four decimal numbers");
        }
        Ok(Self::Name(text.to_ascii_lowercase()))
    }
}

fn is_label(label: &str) -> bool {
    let inner = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    !label.is_empty() && label.bytes().all(inner) && !label.starts_with('-') && !label.ends_with('-')
}

/// Whether a name that ends so is taken for a number by some: digits, or `0x` and hexadecimal digits (the URL standard's rule).
fn reads_as_number(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    let hexadecimal = lower.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    hexadecimal || lower.bytes().all(|b| b.is_ascii_digit())
}

/// Host and port, where there is one; brackets hold colons of their own.
pub(super) fn split_port(authority: &str) -> Result<(&str, Option<&str>), &'static str> {
    let end = match authority.starts_with('[') {
        true => authority.find(']').map(|at| at + 1).ok_or("its bracket is not closed")?,
        false => authority.find(':').unwrap_or(authority.len()),
    };
    match authority.split_at(end) {
        (host, "") => Ok((host, None)),
        (host, rest) => rest.strip_prefix(':').map(|port| (host, Some(port))).ok_or("behind its host stands something odd"),
    }
}

pub(super) fn parse_port(digits: &str) -> Result<u16, &'static str> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0') && digits.len() <= 5;
    plain.then(|| digits.parse().ok()).flatten().ok_or("its port is no number between 1 and 65535")
}

fn parse_path(path: &str) -> Result<String, &'static str> {
    if path.contains('#') {
        return Err("it must not hold a `#`: what follows is never sent");
    }
    let odd = |b: u8| !b.is_ascii_graphic() || b"\"<>\\^`{|}".contains(&b);
    if path.bytes().any(odd) {
        return Err("its path holds a character that must be written as `%..`");
    }
    Ok(if path.starts_with('/') { path.to_owned() } else { format!("/{path}") })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn host(url: &str) -> Result<String, &'static str> {
        Target::parse(url).map(|target| target.host.to_string())
    }

    #[test]
    fn an_address_is_read_as_it_stands() {
        let target = Target::parse("https://Deploy.Acme.example:8443/run?env=prod&x=a@b").unwrap();
        assert_eq!((target.secure, target.port, target.path.as_str()), (true, 8443, "/run?env=prod&x=a@b"));
        assert_eq!(target.to_string(), "deploy.acme.example:8443");
        let target = Target::parse("http://[2001:DB8::1]").unwrap();
        assert_eq!((target.secure, target.port, target.path.as_str()), (false, 80, "/"));
        assert_eq!(target.to_string(), "[2001:db8::1]");
        assert_eq!(Target::parse("https://a.example?q").unwrap().path, "/?q");
        assert_eq!(host("https://xn--bcher-kva.example/").as_deref(), Ok("xn--bcher-kva.example"));
    }

    /// Ways to write an address so that who allows it and who connects to it understand different things.
    #[test]
    fn what_two_readers_could_understand_differently_is_refused() {
        for url in [
            // numbers that some take for addresses
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://0X7F.0.0.1/",
            "https://127.1/",
            "https://127.0.1/",
            "https://0177.0.0.1/",
            "https://127.0.0.01/",
            "https://127.0.0.1.2/",
            "https://1.2.3.256/",
            "https://017700000001/",
            "https://127.0.0.0x1/",
            "https://example.0x/",
            "https://0/",
            // users, and what looks like one
            "https://good.example@127.0.0.1/",
            "https://good.example:443@evil.example/",
            "https://@evil.example/",
            "https://good.example%40evil.example/",
            // backslashes, spaces, control characters
            "https://good.example\\@evil.example/",
            "https:\\\\good.example/",
            "https://good.example\\.evil.example/",
            "https://good.example /",
            " https://good.example/",
            "https://good.example/\r\nHost: evil.example",
            "https://good.example\t/",
            "https://good.example\0.evil.example/",
            "https://good.example/a b",
            "https://good.example/\u{e9}",
            // dots, hyphens and other marks
            "https://good.example./",
            "https://good..example/",
            "https://.good.example/",
            "https://-good.example/",
            "https://good_one.example/",
            "https://*.example/",
            "https://127.0.0.1./",
            // letters that only look right, or turn into others
            "https://g\u{f6}\u{f6}d.example/",
            "https://good\u{3002}example/",
            "https://\u{ff11}27.0.0.1/",
            "https://\u{2460}27.0.0.1/",
            "https://goo\u{200b}d.example/",
            // ports
            "https://good.example:/",
            "https://good.example:0/",
            "https://good.example:065/",
            "https://good.example:65536/",
            "https://good.example:443:80/",
            "https://good.example:+443/",
            "https://good.example:\u{663}/",
            // IPv6
            "https://[::1/",
            "https://::1/",
            "https://[fe80::1%eth0]/",
            "https://[fe80::1%25eth0]/",
            "https://[::1]x/",
            "https://[127.0.0.1]/",
            "https://[v1.x]/",
            // schemes and fragments
            "",
            "good.example",
            "//good.example/",
            "https:good.example/",
            "https:/good.example/",
            "https:///good.example/",
            "HTTPS://good.example/",
            "ftp://good.example/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:6379/_",
            "unix:/run/docker.sock",
            "https://good.example#@evil.example/",
            "https://good.example/#x",
            "https://?good.example",
        ] {
            assert!(Target::parse(url).is_err(), "{url:?} is taken for {:?}", Target::parse(url));
        }
        let long = format!("https://{}.example/", "a".repeat(64));
        assert!(Target::parse(&long).is_err());
        assert!(Target::parse(&format!("https://{}example/", "a.".repeat(130))).is_err());
        assert!(Target::parse(&format!("https://a.example/{}", "a".repeat(2048))).is_err());
    }

    proptest! {
        /// Another reader understands the same of everything that is taken.
        #[test]
        fn another_reader_understands_the_same(
            url in "https?://([a-zA-Z0-9.@:%\\[\\]\\-]{1,20}|[a-c]{1,3}\\.[a-z]{2}|[0-9]{1,3}(\\.[0-9]{1,3}){3}|\\[[0-9a-f:]{2,9}\\])(:[0-9]{1,5})?([/?#][!-~]{0,20})?",
        ) {
            if let Ok(target) = Target::parse(&url) {
                let uri: http::Uri = url.parse().unwrap();
                prop_assert_eq!(uri.host().unwrap().to_ascii_lowercase().parse::<IpAddr>().map_or_else(
                    |_| uri.host().unwrap().to_ascii_lowercase(), |address| address.to_string()),
                    match &target.host { Host::Name(name) => name.clone(), Host::Address(IpAddr::V4(a)) => a.to_string(), v6 => {
                        let written: Ipv6Addr = uri.host().unwrap().trim_matches(['[', ']']).parse().unwrap();
                        prop_assert_eq!(v6, &Host::Address(IpAddr::V6(written)));
                        uri.host().unwrap().to_ascii_lowercase()
                    } });
                prop_assert_eq!(uri.port_u16().unwrap_or(default_port(target.secure)), target.port);
                prop_assert_eq!(uri.scheme_str() == Some("https"), target.secure);
                let path = uri.path_and_query().map_or("/", |path| path.as_str());
                prop_assert!(target.path == path || target.path == format!("/{path}"), "{} {}", target.path, path);
            }
        }

        #[test]
        fn nothing_makes_it_panic(url in "\\PC{0,60}", rest in "(?s).{0,40}") {
            let _ = Target::parse(&url);
            let _ = Target::parse(&format!("https://{rest}"));
        }
    }
}
