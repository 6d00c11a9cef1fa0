use super::*;
use crate::model::Timestamp;
use crate::store::{RepositoryKey, Store as _};

async fn store() -> (tempfile::TempDir, SqliteStore) {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("portcullis.db")).await.unwrap();
    (dir, store)
}

#[tokio::test]
async fn it_is_as_durable_as_it_says() {
    let (_dir, store) = store().await;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&store.writer).await.unwrap();
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&store.writer).await.unwrap();
    let keys: i64 = sqlx::query_scalar("PRAGMA foreign_keys").fetch_one(&store.writer).await.unwrap();
    assert_eq!((mode.as_str(), synchronous, keys), ("wal", 2, 1));
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_was_written_before_stays() {
    let (_dir, store) = store().await;
    let (here, at) = (RepositoryKey::new("acme/catalog main"), Timestamp::UNIX_EPOCH);
    store.record_published(&here, "before", "aa", at).await.unwrap();
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&store.writer).await.unwrap();
    sqlx::query(sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"))).execute(&store.writer).await.unwrap();
    let error = store.record_published(&here, "after", &"x".repeat(1_000_000), at).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("full"), "{error}");
    assert_eq!(store.published(&here, "before").await.unwrap().as_deref(), Some("aa"));
    assert_eq!(store.published(&here, "after").await.unwrap(), None);
}
