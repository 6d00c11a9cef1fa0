//! Merges made in memory, against what `git merge-tree --write-tree` makes of the same commits.

use std::collections::BTreeMap;

use super::sandbox::Sandbox;
use crate::git::ObjectId;
use crate::model::CommitId;

type Files = BTreeMap<String, (&'static str, String)>;

const WORDS: [&str; 12] = [
    "title: A",
    "icon: Box",
    "properties:",
    "  ttl: 3",
    "  url: x",
    "relations:",
    "  env: prod",
    "team: web",
    "# note",
    "",
    "owner: me",
    "  size: 4",
];

fn content(rng: &mut fastrand::Rng) -> String {
    let tag = rng.usize(..1000);
    (0..rng.usize(4..24))
        .map(|i| format!("{} {}\n", WORDS[rng.usize(..WORDS.len())], if rng.u8(..3) == 0 { tag + i } else { i }))
        .collect()
}

fn path(rng: &mut fastrand::Rng) -> String {
    let directory = ["", "entities/", "entities/a/", "entities/b/", "users/", "blueprints/x/y/"][rng.usize(..6)];
    format!("{directory}f{}.yaml", rng.usize(..14))
}

fn pick(rng: &mut fastrand::Rng, files: &Files) -> Option<String> {
    let keys: Vec<&String> = files.keys().collect();
    (!keys.is_empty()).then(|| keys[rng.usize(..keys.len())].clone())
}

fn edit(rng: &mut fastrand::Rng, text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for _ in 0..rng.usize(1..3) {
        let at = rng.usize(..=lines.len());
        match rng.u8(..3) {
            0 => lines.insert(at, format!("new: {}", rng.u32(..50))),
            1 if at < lines.len() => lines[at] = format!("changed: {}", rng.u32(..50)),
            _ if at < lines.len() => drop(lines.remove(at)),
            _ => lines.push("end: 1".to_owned()),
        }
    }
    lines.iter().map(|l| format!("{l}\n")).collect()
}

/// One side's changes. `renames` decides whether files and directories move.
fn change(rng: &mut fastrand::Rng, base: &Files, renames: bool) -> Files {
    let mut files = base.clone();
    for _ in 0..rng.usize(1..5) {
        let kind = rng.u8(..if renames { 12 } else { 7 });
        let Some(from) = pick(rng, &files) else { break };
        match kind {
            0..=3 => {
                let (mode, text) = files[&from].clone();
                files.insert(from, (mode, edit(rng, &text)));
            }
            4 => drop(files.remove(&from)),
            5 => {
                let to = path(rng);
                files.entry(to).or_insert(("100644", content(rng)));
            }
            6 => files.get_mut(&from).unwrap().0 = "100755",
            7..=10 => {
                let to = path(rng);
                if !files.contains_key(&to) {
                    let (mode, text) = files.remove(&from).unwrap();
                    let text = if rng.bool() { edit(rng, &text) } else { text };
                    files.insert(to, (mode, text));
                }
            }
            _ => {
                let Some((directory, _)) = from.rsplit_once('/') else { continue };
                let moved: Vec<String> = files.keys().filter(|f| f.starts_with(&format!("{directory}/"))).cloned().collect();
                for file in moved {
                    let value = files.remove(&file).unwrap();
                    files.insert(file.replacen(directory, "moved", 1), value);
                }
            }
        }
    }
    files
}

/// Writes commits with these files in one go.
fn import(sandbox: &Sandbox, stream: &str) -> Vec<CommitId> {
    let marks = sandbox.home().join("marks");
    sandbox.git_with(&["fast-import", "--quiet", &format!("--export-marks={}", marks.display())], stream.as_bytes());
    let mut lines: Vec<(usize, CommitId)> = std::fs::read_to_string(marks)
        .unwrap()
        .lines()
        .map(|l| {
            let (mark, id) = l.split_once(' ').unwrap();
            (mark[1..].parse().unwrap(), CommitId::from_hex(id).unwrap())
        })
        .collect();
    lines.sort();
    lines.into_iter().map(|(_, id)| id).collect()
}

fn commit(stream: &mut String, mark: usize, parents: &[usize], files: &Files) {
    use std::fmt::Write;
    let time = 1_700_000_000 + mark;
    write!(stream, "commit refs/heads/c{mark}\nmark :{mark}\ncommitter A <a@b> {time} +0000\ndata 1\nx\n").unwrap();
    for (i, parent) in parents.iter().enumerate() {
        writeln!(stream, "{} :{parent}", if i == 0 { "from" } else { "merge" }).unwrap();
    }
    stream.push_str("deleteall\n");
    for (path, (mode, text)) in files {
        write!(stream, "M {mode} inline {path}\ndata {}\n{text}\n", text.len()).unwrap();
    }
}

/// What git makes of it: the tree, or `None` for a conflict.
fn git_merge(sandbox: &Sandbox, ours: CommitId, theirs: CommitId) -> Option<String> {
    let output = sandbox
        .command("git")
        .args(["merge-tree", "--write-tree", "--name-only", &ours.to_string(), &theirs.to_string()])
        .output()
        .unwrap();
    match output.status.code() {
        Some(0) => Some(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
        Some(1) => None,
        _ => panic!("{}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// How often both agreed on a tree, agreed on a conflict, only git merged, only we merged.
#[derive(Default, PartialEq, Debug)]
struct Score {
    clean: usize,
    conflict: usize,
    only_git: usize,
    only_we: usize,
}

fn score(sandbox: &Sandbox, pairs: impl Iterator<Item = (CommitId, CommitId)>) -> Score {
    let repository = sandbox.open();
    let mut score = Score::default();
    for (ours, theirs) in pairs {
        let merge = repository.merge(ours, theirs).unwrap();
        assert_eq!(merge.tree.is_some(), merge.conflicts.is_empty());
        match (git_merge(sandbox, ours, theirs), merge.tree) {
            (Some(git), Some(tree)) => {
                assert_eq!(git, tree.to_string(), "both merged {ours} and {theirs}, but not alike");
                score.clean += 1;
            }
            (None, None) => score.conflict += 1,
            (Some(_), None) => score.only_git += 1,
            (None, Some(_)) => score.only_we += 1,
        }
    }
    score
}

fn compare(seed: u64, cases: usize, renames: bool) -> Score {
    let sandbox = Sandbox::new();
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut stream = String::new();
    for case in 0..cases {
        let mut base = Files::new();
        for _ in 0..rng.usize(3..14) {
            base.insert(path(&mut rng), ("100644", content(&mut rng)));
        }
        let (ours, theirs) = (change(&mut rng, &base, renames), change(&mut rng, &base, renames));
        commit(&mut stream, case * 3 + 1, &[], &base);
        commit(&mut stream, case * 3 + 2, &[case * 3 + 1], &ours);
        commit(&mut stream, case * 3 + 3, &[case * 3 + 1], &theirs);
    }
    let commits = import(&sandbox, &stream);
    score(&sandbox, commits.chunks_exact(3).map(|case| (case[1], case[2])))
}

#[test]
fn random_merges_without_renames_are_gits() {
    let score = compare(1, 200, false);
    assert_eq!((score.only_git, score.only_we), (0, 0), "{score:?}");
    assert!(score.clean > 100 && score.conflict > 20, "{score:?}");
}

#[test]
fn random_merges_with_renames_are_gits() {
    let score = compare(2, 300, true);
    // Whole directories that are renamed while the other side adds to them may be a conflict here alone.
    assert!(score.only_we == 0 && score.only_git <= 3, "{score:?}");
    assert!(score.clean > 150 && score.conflict > 50, "{score:?}");
}

#[test]
fn criss_cross_merges_are_gits_or_a_conflict() {
    let sandbox = Sandbox::new();
    let mut rng = fastrand::Rng::with_seed(9);
    let mut stream = String::new();
    let cases = 120;
    for case in 0..cases {
        let mark = case * 7;
        let mut base = Files::new();
        for _ in 0..rng.usize(3..8) {
            base.insert(path(&mut rng), ("100644", content(&mut rng)));
        }
        let (a, b) = (change(&mut rng, &base, false), change(&mut rng, &base, false));
        // Both lines merge the other, each with a resolution of its own.
        let resolve = |first: &Files, second: &Files| {
            let mut merged = first.clone();
            for (path, value) in second {
                if base.get(path) != Some(value) {
                    merged.insert(path.clone(), value.clone());
                }
            }
            merged
        };
        let (left, right) = (resolve(&a, &b), resolve(&b, &a));
        commit(&mut stream, mark + 1, &[], &base);
        commit(&mut stream, mark + 2, &[mark + 1], &a);
        commit(&mut stream, mark + 3, &[mark + 1], &b);
        commit(&mut stream, mark + 4, &[mark + 2, mark + 3], &left);
        commit(&mut stream, mark + 5, &[mark + 3, mark + 2], &right);
        commit(&mut stream, mark + 6, &[mark + 4], &change(&mut rng, &left, false));
        commit(&mut stream, mark + 7, &[mark + 5], &change(&mut rng, &right, false));
    }
    let commits = import(&sandbox, &stream);
    assert_eq!(sandbox.open().merge_bases(&[commits[5]], commits[6]).unwrap().len(), 2);
    // Where the merge bases conflict with each other, git may find more in their markers than we do in nothing.
    let score = score(&sandbox, commits.chunks_exact(7).map(|case| (case[5], case[6])));
    assert!(score.only_we == 0 && score.only_git <= 6 && score.clean > 50, "{score:?}");
}

#[test]
fn a_change_follows_the_file_that_was_renamed() {
    let sandbox = Sandbox::new();
    let text: String = (0..20).map(|i| format!("line {i}\n")).collect();
    sandbox.write("entities/env.yaml", &text);
    sandbox.commit("base");
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.git(&["mv", "entities/env.yaml", "entities/prod.yaml"]);
    let theirs = sandbox.commit("rename");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("entities/env.yaml", &text.replace("line 3\n", "line three\n"));
    let ours = sandbox.commit("edit");
    let repository = sandbox.open();
    for (a, b) in [(ours, theirs), (theirs, ours)] {
        let merge = repository.merge(a, b).unwrap();
        let changes = repository.changes(None, merge.tree, "").unwrap();
        assert_eq!(changes.files.len(), 1);
        assert_eq!(changes.files[0].path.as_str(), "entities/prod.yaml");
        let blob = repository.blob(changes.files[0].after.unwrap(), 10_000).unwrap();
        assert!(matches!(blob, crate::git::Blob::Content(bytes) if String::from_utf8_lossy(&bytes).contains("line three")));
    }
}

#[test]
fn nothing_is_written_to_the_disk() {
    let sandbox = Sandbox::new();
    sandbox.write("users/a.yaml", "a: 1\nb: 1\nc: 1\nd: 1\n");
    sandbox.commit("base");
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("users/a.yaml", "a: 2\nb: 1\nc: 1\nd: 1\n");
    let theirs = sandbox.commit("theirs");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("users/a.yaml", "a: 1\nb: 1\nc: 1\nd: 2\n");
    let ours = sandbox.commit("ours");
    let before = sandbox.git(&["count-objects", "-v"]);
    let repository = sandbox.open();
    let tree = repository.merge(ours, theirs).unwrap().tree.unwrap();
    let changes = repository.changes(Some(repository.tree_of(ours).unwrap()), Some(tree), "").unwrap();
    assert_eq!(changes.files.len(), 1, "the merged tree is there to be read");
    assert_eq!(sandbox.git(&["count-objects", "-v"]), before);
    assert!(matches!(sandbox.open().changes(None, Some(tree), ""), Err(crate::git::GitError::Missing { .. })));
}

#[test]
fn a_conflict_names_its_files_and_leaves_the_rest_merged() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("users/{name}.yaml"), "x: 1\n");
    }
    sandbox.commit("base");
    sandbox.git(&["checkout", "-q", "-b", "side"]);
    sandbox.write("users/a.yaml", "x: 2\n");
    sandbox.write("users/b.yaml", "x: 2\n");
    let theirs = sandbox.commit("theirs");
    sandbox.git(&["checkout", "-q", "main"]);
    sandbox.write("users/a.yaml", "x: 3\n");
    sandbox.write("users/c.yaml", "x: 3\n");
    let ours = sandbox.commit("ours");
    let repository = sandbox.open();
    let merge = repository.merge(ours, theirs).unwrap();
    assert_eq!((merge.tree, merge.conflicts), (None, vec!["users/a.yaml".to_owned()]));
    let at = |name: &str| repository.file_at(merge.partial, "", &crate::model::FilePath::new(name)).unwrap();
    assert_eq!(at("users/a.yaml"), Some(sandbox.object("HEAD~1:users/a.yaml")), "as in the base");
    assert_eq!(at("users/b.yaml"), Some(sandbox.object("side:users/b.yaml")));
    assert_eq!(at("users/c.yaml"), Some(sandbox.object("main:users/c.yaml")));
}

#[test]
fn what_a_commit_is_measured_against() {
    let sandbox = Sandbox::new();
    sandbox.write("users/base.yaml", "x: 1\n");
    let root = sandbox.commit("base");
    for side in ["one", "two", "three"] {
        sandbox.git(&["checkout", "-q", "-b", side, &root.to_string()]);
        sandbox.write(&format!("users/{side}.yaml"), "x: 1\n");
        sandbox.commit(side);
    }
    sandbox.git(&["checkout", "-q", "one"]);
    sandbox.git(&["merge", "-q", "-m", "octopus", "two", "three"]);
    let octopus = sandbox.rev("HEAD");
    sandbox.write("users/evil.yaml", "x: 1\n");
    sandbox.git(&["add", "-A"]);
    sandbox.git(&["commit", "-q", "--amend", "-m", "evil merge"]);
    let evil = sandbox.rev("HEAD");
    let repository = sandbox.open();
    let parents = |id| repository.merge_of_parents(&repository.commit(id).unwrap()).unwrap();
    assert_eq!(parents(root), None);
    assert_eq!(parents(sandbox.rev("two")).unwrap().tree, Some(repository.tree_of(root).unwrap()));
    let merged = parents(octopus).unwrap();
    assert_eq!(merged.tree, Some(repository.tree_of(octopus).unwrap()), "a clean merge brings nothing of its own");
    let own = repository.changes(parents(evil).unwrap().tree, Some(repository.tree_of(evil).unwrap()), "").unwrap();
    assert_eq!(own.files.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["users/evil.yaml"]);
}

#[test]
fn trees_no_honest_writer_makes_end_in_a_conflict_or_an_error() {
    use super::sandbox::raw_tree;
    let sandbox = Sandbox::new();
    let repository = sandbox.open();
    // Kept in memory: ninety thousand small files are no part of the story.
    let write = |kind, bytes: &[u8]| repository.remember(kind, bytes).unwrap();
    let tree = |bytes: &[u8]| write(git2::ObjectType::Tree, bytes);
    let commit = |tree: ObjectId, parents: &[CommitId]| {
        let parents: String = parents.iter().map(|p| format!("parent {p}\n")).collect();
        let who = "A <a@b> 1700000000 +0000";
        CommitId(
            write(git2::ObjectType::Commit, format!("tree {tree}\n{parents}author {who}\ncommitter {who}\n\nx\n").as_bytes()).0,
        )
    };
    let blob = |text: &str| write(git2::ObjectType::Blob, text.as_bytes());
    let deep = |leaf: ObjectId| {
        let mut id = tree(&raw_tree(&[("100644", b"a.yaml", leaf)]));
        for _ in 0..30_000 {
            id = tree(&raw_tree(&[("40000", b"d", id)]));
        }
        id
    };
    let base = commit(deep(blob("1\n")), &[]);
    let (ours, theirs) = (commit(deep(blob("2\n")), &[base]), commit(deep(blob("3\n")), &[base]));
    let merge = repository.merge(ours, theirs).unwrap();
    assert!(merge.tree.is_none() && merge.conflicts.len() == 1);

    let odd = |mode, text: &str| tree(&raw_tree(&[(mode, b"a.yaml", blob(text)), (mode, b"a.yaml", blob("twin\n"))]));
    let base = commit(odd("100600", "1\n"), &[]);
    let (ours, theirs) = (commit(odd("100600", "2\n"), &[base]), commit(odd("100600", "3\n"), &[base]));
    assert_eq!(repository.merge(ours, theirs).unwrap().conflicts, ["a.yaml"]);

    let names: Vec<String> = (0..40).map(|i| format!("{i:02}")).collect();
    let bomb = |text: &str| {
        let mut id = tree(&raw_tree(&[("100644", b"a.yaml", blob(text))]));
        for _ in 0..6 {
            let entries: Vec<(&str, &[u8], ObjectId)> = names.iter().map(|n| ("40000", n.as_bytes(), id)).collect();
            id = tree(&raw_tree(&entries));
        }
        id
    };
    let base = commit(bomb("1\n"), &[]);
    let (ours, theirs) = (commit(bomb("2\n"), &[base]), commit(bomb("3\n"), &[base]));
    assert!(matches!(repository.merge(ours, theirs), Err(crate::git::GitError::TooLarge { .. })));
    // Half a comparison would pass over whatever sorts behind the bomb, so there is none.
    let managed = |text: &str| Some(tree(&raw_tree(&[("40000", b"entities", bomb(text))])));
    assert!(matches!(repository.changes(managed("2\n"), managed("3\n"), ""), Err(crate::git::GitError::TooLarge { .. })));
}
