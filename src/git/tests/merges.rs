//! Merges made in memory, against what `git merge-tree --write-tree` makes of the same commits.

use std::collections::BTreeMap;

use super::sandbox::Sandbox;
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
#[derive(Default, Debug)]
struct Score {
    clean: usize,
    conflict: usize,
    only_git: usize,
    only_we: usize,
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
    let repository = sandbox.open();
    let mut score = Score::default();
    for case in commits.chunks_exact(3) {
        let (ours, theirs) = (case[1], case[2]);
        let merge = repository.merge(ours, theirs).unwrap();
        match (git_merge(&sandbox, ours, theirs), merge.tree) {
            (Some(git), Some(tree)) => {
                if git != tree.to_string() {
                    let diff = sandbox.git(&["diff-tree", "-r", "-p", &format!("{}^", ours), &ours.to_string()]);
                    let diff2 = sandbox.git(&["diff-tree", "-r", "-p", &format!("{}^", theirs), &theirs.to_string()]);
                    panic!(
                        "both merged, but not alike: {case:?}\nours: {diff}\ntheirs: {diff2}\ngit:\n{}",
                        sandbox.git(&["ls-tree", "-r", &git])
                    );
                }
                score.clean += 1;
            }
            (None, None) => score.conflict += 1,
            (Some(_), None) => {
                score.only_git += 1;
                if std::env::var_os("SHOW").is_some() {
                    eprintln!(
                        "only git: {:?}\n{}\n{}",
                        merge.conflicts,
                        sandbox.git(&["diff-tree", "-r", "-M", "--name-status", &format!("{}^", ours), &ours.to_string()]),
                        sandbox.git(&["diff-tree", "-r", "-M", "--name-status", &format!("{}^", theirs), &theirs.to_string()])
                    );
                }
            }
            (None, Some(_)) => {
                score.only_we += 1;
                if std::env::var_os("SHOW").is_some() {
                    let output = sandbox
                        .command("git")
                        .args(["merge-tree", "--write-tree", &ours.to_string(), &theirs.to_string()])
                        .output()
                        .unwrap();
                    eprintln!(
                        "only we: {}\n{}\n--\n{}",
                        String::from_utf8_lossy(&output.stdout),
                        sandbox.git(&["diff-tree", "-r", "-M", "--name-status", &format!("{}^", ours), &ours.to_string()]),
                        sandbox.git(&["diff-tree", "-r", "-M", "--name-status", &format!("{}^", theirs), &theirs.to_string()])
                    );
                }
            }
        }
    }
    score
}

#[test]
fn random_merges_without_renames_are_gits() {
    let score = compare(1, 400, false);
    eprintln!("{score:?}");
}

#[test]
fn random_merges_with_renames_are_gits() {
    let score = compare(2, 400, true);
    eprintln!("{score:?}");
}
