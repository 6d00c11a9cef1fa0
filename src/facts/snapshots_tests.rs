//! What reading one catalog after the other costs, and by whose limits a head is read.

use std::sync::Arc;

use super::fixture::{commit, file, imported};
use super::{Snapshot, Workspace};
use crate::model::{CommitId, Limits, NoExpressions};

fn open(home: &tempfile::TempDir) -> Workspace {
    Workspace::open(home.path(), "", Arc::new(NoExpressions)).unwrap()
}

fn tip(workspace: &Workspace, branch: &str) -> CommitId {
    workspace.repository().unwrap().resolve(branch).unwrap()
}

/// An attack: each commit of a range carries something that git refuses, so that none of them is a place to start from.
#[test]
fn what_git_refuses_does_not_have_every_commit_read_anew() {
    const FILES: usize = 300;
    let mut script = String::new();
    commit(&mut script, "main", None);
    for at in 0..FILES {
        file(&mut script, "100644", &format!("entities/E/e{at}.yaml"), &format!("identifier: e{at}\n"));
    }
    for at in 0..10 {
        commit(&mut script, &format!("topic{at}"), Some(&if at == 0 { "main".to_owned() } else { format!("topic{}", at - 1) }));
        file(&mut script, "120000", "entities/E/link.yaml", &format!("target{at}"));
    }
    let home = imported(&script);
    let workspace = open(&home);
    let base = workspace.snapshot(tip(&workspace, "main")).unwrap();
    let read = || workspace.progress().so_far().0;
    assert_eq!(read(), FILES);
    let repository = workspace.repository().unwrap();
    let mut near: Snapshot = base;
    for at in 0..10 {
        let tree = repository.tree_of(tip(&workspace, &format!("topic{at}"))).unwrap();
        near = workspace.at_tree(&repository, tree, &Limits::default(), Some(&near)).unwrap();
        assert_eq!(near.catalog.entities().len(), FILES);
        assert_eq!(near.catalog.broken_files().len(), 1);
    }
    assert_eq!(read(), FILES, "nothing but the link has changed");
}

/// The admin has raised a limit since the head was forked: what it asks for is read by base's limits, and not by those of its own policy.
#[test]
fn the_runs_that_a_head_asks_for_are_read_by_the_limits_of_base() {
    let long = |run: &str| format!("action: a\n# {}\nidentifier: {run}\n", "x".repeat(8000));
    let mut script = String::new();
    commit(&mut script, "main", None);
    file(&mut script, "100644", "catalog.yaml", "limits: {fileBytes: 5000, files: 3}\n");
    file(&mut script, "100644", "runs/known.yaml", "action: a\nidentifier: known\n");
    commit(&mut script, "asks", Some("main"));
    file(&mut script, "100644", "runs/long.yaml", &long("long"));
    commit(&mut script, "many", Some("main"));
    for run in ["b", "c", "d", "e"] {
        file(&mut script, "100644", &format!("runs/{run}.yaml"), &format!("action: a\nidentifier: {run}\n"));
    }
    commit(&mut script, "old", Some("main"));
    commit(&mut script, "main", None);
    file(&mut script, "100644", "catalog.yaml", "limits: {fileBytes: 20000, files: 3}\n");
    commit(&mut script, "other", None);
    file(&mut script, "100644", "runs/own.yaml", "action: a\nidentifier: own\n");
    let home = imported(&script);
    let workspace = open(&home);
    let asked = |base: &str, head: &str| {
        let runs = workspace.asked_runs(tip(&workspace, base), tip(&workspace, head)).unwrap();
        runs.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(asked("main", "asks"), ["long"]);
    assert_eq!(asked("old", "asks"), [""; 0], "under the old limit it is a broken file");
    assert_eq!(asked("main", "many"), [""; 0], "more than is read: the judgement says so");
    assert_eq!(asked("main", "other"), [""; 0], "no history in common");
    assert!(workspace.asked_runs(tip(&workspace, "main"), CommitId([7; 20])).is_err(), "what cannot be found out is not nothing");
}
