use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::store::Standing;

struct Room {
    _dir: TempDir,
    path: PathBuf,
    here: RepositoryKey,
}

impl Room {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("portcullis.db");
        Self { _dir: dir, path, here: RepositoryKey::new("acme/catalog main") }
    }

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path).await.unwrap()
    }

    async fn refused(&self) -> String {
        SqliteStore::open(&self.path).await.unwrap_err().to_string()
    }
}

fn commit(n: u8) -> CommitId {
    CommitId([n; 20])
}

fn at(second: i64) -> Timestamp {
    Timestamp::new(1_700_000_000 + second, 123_456_789).unwrap()
}

fn acceptance(n: u8, second: i64) -> Acceptance {
    Acceptance { commit: commit(n), at: at(second), reason: format!("judged green, {n}") }
}

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

#[tokio::test]
async fn an_acceptance_moves_only_from_where_it_was_seen() {
    let room = Room::new();
    let store = room.open().await;
    assert_eq!(store.accepted(&room.here).await.unwrap(), None);
    assert!(!store.accept(&room.here, commit(0), &acceptance(1, 0)).await.unwrap(), "nothing was adopted yet");
    assert!(store.adopt(&room.here, &acceptance(1, 0), &[]).await.unwrap());
    assert!(!store.adopt(&room.here, &acceptance(9, 0), &[]).await.unwrap(), "first sight happens once");
    assert!(store.accept(&room.here, commit(1), &acceptance(2, 1)).await.unwrap());
    assert!(!store.accept(&room.here, commit(1), &acceptance(3, 2)).await.unwrap(), "somebody was faster");
    assert_eq!(store.accepted(&room.here).await.unwrap(), Some(acceptance(2, 1)));
    assert_eq!(store.acceptances(&room.here, 10).await.unwrap(), [acceptance(2, 1), acceptance(1, 0)]);
    let elsewhere = RepositoryKey::new("acme/catalog release");
    assert_eq!(store.accepted(&elsewhere).await.unwrap(), None);
}

#[tokio::test]
async fn while_history_is_in_doubt_nothing_is_accepted_but_by_a_person() {
    let room = Room::new();
    let store = room.open().await;
    store.adopt(&room.here, &acceptance(1, 0), &[]).await.unwrap();
    let halt = store.halt(&room.here, commit(7), at(5)).await.unwrap();
    assert_eq!(halt, Halt { seen: commit(7), since: at(5) });
    assert!(!store.accept(&room.here, commit(1), &acceptance(2, 6)).await.unwrap());
    // The branch moves again: the alert is as old as it was, and is about the new tip.
    assert_eq!(store.halt(&room.here, commit(8), at(9)).await.unwrap(), Halt { seen: commit(8), since: at(5) });
    assert!(
        !store.resume(&room.here, &acceptance(7, 10)).await.unwrap(),
        "a person accepts what stands there, not what stood there"
    );
    assert!(store.resume(&room.here, &acceptance(8, 10)).await.unwrap());
    assert_eq!(store.halted(&room.here).await.unwrap(), None);
    assert_eq!(store.accepted(&room.here).await.unwrap(), Some(acceptance(8, 10)));
}

#[tokio::test]
async fn first_times_never_change() {
    let room = Room::new();
    let store = room.open().await;
    assert_eq!(store.first_seen(&room.here, "run extend-env", at(1)).await.unwrap(), at(1));
    assert_eq!(store.first_seen(&room.here, "run extend-env", at(2)).await.unwrap(), at(1));
    store.received(&room.here, &[commit(1)], at(1)).await.unwrap();
    let times = store.received(&room.here, &[commit(1), commit(2), commit(2)], at(3)).await.unwrap();
    assert_eq!(times, BTreeMap::from([(commit(1), at(1)), (commit(2), at(3))]));
    assert!(store.received(&room.here, &[], at(3)).await.unwrap().is_empty());
}

#[tokio::test]
async fn one_green_merge_result_is_remembered_for_a_pull_request() {
    let room = Room::new();
    let store = room.open().await;
    let judged = |pr: &str, tree: u8| Judged {
        pull_request: pr.to_owned(),
        head: commit(3),
        base: commit(1),
        tree: TreeId([tree; 20]),
        verdict: json!({"conclusion": "success", "weight": 1.5}),
        at: at(0),
    };
    store.remember_judged(&room.here, &judged("17", 40)).await.unwrap();
    store.remember_judged(&room.here, &judged("17", 41)).await.unwrap();
    store.remember_judged(&room.here, &judged("18", 41)).await.unwrap();
    let of = async |tree: u8, base: u8| store.judged_tree(&room.here, TreeId([tree; 20]), commit(base)).await.unwrap();
    assert_eq!(of(40, 1).await, [], "the pull request has moved on");
    assert_eq!(of(41, 2).await, [], "judged against another base");
    assert_eq!(of(41, 1).await, [judged("17", 41), judged("18", 41)]);
    store.forget_judged(&room.here, "17").await.unwrap();
    assert_eq!(of(41, 1).await, [judged("18", 41)]);
}

#[tokio::test]
async fn what_was_published_is_known_by_its_hash() {
    let room = Room::new();
    let store = room.open().await;
    assert_eq!(store.published(&room.here, "head 1").await.unwrap(), None);
    store.record_published(&room.here, "head 1", "aa", at(0)).await.unwrap();
    store.record_published(&room.here, "head 1", "bb", at(1)).await.unwrap();
    assert_eq!(store.published(&room.here, "head 1").await.unwrap().as_deref(), Some("bb"));
}

#[tokio::test]
async fn a_run_is_decided_step_by_step_and_every_step_is_kept() {
    use RunState::{Approved, Declined, WaitingForApproval};
    let room = Room::new();
    let store = room.open().await;
    let run = id("extend-env");
    let decide = async |from, to, why: &str, second| {
        store.record_run(&room.here, &run, from, to, &json!({ "why": why }), at(second)).await.unwrap()
    };
    assert!(!decide(Some(WaitingForApproval), Approved, "nobody decided before", 0).await);
    assert!(decide(None, WaitingForApproval, "10 days", 0).await);
    assert!(!decide(None, WaitingForApproval, "10 days", 1).await, "not the first decision any more");
    assert!(decide(Some(WaitingForApproval), WaitingForApproval, "10 days", 1).await, "the same again is no news");
    assert!(decide(Some(WaitingForApproval), Approved, "bob", 2).await);
    assert!(!decide(Some(WaitingForApproval), Declined, "carol", 3).await, "decided on what is no longer so");
    let record = store.run(&room.here, &run).await.unwrap().unwrap();
    assert_eq!((record.standing, record.revision, record.at), (Standing::Decided(Approved), 2, at(2)));
    let steps = store.transitions(&room.here, &run).await.unwrap();
    assert_eq!(
        steps.iter().map(|s| (s.revision, s.from, s.to)).collect::<Vec<_>>(),
        [(1, None, WaitingForApproval), (2, Some(WaitingForApproval), Approved)]
    );
    assert_eq!(steps[1].decision, json!({"why": "bob"}));
}

#[tokio::test]
async fn runs_that_were_there_at_first_sight_are_history() {
    let room = Room::new();
    let store = room.open().await;
    let old = id("2020-01-01-delete-everything");
    assert!(store.adopt(&room.here, &acceptance(1, 0), std::slice::from_ref(&old)).await.unwrap());
    for from in [None, Some(RunState::Approved)] {
        assert!(!store.record_run(&room.here, &old, from, RunState::InProgress, &json!(null), at(1)).await.unwrap());
    }
    let runs = store.runs(&room.here).await.unwrap();
    assert_eq!(runs.iter().map(|r| (r.id.as_str(), r.standing)).collect::<Vec<_>>(), [(old.as_str(), Standing::Adopted)]);
    assert!(store.transitions(&room.here, &old).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_process_that_dies_leaves_whole_steps_behind() {
    let room = Room::new();
    {
        let store = room.open().await;
        store.adopt(&room.here, &acceptance(1, 0), &[]).await.unwrap();
        store.accept(&room.here, commit(1), &acceptance(2, 1)).await.unwrap();
        // A transaction that never ends: the process dies in the middle of it.
        let mut tx = store.write().await.unwrap();
        sqlx::query("DELETE FROM acceptances").execute(&mut *tx).await.unwrap();
        // Not closed: what is durable must not depend on a farewell.
        drop(tx);
    }
    let store = room.open().await;
    assert_eq!(store.accepted(&room.here).await.unwrap(), Some(acceptance(2, 1)));
    store.close().await;
}

#[tokio::test]
async fn two_processes_share_the_file() {
    let room = Room::new();
    let (a, b) = tokio::join!(SqliteStore::open(&room.path), SqliteStore::open(&room.path));
    let (a, b) = (a.unwrap(), b.unwrap());
    a.adopt(&room.here, &acceptance(1, 0), &[]).await.unwrap();
    assert_eq!(b.accepted(&room.here).await.unwrap(), Some(acceptance(1, 0)));
    let (to_two, to_three) = (acceptance(2, 1), acceptance(3, 1));
    let (first, second) = tokio::join!(a.accept(&room.here, commit(1), &to_two), b.accept(&room.here, commit(1), &to_three));
    assert!(first.unwrap() ^ second.unwrap(), "one of them wins");
    assert_eq!(a.accepted(&room.here).await.unwrap(), b.accepted(&room.here).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tasks_count_in_turn() {
    let room = Room::new();
    let store = Arc::new(room.open().await);
    store.adopt(&room.here, &acceptance(0, 0), &[]).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (store, here) = (Arc::clone(&store), room.here.clone());
            tokio::spawn(async move {
                let mut moved = 0;
                while moved < 10 {
                    let now = store.accepted(&here).await.unwrap().unwrap().commit;
                    let next = acceptance(now.0[0] + 1, 0);
                    store.first_seen(&here, "a commit", at(i64::from(now.0[0]))).await.unwrap();
                    moved += i32::from(store.accept(&here, now, &next).await.unwrap());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(store.accepted(&room.here).await.unwrap().unwrap().commit, commit(80));
    assert_eq!(store.acceptances(&room.here, 1000).await.unwrap().len(), 81);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    let store = room.open().await;
    store.record_published(&room.here, "k", "h", at(0)).await.unwrap();
    for entry in std::fs::read_dir(room.path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[tokio::test]
async fn it_is_as_durable_as_it_says() {
    let room = Room::new();
    let store = room.open().await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&store.writer).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
    let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&store.writer).await.unwrap();
    assert_eq!((mode.as_str(), synchronous, keys), ("wal", 2, 1));
}

#[tokio::test]
async fn what_is_no_store_of_ours_is_refused_by_name() {
    let room = Room::new();
    std::fs::write(&room.path, "this is a diary, not a database; ".repeat(100)).unwrap();
    assert!(room.refused().await.contains("is not a database"), "{}", room.refused().await);

    let room = Room::new();
    let foreign = SqlitePool::connect(&format!("sqlite://{}?mode=rwc", room.path.display())).await.unwrap();
    sqlx::query("CREATE TABLE songs (title TEXT)").execute(&foreign).await.unwrap();
    foreign.close().await;
    assert!(room.refused().await.contains("another program"), "{}", room.refused().await);

    let room = Room::new();
    let nowhere = room.path.join("below/a/file");
    assert!(matches!(SqliteStore::open(&nowhere).await, Err(StoreError::Open { .. })));
}

#[tokio::test]
async fn what_a_newer_version_has_written_is_left_alone() {
    let room = Room::new();
    let store = room.open().await;
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'later', TRUE, x'00', 0)",
    )
    .execute(&store.writer)
    .await
    .unwrap();
    store.close().await;
    assert!(
        room.refused().await.contains("a newer version of Portcullis has written it (schema 9999)"),
        "{}",
        room.refused().await
    );
}

#[tokio::test]
async fn a_damaged_page_is_found_when_opening() {
    let room = Room::new();
    let store = room.open().await;
    for n in 0..200u8 {
        store.record_published(&room.here, &format!("key {n}"), &"x".repeat(500), at(0)).await.unwrap();
    }
    store.close().await;
    let mut bytes = std::fs::read(&room.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    std::fs::write(&room.path, bytes).unwrap();
    assert!(room.refused().await.contains("damaged"), "{}", room.refused().await);
}

#[tokio::test]
async fn a_row_changed_by_other_hands_is_an_error_and_no_state() {
    let room = Room::new();
    let store = room.open().await;
    let run = id("extend-env");
    store.record_run(&room.here, &run, None, RunState::WaitingForApproval, &json!({}), at(0)).await.unwrap();
    sqlx::query("UPDATE runs SET state = 'APROVED'").execute(&store.writer).await.unwrap();
    assert!(matches!(store.run(&room.here, &run).await, Err(StoreError::Damaged { .. })));
}
