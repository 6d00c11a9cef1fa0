//! The daemon's configuration: flags over environment over file over defaults, and everything wrong reported in one go.

mod assemble;
mod channel;
mod credential;
mod execution;
mod file;
mod github;
mod options;
mod place;
mod repository;
mod secret;
mod section;
mod value;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use channel::{ChannelConfig, EmailConfig, Tls};
pub use credential::{Credential, Names};
pub use execution::ExecutionConfig;
pub use github::{Discovered, GithubConfig, addresses as github_addresses};
pub use options::{Form, OPTIONS, OptionDoc, Scope, find, markdown_table};
pub use place::StorePlace;
pub use repository::{Answers, GithubRepository, RepositoryConfig};
pub use value::{Author, ForgeKind, LogFormat, RemoteUrl, full_name as github_repository, owner as github_owner};

/// The texts of options by key, each with where it was said.
type Texts = BTreeMap<&'static str, (String, String)>;

/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "portcullis.yaml";

/// The whole configuration, checked. [`OPTIONS`] says what each field does.
#[derive(Clone, Debug)]
pub struct Config {
    /// `repositories`: no two of one name; none where they are discovered.
    pub repositories: Vec<RepositoryConfig>,
    /// `store`
    pub store: StorePlace,
    /// The directory below which copies of repositories are kept: beside a store in a file, or else where state is kept.
    pub copies: PathBuf,
    /// `listen`; `None` where it is `none`.
    pub listen: Option<SocketAddr>,
    /// `pollInterval`
    pub poll_interval: Duration,
    /// `resyncInterval`
    pub resync_interval: Duration,
    /// `fetchDeadline`
    pub fetch_deadline: Duration,
    /// `judgeDeadline`
    pub judge_deadline: Duration,
    /// `concurrency`
    pub concurrency: usize,
    /// `shutdownGrace`
    pub shutdown_grace: Duration,
    /// `logFormat`
    pub log_format: LogFormat,
    /// `logLevel`
    pub log_level: String,
    /// `statusUrl`
    pub status_url: Option<String>,
    /// `author`
    pub author: Author,
    /// Everything that begins with `execution`, `secrets`, and what executions are signed with.
    pub execution: ExecutionConfig,
    /// `channels`, by their names; empty where secrets were not wanted.
    pub channels: BTreeMap<String, ChannelConfig>,
    /// `credentials`: no two of one client; empty where secrets were not wanted.
    pub credentials: Vec<Credential>,
    /// Everything that begins with `github`, and `webhooks`; `None` where nothing is on GitHub.
    pub github: Option<GithubConfig>,
    /// What works and should be otherwise: a secret that others can read.
    pub warnings: Vec<String>,
}

/// One thing that is wrong with the configuration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{place}: {message}")]
pub struct ConfigError {
    /// Where: the flag, the variable, or the file and key.
    pub place: String,
    /// What.
    pub message: String,
}

impl ConfigError {
    fn new(place: &str, message: impl Into<String>) -> Self {
        Self { place: place.to_owned(), message: message.into() }
    }
}

/// Everything that is wrong with it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// Looks a variable of the environment up.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where options are said; the file is found and read by [`Config::load`].
#[derive(Default)]
pub struct Sources<'a> {
    /// What flags say, by the option's key.
    pub flags: BTreeMap<&'static str, String>,
    /// The environment; `None` for an empty one.
    pub env: Option<Environment<'a>>,
    /// The directory that the default file is looked for in; `None` for no default file.
    pub directory: Option<&'a Path>,
    /// Whether secrets are wanted; whoever reads the store alone need not be able to.
    pub secrets: bool,
    /// Whether the store alone is wanted, so that no repository has to be named.
    pub store_alone: bool,
}

impl Config {
    /// Gathers what flags, environment and file say, and checks it.
    pub fn load(sources: &Sources<'_>) -> Result<Self, ConfigErrors> {
        let env = |name: &str| sources.env.and_then(|env| env(name)).filter(|text| !text.is_empty());
        let mut said: Texts = BTreeMap::new();
        for option in OPTIONS {
            if let Some(text) = sources.flags.get(option.key) {
                said.insert(option.key, (format!("--{}", option.flag), text.clone()));
            } else if let Some(text) = env(option.env) {
                said.insert(option.key, (option.env.to_owned(), text));
            }
        }
        let mut errors = Vec::new();
        let file = match said.remove("config") {
            Some((place, name)) => match std::fs::read_to_string(&name) {
                Ok(text) => file::read(&name, &text, &mut errors),
                Err(error) => {
                    errors.push(ConfigError::new(&place, format!("`{name}` cannot be read: {error}")));
                    file::FileTexts::default()
                }
            },
            None => match sources.directory.map(|dir| std::fs::read_to_string(dir.join(DEFAULT_FILE))) {
                Some(Ok(text)) => file::read(DEFAULT_FILE, &text, &mut errors),
                Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => {
                    errors.push(ConfigError::new(DEFAULT_FILE, format!("cannot be read: {error}")));
                    file::FileTexts::default()
                }
                _ => file::FileTexts::default(),
            },
        };
        let config = assemble::config(said, file, &env, (sources.secrets, sources.store_alone), &mut errors);
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(ConfigErrors(errors)),
        }
    }
}

/// Reads the texts of options, gathering what is wrong with them.
struct Reader<'a> {
    texts: &'a Texts,
    errors: &'a mut Vec<ConfigError>,
}

impl Reader<'_> {
    fn get<T>(&mut self, key: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let (place, text) = self.texts.get(key)?;
        match read(text) {
            Ok(value) => Some(value),
            Err(message) => {
                self.errors.push(ConfigError::new(place, message));
                None
            }
        }
    }
}

#[cfg(test)]
mod github_tests;
#[cfg(test)]
mod tests;
