//! What anybody can make us do, and how much of it.

use crate::world::{CATALOG, Daemon, World};

#[tokio::test]
async fn hundreds_of_commits_of_a_stranger_cost_a_few_statuses() {
    let world = World::new(Daemon::App).await;
    world.sweep().await;
    let mut dave = world.person("dave").forks(CATALOG);
    dave.on("many");
    for n in 0..60 {
        dave.writes("entities/Env/mine.yaml", &format!("identifier: mine\nproperties: {{size: {n}}}\n")).commits("One more");
    }
    dave.pushes("many");
    world.github.forgets_calls();
    let number = dave.opens_pull_request("many", "main");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
    let posted = world.github.calls_to("POST", "/statuses/").len();
    assert!(posted <= 3 + 2 * 10, "{posted} statuses");
    let calls = world.github.calls().len();
    assert!(calls < 60, "{calls} calls");
}

#[tokio::test]
async fn commands_of_strangers_are_neither_answered_nor_asked_about_again() {
    let world = World::new(Daemon::App).await;
    let number = world.proposes("alice", "good", "entities/Env/dev.yaml", "identifier: dev\n");
    world.sweep_after(60).await;
    for _ in 0..60 {
        world.person("dave").comments(CATALOG, number, "/portcullis recheck");
    }
    world.github.forgets_calls();
    world.sweep_after(60).await;
    let written: Vec<String> = world.github.writes().iter().map(|call| format!("{call:?}")).collect();
    assert!(written.is_empty(), "{written:?}");
    assert!(world.github.calls().len() < 20, "{}", world.github.calls().len());
}

#[tokio::test]
async fn a_storm_of_pushes_is_read_for_a_few_pages_and_then_anybody_may_have_pushed() {
    let world = World::new(Daemon::App).await;
    world.sweep().await;
    let mut bob = world.clone_of("bob");
    let one = bob.on("storm").writes("entities/Env/dev.yaml", "identifier: dev\n").commits("Dev");
    bob.pushes("storm");
    let two = bob.writes("entities/Env/dev.yaml", "identifier: dev\ntitle: Dev\n").commits("Dev, again");
    for _ in 0..600 {
        bob.resets("storm", two).force_pushes("storm");
        bob.resets("storm", one).force_pushes("storm");
    }
    let number = bob.opens_pull_request("storm", "main");
    world.github.forgets_calls();
    world.sweep_after(60).await;
    let asked = world.github.calls_to("GET", "activity").len();
    assert!(asked <= 20, "{asked} pages");
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
}
