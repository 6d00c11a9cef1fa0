//! The whole life of a request, told once through webhooks and once through polling alone.

use portcullis::controller::Outward;
use portcullis::forge::github::CHECK_RUN;

use super::waking::{Stage, Wakes};
use super::{GREEN, SHORTER, WAITS, commit, reason, run, user};
use crate::fake::Method;
use crate::world::{CATALOG, RUN};

#[tokio::test]
async fn a_request_lives_through_webhooks_alone() {
    a_request_lives(Wakes::Webhooks).await;
}

#[tokio::test]
async fn a_request_lives_through_polling_alone() {
    a_request_lives(Wakes::Polling).await;
}

async fn a_request_lives(wakes: Wakes) {
    let stage = Stage::new(wakes, Outward::default()).await;
    let world = &stage.world;

    // More people come: erin, who has no say in approvals, and a bot.
    world.github.bot("robot");
    let mut alice = world.clone_of("alice");
    alice.writes("users/erin.yaml", &user(world, "erin", "roles: [Member]"));
    alice.writes("users/robot.yaml", &user(world, "robot", "roles: [Admin]\nbot: true"));
    alice.commits("Let erin and the robot in");
    alice.pushes("main");
    stage.settles().await;
    assert_eq!(world.accepted().await, Some(world.main()));

    // Bob asks for more time, and mistypes it.
    let mut bob = world.clone_of("bob");
    bob.on("longer").writes("runs/longer.yaml", "action: extend\nentity: prod\ninputs:\n  ttl: 10\n").commits("Ask");
    bob.pushes("longer");
    let number = bob.opens_pull_request("longer", "main");
    stage.settles().await;
    assert_eq!(world.status(number, "catalog").as_deref(), Some("failure"), "{}", world.verdict(number));
    let check = world.check_run(number).unwrap();
    assert_eq!((&check["status"], &check["conclusion"]), (&"completed".into(), &"failure".into()));
    let annotations = world.github.annotations(CATALOG, world.head(number), CHECK_RUN);
    let places: Vec<_> = annotations.iter().map(|one| format!("{}:{}", one["path"], one["start_line"])).collect();
    assert_eq!(places, ["\"runs/longer.yaml\":4"], "{annotations:?}");
    let comment = world.comment(number).unwrap();
    assert!(comment.contains("runs/longer.yaml:4") && comment.contains("mend 1 error"), "{comment}");

    // He mends it. The run waits for those who may approve it, and they are asked.
    bob.writes("runs/longer.yaml", RUN).commits("Mend the request");
    bob.pushes("longer");
    stage.settles().await;
    assert_eq!(world.verdict(number), WAITS);
    let says = world.says(number, "approval");
    assert!(says.contains("alice@acme.dev") && says.contains("carol@acme.dev") && !says.contains("erin"), "{says}");
    assert_eq!(world.github.requested_reviewers(CATALOG, number), ["alice", "carol"]);
    assert_eq!(world.check_run(number).unwrap()["status"], "in_progress");
    let comment = world.comment(number).unwrap();
    assert!(comment.contains("may approve `longer`") && !comment.contains("mend 1 error"), "{comment}");
    assert_eq!(run(world, "longer").await, "WAITING_FOR_APPROVAL");

    // People approve whose word does not count: a stranger, who asked, a bot, somebody without the right.
    for login in ["dave", "bob", "robot", "erin"] {
        world.person(login).reviews(CATALOG, number, "APPROVED");
        stage.settles().await;
        assert_eq!(world.verdict(number), WAITS, "after {login}");
        assert_eq!(run(world, "longer").await, "WAITING_FOR_APPROVAL", "after {login}");
    }

    // Carol's word does.
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    stage.settles().await;
    assert_eq!(world.verdict(number), GREEN);
    assert_eq!(world.check_run(number).unwrap()["conclusion"], "success");
    assert_eq!(run(world, "longer").await, "APPROVED");

    // Bob asks for something else now, so hers was for something else; she is asked again.
    bob.writes("runs/longer.yaml", SHORTER).commits("Five days will do");
    bob.pushes("longer");
    stage.settles().await;
    assert_eq!(world.verdict(number), WAITS);
    assert_eq!(run(world, "longer").await, "WAITING_FOR_APPROVAL");
    assert_eq!(world.github.requested_reviewers(CATALOG, number), ["alice", "carol"]);
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    stage.settles().await;
    assert_eq!(world.verdict(number), GREEN);

    // Merged, it is part of the catalog that counts, as it was approved.
    let merged = world.person("bob").merges(CATALOG, number, Method::Merge);
    stage.settles().await;
    assert_eq!(world.accepted().await, Some(commit(merged)));
    assert_eq!(reason(world).await, format!("tree of pull request {number}"));
    assert_eq!(run(world, "longer").await, "APPROVED");
    assert_eq!(world.status_of(merged, "catalog").as_deref(), Some("success"));
    assert_eq!(world.status_of(merged, "permissions").as_deref(), Some("success"));
}
