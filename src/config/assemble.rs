//! Lays what is said over what the file says, and makes a configuration of it.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::github::{self, Said};
use super::repository::repository;
use super::secret::Trouble;
use super::value::{self, Author, LogFormat};
use super::{Config, ConfigError, OPTIONS, Reader, Scope, StorePlace, Texts, channel, credential, execution, file, place};

/// Lays the said over the file's and reads every value.
pub(super) fn config(
    mut said: Texts,
    file: file::FileTexts,
    env: &dyn Fn(&str) -> Option<String>,
    (secrets, store_alone): (bool, bool),
    errors: &mut Vec<ConfigError>,
) -> Option<Config> {
    let mut one = Texts::new();
    for option in OPTIONS.iter().filter(|option| option.scope == Scope::Repository) {
        if let Some(text) = said.remove(option.key) {
            one.insert(option.key, text);
        }
    }
    let daemon: Texts = file.daemon.clone().into_iter().chain(said).collect();
    let mut warnings = Vec::new();
    let store = place::store(&daemon, env, &mut warnings, errors);
    let mut trouble = Trouble { env, wanted: secrets, warnings: &mut warnings };
    let execution = execution::execution(&daemon, file.section("secrets"), &mut trouble, errors);
    let channels = channel::channels(file.section("channels"), &mut trouble, errors);
    let credentials = credential::credentials(file.section("credentials"), &mut trouble, errors);
    let mut read = Reader { texts: &daemon, errors };
    let (api, git) = read.get("githubUrl", github::addresses).unwrap_or_else(github::public);
    let discover = read.get("githubDiscover", value::yes_or_no).unwrap_or(false);
    let config = Config {
        listen: read.get("listen", value::listen).unwrap_or(Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 8420)))),
        poll_interval: read.get("pollInterval", value::duration).unwrap_or(Duration::from_secs(15)),
        resync_interval: read.get("resyncInterval", value::duration).unwrap_or(Duration::from_secs(600)),
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
        store: store.unwrap_or_else(|| StorePlace::File(PathBuf::new())),
        copies: PathBuf::new(),
        execution,
        channels,
        credentials,
        github: None,
        warnings: Vec::new(),
    };
    if file.discovered.is_some() && !discover {
        errors.push(ConfigError::new("discovered", "nothing is discovered without `githubDiscover: true`"));
    }
    let mut discovered = file.discovered.unwrap_or_default();
    let entries = if ["path", "remote", "github"].iter().any(|key| one.contains_key(key)) {
        vec![("the command line".to_owned(), one)]
    } else {
        for (key, (place, text)) in one {
            if discover && github::DESCRIBES_DISCOVERED.contains(&key) {
                discovered.insert(key, (place, text));
                continue;
            }
            if store_alone {
                continue;
            }
            let message = format!("`{key}` describes the repository that --repo, --remote or --github names, and none is given");
            errors.push(ConfigError::new(&place, message));
        }
        file.repositories
    };
    if entries.is_empty() && !discover && !store_alone && errors.is_empty() {
        let message = "which repository? Say `--repo DIR` or `--github OWNER/NAME`, or list `repositories` in portcullis.yaml";
        errors.push(ConfigError::new("repositories", message));
    }
    let state = match &config.store {
        StorePlace::File(path) => path.parent().map(Path::to_path_buf).unwrap_or_default(),
        StorePlace::Postgres(_) => place::state_directory(env).unwrap_or_default(),
    };
    let mut repositories = Vec::new();
    let mut names = BTreeSet::new();
    let mut places = BTreeSet::new();
    let mut watched = BTreeSet::new();
    let asked = entries.iter().any(|(_, texts)| texts.contains_key("github"));
    for (place, texts) in entries {
        let Some(repository) = repository(&place, &texts, (&state, &git), errors) else { continue };
        if !names.insert(repository.name.clone()) {
            let message = format!("two repositories are called `{}`: give one another `name`", repository.name);
            errors.push(ConfigError::new(&place, message));
        }
        if repository.github.is_none() && !watched.insert(repository.watched()) {
            let message = format!(
                "`{}` is the same branch and root of the same repository as another one: each would perform every run. List it once",
                repository.name
            );
            errors.push(ConfigError::new(&place, message));
        }
        if let Some(github) = &repository.github
            && !places.insert(github.name.to_ascii_lowercase())
        {
            // A commit has one status in each context, and a pull request one comment, whatever branch or root was looked at.
            let message = format!(
                "`{}` is listed twice: on GitHub the two would overwrite each other's statuses and comments. Watch one branch and root of it",
                github.name
            );
            errors.push(ConfigError::new(&place, message));
        }
        repositories.push(repository);
    }
    let said =
        Said { texts: &daemon, env, secrets, asked, discover: discover.then_some(&discovered), listens: config.listen.is_some() };
    let github = github::github(&said, (api, git), &mut warnings, errors);
    Some(Config { repositories, copies: state, github, warnings, ..config })
}
