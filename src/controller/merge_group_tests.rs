//! A merge queue: entries that stand on each other, and entries that are not what they say.

use super::accounts_tests::daemon_on;
use super::story_tests::*;
use super::*;
use crate::model::CommitId;
use crate::store::Store as _;

/// An entry that adds `pull_request` to `onto` by a merge commit, with another file in it if one is named.
fn queued(story: &Story, pull_request: CommitId, onto: CommitId, smuggled: Option<&str>) -> CommitId {
    story.git(ALICE, &["checkout", "--quiet", "--detach", &onto.to_string()]);
    story.git(ALICE, &["merge", "--quiet", "--no-ff", "-m", "queued", &pull_request.to_string()]);
    if let Some(file) = smuggled {
        story.write(file, "identifier: smuggled\n");
        story.git(ALICE, &["add", "--all"]);
        story.git(ALICE, &["commit", "--quiet", "--amend", "--no-edit"]);
    }
    let at = story.at("HEAD");
    story.git(ALICE, &["update-ref", &name(pull_request, onto), &at.to_string()]);
    story.git(ALICE, &["checkout", "--quiet", "main"]);
    at
}

fn name(pull_request: CommitId, onto: CommitId) -> String {
    format!("refs/heads/gh-readonly-queue/main/pr-{pull_request}-{onto}")
}

#[tokio::test]
async fn entries_are_judged_one_on_the_other_and_accepted_step_by_step() {
    let story = Story::new();
    let main = story.at("main");
    let first = story.propose(ALICE, "first", "entities/Env/a.yaml", "identifier: a\n");
    let second = story.propose(ALICE, "second", "entities/Env/b.yaml", "identifier: b\n");
    let (daemon, _) = daemon_on(&story, Outward::default()).await;
    daemon.looks().await;
    let lower = queued(&story, first, main, None);
    let upper = queued(&story, second, lower, None);
    daemon.looks().await;
    assert_eq!(
        (daemon.says(lower).await, daemon.says(upper).await),
        (GREEN.map(str::to_owned).to_vec(), GREEN.map(str::to_owned).to_vec())
    );

    // The forge moves the branch to the last of them at once, and takes the queue's refs away.
    story.git(ALICE, &["merge", "--quiet", "--ff-only", &upper.to_string()]);
    story.git(ALICE, &["update-ref", "-d", &name(first, main)]);
    story.git(ALICE, &["update-ref", "-d", &name(second, lower)]);
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(upper));
    let steps = daemon.store.acceptances(&key(), 9).await.unwrap();
    let reasons: Vec<&str> = steps.iter().map(|step| step.reason.as_str()).collect();
    assert_eq!(
        reasons,
        [
            format!("tree of merge queue entry pr-{second}-{lower}"),
            format!("tree of merge queue entry pr-{first}-{main}"),
            "first sight of the branch".to_owned(),
        ]
    );
    daemon.looks().await;
    let left = daemon.store.all_judged(&key()).await.unwrap();
    assert!(left.iter().all(|judged| !judged.pull_request.starts_with("queue/")), "{left:?}");
}

#[tokio::test]
async fn an_entry_with_more_in_it_than_its_pull_request_is_refused_and_so_is_what_stands_on_it() {
    let story = Story::new();
    let main = story.at("main");
    let first = story.propose(ALICE, "first", "entities/Env/a.yaml", "identifier: a\n");
    let second = story.propose(ALICE, "second", "entities/Env/b.yaml", "identifier: b\n");
    let (daemon, _) = daemon_on(&story, Outward::default()).await;
    let lower = queued(&story, first, main, Some("entities/Env/smuggled.yaml"));
    let upper = queued(&story, second, lower, None);
    daemon.looks().await;
    assert_eq!(daemon.says(lower).await, UNJUDGED_ALL);
    let why = daemon.summary(lower, "portcullis/catalog").await;
    assert!(why.contains("not the clean merge"), "{why}");
    assert_eq!(daemon.says(upper).await, UNJUDGED_ALL);
    let why = daemon.summary(upper, "portcullis/catalog").await;
    assert!(why.contains("the entry before it in the queue is not green"), "{why}");
    assert_eq!(daemon.says(first).await, GREEN, "the pull request itself is as it was");
}

#[tokio::test]
async fn an_entry_on_what_nobody_judged_is_refused_and_a_red_pull_request_is_red_there_too() {
    let story = Story::new();
    let main = story.at("main");
    let grab = story.propose(BOB, "grab", "users/bob.yaml", "identifier: bob@acme.dev\nroles: [Admin]\n");
    let good = story.propose(ALICE, "good", "entities/Env/a.yaml", "identifier: a\n");
    let (daemon, _) = daemon_on(&story, Outward::default()).await;
    let red = queued(&story, grab, main, None);
    let adrift = queued(&story, good, grab, None);
    daemon.looks().await;
    assert!(daemon.says(red).await.contains(&"permissions failure".to_owned()));
    assert_eq!(daemon.says(adrift).await, UNJUDGED_ALL);
    let why = daemon.summary(adrift, "portcullis/catalog").await;
    assert!(why.contains("neither the accepted revision nor an entry of the queue"), "{why}");
}
