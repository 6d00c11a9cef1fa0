//! `portcullis github doctor`: whether everything on GitHub is as the daemon needs it.

use std::sync::Arc;

use crate::cli::options::ShortFormat;
use crate::cli::serve::Args as ServeArgs;
use crate::cli::{Color, CommandError, Outcome, output};
use crate::config::{Config, RepositoryConfig};
use crate::controller::SystemClock;
use crate::report::{Wellness, doctor_json, doctor_text};

use super::{connection, discover, examine, gather};

/// The arguments of `portcullis github doctor`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis github doctor                        every repository of portcullis.yaml
  portcullis github doctor --name platform        one of them
  portcullis github doctor --github acme/catalog --github-token-file token

Exit codes:
  0  all works
  1  something is wrong
  2  GitHub could not be asked")]
pub(super) struct Args {
    /// The address at which GitHub should reach the daemon: then the webhook's address is compared with it.
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = ShortFormat::Text, value_name = "FORMAT")]
    format: ShortFormat,
    #[command(flatten)]
    serve: ServeArgs,
}

/// Asks, thinks and prints.
pub(super) fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let (config, name) = args.serve.config_of_one_with_secrets()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::internal("cannot start the runtime").because(&error))?;
    let facts = runtime.block_on(look(&config, name.as_deref(), args.url.clone()))?;
    if let Some(error) = examine::unreached(&facts) {
        return Err(CommandError::could_not_judge(format!("{} cannot be asked", facts.api))
            .because(error)
            .hint("is the address right (`githubUrl`), and may this machine reach it?"));
    }
    let checkups = examine::examine(&facts);
    output::print(&match args.format {
        ShortFormat::Text => doctor_text(&checkups, color.on_stdout()),
        ShortFormat::Json => doctor_json(&checkups),
    })?;
    let wrong = checkups.iter().any(|checkup| checkup.wellness == Wellness::Wrong);
    Ok(if wrong { Outcome::Findings } else { Outcome::Clean })
}

async fn look(config: &Config, name: Option<&str>, url: Option<String>) -> Result<super::facts::Facts, CommandError> {
    let Some(github) = &config.github else {
        return Err(CommandError::usage("none of these repositories is on GitHub")
            .hint("`github: acme/catalog` in an entry of `repositories`, or --github, says so; docs/github.md has the way"));
    };
    let connection = connection::connect(github, Arc::new(SystemClock::start()))?;
    let mut repositories = config.repositories.clone();
    if let Some(discovered) = &github.discover {
        // What cannot be listed is told by the first check, of the credentials.
        let found = discover::discover(&connection).await.map(|discovery| discovery.found).unwrap_or_default();
        repositories.extend(found.iter().filter_map(|found| discover::configured(found, github, discovered, config)));
    }
    let chosen = |repository: &RepositoryConfig| repository.github.is_some() && name.is_none_or(|name| repository.name == name);
    let chosen: Vec<RepositoryConfig> = repositories.iter().filter(|repository| chosen(repository)).cloned().collect();
    if let (Some(name), true) = (name, chosen.is_empty()) {
        let names: Vec<&str> = repositories.iter().filter(|r| r.github.is_some()).map(|r| r.name.as_str()).collect();
        return Err(CommandError::usage(format!("no repository on GitHub is called `{name}` here"))
            .hint(format!("--name says which: {}", names.join(", "))));
    }
    Ok(gather::gather((config, github), &chosen, &connection, url).await)
}
