//! A process that has judged all along says what a process says that knows nothing: random catalogs, random edits, a base that moves.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on says so

mod pool;
mod spared;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use pool::{Edit, Step};
use portcullis::catalog::Catalog;
use portcullis::check::{self, Performed, Target, Verdict, stays_valid, validate};
use portcullis::facts::{Ask, Head, Workspace};
use portcullis::model::{CommitId, NoExpressions, Timestamp};
use proptest::prelude::*;

/// A line of bases, and branches off it.
#[derive(Debug)]
struct History {
    bases: Vec<CommitId>,
    branches: Vec<CommitId>,
}

/// Writes them all at once; each step is by somebody of the roster, or a stranger.
fn write(dir: &Path, line: &[Step], branches: &[(usize, Vec<Step>)]) -> History {
    let git = |words: &[&str]| {
        let out = Command::new("git").arg("-C").arg(dir).args(words).output().unwrap();
        assert!(out.status.success(), "{words:?}");
        String::from_utf8(out.stdout).unwrap()
    };
    git(&["init", "-q", "--bare", "-b", "main"]);
    let mut importer =
        Command::new("git").arg("-C").arg(dir).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut out = importer.stdin.take().unwrap();
    let mut mark = 0;
    let mut commit = |name: &str, parent: Option<usize>, step: &Step| {
        mark += 1;
        let at = 1_790_000_000 + 60 * mark;
        let who = step.who;
        let mut text = format!("commit refs/heads/{name}\nmark :{mark}\ncommitter {who} <{who}> {at} +0000\ndata 2\nx\n");
        text.extend(parent.map(|parent| format!("from :{parent}\n")));
        for edit in &step.edits {
            match edit {
                Edit::Put(path, body) => text.push_str(&format!("M 100644 inline {path}\ndata {}\n{body}\n", body.len())),
                Edit::Remove(path) => text.push_str(&format!("D {path}\n")),
            }
        }
        out.write_all(text.as_bytes()).unwrap();
        mark
    };
    let mut marks = vec![commit("base/00", None, &pool::first())];
    for (at, step) in line.iter().enumerate() {
        marks.push(commit(&format!("base/{:02}", at + 1), marks.last().copied(), step));
    }
    for (at, (from, steps)) in branches.iter().enumerate() {
        let mut parent = marks[from % marks.len()];
        for step in steps {
            parent = commit(&format!("branch/{at:02}"), Some(parent), step);
        }
    }
    drop(out);
    assert!(importer.wait().unwrap().success());
    let refs = |under: &str| -> Vec<CommitId> {
        git(&["for-each-ref", "--format=%(objectname)", under]).lines().map(|line| CommitId::from_hex(line).unwrap()).collect()
    };
    History { bases: refs("refs/heads/base/"), branches: refs("refs/heads/branch/") }
}

fn open(dir: &Path) -> Workspace {
    Workspace::open(dir, "", Arc::new(NoExpressions)).unwrap()
}

fn judged(workspace: &Workspace, base: CommitId, base_is_valid: bool, head: CommitId, target: Target) -> Verdict {
    check::judge(&workspace.propose(&ask(base, base_is_valid, head, target)).unwrap().proposal)
}

fn ask(base: CommitId, base_is_valid: bool, head: CommitId, target: Target) -> Ask {
    Ask {
        target,
        base,
        base_is_valid,
        head: Head::Commit(head),
        identity: None,
        as_user: None,
        pull_request: None,
        branch: None,
        members: Default::default(),
        performed: Performed::default(),
        withdrawn: Default::default(),
        received: Default::default(),
        first_seen: None,
        now: Timestamp::from_second(1_800_000_000).unwrap(),
    }
}

fn is_valid(catalog: &Catalog) -> bool {
    !validate(catalog).iter().any(|finding| finding.is_error())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn who_has_judged_all_along_says_what_a_newcomer_says(
        line in prop::collection::vec(pool::step(), 1..5),
        branches in prop::collection::vec((0usize..5, prop::collection::vec(pool::step(), 1..3)), 1..4),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let history = write(dir.path(), &line, &branches);
        let daemon = open(dir.path());
        let mut before: Option<(Catalog, bool)> = None;
        for (at, base) in history.bases.iter().copied().enumerate() {
            let here = daemon.snapshot(base).unwrap().catalog;
            let known = match &before {
                Some((before, true)) => stays_valid(before, &here),
                _ => is_valid(&here),
            };
            let fresh = open(dir.path()).snapshot(base).unwrap().catalog;
            let valid = is_valid(&fresh);
            prop_assert_eq!(known, valid, "base {}", at);
            let heads = history.branches.iter().map(|head| (*head, Target::PullRequest));
            let next = history.bases.get(at + 1).map(|next| (*next, Target::WatchedBranch));
            for (head, target) in heads.chain(next) {
                let known = judged(&daemon, base, valid, head, target);
                prop_assert_eq!(&known, &judged(&open(dir.path()), base, valid, head, target), "base {} head {}", at, head);
            }
            before = Some((here, valid));
        }
    }
}

/// The pool is worth drawing from: all that may be said of a change is said of some.
#[test]
fn random_histories_come_to_all_conclusions() {
    use proptest::strategy::ValueTree as _;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut seen = std::collections::BTreeSet::new();
    let mut rules = std::collections::BTreeSet::new();
    for _ in 0..60 {
        let dir = tempfile::tempdir().unwrap();
        let step = pool::step().new_tree(&mut runner).unwrap().current();
        let history = write(dir.path(), &[], &[(0, vec![step])]);
        let verdict = judged(&open(dir.path()), history.bases[0], true, history.branches[0], Target::PullRequest);
        seen.insert(verdict.conclusion.as_str());
        rules.extend(verdict.findings.iter().map(|finding| finding.rule));
    }
    assert!(seen.contains("success") && seen.contains("failure"), "{seen:?}");
    assert!(rules.len() >= 12, "{rules:?}");
}
