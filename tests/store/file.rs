//! What can happen to a file.

use std::path::{Path, PathBuf};

use portcullis::store::{RepositoryKey, SqliteStore, Store as _, StoreError};
use tempfile::TempDir;

use crate::world::at;

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
