//! What was out of sight within a range, and who had a hand in it meanwhile.
//!
//! While a file cannot be read, while two documents claim one key, or while an entity is removed, no difference between two
//! commits shows what is written there. Who makes it visible again has not made it, so it is laid to all of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Change, Field};
use crate::model::{FilePath, Finding, Subject, Value};

use super::CommitFacts;

/// A commit that touches a subject, by its number in the range, with its changes of it.
pub(super) type Touching<'a> = (usize, Vec<&'a Change>);

/// Files that cannot be read, or have errors, after a commit that wrote them.
pub(super) struct Wrecks<'a> {
    commits: Vec<&'a CommitFacts>,
    /// Which commits left each file so, by number.
    left: BTreeMap<&'a FilePath, Vec<usize>>,
    /// Such files that a commit took away.
    taken: BTreeMap<usize, Vec<&'a FilePath>>,
}

impl<'a> Wrecks<'a> {
    pub(super) fn of(commits: Vec<&'a CommitFacts>) -> Self {
        let (mut left, mut taken) = (BTreeMap::<_, Vec<usize>>::new(), BTreeMap::<_, Vec<&FilePath>>::new());
        for (i, commit) in commits.iter().enumerate() {
            let (before, after) = (&commit.before, &commit.after);
            if before.broken_files().ptr_eq(after.broken_files()) {
                continue;
            }
            let came_so = |path: &FilePath| {
                let same = |catalog: &Catalog| after.is_broken_alike(catalog, path);
                same(before) || commit.sides.iter().any(same)
            };
            for (path, findings) in after.broken_files() {
                if wrong(findings) && !came_so(path) {
                    left.entry(path).or_default().push(i);
                }
            }
            let gone = before.broken_files().iter().filter(|(path, findings)| wrong(findings) && !after.has_file(path));
            for (path, _) in gone {
                taken.entry(i).or_default().push(path);
            }
        }
        Self { commits, left, taken }
    }

    /// Where something that the net change is about was out of sight, who had a hand in it then beside those that touch
    /// the subject; `None` where every commit shows what it did.
    pub(super) fn behind(&self, net: &Change, touching: &[Touching<'_>]) -> Option<Vec<usize>> {
        if net.field.is_none() && net.after.is_none() {
            return None; // Whoever removes it last leaves nothing of what others wrote.
        }
        if net.field == Some(Field::Owner) {
            return self.owner_was_hidden(net, touching).then(Vec::new);
        }
        let hands = self.hands(net, touching);
        let removed = |change: &&Change| change.field.is_none() && change.after.is_none();
        let hidden = !hands.is_empty()
            || touching.iter().any(|(i, changes)| {
                changes.iter().any(removed) || self.commits.get(*i).is_some_and(|c| twice(&c.after, &net.subject))
            });
        hidden.then_some(hands)
    }

    /// Who wrote the files that the subject stands in, or came from, and left them with errors.
    fn hands(&self, net: &Change, touching: &[Touching<'_>]) -> Vec<usize> {
        if self.left.is_empty() {
            return Vec::new();
        }
        let mut files: BTreeSet<&FilePath> = BTreeSet::from([&net.place.file]);
        for (i, changes) in touching {
            files.extend(changes.iter().map(|change| &change.place.file));
            // A file that is mended may be moved at once.
            if changes.iter().any(|change| change.field.is_none() && change.before.is_none()) {
                files.extend(self.taken.get(i).into_iter().flatten());
            }
        }
        let of = |wreck: &FilePath| files.iter().any(|file| *file == wreck || within(file, wreck));
        self.left.iter().filter(|(wreck, _)| of(wreck)).flat_map(|(_, commits)| commits).copied().collect()
    }

    /// An owner is found by way of others, any of which may have been out of sight.
    fn owner_was_hidden(&self, net: &Change, touching: &[Touching<'_>]) -> bool {
        let nobodys = |value: Option<&Value>| matches!(value, Some(Value::List(teams)) if teams.is_empty());
        let lost = |change: &&Change| change.field == Some(Field::Owner) && nobodys(change.after.as_ref());
        let two_claim = |commit: &&CommitFacts| {
            !commit.after.entities().duplicates_map().is_empty() || !commit.after.blueprints().duplicates_map().is_empty()
        };
        !self.left.is_empty()
            || self.commits.iter().any(two_claim)
            || !nobodys(net.after.as_ref()) && touching.iter().any(|(_, changes)| changes.iter().any(lost))
    }
}

fn wrong(findings: &[Finding]) -> bool {
    findings.iter().any(Finding::is_error)
}

/// Whether a file lies in a directory; one that git cannot read hides all in it.
fn within(file: &FilePath, directory: &FilePath) -> bool {
    file.as_str().strip_prefix(directory.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// Whether more than one document claims to be the subject.
fn twice(catalog: &Catalog, subject: &Subject) -> bool {
    let rivals = match subject {
        Subject::Policy => catalog.policies().duplicates_of(&()).len(),
        Subject::Entity(key) => catalog.entities().duplicates_of(key).len(),
        Subject::Blueprint(id) => catalog.blueprints().duplicates_of(id).len(),
        Subject::Permissions(id) => catalog.permissions().duplicates_of(id).len(),
        Subject::Action(id) => catalog.actions().duplicates_of(id).len(),
        Subject::Run(id) => catalog.runs().duplicates_of(id).len(),
        Subject::User(id) => catalog.users().duplicates_of(id).len(),
        Subject::Team(id) => catalog.teams().duplicates_of(id).len(),
    };
    rivals > 0
}
