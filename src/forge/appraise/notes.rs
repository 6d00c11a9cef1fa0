//! A tree of notes: finds and compares the notes of objects, however the tree is fanned out.

use std::collections::{BTreeMap, BTreeSet};

use git2::Oid;

use crate::forge::ForgeError;
use crate::model::CommitId;

use super::objects::{Entry, Objects};

/// The largest note that is read, in bytes. A larger one says nothing.
pub(super) const NOTE: usize = 4 << 20;
/// The longest line of a note that is read, in bytes.
const LINE: usize = 64 << 10;
/// How many levels of directories are looked into; three serve four thousand million notes.
pub(super) const DEPTH: usize = 3;
/// How many entries are looked at in one comparison: a small tree can name one subtree a million times over.
const BUDGET: usize = 250_000;

/// The blobs that are the notes of one object; more than one where the tree holds it at several depths.
type Blobs = Vec<Oid>;

/// The notes of one object.
pub(super) fn find(objects: &Objects, tree: Oid, object: CommitId) -> Result<Blobs, ForgeError> {
    let hex = object.to_string();
    let mut found = Vec::new();
    let mut at = Some(tree);
    for level in 0..=DEPTH {
        let Some(entries) = at.map(|t| objects.entries(t)).transpose()?.flatten() else { break };
        let (Some(rest), next) = (hex.get(level * 2..), hex.get(level * 2..level * 2 + 2)) else { break };
        found.extend(entries.iter().filter(|e| !e.is_tree() && is_hex(&e.name, rest)).map(|e| e.id));
        at = next.and_then(|next| entries.iter().find(|e| e.is_tree() && is_hex(&e.name, next)).map(|e| e.id));
    }
    Ok(found)
}

pub(super) fn is_hex(name: &[u8], hex: &str) -> bool {
    name.eq_ignore_ascii_case(hex.as_bytes())
}

/// The notes of every object; `None` where there are more than anybody could have written by hand or machine.
pub(super) fn all(objects: &Objects, tree: Oid) -> Result<Option<BTreeMap<CommitId, Blobs>>, ForgeError> {
    let mut found = BTreeMap::new();
    let mut budget = BUDGET;
    let complete = collect(objects, tree, "", &mut budget, &mut |object, blob| {
        found.entry(object).or_insert_with(Vec::new).push(blob);
    })?;
    Ok(complete.then_some(found))
}

fn collect(
    objects: &Objects,
    tree: Oid,
    prefix: &str,
    budget: &mut usize,
    take: &mut dyn FnMut(CommitId, Oid),
) -> Result<bool, ForgeError> {
    for entry in objects.entries(tree)?.unwrap_or_default() {
        let Some(left) = budget.checked_sub(1) else { return Ok(false) };
        *budget = left;
        let Some(path) = std::str::from_utf8(&entry.name).ok().map(|name| format!("{prefix}{name}")) else { continue };
        if !entry.is_tree() {
            if let Some(object) = CommitId::from_hex(&path) {
                take(object, entry.id);
            }
        } else if is_fan(&entry.name) && prefix.len() < DEPTH * 2 && !collect(objects, entry.id, &path, budget, take)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_fan(name: &[u8]) -> bool {
    name.len() == 2 && name.iter().all(u8::is_ascii_hexdigit)
}

/// The objects whose notes differ between two trees; `None` where the trees are beyond all bounds.
pub(super) fn differences(objects: &Objects, before: Option<Oid>, after: Oid) -> Result<Option<BTreeSet<CommitId>>, ForgeError> {
    let mut budget = BUDGET;
    let mut sides = [BTreeMap::<CommitId, Blobs>::new(), BTreeMap::new()];
    let complete = compare(objects, before, Some(after), "", &mut budget, &mut sides)?;
    let [before, after] = sides;
    let changed = |(object, blobs): (&CommitId, &Blobs)| (before.get(object) != Some(blobs)).then_some(*object);
    let mut keys: BTreeSet<CommitId> = after.iter().filter_map(changed).collect();
    keys.extend(before.keys().filter(|object| !after.contains_key(object)));
    Ok(complete.then_some(keys))
}

/// Collects the notes of both sides, passing over what is the same in both.
fn compare(
    objects: &Objects,
    before: Option<Oid>,
    after: Option<Oid>,
    prefix: &str,
    budget: &mut usize,
    sides: &mut [BTreeMap<CommitId, Blobs>; 2],
) -> Result<bool, ForgeError> {
    if before == after {
        return Ok(true);
    }
    let read = |tree: Option<Oid>| -> Result<Vec<Entry>, ForgeError> {
        Ok(tree.map(|t| objects.entries(t)).transpose()?.flatten().unwrap_or_default())
    };
    let (mut old, mut new) = (read(before)?, read(after)?);
    // Most of two neighbouring trees is the same, and equal ends need no closer look.
    while !old.is_empty() && old.last() == new.last() {
        old.pop();
        new.pop();
    }
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    old.drain(..same);
    new.drain(..same);
    let Some(left) = budget.checked_sub(old.len() + new.len()) else { return Ok(false) };
    *budget = left;
    let mut names: BTreeMap<(Vec<u8>, bool), [Option<Oid>; 2]> = BTreeMap::new();
    for entry in old {
        names.entry((entry.name.to_ascii_lowercase(), entry.is_tree())).or_default()[0] = Some(entry.id);
    }
    for entry in new {
        names.entry((entry.name.to_ascii_lowercase(), entry.is_tree())).or_default()[1] = Some(entry.id);
    }
    for ((name, is_tree), [old, new]) in names {
        let Some(path) = String::from_utf8(name.clone()).ok().map(|name| format!("{prefix}{name}")) else { continue };
        if old == new {
            continue;
        }
        if is_tree {
            if is_fan(&name) && prefix.len() < DEPTH * 2 && !compare(objects, old, new, &path, budget, sides)? {
                return Ok(false);
            }
        } else if let Some(object) = CommitId::from_hex(&path) {
            for (side, blob) in sides.iter_mut().zip([old, new]) {
                side.entry(object).or_default().extend(blob);
            }
        }
    }
    Ok(true)
}

/// The lines of a note that could be ours to read: whole JSON objects of bounded length, in order.
pub(super) fn lines(objects: &Objects, blobs: &[Oid]) -> Result<Vec<String>, ForgeError> {
    let mut found = Vec::new();
    for blob in blobs {
        let Some(bytes) = objects.blob(*blob, NOTE)? else { continue };
        found.extend(bytes.split(|b| *b == b'\n').filter_map(readable).map(str::to_owned));
    }
    Ok(found)
}

/// A line as it is compared and parsed: without white space around it. `None` where it cannot hold a record.
pub(super) fn readable(line: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(line.get(..line.len().min(LINE + 1))?).ok()?.trim();
    (text.starts_with('{') && text.ends_with('}') && text.len() <= LINE).then_some(text)
}
