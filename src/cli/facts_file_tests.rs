//! Files of facts, as people and forges write them.

use std::collections::BTreeMap;

use super::FactsFile;
use crate::model::{CommitId, ForgeUser, PullRequestState, Push, ReviewState, Reviewer};

const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

fn parse(text: &str) -> FactsFile {
    FactsFile::parse(text.as_bytes()).unwrap()
}

fn refused(text: &str) -> String {
    FactsFile::parse(text.as_bytes()).unwrap_err().to_string()
}

fn knows_topic(rev: &str) -> Option<CommitId> {
    (rev == "topic").then_some(CommitId([0x77; 20]))
}

#[test]
fn everything_a_forge_tells() {
    let facts = parse(&format!(
        r#"{{
            "base": "main", "head": "topic", "opener": {{"login": "alice", "id": 1}}, "state": "OPEN",
            "pushes": [{{"actor": {{"login": "alice", "id": 1}}, "before": "{zeros}", "after": "topic"}}],
            "reviews": [{{"id": 7, "user": {{"login": "bob", "id": 2}}, "state": "approved", "commit": "{A}",
                         "submitted_at": "2026-11-21T10:00:00+01:00"}}],
            "commits": [{{"sha": "{A}", "verified_as": {{"login": "alice", "id": 1}}}}, {{"sha": "topic", "verified_as": null}}],
            "first_seen": "2026-11-20T00:00:00Z", "now": "2026-11-21T12:00:00Z", "title": "more than we ask for"
        }}"#,
        zeros = "0".repeat(40),
    ));
    let alice = ForgeUser { login: "alice".into(), id: 1 };
    assert_eq!(facts.state, Some(PullRequestState::Open));
    assert_eq!(facts.opener, Some(alice.clone()));
    let topic = CommitId([0x77; 20]);
    assert_eq!(facts.pushes(&knows_topic), [Push { actor: Some(alice.clone()), before: None, after: topic }]);
    let review = &facts.reviews(&knows_topic)[0];
    assert_eq!((review.id.as_str(), review.state, review.commit), ("7", ReviewState::Approved, CommitId::from_hex(A)));
    assert_eq!(review.submitted_at.unwrap().to_string(), "2026-11-21T09:00:00Z");
    assert_eq!(facts.verified(&knows_topic), BTreeMap::from([(CommitId::from_hex(A).unwrap(), alice)]));
    assert_eq!(facts.now.unwrap().to_string(), "2026-11-21T12:00:00Z");
}

#[test]
fn what_is_left_out_is_unknown() {
    let facts = parse("{}");
    assert_eq!((facts.base.as_ref(), facts.head.as_ref(), facts.state, facts.opener.as_ref()), (None, None, None, None));
    let facts = parse(r#"{"opener": null, "state": null, "pushes": null, "reviews": [{}], "commits": [{}], "now": null}"#);
    assert!(facts.reviews(&knows_topic).is_empty() && facts.pushes(&knows_topic).is_empty());
    assert!(facts.verified(&knows_topic).is_empty());
}

#[test]
fn an_account_without_an_id_is_nobody() {
    let facts = parse(r#"{"opener": {"login": "root"}, "reviews": [{"user": {"login": "bob"}, "state": "APPROVED"}]}"#);
    assert_eq!(facts.opener, None);
    assert_eq!(facts.reviews(&knows_topic)[0].reviewer, Reviewer::Unknown);
}

#[test]
fn a_review_on_a_commit_that_nobody_knows_keeps_none() {
    let facts = parse(r#"{"reviews": [{"state": "APPROVED", "commit": "deadbeef"}, {"state": "APPROVED", "commit": null}]}"#);
    assert!(facts.reviews(&knows_topic).iter().all(|review| review.commit.is_none()));
}

#[test]
fn a_pending_review_is_not_given() {
    assert!(parse(r#"{"reviews": [{"id": 1, "state": "PENDING"}]}"#).reviews(&knows_topic).is_empty());
}

#[test]
fn the_order_of_the_file_means_nothing_where_times_are_known() {
    let one = r#"{"id": 9, "state": "APPROVED", "submitted_at": "2026-01-01T00:00:00Z"}"#;
    let two = r#"{"id": 10, "state": "DISMISSED", "submitted_at": "2026-01-01T00:00:00Z"}"#;
    let three = r#"{"id": "1", "state": "COMMENTED", "submitted_at": "2025-12-31T23:59:59Z"}"#;
    let ids = |reviews: [&str; 3]| -> Vec<String> {
        let facts = parse(&format!(r#"{{"reviews": [{}]}}"#, reviews.join(",")));
        facts.reviews(&knows_topic).into_iter().map(|review| review.id).collect()
    };
    for order in [[one, two, three], [three, two, one], [two, three, one]] {
        assert_eq!(ids(order), ["1", "9", "10"]);
    }
    let timeless = r#"{"id": 2, "state": "APPROVED"}"#;
    assert_eq!(ids([two, timeless, one]), ["10", "2", "9"]);
}

#[test]
fn wrong_types_are_errors_with_their_place() {
    let wrong = [
        "{\n  \"opener\": \"alice\"\n}",
        r#"{"opener": ["alice", 1]}"#,
        r#"{"opener": {"id": "1"}}"#,
        r#"{"state": "draft"}"#,
        "{\"reviews\": [\n {\"state\": \"LGTM\"}]}",
        r#"{"now": "yesterday"}"#,
        r#"{"now": 5}"#,
        r#"{"head": "a", "head": "b"}"#,
        r#"{"reviews": {}}"#,
        r#"{"reviews": [{"id": -1}]}"#,
        r#"{"reviews": [[]]}"#,
        "[]",
        "{} x",
        "",
    ];
    let said: Vec<String> = wrong.iter().map(|text| refused(text)).collect();
    insta::assert_snapshot!(said.join("\n"));
}
