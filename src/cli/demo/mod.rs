//! `portcullis demo`: the whole job in front of you, on a repository of its own, with real git and a real daemon.

mod answers;
mod people;
mod receiver;
mod stage;
mod story;
mod teller;

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{Config, ConfigErrors, Sources};

use super::daemon::Daemon;
use super::{Color, CommandError, Outcome};
use stage::Stage;
use teller::Teller;

/// The arguments of `portcullis demo`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Where to lay the repository; the directory must be empty or absent. [default: a temporary one]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Leave when the story is told, instead of watching on for what you do by hand.
    #[arg(long)]
    exit: bool,
}

const EXAMPLES: &str = "\
Examples:
  portcullis demo                    tell the story, then stay up to be played with
  portcullis demo --exit             tell the story and leave
  portcullis demo --dir /tmp/gates   keep everything where you can look at it

It needs `git` and `ssh-keygen`, and no server and no account.";

/// Runs it.
///
/// # Errors
/// Where the stage cannot be set, or the daemon does not answer as the story has it.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::internal("no threads for the daemon").because(&error))?;
    runtime.block_on(perform(args, color))
}

async fn perform(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let teller = Teller::new(color);
    let stage = Arc::new(Stage::set(args.dir.as_deref())?);
    teller.opening(&stage);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let watching = daemon(&stage).await?.run(async move {
        let mut stopped = stopped;
        // An error says that the sender is gone, which means the same.
        let _ = stopped.wait_for(|stop| *stop).await;
    });
    let watching = tokio::spawn(watching);
    let told = tokio::task::spawn_blocking({
        let (stage, teller) = (stage.clone(), teller.clone());
        move || story::tell(&stage, &teller)
    })
    .await
    .map_err(|error| CommandError::internal("the story broke off").because(&error))?;
    if told.is_ok() && !args.exit {
        teller.encore(&stage);
        let _ = tokio::signal::ctrl_c().await;
    }
    let _ = stop.send(true);
    let _ = watching.await;
    told.map(|()| Outcome::Clean)
}

/// Whom the daemon writes its notes as.
const ROBOT: &str = "portcullis@acme.dev";

/// The daemon as `portcullis serve` makes it, on the stage's bare repository.
async fn daemon(stage: &Stage) -> Result<Daemon, CommandError> {
    let text = |path: PathBuf| path.display().to_string();
    let flags = [
        ("path", text(stage.origin())),
        ("branch", "main".to_owned()),
        ("store", text(stage.path("portcullis.db"))),
        ("listen", "none".to_owned()),
        ("pollInterval", "1s".to_owned()),
        ("author", format!("Portcullis <{ROBOT}>")),
        ("executionHosts", stage.receiver().address().to_string()),
        ("executionPrivate", stage.receiver().address().ip().to_string()),
        ("executionPlainHttp", "true".to_owned()),
    ];
    let sources = Sources { flags: flags.into(), env: None, directory: None, secrets: false, store_alone: false };
    let config = Config::load(&sources).map_err(|ConfigErrors(errors)| {
        errors.iter().fold(CommandError::internal("the demo's configuration cannot be used"), |all, error| all.because(error))
    })?;
    Daemon::open(&config).await
}
