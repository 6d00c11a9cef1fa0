//! The embedded store: one SQLite file, one writer at a time, readers beside it.

mod open;

use std::path::{Path, PathBuf};
use std::sync::Arc;

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
    /// Where the file is, and which it is.
    file: Arc<(PathBuf, Option<FileId>)>,
}

/// What tells a file from another that takes its name.
type FileId = (u64, u64);

/// Which file has this name now.
#[cfg(unix)]
fn file_id(path: &Path) -> Option<FileId> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Which file has this name now; elsewhere than on Unix a file that is open cannot be removed.
#[cfg(not(unix))]
fn file_id(_: &Path) -> Option<FileId> {
    None
}

impl SqliteStore {
    /// Opens the file, which is created for its owner alone where it is missing, and brings its schema up to date.
    ///
    /// Fails with [`StoreError::Open`] on a file that is damaged, that is no store of ours, or that a newer version has written.
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let (writer, readers) = open::open(path).await?;
        let store = Self { writer, readers, fence: None, file: Arc::new((path.to_owned(), file_id(path))) };
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
        let (path, opened) = &*self.file;
        if file_id(path) != *opened {
            // What is written into a file that has no name any more is gone with this process, and so would be the word that a run was sent.
            let why = format!("{} was removed or replaced under it; put it back and start again", path.display());
            return Err(StoreError::Unavailable(why));
        }
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
