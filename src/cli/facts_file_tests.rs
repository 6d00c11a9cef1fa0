//! Files of facts, as people and forges write them.

use std::collections::BTreeMap;

use super::FactsFile;
use crate::model::{CommitId, ForgeUser, PullRequestState, Push, ReviewState, Reviewer, Vouched};

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
    assert_eq!(facts.pushes(&knows_topic), [Push { actor: Some(alice.clone()), before: None, after: Some(topic) }]);
    let review = &facts.reviews(&knows_topic)[0];
    assert_eq!((review.id.as_str(), review.state, review.commit), ("7", ReviewState::Approved, CommitId::from_hex(A)));
    assert_eq!(review.submitted_at.unwrap().to_string(), "2026-11-21T09:00:00Z");
    assert_eq!(facts.verified(&knows_topic), BTreeMap::from([(CommitId::from_hex(A).unwrap(), Vouched::Account(alice))]));
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
fn a_push_to_an_unknown_head_is_kept_and_one_that_deletes_is_not() {
    let facts = parse(&format!(
        r#"{{"pushes": [{{"actor": {{"id": 2}}, "before": "topic"}}, {{"after": "gone"}}, {{"before": "{A}", "after": "{zeros}"}}]}}"#,
        zeros = "0".repeat(40),
    ));
    let bob = ForgeUser { login: String::new(), id: 2 };
    assert_eq!(
        facts.pushes(&knows_topic),
        [Push { actor: Some(bob), before: knows_topic("topic"), after: None }, Push { actor: None, before: None, after: None },]
    );
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
    assert_eq!(ids([two, timeless, one]), ["2", "9", "10"], "a forge counts upwards");
}

/// The last word of the account 2, and of the account 3.
fn last_words(reviews: &[&str]) -> (Option<ReviewState>, Option<ReviewState>) {
    let reviews = parse(&format!(r#"{{"reviews": [{}]}}"#, reviews.join(","))).reviews(&knows_topic);
    let of = |id: u64| {
        let said = reviews.iter().filter(|r| matches!(&r.reviewer, Reviewer::Account(who) if who.id == id));
        said.map(|review| review.state).rfind(|state| *state != ReviewState::Commented)
    };
    (of(2), of(3))
}

#[test]
fn where_no_time_is_told_the_number_of_a_review_orders_it() {
    let no = r#"{"id": 5, "user": {"id": 2}, "state": "CHANGES_REQUESTED"}"#;
    let yes = r#"{"id": 4, "user": {"id": 2}, "state": "APPROVED", "submitted_at": "2026-01-01T00:00:00Z"}"#;
    for order in [[no, yes], [yes, no]] {
        assert_eq!(last_words(&order).0, Some(ReviewState::ChangesRequested));
    }
}

#[test]
fn of_words_without_time_or_number_the_strictest_is_the_last() {
    let undated = |state: &str| format!(r#"{{"user": {{"id": 2}}, "state": "{state}"}}"#);
    let dated = |id: u64, state: &str, day: u8| {
        format!(r#"{{"user": {{"id": {id}}}, "state": "{state}", "submitted_at": "2026-01-{day:02}T00:00:00Z"}}"#)
    };
    let last = |reviews: &[String]| last_words(&reviews.iter().map(String::as_str).collect::<Vec<_>>());
    let (no, yes, taken_back) = (undated("CHANGES_REQUESTED"), undated("APPROVED"), undated("DISMISSED"));
    for order in [[&no, &yes, &taken_back], [&yes, &taken_back, &no], [&taken_back, &no, &yes]] {
        assert_eq!(last(&order.map(Clone::clone)).0, Some(ReviewState::ChangesRequested));
    }
    assert_eq!(last(&[taken_back, yes.clone()]).0, Some(ReviewState::Dismissed));
    assert_eq!(last(&[dated(2, "CHANGES_REQUESTED", 1), yes.clone()]).0, Some(ReviewState::ChangesRequested));
    let settled = [dated(2, "APPROVED", 2), dated(2, "CHANGES_REQUESTED", 1), undated("COMMENTED")];
    assert_eq!(last(&settled).0, Some(ReviewState::Approved), "dated words keep their order, and a comment says nothing");
    let other = [yes, dated(3, "CHANGES_REQUESTED", 1), dated(3, "APPROVED", 2)];
    assert_eq!(last(&other), (Some(ReviewState::Approved), Some(ReviewState::Approved)), "each reviewer by themselves");
}

#[test]
fn a_commit_with_two_answers_is_verified_as_nobody() {
    let alice = r#"{"id": 1}"#;
    for other in [r#"{"id": 2}"#, "null"] {
        for (one, two) in [(alice, other), (other, alice)] {
            let commit = |who: &str| format!(r#"{{"sha": "{A}", "verified_as": {who}}}"#);
            let facts = parse(&format!(r#"{{"commits": [{}, {}, {}]}}"#, commit(one), commit(two), commit(alice)));
            assert!(facts.verified(&knows_topic).is_empty(), "{one} {two}");
        }
    }
    let twice = format!(r#"{{"sha": "{A}", "verified_as": {alice}}}"#);
    assert_eq!(parse(&format!(r#"{{"commits": [{twice}, {twice}]}}"#)).verified(&knows_topic).len(), 1);
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

#[test]
fn what_github_made_in_the_browser_is_verified_as_github_alone() {
    let verified = |who: &str| {
        let facts = parse(&format!(r#"{{"commits": [{{"sha": "{A}", "verified_as": {who}}}]}}"#));
        facts.verified(&knows_topic).into_values().next()
    };
    assert_eq!(verified(r#"{"login": "web-flow", "id": 19864447}"#), Some(Vouched::Forge));
    let account = |login: &str, id| Some(Vouched::Account(ForgeUser { login: login.into(), id }));
    assert_eq!(verified(r#"{"login": "web-flow", "id": 666}"#), account("web-flow", 666), "a name is not enough");
    assert_eq!(verified(r#"{"login": "mallory", "id": 19864447}"#), account("mallory", 19_864_447), "nor is a number");
}
