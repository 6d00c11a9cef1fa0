//! The store that replicas share: a schema of a PostgreSQL database.

mod address;
mod open;

use async_trait::async_trait;
use sqlx::PgPool;

use super::sql::{Backend, Reader, Writer, name_all};
use super::{Fence, StoreError};

pub use address::PostgresAddress;

/// A [`super::Store`] in a database. Clones share its connections, which are made anew where the server was restarted.
#[derive(Clone)]
pub struct PostgresStore {
    pool: PgPool,
    fence: Option<Fence>,
}

impl PostgresStore {
    /// Connects, and brings the schema up to date; where replicas start together, one does and the others wait.
    ///
    /// Fails with [`StoreError::Open`] where nothing answers or lets us in, and on a schema that is incomplete, that belongs to another
    /// program, or that a newer version has made.
    pub async fn open(address: &PostgresAddress) -> Result<Self, StoreError> {
        let store = Self { pool: open::open(address).await?, fence: None };
        let refuse = |error: StoreError| StoreError::Open { place: address.to_string(), why: error.to_string() };
        name_all(&store).await.map_err(refuse)?;
        Ok(store)
    }

    /// Waits for what is under way, and hangs up.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

#[async_trait]
impl Backend for PostgresStore {
    async fn read(&self) -> Result<Reader, StoreError> {
        Ok(Reader::Postgres(self.pool.acquire().await?))
    }

    async fn begin(&self) -> Result<Writer, StoreError> {
        Ok(Writer::Postgres(self.pool.begin_with(open::BEGIN).await?))
    }

    fn fence(&self) -> Option<&Fence> {
        self.fence.as_ref()
    }

    fn fenced(&self, fence: Fence) -> Self {
        Self { fence: Some(fence), ..self.clone() }
    }

    async fn end(&self) {
        self.close().await;
    }
}
