//! What must hold in the end, wherever the daemon died: every run ended, once where that can be, and everybody knows.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use portcullis::model::{Identifier, RunState};
use portcullis::run::life::{Phase, RunHandle};
use portcullis::store::{RunRecord, SqliteStore, Standing, Store as _};
use sqlx::{Connection as _, Row as _};

use super::place::{ALICE, Kind, PATIENCE, Place, TEMPLATE, git, try_git};
use super::receiver::Receiver;

fn id(run: &str) -> Identifier {
    Identifier::new(run).unwrap()
}

fn handle(place: &Place, run: &str) -> RunHandle {
    RunHandle::of(place.key().as_str(), &id(run))
}

async fn record(place: &Place, store: &SqliteStore, run: &str) -> Option<RunRecord> {
    store.run(&place.key(), &id(run)).await.unwrap()
}

/// Waits until all of them have ended and nothing is left to be told. Of what nobody knows, a person finds out, and says so. Gives those
/// that a person was needed for.
pub(crate) async fn end_of(place: &Place, receiver: &Receiver, runs: &[String]) -> BTreeSet<String> {
    let store = place.store().await;
    let until = Instant::now() + PATIENCE;
    let mut by_hand = BTreeSet::new();
    let mut open: BTreeSet<&String> = runs.iter().collect();
    loop {
        for run in open.clone() {
            let record = record(place, &store, run).await;
            let life = record.as_ref().and_then(|record| record.life.as_ref());
            if life.is_some_and(|life| life.is_final()) {
                open.remove(run);
            } else if let Some(Phase::Unknown { .. }) = life.and_then(|life| life.phase()) {
                let key = life.and_then(|life| life.execution.as_ref()).map(|execution| execution.key.clone()).unwrap();
                let outcome = if receiver.asked(&place.name).contains_key(&key) { "success" } else { "again" };
                let said = place.runs(&["resolve", run, "--as", outcome, "--by", "carol"]);
                assert!(said.status.success(), "{}: {run}: {}", place.name, String::from_utf8_lossy(&said.stderr));
                by_hand.insert(run.clone());
            }
        }
        if open.is_empty() && store.outbox_size().await.unwrap() == (0, 0) {
            break;
        }
        if Instant::now() > until {
            let mut told = Vec::new();
            for run in &open {
                let record = record(place, &store, run).await;
                told.push(format!("{run}: {:?}", record.and_then(|record| record.life)));
            }
            let outbox = store.outbox_size().await;
            panic!("{}: stuck: {told:#?}, outbox {outbox:?}\n{}", place.name, place.logs());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    store.close().await;
    by_hand
}

/// Checks each run, and everything that was said of it.
pub(crate) async fn check(place: &Place, receiver: &Receiver, runs: &[String]) {
    let (store, name) = (place.store().await, &place.name);
    let asked = receiver.asked(name);
    let mut keys = BTreeSet::new();
    for run in runs {
        let record = record(place, &store, run).await.unwrap();
        assert_eq!(record.standing, Standing::Decided(RunState::Success), "{name}: {run}: {:?}\n{}", record.life, place.logs());
        let key = record.life.unwrap().execution.unwrap().key;
        let times = asked.get(&key).copied().unwrap_or(0);
        match Kind::of(run) {
            // Exactly one execution: it dedupes by a key that is this run's alone.
            Kind::Dedupes => assert!(times >= 1, "{name}: {run} was never performed"),
            Kind::Once => assert_eq!(times, 1, "{name}: {run} was asked for {times} times\n{}", place.logs()),
            Kind::Entity => {
                let grep = format!("--grep=^Portcullis-Run: {}$", handle(place, run));
                let commits = git(&place.origin(), ALICE, &["log", "--format=%H", &grep, "main"]);
                assert_eq!(commits.lines().count(), 1, "{name}: {run} was committed as {commits:?}\n{}", place.logs());
            }
        }
        if Kind::of(run) != Kind::Entity {
            assert!(keys.insert(key), "{name}: two runs have one key");
        }
        audit_says_what_the_journal_says(place, &store, run).await;
    }
    let unknown: Vec<_> = asked.keys().filter(|key| !keys.contains(*key)).collect();
    assert!(unknown.is_empty(), "{name}: asked for by keys that are no run's: {unknown:?}");
    everybody_was_told(place, receiver, runs).await;
    store.close().await;
}

async fn audit_says_what_the_journal_says(place: &Place, store: &SqliteStore, run: &str) {
    let file = format!("runs/{run}.yaml");
    let added = git(&place.origin(), ALICE, &["log", "--diff-filter=A", "--format=%H", "main", "--", &file]);
    let added = added.lines().last().unwrap();
    let note = try_git(&place.origin(), ALICE, &["notes", "--ref=refs/notes/portcullis/runs", "show", added]);
    let note = note.unwrap_or_else(|why| panic!("{}: {run}: no note: {why}\n{}", place.name, place.logs()));
    let lines: Vec<(u64, String, String)> = note
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .filter(|line| line["run"] == run)
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap().to_owned();
            (line["step"].as_u64().unwrap(), text("event"), text("state"))
        })
        .collect();
    let journal = store.transitions(&place.key(), &id(run)).await.unwrap();
    let told = ["landed", "claimed", "answered", "lost", "withdrawn", "resolved"];
    let journal: Vec<(u64, String, String)> = journal
        .into_iter()
        .filter(|step| step.from != Some(step.to) || told.contains(&step.event.as_str()))
        .map(|step| (step.revision, step.event, step.to.as_str().to_owned()))
        .collect();
    assert_eq!(lines, journal, "{}: {run}", place.name);
}

/// Every message that the journal has put into the outbox has arrived; and for each run there is one that it was granted, or began, and one
/// of its end.
async fn everybody_was_told(place: &Place, receiver: &Receiver, runs: &[String]) {
    let address = format!("sqlite://{}", place.database().display());
    let mut db = sqlx::SqliteConnection::connect(&address).await.unwrap();
    let rows = sqlx::query("SELECT id, run, state FROM outbox WHERE kind = 'notify'").fetch_all(&mut db).await.unwrap();
    db.close().await.unwrap();
    let told = receiver.told(&place.name);
    // That a run was granted may have been told before the place was copied.
    let before = receiver.told(TEMPLATE);
    let (mut of, mut messages) = (BTreeSet::new(), BTreeSet::new());
    for row in &rows {
        let (message, run, state): (String, String, String) = (row.get(0), row.get(1), row.get(2));
        assert_eq!(state, "done", "{}: a message about {run}", place.name);
        let arrived = told.contains(&message) || before.contains(&message);
        assert!(arrived, "{}: nobody was told a message about {run}", place.name);
        of.insert(run);
        messages.insert(message);
    }
    let silent: Vec<_> = runs.iter().filter(|run| !of.contains(*run)).collect();
    assert!(silent.is_empty(), "{}: nobody was told of {silent:?}", place.name);
    assert!(told.is_subset(&messages), "{}: nobody is told what the journal does not say", place.name);
}
