//! Who acts on a repository: a lease that ends by itself, and the epoch that keeps a late write of an earlier holder out.

use std::fmt;

use crate::model::Timestamp;

use super::{RepositoryKey, StoreError};

/// A replica, by a name that no other process has, nor the same one after it is started again.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Holder(String);

impl Holder {
    /// Takes a name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How often the holder of a repository's lease has changed. It only grows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Epoch(i64);

impl Epoch {
    pub(super) fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number, from 1 for the first holder.
    pub fn number(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The right to write about one repository for as long as nobody else is given it. Only a store makes one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fence {
    repository: RepositoryKey,
    epoch: Epoch,
}

impl Fence {
    pub(super) fn new(repository: RepositoryKey, epoch: Epoch) -> Self {
        Self { repository, epoch }
    }

    /// The repository.
    pub fn repository(&self) -> &RepositoryKey {
        &self.repository
    }

    /// The epoch in which it was given.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Lets a write about `repository` pass whose lease now stands at `now`.
    ///
    /// An expired lease that nobody else has taken lets it pass: nobody else can have written.
    pub(super) fn admit(&self, repository: &RepositoryKey, now: Epoch) -> Result<(), StoreError> {
        if self.repository == *repository && self.epoch == now {
            return Ok(());
        }
        Err(StoreError::Fenced { repository: repository.clone(), of: self.repository.clone(), ours: self.epoch, now })
    }
}

/// A standing lease.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Lease {
    /// Who holds it.
    pub holder: Holder,
    /// Since which change of holder.
    pub epoch: Epoch,
    /// Until when, unless it is renewed.
    pub expires: Timestamp,
}
