//! `portcullis runs resolve` and `portcullis runs withdraw`: a person moves a run, and says who they are.

use clap::ValueEnum;

use crate::controller::outside::{self, Said};
use crate::model::Timestamp;
use crate::report::{Hand, moved_text, unmoved};
use crate::run::life::{Event, Outcome, Refusal, step};
use crate::store::FoundRun;

use super::super::{CommandError, output};
use super::recorded::{Recorded, Where, failed, handle, journey};

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
    lay_hand_on(&args.hand, Hand::Resolve(args.outcome.into())).await
}

/// Withdraws it.
pub(super) async fn withdraw(args: &HandArgs) -> Result<(), CommandError> {
    lay_hand_on(args, Hand::Withdraw).await
}

async fn lay_hand_on(args: &HandArgs, hand: Hand) -> Result<(), CommandError> {
    let Some(by) = args.by.as_deref().map(str::trim).filter(|by| !by.is_empty()) else {
        return Err(CommandError::usage("who are you? The record names whoever moves a run: --by WHO"));
    };
    let event = match hand {
        Hand::Resolve(outcome) => Event::Resolved { by: by.to_owned(), outcome, note: None, link: None },
        Hand::Withdraw => Event::Withdrawn { by: by.to_owned() },
    };
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
