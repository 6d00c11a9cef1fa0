//! Merges one file that both sides changed, line by line.

use git2::{MergeFileInput, MergeFileOptions};

use super::super::{Blob, GitError, Repository};
use super::Item;

/// The greatest file that is merged line by line, in bytes; a larger one that both sides changed is a conflict.
const MAX_MERGED: usize = 16 << 20;

impl Repository {
    /// The merge of one file; `None` where only a person can tell. `base` is absent where both sides added it.
    pub(super) fn merge_items(&self, base: Option<Item>, ours: Item, theirs: Item) -> Result<Option<Item>, GitError> {
        let Some(mode) = pick(base.map(|b| b.0), ours.0, theirs.0) else { return Ok(None) };
        if let Some(id) = pick(base.map(|b| b.1), ours.1, theirs.1) {
            return Ok(Some((mode, id)));
        }
        let Some(base) = base else { return Ok(None) };
        let mergeable = [base.0, ours.0, theirs.0].iter().all(|mode| mode & 0o170_000 == 0o100_000);
        if !mergeable {
            return Ok(None);
        }
        let mut contents = Vec::new();
        for (_, id) in [base, ours, theirs] {
            match self.blob(id, MAX_MERGED)? {
                Blob::Content(bytes) => contents.push(bytes),
                Blob::TooLarge(_) => return Ok(None),
            }
        }
        let [base, ours, theirs] = contents.as_slice() else { return Ok(None) };
        let merged = merge_lines(base, ours, theirs)?;
        merged.map(|bytes| Ok((mode, self.remember(git2::ObjectType::Blob, &bytes)?))).transpose()
    }
}

/// What only one side changed is taken from that side.
fn pick<T: PartialEq>(base: Option<T>, ours: T, theirs: T) -> Option<T> {
    if ours == theirs || base.as_ref() == Some(&theirs) {
        Some(ours)
    } else if base.as_ref() == Some(&ours) {
        Some(theirs)
    } else {
        None
    }
}

fn merge_lines(base: &[u8], ours: &[u8], theirs: &[u8]) -> Result<Option<Vec<u8>>, GitError> {
    let input = |content| {
        let mut input = MergeFileInput::new();
        input.content(content);
        input
    };
    let mut options = MergeFileOptions::new();
    let result = git2::merge_file(&input(base), &input(ours), &input(theirs), Some(&mut options))?;
    Ok(result.is_automergeable().then(|| result.content().to_vec()))
}
