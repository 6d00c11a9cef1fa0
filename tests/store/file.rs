//! What can happen to a file.

use std::path::{Path, PathBuf};

use portcullis::model::RunState;
use portcullis::run::life::Life;
use portcullis::store::{RepositoryKey, SqliteStore, Store as _, StoreError};
use tempfile::TempDir;

use crate::journal::{advance, message};
use crate::world::{at, id};

struct Room {
    _directory: TempDir,
    path: PathBuf,
    here: RepositoryKey,
}

impl Room {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("portcullis.db");
        Self { _directory: directory, path, here: RepositoryKey::new("acme/catalog main") }
    }

    /// With a store of many pages, closed.
    async fn furnished() -> Self {
        let room = Self::new();
        let store = SqliteStore::open(&room.path).await.unwrap();
        for n in 0..200u8 {
            store.record_published(&room.here, &format!("key {n}"), &"x".repeat(500), at(0)).await.unwrap();
        }
        store.close().await;
        room
    }

    async fn refused(&self) -> String {
        refused(&self.path).await
    }
}

async fn refused(path: &Path) -> String {
    let error = SqliteStore::open(path).await.unwrap_err();
    assert!(matches!(error, StoreError::Open { .. }));
    error.to_string()
}

#[tokio::test]
async fn what_is_no_database_is_refused_by_name() {
    let room = Room::new();
    std::fs::write(&room.path, "this is a diary, not a database; ".repeat(100)).unwrap();
    assert!(room.refused().await.contains("is not a database"), "{}", room.refused().await);
    refused(&Room::new().path.join("below/a/file")).await;
}

#[tokio::test]
async fn a_damaged_page_is_found_when_opening() {
    let room = Room::furnished().await;
    let mut bytes = std::fs::read(&room.path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xa5);
    std::fs::write(&room.path, bytes).unwrap();
    assert!(room.refused().await.contains("damaged"), "{}", room.refused().await);
}

#[tokio::test]
async fn a_file_that_was_cut_off_is_refused() {
    let room = Room::furnished().await;
    let whole = std::fs::metadata(&room.path).unwrap().len();
    for length in [whole / 2, 4096, 100] {
        std::fs::OpenOptions::new().write(true).open(&room.path).unwrap().set_len(length).unwrap();
        let said = room.refused().await;
        assert!(said.contains("damaged") || said.contains("is not a database"), "{length}: {said}");
    }
}

#[tokio::test]
async fn a_file_that_was_cut_off_to_nothing_is_not_taken_for_a_new_one() {
    let room = Room::furnished().await;
    std::fs::OpenOptions::new().write(true).open(&room.path).unwrap().set_len(0).unwrap();
    assert!(room.refused().await.contains("it is empty"), "{}", room.refused().await);
}

#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let room = Room::new();
    let store = SqliteStore::open(&room.path).await.unwrap();
    store.record_published(&room.here, "k", "h", at(0)).await.unwrap();
    for entry in std::fs::read_dir(room.path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

/// Tells this story's second half in a process of its own, whose files cannot grow: the write comes back as from a full disk.
#[tokio::test]
async fn a_disk_that_takes_no_more_is_told_and_what_was_written_before_stays_whole() {
    const PLACE: &str = "PORTCULLIS_TEST_STORE_ON_A_FULL_DISK";
    let (here, run) = (RepositoryKey::new("acme/catalog main"), id("run"));
    let states = [RunState::WaitingForApproval, RunState::Approved];
    if let Some(path) = std::env::var_os(PLACE) {
        let store = SqliteStore::open(Path::new(&path)).await.unwrap();
        for step in 0..10_000u64 {
            let words = message(&format!("{step} {}", "x".repeat(4000)), "chat");
            let life = Life::new(states[usize::try_from(step % 2).unwrap()]);
            match advance(&store, &here, &run, step, &life, std::slice::from_ref(&words)).await {
                Ok(kept) => assert!(kept),
                Err(error) => {
                    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
                    assert!(step > 3, "there was room at first");
                    assert_eq!(store.run(&here, &run).await.unwrap().unwrap().revision, step, "who only reads is answered");
                    return;
                }
            }
        }
        panic!("the disk took everything");
    }
    let room = Room::furnished().await;
    let limited = "trap '' XFSZ; ulimit -f 1000; exec \"$0\" --exact \"$1\"";
    let name = "file::a_disk_that_takes_no_more_is_told_and_what_was_written_before_stays_whole";
    let mut second = std::process::Command::new("/bin/sh");
    second.args(["-c", limited]).arg(std::env::current_exe().unwrap()).arg(name).env(PLACE, &room.path);
    let said = tokio::task::spawn_blocking(move || second.output().unwrap()).await.unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stdout));

    // There is room again.
    let store = SqliteStore::open(&room.path).await.unwrap();
    let record = store.run(&here, &run).await.unwrap().unwrap();
    assert_eq!(store.transitions(&here, &run).await.unwrap().len() as u64, record.revision);
    assert_eq!(store.outbox_size().await.unwrap(), (record.revision, 0), "each step with its message, and no more");
    let life = Life::new(states[usize::try_from(record.revision % 2).unwrap()]);
    assert!(advance(&store, &here, &run, record.revision, &life, &[message("room", "chat")]).await.unwrap());
    store.close().await;
}
