//! Which hosts the daemon may speak to: names and addresses that are written down, with their ports.

use super::PolicyError;
use super::target::{Host, Target, default_port, parse_port, split_port};

/// An entry of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct AllowedHost {
    host: Pattern,
    /// `None`: the scheme's own alone, so that nobody speaks to whatever else listens there.
    port: Option<u16>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Pattern {
    Exactly(Host),
    /// One more label before this, as in certificates.
    Below(String),
}

impl AllowedHost {
    pub(super) fn parse(text: &str) -> Result<Self, PolicyError> {
        let wrong = |why| PolicyError::Host { host: text.to_owned(), why };
        if text.contains("://") || text.contains(['/', '@', '?', '#']) {
            return Err(wrong("write the host alone, with a port where it is not the usual one: `deploy.acme.example:8443`"));
        }
        let (host, port) = split_port(text).map_err(wrong)?;
        let port = port.map(parse_port).transpose().map_err(wrong)?;
        let host = match host.strip_prefix("*.") {
            Some(parent) => match Host::parse(parent).map_err(wrong)? {
                Host::Name(name) if name.contains('.') => Pattern::Below(name),
                _ => return Err(wrong("`*.` stands before a name of two parts or more: `*.acme.example`")),
            },
            None if host.contains('*') => return Err(wrong("a `*` stands for the whole first part alone: `*.acme.example`")),
            None => Pattern::Exactly(Host::parse(host).map_err(wrong)?),
        };
        Ok(Self { host, port })
    }

    pub(super) fn allows(&self, target: &Target) -> bool {
        let port = self.port.unwrap_or(default_port(target.secure));
        port == target.port
            && match (&self.host, &target.host) {
                (Pattern::Exactly(host), found) => host == found,
                (Pattern::Below(parent), Host::Name(name)) => name
                    .strip_suffix(parent.as_str())
                    .and_then(|rest| rest.strip_suffix('.'))
                    .is_some_and(|label| !label.is_empty() && !label.contains('.')),
                (Pattern::Below(_), Host::Address(_)) => false,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(entry: &str, url: &str) -> bool {
        AllowedHost::parse(entry).unwrap().allows(&Target::parse(url).unwrap())
    }

    #[test]
    fn a_name_allows_itself_at_the_usual_port_alone() {
        assert!(allows("deploy.acme.example", "https://deploy.acme.example/x"));
        assert!(allows("Deploy.Acme.example", "https://DEPLOY.acme.example:443/"));
        assert!(allows("deploy.acme.example", "http://deploy.acme.example/"));
        assert!(allows("deploy.acme.example:8443", "https://deploy.acme.example:8443/"));
        for url in [
            "https://deploy.acme.example:8443/",
            "https://deploy.acme.example:22/",
            "http://deploy.acme.example:443/",
            "https://acme.example/",
            "https://x.deploy.acme.example/",
            "https://deploy.acme.example.evil.example/",
            "https://xdeploy.acme.example/",
        ] {
            assert!(!allows("deploy.acme.example", url), "{url}");
        }
        assert!(!allows("deploy.acme.example:8443", "https://deploy.acme.example/"));
    }

    #[test]
    fn a_star_stands_for_one_part() {
        assert!(allows("*.acme.example", "https://deploy.acme.example/"));
        for url in [
            "https://acme.example/",
            "https://a.b.acme.example/",
            "https://evilacme.example/",
            "https://acme.example.evil.example/",
        ] {
            assert!(!allows("*.acme.example", url), "{url}");
        }
    }

    #[test]
    fn an_address_allows_itself_however_it_is_written() {
        assert!(allows("10.1.2.3:8080", "http://10.1.2.3:8080/"));
        assert!(allows("[fd00::1]", "https://[fd00:0::0001]/"));
        assert!(!allows("10.1.2.3", "https://10.1.2.4/"));
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for entry in [
            "",
            "*",
            "*.",
            "*.com",
            "a*.acme.example",
            "*.*.example",
            "*.10.0.0.1",
            "https://acme.example",
            "acme.example/x",
            "a@b.example",
            "127.1",
            "acme.example:*",
            "acme.example:0",
            "acme.example.",
            "fd00::1",
        ] {
            assert!(AllowedHost::parse(entry).is_err(), "{entry}");
        }
    }
}
