//! The memory of deliveries, in the file itself.

use crate::model::Timestamp;
use crate::store::{SqliteStore, Store};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

async fn count(store: &SqliteStore) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM deliveries").fetch_one(&store.readers).await.unwrap()
}

#[tokio::test]
async fn a_delivery_is_new_once_also_for_who_opens_the_file_anew_and_for_who_asks_at_the_same_moment() {
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("portcullis.db");
    let store = SqliteStore::open(&file).await.unwrap();
    assert!(store.remember_delivery("a", at(0)).await.unwrap());
    assert!(!store.remember_delivery("a", at(1)).await.unwrap());
    let (one, other) = tokio::join!(store.remember_delivery("b", at(1)), store.remember_delivery("b", at(1)));
    assert!(one.unwrap() ^ other.unwrap());
    store.close().await;
    let store = SqliteStore::open(&file).await.unwrap();
    assert!(!store.remember_delivery("a", at(2)).await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn what_is_older_than_a_week_is_forgotten() {
    let room = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&room.path().join("portcullis.db")).await.unwrap();
    let week = 7 * 24 * 60 * 60;
    assert!(store.remember_delivery("a", at(0)).await.unwrap());
    assert!(store.remember_delivery("b", at(10)).await.unwrap());
    assert!(!store.remember_delivery("a", at(week)).await.unwrap());
    assert!(store.remember_delivery("c", at(week + 1)).await.unwrap());
    assert_eq!(count(&store).await, 2, "only `a` went");
    // A clock that goes back forgets nothing.
    assert!(!store.remember_delivery("c", at(-week)).await.unwrap());
    store.close().await;
}

#[tokio::test]
async fn a_flood_of_deliveries_does_not_grow_the_file_without_end() {
    let room = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&room.path().join("portcullis.db")).await.unwrap();
    let flood = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
                 INSERT INTO deliveries (id, at) SELECT 'f' || i, 1800000000000000000 FROM n";
    sqlx::query(flood).execute(&store.writer).await.unwrap();
    assert!(store.remember_delivery("a", at(1)).await.unwrap());
    assert!(store.remember_delivery("b", at(1)).await.unwrap());
    assert_eq!(count(&store).await, crate::store::sql::MOST_DELIVERIES);
    assert!(store.remember_delivery("f1", at(1)).await.unwrap(), "the oldest went");
    assert!(!store.remember_delivery("b", at(1)).await.unwrap());
    store.close().await;
}
