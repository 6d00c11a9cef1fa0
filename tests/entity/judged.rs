//! How the watched branch is judged with what runs have committed: that, and nothing in its name.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis::check::{self, Conclusion, Performed, Target, Verdict};
use portcullis::execute::Performer as _;
use portcullis::facts::{Ask, Head, Workspace};
use portcullis::model::{CommitId, NoExpressions};
use portcullis::run::call::EntityCall;
use serde_json::json;

use super::company::{Company, MALLORY, ROBOT, call, done, git, now, order, refused};

/// The verdict on what stands on the branch since `base`.
fn judge(company: &Company, base: CommitId, target: Target, performed: Performed) -> Verdict {
    let workspace = Workspace::open(&company.origin(), "", Arc::new(NoExpressions)).unwrap();
    let ask = Ask {
        performed,
        withdrawn: BTreeMap::new(),
        target,
        base,
        base_is_valid: true,
        head: Head::Commit(company.tip()),
        identity: None,
        as_user: None,
        pull_request: None,
        branch: None,
        members: BTreeMap::new(),
        received: BTreeMap::new(),
        first_seen: None,
        now: now(),
    };
    check::judge(&workspace.propose(&ask).unwrap().proposal)
}

fn on_branch(company: &Company, base: CommitId, performed: Performed) -> Conclusion {
    let verdict = judge(company, base, Target::WatchedBranch, performed);
    let by_itself = verdict.commits.iter().map(|commit| commit.conclusion).max().unwrap();
    if verdict.conclusion == Conclusion::Success {
        assert_eq!(by_itself, Conclusion::Success, "{:?}", verdict.commits);
    }
    verdict.conclusion
}

fn known(commit: CommitId, call: &EntityCall) -> Performed {
    Performed { hand: ROBOT.to_owned(), calls: BTreeMap::from([(commit, call.clone())]) }
}

fn stage() -> EntityCall {
    call("stage", Some(json!({ "title": "Stage" })))
}

const STAGE: (&str, &str) = ("entities/env/stage.yaml", "identifier: stage\nblueprint: env\ntitle: Stage\n");

#[tokio::test]
async fn what_a_run_commits_is_allowed_by_the_run_and_by_nothing_else() {
    for identity in ["signature", "declared"] {
        let company = Company::known_by(identity);
        let base = company.tip();
        let commit = done(&company.performer().await.perform(&order("r1", stage())).await);
        assert_eq!(on_branch(&company, base, known(commit, &stage())), Conclusion::Success, "{identity}");
        // The controller's user has no right of its own: without the journal's word it is like anybody.
        assert_eq!(on_branch(&company, base, Performed::default()), Conclusion::Failure);
        // A pull request brings what people propose.
        assert_eq!(judge(&company, base, Target::PullRequest, known(commit, &stage())).conclusion, Conclusion::Failure);
    }
}

#[tokio::test]
async fn updates_and_removals_are_allowed_alike() {
    let company = Company::new();
    let performer = company.performer().await;
    for call in [call("prod", Some(json!({ "properties": { "size": 9 } }))), call("test", None), call("dev", None)] {
        let base = company.tip();
        let commit = done(&performer.perform(&order(call.key.identifier.as_str(), call.clone())).await);
        assert_eq!(on_branch(&company, base, known(commit, &call)), Conclusion::Success, "{call:?}");
    }
}

#[test]
fn a_person_who_writes_the_trailer_by_hand_gains_nothing() {
    let company = Company::new();
    let base = company.tip();
    let handle = order("r1", stage()).handle;
    let message = format!("Register env/stage\n\nx\n\nPortcullis-Run: {handle}\nPortcullis-Action: write_env");
    let commit = company.pushes(MALLORY, STAGE.0, STAGE.1, &message);
    // Even while the run is under way, and though the commit does to the letter what it is to do.
    assert_eq!(on_branch(&company, base, known(commit, &stage())), Conclusion::Failure);
}

#[test]
fn an_old_trailer_gains_nothing() {
    let company = Company::new();
    let base = company.tip();
    let message = format!("x\n\ny\n\nPortcullis-Run: {}", order("r1", stage()).handle);
    company.pushes(ROBOT, STAGE.0, STAGE.1, &message);
    // The journal knows the run, and that its commit was another.
    let another = known(base, &stage());
    assert_eq!(on_branch(&company, base, another), Conclusion::Failure);
}

#[test]
fn a_commit_that_does_more_than_the_run_is_refused_as_a_whole() {
    let more: [(&str, &str); 4] = [
        ("entities/env/prod.yaml", "identifier: prod\nblueprint: env\ntitle: Mine\nproperties: {size: 1, note: keep}\n"),
        ("users/mallory.yaml", "identifier: mallory@acme.dev\nroles: [Admin]\n"),
        ("entities/env/again.yaml", "identifier: stage\nblueprint: env\ntitle: Other\n"),
        ("entities/env/others.yaml", "- identifier: [\n"),
    ];
    for (file, text) in more {
        let company = Company::new();
        let base = company.tip();
        company.write(file, text);
        let commit = company.pushes(ROBOT, STAGE.0, STAGE.1, "both");
        let verdict = judge(&company, base, Target::WatchedBranch, known(commit, &stage()));
        assert_eq!(verdict.conclusion, Conclusion::Failure, "{file}");
        let whole = verdict.changes.iter().filter(|change| change.change.subject.to_string().contains("stage"));
        assert!(whole.clone().count() > 0 && whole.clone().all(|change| !change.allowed), "{file}: not even what the run says");
    }
}

#[test]
fn a_commit_that_does_something_else_or_less_is_refused() {
    for text in ["identifier: stage\nblueprint: env\ntitle: Stages\n", "identifier: stage\nblueprint: env\n"] {
        let company = Company::new();
        let base = company.tip();
        let commit = company.pushes(ROBOT, STAGE.0, text, "else");
        assert_eq!(on_branch(&company, base, known(commit, &stage())), Conclusion::Failure, "{text}");
    }
}

#[tokio::test]
async fn what_somebody_else_did_to_the_same_entity_is_theirs() {
    let company = Company::new();
    let base = company.tip();
    company.pushes(
        MALLORY,
        "entities/env/prod.yaml",
        "identifier: prod\nblueprint: env\ntitle: Mine\nproperties: {size: 1, note: keep}\n",
        "mine",
    );
    let call = call("prod", Some(json!({ "properties": { "size": 7 } })));
    let commit = done(&company.performer().await.perform(&order("r1", call.clone())).await);
    let verdict = judge(&company, base, Target::WatchedBranch, known(commit, &call));
    assert_eq!(verdict.conclusion, Conclusion::Failure);
    let refused: Vec<_> = verdict.changes.iter().filter(|change| !change.allowed).map(|change| change.commit).collect();
    assert!(!refused.is_empty() && !refused.contains(&Some(commit)), "the run's own part is the run's");
    // And one who changes it once more afterwards answers for that.
    let after = company.tip();
    company.pushes(MALLORY, "entities/env/prod.yaml", "identifier: prod\nblueprint: env\n", "more");
    assert_eq!(on_branch(&company, after, known(commit, &call)), Conclusion::Failure);
}

#[tokio::test]
async fn a_controller_whose_commits_nobody_would_believe_commits_nothing() {
    let company = Company::new();
    let robot = std::fs::read_to_string(company.work().join("users/robot.yaml")).unwrap();
    let without = robot.lines().filter(|line| !line.starts_with("signingKeys")).collect::<Vec<_>>().join("\n");
    let before = company.pushes("alice@acme.dev", "users/robot.yaml", &without, "no key");
    let why = refused(company.performer().await.perform(&order("r1", stage())).await);
    assert!(why.contains("no valid signing key of the bot"), "{why}");
    assert_eq!(company.tip(), before);
}

#[tokio::test]
async fn a_controller_that_is_no_bot_of_the_roster_has_no_hand() {
    let company = Company::new();
    let robot = std::fs::read_to_string(company.work().join("users/robot.yaml")).unwrap();
    let base = company.pushes("alice@acme.dev", "users/robot.yaml", &robot.replace("bot: true\n", ""), "no bot");
    let why = refused(company.performer().await.perform(&order("r1", stage())).await);
    assert!(why.contains("the address of no bot"), "{why}");
    let commit = company.pushes(ROBOT, STAGE.0, STAGE.1, "stage");
    assert_eq!(on_branch(&company, base, known(commit, &stage())), Conclusion::Failure);
    let other = Performed { hand: MALLORY.to_owned(), ..known(commit, &stage()) };
    assert_eq!(on_branch(&company, base, other), Conclusion::Failure);
    git(&company.origin(), &["fsck", "--strict", "--no-dangling"]);
}
