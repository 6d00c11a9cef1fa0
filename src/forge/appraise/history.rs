//! Who brought which line: a commit of the notes' history brings a line if its note has it and none of its parents' notes do.
//!
//! The order of two bringings is a function of the history alone, so that it is the same after a restart: by the committer's
//! time, but never before an ancestor.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use git2::Oid;

use crate::forge::ForgeError;
use crate::model::CommitId;

use super::notes;
use super::objects::{Links, Objects};

/// The end of the year 9999: what claims to be later is as late as this.
const LATEST: i64 = 253_402_300_799;

/// When something happened, as far as history can tell: a time that ancestors never reach, and the commit.
pub(super) type Moment = (i64, Oid);

/// One bringing of a line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Bringing {
    pub(super) moment: Moment,
    /// Where in the note the line stood then.
    pub(super) line: usize,
}

/// What is known of the history of one notes ref. It only ever grows; a rewritten history is grown beside the old one.
#[derive(Default)]
pub(super) struct History {
    times: HashMap<Oid, i64>,
    steps: HashMap<CommitId, Vec<Step>>,
    /// Commits beyond all bounds of comparison, and their trees: each counts as if it had brought whatever it has.
    breaks: Vec<(Moment, Oid)>,
    brought: HashMap<CommitId, Brought>,
}

/// A commit that changed the note of an object, compared with each of its parents.
struct Step {
    moment: Moment,
    before: Vec<Oid>,
    here: Vec<Oid>,
}

/// The lines of one object, as far as steps were read.
#[derive(Default)]
struct Brought {
    steps: usize,
    breaks: usize,
    lines: BTreeMap<String, Vec<Bringing>>,
}

impl History {
    /// Reads every commit that the tips reach and that is not known yet; returns these.
    pub(super) fn grow(&mut self, objects: &Objects, tips: &[Oid]) -> Result<Vec<Oid>, ForgeError> {
        let mut fresh = Vec::new();
        let mut stack: Vec<(Oid, Option<Links>)> = tips.iter().map(|t| (*t, None)).collect();
        while let Some((id, links)) = stack.pop() {
            if self.times.contains_key(&id) {
                continue;
            }
            match links {
                // Its parents are known by now.
                Some(links) => {
                    self.add(objects, id, &links)?;
                    fresh.push(id);
                }
                None => match objects.links(id)? {
                    Some(links) => {
                        let parents = links.parents.clone();
                        stack.push((id, Some(links)));
                        stack.extend(parents.into_iter().filter(|p| !self.times.contains_key(p)).map(|p| (p, None)));
                    }
                    // A commit that cannot be read brings nothing and has no past; its children bring what they have.
                    None => {
                        self.times.insert(id, 0);
                    }
                },
            }
        }
        Ok(fresh)
    }

    fn add(&mut self, objects: &Objects, id: Oid, links: &Links) -> Result<(), ForgeError> {
        let after_parents = links.parents.iter().filter_map(|p| self.times.get(p)).map(|t| t + 1).max().unwrap_or(0);
        let time = links.time.clamp(0, LATEST).max(after_parents);
        let mut trees = Vec::new();
        for parent in &links.parents {
            trees.push(objects.links(*parent)?.map(|l| l.tree));
        }
        let mut steps = Vec::new();
        let Some(changed) = changed(objects, links.tree, &trees)? else {
            self.breaks.push(((time, id), links.tree));
            self.times.insert(id, time);
            return Ok(());
        };
        for object in changed {
            let mut before = BTreeSet::new();
            for tree in trees.iter().flatten() {
                before.extend(notes::find(objects, *tree, object)?);
            }
            let here = notes::find(objects, links.tree, object)?;
            steps.push((object, Step { moment: (time, id), before: before.into_iter().collect(), here }));
        }
        // All or nothing: a commit that could not be read to its end is read again later.
        for (object, step) in steps {
            self.steps.entry(object).or_default().push(step);
        }
        self.times.insert(id, time);
        Ok(())
    }

    /// Every line that was ever in the object's notes, and its bringings, earliest first.
    pub(super) fn brought(
        &mut self,
        objects: &Objects,
        object: CommitId,
    ) -> Result<&BTreeMap<String, Vec<Bringing>>, ForgeError> {
        let steps = self.steps.get(&object).map(Vec::as_slice).unwrap_or_default();
        let brought = self.brought.entry(object).or_default();
        for step in steps.iter().skip(brought.steps) {
            let before: BTreeSet<String> = notes::lines(objects, &step.before)?.into_iter().collect();
            brought.add(step.moment, &before, notes::lines(objects, &step.here)?);
            brought.steps += 1;
        }
        for (moment, tree) in self.breaks.iter().skip(brought.breaks) {
            brought.add(*moment, &BTreeSet::new(), notes::lines(objects, &notes::find(objects, *tree, object)?)?);
            brought.breaks += 1;
        }
        Ok(&brought.lines)
    }
}

impl Brought {
    fn add(&mut self, moment: Moment, before: &BTreeSet<String>, here: Vec<String>) {
        for (line, text) in here.into_iter().enumerate().filter(|(_, text)| !before.contains(text)) {
            let bringings = self.lines.entry(text).or_default();
            // The same line twice in one note is one line.
            if bringings.iter().all(|b| b.moment != moment) {
                bringings.push(Bringing { moment, line });
                bringings.sort();
            }
        }
    }
}

/// The objects whose notes in `tree` are like those in none of its parents: a merge that takes one side brings nothing. `None` where the
/// trees are beyond all bounds.
fn changed(objects: &Objects, tree: Oid, parents: &[Option<Oid>]) -> Result<Option<BTreeSet<CommitId>>, ForgeError> {
    let mut common: Option<BTreeSet<CommitId>> = None;
    let orphan = [None];
    for parent in if parents.is_empty() { &orphan } else { parents } {
        let Some(differences) = notes::differences(objects, *parent, tree)? else { return Ok(None) };
        common = Some(match common {
            Some(common) => common.intersection(&differences).copied().collect(),
            None => differences,
        });
    }
    Ok(Some(common.unwrap_or_default()))
}
