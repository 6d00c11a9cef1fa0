//! `portcullis serve`: the daemon.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::config::{Config, ConfigErrors, Form, OPTIONS, Scope, Sources};
use crate::controller::Health;

use super::daemon::Daemon;
use super::{Color, CommandError, Outcome, logging};

/// The arguments of `portcullis serve`: one flag for each option of [`OPTIONS`].
#[derive(Clone, Default, Debug)]
pub struct Args {
    flags: BTreeMap<&'static str, String>,
}

impl clap::FromArgMatches for Args {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = Self::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        for option in OPTIONS {
            match option.form {
                Form::Value | Form::List => {
                    if let Ok(Some(text)) = matches.try_get_one::<String>(option.key) {
                        self.flags.insert(option.key, text.clone());
                    }
                }
                Form::Switch(says) => {
                    if let Ok(Some(true)) = matches.try_get_one::<bool>(option.key) {
                        self.flags.insert(option.key, says.to_string());
                    }
                }
            }
        }
        Ok(())
    }
}

impl clap::Args for Args {
    fn augment_args(command: Command) -> Command {
        OPTIONS.iter().fold(command, |command, option| {
            let heading = match option.scope {
                Scope::Repository => "The repository",
                Scope::Daemon | Scope::CommandLine => "The daemon",
            };
            let arg = Arg::new(option.key).long(option.flag);
            let arg = match option.form {
                Form::Value | Form::List => arg.value_name(option.value),
                Form::Switch(_) => arg.action(ArgAction::SetTrue),
            };
            command.arg(arg.help(option.help_text()).help_heading(heading))
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl Args {
    /// The configuration that these flags, the environment and the file make together.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub(super) fn config(&self) -> Result<Config, CommandError> {
        self.load(true, false)
    }

    fn load(&self, secrets: bool, store_alone: bool) -> Result<Config, CommandError> {
        let env = |name: &str| std::env::var(name).ok();
        let directory = std::env::current_dir().ok();
        let sources =
            Sources { flags: self.flags.clone(), env: Some(&env), directory: directory.as_deref(), secrets, store_alone };
        Config::load(&sources).map_err(|ConfigErrors(errors)| {
            let wrong = CommandError::usage("the configuration cannot be used");
            errors.iter().fold(wrong, |wrong, error| wrong.because(error)).hint("`portcullis serve --help` lists every option")
        })
    }
}

impl Args {
    /// What a command of other arguments says to the daemon's configuration: keys of [`OPTIONS`] and what they are to be.
    pub(super) fn saying(flags: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        Self { flags: flags.into_iter().collect() }
    }

    /// The same for a command about one repository, which needs no secret: there `--name` without a repository picks one from the file.
    pub(super) fn config_of_one(&self) -> Result<(Config, Option<String>), CommandError> {
        self.load_one(false, false)
    }

    /// The same for a command about the store, which may name no repository at all.
    pub(super) fn config_of_store(&self) -> Result<(Config, Option<String>), CommandError> {
        self.load_one(false, true)
    }

    /// The same with the secrets.
    pub(super) fn config_of_one_with_secrets(&self) -> Result<(Config, Option<String>), CommandError> {
        self.load_one(true, false)
    }

    fn load_one(&self, secrets: bool, store_alone: bool) -> Result<(Config, Option<String>), CommandError> {
        let names_repository = |key| {
            self.flags.contains_key(key)
                || crate::config::find(key).is_some_and(|o| std::env::var(o.env).is_ok_and(|v| !v.is_empty()))
        };
        if ["path", "remote", "github"].into_iter().any(names_repository) {
            return Ok((self.load(secrets, store_alone)?, None));
        }
        let mut flags = self.flags.clone();
        let name = flags.remove("name");
        Ok((Self { flags }.load(secrets, store_alone)?, name))
    }
}

/// Serves until SIGTERM or SIGINT.
///
/// # Errors
/// Whatever kept it from starting. Once it runs, trouble is logged, counted and tried again.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let config = args.config()?;
    logging::start(&config, color);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::internal("cannot start the runtime").because(&error))?;
    let served = runtime.block_on(serve(&config));
    // A judgement past its deadline may still hold a thread; it must not hold the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    served.map(|()| Outcome::Clean)
}

async fn serve(config: &Config) -> Result<(), CommandError> {
    // Before anything is opened, so that no signal finds the daemon deaf.
    let shutdown = signals().map_err(|error| CommandError::internal("cannot listen for signals").because(&error))?;
    let daemon = Daemon::open(config).await?;
    let listen = daemon.address().map_or_else(|| "none".to_owned(), |address| address.to_string());
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if let Some(github) = &config.github {
        let webhooks = !github.webhook_secrets.is_empty();
        tracing::info!(api = %github.api, webhooks, discovering = github.discover.is_some(), "GitHub");
    }
    for repository in &config.repositories {
        tracing::info!(repository = %repository.name, path = %repository.path.display(), branch = %repository.branch,
            remote = repository.remote.as_ref().map(tracing::field::display),
            github = repository.github.as_ref().map(|github| github.name.as_str()), "watching");
    }
    tracing::info!(version = env!("CARGO_PKG_VERSION"), %listen, store = %config.store, "serving");
    let announcing = tokio::spawn(announce(daemon.controller().health(), listen));
    daemon.run(shutdown).await;
    announcing.abort();
    tracing::info!("stopped");
    Ok(())
}

/// Says `ready` once: the event that scripts wait for.
async fn announce(health: Arc<Health>, listen: String) {
    health.ready().await;
    tracing::info!(%listen, "ready");
}

/// Ends at the first SIGTERM or SIGINT.
#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = term.recv() => tracing::info!("SIGTERM"),
            _ = int.recv() => tracing::info!("SIGINT"),
        }
    })
}

/// Ends at the first Ctrl-C.
#[cfg(not(unix))]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;

    #[test]
    fn every_option_is_a_flag_and_help_tells_its_default_and_variable() {
        let mut command = Args::augment_args(Command::new("serve"));
        let help = command.render_long_help().to_string();
        for option in OPTIONS {
            let flag = match option.form {
                Form::Value | Form::List => format!("--{} <{}>", option.flag, option.value),
                Form::Switch(_) => format!("--{}", option.flag),
            };
            assert!(help.contains(&flag), "{}", option.flag);
            assert!(help.contains(option.env), "{}", option.env);
        }
        let matches = command.get_matches_from(["serve", "--repo", "/srv/c.git", "--no-webhooks", "--labels"]);
        let args = Args::from_arg_matches(&matches).unwrap();
        assert_eq!(args.flags.get("path").map(String::as_str), Some("/srv/c.git"));
        assert_eq!(args.flags.get("webhooks").map(String::as_str), Some("false"));
        assert_eq!(args.flags.get("labels").map(String::as_str), Some("true"));
        assert_eq!(args.flags.len(), 3);
    }
}
