//! `portcullis outbox`: messages that could not be delivered.

use clap::Subcommand;

use crate::model::Timestamp;
use crate::report::{DeadLetter, outbox_json, outbox_text, replayed_text};

use super::options::ShortFormat;
use super::runs::{Where, failed};
use super::{Color, CommandError, Outcome, output};

/// Dead letters that are listed.
const MOST: u32 = 1000;

/// The arguments of `portcullis outbox`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis outbox list --store /var/lib/portcullis/portcullis.db
  portcullis outbox replay m_4f0c --store /var/lib/portcullis/portcullis.db
  portcullis outbox replay --all --config /etc/portcullis/portcullis.yaml")]
pub struct Args {
    #[command(subcommand)]
    command: OutboxCommand,
}

#[derive(Subcommand, Debug)]
enum OutboxCommand {
    /// List the messages that were given up, and say how many wait.
    List(ListArgs),
    /// Have messages that were given up tried again.
    Replay(ReplayArgs),
}

#[derive(clap::Args, Debug)]
struct ListArgs {
    /// How to print.
    #[arg(long, value_enum, default_value_t = ShortFormat::Text, value_name = "FORMAT")]
    format: ShortFormat,
    #[command(flatten)]
    place: Where,
}

#[derive(clap::Args, Debug)]
struct ReplayArgs {
    /// The message, by the id that `list` shows.
    #[arg(value_name = "ID", required_unless_present = "all", conflicts_with = "all")]
    id: Option<String>,
    /// All of them.
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    place: Where,
}

/// Runs it.
///
/// # Errors
/// Where the store cannot be used, or has no such message.
pub fn run(args: &Args, _color: Color) -> Result<Outcome, CommandError> {
    super::runs::block_on(async {
        match &args.command {
            OutboxCommand::List(list) => show(list).await,
            OutboxCommand::Replay(replay) => again(replay).await,
        }
    })?;
    Ok(Outcome::Clean)
}

async fn show(args: &ListArgs) -> Result<(), CommandError> {
    let recorded = args.place.open().await?;
    let (waiting, _) = recorded.store.outbox_size().await.map_err(failed)?;
    let dead = recorded.store.dead_letters(MOST).await.map_err(failed)?;
    let letters: Vec<DeadLetter> = dead
        .into_iter()
        .map(|message| DeadLetter {
            id: message.id,
            channel: message.lane,
            repository: message.repository.to_string(),
            run: message.run.to_string(),
            attempts: message.attempts,
            trouble: message.trouble,
            given_up: message.due,
        })
        .collect();
    output::print(&match args.format {
        ShortFormat::Text => outbox_text(&letters, waiting),
        ShortFormat::Json => outbox_json(&letters, waiting),
    })
}

async fn again(args: &ReplayArgs) -> Result<(), CommandError> {
    let recorded = args.place.open().await?;
    let count = recorded.store.replay(args.id.as_deref(), Timestamp::now()).await.map_err(failed)?;
    match (&args.id, count) {
        (Some(id), 0) => Err(CommandError::could_not_judge(format!("no message `{id}` was given up"))
            .hint("`portcullis outbox list` shows those that were")),
        _ => output::print(&replayed_text(count)),
    }
}
