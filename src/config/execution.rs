//! How approved runs are executed: to whom the daemon speaks, with which secrets, and in whose name.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::forge::github::Secret;

use super::secret::{self, Trouble};
use super::section::Entry;
use super::value;
use super::{ConfigError, Reader, Texts};

/// How approved runs are executed.
#[derive(Clone, Debug)]
pub struct ExecutionConfig {
    /// `execution`
    pub enabled: bool,
    /// `executionHosts`: `deploy.acme.example`, `*.acme.example`, each with an optional `:port`, in lower case.
    pub hosts: Vec<String>,
    /// `executionPrivate`: addresses, each with an optional length of its prefix.
    pub private: Vec<String>,
    /// `executionPlainHttp`
    pub plain_http: bool,
    /// `executionTimeout`
    pub timeout: Duration,
    /// `executionWorkflows`: repositories on GitHub, `acme/platform` or `acme/*`.
    pub workflows: Vec<String>,
    /// `executionConcurrency`
    pub concurrency: usize,
    /// `secrets`, by their names; empty where secrets were not wanted.
    pub secrets: BTreeMap<String, Secret>,
    /// `webhookSigningSecretFile`; `None` where secrets were not wanted.
    pub webhook_secret: Option<Secret>,
    /// `signingKeyFile`
    pub signing_key: Option<PathBuf>,
}

/// Reads it.
pub(super) fn execution(
    texts: &Texts,
    secrets: &[Entry],
    trouble: &mut Trouble<'_>,
    errors: &mut Vec<ConfigError>,
) -> ExecutionConfig {
    let mut read = Reader { texts, errors };
    let config = ExecutionConfig {
        enabled: read.get("execution", value::yes_or_no).unwrap_or(true),
        hosts: read.get("executionHosts", |text| each(text, host)).unwrap_or_default(),
        private: read.get("executionPrivate", |text| each(text, range)).unwrap_or_default(),
        plain_http: read.get("executionPlainHttp", value::yes_or_no).unwrap_or(false),
        timeout: read.get("executionTimeout", value::duration).unwrap_or(Duration::from_secs(30)),
        workflows: read.get("executionWorkflows", |text| each(text, workflows)).unwrap_or_default(),
        concurrency: read.get("executionConcurrency", value::concurrency).unwrap_or(16),
        secrets: BTreeMap::new(),
        webhook_secret: None,
        signing_key: read.get("signingKeyFile", |text| Ok(PathBuf::from(text))),
    };
    let file = texts.get("webhookSigningSecretFile").cloned();
    let place = secret::Place { file, variable: "PORTCULLIS_WEBHOOK_SIGNING_SECRET", env: trouble.env };
    let webhook_secret = trouble.read(&place, secret::shared, errors);
    let mut named = BTreeMap::new();
    for entry in secrets {
        if !is_name(&entry.name) {
            let message = "the name of a secret is A-Z a-z 0-9 and _, and begins with no digit: templates write `.secrets.NAME`";
            errors.push(ConfigError::new(&entry.place, message));
            continue;
        }
        if let Some(secret) = secret::of_entry(entry, ("file", "env"), "", secret::line, trouble, errors) {
            named.insert(entry.name.clone(), secret);
        }
    }
    ExecutionConfig { secrets: named, webhook_secret, ..config }
}

fn is_name(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain && (1..=100).contains(&name.len()) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// Reads each of the texts between commas and spaces.
fn each(text: &str, read: impl Fn(&str) -> Result<String, String>) -> Result<Vec<String>, String> {
    text.split([',', ' ', '\n', '\t']).filter(|part| !part.is_empty()).map(read).collect()
}

/// A repository on GitHub, or all of an owner.
fn workflows(text: &str) -> Result<String, String> {
    match text.strip_suffix("/*") {
        Some(owner) => value::owner(owner).map(|_| text.to_owned()),
        None => value::full_name(text),
    }
}

/// A host, or every name below one, with a port where only one is meant.
fn host(text: &str) -> Result<String, String> {
    let wrong = || {
        Err(format!(
            "`{text}` is not a host: write `deploy.acme.example`, `*.acme.example`, or either with a port, `:8443`; no `https://`"
        ))
    };
    let (name, port) = match text.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') || name.ends_with(']') => (name, Some(port)),
        _ => (text, None),
    };
    if port.is_some_and(|port| !port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return wrong();
    }
    let below = name.strip_prefix("*.").unwrap_or(name);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let address = below.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok();
    // `*.com` would let in whoever buys a name.
    let wide = name.starts_with("*.") && (!below.contains('.') || address);
    if wide {
        return Err(format!("`{text}` is too wide: name what is below a domain of your own, `*.acme.example`"));
    }
    if address || (name.len() <= 253 && below.split('.').all(label)) { Ok(text.to_ascii_lowercase()) } else { wrong() }
}

/// An address, or a range of them.
fn range(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not a range of addresses: write `10.1.0.0/16` or `127.0.0.1`");
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let address: std::net::IpAddr = address.parse().map_err(|_| wrong())?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    let length = length.map(str::parse::<u8>).transpose().map_err(|_| wrong())?;
    if length.is_some_and(|length| length > most) { Err(wrong()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_hosts_and_nothing_wider() {
        for fine in
            ["deploy.acme.example", "*.acme.example", "Deploy.Acme.example:8443", "localhost:80", "127.0.0.1", "[::1]:8080"]
        {
            assert_eq!(host(fine), Ok(fine.to_ascii_lowercase()));
        }
        for wrong in [
            "https://a.example",
            "a.example/x",
            "*",
            "*.com",
            "*.127.0.0.1",
            "a..b",
            "-a.example",
            "a:0",
            "a:99999",
            "u@a",
            "a b",
        ] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ranges_have_a_length_that_fits() {
        assert!(range("10.1.0.0/16").is_ok() && range("::1").is_ok() && range("fd00::/8").is_ok());
        assert!(range("10.0.0.0/33").is_err() && range("localhost").is_err() && range("10.0.0.0/x").is_err());
    }
}
