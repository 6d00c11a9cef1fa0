//! A branch that moves, two controllers, deaths in the middle, and a remote that says no.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis::execute::Performer as _;
use portcullis::run::life::Answer;
use serde_json::json;

use super::company::{Company, MALLORY, ROBOT, call, commit_at, done, git, order, refused};

#[tokio::test]
async fn a_branch_that_moves_in_the_middle_is_built_upon_anew() {
    for remote in [false, true] {
        let company = Arc::new(Company::new());
        let (once, other) = (AtomicBool::new(false), company.clone());
        let meanwhile = move || {
            if !once.swap(true, Ordering::SeqCst) {
                other.pushes("alice@acme.dev", "entities/env/eve.yaml", "identifier: eve\nblueprint: env\n", "eve");
            }
        };
        let (path, origin) = (if remote { company.copy("copy.git") } else { company.origin() }, company.origin());
        let performer = company.performer_at(&path, remote.then_some(origin.as_path()), meanwhile).await;
        let order = order("r1", call("stage", Some(json!({ "title": "Stage" }))));
        let commit = done(&performer.perform(&order).await);
        assert_eq!(company.tip(), commit);
        assert!(company.file("entities/env/eve.yaml").is_some() && company.file("entities/env/stage.yaml").is_some());
        assert_eq!(company.commits_of(&order), 1);
        git(&company.origin(), &["fsck", "--strict", "--no-dangling"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_controllers_that_perform_the_same_run_make_one_commit() {
    let company = Company::new();
    let (here, there, origin) = (company.copy("a.git"), company.copy("b.git"), company.origin());
    let one = Arc::new(company.performer_at(&here, Some(&origin), || {}).await);
    let two = Arc::new(company.performer_at(&there, Some(&origin), || {}).await);
    for round in 0..4 {
        let order = order(&format!("r{round}"), call("prod", Some(json!({ "properties": { "size": round + 10 } }))));
        let performers = [one.clone(), two.clone()].map(|performer| {
            let order = order.clone();
            tokio::spawn(async move { performer.perform(&order).await })
        });
        let mut commits = Vec::new();
        for performer in performers {
            commits.push(done(&performer.await.unwrap()));
        }
        assert_eq!(commits[0], commits[1], "both tell of the same commit");
        assert_eq!(company.commits_of(&order), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn runs_that_write_at_once_all_come_onto_the_branch() {
    let company = Company::new();
    let performer = Arc::new(company.performer().await);
    let tasks: Vec<_> = (0..6)
        .map(|n| {
            let (performer, order) = (performer.clone(), order(&format!("r{n}"), call(&format!("e{n}"), Some(json!({})))));
            tokio::spawn(async move { performer.perform(&order).await })
        })
        .collect();
    for task in tasks {
        done(&task.await.unwrap());
    }
    assert_eq!(git(&company.origin(), &["rev-list", "--count", "main"]), "7");
}

#[tokio::test]
async fn whoever_dies_between_the_push_and_the_answer_finds_the_commit_again() {
    let company = Company::new();
    let (copy, origin) = (company.copy("copy.git"), company.origin());
    let order = order("r1", call("stage", Some(json!({ "title": "Stage" }))));
    let first = company.performer_at(&copy, Some(&origin), || {}).await;
    assert!(matches!(first.find(&order).await, Some(Answer::NotPerformed { .. })), "nothing is there yet");
    let commit = done(&first.perform(&order).await);
    drop(first); // its answer is lost
    company.pushes("alice@acme.dev", "entities/env/prod.yaml", "identifier: prod\nblueprint: env\n", "later");
    // Somebody changes the entity afterwards: that makes the run no less performed.
    company.pushes("alice@acme.dev", "entities/env/stage.yaml", "identifier: stage\nblueprint: env\ntitle: Mine\n", "mine");
    let second = company.performer_at(&company.copy("second.git"), Some(&origin), || {}).await;
    assert_eq!(done(&second.find(&order).await.unwrap()), commit);
    assert_eq!(done(&second.perform(&order).await), commit, "an attempt more makes no commit more");
    assert_eq!(company.commits_of(&order), 1);
    assert!(company.file("entities/env/stage.yaml").unwrap().contains("Mine"));
}

#[tokio::test]
async fn a_hook_that_says_no_is_heard() {
    let company = Company::new();
    let (copy, origin, before) = (company.copy("copy.git"), company.origin(), company.tip());
    let hook = origin.join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho 'main is protected' >&2\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let performer = company.performer_at(&copy, Some(&origin), || {}).await;
    let why = refused(performer.perform(&order("r1", call("stage", Some(json!({}))))).await);
    assert!(why.contains("main does not take the commit") && why.contains("main is protected"), "{why}");
    assert_eq!(company.tip(), before);
}

#[tokio::test]
async fn a_remote_that_is_not_there_has_performed_nothing() {
    let company = Company::new();
    let copy = company.copy("copy.git");
    let nowhere = copy.join("nowhere");
    let performer = company.performer_at(&copy, Some(&nowhere), || {}).await;
    let order = order("r1", call("stage", Some(json!({}))));
    assert!(matches!(performer.perform(&order).await, Answer::NotPerformed { .. }));
    assert_eq!(performer.find(&order).await, None, "what cannot be asked is not known");
}

#[tokio::test]
async fn a_message_that_names_the_run_is_no_proof_that_it_was_performed() {
    let company = Company::new();
    let order = order("r1", call("stage", Some(json!({ "title": "Stage" }))));
    let message = format!("Register env/stage\n\nRun r1.\n\nPortcullis-Run: {}\nPortcullis-Action: write_env", order.handle);
    // By another's key, in another's name, and doing something else: each is nobody's of ours.
    company.pushes(MALLORY, "entities/env/x.yaml", "identifier: x\nblueprint: env\n", &message);
    company.pushes(ROBOT, "entities/env/y.yaml", "identifier: y\nblueprint: env\n", &message);
    let performer = company.performer().await;
    assert!(matches!(performer.find(&order).await, Some(Answer::NotPerformed { .. })));
    let commit = done(&performer.perform(&order).await);
    assert_eq!(commit_at(&company.origin(), "main"), commit);
}
