//! Applies edits to a tree, and makes the new trees in memory.

use std::collections::BTreeMap;

use git2::ObjectType;

use super::super::tree::{Entry, entries_of, write_tree};
use super::super::{GitError, ObjectId, Repository};
use super::{Edit, Edits};

/// The edits of one directory, by name: what becomes of the name itself, and the edits below it.
#[derive(Default)]
struct Named<'e> {
    own: Option<Edit>,
    below: Vec<(&'e [u8], Edit)>,
}

impl Repository {
    /// The tree with the edits applied; `None` where nothing is left in it.
    pub(super) fn apply(&self, tree: Option<ObjectId>, edits: &Edits) -> Result<Option<ObjectId>, GitError> {
        let edits: Vec<(&[u8], Edit)> = edits.iter().map(|(path, edit)| (path.as_slice(), *edit)).collect();
        self.apply_below(tree, &edits)
    }

    fn apply_below(&self, tree: Option<ObjectId>, edits: &[(&[u8], Edit)]) -> Result<Option<ObjectId>, GitError> {
        if edits.is_empty() {
            return Ok(tree);
        }
        let mut names: BTreeMap<&[u8], Named<'_>> = BTreeMap::new();
        for (path, edit) in edits {
            match path.iter().position(|b| *b == b'/').and_then(|at| path.split_at_checked(at)) {
                None => names.entry(path).or_default().own = Some(*edit),
                Some((name, rest)) => {
                    let rest = rest.strip_prefix(b"/").unwrap_or_default();
                    names.entry(name).or_default().below.push((rest, *edit));
                }
            }
        }
        let raw = tree.map(|id| self.raw_tree(id).map(|raw| (id, raw))).transpose()?;
        let mut entries = match &raw {
            Some((id, raw)) => entries_of(*id, raw)?,
            None => Vec::new(),
        };
        // What is edited is taken out, and put back changed.
        let mut standing: BTreeMap<&[u8], (u32, ObjectId)> = BTreeMap::new();
        entries.retain(|e| {
            let edited = names.contains_key(e.name);
            if edited {
                standing.entry(e.name).or_insert((e.mode, e.id));
            }
            !edited
        });
        for (name, named) in names {
            let mut item = match named.own {
                Some(Edit::Set(item)) => Some(item),
                Some(Edit::Remove) => None,
                None => standing.get(name).copied(),
            };
            if !named.below.is_empty() {
                let directory = item.filter(|(mode, _)| *mode == 0o40_000).map(|(_, id)| id);
                let changed = self.apply_below(directory, &named.below)?;
                // Removing below a file leaves the file; setting below it replaces it.
                if directory.is_some() || changed.is_some() {
                    item = changed.map(|id| (0o40_000, id));
                }
            }
            entries.extend(item.map(|(mode, id)| Entry { mode, name, id }));
        }
        if entries.is_empty() {
            return Ok(None);
        }
        self.remember(ObjectType::Tree, &write_tree(entries)).map(Some)
    }
}
