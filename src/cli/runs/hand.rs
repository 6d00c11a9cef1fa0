//! `portcullis runs resolve` and `portcullis runs withdraw`: a person moves a run, and says who they are.

use clap::ValueEnum;

use crate::controller::outside::{self, Said};
use crate::model::Timestamp;
use crate::report::{Hand, moved_text, unmoved};
use crate::run::life::{Event, Outcome, Refusal, step};
use crate::store::FoundRun;

use super::super::{CommandError, output};
use super::recorded::{Recorded, Where, failed, handle, journey};

/// Characters of a note.
const MOST_NOTE: usize = 1000;

/// Bytes of a link.
const MOST_LINK: usize = 2048;

/// What came of a run that nobody knows the outcome of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Settled {
    /// It was performed.
    Success,
    /// It was not, or it failed.
    Failure,
    /// It was not performed, and is to be sent again.
    Again,
}

impl From<Settled> for Outcome {
    fn from(settled: Settled) -> Self {
        match settled {
            Settled::Success => Self::Success,
            Settled::Failure => Self::Failure,
            Settled::Again => Self::Again,
        }
    }
}

/// The arguments of `runs resolve`.
#[derive(clap::Args, Debug)]
pub(super) struct ResolveArgs {
    /// What came of it.
    #[arg(long = "as", value_enum, value_name = "OUTCOME")]
    outcome: Settled,
    /// What you found out, in a sentence; it is told with the outcome, in the audit note too.
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Where it can be seen: an address that begins with `https://` or `http://`.
    #[arg(long, value_name = "URL", value_parser = link)]
    link: Option<String>,
    #[command(flatten)]
    hand: HandArgs,
}

/// Which run, and by whom.
#[derive(clap::Args, Debug)]
pub(super) struct HandArgs {
    /// The run: its identifier, or what the API calls it, `r_…`.
    #[arg(value_name = "RUN")]
    run: String,
    /// Who says so, for the record.
    #[arg(long, value_name = "WHO", env = "USER", hide_env_values = true)]
    by: Option<String>,
    /// Say what would happen, and write nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    place: Where,
}

/// Settles it.
pub(super) async fn resolve(args: &ResolveArgs) -> Result<(), CommandError> {
    let outcome = args.outcome.into();
    let note = args.note.as_deref().map(|note| shown(note, MOST_NOTE)).filter(|note| !note.is_empty());
    let event = |by: &str| Event::Resolved { by: by.to_owned(), outcome, note, link: args.link.clone() };
    lay_hand_on(&args.hand, Hand::Resolve(outcome), event).await
}

/// Withdraws it.
pub(super) async fn withdraw(args: &HandArgs) -> Result<(), CommandError> {
    lay_hand_on(args, Hand::Withdraw, |by| Event::Withdrawn { by: by.to_owned() }).await
}

/// A text for the record on one line, without control characters, and no longer than this.
fn shown(text: &str, most: usize) -> String {
    text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect()
}

/// Reads the address of a page, as the API takes one.
fn link(text: &str) -> Result<String, String> {
    let plain = text.len() <= MOST_LINK && text.chars().all(|c| !c.is_control() && !c.is_whitespace());
    if plain && (text.starts_with("https://") || text.starts_with("http://")) {
        return Ok(text.to_owned());
    }
    Err(format!("write an address that begins with `https://` or `http://`, of at most {MOST_LINK} bytes"))
}

async fn lay_hand_on(args: &HandArgs, hand: Hand, event: impl FnOnce(&str) -> Event) -> Result<(), CommandError> {
    let Some(by) = args.by.as_deref().map(str::trim).filter(|by| !by.is_empty()) else {
        return Err(CommandError::usage("who are you? The record names whoever moves a run: --by WHO"));
    };
    let event = event(by);
    let recorded = args.place.open().await?;
    let found = recorded.run(&args.run).await?;
    let said = if args.dry_run { would_say(found, &event) } else { say(&recorded, found, &event, by).await? };
    match said {
        Said::Written(found) => {
            let handle = handle(&found);
            output::print(&moved_text(&journey(&found, &handle), hand, by, args.dry_run))
        }
        Said::Unmoved(refusal, found) => Err(cannot(&found, hand, refusal)),
        Said::History(found) => Err(cannot(&found, hand, Refusal::Final)),
        Said::Gone => Err(CommandError::could_not_judge("the run is not in the store any more")),
        Said::Contended => {
            Err(CommandError::could_not_judge("others keep moving the run at this moment, so nothing was written")
                .hint("look at it again with `portcullis runs why`"))
        }
    }
}

async fn say(recorded: &Recorded, found: FoundRun, event: &Event, by: &str) -> Result<Said, CommandError> {
    outside::say(&*recorded.store, found, event, by, &Timestamp::now).await.map_err(failed)
}

fn would_say(found: FoundRun, event: &Event) -> Said {
    let Some(life) = &found.record.life else { return Said::History(Box::new(found)) };
    match step(life, event, Timestamp::now()) {
        Ok(_) => Said::Written(Box::new(found)),
        Err(refusal) => Said::Unmoved(refusal, Box::new(found)),
    }
}

fn cannot(found: &FoundRun, hand: Hand, refusal: Refusal) -> CommandError {
    let handle = handle(found);
    let (said, hint) = unmoved(&journey(found, &handle), hand, refusal);
    CommandError::could_not_judge(said).hint(hint)
}
