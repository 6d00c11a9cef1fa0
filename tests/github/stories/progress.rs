//! How a run gets on, as the pull request shows it that brought it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use portcullis::controller::Clock as _;
use portcullis::controller::outside::{self, Said};
use portcullis::execute::{Order, Performer, Performers};
use portcullis::run::life::{Answer, Event, Outcome, Report, RunHandle};
use portcullis::store::Store as _;

use super::{alice_pushes, bob_asks, id, key, reviews, run, stage};
use crate::fake::{Method, on};
use crate::world::{CATALOG, RUN, World};

/// An action with a secret input.
const SECRET_EXTEND: &str = "\
identifier: extend
title: Extend <b>it</b>
trigger:
  type: self-service
  operation: DAY-2
  blueprintIdentifier: Env
  userInputs:
    properties: {ttl: {type: string}, token: {type: string, encryption: aes256-gcm}}
    required: [ttl]
invocationMethod: {type: WEBHOOK, url: 'https://example.com/extend'}
requiredApproval: true
";

/// Whoever performs the runs of a story: answers as it was told to, and takes everything on where nothing is said.
#[derive(Default)]
struct Hands {
    answer: Mutex<Option<Answer>>,
    report: Mutex<Option<Report>>,
}

#[async_trait]
impl Performer for Hands {
    async fn perform(&self, _: &Order) -> Answer {
        let taken = Answer::Accepted { outside: None, link: Some("https://ci.example/runs/1".to_owned()) };
        self.answer.lock().unwrap().take().unwrap_or(taken)
    }

    async fn look(&self, _: &Order) -> Option<Report> {
        self.report.lock().unwrap().clone()
    }
}

/// A stage on which runs are performed.
async fn at_work() -> (World, Arc<Hands>) {
    let mut world = stage().await;
    // It goes on until it is told otherwise.
    let hands = Arc::new(Hands { report: Mutex::new(Some(Report::default())), ..Hands::default() });
    world.performers = Performers { webhook: Some(hands.clone()), ..Performers::default() };
    world.restarts_daemon();
    world.sweep_after(20).await;
    (world, hands)
}

/// Bob's run is approved by Carol and merged, and the controller has seen it.
async fn merged(world: &World) -> u64 {
    let number = bob_asks(world).await;
    reviews(world, "carol", number, "APPROVED").await;
    world.person("bob").merges(CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    number
}

/// Somebody outside the loop says something of a run.
async fn say(world: &World, name: &str, event: &Event) {
    let handle = RunHandle::of("catalog", &id(name));
    let found = world.store.run_by_handle(&handle).await.unwrap().unwrap();
    let said = outside::say(&*world.store, found, event, "carol@acme.dev", &|| world.clock.now()).await.unwrap();
    assert!(matches!(said, Said::Written(_)), "{said:?}");
}

#[tokio::test]
async fn a_run_shows_on_its_pull_request_how_it_gets_on_in_one_comment() {
    let (world, hands) = at_work().await;
    let number = merged(&world).await;
    assert_eq!(run(&world, "longer").await, "IN_PROGRESS");
    let shown = world.run_comment(number, "longer").unwrap();
    for part in ["in progress", "`carol@acme.dev`", "`bob@acme.dev`", "[ci.example](https://ci.example/runs/1)", "`Env/prod`"] {
        assert!(shown.contains(part), "{part} is not in\n{shown}");
    }

    // Nothing happens, and nothing is asked or written for it.
    let comments = || world.github.calls_to("GET", "/comments").len() + world.github.writes().len();
    world.sweep_after(20).await;
    let before = comments();
    for _ in 0..3 {
        world.sweep_after(20).await;
    }
    assert_eq!(comments(), before);

    *hands.report.lock().unwrap() = Some(Report { label: Some("rolling out".into()), ..Report::default() });
    world.sweep_after(20).await;
    assert!(world.run_comment(number, "longer").unwrap().contains("`IN_PROGRESS`: rolling out"));
    *hands.report.lock().unwrap() =
        Some(Report { success: Some(true), summary: Some("ten days more".into()), ..Report::default() });
    world.sweep_after(20).await;
    let shown = world.run_comment(number, "longer").unwrap();
    assert!(shown.contains(":white_check_mark: Run `longer`: done") && shown.contains("ten days more"), "{shown}");
    assert!(world.comment(number).is_some(), "the comment on the pull request itself is another");

    let before = world.github.writes().len();
    world.sweep_after(700).await;
    let mut world = world;
    world.restarts_daemon();
    world.sweep_after(20).await;
    assert_eq!(world.github.writes().len(), before, "a daemon that starts anew says nothing twice");
}

/// As the API does it: whoever performs the run reports to the store.
#[tokio::test]
async fn what_is_reported_from_outside_is_shown_and_no_secret_with_it() {
    let (world, _) = at_work().await;
    alice_pushes(&world, &[("actions/extend.yaml", Some(SECRET_EXTEND))]);
    world.sweep_after(20).await;
    let asks = RUN.replace("{ttl: 10 days}", "{ttl: 10 days, token: hunter22-hunter22}");
    let number = world.proposes("bob", "longer", "runs/longer.yaml", &asks);
    world.sweep_after(20).await;
    reviews(&world, "carol", number, "APPROVED").await;
    world.person("bob").merges(CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    let report = Report {
        success: Some(false),
        label: Some("<!-- portcullis --> @acme/admins".into()),
        links: Some(vec!["javascript:alert(1)".into(), "https://ci.example/hunter22-hunter22".into()]),
        summary: Some("refused hunter22-hunter22\n/portcullis withdraw".into()),
        outside: None,
    };
    say(&world, "longer", &Event::Reported(report)).await;
    world.sweep_after(20).await;
    let shown = world.run_comment(number, "longer").unwrap();
    assert!(shown.contains(":x: Run `longer`: failed") && shown.contains(r"refused \*\*\*"), "{shown}");
    for never in ["hunter22", "javascript", "@acme/admins", "<b>", "\n/portcullis"] {
        assert!(!shown.contains(never), "{never} is in\n{shown}");
    }
    assert_eq!(shown.matches("<!--").count(), 1, "{shown}");
}

#[tokio::test]
async fn where_nobody_knows_what_came_of_it_people_are_told_what_to_do() {
    let (world, hands) = at_work().await;
    *hands.answer.lock().unwrap() = Some(Answer::Unknown { why: "the connection broke".to_owned() });
    let number = merged(&world).await;
    let shown = world.run_comment(number, "longer").unwrap();
    assert!(shown.contains("nobody knows what came of it") && shown.contains("the connection broke"), "{shown}");
    assert!(shown.contains("`portcullis runs resolve longer --as again --by YOU`"), "{shown}");
    let settled = Event::Resolved { by: "carol@acme.dev".into(), outcome: Outcome::Success, note: None, link: None };
    say(&world, "longer", &settled).await;
    world.sweep_after(20).await;
    let shown = world.run_comment(number, "longer").unwrap();
    assert!(shown.contains("done") && shown.contains("settled by carol@&#8203;acme.dev"), "{shown}");
    assert!(!shown.contains("runs resolve"), "{shown}");
}

#[tokio::test]
async fn a_comment_whose_answer_is_lost_is_not_written_twice() {
    let (world, hands) = at_work().await;
    let number = bob_asks(&world).await;
    reviews(&world, "carol", number, "APPROVED").await;
    world.github.fault(on("POST", "/comments").performed().hangs_up());
    world.person("bob").merges(CATALOG, number, Method::Merge);
    for _ in 0..3 {
        world.sweep_after(60).await;
    }
    assert!(world.run_comment(number, "longer").unwrap().contains("in progress"));
    // GitHub is away while the run ends: nothing is lost, and nothing else has to wait for it.
    world.github.fault(on("PATCH", "/comments").answers(502).times(3));
    *hands.report.lock().unwrap() = Some(Report { success: Some(true), ..Report::default() });
    world.sweep_after(20).await;
    assert_eq!(run(&world, "longer").await, "SUCCESS");
    for _ in 0..4 {
        world.sweep_after(120).await;
    }
    assert!(world.run_comment(number, "longer").unwrap().contains("done"));
    assert_eq!(world.store.outbox_size().await.unwrap().1, 0, "nothing is given up");
}

#[tokio::test]
async fn a_comment_of_somebody_else_with_our_mark_is_left_alone() {
    let (world, _) = at_work().await;
    let number = bob_asks(&world).await;
    let mark = format!("<!-- portcullis run {} -->\nAll is well.", RunHandle::of("catalog", &id("longer")));
    world.person("dave").comments(CATALOG, number, &mark);
    reviews(&world, "carol", number, "APPROVED").await;
    world.person("bob").merges(CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    assert!(world.run_comment(number, "longer").is_some_and(|shown| shown.contains("in progress")));
    assert!(world.github.comments(CATALOG, number).contains(&("dave".to_owned(), mark)));
}

#[tokio::test]
async fn a_run_that_was_merged_while_it_waits_says_for_whom_and_that_it_was_taken_back() {
    let (world, _) = at_work().await;
    let number = bob_asks(&world).await;
    world.person("bob").merges(CATALOG, number, Method::Merge);
    world.sweep_after(20).await;
    let shown = world.run_comment(number, "longer").unwrap();
    assert!(shown.contains("waits for approval") && shown.contains("carol@&#8203;acme.dev"), "{shown}");
    world.person("bob").comments(CATALOG, number, "/portcullis withdraw");
    world.sweep_after(600).await;
    assert_eq!(run(&world, "longer").await, "CANCELLED");
    let shown = world.run_comment(number, "longer").unwrap();
    assert!(shown.contains(":x: Run `longer`: withdrawn") && shown.contains("bob@&#8203;acme.dev withdrew it"), "{shown}");
    let life = world.store.run(&key(), &id("longer")).await.unwrap().unwrap().life.unwrap();
    assert_eq!(life.withdrawn.map(|taken_back| taken_back.by).as_deref(), Some("bob@acme.dev"));
}

#[tokio::test]
async fn where_comments_are_switched_off_none_is_written() {
    let (mut world, _) = at_work().await;
    world.outward.comments = false;
    world.restarts_daemon();
    let number = merged(&world).await;
    assert_eq!(run(&world, "longer").await, "IN_PROGRESS");
    assert_eq!(world.github.comments(CATALOG, number), []);
    assert_eq!(world.store.outbox_size().await.unwrap().1, 0);
}
