//! What this process remembers of what it wrote, so that it does not insist where people have decided otherwise.
//!
//! Nothing right depends on it: after a restart a deleted comment is written once more, and somebody may be asked once more.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::CommitId;

/// Pull requests that are remembered at most; beyond, the lowest numbers are forgotten first.
const MOST: usize = 4_096;

/// Of each pull request by its number.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    of: BTreeMap<u64, Remembered>,
}

/// What is remembered of a pull request.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    /// The comment as it was last seen or written.
    pub(crate) comment: Option<[u8; 32]>,
    /// Who was asked for a review of which head, by numeric id; also those whom GitHub would not let us ask.
    pub(crate) asked: Option<(CommitId, BTreeSet<u64>)>,
}

impl Memory {
    /// What is remembered of a pull request, to be changed.
    pub(crate) fn of(&mut self, number: u64) -> &mut Remembered {
        while self.of.len() >= MOST && !self.of.contains_key(&number) {
            self.of.pop_first();
        }
        self.of.entry(number).or_default()
    }
}

impl Remembered {
    /// Whether somebody was asked for a review of this head before.
    pub(crate) fn was_asked(&self, head: CommitId, user: u64) -> bool {
        self.asked.as_ref().is_some_and(|(asked_at, users)| *asked_at == head && users.contains(&user))
    }

    /// Keeps who was asked for a review of this head.
    pub(crate) fn ask(&mut self, head: CommitId, users: impl IntoIterator<Item = u64>) {
        match &mut self.asked {
            Some((asked_at, known)) if *asked_at == head => known.extend(users),
            other => *other = Some((head, users.into_iter().collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_head_may_be_asked_about_again() {
        let (first, second) = (CommitId([1; 20]), CommitId([2; 20]));
        let mut memory = Memory::default();
        memory.of(7).ask(first, [1, 2]);
        memory.of(7).ask(first, [3]);
        assert!(memory.of(7).was_asked(first, 1) && memory.of(7).was_asked(first, 3));
        assert!(!memory.of(7).was_asked(second, 1) && !memory.of(8).was_asked(first, 1));
        memory.of(7).ask(second, [3]);
        assert!(!memory.of(7).was_asked(first, 1) && memory.of(7).was_asked(second, 3));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let mut memory = Memory::default();
        for number in 0..(MOST as u64 + 10) {
            memory.of(number).comment = Some([0; 32]);
        }
        assert_eq!(memory.of.len(), MOST);
    }
}
