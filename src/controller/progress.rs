//! Has pull requests show how the runs get on that they brought: one comment each, brought up to date by messages of the outbox, so that
//! nothing that happened is left untold, and a run to which nothing happens costs no request.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::forge::RunTold;
use crate::model::Identifier;
use crate::report::notice::Telling;
use crate::report::{Journey, RunShown, run_comment};
use crate::run::life::{Landing, Life, Occasion, RunHandle};
use crate::store::{Delivered, Message, MessageKind, RunRecord, Wanted};

use super::audit::place::secrets;
use super::outbox::REVISION;
use super::parts::Repository;
use super::{Input, Outcome, Shared, Trouble};

/// Messages that are taken out of the outbox at a time.
const BATCH: u32 = 32;
/// Whoever holds the repository takes them, one batch after the other.
const LEASE: Duration = Duration::ZERO;
/// Batches of one reconciliation.
const MOST_BATCHES: usize = 16;

impl Repository {
    /// Whether its pull requests show how the runs get on that they brought.
    pub(super) fn shows_runs(&self) -> bool {
        self.watched.outward.comments && self.watched.forge.tells_runs()
    }
}

impl Shared {
    /// Brings the comments up to date that the outbox has messages about; whoever holds the repository calls it.
    pub(super) async fn reconcile_progress(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<Outcome<Input>, Trouble> {
        let key = &repository.watched.key;
        // What is shown is the run as it stands, so one look serves all that happened before.
        let mut shown: BTreeMap<Identifier, u64> = BTreeMap::new();
        for _ in 0..MOST_BATCHES {
            let (store, now) = (self.store_of(repository), self.clock.now());
            let messages = store.claim_messages(&Wanted::of(MessageKind::Show, BATCH).about(key), LEASE, now).await?;
            if messages.is_empty() {
                return Ok(Outcome::Settled { input: None, again: None });
            }
            for message in &messages {
                let done = match shown.get(&message.run) {
                    Some(revision) if revision_of(message) <= *revision => Ok(*revision),
                    _ => self.show_run(repository, &message.run).await,
                };
                let delivered = match &done {
                    Ok(_) => Delivered::Done,
                    Err(trouble) => self.later(message, trouble),
                };
                store.settle_message(message, &delivered, self.clock.now()).await?;
                match done {
                    Ok(revision) => drop(shown.insert(message.run.clone(), revision)),
                    // While the forge is in trouble the rest would be too; it all waits in the outbox.
                    Err(trouble) if trouble.passes => return Err(trouble),
                    Err(trouble) => {
                        tracing::warn!(repository = %repository.name, run = %message.run, "its pull request cannot show it: {trouble}");
                    }
                }
            }
        }
        Ok(Outcome::Settled { input: None, again: Some(Duration::ZERO) })
    }

    /// Has the pull request show a run as it stands; the revision that it stands at.
    async fn show_run(self: &Arc<Self>, repository: &Arc<Repository>, run: &Identifier) -> Result<u64, Trouble> {
        let (store, key) = (self.store_of(repository), &repository.watched.key);
        let Some(record) = store.run(key, run).await?.filter(|_| repository.shows_runs()) else { return Ok(u64::MAX) };
        let life = record.life.clone();
        let Some((life, landing)) = life.as_ref().and_then(|life| Some((life, life.landing.as_ref()?))) else {
            return Ok(record.revision);
        };
        let (Some(pull_request), Some(telling)) = (&landing.pull_request, Telling::kept_in(&record.decision)) else {
            return Ok(record.revision);
        };
        let handle = RunHandle::of(key.as_str(), run);
        let comment = self.worded(repository, (&record, life, landing), &handle, &telling).await;
        let (what, hash) = (format!("run/{handle}/comment"), hash(&comment));
        if store.published(key, &what).await?.as_deref() == Some(hash.as_str()) {
            return Ok(record.revision);
        }
        let told = RunTold { pull_request: pull_request.clone(), handle, comment };
        repository.watched.forge.tell_run(&told).await?;
        store.record_published(key, &what, &hash, self.clock.now()).await?;
        Ok(record.revision)
    }

    async fn worded(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        (record, life, landing): (&RunRecord, &Life, &Landing),
        handle: &RunHandle,
        telling: &Telling,
    ) -> String {
        let (inner, run, to) = (repository.clone(), record.id.clone(), landing.to);
        let known = self.off_thread(move || {
            let catalog = inner.watched.workspace.snapshot(to)?.catalog;
            Ok(catalog.runs().get(&run).map(|found| secrets(&catalog, &found.value)))
        });
        let secrets = known.await.ok().flatten();
        let journey = Journey {
            run: &record.id,
            handle,
            repository: repository.watched.key.as_str(),
            life: Some(life),
            decision: &record.decision,
            since: record.at,
        };
        let notice = telling.notice(Occasion::Started, life, landing.at);
        run_comment(&RunShown { journey, notice: &notice, secrets: secrets.as_ref() })
    }
}

/// The revision of the run with which a message was put in.
fn revision_of(message: &Message) -> u64 {
    message.body.get(REVISION).and_then(Json::as_u64).unwrap_or(u64::MAX)
}

fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}"); // writing to a String never fails
        out
    })
}
