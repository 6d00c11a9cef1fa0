//! What became of runs, as notes on the commits that added them (`refs/notes/portcullis/runs`): a trail that every clone can carry.
//!
//! A note is made of the journal as a whole each time, so that writing it twice changes nothing, and what others have written into it does
//! not last. Nothing is ever read from a note but to see whether it is as it should be: it lends no right to anything.

mod line;
pub(super) mod place;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::abort::{self, Deed};
use crate::git::{Moved, NewCommit, Pushed, Repository as Git, Writer};
use crate::model::CommitId;
use crate::store::{Delivered, Message, MessageKind, Wanted};

use super::parts::Repository;
use super::{Shared, Trouble, Unjudged};

/// Where the notes are.
pub(super) const NOTES: &str = "refs/notes/portcullis/runs";
/// Messages that are taken out of the outbox at a time.
const BATCH: u32 = 128;
/// Whoever holds the repository takes them, one batch after the other. So whoever comes next need not wait for one who was killed.
const LEASE: Duration = Duration::ZERO;
/// Attempts before a message is given up, and kept for whoever replays it.
const MOST_ATTEMPTS: u32 = 40;
/// Between two attempts at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);
/// How often notes are written again on notes that move under our hands, in one attempt.
const ROUNDS: u64 = 5;
/// The largest note that is compared, in bytes; a larger one is written over.
const LARGEST: usize = 16 << 20;

/// The notes that are to stand.
type Notes = BTreeMap<CommitId, String>;

impl Shared {
    /// Brings the notes up to date that the outbox has messages about. Says whether there may be more of them now; whoever holds the repository
    /// calls it.
    pub(super) async fn drain_audit(self: &Arc<Self>, repository: &Arc<Repository>) -> Result<bool, Trouble> {
        let key = &repository.watched.key;
        let wanted = Wanted::of(MessageKind::Audit, BATCH).about(key);
        let messages = self.store_of(repository).claim_messages(&wanted, LEASE, self.clock.now()).await?;
        if messages.is_empty() {
            return Ok(false);
        }
        let runs: BTreeSet<_> = messages.iter().map(|message| message.run.clone()).collect();
        let written = self.write_audit(repository, &runs).await;
        let delivered = |message| match &written {
            Ok(()) => Delivered::Done,
            Err(trouble) => self.later(message, trouble),
        };
        let settled: Vec<_> = messages.iter().map(|message| (message, delivered(message))).collect();
        abort::before(Deed::Audited);
        self.store_of(repository).settle_messages(&settled, self.clock.now()).await?;
        abort::after(Deed::Audited);
        written.map(|()| messages.len() >= usize::try_from(BATCH).unwrap_or(usize::MAX))
    }

    /// When a message is tried again that could not be seen to, if ever.
    pub(super) fn later(&self, message: &Message, trouble: &Trouble) -> Delivered {
        let trouble = trouble.to_string();
        if message.attempts.saturating_add(1) >= MOST_ATTEMPTS {
            return Delivered::Dead { trouble };
        }
        let pause = Duration::from_secs(2).saturating_mul(1 << message.attempts.min(10)).min(LONGEST_PAUSE);
        let now = self.clock.now();
        Delivered::Later { due: now.checked_add(pause).unwrap_or(now), trouble }
    }

    /// Makes the notes of these runs what the journal says, here and where the repository came from.
    pub(super) async fn write_audit(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        runs: &BTreeSet<crate::model::Identifier>,
    ) -> Result<(), Trouble> {
        let notes = self.audit_notes(repository, runs).await?;
        if notes.is_empty() {
            return Ok(());
        }
        for round in 0..ROUNDS {
            if self.put_notes(repository, &notes).await? {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5 + round * 50 + fastrand::u64(0..=50))).await;
        }
        Err(Trouble::passing(format!("{NOTES} kept moving while it was to be written")))
    }

    /// One round; `false` where the notes moved meanwhile.
    async fn put_notes(self: &Arc<Self>, repository: &Arc<Repository>, notes: &Notes) -> Result<bool, Trouble> {
        let remote = self.notes_remote(repository).await?;
        let there = match &remote {
            Some(remote) => self.fetch_runs_notes(repository, remote).await?,
            None => None,
        };
        let (shared, inner, notes) = (self.clone(), repository.clone(), notes.clone());
        let write = move || Ok(shared.write_notes(&inner, there, &notes)?);
        let Some(tip) = self.off_thread(write).await.map_err(Unjudged::into_trouble)? else { return Ok(false) };
        match &remote {
            Some(remote) if there != Some(tip) => {
                abort::before(Deed::Pushed);
                let pushed = self.push_runs_notes(repository, remote, there, tip).await?;
                abort::after(Deed::Pushed);
                match pushed {
                    Pushed::Yes => Ok(true),
                    Pushed::Moved => Ok(false),
                    Pushed::Refused(why) => Err(Trouble::passing(format!("{NOTES} is not taken: {why}"))),
                }
            }
            _ => Ok(true),
        }
    }

    /// Writes the notes onto those that stand over there, or else here; `None` where somebody else wrote meanwhile. Blocks.
    fn write_notes(
        &self,
        repository: &Repository,
        there: Option<CommitId>,
        notes: &Notes,
    ) -> Result<Option<CommitId>, crate::git::GitError> {
        let writer = Writer::open(&repository.watched.path)?;
        let here = writer.reader().reference(NOTES)?;
        let base = there.or(here);
        let mut tree = base.map(|base| writer.reader().tree_of(base)).transpose()?;
        let mut touched = 0_usize;
        for (commit, text) in notes {
            let stands = base.map(|base| writer.reader().note(base, *commit, LARGEST)).transpose()?.flatten();
            if stands.as_deref() == Some(text.as_bytes()) {
                continue;
            }
            if stands.is_some_and(|stands| has_more(&stands, text)) {
                tracing::warn!(repository = %repository.name, %commit, "somebody else had written into the audit note; it is made of the journal again");
            }
            tree = Some(writer.tree_with_note(tree, *commit, text.as_bytes())?);
            touched = touched.saturating_add(1);
        }
        let tip = match (touched, tree, base) {
            (0, _, Some(base)) => base,
            (_, Some(tree), parent) => {
                let message = format!("portcullis: runs of {touched} commit{}", if touched == 1 { "" } else { "s" });
                let hand = &repository.watched.performers.hand;
                let email = if hand.is_empty() { "portcullis@localhost" } else { hand };
                let new = NewCommit { tree, parent, name: "portcullis", email, at: self.clock.now(), message: &message };
                writer.commit(&new, None)?
            }
            (_, None, _) => return Ok(base),
        };
        if here == Some(tip) {
            return Ok(Some(tip));
        }
        abort::before(Deed::Noted);
        let moved = writer.move_ref(NOTES, here, tip, "portcullis: runs")?;
        abort::after(Deed::Noted);
        Ok((moved == Moved::Yes).then_some(tip))
    }
}

/// Whether a note says something that the journal does not.
fn has_more(stands: &[u8], text: &str) -> bool {
    let known: BTreeSet<&[u8]> = text.lines().map(str::as_bytes).collect();
    stands.split(|byte| *byte == b'\n').any(|line| !line.is_empty() && !known.contains(line))
}

/// Where a ref stands; `None` where it does not exist.
fn reference(path: &std::path::Path, name: &str) -> Result<Option<CommitId>, crate::git::GitError> {
    Git::open(path)?.reference(name)
}
