//! Judging a commit of a repository that `generate` wrote, as the daemon judges a pull request.

#![allow(dead_code)] // each bench uses its part of it

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use portcullis::check::{self, Performed, Target, Verdict};
use portcullis::facts::{Ask, Head, Proposed, Workspace};
use portcullis::model::{CommitId, NoExpressions, Timestamp};

/// The facts and the judgement.
pub(crate) fn judged(workspace: &Workspace, base: CommitId, head: CommitId) -> Verdict {
    check::judge(&proposed(workspace, base, head).proposal)
}

/// The facts alone.
pub(crate) fn proposed(workspace: &Workspace, base: CommitId, head: CommitId) -> Proposed {
    let ask = Ask {
        target: Target::PullRequest,
        base,
        base_is_valid: true,
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
    };
    workspace.propose(&ask).unwrap()
}

pub(crate) fn open(dir: &Path) -> Workspace {
    Workspace::open(dir, "", Arc::new(NoExpressions)).unwrap()
}

/// The commits of these refs, in order of their names.
pub(crate) fn refs(dir: &Path, under: &str) -> Vec<CommitId> {
    let told = git(dir, &["for-each-ref", "--format=%(objectname)", under]);
    told.lines().map(|line| CommitId::from_hex(line).unwrap()).collect()
}

pub(crate) fn git(dir: &Path, words: &[&str]) -> String {
    let out = Command::new("git").arg("-C").arg(dir).args(words).output().unwrap();
    assert!(out.status.success());
    String::from_utf8(out.stdout).unwrap()
}
