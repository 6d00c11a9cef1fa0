//! Follows renames where a merge by path alone would find a conflict, or would miss one that git finds.

use std::collections::{BTreeMap, BTreeSet};

use super::super::budget::Budget;
use super::super::{Blob, GitError, ObjectId, Repository};
use super::moves::Moves;
use super::paths::{Deleted, Plan, Side};
use super::similarity::{Pieces, RENAMED, RENAMED_SAME_NAME};
use super::{Edit, Item, Sides};

/// How many pairs of files are compared at most; beyond, the conflict stands.
const MAX_PAIRS: usize = 20_000;
/// The greatest file that is compared, in bytes.
const MAX_COMPARED: usize = 1 << 20;

/// Where files went on one side, and whether everything that mattered was compared.
#[derive(Default)]
struct Renames {
    to: BTreeMap<Vec<u8>, Vec<u8>>,
    unknown: bool,
}

/// Settles what looked like a deletion and was a rename.
pub(super) fn resolve(repository: &Repository, sides: Sides, plan: &mut Plan) -> Result<(), GitError> {
    let mut moves = BTreeMap::new();
    for (side, tree) in [(Side::Ours, sides.ours), (Side::Theirs, sides.theirs)] {
        let mut found = Moves::default();
        let mut budget = Budget::new(Budget::CHANGE);
        found.collect(repository, [sides.base, Some(tree)], &[], 0, &mut budget)?;
        moves.insert(side, found);
    }
    let nothing = Moves::default();
    let of = |side: Side| moves.get(&side).unwrap_or(&nothing);
    let mut renames = BTreeMap::new();
    for side in [Side::Ours, Side::Theirs] {
        let relevant: BTreeSet<&[u8]> = plan
            .deleted
            .iter()
            .filter(|d| d.by == side || d.other.is_none())
            .map(|d| d.path.as_slice())
            .chain(in_directories(of(side), plan, side))
            .collect();
        renames.insert(side, find(repository, of(side), &relevant)?);
    }
    let none = Renames::default();
    let renamed = |side: Side| renames.get(&side).unwrap_or(&none);
    for deleted in std::mem::take(&mut plan.deleted) {
        match deleted.other {
            Some(other) => {
                follow(repository, plan, &deleted, other, renamed(deleted.by), of(deleted.by), of(deleted.by.other()))?
            }
            None => both_deleted(
                repository,
                plan,
                &deleted,
                [renamed(Side::Ours), renamed(Side::Theirs)],
                [of(Side::Ours), of(Side::Theirs)],
            )?,
        }
    }
    for (side, directory) in std::mem::take(&mut plan.removed_directories) {
        // What the other side put into a directory that this side moved away: git asks a person where it belongs.
        let inside = |path: &[u8]| path.strip_prefix(directory.as_slice()).is_some_and(|rest| rest.starts_with(b"/"));
        let gone = renamed(side);
        let moved = moved_directories(gone.to.iter().filter(|(from, to)| inside(from) && !inside(to)));
        for (path, _) in of(side.other()).added.iter().filter(|(path, _)| inside(path)) {
            if gone.unknown || ancestors(path).any(|directory| moved.contains(directory)) {
                plan.edits.remove(path);
                plan.conflicts.insert(path.clone(), None);
            }
        }
    }
    Ok(())
}

/// The directories that a renamed file speaks for: its own, and those above as long as both paths end alike.
fn moved_directories<'a>(renamed: impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)>) -> BTreeSet<&'a [u8]> {
    let mut moved = BTreeSet::new();
    for (from, to) in renamed {
        for (from, to) in ancestors(from).zip(ancestors(to)) {
            if from == to {
                break;
            }
            moved.insert(from);
            if base_name(from) != base_name(to) {
                break;
            }
        }
    }
    moved
}

/// The directories a path lies in, innermost first.
fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().rev().filter(|(_, b)| **b == b'/').filter_map(|(at, _)| path.get(..at))
}

/// The files that `side` deleted in directories it removed while the other side added something to them.
fn in_directories<'a>(moves: &'a Moves, plan: &'a Plan, side: Side) -> impl Iterator<Item = &'a [u8]> {
    let directories: Vec<&[u8]> =
        plan.removed_directories.iter().filter(|(by, _)| *by == side).map(|(_, path)| path.as_slice()).collect();
    moves
        .deleted
        .keys()
        .map(Vec::as_slice)
        .filter(move |path| directories.iter().any(|d| path.strip_prefix(*d).is_some_and(|rest| rest.starts_with(b"/"))))
}

/// One side deleted the file, the other changed it: if it was renamed, the change goes where the file went.
fn follow(
    repository: &Repository,
    plan: &mut Plan,
    deleted: &Deleted,
    other: Item,
    renames: &Renames,
    mine: &Moves,
    others: &Moves,
) -> Result<(), GitError> {
    let Some(to) = renames.to.get(&deleted.path) else { return Ok(()) };
    let Some(item) = mine.added.get(to) else { return Ok(()) };
    plan.conflicts.remove(&deleted.path);
    plan.edits.insert(deleted.path.clone(), Edit::Remove);
    if others.added.contains_key(to) {
        plan.conflicts.insert(to.clone(), None);
        return Ok(());
    }
    let (ours, theirs) = if deleted.by == Side::Ours { (*item, other) } else { (other, *item) };
    match repository.merge_items(Some(deleted.base), ours, theirs)? {
        Some(merged) => plan.edits.insert(to.clone(), Edit::Set(merged)).map(drop),
        None => {
            plan.edits.remove(to);
            plan.conflicts.insert(to.clone(), None).map(drop)
        }
    };
    Ok(())
}

/// Both sides deleted the file: fine, unless one of them, or both to different places, renamed it.
fn both_deleted(
    repository: &Repository,
    plan: &mut Plan,
    deleted: &Deleted,
    [ours, theirs]: [&Renames; 2],
    [our_moves, their_moves]: [&Moves; 2],
) -> Result<(), GitError> {
    match (ours.to.get(&deleted.path), theirs.to.get(&deleted.path)) {
        (None, None) => {}
        (Some(a), Some(b)) if a == b => {
            if let (Some(ours), Some(theirs)) = (our_moves.added.get(a), their_moves.added.get(b)) {
                plan.conflicts.remove(a);
                match repository.merge_items(Some(deleted.base), *ours, *theirs)? {
                    Some(merged) => plan.edits.insert(a.clone(), Edit::Set(merged)).map(drop),
                    None => plan.conflicts.insert(a.clone(), None).map(drop),
                };
            }
        }
        (a, b) => {
            for to in [a, b].into_iter().flatten() {
                plan.edits.remove(to);
                plan.conflicts.insert(to.clone(), None);
            }
        }
    }
    Ok(())
}

/// Finds where the relevant files went: the same content first, then the same name, then the most alike.
fn find(repository: &Repository, moves: &Moves, relevant: &BTreeSet<&[u8]>) -> Result<Renames, GitError> {
    let mut renames = Renames::default();
    if relevant.is_empty() {
        return Ok(renames);
    }
    let is_file = |item: &Item| item.0 & 0o170_000 == 0o100_000;
    let mut sources: BTreeMap<&[u8], Item> = moves.deleted.iter().map(|(p, i)| (p.as_slice(), *i)).collect();
    let mut targets: BTreeMap<&[u8], Item> = moves.added.iter().map(|(p, i)| (p.as_slice(), *i)).collect();
    exact(&mut sources, &mut targets, &mut renames);
    sources.retain(|path, item| relevant.contains(path) && is_file(item));
    targets.retain(|_, item| is_file(item));
    if sources.is_empty() || targets.is_empty() {
        return Ok(renames);
    }
    if sources.len().saturating_mul(targets.len()) > MAX_PAIRS {
        renames.unknown = true;
        return Ok(renames);
    }
    let mut contents: BTreeMap<ObjectId, Vec<u8>> = BTreeMap::new();
    for (_, id) in sources.values().chain(targets.values()) {
        if let Blob::Content(bytes) = repository.blob(*id, MAX_COMPARED)? {
            contents.insert(*id, bytes);
        } else {
            renames.unknown = true;
        }
    }
    let pieces: BTreeMap<ObjectId, Pieces<'_>> = contents.iter().map(|(id, bytes)| (*id, Pieces::of(bytes))).collect();
    let likeness = |a: &Item, b: &Item| match (pieces.get(&a.1), pieces.get(&b.1)) {
        (Some(a), Some(b)) => a.likeness(b),
        _ => 0,
    };
    same_name(&mut sources, &mut targets, &mut renames, &likeness);
    let mut pairs: Vec<(u64, bool, &[u8], &[u8])> = Vec::new();
    for (from, source) in &sources {
        for (to, target) in &targets {
            let score = likeness(source, target);
            if score >= RENAMED {
                pairs.push((score, base_name(from) == base_name(to), from, to));
            }
        }
    }
    pairs.sort_by(|a, b| (b.0, b.1).cmp(&(a.0, a.1)).then_with(|| (a.2, a.3).cmp(&(b.2, b.3))));
    let mut taken: BTreeSet<&[u8]> = BTreeSet::new();
    for (_, _, from, to) in pairs {
        if !renames.to.contains_key(from) && taken.insert(to) {
            renames.to.insert(from.to_vec(), to.to_vec());
        }
    }
    Ok(renames)
}

/// Files whose content stands elsewhere unchanged; of several the one of the same name.
fn exact(sources: &mut BTreeMap<&[u8], Item>, targets: &mut BTreeMap<&[u8], Item>, renames: &mut Renames) {
    let mut by_content: BTreeMap<ObjectId, Vec<&[u8]>> = BTreeMap::new();
    for (path, item) in &*sources {
        by_content.entry(item.1).or_default().push(path);
    }
    let all: Vec<(&[u8], Item)> = targets.iter().map(|(p, i)| (*p, *i)).collect();
    for (to, item) in all {
        let Some(candidates) = by_content.get_mut(&item.1) else { continue };
        let same_kind = |from: &&[u8]| sources.get(*from).is_some_and(|s| s.0 & 0o170_000 == item.0 & 0o170_000);
        let named = candidates.iter().position(|from| same_kind(from) && base_name(from) == base_name(to));
        let Some(at) = named.or_else(|| candidates.iter().position(same_kind)) else { continue };
        let from = candidates.remove(at);
        renames.to.insert(from.to_vec(), to.to_vec());
        sources.remove(from);
        targets.remove(to);
    }
}

/// Files whose name stands once among what is left on either side, and whose content is mostly the same.
fn same_name(
    sources: &mut BTreeMap<&[u8], Item>,
    targets: &mut BTreeMap<&[u8], Item>,
    renames: &mut Renames,
    likeness: &dyn Fn(&Item, &Item) -> u64,
) {
    let once = |paths: &BTreeMap<&[u8], Item>| {
        let mut names: BTreeMap<Vec<u8>, Option<Vec<u8>>> = BTreeMap::new();
        for path in paths.keys() {
            names.entry(base_name(path).to_vec()).and_modify(|p| *p = None).or_insert(Some(path.to_vec()));
        }
        names
    };
    let there = once(targets);
    for (name, from) in once(sources) {
        let (Some(from), Some(Some(to))) = (from, there.get(&name)) else { continue };
        let (Some(a), Some(b)) = (sources.get(from.as_slice()), targets.get(to.as_slice())) else { continue };
        if likeness(a, b) >= RENAMED_SAME_NAME {
            sources.remove(from.as_slice());
            targets.remove(to.as_slice());
            renames.to.insert(from, to.clone());
        }
    }
}

fn base_name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or_default()
}
