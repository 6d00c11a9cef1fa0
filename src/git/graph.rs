//! Walks history by raw commits: what a range holds, where two lines met. Dates are hints for speed, and never decide.

use std::collections::{BTreeSet, BinaryHeap, HashMap, HashSet};

use super::commit::Links;
use super::{GitError, Repository};
use crate::model::CommitId;

/// The commits of a range.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Range {
    /// Parents before children.
    pub commits: Vec<CommitId>,
    /// Whether there are more than the limit; those that are left out are then unknown, and `commits` is empty.
    pub truncated: bool,
}

/// Reachable from the first side, from the second, from a commit that both reach.
const ONE: u8 = 1;
const TWO: u8 = 2;
const STALE: u8 = 4;

/// A walk that paints commits by the sides they are reached from, newest first.
struct Paint<'r> {
    repository: &'r Repository,
    links: HashMap<CommitId, Links>,
    flags: HashMap<CommitId, u8>,
    queue: BinaryHeap<(u64, CommitId)>,
    queued: HashSet<CommitId>,
    /// How many commits in the queue are not stale.
    fresh: usize,
    /// How many commits in the queue only the first side reaches.
    only_one: usize,
}

impl<'r> Paint<'r> {
    fn new(repository: &'r Repository) -> Self {
        Self {
            repository,
            links: HashMap::new(),
            flags: HashMap::new(),
            queue: BinaryHeap::new(),
            queued: HashSet::new(),
            fresh: 0,
            only_one: 0,
        }
    }

    fn flags(&self, id: CommitId) -> u8 {
        self.flags.get(&id).copied().unwrap_or_default()
    }

    fn add(&mut self, id: CommitId, new: u8) -> Result<(), GitError> {
        let old = self.flags(id);
        let flags = old | new;
        if flags == old {
            return Ok(());
        }
        if !self.links.contains_key(&id) {
            self.links.insert(id, self.repository.links(id)?);
        }
        self.flags.insert(id, flags);
        let seconds = self.links.get(&id).map_or(0, |l| l.seconds);
        if self.queued.insert(id) {
            self.queue.push((seconds, id));
            self.fresh += usize::from(flags & STALE == 0);
            self.only_one += usize::from(flags == ONE);
        } else {
            self.fresh -= usize::from(old & STALE == 0 && flags & STALE != 0);
            self.only_one -= usize::from(old == ONE);
        }
        Ok(())
    }

    /// Takes the newest commit and paints its parents; both sides together make the parents stale.
    fn step(&mut self) -> Result<Option<CommitId>, GitError> {
        let Some((_, id)) = self.queue.pop() else { return Ok(None) };
        self.queued.remove(&id);
        let mut flags = self.flags(id);
        self.fresh -= usize::from(flags & STALE == 0);
        self.only_one -= usize::from(flags == ONE);
        if flags & (ONE | TWO) == (ONE | TWO) {
            flags |= STALE;
        }
        let parents = self.links.get(&id).map(|l| l.parents.clone()).unwrap_or_default();
        for parent in parents {
            self.add(parent, flags)?;
        }
        Ok(Some(id))
    }
}

impl Repository {
    /// The commits reachable from `head` and not from `base`, parents first; at most `limit` of them.
    ///
    /// Where committer dates run backwards, a commit that base reaches by a detour may be listed too: it is then judged
    /// once more, never one too few.
    ///
    /// # Errors
    /// [`GitError::Missing`] in a shallow clone, [`GitError::Malformed`].
    pub fn range(&self, base: CommitId, head: CommitId, limit: usize) -> Result<Range, GitError> {
        self.range_of(&[base], head, limit)
    }

    /// As [`Repository::range`], with nothing or several commits taken as base; without any the whole history is meant.
    ///
    /// # Errors
    /// As [`Repository::range`].
    pub fn range_of(&self, bases: &[CommitId], head: CommitId, limit: usize) -> Result<Range, GitError> {
        /// Steps taken once all seems told, in case dates run backwards.
        const SLACK: usize = 32;
        let mut paint = Paint::new(self);
        paint.add(head, ONE)?;
        for base in bases {
            paint.add(*base, TWO)?;
        }
        let mut own: BTreeSet<CommitId> = BTreeSet::new();
        let mut oldest = u64::MAX;
        let mut slack = SLACK;
        loop {
            let newest_left = paint.queue.peek().map(|(seconds, _)| *seconds);
            if paint.only_one == 0 {
                // Only commits of base are left; they matter as long as they may lead into what was taken for ours.
                if own.is_empty() || newest_left.is_none() {
                    break;
                }
                if newest_left.is_some_and(|s| s < oldest) {
                    slack -= 1;
                    if slack == 0 {
                        break;
                    }
                } else {
                    slack = SLACK;
                }
            }
            let Some(id) = paint.step()? else { break };
            if paint.flags(id) == ONE {
                own.insert(id);
                oldest = oldest.min(paint.links.get(&id).map_or(0, |l| l.seconds));
            }
            if own.len() > limit.saturating_mul(2).saturating_add(SLACK) {
                own.retain(|id| paint.flags(*id) == ONE);
                if own.len() > limit.saturating_mul(2).saturating_add(SLACK) {
                    return Ok(Range { commits: Vec::new(), truncated: true });
                }
            }
        }
        own.retain(|id| paint.flags(*id) == ONE);
        if own.len() > limit {
            return Ok(Range { commits: Vec::new(), truncated: true });
        }
        Ok(Range { commits: parents_first(head, &own, &paint.links), truncated: false })
    }

    /// The best common ancestor of two commits; of several the newest, `None` where they share no history.
    ///
    /// # Errors
    /// As [`Repository::range`].
    pub fn merge_base(&self, a: CommitId, b: CommitId) -> Result<Option<CommitId>, GitError> {
        Ok(self.merge_bases(&[a], b)?.first().copied())
    }

    /// Every best common ancestor of `b` and the commits `a` taken together: none is an ancestor of another. Newest first.
    ///
    /// # Errors
    /// As [`Repository::range`].
    pub fn merge_bases(&self, a: &[CommitId], b: CommitId) -> Result<Vec<CommitId>, GitError> {
        if a.contains(&b) {
            return Ok(vec![b]);
        }
        let mut paint = Paint::new(self);
        for a in a {
            paint.add(*a, ONE)?;
        }
        paint.add(b, TWO)?;
        let mut common = Vec::new();
        while paint.fresh > 0 {
            let Some(id) = paint.step()? else { break };
            if paint.flags(id) == ONE | TWO {
                common.push(id);
            }
        }
        // What turned stale later is an ancestor of another common one.
        common.retain(|id| paint.flags(*id) & STALE == 0);
        let mut best = Vec::new();
        for candidate in &common {
            let mut beaten = false;
            for other in common.iter().filter(|o| *o != candidate) {
                beaten |= self.is_ancestor(*candidate, *other)?;
            }
            if !beaten {
                best.push(*candidate);
            }
        }
        best.sort_by_key(|id| std::cmp::Reverse((paint.links.get(id).map_or(0, |l| l.seconds), *id)));
        Ok(best)
    }

    /// Whether `ancestor` is `descendant` or reachable from it.
    ///
    /// # Errors
    /// As [`Repository::range`].
    pub fn is_ancestor(&self, ancestor: CommitId, descendant: CommitId) -> Result<bool, GitError> {
        if ancestor == descendant {
            return Ok(true);
        }
        let mut paint = Paint::new(self);
        paint.add(ancestor, ONE)?;
        paint.add(descendant, TWO)?;
        while paint.fresh > 0 {
            if paint.flags(ancestor) & TWO != 0 {
                return Ok(true);
            }
            if paint.step()?.is_none() {
                break;
            }
        }
        Ok(paint.flags(ancestor) & TWO != 0)
    }
}

impl Repository {
    /// Those of `heads` that are `base` or reachable from it, found in one walk of at most `steps`; what that does not find, or git
    /// does not have, is left out.
    ///
    /// # Errors
    /// As [`Repository::range`].
    pub fn ancestors_among(
        &self,
        heads: &BTreeSet<CommitId>,
        base: CommitId,
        steps: usize,
    ) -> Result<BTreeSet<CommitId>, GitError> {
        let mut paint = Paint::new(self);
        for head in heads {
            match paint.add(*head, ONE) {
                Ok(()) | Err(GitError::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        paint.add(base, TWO)?;
        for _ in 0..steps {
            if paint.only_one == 0 || paint.step()?.is_none() {
                break;
            }
        }
        Ok(heads.iter().copied().filter(|head| paint.flags(*head) & TWO != 0).collect())
    }
}

/// The commits in an order in which parents come first, and else as a reader would follow them: first parents first.
fn parents_first(head: CommitId, own: &BTreeSet<CommitId>, links: &HashMap<CommitId, Links>) -> Vec<CommitId> {
    let mut out = Vec::with_capacity(own.len());
    let mut done: HashSet<CommitId> = HashSet::new();
    let mut stack = vec![(head, false)];
    while let Some((id, expanded)) = stack.pop() {
        if !own.contains(&id) || done.contains(&id) {
            continue;
        }
        if expanded {
            done.insert(id);
            out.push(id);
            continue;
        }
        stack.push((id, true));
        if let Some(links) = links.get(&id) {
            stack.extend(links.parents.iter().rev().map(|p| (*p, false)));
        }
    }
    out
}
