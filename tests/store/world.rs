//! A place for a store, which several processes may open, and which other hands may touch.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis::model::{CommitId, Identifier, Timestamp};
use portcullis::store::{Acceptance, PostgresAddress, PostgresStore, RepositoryKey, SqliteStore, Store, StoreError};
use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use tempfile::TempDir;

use crate::cluster::Cluster;

pub struct World {
    pub here: RepositoryKey,
    place: Place,
}

enum Place {
    File { _directory: TempDir, path: PathBuf },
    Database { address: String },
}

impl World {
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("portcullis.db");
        Self { here: RepositoryKey::new("acme/catalog main"), place: Place::File { _directory: directory, path } }
    }

    /// In the cluster of all, in a schema of its own.
    pub async fn postgres() -> Self {
        let cluster = tokio::task::spawn_blocking(Cluster::shared).await.unwrap();
        Self::in_cluster(cluster).await
    }

    pub async fn in_cluster(cluster: &Cluster) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let schema = format!("story_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let address = cluster.address("portcullis", &format!("options[search_path]={schema}"));
        let world = Self { here: RepositoryKey::new("acme/catalog main"), place: Place::Database { address } };
        world.tamper(&format!("CREATE SCHEMA {schema}")).await;
        world
    }

    /// Where the database is.
    pub fn address(&self) -> String {
        match &self.place {
            Place::File { path, .. } => path.display().to_string(),
            Place::Database { address } => address.clone(),
        }
    }

    /// As another process would.
    pub async fn try_open(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match &self.place {
            Place::File { path, .. } => Arc::new(SqliteStore::open(path).await?),
            Place::Database { address } => Arc::new(PostgresStore::open(&PostgresAddress::parse(address)?).await?),
        })
    }

    pub async fn open(&self) -> Arc<dyn Store> {
        self.try_open().await.unwrap()
    }

    /// Why it does not open.
    pub async fn refused(&self) -> String {
        match self.try_open().await {
            Ok(_) => panic!("it opened"),
            Err(error @ StoreError::Open { .. }) => error.to_string(),
            Err(error) => panic!("another error: {error}"),
        }
    }

    /// Other hands.
    pub async fn tamper(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match &self.place {
            Place::File { path, .. } => self.file(path).await.execute(sql).await.map(|_| ()).unwrap(),
            Place::Database { address } => {
                PgConnection::connect(address).await.unwrap().execute(sql).await.map(|_| ()).unwrap();
            }
        }
    }

    /// A process that dies in the middle of a transaction.
    pub async fn die_after(&self, sql: &'static str) {
        match &self.place {
            Place::File { path, .. } => {
                let mut connection = self.file(path).await;
                connection.execute("BEGIN IMMEDIATE").await.unwrap();
                connection.execute(sql).await.unwrap();
            }
            Place::Database { address } => {
                let mut connection = PgConnection::connect(address).await.unwrap();
                connection.execute("BEGIN").await.unwrap();
                connection.execute(sql).await.unwrap();
            }
        }
    }

    async fn file(&self, path: &std::path::Path) -> SqliteConnection {
        SqliteConnection::connect_with(
            &sqlx::sqlite::SqliteConnectOptions::new()
                .filename(path)
                .create_if_missing(true)
                .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal),
        )
        .await
        .unwrap()
    }

    pub fn is_file(&self) -> bool {
        matches!(self.place, Place::File { .. })
    }
}

pub fn commit(n: u8) -> CommitId {
    CommitId([n; 20])
}

pub fn at(second: i64) -> Timestamp {
    Timestamp::new(1_700_000_000 + second, 123_456_789).unwrap()
}

pub fn acceptance(n: u8, second: i64) -> Acceptance {
    Acceptance { commit: commit(n), at: at(second), reason: format!("judged green, {n}") }
}

pub fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}
