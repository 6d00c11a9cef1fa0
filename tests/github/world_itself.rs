//! The stage stands: a controller on the fake judges what is proposed there, as an App and with a token.

use portcullis::forge::github::delivery::What;

use crate::world::{Daemon, RUN, World};

#[tokio::test]
async fn a_good_change_is_green_and_a_bad_one_red_for_an_app_and_for_a_token() {
    for known_as in [Daemon::App, Daemon::Token] {
        let world = World::new(known_as).await;
        world.sweep().await;
        assert_eq!(world.accepted().await, Some(world.main()));
        let good = world.proposes("alice", "good", "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: 2}\n");
        let bad = world.proposes("alice", "bad", "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: many}\n");
        world.sweep_after(60).await;
        assert_eq!(world.verdict(good), "catalog success, permissions success, approval success", "{known_as:?}");
        assert_eq!(world.status(bad, "catalog").as_deref(), Some("failure"), "{known_as:?}");
        assert_eq!(world.check_run(bad).is_some(), known_as == Daemon::App);
    }
}

#[tokio::test]
async fn a_run_waits_for_who_may_approve_it() {
    let world = World::new(Daemon::App).await;
    let number = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "approval").as_deref(), Some("pending"), "{}", world.verdict(number));
    world.person("carol").reviews("acme/catalog", number, "APPROVED");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "approval").as_deref(), Some("success"), "{}", world.verdict(number));
}

#[tokio::test]
async fn a_strangers_fork_is_judged_as_the_strangers() {
    let world = World::new(Daemon::App).await;
    let mut dave = world.person("dave").forks("acme/catalog");
    dave.on("mine").writes("entities/Env/mine.yaml", "identifier: mine\n").commits("Mine");
    dave.pushes("mine");
    let number = dave.opens_pull_request("mine", "main");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
}

#[tokio::test]
async fn what_happens_on_github_is_heard_by_webhooks() {
    let world = World::new(Daemon::App).await;
    let ear = world.listens().await;
    let number = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    world.person("carol").reviews("acme/catalog", number, "APPROVED");
    world.person("carol").comments("acme/catalog", number, "/portcullis recheck");
    world.hears(&ear).await;
    let heard: Vec<What> = ear.heard().into_iter().map(|woken| woken.what).collect();
    assert_eq!(
        heard.iter().filter(|what| **what == What::PullRequest(number)).count(),
        3,
        "opened, reviewed, commented: {heard:?}"
    );
    assert!(heard.contains(&What::Repository), "pushed: {heard:?}");
    assert_eq!(world.status(number, "approval").as_deref(), Some("success"), "{}", world.verdict(number));
}

#[tokio::test]
async fn while_github_has_not_said_who_pushed_nobody_is_refused_for_it() {
    let world = World::new(Daemon::App).await;
    world.sweep().await;
    world.github.holds_activity();
    let number = world.proposes("alice", "good", "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: 2}\n");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "catalog").as_deref(), Some("success"));
    assert_eq!(world.status(number, "permissions").as_deref(), Some("pending"), "{}", world.verdict(number));
    assert!(world.says(number, "permissions").contains("who pushed the head"), "{}", world.says(number, "permissions"));
    assert_eq!(world.comment(number), None, "nothing is told that may not hold in a moment");
    assert_eq!(world.check_run(number).unwrap()["status"], "in_progress");
    world.github.releases_activity();
    world.sweep_after(5).await;
    assert_eq!(world.verdict(number), "catalog success, permissions success, approval success");
    assert!(world.comment(number).is_some());
    assert_eq!(world.check_run(number).unwrap()["conclusion"], "success");
}
