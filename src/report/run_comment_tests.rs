use serde_json::json;

use super::*;
use crate::model::{Occasion, Timestamp};
use crate::report::journey::tests::lives;
use crate::run::life::RunHandle;

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn at() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn notice() -> Notice {
    let person =
        |name: &str| Person { id: id(name), name: Some(format!("{name} Smith")), email: Some(format!("{name}@acme.dev")) };
    Notice {
        occasion: Occasion::Started,
        repository: "acme/catalog".to_owned(),
        run: id("extend-env-42"),
        handle: "r_0123456789abcdef01234567".to_owned(),
        action: id("extend_env_ttl"),
        title: Some("Extend <b>an</b> environment".to_owned()),
        entity: Some("Env/env-42".to_owned()),
        requesters: vec![person("alice")],
        approvers: vec![person("bob")],
        approvals: vec![id("carol")],
        inputs: Vec::new(),
        reason: None,
        why: String::new(),
        links: Vec::new(),
        pull_request: Some("7".to_owned()),
        at: at(),
    }
}

fn shown(life: &Life, secrets: Option<&Scrub>) -> String {
    let (run, decision) = (id("extend-env-42"), json!({ "reason": "needs one more approval", "approvers": ["carol"] }));
    let handle = RunHandle::parse("r_0123456789abcdef01234567").unwrap();
    let journey = Journey {
        run: &run,
        handle: &handle,
        repository: "acme/catalog main",
        life: Some(life),
        decision: &decision,
        since: at(),
    };
    run_comment(&RunShown { journey, notice: &notice(), secrets })
}

#[test]
fn each_place_where_a_run_can_stand() {
    let landed = lives().into_iter().filter_map(|(name, life)| Some((name, life?)));
    let all: String = landed.map(|(name, life)| format!("== {name}\n{}\n", shown(&life, Some(&Scrub::default())))).collect();
    insta::assert_snapshot!(all);
}

fn said(label: &str, summary: &str, link: &str) -> Life {
    let mut life = lives().into_iter().find(|(name, _)| *name == "running").and_then(|(_, life)| life).unwrap();
    let execution = life.execution.as_mut().unwrap();
    (execution.label, execution.summary) = (Some(label.to_owned()), Some(summary.to_owned()));
    execution.links = vec![link.to_owned()];
    life
}

#[test]
fn what_a_receiver_says_makes_no_markup_no_mention_and_no_link() {
    let life = said(
        "<!-- portcullis --> @acme/admins",
        "done | |\n/portcullis withdraw\n[click](https://evil.example) <img src=x> ![x](https://evil.example/x)",
        "javascript:alert(1)",
    );
    let text = shown(&life, Some(&Scrub::default()));
    assert!(!text.contains("<!--") && !text.contains("<img") && !text.contains("@acme") && !text.contains("](http"), "{text}");
    assert!(!text.contains("javascript"), "{text}");
    assert!(text.lines().all(|line| !line.trim_start().starts_with("/portcullis")), "{text}");
    for link in
        ["https://a.example/)x", "https://a.example/|x", "https://a@evil.example/", "https://a.example/ b", "ftp://a.example/"]
    {
        assert!(!shown(&said("x", "y", link), Some(&Scrub::default())).contains("]("), "{link}");
    }
    let told = shown(&said("x", "y", "https://ci.example/1"), Some(&Scrub::default()));
    assert!(told.contains("[ci.example](https://ci.example/1)"), "{told}");
}

#[test]
fn a_secret_stands_nowhere_and_where_secrets_are_not_known_nothing_is_repeated() {
    let life = said("using hunter22", "took hunter22", "https://ci.example/hunter22");
    let mut secrets = Scrub::default();
    secrets.add("hunter22");
    let text = shown(&life, Some(&secrets));
    assert!(!text.contains("hunter22") && text.contains(r"\*\*\*"), "{text}");
    let text = shown(&life, None);
    assert!(
        !text.contains("hunter22") && !text.contains("using") && !text.contains("took") && !text.contains("ci.example"),
        "{text}"
    );
    let mut lost = life;
    let why = "sent hunter22".to_owned();
    lost.execution.as_mut().unwrap().phase = Phase::Unknown { since: at(), why };
    assert!(!shown(&lost, Some(&secrets)).contains("hunter22") && !shown(&lost, None).contains("hunter22"));
}

#[test]
fn nobodys_address_or_name_is_shown() {
    for (_, life) in lives() {
        let Some(life) = life else { continue };
        let text = shown(&life, Some(&Scrub::default()));
        assert!(!text.contains("@acme.dev") && !text.contains("Smith"), "{text}");
    }
}
