//! What no catalog's tree may carry: links, odd modes, names that hide or collide, entries twice or out of order.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::changes::place;
use super::listing::Listing;
use super::managed;
use super::name::{dangerous_name, folded, is_folded, shown, unsafe_name};
use super::tree::{Entry, Shape};
use crate::model::Finding;

/// Finds fault with the list of a directory's entries: with what `after` has and `before` had not. At the catalog's root
/// (`managed` is false) only what touches the managed names counts.
pub(super) fn inspect(before: &Listing<'_>, after: &Listing<'_>, prefix: &str, managed: bool, out: &mut Vec<Finding>) {
    let counts = |name: &[u8]| managed || managed::is_managed_directory(name) || managed::is_policy(name);
    let new = after.new_since(before);
    for entry in &new {
        let why = if managed { unsafe_name(entry.name) } else { dangerous_name(entry.name) };
        if let Some(why) = why {
            let path = format!("{prefix}{}", shown(entry.name));
            out.push(
                Finding::error("git/name", format!("the name `{}` is not safe: {why}", shown(entry.name)))
                    .at(place(&path))
                    .help("rename the file; letters, digits, `-`, `_`, `.` and `@` are safe everywhere"),
            );
        }
    }
    for name in after.twice.iter().filter(|n| counts(n) && !before.twice.contains(n)) {
        out.push(
            Finding::error("git/duplicate-entry", format!("the directory has two entries named `{}`", shown(name)))
                .at(place(&format!("{prefix}{}", shown(name))))
                .help("git does not write such trees; make the commit again with `git` itself"),
        );
    }
    if before.in_order && !after.in_order {
        out.push(
            Finding::error("git/order", format!("the entries of {} are not in git's order", directory(prefix)))
                .at(place(prefix.trim_end_matches('/')))
                .help("git does not write such trees; make the commit again with `git` itself"),
        );
    }
    // Only a new name can bring a new collision, and most commits bring none.
    if !new.is_empty() {
        collisions(after, &new, prefix, &counts, out);
    }
}

fn collisions(after: &Listing<'_>, new: &[&Entry<'_>], prefix: &str, counts: &dyn Fn(&[u8]) -> bool, out: &mut Vec<Finding>) {
    if after.twice.is_empty() && new.len() == after.entries.len() && new.iter().all(|e| is_folded(e.name)) {
        // Each is what it would be folded to, and no two are the same.
        return;
    }
    let mut alike: HashMap<Vec<u8>, BTreeSet<&[u8]>> = new.iter().map(|e| (folded(e.name), BTreeSet::new())).collect();
    let lengths: HashSet<usize> = alike.keys().map(Vec::len).collect();
    for entry in &after.entries {
        // Folding keeps the length of ASCII names, so that most need not be folded.
        if entry.name.is_ascii() && !lengths.contains(&entry.name.len()) {
            continue;
        }
        if let Some(names) = alike.get_mut(&folded(entry.name)) {
            names.insert(entry.name);
        }
    }
    let mut found: Vec<BTreeSet<&[u8]>> =
        alike.into_values().filter(|n| n.len() > 1 && n.iter().any(|name| counts(name))).collect();
    found.sort();
    let fresh: HashSet<&[u8]> = new.iter().map(|e| e.name).collect();
    for names in found {
        let list: Vec<String> = names.iter().map(|n| format!("`{}`", shown(n))).collect();
        let at = names.iter().find(|n| fresh.contains(*n)).copied().unwrap_or_default();
        out.push(
            Finding::error(
                "git/case-collision",
                format!("{} differ only by case, and cannot stand side by side on every system", list.join(" and ")),
            )
            .at(place(&format!("{prefix}{}", shown(at))))
            .help("rename one of them; a file's name means nothing to the catalog"),
        );
    }
}

/// Finds fault with a mode; `None` for what may stand there.
pub(super) fn wrong_shape(shape: Shape, path: &str, directory_may: bool, file_may: bool) -> Option<Finding> {
    match shape {
        Shape::Directory if directory_may => return None,
        Shape::Regular if file_may => return None,
        _ => {}
    }
    let shown = shown(path.as_bytes());
    let (rule, message, help) = match shape {
        Shape::Directory => ("git/mode", format!("`{shown}` is a directory where a file belongs"), "make it a file".to_owned()),
        Shape::Regular => {
            ("git/mode", format!("`{shown}` is a file where a directory belongs"), "make it a directory, or rename it".to_owned())
        }
        Shape::Executable => (
            "git/mode",
            format!("`{shown}` is executable, and a document is not a program"),
            format!("run `git update-index --chmod=-x -- '{shown}'` and commit"),
        ),
        Shape::OddFile | Shape::Other => (
            "git/mode",
            format!("`{shown}` has a file mode that git does not write"),
            "commit the file again with `git` itself, as mode 100644".to_owned(),
        ),
        Shape::Symlink => (
            "git/symlink",
            format!("`{shown}` is a symbolic link, which is never followed"),
            "replace the link by a file with the content itself".to_owned(),
        ),
        Shape::Gitlink => (
            "git/submodule",
            format!("`{shown}` is a submodule, and the catalog is read from one repository alone"),
            "move its files into this repository".to_owned(),
        ),
    };
    Some(Finding::error(rule, message).at(place(&shown)).help(help))
}

/// A directory deeper than is followed.
pub(super) fn too_deep(prefix: &str) -> Finding {
    // The whole path may be megabytes long.
    let start: String = prefix.chars().take(80).collect();
    Finding::error("git/depth", format!("`{start}…` is nested deeper than {} directories", super::budget::Budget::DEPTH))
        .at(place(prefix.split('/').next().unwrap_or_default()))
        .help("move the files up; directories below the managed ones mean nothing")
}

/// The catalog's root is something else than a directory.
pub(super) fn not_a_root(root: &str, what: &str) -> Finding {
    Finding::error("git/root", format!("the catalog's directory `{}` {what}", shown(root.as_bytes())))
        .help("make it a directory again, or configure another `root`")
}

fn directory(prefix: &str) -> String {
    match prefix.trim_end_matches('/') {
        "" => "the catalog's root".to_owned(),
        path => format!("`{}`", shown(path.as_bytes())),
    }
}
