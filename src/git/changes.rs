//! Compares two trees on our own: equal subtrees are skipped, raw modes are seen, and what no catalog may carry is found.

use super::budget::Budget;
use super::in_step::{InStep, in_step};
use super::listing::Listing;
use super::tree::{Entry, Shape, entries_of};
use super::{GitError, ObjectId, Repository, hygiene, managed};
use crate::model::{FilePath, Finding, Place};

/// What happens to one document's file; at least one of the two is there, and they differ.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FileChange {
    /// The path, relative to the catalog's root.
    pub path: FilePath,
    /// The blob before.
    pub before: Option<ObjectId>,
    /// The blob after.
    pub after: Option<ObjectId>,
}

/// The difference of two trees, as far as the catalog is concerned.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TreeChanges {
    /// The documents' files that differ, directory by directory in order of name.
    pub files: Vec<FileChange>,
    /// What is wrong with what is new (`git/*`, `limit/files`).
    pub findings: Vec<Finding>,
    /// Whether a limit cut the comparison short; `findings` says so too, and nothing may be concluded from `files`.
    pub truncated: bool,
}

/// One comparison under way.
struct Walk<'r> {
    repository: &'r Repository,
    /// Who is told of each file.
    tell: &'r mut dyn FnMut(FileChange),
    told: usize,
    findings: Vec<Finding>,
    truncated: bool,
    budget: Budget,
    limit: usize,
}

/// Where a directory stands: at the catalog's root only the managed names count, below them everything does.
#[derive(Clone, Copy, PartialEq)]
enum Zone {
    Root,
    Managed,
}

impl Repository {
    /// The documents that differ between two trees, and what is wrong with the new ones. `before` is `None` for the empty
    /// tree, so that everything is new; `root` is the catalog's directory in both, empty for the top.
    ///
    /// An entry that is found fault with (a symlink, a duplicate, an unsafe name) counts as absent, in `before` as in
    /// `after`: the changes of two steps add up to the changes of both. Only what differs is found fault with.
    ///
    /// # Errors
    /// [`GitError::Missing`] or [`GitError::Malformed`] where a tree cannot be read; [`GitError::TooLarge`] where the trees hold
    /// more than is looked at: half a comparison would pass over what sorts behind its end.
    pub fn changes(&self, before: Option<ObjectId>, after: Option<ObjectId>, root: &str) -> Result<TreeChanges, GitError> {
        let mut files = Vec::new();
        let findings = self.each_change(before, after, root, &mut |file| files.push(file))?;
        Ok(TreeChanges { files, findings, truncated: false })
    }

    /// As [`Repository::changes`], but tells of each file as it is met, so that reading it can begin; gives what is wrong.
    ///
    /// # Errors
    /// As [`Repository::changes`]: what was told until then means nothing.
    pub fn each_change(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        root: &str,
        tell: &mut dyn FnMut(FileChange),
    ) -> Result<Vec<Finding>, GitError> {
        match self.walk(before, after, root, usize::MAX, tell)? {
            (findings, false) => Ok(findings),
            (_, true) => Err(GitError::TooLarge { what: "the tree".to_owned(), size: usize::MAX, limit: Budget::WHOLE }),
        }
    }

    /// As [`Repository::changes`], but stops with a `limit/files` finding once more than `limit` files differ.
    ///
    /// # Errors
    /// As [`Repository::changes`].
    pub fn changes_within(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        root: &str,
        limit: usize,
    ) -> Result<TreeChanges, GitError> {
        let mut files = Vec::new();
        let (findings, truncated) = self.walk(before, after, root, limit, &mut |file| files.push(file))?;
        Ok(TreeChanges { files, findings, truncated })
    }

    fn walk(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        root: &str,
        limit: usize,
        tell: &mut dyn FnMut(FileChange),
    ) -> Result<(Vec<Finding>, bool), GitError> {
        let budget = Budget::new(if before.is_some() { Budget::CHANGE } else { Budget::WHOLE });
        let mut walk = Walk { repository: self, tell, told: 0, findings: Vec::new(), truncated: false, budget, limit };
        let before = self.subtree(before, root)?.directory;
        let after = self.subtree(after, root)?;
        if let Some(wrong) = after.wrong {
            walk.findings.push(hygiene::not_a_root(root, &wrong));
        }
        walk.directory(before, after.directory, "", Zone::Root, 0)?;
        Ok((walk.findings, walk.truncated))
    }

    /// As [`Repository::changes`], over one managed directory that both trees are themselves (a tree of `runs/`).
    pub(super) fn changes_of_directory(
        &self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        prefix: &str,
    ) -> Result<TreeChanges, GitError> {
        let mut files = Vec::new();
        let mut walk = Walk {
            repository: self,
            tell: &mut |file| files.push(file),
            told: 0,
            findings: Vec::new(),
            truncated: false,
            budget: Budget::new(Budget::WHOLE),
            limit: usize::MAX,
        };
        walk.directory(before, after, prefix, Zone::Managed, 1)?;
        let (findings, truncated) = (walk.findings, walk.truncated);
        Ok(TreeChanges { files, findings, truncated })
    }
}

impl Walk<'_> {
    fn directory(
        &mut self,
        before: Option<ObjectId>,
        after: Option<ObjectId>,
        prefix: &str,
        zone: Zone,
        depth: usize,
    ) -> Result<(), GitError> {
        if before == after || self.truncated {
            return Ok(());
        }
        if depth > Budget::DEPTH {
            if after.is_some() {
                self.findings.push(hygiene::too_deep(prefix));
            }
            return Ok(());
        }
        let raw_before = before.map(|id| self.repository.raw_tree(id).map(|raw| (id, raw))).transpose()?;
        let raw_after = after.map(|id| self.repository.raw_tree(id).map(|raw| (id, raw))).transpose()?;
        if let (Some((_, before)), Some((_, after))) = (&raw_before, &raw_after)
            && let Some(InStep { pairs, entries }) = in_step(before, after)
        {
            if !self.budget.spend(2 * entries) {
                self.stop("the trees hold millions of entries".to_owned());
                return Ok(());
            }
            return pairs.iter().try_for_each(|(old, new)| self.entry(Some(old), Some(new), prefix, zone, depth));
        }
        let listed_before = match &raw_before {
            Some((id, raw)) => entries_of(*id, raw)?,
            None => Vec::new(),
        };
        let listed_after = match &raw_after {
            Some((id, raw)) => entries_of(*id, raw)?,
            None => Vec::new(),
        };
        if !self.budget.spend(listed_before.len() + listed_after.len()) {
            self.stop("the trees hold millions of entries".to_owned());
            return Ok(());
        }
        let (before, after) = (Listing::of(listed_before), Listing::of(listed_after));
        hygiene::inspect(&before, &after, prefix, zone == Zone::Managed, &mut self.findings);
        let (before, after) = (before.usable(), after.usable());
        for (old, new) in pairs(&before, &after) {
            self.entry(old, new, prefix, zone, depth)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        old: Option<&Entry<'_>>,
        new: Option<&Entry<'_>>,
        prefix: &str,
        zone: Zone,
        depth: usize,
    ) -> Result<(), GitError> {
        if self.truncated {
            return Ok(());
        }
        let Some(name) = new.or(old).map(|e| e.name) else { return Ok(()) };
        if let (Some(old), Some(new)) = (old, new)
            && old.same(new)
        {
            return Ok(());
        }
        let is_directory_here = zone == Zone::Managed || managed::is_managed_directory(name);
        let is_file_here = zone == Zone::Managed || managed::is_policy(name);
        if !is_directory_here && !is_file_here {
            return Ok(());
        }
        // The usable entries are UTF-8.
        let path = format!("{prefix}{}", String::from_utf8_lossy(name));
        let wrong = new.and_then(|new| hygiene::wrong_shape(new.shape(), &path, is_directory_here, is_file_here));
        self.findings.extend(wrong);
        let directory = |e: Option<&Entry<'_>>| e.filter(|e| is_directory_here && e.is_directory()).map(|e| e.id);
        let regular = |e: Option<&Entry<'_>>| e.filter(|e| is_file_here && e.shape() == Shape::Regular).map(|e| e.id);
        let (before, after) = (regular(old), regular(new));
        if before != after {
            let file = FilePath::new(&path);
            if managed::is_document(&file) {
                if self.told >= self.limit {
                    self.stop(format!("more than {} files of the catalog differ", self.limit));
                    return Ok(());
                }
                self.told += 1;
                (self.tell)(FileChange { path: file, before, after });
            }
        }
        if directory(old) == directory(new) {
            return Ok(());
        }
        self.directory(directory(old), directory(new), &format!("{path}/"), Zone::Managed, depth + 1)
    }

    fn stop(&mut self, why: String) {
        self.truncated = true;
        self.findings.push(
            Finding::error("limit/files", why)
                .help("divide the change into several pull requests; an admin can raise `limits.files` in catalog.yaml"),
        );
    }
}

/// Both lists side by side, by name; each is in order of name, without duplicates.
fn pairs<'a, 'e>(
    before: &'a [Entry<'e>],
    after: &'a [Entry<'e>],
) -> impl Iterator<Item = (Option<&'a Entry<'e>>, Option<&'a Entry<'e>>)> {
    let (mut before, mut after) = (before.iter().peekable(), after.iter().peekable());
    std::iter::from_fn(move || {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = match (before.peek(), after.peek()) {
            (None, None) => return None,
            (Some(_), None) => Less,
            (None, Some(_)) => Greater,
            (Some(b), Some(a)) => b.name.cmp(a.name),
        };
        Some(match order {
            Less => (before.next(), None),
            Greater => (None, after.next()),
            Equal => (before.next(), after.next()),
        })
    })
}

/// Where a file that was found fault with stands.
pub(super) fn place(path: &str) -> Place {
    Place::file(&FilePath::new(path))
}
