//! GitHub in trouble while we speak: no double post, and in the end everything stands there.

use portcullis::forge::Forge;
use portcullis::forge::github::CHECK_RUN;

use super::*;
use crate::fake::on;
use Conclusion::{Failure, Success};

/// Says it until it is said.
async fn insist(world: &World, said: &Publication) -> usize {
    for attempt in 1..10 {
        match world.forge.publish(said).await {
            Ok(_) => return attempt,
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    }
    panic!("never said");
}

#[tokio::test]
async fn a_post_whose_answer_was_lost_is_not_repeated() {
    for place in ["/statuses/", "/check-runs", "/comments"] {
        let world = World::new();
        let (_, number, head) = world.pull_request();
        let said = Publication { story: Some(story(number, "Hello")), ..publication(&world, head, [Failure; 3], 1) };
        world.github.fault(on("POST", place).answers(502).performed());
        assert_eq!(insist(&world, &said).await, 2, "{place}");
        for context in CONTEXTS {
            assert_eq!(world.github.statuses(CATALOG, head, context).len(), 1, "{place}");
        }
        assert_eq!(world.github.check_runs(CATALOG, head), 1, "{place}");
        assert_eq!(world.github.comments(CATALOG, number).len(), 1, "{place}");
        assert_eq!(world.github.annotations(CATALOG, head, CHECK_RUN).len(), 1, "{place}");
    }
}

#[tokio::test]
async fn a_lost_batch_of_findings_is_made_good() {
    for performed in [false, true] {
        let world = World::new();
        let (_, _, head) = world.pull_request();
        let fault = on("PATCH", "/check-runs/").answers(502);
        world.github.fault(if performed { fault.performed() } else { fault });
        let said = publication(&world, head, [Failure; 3], 120);
        assert_eq!(insist(&world, &said).await, 2);
        let lines: Vec<u64> =
            world.github.annotations(CATALOG, head, CHECK_RUN).iter().map(|one| one["start_line"].as_u64().unwrap()).collect();
        assert_eq!(lines, (1..=120).collect::<Vec<_>>(), "performed: {performed}");
        assert_eq!(world.github.check_runs(CATALOG, head), 1);
    }
}

#[tokio::test]
async fn nothing_turns_green_while_something_red_could_not_be_said() {
    let world = World::new();
    let (_, _, head) = world.pull_request();
    world.forge.publish(&publication(&world, head, [Failure, Success, Failure], 0)).await.unwrap();
    world.github.forgets_calls();
    // Until now red and green have changed places: the red one is refused for good.
    let full = on("POST", "/statuses/").answers(422).says("This SHA and context has reached the maximum number of statuses.");
    world.github.fault(full);
    let refused = world.forge.publish(&publication(&world, head, [Success, Failure, Success], 0)).await.unwrap_err();
    assert!(!refused.is_retryable() && refused.to_string().contains("push another commit"), "{refused}");
    assert_eq!(world.posted(), ["portcullis/permissions failure"], "tried, and nothing green after it");
}

#[tokio::test]
async fn a_locked_conversation_keeps_no_status_back() {
    let world = World::new();
    let (_, number, head) = world.pull_request();
    world.github.fault(on("POST", "/comments").answers(403).says("Unable to create comment because issue is locked."));
    let said = Publication { story: Some(story(number, "Hello")), ..publication(&world, head, [Success; 3], 0) };
    world.forge.publish(&said).await.unwrap();
    assert_eq!(world.posted().len(), 3);
}

#[tokio::test]
async fn a_limit_is_handed_on_with_how_long_to_wait() {
    let world = World::new();
    let (_, _, head) = world.pull_request();
    world.github.fault(on("POST", "/statuses/").retry_after(429, 40));
    let error = world.forge.publish(&publication(&world, head, [Failure; 3], 0)).await.unwrap_err();
    assert_eq!((error.is_retryable(), error.retry_after()), (true, Some(Duration::from_secs(40))));
    assert_eq!(world.github.writes().len(), 1, "nothing else is tried");
}
