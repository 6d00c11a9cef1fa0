//! A repository that is elsewhere: fetched, and answered to.

use super::story_tests::*;

#[tokio::test]
async fn a_remote_is_fetched_judged_and_answered_to() {
    let story = Story::new();
    let daemon = story.daemon_elsewhere().await;
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(story.at("main")));

    let head = story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, GREEN, "read where the people are");

    let tip = story.merge("grow");
    story.git(ALICE, &["branch", "--quiet", "-D", "grow"]);
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(tip));
}

#[tokio::test]
async fn what_others_wrote_over_there_meanwhile_is_kept() {
    let story = Story::new();
    let daemon = story.daemon_elsewhere().await;
    daemon.looks().await;
    let head = story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\n");
    let theirs = r#"{"timestamp":"1790000000","agent":"their-ci","status":"failure"}"#;
    story.git(BOB, &["notes", "--ref=refs/notes/devtools/ci", "append", "-m", theirs, &head.to_string()]);
    daemon.looks().await;
    assert_eq!(daemon.says(head).await.iter().filter(|status| GREEN.contains(&status.as_str())).count(), 3);
    assert!(story.git(ALICE, &["notes", "--ref=refs/notes/devtools/ci", "show", &head.to_string()]).contains(theirs));
}

#[tokio::test]
async fn a_remote_that_is_away_is_asked_again_and_what_is_here_is_judged() {
    let story = Story::new();
    let daemon = story.daemon_elsewhere().await;
    daemon.looks().await;
    let before = daemon.accepted().await;
    let away = story.dir.path().join("away");
    std::fs::rename(story.path(), &away).unwrap();
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, before);
    std::fs::rename(&away, story.path()).unwrap();
    let tip = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(tip));
    assert_eq!(daemon.says(tip).await, GREEN);
}
