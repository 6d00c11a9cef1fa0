//! The daemon's configuration: flags over environment over file over defaults, and everything wrong reported in one go.

mod file;
mod options;
mod value;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

pub use options::{OPTIONS, OptionDoc, Scope, find, markdown_table};
pub use value::{Author, ForgeKind, LogFormat, RemoteUrl};

/// The texts of options by key, each with where it was said.
type Texts = BTreeMap<&'static str, (String, String)>;

/// The file that is read where none is named.
pub const DEFAULT_FILE: &str = "portcullis.yaml";

/// One repository to watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepositoryConfig {
    /// `name`
    pub name: String,
    /// Whether somebody gave the name; else it was made of the path or the address.
    pub named: bool,
    /// `path`: the local repository, or where the copy of `remote` is kept.
    pub path: PathBuf,
    /// `remote`
    pub remote: Option<RemoteUrl>,
    /// `branch`, its short name.
    pub branch: String,
    /// `root`; empty for the repository's top.
    pub root: String,
    /// `forge`
    pub forge: ForgeKind,
}

impl RepositoryConfig {
    /// What the store calls it: a name that somebody gave, or else where it is; with the branch and the root.
    pub fn key(&self) -> String {
        let place = match (&self.named, &self.remote) {
            (true, _) => self.name.clone(),
            (false, Some(remote)) => remote.shown(),
            // Links are followed, so that another way to the same place is the same repository.
            (false, None) => std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone()).display().to_string(),
        };
        let root = if self.root.is_empty() { String::new() } else { format!(":{}", self.root) };
        format!("{place}#{}{root}", self.branch)
    }
}

/// The whole configuration, checked. [`OPTIONS`] says what each field does.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Config {
    /// `repositories`: one at least, no two of one name.
    pub repositories: Vec<RepositoryConfig>,
    /// `store`
    pub store: PathBuf,
    /// `listen`; `None` where it is `none`.
    pub listen: Option<SocketAddr>,
    /// `pollInterval`
    pub poll_interval: Duration,
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
        let config = assemble(said, file, &env, &mut errors);
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(ConfigErrors(errors)),
        }
    }
}

/// Lays the said over the file's and reads every value.
fn assemble(
    mut said: Texts,
    file: file::FileTexts,
    env: &dyn Fn(&str) -> Option<String>,
    errors: &mut Vec<ConfigError>,
) -> Option<Config> {
    let mut one = Texts::new();
    for option in OPTIONS.iter().filter(|option| option.scope == Scope::Repository) {
        if let Some(text) = said.remove(option.key) {
            one.insert(option.key, text);
        }
    }
    let daemon: Texts = file.daemon.into_iter().chain(said).collect();
    let mut read = Reader { texts: &daemon, errors };
    let store = match read.get("store", |text| Ok(PathBuf::from(text))) {
        Some(path) => Some(path),
        None => default_store(env),
    };
    if store.is_none() {
        read.errors.push(ConfigError::new("store", "HOME is not set, so say where the store is: --store FILE"));
    }
    let config = Config {
        listen: read.get("listen", value::listen).unwrap_or(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8420)))),
        poll_interval: read.get("pollInterval", value::duration).unwrap_or(Duration::from_secs(15)),
        fetch_deadline: read.get("fetchDeadline", value::duration).unwrap_or(Duration::from_secs(60)),
        judge_deadline: read.get("judgeDeadline", value::duration).unwrap_or(Duration::from_secs(60)),
        concurrency: read
            .get("concurrency", value::concurrency)
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(2, |n| n.get().max(2))),
        shutdown_grace: read.get("shutdownGrace", value::duration).unwrap_or(Duration::from_secs(10)),
        log_format: read.get("logFormat", value::log_format).unwrap_or(LogFormat::Auto),
        log_level: read.get("logLevel", value::log_level).unwrap_or_else(|| "info".to_owned()),
        status_url: read.get("statusUrl", value::status_url),
        author: read
            .get("author", value::author)
            .unwrap_or(Author { name: "Portcullis".to_owned(), email: "portcullis@localhost".to_owned() }),
        repositories: Vec::new(),
        store: store.unwrap_or_default(),
    };
    let entries = if one.contains_key("path") || one.contains_key("remote") {
        vec![("the command line".to_owned(), one)]
    } else {
        for (key, (place, _)) in &one {
            let message = format!("`{key}` describes the repository that --repo or --remote names, and neither is given");
            errors.push(ConfigError::new(place, message));
        }
        file.repositories
    };
    if entries.is_empty() && errors.is_empty() {
        let message = "which repository? Write `portcullis serve --repo DIR`, or list `repositories` in portcullis.yaml";
        errors.push(ConfigError::new("repositories", message));
    }
    let state = config.store.parent().map(Path::to_path_buf).unwrap_or_default();
    let mut repositories = Vec::new();
    let mut names = BTreeSet::new();
    for (place, texts) in entries {
        let Some(repository) = repository(&place, &texts, &state, errors) else { continue };
        if !names.insert(repository.name.clone()) {
            let message = format!("two repositories are called `{}`: give one another `name`", repository.name);
            errors.push(ConfigError::new(&place, message));
        }
        repositories.push(repository);
    }
    Some(Config { repositories, ..config })
}

fn repository(place: &str, texts: &Texts, state: &Path, errors: &mut Vec<ConfigError>) -> Option<RepositoryConfig> {
    let before = errors.len();
    let mut read = Reader { texts, errors };
    let path = read.get("path", |text| Ok(PathBuf::from(text)));
    let remote = read.get("remote", RemoteUrl::parse);
    let branch = read.get("branch", value::branch).unwrap_or_else(|| "main".to_owned());
    let root = read.get("root", value::root).unwrap_or_default();
    let forge = read.get("forge", value::forge).unwrap_or(ForgeKind::Git);
    let given = read.get("name", value::name);
    let named = given.is_some();
    let name = given.or_else(|| {
        let address = remote.as_ref().map(RemoteUrl::shown);
        let absolute = path.as_ref().and_then(|path| std::path::absolute(path).ok()).map(|p| p.display().to_string());
        let source = absolute.or(address)?;
        let source = source.trim_end_matches(['/', '.']).trim_end_matches("/.git").trim_end_matches(".git");
        let last = source.rsplit(['/', ':']).next().unwrap_or_default();
        let plain: String = last.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
        value::name(plain.trim_start_matches(['.', '-'])).ok()
    });
    if path.is_none() && remote.is_none() {
        errors.push(ConfigError::new(place, "give a `path`, a `remote`, or both"));
    }
    if errors.len() > before {
        return None;
    }
    let Some(name) = name else {
        errors.push(ConfigError::new(place, "no name can be made of the path: give a `name`"));
        return None;
    };
    let path = path.unwrap_or_else(|| state.join("repositories").join(format!("{name}.git")));
    Some(RepositoryConfig { name, named, path, remote, branch, root, forge })
}

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

/// Where the store is where nobody says: the XDG base directory for state.
fn default_store(env: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let state = env("XDG_STATE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let state = state.or_else(|| Some(PathBuf::from(env("HOME")?).join(".local/state")))?;
    Some(state.join("portcullis/portcullis.db"))
}

#[cfg(test)]
mod tests;
