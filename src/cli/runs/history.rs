//! `portcullis runs log` and `portcullis runs why`: what has been written about a run, and what it waits for.

use crate::report::{Entry, log_json, log_text, why_json, why_text};
use crate::store::RunTransition;
use serde_json::Value as Json;

use super::super::options::ShortFormat;
use super::super::{CommandError, output};
use super::recorded::{Where, failed, handle, journey};

/// Lines of the log that are read at a time.
const PAGE: u32 = 500;

/// Which run, and how to print.
#[derive(clap::Args, Debug)]
pub(super) struct HistoryArgs {
    /// The run: its identifier, or what the API calls it, `r_…`.
    #[arg(value_name = "RUN")]
    run: String,
    /// How to print.
    #[arg(long, value_enum, default_value_t = ShortFormat::Text, value_name = "FORMAT")]
    format: ShortFormat,
    #[command(flatten)]
    place: Where,
}

/// Everything that happened to it, and every line that was written about it, oldest first.
pub(super) async fn log(args: &HistoryArgs) -> Result<(), CommandError> {
    let recorded = args.place.open().await?;
    let found = recorded.run(&args.run).await?;
    let (repository, run) = (&found.repository, &found.record.id);
    let transitions = recorded.store.transitions(repository, run).await.map_err(failed)?;
    let mut entries: Vec<Entry> = transitions
        .into_iter()
        .map(|step| Entry {
            at: step.at,
            text: told(&step),
            event: if step.event.is_empty() { "decided".to_owned() } else { step.event },
            state: Some(step.to.as_str()),
        })
        .collect();
    let mut after = 0;
    loop {
        let lines = recorded.store.log(repository, run, after, PAGE).await.map_err(failed)?;
        let Some(last) = lines.last().map(|line| line.number).filter(|last| *last > after) else { break };
        after = last;
        entries.extend(lines.into_iter().map(|line| Entry {
            at: line.at,
            event: "log".to_owned(),
            state: None,
            text: Some(line.message),
        }));
    }
    entries.sort_by_key(|entry| entry.at);
    output::print(&match args.format {
        ShortFormat::Text => log_text(&entries),
        ShortFormat::Json => log_json(&entries),
    })
}

/// What a step tells beside its name. The facts of a decision go on with the run, so each step is asked for its own.
fn told(step: &RunTransition) -> Option<String> {
    let text = |from: Option<&Json>, key: &str| from.and_then(|from| from.get(key)).and_then(Json::as_str).map(str::to_owned);
    let decision = Some(&step.decision);
    let text = match step.event.as_str() {
        "" | "decided" => text(decision, "held").or_else(|| text(decision, "reason")),
        "landed" => text(decision, "pull_request").map(|id| format!("by pull request {id}")),
        "claimed" => text(decision, "reason"),
        "answered" | "lost" => {
            let answer = step.decision.get("answer");
            text(answer, "says").or_else(|| text(answer, "why"))
        }
        "reported" | "resolved" | "withdrawn" => text(decision, "by"),
        _ => None,
    };
    text.filter(|text| !text.is_empty())
}

/// One sentence.
pub(super) async fn why(args: &HistoryArgs) -> Result<(), CommandError> {
    let recorded = args.place.open().await?;
    let found = recorded.run(&args.run).await?;
    let handle = handle(&found);
    let journey = journey(&found, &handle);
    output::print(&match args.format {
        ShortFormat::Text => why_text(&journey),
        ShortFormat::Json => why_json(&journey),
    })
}
