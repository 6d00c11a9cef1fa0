//! Repositories that come and go while the controller runs.

use super::story_tests::*;
use crate::store::Store as _;

#[tokio::test]
async fn a_repository_is_watched_from_now_on_and_then_no_longer() {
    let story = Story::new();
    let daemon = story.daemon().await;
    let waker = daemon.controller.waker();
    let mut second = story.watched(&story.path(), None, &daemon.store);
    second.name = "second".to_owned();
    second.key = crate::store::RepositoryKey::new("second");
    daemon.looks().await;
    assert!(daemon.controller.health().is_ready());

    assert!(waker.watch(second.clone()));
    assert!(!waker.watch(second.clone()), "its name is taken");
    assert_eq!(waker.names(), ["catalog", "second"]);
    assert!(!daemon.controller.health().is_ready(), "the new one has not been looked at");
    daemon.looks().await;
    assert!(daemon.controller.health().is_ready());
    let accepted = daemon.store.accepted(&second.key).await.unwrap().unwrap().commit;
    assert_eq!(accepted, story.at("main"));
    let counts = || daemon.controller.metrics().render();
    assert!(counts().contains(&format!("portcullis_accepted_revision{{repository=\"second\",commit=\"{accepted}\"}} 1")));

    // Unwatched with a wake under way.
    assert!(waker.wake_repository("second"));
    assert!(waker.unwatch("second"));
    assert!(!waker.unwatch("second") && !waker.wake_repository("second") && !waker.wake_pull_request("second", "7"));
    assert_eq!(waker.names(), ["catalog"]);
    assert!(!counts().contains("portcullis_accepted_revision{repository=\"second\""));
    let tip = story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\n");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(tip));
    assert_eq!(daemon.store.accepted(&second.key).await.unwrap().unwrap().commit, accepted);
    assert!(daemon.controller.health().is_ready());
    assert!(waker.watch(second), "and it may come back");
}

#[tokio::test]
async fn a_wake_for_what_does_not_exist_does_no_harm() {
    let story = Story::new();
    let daemon = story.daemon().await;
    daemon.looks().await;
    let waker = daemon.controller.waker();
    assert!(waker.wake_pull_request("catalog", "no such thing"));
    waker.wake_everything();
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(story.at("main")));
    let counts = daemon.controller.metrics().render();
    assert!(counts.contains("portcullis_wakes_total{repository=\"catalog\",thing=\"pull_request\"} 1"), "{counts}");
}
