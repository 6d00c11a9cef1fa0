//! What people ask for in comments, and what others have done to what we posted.

use super::{GREEN, WAITS, bob_asks, stage};
use crate::world::{CATALOG, World};

const DEV: &str = "identifier: dev\nproperties: {size: 2}\n";

fn acknowledged(world: &World, comment: u64) -> bool {
    world.github.reactions(CATALOG, comment).contains(&(world.own_login(), "eyes".to_owned()))
}

#[tokio::test]
async fn recheck_and_why_are_heard_from_people_of_the_roster_alone() {
    let world = stage().await;
    let number = world.proposes("bob", "dev", "entities/Env/dev.yaml", DEV);
    world.sweep_after(20).await;
    let plain = world.comment(number).unwrap();
    assert!(!plain.contains("#### Why"), "{plain}");

    let strangers = world.person("dave").comments(CATALOG, number, "/portcullis why");
    world.sweep_after(20).await;
    assert!(!acknowledged(&world, strangers));
    assert_eq!(world.comment(number).unwrap(), plain);

    let bobs = world.person("bob").comments(CATALOG, number, "Hm.\n/portcullis why");
    world.sweep_after(20).await;
    assert!(acknowledged(&world, bobs));
    let explained = world.comment(number).unwrap();
    assert!(explained.contains("#### Why") && explained.contains("_what to do:_"), "{explained}");

    let again = world.person("bob").comments(CATALOG, number, "/portcullis recheck");
    world.sweep_after(20).await;
    assert!(acknowledged(&world, again));
    let before = world.github.writes().len();
    world.sweep_after(20).await;
    world.sweep_after(600).await;
    assert_eq!(world.github.writes().len(), before, "each is obeyed once");
}

#[tokio::test]
async fn a_status_that_somebody_else_posts_in_our_context_is_overwritten_and_told() {
    let world = stage().await;
    let number = world.proposes("bob", "dev", "entities/Env/dev.yaml", DEV);
    world.sweep_after(20).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"));
    world.github.posts_status("bob", CATALOG, world.head(number), "portcullis/permissions", "success");
    world.sweep_after(600).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"));
    let told = world.controller.metrics().render();
    let counted = told.lines().find(|line| line.starts_with("portcullis_foreign_statuses_total{")).map(str::to_owned);
    assert!(counted.as_ref().is_some_and(|line| line.ends_with(" 1")), "{counted:?}\n{told}");
}

#[tokio::test]
async fn a_status_that_is_overwritten_is_put_right_on_demand() {
    let world = stage().await;
    let number = world.proposes("alice", "dev", "entities/Env/dev.yaml", DEV);
    world.sweep_after(20).await;
    world.github.posts_status("bob", CATALOG, world.head(number), "portcullis/catalog", "pending");
    world.person("bob").comments(CATALOG, number, "/portcullis recheck");
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), GREEN);
}

#[tokio::test]
async fn a_comment_that_somebody_deletes_comes_back_when_there_is_something_new_to_say() {
    let world = stage().await;
    let number = bob_asks(&world).await;
    let own = world.own_login();
    world.github.deletes_comments_of(&own, CATALOG, number);
    world.sweep_after(20).await;
    world.sweep_after(600).await;
    assert_eq!(world.comment(number), None, "whoever deleted it had read it");
    assert_eq!(world.verdict(number), WAITS);

    world.person("carol").reviews(CATALOG, number, "APPROVED");
    world.sweep_after(20).await;
    let comment = world.comment(number).unwrap();
    world.github.deletes_comments_of(&own, CATALOG, number);
    world.person("bob").comments(CATALOG, number, "/portcullis recheck");
    world.sweep_after(20).await;
    assert_eq!(world.comment(number), Some(comment), "or when somebody asks for it");
}

#[tokio::test]
async fn whoever_asks_for_the_check_run_again_gets_it_again() {
    let world = stage().await;
    let number = world.proposes("alice", "dev", "entities/Env/dev.yaml", DEV);
    world.sweep_after(20).await;
    let head = world.head(number);
    world.github.rerequests("alice", CATALOG, head, portcullis::forge::github::CHECK_RUN);
    world.sweep_after(600).await;
    let run = world.check_run(number).unwrap();
    assert_eq!((&run["status"], &run["conclusion"]), (&"completed".into(), &"success".into()));
}
