//! How the daemon is known to GitHub: an App or a token, never both, and nothing of it half said.

use crate::forge::github::{Credentials, Secret};

use super::repository::{self, Answers};
use super::value;
use super::{ConfigError, Reader, Texts, secret};

/// Who the daemon is to GitHub, and what it does there.
#[derive(Clone, Debug)]
pub struct GithubConfig {
    /// `githubUrl`: `https://api.github.com`, `https://HOST/api/v3`.
    pub api: String,
    /// Where repositories are fetched from: `https://github.com`, `https://HOST`.
    pub git: String,
    /// `githubApp` with its key, or the token; `None` where secrets were not wanted.
    pub credentials: Option<Credentials>,
    /// The secrets of webhooks, any of which a delivery may be signed with; empty where there are no webhooks.
    pub webhook_secrets: Vec<Secret>,
    /// `githubDiscover`, with what holds for every repository that is found.
    pub discover: Option<Discovered>,
}

/// What holds for every repository that is found, rather than listed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Discovered {
    /// How their pull requests are answered.
    pub answers: Answers,
}

/// The options of a repository that can be said of all that are discovered.
pub(super) const DESCRIBES_DISCOVERED: [&str; 4] = repository::ANSWERS;

/// What is said.
pub(super) struct Said<'a> {
    pub(super) texts: &'a Texts,
    pub(super) env: &'a dyn Fn(&str) -> Option<String>,
    /// Whether secrets are wanted.
    pub(super) secrets: bool,
    /// Whether a repository on GitHub is listed.
    pub(super) asked: bool,
    /// What is said of the repositories that are discovered; `None` where none are.
    pub(super) discover: Option<&'a Texts>,
    /// Whether there is an address where webhooks can arrive.
    pub(super) listens: bool,
}

/// The public GitHub.
pub(super) fn public() -> (String, String) {
    ("https://api.github.com".to_owned(), "https://github.com".to_owned())
}

/// The address of an API of GitHub, and that of git which follows from it.
///
/// # Errors
/// What to write instead: `https`, except to this machine, and the API rather than the pages.
pub fn addresses(text: &str) -> Result<(String, String), String> {
    let address = text.trim_end_matches('/');
    let uri: http::Uri = address.parse().map_err(|_| format!("`{text}` is not an address: write `https://HOST/api/v3`"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(format!("`{text}` is not an address: write `https://HOST/api/v3`"));
    };
    if authority.as_str().contains('@') || uri.query().is_some() {
        // Not repeated: it may hold a secret.
        return Err("the address of GitHub takes no user, password or query: the token has options of its own".to_owned());
    }
    let host = authority.host().trim_matches(['[', ']']);
    let loopback = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    if scheme != "https" && !(scheme == "http" && loopback) {
        return Err(format!("`{text}` would send the credentials in the clear: it must begin with `https://`"));
    }
    let git = match (uri.path().trim_end_matches('/'), authority.as_str().strip_prefix("api.")) {
        ("/api/v3", _) => format!("{scheme}://{authority}"),
        ("", Some(rest)) => format!("{scheme}://{rest}"),
        ("", None) if loopback => format!("{scheme}://{authority}"),
        ("", None) if host == "github.com" => return Err("GitHub's API is at `https://api.github.com`".to_owned()),
        _ => {
            return Err(format!(
                "`{text}` is not the address of an API of GitHub: for an Enterprise Server write `https://{authority}/api/v3`"
            ));
        }
    };
    Ok((address.to_owned(), git))
}

/// Puts it together; `None` where nothing is on GitHub, or where `errors` has grown.
pub(super) fn github(
    said: &Said<'_>,
    (api, git): (String, String),
    warnings: &mut Vec<String>,
    errors: &mut Vec<ConfigError>,
) -> Option<GithubConfig> {
    let before = errors.len();
    let mut read = Reader { texts: said.texts, errors };
    let app = read.get("githubApp", value::app);
    let webhooks = read.get("webhooks", value::yes_or_no);
    let answers = said.discover.map(|texts| repository::answers(&mut Reader { texts, errors: read.errors }));
    let place = |key: &str, env| secret::Place { file: said.texts.get(key).cloned(), variable: env, env: said.env };
    let key = place("githubPrivateKeyFile", "PORTCULLIS_GITHUB_PRIVATE_KEY");
    let token = place("githubTokenFile", "PORTCULLIS_GITHUB_TOKEN");
    let hook = place("githubWebhookSecretFile", "PORTCULLIS_GITHUB_WEBHOOK_SECRET");
    let wanted = said.asked || said.discover.is_some();
    if !wanted {
        return None;
    }
    let mut wrong = |place: &str, message: &str| errors.push(ConfigError::new(place, message));
    let app_said = said.texts.contains_key("githubApp");
    match (app_said, key.is_said(), token.is_said()) {
        (true, _, true) | (_, true, true) => {
            wrong(&token.said_at(), "either a GitHub App or a token, not both: which of them is the daemon?");
        }
        (true, false, false) => wrong(
            "githubApp",
            "the App's private key is missing: name its file with `githubPrivateKeyFile`, or set PORTCULLIS_GITHUB_PRIVATE_KEY",
        ),
        (false, true, false) => wrong(&key.said_at(), "whose key is this? Say the App's id with `githubApp`"),
        (false, false, false) => wrong(
            "github",
            "who is the daemon to GitHub? Say `githubApp` and `githubPrivateKeyFile`, or `githubTokenFile`; docs/github.md has the way",
        ),
        (true, true, false) | (false, false, true) => {}
    }
    if said.discover.is_some() && token.is_said() {
        wrong(
            "githubDiscover",
            "what a token may see is not what it should watch: discovering needs a GitHub App; list `repositories` instead",
        );
    }
    if webhooks != Some(false) && hook.is_said() && !said.listens {
        wrong(
            &hook.said_at(),
            "webhooks need an address where they arrive, and `listen` is `none`: say one, or `webhooks: false`",
        );
    }
    if webhooks == Some(true) && !hook.is_said() {
        let message =
            "webhooks are signed: name the secret's file with `githubWebhookSecretFile`, or set PORTCULLIS_GITHUB_WEBHOOK_SECRET";
        wrong("webhooks", message);
    }
    let mut credentials = None;
    let mut webhook_secrets = Vec::new();
    if said.secrets {
        if let Some(key) = key.read(warnings, errors).and_then(|text| key.checked(secret::rsa_key(&text), errors)) {
            credentials = app.map(|id| Credentials::App { id, key });
        }
        if let Some(token) = token.read(warnings, errors).and_then(|text| token.checked(secret::token(&text), errors)) {
            credentials = Some(Credentials::Token(token));
        }
        if webhooks != Some(false)
            && let Some(secrets) = hook.read(warnings, errors).and_then(|text| hook.checked(secret::webhook(&text), errors))
        {
            webhook_secrets = secrets;
        }
    }
    let discover = answers.map(|answers| Discovered { answers });
    (errors.len() == before).then_some(GithubConfig { api, git, credentials, webhook_secrets, discover })
}
