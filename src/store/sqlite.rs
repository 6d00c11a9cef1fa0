//! The embedded store: one SQLite file, one writer at a time, readers beside it.

mod open;

use std::path::Path;

use async_trait::async_trait;
use sqlx::SqlitePool;

use super::sql::{Backend, Reader, Writer, name_all};
use super::{Fence, StoreError};

/// A [`super::Store`] in a file. Clones share the file.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    /// One connection: whoever wants to write waits in our queue rather than in SQLite's, which is not fair.
    writer: SqlitePool,
    /// Several, which see the last committed state and never wait for the writer.
    readers: SqlitePool,
    fence: Option<Fence>,
}

impl SqliteStore {
    /// Opens the file, which is created for its owner alone where it is missing, and brings its schema up to date.
    ///
    /// Fails with [`StoreError::Open`] on a file that is damaged, that is no store of ours, or that a newer version has written.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let (writer, readers) = open::open(path).await?;
        let store = Self { writer, readers, fence: None };
        let refuse = |error: StoreError| StoreError::Open { place: path.display().to_string(), why: error.to_string() };
        name_all(&store).await.map_err(refuse)?;
        Ok(store)
    }

    /// Waits for what is under way, folds the journal into the file, and closes it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

#[async_trait]
impl Backend for SqliteStore {
    async fn read(&self) -> Result<Reader, StoreError> {
        Ok(Reader::Sqlite(self.readers.acquire().await?))
    }

    async fn begin(&self) -> Result<Writer, StoreError> {
        // It holds the write lock from its first statement, rather than asking for it when others may have written.
        Ok(Writer::Sqlite(self.writer.begin_with("BEGIN IMMEDIATE").await?))
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

#[cfg(test)]
mod delivery_tests;
#[cfg(test)]
mod tests;
