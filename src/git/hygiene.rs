//! What no catalog's tree may carry: links, odd modes, names that hide or collide, entries twice or out of order.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::place;
use super::managed;
use super::name::{dangerous_name, folded, shown, unsafe_name};
use super::tree::{Entry, Shape};
use crate::model::Finding;

/// Finds fault with the list of a directory's entries: with what `after` has and `before` had not. At the catalog's root
/// (`managed` is false) only what touches the managed names counts.
pub(super) fn inspect(before: &[Entry<'_>], after: &[Entry<'_>], prefix: &str, managed: bool, out: &mut Vec<Finding>) {
    let had: BTreeSet<&[u8]> = if before.is_empty() { BTreeSet::new() } else { before.iter().map(|e| e.name).collect() };
    let counts = |name: &[u8]| managed || managed::is_managed_directory(name) || managed::is_policy(name);
    for entry in after.iter().filter(|e| !had.contains(e.name)) {
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
    for name in duplicates(after).difference(&duplicates(before)).filter(|n| counts(n)) {
        out.push(
            Finding::error("git/duplicate-entry", format!("the directory has two entries named `{}`", shown(name)))
                .at(place(&format!("{prefix}{}", shown(name))))
                .help("git does not write such trees; make the commit again with `git` itself"),
        );
    }
    if is_out_of_order(after) && !is_out_of_order(before) {
        out.push(
            Finding::error("git/order", format!("the entries of {} are not in git's order", directory(prefix)))
                .at(place(prefix.trim_end_matches('/')))
                .help("git does not write such trees; make the commit again with `git` itself"),
        );
    }
    collisions(after, &had, prefix, &counts, out);
}

fn collisions(after: &[Entry<'_>], had: &BTreeSet<&[u8]>, prefix: &str, counts: &dyn Fn(&[u8]) -> bool, out: &mut Vec<Finding>) {
    // Only a new name can bring a new collision, and most commits bring none.
    let news: BTreeSet<Vec<u8>> = after.iter().filter(|e| !had.contains(e.name)).map(|e| folded(e.name)).collect();
    if news.is_empty() {
        return;
    }
    let mut alike: BTreeMap<Vec<u8>, BTreeSet<&[u8]>> = BTreeMap::new();
    for entry in after {
        let key = folded(entry.name);
        if news.contains(&key) {
            alike.entry(key).or_default().insert(entry.name);
        }
    }
    for names in alike.values().filter(|n| n.len() > 1 && n.iter().any(|name| counts(name))) {
        let list: Vec<String> = names.iter().map(|n| format!("`{}`", shown(n))).collect();
        let at = names.iter().find(|n| !had.contains(*n)).copied().unwrap_or_default();
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

fn duplicates<'a>(entries: &[Entry<'a>]) -> BTreeSet<&'a [u8]> {
    // In git's order duplicates of one kind are neighbours; a file and a directory of one name may stand further apart.
    let mut names: Vec<&[u8]> = entries.iter().map(|e| e.name).collect();
    names.sort_unstable();
    names
        .windows(2)
        .filter_map(|w| match w {
            [a, b] if a == b => Some(*a),
            _ => None,
        })
        .collect()
}

fn is_out_of_order(entries: &[Entry<'_>]) -> bool {
    entries.windows(2).any(|w| matches!(w, [a, b] if a.order(b).is_gt()))
}

/// The entries that may be followed, in order of name: those whose name is safe and stands there once.
pub(super) fn usable(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    entries.sort_by(|a, b| a.name.cmp(b.name));
    let twice = duplicates(&entries);
    entries.retain(|e| dangerous_name(e.name).is_none() && std::str::from_utf8(e.name).is_ok() && !twice.contains(e.name));
    entries
}

/// Finds fault with a mode; `None` for what may stand there.
pub(super) fn wrong_shape(shape: Shape, path: &str, directory_may: bool, file_may: bool) -> Option<Finding> {
    let shown = shown(path.as_bytes());
    let (rule, message, help) = match shape {
        Shape::Directory if directory_may => return None,
        Shape::Regular if file_may => return None,
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

/// A document whose content stands in large file storage, with a pointer in its place.
pub fn lfs_pointer(path: &crate::model::FilePath, bytes: &[u8]) -> Option<Finding> {
    bytes.starts_with(b"version https://git-lfs.github.com/spec/").then(|| {
        Finding::error("git/lfs-pointer", format!("`{path}` is a pointer into large file storage, not a document"))
            .at(crate::model::Place::file(path))
            .help("take the path out of `.gitattributes`, and commit the content itself")
    })
}
