use serde_json::{Value, json};

use super::*;

fn told(event: &str, payload: &Value) -> Delivered {
    read(event, payload.to_string().as_bytes())
}

fn whats(event: &str, payload: &Value) -> Vec<What> {
    match told(event, payload) {
        Delivered::Wake(woken) => woken.into_iter().map(|woken| woken.what).collect(),
        other => panic!("{event}: {other:?}"),
    }
}

fn ignored(event: &str, payload: &Value) -> bool {
    matches!(told(event, payload), Delivered::Ignored(_))
}

fn here(extra: Value) -> Value {
    let mut payload =
        json!({"repository": {"id": 7, "full_name": "acme/catalog"}, "installation": {"id": 3}, "sender": {"id": 9}});
    payload.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    payload
}

#[test]
fn an_event_names_where_it_happened_and_who_did_it() {
    let delivered = told("pull_request", &here(json!({"action": "synchronize", "pull_request": {"number": 12}})));
    let repository = Some(RepositoryRef { id: 7, full_name: "acme/catalog".to_owned() });
    let woken = Woken { repository, installation: Some(3), sender: Some(9), what: What::PullRequest(12) };
    assert_eq!(delivered, Delivered::Wake(vec![woken]));
}

/// What we do ourselves comes back as an event; if that woke us, we would never sleep.
#[test]
fn our_own_answers_do_not_wake_us() {
    for action in ["labeled", "unlabeled", "review_requested"] {
        assert!(ignored("pull_request", &here(json!({"action": action, "pull_request": {"number": 1}}))), "{action}");
    }
    for action in ["created", "completed"] {
        assert!(
            ignored("check_run", &here(json!({"action": action, "check_run": {"pull_requests": [{"number": 1}]}}))),
            "{action}"
        );
    }
    let comment = |action: &str, body: &str| json!({"action": action, "issue": {"number": 1, "pull_request": {}}, "comment": {"body": body}});
    assert!(ignored("issue_comment", &here(comment("edited", "<!-- portcullis -->\n/portcullis why"))));
}

#[test]
fn a_command_is_a_line_of_its_own_on_a_pull_request() {
    let on = |body: &str, pull: Value| {
        here(json!({"action": "created", "issue": {"number": 4, "pull_request": pull}, "comment": {"body": body}}))
    };
    for body in ["/portcullis recheck", "please:\r\n  /portcullis why \r\n", "/portcullis nonsense"] {
        assert_eq!(whats("issue_comment", &on(body, json!({"url": "x"}))), [What::PullRequest(4)], "{body}");
    }
    for body in ["try /portcullis recheck", "/portcullisrecheck", "/portcullis", "> /portcullis why", ""] {
        assert!(ignored("issue_comment", &on(body, json!({"url": "x"}))), "{body}");
    }
    assert!(ignored("issue_comment", &on("/portcullis recheck", Value::Null)), "an issue");
}

#[test]
fn re_run_wakes_the_pull_requests_of_this_repository() {
    let run = |pulls: Value| here(json!({"action": "rerequested", "check_run": {"pull_requests": pulls}}));
    let pull = |number: u64, repo: u64| json!({"number": number, "base": {"repo": {"id": repo}}});
    assert_eq!(
        whats("check_run", &run(json!([pull(4, 7), pull(5, 8), pull(4, 7), pull(2, 7)]))),
        [What::PullRequest(2), What::PullRequest(4)]
    );
    assert_eq!(whats("check_run", &run(json!([pull(5, 8)]))), [What::Standing]);
    assert_eq!(whats("check_run", &run(json!([]))), [What::Standing], "a fork's");
    assert_eq!(
        whats("check_suite", &here(json!({"action": "rerequested", "check_suite": {"pull_requests": null}}))),
        [What::Standing]
    );
}

#[test]
fn a_status_matters_where_it_is_in_our_name() {
    assert_eq!(whats("status", &here(json!({"context": "portcullis/approval"}))), [What::Standing]);
    assert!(ignored("status", &here(json!({"context": "ci/build"}))));
    assert!(ignored("status", &here(json!({}))));
}

#[test]
fn a_push_matters_unless_it_is_a_tag() {
    assert_eq!(whats("push", &here(json!({"ref": "refs/heads/main"}))), [What::Repository]);
    assert_eq!(whats("push", &here(json!({"ref": "refs/heads/gh-readonly-queue/main/pr-1-abc"}))), [What::Repository]);
    assert_eq!(whats("push", &here(json!({}))), [What::Repository]);
    assert!(ignored("push", &here(json!({"ref": "refs/tags/v1"}))));
}

#[test]
fn who_is_in_a_team_and_which_repositories_there_are_concerns_everything() {
    for event in ["team", "membership", "installation", "installation_repositories", "installation_target", "organization"] {
        assert_eq!(whats(event, &json!({"action": "added", "installation": {"id": 3}})), [What::Everything], "{event}");
    }
    assert!(ignored("organization", &json!({"action": "member_invited"})));
    assert_eq!(whats("repository", &here(json!({"action": "renamed"}))), [What::Everything]);
    assert_eq!(whats("repository", &here(json!({"action": "edited"}))), [What::Repository]);
}

/// A secret holder is not thereby somebody who writes JSON well.
#[test]
fn garbage_is_unreadable_and_panics_nowhere() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    for body in [
        String::new(),
        "null".to_owned(),
        "[]".to_owned(),
        "\"pull_request\"".to_owned(),
        "{".to_owned(),
        "{\"pull_request\": {\"number\": 1".to_owned(),
        "{\"pull_request\": {\"number\": \"1\"}}".to_owned(),
        "{\"pull_request\": {\"number\": -1}}".to_owned(),
        "{\"pull_request\": {\"number\": 1.5}}".to_owned(),
        "{\"pull_request\": {\"number\": 18446744073709551616}}".to_owned(),
        format!("{{\"pull_request\": {{\"number\": 1{}}}}}", "0".repeat(100_000)),
        "{\"pull_request\": {\"number\": 1e999}}".to_owned(),
        "{\"pull_request\": [{\"number\": 1}]}".to_owned(),
        "{\"action\": 1, \"pull_request\": {\"number\": 1}}".to_owned(),
        "{\"repository\": {\"id\": 1}}".to_owned(),
        "{\"pull_request\": {\"number\": 1}}".to_owned(),
        "{\"action\": \"a\", \"action\": \"b\"}".to_owned(),
        deep("[", "]"),
        deep("{\"pull_request\":", "}"),
        format!("{{\"pull_request\": {}}}", deep("[", "]")),
        "\u{feff}{}".to_owned(),
    ] {
        let Delivered::Unreadable(why) = read("pull_request", body.as_bytes()) else { panic!("{body:.80}") };
        assert!(why.chars().count() <= MOST_TOLD, "{why}");
    }
    assert!(matches!(read("pull_request", b"{\"action\": \"\xff\"}"), Delivered::Unreadable(_)));
    assert!(matches!(read("pull_request", b"\0\x01\xfe"), Delivered::Unreadable(_)));
}

/// What we do not look at may be anything.
#[test]
fn a_delivery_is_read_past_what_does_not_concern_us() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let body = format!(
        "{{\"zen\": {deep}, \"action\": \"opened\", \"pull_request\": {{\"body\": {deep}, \"number\": 8}}, \"repository\": {{\"size\": 1e999, \"id\": 7, \"full_name\": \"a/b\"}}}}"
    );
    let Delivered::Wake(woken) = read("pull_request", body.as_bytes()) else { panic!("unread") };
    assert_eq!(woken[0].what, What::PullRequest(8));
}

#[test]
fn an_event_that_we_do_not_know_is_not_even_read() {
    assert!(matches!(read("star", b"{"), Delivered::Ignored(_)));
    assert!(matches!(read("", b""), Delivered::Ignored(_)));
    assert!(matches!(read("ping", b"{"), Delivered::Ignored("a ping")));
}
