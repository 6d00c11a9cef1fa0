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
