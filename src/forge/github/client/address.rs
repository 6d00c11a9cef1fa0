//! Where the API is, and which addresses are below it: nothing else is ever sent to, whatever an answer says.

use http::Uri;
use http::uri::Scheme;

use super::ApiError;

/// The API's base: its origin, and the path below which everything is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Address {
    /// `https://api.github.com`, as requests name it.
    origin: String,
    /// Scheme, host and port, as two of them are compared.
    parts: (String, String, u16),
    /// Empty, or `/api/v3`.
    path: String,
}

impl Address {
    /// Reads a base address.
    ///
    /// # Errors
    /// Where it is no address, carries a name or a password, or is not https although its host is another machine.
    pub(super) fn new(text: &str) -> Result<Self, ApiError> {
        let refused = |why: &str| ApiError::Refused { status: 0, what: format!("the address of GitHub's API {why}") };
        let uri: Uri =
            text.trim().parse().map_err(|_| refused("is no URL; write https://api.github.com, or https://HOST/api/v3"))?;
        let parts =
            origin_of(&uri).ok_or_else(|| refused("names no https host, or carries a user name; write https://HOST/api/v3"))?;
        if uri.query().is_some() {
            return Err(refused("has a query; write https://api.github.com, or https://HOST/api/v3"));
        }
        if parts.0 != "https" && !is_loopback(&parts.1) {
            return Err(refused("is not https: a token would cross the network in clear; write https://"));
        }
        let authority = uri.authority().map(ToString::to_string).unwrap_or_default();
        let path = uri.path().trim_end_matches('/').to_owned();
        Ok(Self { origin: format!("{}://{authority}", parts.0), parts, path })
    }

    /// The address of a path below the base; the path begins with `/`.
    ///
    /// # Errors
    /// Where that makes no address, or one that leaves the base.
    pub(super) fn below(&self, path: &str) -> Result<Uri, ApiError> {
        format!("{}{}{path}", self.origin, self.path)
            .parse()
            .ok()
            .filter(|uri| self.holds(uri))
            .ok_or_else(|| ApiError::Refused { status: 0, what: format!("{path:?} is no path of GitHub's API") })
    }

    /// What a `Location` or a `Link` names, if that is below our base; relative ones are taken from our origin.
    pub(super) fn resolve(&self, location: &str) -> Option<Uri> {
        let absolute = if location.starts_with('/') && !location.starts_with("//") {
            format!("{}{location}", self.origin)
        } else {
            location.to_owned()
        };
        absolute.parse().ok().filter(|uri| self.holds(uri))
    }

    /// Whether the scheme of requests is https.
    pub(super) fn is_secure(&self) -> bool {
        self.parts.0 == "https"
    }

    /// The path below the base, with its query, as people write it and as [`Address::below`] takes it.
    pub(super) fn path_of<'u>(&self, uri: &'u Uri) -> &'u str {
        let whole = uri.path_and_query().map_or("/", |path| path.as_str());
        whole.strip_prefix(self.path.as_str()).unwrap_or(whole)
    }

    fn holds(&self, uri: &Uri) -> bool {
        let below = uri.path().strip_prefix(self.path.as_str()).is_some_and(|rest| rest.starts_with('/'));
        let climbs = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        below && !uri.path().split('/').any(climbs) && origin_of(uri).is_some_and(|parts| parts == self.parts)
    }
}

/// One segment of a path, or one value of a query, with everything escaped that would mean something there.
pub fn segment(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

/// Scheme, host and port; `None` where one is missing, the scheme is neither of ours, or a user is named.
fn origin_of(uri: &Uri) -> Option<(String, String, u16)> {
    let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'))?;
    let scheme = uri.scheme().filter(|scheme| **scheme == Scheme::HTTPS || **scheme == Scheme::HTTP)?;
    let port = authority.port_u16().unwrap_or(if *scheme == Scheme::HTTPS { 443 } else { 80 });
    Some((scheme.to_string(), authority.host().to_ascii_lowercase(), port))
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_is_demanded_unless_the_host_is_this_machine() {
        for good in [
            "https://api.github.com",
            "https://ghe.acme.io/api/v3/",
            "http://127.0.0.1:8080",
            "http://localhost",
            "http://[::1]:1",
        ] {
            assert!(Address::new(good).is_ok(), "{good}");
        }
        for bad in
            ["http://api.github.com", "http://127.0.0.1.evil.io", "ftp://a", "github.com", "", "https://me:pw@a", "https://a/?q"]
        {
            assert!(matches!(Address::new(bad), Err(ApiError::Refused { status: 0, .. })), "{bad}");
        }
    }

    #[test]
    fn a_password_in_the_address_is_not_repeated_in_the_error() {
        assert!(!Address::new("https://me:hunter2@ghe.io").unwrap_err().to_string().contains("hunter2"));
    }

    #[test]
    fn only_what_is_below_the_base_is_ours() {
        let base = Address::new("https://GHE.acme.io/api/v3").unwrap();
        for ours in ["https://ghe.acme.io/api/v3/repositories/1?page=2", "https://ghe.acme.io:443/api/v3/x", "/api/v3/user"] {
            assert!(base.resolve(ours).is_some(), "{ours}");
        }
        for foreign in [
            "https://evil.io/api/v3/x",
            "http://ghe.acme.io/api/v3/x",
            "https://ghe.acme.io:8443/api/v3/x",
            "https://ghe.acme.io@evil.io/api/v3/x",
            "//evil.io/api/v3/x",
            "https://ghe.acme.io/login",
            "https://ghe.acme.io/api/v3evil",
            "https://ghe.acme.io/api/v3/../../login",
            "/api/v3/%2E%2e/login",
            "nonsense",
            "",
        ] {
            assert!(base.resolve(foreign).is_none(), "{foreign}");
        }
    }

    #[test]
    fn a_path_cannot_climb_out() {
        let base = Address::new("https://ghe.acme.io/api/v3").unwrap();
        assert_eq!(base.below("/user").unwrap(), "https://ghe.acme.io/api/v3/user");
        assert!(base.below("/repos/acme/../../login").is_err());
        assert!(base.below("/a b").is_err());
        assert_eq!(base.path_of(&base.below("/user?page=2").unwrap()), "/user?page=2");
    }

    #[test]
    fn a_segment_means_nothing_but_itself() {
        assert_eq!(segment("refs/heads/a b#c?d&e%"), "refs%2Fheads%2Fa%20b%23c%3Fd%26e%25");
        assert_eq!(segment("portcullis[bot]"), "portcullis%5Bbot%5D");
    }
}
