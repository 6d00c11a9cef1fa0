//! What stands on the branch afterwards, and what git itself says of it.

use portcullis::execute::Performer as _;
use serde_json::json;

use super::company::{Company, ROBOT, call, commit_at, done, git, order, refused};

#[tokio::test]
async fn an_entity_is_registered_by_a_signed_commit_that_git_verifies() {
    let company = Company::new();
    let order = order("r1", call("stage", Some(json!({ "title": "Stage", "properties": { "size": 2 } }))));
    let before = company.tip();
    let answer = company.performer().await.perform(&order).await;
    let commit = done(&answer);
    assert_eq!(company.tip(), commit);
    assert_eq!(commit_at(&company.origin(), "main^"), before);
    assert_eq!(
        company.file("entities/env/stage.yaml").unwrap(),
        "identifier: stage\ntitle: Stage\nblueprint: env\nproperties:\n  size: 2\n"
    );
    assert_eq!(git(&company.origin(), &["diff", "--name-status", "main^", "main"]), "A\tentities/env/stage.yaml");

    git(&company.origin(), &["fsck", "--strict", "--no-dangling"]);
    let allowed = company.work().join("../allowed");
    let public = std::fs::read_to_string(company.key(ROBOT).with_file_name(format!("key-{ROBOT}.pub"))).unwrap();
    std::fs::write(&allowed, format!("{ROBOT} {public}")).unwrap();
    let signers = format!("gpg.ssh.allowedSignersFile={}", allowed.display());
    git(&company.origin(), &["-c", "gpg.format=ssh", "-c", &signers, "verify-commit", "main"]);
    let signer =
        git(&company.origin(), &["-c", "gpg.format=ssh", "-c", &signers, "log", "-1", "--format=%G? %GS %ce %cI", "main"]);
    assert_eq!(signer, format!("G {ROBOT} {ROBOT} 2026-11-21T12:00:00Z"));
    let trailers = git(&company.origin(), &["log", "-1", "--format=%(trailers:only)", "main"]);
    assert_eq!(trailers.trim(), format!("Portcullis-Run: {}\nPortcullis-Action: write_env", order.handle));
}

#[tokio::test]
async fn what_a_call_does_not_set_stays_as_it_is() {
    let company = Company::new();
    let performer = company.performer().await;
    done(&performer.perform(&order("r1", call("prod", Some(json!({ "properties": { "size": 5 } }))))).await);
    let text = company.file("entities/env/prod.yaml").unwrap();
    assert_eq!(text, "identifier: prod\ntitle: Production\nblueprint: env\nproperties:\n  note: keep\n  size: 5\n");
    done(&performer.perform(&order("r2", call("dev", Some(json!({ "title": "Dev" }))))).await);
    let text = company.file("entities/env/others.yaml").unwrap();
    assert!(text.contains("title: Dev") && text.contains("parent: prod"), "{text}");
}

#[tokio::test]
async fn an_entity_is_removed_and_its_file_goes_with_the_last() {
    let company = Company::new();
    let performer = company.performer().await;
    done(&performer.perform(&order("r1", call("test", None))).await);
    assert_eq!(company.file("entities/env/others.yaml").unwrap(), "- identifier: dev\n  blueprint: env\n");
    done(&performer.perform(&order("r2", call("dev", None))).await);
    assert_eq!(company.file("entities/env/others.yaml"), None);
    git(&company.origin(), &["fsck", "--strict", "--no-dangling"]);
}

#[tokio::test]
async fn what_stands_so_already_needs_no_commit() {
    let company = Company::new();
    let (performer, before) = (company.performer().await, company.tip());
    let answer = performer.perform(&order("r1", call("prod", Some(json!({ "title": "Production" }))))).await;
    assert!(matches!(answer, portcullis::run::life::Answer::Done { success: true, outside: None, .. }), "{answer:?}");
    performer.perform(&order("r2", call("gone", None))).await;
    assert_eq!(company.tip(), before);
}

#[tokio::test]
async fn what_would_leave_the_catalog_wrong_is_never_committed() {
    let company = Company::new();
    let (performer, before) = (company.performer().await, company.tip());
    let why = refused(performer.perform(&order("r1", call("prod", Some(json!({ "properties": { "size": "large" } }))))).await);
    assert!(why.contains("the catalog would be wrong"), "{why}");
    let why = refused(performer.perform(&order("r2", call("prod", None))).await);
    assert!(why.contains("still needs"), "{why}");
    let why = refused(performer.perform(&order("r3", call("prod", Some(json!({ "sizes": 3 }))))).await);
    assert!(why.contains("no entity"), "{why}");
    assert_eq!(company.tip(), before);
}

#[tokio::test]
async fn a_branch_that_is_checked_out_is_not_pulled_away_from_under_whoever_works_there() {
    let company = Company::new();
    let performer = company.performer_at(&company.work(), None, || {}).await;
    let why = refused(performer.perform(&order("r1", call("stage", Some(json!({}))))).await);
    assert!(why.contains("is checked out in"), "{why}");
    assert_eq!(git(&company.work(), &["status", "--porcelain"]), "");
}
