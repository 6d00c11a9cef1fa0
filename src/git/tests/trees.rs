//! The tree walk against `git diff-tree`, and against trees that git would never write.

use std::collections::BTreeMap;

use super::sandbox::{Sandbox, raw_tree};
use crate::git::{ObjectId, Repository, TreeChanges};
use crate::model::FilePath;

fn rules(changes: &TreeChanges) -> Vec<&'static str> {
    changes.findings.iter().map(|f| f.rule).collect()
}

fn paths(changes: &TreeChanges) -> Vec<&str> {
    changes.files.iter().map(|f| f.path.as_str()).collect()
}

/// A top tree with one managed directory of these raw entries.
fn under(sandbox: &Sandbox, directory: &str, entries: &[(&str, &[u8], ObjectId)]) -> ObjectId {
    let tree = sandbox.raw_object("tree", &raw_tree(entries));
    sandbox.raw_object("tree", &raw_tree(&[("40000", directory.as_bytes(), tree)]))
}

fn whole(repository: &Repository, tree: ObjectId) -> TreeChanges {
    repository.changes(None, Some(tree), "").unwrap()
}

#[test]
fn random_changes_are_gits() {
    let sandbox = Sandbox::new();
    let mut rng = fastrand::Rng::with_seed(5);
    let top = ["entities", "users", "runs", "docs", "blueprints"];
    let mut trees = Vec::new();
    for _ in 0..12 {
        let mut list = String::new();
        let mut seen = BTreeMap::new();
        for _ in 0..rng.usize(1..25) {
            let depth = ["", "a/", "a/b/", "c/"][rng.usize(..4)];
            let path = format!("{}/{depth}f{}.{}", top[rng.usize(..5)], rng.usize(..6), ["yaml", "json", "txt"][rng.usize(..3)]);
            seen.insert(path, rng.usize(..4));
        }
        sandbox.git(&["read-tree", "--empty"]);
        for (path, content) in seen {
            let blob = sandbox.git_with(&["hash-object", "-w", "--stdin"], format!("c{content}\n").as_bytes());
            list.push_str(&format!("100644 {blob}\t{path}\n"));
        }
        sandbox.git_with(&["update-index", "--index-info"], list.as_bytes());
        trees.push(sandbox.git(&["write-tree"]));
    }
    let repository = sandbox.open();
    for a in &trees {
        for b in &trees {
            let id = |hex: &str| ObjectId(crate::model::CommitId::from_hex(hex).unwrap().0);
            let changes = repository.changes(Some(id(a)), Some(id(b)), "").unwrap();
            assert_eq!(changes.findings, []);
            let found: BTreeMap<&str, (String, String)> =
                changes.files.iter().map(|f| (f.path.as_str(), (hex(f.before), hex(f.after)))).collect();
            let text = sandbox.git(&["diff-tree", "-r", "--raw", "--no-renames", "--no-abbrev", a, b]);
            let expected: BTreeMap<&str, (String, String)> = text
                .lines()
                .map(|l| l.split_once('\t').unwrap())
                .filter(|(_, path)| !path.starts_with("docs/") && !path.ends_with(".txt"))
                .map(|(meta, path)| {
                    let parts: Vec<&str> = meta.split(' ').collect();
                    (path, (parts[2].to_owned(), parts[3].to_owned()))
                })
                .collect();
            assert_eq!(found, expected);
        }
    }
}

fn hex(id: Option<ObjectId>) -> String {
    id.map_or("0".repeat(40), |id| id.to_string())
}

#[test]
fn only_documents_of_managed_directories_count() {
    let sandbox = Sandbox::new();
    for path in
        ["users/a.yaml", "users/README.md", "catalog.yaml", "src/main.yaml", "entities/x/y.json", "notes.yaml", "teams.yaml"]
    {
        sandbox.write(path, "x: 1\n");
    }
    sandbox.commit("one");
    let changes = whole(&sandbox.open(), sandbox.object("HEAD^{tree}"));
    assert_eq!(paths(&changes), ["catalog.yaml", "entities/x/y.json", "users/a.yaml"]);
    assert_eq!(rules(&changes), [""; 0]);
}

#[test]
fn the_catalog_may_live_in_a_subdirectory() {
    let sandbox = Sandbox::new();
    sandbox.write("deep/catalog/users/a.yaml", "x: 1\n");
    sandbox.write("users/b.yaml", "x: 1\n");
    sandbox.commit("one");
    let repository = sandbox.open();
    let tree = sandbox.object("HEAD^{tree}");
    for root in ["deep/catalog", "/deep/catalog/"] {
        let changes = repository.changes(None, Some(tree), root).unwrap();
        assert_eq!(paths(&changes), ["users/a.yaml"]);
    }
    let path = FilePath::new("users/a.yaml");
    let blob = repository.file_at(tree, "deep/catalog", &path).unwrap();
    assert_eq!(blob, Some(sandbox.object("HEAD:deep/catalog/users/a.yaml")));
    assert_eq!(repository.file_at(tree, "", &path).unwrap(), None);
    assert_eq!(paths(&repository.changes(None, Some(tree), "nowhere").unwrap()), [""; 0]);
    let odd = repository.changes(None, Some(tree), "users/b.yaml").unwrap();
    assert_eq!(rules(&odd), ["git/root"]);
}

#[test]
fn links_modes_and_submodules_are_found_fault_with() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw_object("blob", b"x: 1\n");
    let commit = sandbox.commit("c");
    let tree = under(
        &sandbox,
        "users",
        &[
            ("100644", b"a.yaml", blob),
            ("100755", b"b.yaml", blob),
            ("120000", b"c.yaml", blob),
            ("160000", b"d", commit.into()),
            ("100664", b"e.yaml", blob),
            ("100600", b"f.yaml", blob),
            ("120000", b"readme", blob),
            ("777", b"z", blob),
        ],
    );
    let changes = whole(&sandbox.open(), tree);
    assert_eq!(rules(&changes), ["git/mode", "git/symlink", "git/submodule", "git/mode", "git/mode", "git/symlink", "git/mode"]);
    assert_eq!(paths(&changes), ["users/a.yaml"]);
    assert!(changes.findings.iter().all(|f| f.is_error() && f.help.is_some() && f.place.is_some()));
}

#[test]
fn a_managed_name_of_another_kind_is_found_fault_with() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw_object("blob", b"elsewhere");
    let empty = sandbox.raw_object("tree", b"");
    let tree = sandbox.raw_object(
        "tree",
        &raw_tree(&[("40000", b"catalog.yaml", empty), ("120000", b"permissions", blob), ("100644", b"users", blob)]),
    );
    assert_eq!(rules(&whole(&sandbox.open(), tree)), ["git/mode", "git/symlink", "git/mode"]);
}

#[test]
fn names_that_escape_or_hide_are_refused_and_not_followed() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw_object("blob", b"x: 1\n");
    let inner = sandbox.raw_object("tree", &raw_tree(&[("100644", b"a.yaml", blob)]));
    for name in [&b".."[..], b".", b".git", b".GIT", b".git ", b"git~1", ".g\u{200c}it".as_bytes(), b"a/b", b""] {
        let tree = under(&sandbox, "users", &[("40000", name, inner)]);
        let changes = whole(&sandbox.open(), tree);
        assert_eq!(rules(&changes), ["git/name"], "{name:?}");
        assert_eq!(paths(&changes), [""; 0]);
    }
    for name in [&b"a\\b.yaml"[..], b"a\x1b[2J.yaml", b"\xff.yaml", "\u{202e}lmay.yaml".as_bytes()] {
        let tree = under(&sandbox, "users", &[("100644", name, blob)]);
        let changes = whole(&sandbox.open(), tree);
        assert_eq!(rules(&changes), ["git/name"], "{name:?}");
        assert!(!changes.findings[0].message.contains('\x1b'));
    }
    let top = sandbox.raw_object("tree", &raw_tree(&[("40000", b".GIT", inner)]));
    assert_eq!(rules(&whole(&sandbox.open(), top)), ["git/name"], "at the top too");
}

#[test]
fn entries_twice_count_for_nothing() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.raw_object("blob", b"x: 1\n"), sandbox.raw_object("blob", b"x: 2\n"));
    let twice = under(&sandbox, "users", &[("100644", b"a.yaml", one), ("100644", b"a.yaml", two), ("100644", b"b.yaml", one)]);
    let repository = sandbox.open();
    let changes = whole(&repository, twice);
    assert_eq!(rules(&changes), ["git/duplicate-entry"]);
    assert_eq!(paths(&changes), ["users/b.yaml"]);
    assert_eq!(repository.file_at(twice, "", &FilePath::new("users/a.yaml")).unwrap(), None);

    // A file and a directory of one name do not stand side by side in git's order.
    let inner = sandbox.raw_object("tree", &raw_tree(&[("100644", b"x.yaml", one)]));
    let both = under(&sandbox, "users", &[("100644", b"a", one), ("100644", b"a-b.yaml", one), ("40000", b"a", inner)]);
    let changes = whole(&repository, both);
    assert_eq!(rules(&changes), ["git/duplicate-entry"]);
    assert_eq!(paths(&changes), ["users/a-b.yaml"]);

    let managed = sandbox.raw_object("tree", &raw_tree(&[("40000", b"users", inner), ("40000", b"users", inner)]));
    assert_eq!(rules(&whole(&repository, managed)), ["git/duplicate-entry"]);
}

#[test]
fn entries_out_of_order_are_found_and_still_read() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw_object("blob", b"x: 1\n");
    let tree = under(&sandbox, "users", &[("100644", b"b.yaml", blob), ("100644", b"a.yaml", blob)]);
    let changes = whole(&sandbox.open(), tree);
    assert_eq!(rules(&changes), ["git/order"]);
    assert_eq!(paths(&changes), ["users/a.yaml", "users/b.yaml"]);
}

#[test]
fn names_that_differ_by_case_collide() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw_object("blob", b"x: 1\n");
    let inner = sandbox.raw_object("tree", &raw_tree(&[("100644", b"x.yaml", blob)]));
    let tree = under(
        &sandbox,
        "users",
        &[("100644", b"A.yaml", blob), ("40000", b"Env", inner), ("100644", b"a.yaml", blob), ("40000", b"env", inner)],
    );
    let repository = sandbox.open();
    assert_eq!(rules(&whole(&repository, tree)), ["git/case-collision", "git/case-collision"]);
    let top = sandbox.raw_object(
        "tree",
        &raw_tree(&[
            ("40000", b"Makefile", inner),
            ("40000", b"Users", inner),
            ("40000", b"makefile", inner),
            ("40000", b"users", inner),
        ]),
    );
    let changes = whole(&repository, top);
    assert_eq!(rules(&changes), ["git/case-collision"], "only what touches the managed names");
    let unicode = under(&sandbox, "users", &[("100644", "É.yaml".as_bytes(), blob), ("100644", "é.yaml".as_bytes(), blob)]);
    assert_eq!(rules(&whole(&repository, unicode)), ["git/case-collision"]);
}

#[test]
fn what_was_wrong_before_is_not_laid_to_a_later_commit() {
    let sandbox = Sandbox::new();
    let (one, two) = (sandbox.raw_object("blob", b"x: 1\n"), sandbox.raw_object("blob", b"x: 2\n"));
    let wrong: Vec<(&str, &[u8], ObjectId)> =
        vec![("100644", b"A.yaml", one), ("100644", b"a.yaml", one), ("120000", b"l.yaml", one), ("100644", b"z ", one)];
    let before = under(&sandbox, "users", &wrong);
    let mut more = wrong.clone();
    more.insert(2, ("100644", b"b.yaml", two));
    let after = under(&sandbox, "users", &more);
    let repository = sandbox.open();
    assert_eq!(whole(&repository, before).findings.len(), 3);
    let changes = repository.changes(Some(before), Some(after), "").unwrap();
    assert_eq!(rules(&changes), [""; 0]);
    assert_eq!(paths(&changes), ["users/b.yaml"]);
}

#[test]
fn a_file_becomes_a_directory_and_back() {
    let sandbox = Sandbox::new();
    sandbox.write("users/a.yaml", "x: 1\n");
    sandbox.commit("file");
    std::fs::remove_file(sandbox.dir().join("users/a.yaml")).unwrap();
    sandbox.write("users/a.yaml/b.yaml", "x: 1\n");
    sandbox.commit("directory");
    let (file, directory) = (sandbox.object("HEAD~1^{tree}"), sandbox.object("HEAD^{tree}"));
    let repository = sandbox.open();
    for (before, after, gone, came) in
        [(file, directory, "users/a.yaml", "users/a.yaml/b.yaml"), (directory, file, "users/a.yaml/b.yaml", "users/a.yaml")]
    {
        let changes = repository.changes(Some(before), Some(after), "").unwrap();
        let state: BTreeMap<&str, bool> = changes.files.iter().map(|f| (f.path.as_str(), f.after.is_some())).collect();
        assert_eq!(state, BTreeMap::from([(gone, false), (came, true)]));
        assert_eq!(changes.findings, []);
    }
}

#[test]
fn thirty_thousand_directories_deep_is_a_finding() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw_object("blob", b"x: 1\n");
    let repository = sandbox.open();
    let tree = |entries: &[(&str, &[u8], ObjectId)]| repository.remember(git2::ObjectType::Tree, &raw_tree(entries)).unwrap();
    let mut id = tree(&[("100644", b"a.yaml", blob)]);
    for _ in 0..30_000 {
        id = tree(&[("40000", b"d", id)]);
    }
    let changes = whole(&repository, tree(&[("40000", b"users", id)]));
    assert_eq!(rules(&changes), ["git/depth"]);
    assert_eq!(paths(&changes), [""; 0]);
}

#[test]
fn a_few_trees_that_stand_for_billions_of_files_are_cut_off() {
    let sandbox = Sandbox::new();
    let blob = sandbox.raw_object("blob", b"x: 1\n");
    let names: Vec<String> = (0..40).map(|i| format!("{i:02}")).collect();
    let mut id = sandbox.raw_object("tree", &raw_tree(&[("100644", b"a.yaml", blob)]));
    for _ in 0..6 {
        let entries: Vec<(&str, &[u8], ObjectId)> = names.iter().map(|n| ("40000", n.as_bytes(), id)).collect();
        id = sandbox.raw_object("tree", &raw_tree(&entries));
    }
    let tree = sandbox.raw_object("tree", &raw_tree(&[("40000", b"users", id)]));
    let repository = sandbox.open();
    let changes = repository.changes_within(None, Some(tree), "", 2_000).unwrap();
    assert!(changes.truncated);
    assert_eq!(rules(&changes), ["limit/files"]);
    assert_eq!(changes.files.len(), 2_000);
}

#[test]
fn a_tree_that_is_none_is_an_error() {
    let sandbox = Sandbox::new();
    let repository = sandbox.open();
    for raw in
        [&b"100644 a.yaml\0short"[..], b"garbage", b"100644 a.yaml", b"99 a\0aaaaaaaaaaaaaaaaaaaa", b" a\0aaaaaaaaaaaaaaaaaaaa"]
    {
        let tree = sandbox.raw_object("tree", raw);
        let error = repository.changes(None, Some(tree), "").unwrap_err();
        assert!(matches!(error, crate::git::GitError::Malformed { .. }), "{error}");
    }
    let hollow = sandbox.raw_object("tree", &raw_tree(&[("40000", b"users", ObjectId([9; 20]))]));
    let error = repository.changes(None, Some(hollow), "").unwrap_err();
    assert!(matches!(error, crate::git::GitError::Missing { .. }) && error.is_retryable());
}

#[test]
fn two_steps_add_up_to_one() {
    let sandbox = Sandbox::new();
    let blobs: Vec<ObjectId> = (0..3).map(|i| sandbox.raw_object("blob", format!("x: {i}\n").as_bytes())).collect();
    let mut rng = fastrand::Rng::with_seed(11);
    let modes = ["100644", "100644", "100644", "100755", "120000"];
    let names: [&[u8]; 6] = [b"a.yaml", b"a.yaml", b"b.yaml", b"c.json", b"..", b"d.yaml"];
    let trees: Vec<ObjectId> = (0..8)
        .map(|_| {
            let entries: Vec<(&str, &[u8], ObjectId)> =
                (0..rng.usize(0..6)).map(|_| (modes[rng.usize(..5)], names[rng.usize(..6)], blobs[rng.usize(..3)])).collect();
            under(&sandbox, "users", &entries)
        })
        .collect();
    let repository = sandbox.open();
    let state = |tree| -> BTreeMap<String, ObjectId> {
        let changes = repository.changes(None, Some(tree), "").unwrap();
        changes.files.into_iter().map(|f| (f.path.as_str().to_owned(), f.after.unwrap())).collect()
    };
    for a in &trees {
        for b in &trees {
            let mut files = state(*a);
            for change in repository.changes(Some(*a), Some(*b), "").unwrap().files {
                let path = change.path.as_str().to_owned();
                assert_eq!(files.get(&path).copied(), change.before);
                match change.after {
                    Some(id) => files.insert(path, id),
                    None => files.remove(&path),
                };
            }
            assert_eq!(files, state(*b));
        }
    }
}

#[test]
fn what_ever_stood_in_a_directory_is_remembered() {
    let sandbox = Sandbox::new();
    sandbox.write("runs/one.yaml", "action: a\n");
    let first = sandbox.commit("one");
    sandbox.write("runs/one.yaml", "action: b\n");
    sandbox.write("runs/deep/two.yaml", "action: c\n");
    sandbox.commit("two");
    std::fs::remove_dir_all(sandbox.dir().join("runs")).unwrap();
    sandbox.write("users/a.yaml", "x: 1\n");
    sandbox.commit("gone");
    // A branch whose run never reached the merge's tree.
    sandbox.git(&["checkout", "-q", "-b", "side", &first.to_string()]);
    sandbox.write("runs/three.yaml", "action: d\n");
    sandbox.commit("three");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.git(&["merge", "-q", "-s", "ours", "-m", "merge", "side"]);
    let repository = sandbox.open();
    let tip = sandbox.rev("HEAD");
    let found = repository.ever_added(tip, "", "runs").unwrap();
    let names: Vec<&str> = found.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(names, ["runs/deep/two.yaml", "runs/one.yaml", "runs/one.yaml", "runs/three.yaml"]);
    let since = repository.ever_added_since(&[first], tip, "", "runs").unwrap();
    let names: Vec<&str> = since.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(names, ["runs/deep/two.yaml", "runs/one.yaml", "runs/three.yaml"]);
}

#[test]
fn every_rule_that_is_found_is_listed() {
    let listed: Vec<&str> = crate::check::git_rules::RULES.iter().map(|r| r.id).collect();
    for source in [include_str!("../hygiene.rs"), include_str!("../changes.rs"), include_str!("../worktree.rs")] {
        for id in source.split('"').filter(|s| s.starts_with("git/") || s.starts_with("limit/")) {
            assert!(listed.contains(&id), "{id}");
        }
    }
}
