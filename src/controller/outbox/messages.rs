//! What follows from a step in the life of a run, as messages of the outbox: one pure function for the loop and for the API.

use std::fmt::Write as _;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::model::{Identifier, Timestamp};
use crate::notify::Letter;
use crate::report::notice::Telling;
use crate::run::life::{Effect, Landing, Life, Occasion};
use crate::store::{MessageKind, NewMessage, RepositoryKey};

/// The lanes of what goes by no channel.
const AUDIT: &str = "audit";
const SHOW: &str = "show";
/// Where the body of what goes by them has the revision that was written with it.
pub(in crate::controller) const REVISION: &str = "revision";

/// The step that has effects.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// What the store calls the repository.
    pub repository: &'a RepositoryKey,
    /// The run.
    pub run: &'a Identifier,
    /// The revision of its record before: `Advance::from`.
    pub from: u64,
    /// Its life from now on.
    pub life: &'a Life,
    /// What there is to tell of it: what its decision keeps, or what was just made for the new decision. `None`: nobody is told.
    pub telling: Option<&'a Telling>,
    /// When.
    pub at: Timestamp,
}

/// The messages of a step. The same step has the same messages with the same ids.
///
/// Whatever happens to a run on the branch may change what its pull request shows of it, so that is looked at after each step.
pub fn messages(effects: &[Effect], moment: &Moment<'_>) -> Vec<NewMessage> {
    let landing = moment.life.landing.as_ref();
    let shows = moment.telling.is_some_and(Telling::is_shown) && landing.is_some_and(|landing| landing.pull_request.is_some());
    effects
        .iter()
        .flat_map(|effect| match effect {
            Effect::Tell(occasion) => told(*occasion, moment),
            Effect::Audit => vec![upkeep(MessageKind::Audit, AUDIT, moment)],
        })
        .chain(shows.then(|| upkeep(MessageKind::Show, SHOW, moment)))
        .collect()
}

fn told(occasion: Occasion, moment: &Moment<'_>) -> Vec<NewMessage> {
    let Some(telling) = moment.telling else { return Vec::new() };
    let notice = telling.notice(occasion, moment.life, moment.at);
    let message = |(channel, to): (&Identifier, _)| {
        let id = id(moment, &[occasion.as_str(), channel.as_str()]);
        let letter = Letter { id: id.clone(), thread: notice.handle.clone(), to, notice: notice.clone() };
        let body = serde_json::to_value(letter).ok()?; // texts and lists alone: never fails
        Some(NewMessage { id, kind: MessageKind::Notify, lane: channel.as_str().to_owned(), body, due: moment.at })
    };
    telling.channels(occasion).into_iter().filter_map(message).collect()
}

/// That the audit note of a run is to be written that comes onto the branch, however it ended before. Which revision of the run that is only
/// the store knows, and of the same landing the message is always the same.
pub fn on_landing(repository: &RepositoryKey, run: &Identifier, landing: &Landing) -> NewMessage {
    NewMessage {
        id: named(&["message", repository.as_str(), run.as_str(), "landing", &landing.to.to_string(), AUDIT]),
        kind: MessageKind::Audit,
        lane: AUDIT.to_owned(),
        body: json!({}),
        due: landing.at,
    }
}

/// That something is to be made what the journal says.
fn upkeep(kind: MessageKind, lane: &str, moment: &Moment<'_>) -> NewMessage {
    NewMessage {
        id: id(moment, &[lane]),
        kind,
        lane: lane.to_owned(),
        body: json!({ (REVISION): moment.from.saturating_add(1) }),
        due: moment.at,
    }
}

/// SHA-256 over repository, run, revision and what it is: each text with its length, so that no two lists of texts are one text.
fn id(moment: &Moment<'_>, what: &[&str]) -> String {
    let revision = moment.from.saturating_add(1).to_string();
    let parts = ["message", moment.repository.as_str(), moment.run.as_str(), &revision];
    named(&[&parts, what].concat())
}

fn named(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize().iter().fold(String::from("m_"), |mut out, byte| {
        let _ = write!(out, "{byte:02x}"); // writing to a String never fails
        out
    })
}
