use serde_json::json;

use super::*;
use crate::model::CommitId;
use crate::run::life::{Execution, Grant, Landing, Withdrawal};

fn at() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn landing() -> Landing {
    Landing { from: CommitId([1; 20]), to: CommitId([2; 20]), pull_request: Some("7".to_owned()), at: at() }
}

fn executing(state: RunState, phase: Phase) -> Life {
    let grant = Grant {
        revision: CommitId([2; 20]),
        digest: "d".repeat(64),
        action: id("deploy"),
        requesters: vec![id("alice")],
        contributors: Vec::new(),
        approvals: vec![id("bob")],
        needed: 1,
        self_approval: false,
    };
    let execution = Execution {
        grant,
        key: "k".to_owned(),
        dedupes: false,
        epoch: 1,
        attempt: 1,
        phase,
        since: "2026-11-22T12:00:00Z".parse().unwrap(),
        deadline: "2026-11-22T13:00:00Z".parse().unwrap(),
        patience: 3600,
        doubt: false,
        outside: None,
        links: vec!["https://ci.acme.example/1".to_owned()],
        label: Some("Rolling \u{1b}[31mout".to_owned()),
        summary: Some("the receiver is busy".to_owned()),
    };
    Life { state, landing: Some(landing()), withdrawn: None, reminded: None, execution: Some(execution) }
}

/// A life for each of the places where a run can stand.
pub(in crate::report) fn lives() -> Vec<(&'static str, Option<Life>)> {
    use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval};
    let proposed = |state| Some(Life::new(state));
    let landed = |state| Some(Life { landing: Some(landing()), ..Life::new(state) });
    let withdrawn = Some(Withdrawal { by: "alice".to_owned(), at: at() });
    vec![
        ("adopted", None),
        ("proposed, waiting", proposed(WaitingForApproval)),
        ("proposed, approved", proposed(Approved)),
        ("proposed, declined", proposed(Declined)),
        ("proposed, expired", proposed(Expired)),
        ("landed, waiting", landed(WaitingForApproval)),
        ("landed, approved", landed(Approved)),
        ("landed, declined", landed(Declined)),
        ("withdrawn", Some(Life { withdrawn, ..Life::new(Cancelled) })),
        ("ready", Some(executing(InProgress, Phase::Ready { due: at() }))),
        ("sending", Some(executing(InProgress, Phase::Sending { epoch: 1, since: at() }))),
        ("running", Some(executing(InProgress, Phase::Running))),
        ("unknown", Some(executing(InProgress, Phase::Unknown { since: at(), why: "the connection broke".to_owned() }))),
        ("ended well", Some(executing(Success, Phase::Ended))),
        ("ended badly", Some(executing(Failure, Phase::Ended))),
    ]
}

#[test]
fn why_says_what_it_waits_for_and_who_can_move_it() {
    let decision = json!({ "reason": "1 more approval", "approvers": ["bob", "carol"], "pull_request": "7" });
    let (run, handle) = (id("ship-it"), RunHandle::of("catalog#main", &id("ship-it")));
    let lives = lives();
    let told = lives.iter().map(|(name, life)| {
        let journey = Journey {
            run: &run,
            handle: &handle,
            repository: "catalog#main",
            life: life.as_ref(),
            decision: &decision,
            since: at(),
        };
        format!("{name}\n    {}\n", why(&journey))
    });
    insta::assert_snapshot!(told.collect::<String>());
}

#[test]
fn what_people_do_by_hand_says_what_follows() {
    let (run, handle, decision) = (id("ship-it"), RunHandle::of("catalog#main", &id("ship-it")), json!({}));
    let life = executing(RunState::InProgress, Phase::Unknown { since: at(), why: "the connection broke".to_owned() });
    let journey =
        Journey { run: &run, handle: &handle, repository: "catalog#main", life: Some(&life), decision: &decision, since: at() };
    let mut out = String::new();
    for hand in [Hand::Resolve(Outcome::Success), Hand::Resolve(Outcome::Failure), Hand::Resolve(Outcome::Again), Hand::Withdraw]
    {
        out += &moved_text(&journey, hand, "carol", hand == Hand::Withdraw);
        let (said, hint) = unmoved(&journey, hand, Refusal::OutOfPlace);
        out += &format!("or else: {said}\n         {hint}\n\n");
    }
    out += &why_json(&journey);
    let line = Entry { at: at(), event: "log".to_owned(), state: None, text: Some("a \u{1b}[31mred line".to_owned()) };
    let step = Entry { at: at(), event: "reported".to_owned(), state: Some("SUCCESS"), text: Some("client deployer".to_owned()) };
    out += &log_text(&[line, step]);
    let letter = DeadLetter {
        id: "m_1".to_owned(),
        channel: "platform".to_owned(),
        repository: "catalog#main".to_owned(),
        run: "ship-it".to_owned(),
        attempts: 12,
        trouble: Some("404 Not Found".to_owned()),
        given_up: at(),
    };
    out += &outbox_text(&[letter], 2);
    insta::assert_snapshot!(out);
}
