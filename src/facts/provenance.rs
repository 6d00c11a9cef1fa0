//! Who made an entity and who last changed what it means, as the history of the watched branch tells.
//!
//! Each commit is compared with its first parent, and only files that differ are read. An entity is known by its meaning:
//! a moved file, a comment, another spelling changes nothing. At a merge an entity that is as one of the parents has it keeps
//! that parent's word; so a pull request's changes are laid to those who made them, and not to whoever merged.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use imbl::OrdMap;

use crate::catalog::derive::Provenance;
use crate::catalog::{Catalog, FileDelta};
use crate::check::{Base, identity};
use crate::git::{GitError, Keyring, Repository};
use crate::model::{CommitId, EntityKey, Finding, IdentityMode, Kind, Limits, Reviewer, Touch};

use super::{FactsError, load};

/// The longest history that is walked, in commits.
const LONGEST: usize = 200_000;
/// How many of the newest commits are remembered, so that a branch that left from one of them costs no walk through all.
const REMEMBERED: usize = 512;

/// The commits that made an entity what it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Origin {
    /// The commit that first made it; of one that went and came again, the last that made it anew.
    pub created: CommitId,
    /// The commit that last changed its meaning.
    pub updated: CommitId,
}

/// The entities of one commit, and where they come from. States share what they do not change.
#[derive(Default)]
struct State {
    entities: Catalog,
    origins: OrdMap<EntityKey, Origin>,
}

/// The history of a branch up to a commit. A daemon keeps it and moves it on; the result is the same as of a walk anew.
pub struct History {
    root: String,
    limits: Limits,
    tip: Option<CommitId>,
    states: VecDeque<(CommitId, Arc<State>)>,
}

impl History {
    /// Knows nothing yet. `root` is the catalog's directory; files are read within `limits`.
    pub fn new(root: &str, limits: Limits) -> Self {
        Self { root: root.to_owned(), limits, tip: None, states: VecDeque::new() }
    }

    /// Moves on to `tip`, wherever that is; reads the commits that are new, or all where a branch left long ago.
    ///
    /// # Errors
    /// [`GitError::Missing`] in a shallow clone, [`GitError::TooLarge`] for a history that is too long. What was known before
    /// is known still.
    pub fn advance(&mut self, repository: &Repository, tip: CommitId) -> Result<(), FactsError> {
        if self.states.iter().any(|(id, _)| *id == tip) {
            self.tip = Some(tip);
            return Ok(());
        }
        let mut known: HashMap<CommitId, Arc<State>> = self.states.iter().cloned().collect();
        let bases: Vec<CommitId> = self.tip.into_iter().collect();
        let mut range = commits(repository, &bases, tip)?;
        let anew = !self.rests_on_known(repository, &range, &known)?;
        if anew {
            known.clear();
            range = commits(repository, &[], tip)?;
        }
        let mut waiting: HashMap<CommitId, usize> = HashMap::new();
        for id in &range {
            for parent in repository.commit(*id)?.parents {
                *waiting.entry(parent).or_default() += 1;
            }
        }
        let newest: HashSet<CommitId> = range.iter().rev().take(REMEMBERED).copied().collect();
        for id in &range {
            let commit = repository.commit(*id)?;
            let parents: Vec<Arc<State>> = commit.parents.iter().filter_map(|parent| known.get(parent).cloned()).collect();
            let state = self.next(repository, *id, commit.parents.first().copied(), &parents)?;
            known.insert(*id, Arc::new(state));
            for parent in &commit.parents {
                let left = waiting.get_mut(parent).map(|count| {
                    *count = count.saturating_sub(1);
                    *count
                });
                if left == Some(0) && !newest.contains(parent) {
                    known.remove(parent);
                }
            }
        }
        if anew {
            self.states.clear();
        }
        for id in range.into_iter().filter(|id| newest.contains(id)) {
            if let Some(state) = known.get(&id) {
                self.states.push_back((id, state.clone()));
            }
        }
        while self.states.len() > REMEMBERED {
            self.states.pop_front();
        }
        self.tip = Some(tip);
        Ok(())
    }

    /// Where an entity of the tip comes from.
    pub fn origin(&self, key: &EntityKey) -> Option<Origin> {
        let (_, state) = self.states.iter().find(|(id, _)| Some(*id) == self.tip)?;
        state.origins.get(key).copied()
    }

    fn rests_on_known(
        &self,
        repository: &Repository,
        range: &[CommitId],
        known: &HashMap<CommitId, Arc<State>>,
    ) -> Result<bool, GitError> {
        let new: HashSet<&CommitId> = range.iter().collect();
        for id in range {
            if repository.commit(*id)?.parents.iter().any(|parent| !new.contains(parent) && !known.contains_key(parent)) {
                return Ok(false);
            }
        }
        Ok(!range.is_empty())
    }

    fn next(
        &self,
        repository: &Repository,
        id: CommitId,
        first: Option<CommitId>,
        parents: &[Arc<State>],
    ) -> Result<State, FactsError> {
        let before = first.map(|first| repository.tree_of(first)).transpose()?;
        let changes = repository.changes(before, Some(repository.tree_of(id)?), &self.root)?;
        let prefix = format!("{}/", Kind::Entity.directory());
        let mut deltas = Vec::new();
        for file in changes.files.into_iter().filter(|file| file.path.as_str().starts_with(&prefix)) {
            let Some(blob) = file.after else {
                deltas.push(FileDelta::Remove(file.path));
                continue;
            };
            let parsed = load::parse_blob(repository, &file.path, blob, &self.limits)?;
            // A file that is broken for a while makes nothing new of what stood in it before.
            if !parsed.findings.iter().any(Finding::is_error) {
                deltas.push(FileDelta::put(parsed));
            }
        }
        let nothing = State::default();
        let (start, others) = match parents.split_first() {
            Some((start, others)) => (&**start, others),
            None => (&nothing, parents),
        };
        let entities = start.entities.apply(deltas);
        let mut origins = start.origins.clone();
        for moved in start.entities.entities().diff(entities.entities()) {
            let key = &moved.key;
            let Some(after) = &moved.after else {
                origins.remove(key);
                continue;
            };
            if moved.before.is_some_and(|before| before.value == after.value) {
                continue;
            }
            let mine = start.origins.get(key);
            let theirs = || others.iter().filter_map(|other| Some((other, *other.origins.get(key)?)));
            let same = theirs().find(|(other, _)| other.entities.entities().get(key).is_some_and(|e| e.value == after.value));
            let created = mine.copied().or_else(|| theirs().next().map(|(_, origin)| origin)).map_or(id, |o| o.created);
            origins.insert(key.clone(), Origin { created, updated: same.map_or(id, |(_, origin)| origin.updated) });
        }
        Ok(State { entities, origins })
    }
}

fn commits(repository: &Repository, bases: &[CommitId], tip: CommitId) -> Result<Vec<CommitId>, GitError> {
    let range = repository.range_of(bases, tip, LONGEST)?;
    match range.truncated {
        false => Ok(range.commits),
        true => Err(GitError::TooLarge { what: "the history".to_owned(), size: usize::MAX, limit: LONGEST }),
    }
}

/// Words the history for readers: when, and by which user of the roster.
///
/// Who a commit is laid to is asked of the roster that reads, in its identity mode: in `declared` mode the committer's
/// address, otherwise a signature by a key of the roster, valid at the commit's own date. Whoever is not certain is nobody.
pub struct Origins<'a> {
    history: &'a History,
    repository: &'a Repository,
    base: &'a Base<Catalog>,
    mode: IdentityMode,
    keyring: Keyring,
    known: RefCell<BTreeMap<CommitId, Option<Touch>>>,
}

impl<'a> Origins<'a> {
    /// By the roster and the identity mode of `base`.
    pub fn new(history: &'a History, repository: &'a Repository, base: &'a Base<Catalog>) -> Self {
        let keyring = Keyring::new(base.0.users().iter().flat_map(|(_, user)| &user.value.signing_keys));
        Self { history, repository, base, mode: base.0.policy().identity, keyring, known: RefCell::default() }
    }

    fn touch(&self, id: CommitId) -> Option<Touch> {
        if let Some(known) = self.known.borrow().get(&id) {
            return known.clone();
        }
        let touch = self.repository.commit(id).ok().map(|commit| {
            let at = commit.committer.when;
            let by = at.and_then(|at| {
                let signature = self.keyring.verify(&commit, at);
                let who = Reviewer::Committer { signature, email: commit.committer.email.clone(), received_at: at };
                identity::reviewer(self.base, self.mode, &who)
            });
            Touch { at, by }
        });
        self.known.borrow_mut().insert(id, touch.clone());
        touch
    }
}

impl Provenance for Origins<'_> {
    fn created(&self, key: &EntityKey) -> Option<Touch> {
        self.touch(self.history.origin(key)?.created)
    }

    fn updated(&self, key: &EntityKey) -> Option<Touch> {
        self.touch(self.history.origin(key)?.updated)
    }
}
