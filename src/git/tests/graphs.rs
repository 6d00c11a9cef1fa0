//! Ranges, merge bases and ancestry over random histories, against `git rev-list` and `git merge-base`.

use std::collections::BTreeSet;

use super::sandbox::Sandbox;
use crate::model::CommitId;

/// A random history: each commit with up to three parents, dates in any order where `skewed`.
fn history(seed: u64, size: usize, skewed: bool) -> (Sandbox, Vec<CommitId>) {
    use std::fmt::Write;
    let sandbox = Sandbox::new();
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut stream = String::new();
    for mark in 1..=size {
        let time = if skewed { rng.usize(1_000..1_000_000) } else { 1_000 + mark * 60 };
        write!(stream, "commit refs/heads/c{mark}\nmark :{mark}\ncommitter A <a@b> {time} +0000\ndata 1\nx\n").unwrap();
        let mut parents = BTreeSet::new();
        for _ in 0..rng.usize(1..4) {
            if mark > 1 && rng.u8(..20) > 0 {
                parents.insert(rng.usize(mark.saturating_sub(8).max(1)..mark));
            }
        }
        for (i, parent) in parents.iter().enumerate() {
            writeln!(stream, "{} :{parent}", if i == 0 { "from" } else { "merge" }).unwrap();
        }
        stream.push('\n');
    }
    let marks = sandbox.home().join("marks");
    sandbox.git_with(&["fast-import", "--quiet", &format!("--export-marks={}", marks.display())], stream.as_bytes());
    let mut lines: Vec<(usize, CommitId)> = std::fs::read_to_string(marks)
        .unwrap()
        .lines()
        .map(|l| l.split_once(' ').unwrap())
        .map(|(mark, id)| (mark[1..].parse().unwrap(), CommitId::from_hex(id).unwrap()))
        .collect();
    lines.sort();
    (sandbox, lines.into_iter().map(|(_, id)| id).collect())
}

fn check(seed: u64, skewed: bool) {
    let (sandbox, commits) = history(seed, 60, skewed);
    let repository = sandbox.open();
    let mut rng = fastrand::Rng::with_seed(seed + 1);
    for _ in 0..25 {
        let (a, b) = (commits[rng.usize(..commits.len())], commits[rng.usize(..commits.len())]);
        let range = repository.range(a, b, 1000).unwrap();
        let expected: BTreeSet<String> = sandbox.git(&["rev-list", &format!("{a}..{b}")]).lines().map(str::to_owned).collect();
        let found: BTreeSet<String> = range.commits.iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{a}..{b}");
        for (at, id) in range.commits.iter().enumerate() {
            for parent in repository.commit(*id).unwrap().parents {
                let stands = range.commits.iter().position(|c| *c == parent);
                assert!(stands.is_none_or(|p| p < at), "parents first");
            }
        }
        let output = sandbox.command("git").args(["merge-base", "--all", &a.to_string(), &b.to_string()]).output().unwrap();
        let expected: BTreeSet<String> = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect();
        let found: BTreeSet<String> = repository.merge_bases(&[a], b).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "merge bases of {a} and {b}");
        let status =
            sandbox.command("git").args(["merge-base", "--is-ancestor", &a.to_string(), &b.to_string()]).status().unwrap();
        assert_eq!(repository.is_ancestor(a, b).unwrap(), status.success());
    }
}

#[test]
fn random_histories_are_walked_as_git_walks_them() {
    check(1, false);
    check(2, false);
}

#[test]
fn dates_that_run_backwards_change_nothing() {
    check(3, true);
    check(4, true);
}

#[test]
fn a_range_beyond_the_limit_says_so() {
    let sandbox = Sandbox::new();
    let base = sandbox.commit("base");
    let commits: Vec<CommitId> = (0..5).map(|i| sandbox.commit(&format!("c{i}"))).collect();
    let repository = sandbox.open();
    let head = commits[4];
    assert_eq!(repository.range(base, head, 5).unwrap().commits, commits);
    let cut = repository.range(base, head, 4).unwrap();
    assert!(cut.truncated && cut.commits.is_empty());
    assert_eq!(repository.range(head, base, 5).unwrap().commits, []);
    assert_eq!(repository.range_of(&[], head, 10).unwrap().commits.len(), 6);
}

#[test]
fn unrelated_histories_have_no_base() {
    let sandbox = Sandbox::new();
    let one = sandbox.commit("one");
    sandbox.git(&["checkout", "-q", "--orphan", "other"]);
    let other = sandbox.commit("other");
    let repository = sandbox.open();
    assert_eq!(repository.merge_base(one, other).unwrap(), None);
    assert!(matches!(repository.merge(one, other), Err(crate::git::GitError::Unrelated(..))));
}
