//! The ways by which people are told of runs: what `catalog.yaml` calls by name stands here with its address and its secret.

use std::collections::BTreeMap;

use crate::forge::github::Secret;

use super::ConfigError;
use super::secret::{self, Trouble};
use super::section::Entry;

/// A channel.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChannelConfig {
    /// Slack, by an incoming webhook.
    Slack {
        /// The webhook's address, which is a secret.
        url: Secret,
    },
    /// Microsoft Teams, by the webhook of a workflow.
    Teams {
        /// The webhook's address, which is a secret.
        url: Secret,
    },
    /// Any receiver of JSON, signed.
    Webhook {
        /// Its address, which may be a secret.
        url: Secret,
        /// What messages are signed with.
        secret: Secret,
    },
    /// Email.
    Email(EmailConfig),
}

/// How email is handed over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EmailConfig {
    /// The server: a name or an address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// `Name <address>`, or the address alone.
    pub from: String,
    /// `tls`
    pub tls: Tls,
    /// Who the daemon is to the server.
    pub username: Option<String>,
    /// The password of that user.
    pub password: Option<Secret>,
}

/// How the way to a server of email is kept secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tls {
    /// `starttls`: begun in the clear and refused where the server does not go over to TLS. Port 587.
    Starttls,
    /// `implicit`: from the first byte. Port 465.
    Implicit,
    /// `none`. Refused with a password, except to this machine. Port 25.
    None,
}

/// Reads the channels; empty where secrets were not wanted.
pub(super) fn channels(
    entries: &[Entry],
    trouble: &mut Trouble<'_>,
    errors: &mut Vec<ConfigError>,
) -> BTreeMap<String, ChannelConfig> {
    let mut out = BTreeMap::new();
    for entry in entries {
        if let Some(channel) = channel(entry, trouble, errors) {
            out.insert(entry.name.clone(), channel);
        }
    }
    out
}

fn channel(entry: &Entry, trouble: &mut Trouble<'_>, errors: &mut Vec<ConfigError>) -> Option<ChannelConfig> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !(1..=100).contains(&entry.name.len()) || !entry.name.chars().all(plain) {
        errors.push(ConfigError::new(&entry.place, "the name of a channel is at most 100 of A-Z a-z 0-9 - _"));
        return None;
    }
    let kinds = "say what it is: `type: slack`, `teams`, `email` or `webhook`";
    let Some((at, kind)) = entry.text("type") else {
        errors.push(ConfigError::new(&entry.place, kinds));
        return None;
    };
    let takes: &[&str] = match kind {
        "slack" | "teams" => &["urlFile", "urlEnv"],
        "webhook" => &["url", "urlFile", "urlEnv", "secretFile", "secretEnv"],
        "email" => &["smtp", "from", "tls", "username", "passwordFile", "passwordEnv"],
        _ => {
            errors.push(ConfigError::new(at, format!("`{kind}` is not a kind of channel: {kinds}")));
            return None;
        }
    };
    let before = errors.len();
    for (key, (at, _)) in entry.said.iter().filter(|(key, _)| **key != "type" && !takes.contains(key)) {
        let message = match *key {
            "url" => {
                format!("the address of a {kind} channel is a secret: name its file with `urlFile`, or a variable with `urlEnv`")
            }
            _ => format!("a {kind} channel has no `{key}`: it takes {}", takes.join(", ")),
        };
        errors.push(ConfigError::new(at, message));
    }
    if errors.len() > before {
        return None;
    }
    match kind {
        "email" => email(entry, trouble, errors).map(ChannelConfig::Email),
        "webhook" => {
            let url = match entry.text("url") {
                Some((at, _)) if entry.said.contains_key("urlFile") || entry.said.contains_key("urlEnv") => {
                    errors.push(ConfigError::new(at, "the address is said twice: which of them holds?"));
                    None
                }
                Some((at, text)) => address(text).map_err(|message| errors.push(ConfigError::new(at, message))).ok(),
                None => secret::of_entry(entry, ("urlFile", "urlEnv"), "its address: `url`, or", address, trouble, errors),
            };
            let unsigned = "what its messages are signed with:";
            let secret = secret::of_entry(entry, ("secretFile", "secretEnv"), unsigned, secret::shared, trouble, errors);
            Some(ChannelConfig::Webhook { url: url?, secret: secret? })
        }
        _ => {
            let url = secret::of_entry(entry, ("urlFile", "urlEnv"), "the webhook's address:", address, trouble, errors)?;
            Some(if kind == "slack" { ChannelConfig::Slack { url } } else { ChannelConfig::Teams { url } })
        }
    }
}

/// An address that messages are posted to. It is never repeated: whoever knows it can post.
fn address(text: &str) -> Result<Secret, String> {
    let text = text.trim();
    let wrong = || Err("this is not an address: it begins with `https://` and has no user in it".to_owned());
    let Ok(uri) = text.parse::<http::Uri>() else { return wrong() };
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return wrong() };
    if authority.as_str().contains('@') || !(scheme == "https" || (scheme == "http" && is_this_machine(authority.host()))) {
        return wrong();
    }
    Ok(Secret::new(text))
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn email(entry: &Entry, trouble: &mut Trouble<'_>, errors: &mut Vec<ConfigError>) -> Option<EmailConfig> {
    let before = errors.len();
    let mut wrong = |place: &str, message: &str| errors.push(ConfigError::new(place, message));
    let tls = match entry.text("tls") {
        None | Some((_, "starttls")) => Tls::Starttls,
        Some((_, "implicit")) => Tls::Implicit,
        Some((_, "none")) => Tls::None,
        Some((at, _)) => {
            wrong(at, "write `starttls`, `implicit` or `none`");
            Tls::Starttls
        }
    };
    let server = match entry.text("smtp") {
        None => {
            wrong(&entry.place, "say which server takes email: `smtp: mail.acme.example:587`");
            None
        }
        Some((at, text)) => {
            let server = server(text, tls);
            if server.is_none() {
                wrong(at, "this is not a server: write `mail.acme.example:587`");
            }
            server
        }
    };
    let from = entry.text("from");
    match from {
        None => wrong(&entry.place, "say who email is from: `from: Portcullis <portcullis@acme.example>`"),
        Some((at, text)) if !is_sender(text) => wrong(at, "write `Portcullis <portcullis@acme.example>`, or the address alone"),
        Some(_) => {}
    }
    let username = entry.text("username").map(|(_, text)| text.to_owned());
    let has_password = entry.said.contains_key("passwordFile") || entry.said.contains_key("passwordEnv");
    match (&username, has_password) {
        (Some(_), false) => wrong(
            &entry.place,
            "the user's password is missing: name its file with `passwordFile`, or a variable with `passwordEnv`",
        ),
        (None, true) => wrong(&entry.place, "whose password is this? Say the `username`"),
        (Some(_), true) if tls == Tls::None && !server.as_ref().is_some_and(|(host, _)| is_this_machine(host)) => {
            wrong(&entry.place, "the password would go over the network in the clear: `tls: starttls`, or `implicit`");
        }
        _ => {}
    }
    let password = match has_password {
        true => secret::of_entry(entry, ("passwordFile", "passwordEnv"), "", secret::line, trouble, errors),
        false => None,
    };
    let ((host, port), (_, from)) = (server?, from?);
    // Where secrets were not wanted, half of a login is none.
    if errors.len() > before || (has_password && password.is_none()) {
        return None;
    }
    Some(EmailConfig { host, port, from: from.to_owned(), tls, username, password })
}

/// A host and a port; the port of the way of speaking where none is said.
fn server(text: &str, tls: Tls) -> Option<(String, u16)> {
    let usual = match tls {
        Tls::Starttls => 587,
        Tls::Implicit => 465,
        Tls::None => 25,
    };
    let authority: http::uri::Authority = text.parse().ok()?;
    if text.contains('@') || authority.host().is_empty() {
        return None;
    }
    let port = match authority.port() {
        Some(port) => port.as_str().parse().ok().filter(|port| *port > 0)?,
        None if text.ends_with(':') => return None,
        None => usual,
    };
    Some((authority.host().trim_matches(['[', ']']).to_owned(), port))
}

fn is_sender(text: &str) -> bool {
    let address = match text.rsplit_once('<') {
        Some((_, rest)) => rest.strip_suffix('>').unwrap_or_default(),
        None => text,
    };
    let parts = address.split_once('@');
    !text.contains(char::is_control)
        && parts.is_some_and(|(user, host)| !user.is_empty() && !host.is_empty() && !host.contains('@'))
        && !address.contains(char::is_whitespace)
}
