//! The contract of a store, held by both: SQLite in a file, and PostgreSQL in a throw-away cluster.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on says so
#![allow(unreachable_pub)] // nothing is outside of a test

/// Tells each story to a SQLite store and to a PostgreSQL store.
macro_rules! on_both_stores {
    ($($story:ident)*) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(crate::world::World::sqlite()).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() {
                super::$story(crate::world::World::postgres().await).await;
            })*
        }
    };
}

mod branch;
mod cluster;
mod file;
mod journal;
mod leases;
mod opening;
mod outage;
mod outbox;
mod races;
mod replicas;
mod runs;
mod seen;
mod world;
