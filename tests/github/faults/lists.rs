//! Lists of several pages, read to their end with the credentials of the first; annotations in batches.

use crate::fake::on;
use crate::world::{CATALOG, Daemon, World};

/// The first page's credentials are the last's.
fn asked_with_credentials(world: &World) {
    let calls = world.github.calls();
    assert!(calls.iter().all(|call| call.by != "nobody" && call.status < 400), "{calls:#?}");
    assert!(calls.iter().any(|call| call.query.contains("page=2")), "there was no second page");
}

#[tokio::test]
async fn every_open_pull_request_is_found_on_whatever_page() {
    let world = World::new(Daemon::App).await;
    world.github.makes_private(CATALOG);
    world.sweep().await;
    world.github.pages_hold(3);
    let entity = |name: &str| format!("identifier: {name}\nproperties: {{size: 2}}\n");
    let numbers: Vec<u64> = (0..8)
        .map(|at| world.proposes("alice", &format!("b{at}"), &format!("entities/Env/e{at}.yaml"), &entity(&format!("e{at}"))))
        .collect();
    world.github.forgets_calls();
    world.sweep_after(60).await;
    world.sweep_after(60).await;
    for number in numbers {
        assert_eq!(world.verdict(number), "catalog success, permissions success, approval success", "#{number}");
    }
    asked_with_credentials(&world);
    world.github.forgets_calls();
    world.sweep_after(60).await;
    assert_eq!((world.github.cost(), world.github.calls().len()), (0, 3), "three pages, none of which has changed");
}

#[tokio::test]
async fn an_approval_after_a_hundred_reviews_and_a_command_after_a_hundred_comments_are_heard() {
    let world = World::new(Daemon::App).await;
    world.github.makes_private(CATALOG);
    world.github.collaborator(CATALOG, "dave", crate::fake::Role::Read);
    world.sweep().await;
    let number = world.proposes("bob", "longer", "runs/longer.yaml", crate::world::RUN);
    let (dave, bob) = (world.person("dave"), world.person("bob"));
    for _ in 0..101 {
        dave.reviews(CATALOG, number, "COMMENTED");
        dave.comments(CATALOG, number, "Nice.");
    }
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    let asked = bob.comments(CATALOG, number, "/portcullis why");
    world.github.forgets_calls();
    world.sweep_after(60).await;
    world.sweep_after(60).await;
    assert_eq!(world.verdict(number), "catalog success, permissions success, approval success");
    assert_eq!(world.github.reactions(CATALOG, asked), [(world.own_login(), "eyes".to_owned())]);
    assert!(world.comment(number).is_some());
    asked_with_credentials(&world);
    assert!(world.github.posted_twice(CATALOG).is_empty());
}

/// A pull request with so many mistakes, each of which is annotated.
fn proposes_mistakes(world: &World, count: usize) -> u64 {
    let mut clone = world.clone_of("alice");
    clone.on("wrong");
    for at in 0..count {
        clone.writes(&format!("entities/Env/e{at:03}.yaml"), &format!("identifier: e{at:03}\nproperties: {{size: many}}\n"));
    }
    clone.commits("Guess");
    clone.pushes("wrong");
    clone.opens_pull_request("wrong", "main")
}

fn annotated(world: &World, number: u64) -> usize {
    let all = world.github.annotations(CATALOG, world.head(number), portcullis::forge::github::CHECK_RUN);
    let mut paths: Vec<&str> = all.iter().map(|it| it["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    paths.dedup();
    assert_eq!(paths.len(), all.len(), "something is annotated twice");
    all.len()
}

#[tokio::test]
async fn fifty_one_annotations_take_two_requests_and_are_each_there_once() {
    let world = World::new(Daemon::App).await;
    world.sweep().await;
    let number = proposes_mistakes(&world, 51);
    world.github.forgets_calls();
    world.sweep_after(60).await;
    assert_eq!(annotated(&world, number), 51);
    assert_eq!(world.github.calls_to("POST", "/check-runs").len(), 1);
    assert_eq!(world.github.calls_to("PATCH", "/check-runs").len(), 1);
    assert_eq!(world.check_run(number).unwrap()["conclusion"], "failure");
}

#[tokio::test]
async fn batches_that_are_interrupted_are_completed() {
    for performed in [false, true] {
        let world = World::new(Daemon::App).await;
        world.sweep().await;
        let number = proposes_mistakes(&world, 120);
        // What was not performed comes again, and is left alone then.
        let last = u32::from(!performed);
        for (method, after) in [("POST", 0), ("PATCH", 0), ("PATCH", last)] {
            let fault = on(method, "/check-runs").after(after).answers(502);
            world.github.fault(if performed { fault.performed() } else { fault });
        }
        for _ in 0..6 {
            world.sweep_after(60).await;
        }
        assert!(world.github.faults_are_over(), "{:?}", world.github.faults_left());
        assert_eq!(annotated(&world, number), 120, "performed: {performed}");
        assert!(world.github.posted_twice(CATALOG).is_empty());
        assert_eq!(world.check_run(number).unwrap()["conclusion"], "failure");
    }
}
