//! Whatever is wrong is caught, and the examples are right.

use serde_json::json;

use super::*;

const PULL: &str = "/repos/octocat/Hello-World/pulls/1347";

fn asked(method: &str, path: &str) -> Operation {
    Spec::load().find(method, path).unwrap()
}

fn refused(method: &str, path: &str, query: Option<&str>, body: Option<Value>) -> String {
    Spec::load().check_request(method, path, query, body.as_ref()).unwrap_err().join("\n")
}

#[test]
fn a_right_request_is_taken() {
    let operation = Spec::load().check_request("GET", PULL, None, None).unwrap();
    assert_eq!(operation.id, "pulls/get");
    assert_eq!(operation.arguments["pull_number"], "1347");
    assert_eq!(operation.arguments["owner"], "octocat");
    let body = json!({"state": "pending", "context": "portcullis/catalog", "target_url": null});
    Spec::load().check_request("POST", "/repos/o/r/statuses/6dcb", None, Some(&body)).unwrap();
}

#[test]
fn each_planted_error_is_caught() {
    let status = |body: Value| refused("POST", "/repos/o/r/statuses/6dcb", None, Some(body));
    let told = [
        status(json!({"state": "pending", "colour": "green"})),
        status(json!({"context": "x"})),
        status(json!({"state": "green"})),
        status(json!({"state": "pending", "description": 5})),
        refused("POST", "/repos/o/r/statuses/6dcb", None, None),
        refused("GET", PULL, None, Some(json!({}))),
        refused("GET", "/repos/o/r/pull/1", None, None),
        refused("PUT", PULL, None, None),
        refused("GET", "/repos/o/r/pulls", Some("state=open&colour=green"), None),
        refused("GET", "/repos/o/r/pulls", Some("state=ajar&page=one&per_page=101&per_page=2"), None),
        refused("GET", "/repos/o/r/pulls/one", None, None),
        refused("GET", "/search/code", None, None),
        refused(
            "POST",
            "/repos/o/r/check-runs",
            None,
            Some(json!({"name": "Portcullis", "head_sha": "6dcb", "output": {"title": "t", "summary": "s", "text": "", "annotations": [{"path": "a", "start_line": "1", "end_line": 1, "annotation_level": "grave", "message": "m"}]}})),
        ),
        refused("PATCH", "/repos/o/r/check-runs/4", None, Some(json!({"status": "completed", "conclusion": "success", "details": 1}))),
    ]
    .join("\n\n");
    insta::assert_snapshot!(told);
}

#[test]
fn an_answer_is_held_to_its_schema_too() {
    let spec = Spec::load();
    let operation = asked("GET", PULL);
    let right = spec.example(&operation, 200).unwrap();
    assert_eq!(spec.check_response(&operation, 200, Some(&right)), [""; 0]);
    let with = |change: fn(&mut Value)| {
        let mut answer = right.clone();
        change(&mut answer);
        spec.check_response(&operation, 200, Some(&answer)).join("\n")
    };
    let told = [
        with(|answer| answer["head"]["colour"] = json!("green")),
        with(|answer| answer["user"] = json!("octocat")),
        with(|answer| answer["head"]["repo"]["owner"]["id"] = json!("1")),
        with(|answer| answer["labels"][0]["colour"] = json!("green")),
        with(|answer| answer["updated_at"] = json!("yesterday")),
        with(|answer| drop(answer.as_object_mut().unwrap().remove("mergeable"))),
        with(|answer| answer["state"] = json!("ajar")),
        spec.check_response(&operation, 200, None).join("\n"),
        spec.check_response(&operation, 418, Some(&right)).join("\n"),
        spec.check_response(&operation, 404, Some(&json!({"message": "Not Found", "reason": "none"}))).join("\n"),
        spec.check_response(&operation, 304, Some(&right)).join("\n"),
    ]
    .join("\n\n");
    insta::assert_snapshot!(told);
    assert_eq!(spec.check_response(&operation, 304, None), [""; 0]);
    assert_eq!(spec.check_response(&operation, 403, Some(&json!({"message": "rate limited"}))), [""; 0]);
    assert_eq!(spec.check_response(&operation, 502, None), [""; 0]);
}

/// What is in braces may hold slashes only where the description says so, and what is written out goes before it.
#[test]
fn a_path_finds_the_operation_that_is_meant() {
    let id = |method: &str, path: &str| asked(method, path).id;
    assert_eq!(id("GET", "/repos/o/r/commits/main"), "repos/get-commit");
    assert_eq!(id("GET", "/repos/o/r/commits/heads/a/b/statuses"), "repos/list-commit-statuses-for-ref");
    assert_eq!(id("GET", "/repos/o/r/commits/abc/check-runs"), "checks/list-for-ref");
    assert_eq!(id("GET", "/repos/o/r/branches/release/1/protection"), "repos/get-branch-protection");
    assert_eq!(id("GET", "/repos/o/r/issues/comments/4"), "issues/get-comment");
    assert_eq!(id("GET", "/orgs/o/teams/t/members"), "teams/list-members-in-org");
    assert_eq!(id("GET", "/user"), "users/get-authenticated");
    assert_eq!(asked("GET", "/repos/o/r/contents/a/b%20c.yaml").arguments["path"], "a/b c.yaml");
}

/// What Portcullis asks of GitHub.
const USED: &[(&str, &str, u16)] = &[
    ("GET", "/app", 200),
    ("GET", "/app/installations", 200),
    ("POST", "/app/installations/1/access_tokens", 201),
    ("GET", "/installation/repositories", 200),
    ("GET", "/repos/o/r/installation", 200),
    ("GET", "/app/hook/config", 200),
    ("GET", "/app/hook/deliveries", 200),
    ("GET", "/user", 200),
    ("GET", "/users/octocat", 200),
    ("GET", "/rate_limit", 200),
    ("GET", "/repos/o/r", 200),
    ("GET", "/repos/o/r/pulls", 200),
    ("GET", "/repos/o/r/pulls/1", 200),
    ("GET", "/repos/o/r/pulls/1/reviews", 200),
    ("GET", "/repos/o/r/activity", 200),
    ("GET", "/repos/o/r/commits", 200),
    ("GET", "/repos/o/r/commits/abc", 200),
    ("GET", "/repos/o/r/commits/abc/statuses", 200),
    ("POST", "/repos/o/r/statuses/abc", 201),
    ("GET", "/repos/o/r/commits/abc/check-runs", 200),
    ("POST", "/repos/o/r/check-runs", 201),
    ("PATCH", "/repos/o/r/check-runs/1", 200),
    ("GET", "/repos/o/r/check-runs/1/annotations", 200),
    ("GET", "/repos/o/r/issues/1/comments", 200),
    ("POST", "/repos/o/r/issues/1/comments", 201),
    ("PATCH", "/repos/o/r/issues/comments/1", 200),
    ("GET", "/repos/o/r/issues/comments/1/reactions", 200),
    ("POST", "/repos/o/r/issues/comments/1/reactions", 201),
    ("POST", "/repos/o/r/pulls/1/requested_reviewers", 201),
    ("GET", "/repos/o/r/issues/1/labels", 200),
    ("POST", "/repos/o/r/issues/1/labels", 200),
    ("DELETE", "/repos/o/r/issues/1/labels/bug", 200),
    ("PUT", "/repos/o/r/pulls/1/merge", 200),
    ("GET", "/repos/o/r/collaborators/octocat/permission", 200),
    ("GET", "/orgs/o/teams/t", 200),
    ("GET", "/orgs/o/teams/t/members", 200),
    ("GET", "/repos/o/r/branches/main", 200),
    ("GET", "/repos/o/r/branches/main/protection", 200),
    ("GET", "/repos/o/r/rules/branches/main", 200),
    ("GET", "/repos/o/r/contents/teams", 200),
];

/// The snapshot holds what GitHub's own examples have that its own schemas do not allow.
#[test]
fn every_example_is_completed_until_its_schema_allows_it() {
    let spec = Spec::load();
    let mut flaws = Vec::new();
    for (method, path, status) in USED {
        let operation = asked(method, path);
        let example = spec.example(&operation, *status).unwrap();
        assert_eq!(spec.check_response(&operation, *status, Some(&example)), [""; 0], "{example:#}");
        match spec.official_example(&operation, *status) {
            Some(official) => flaws.extend(spec.check_response(&operation, *status, Some(official))),
            None => flaws.push(format!("{method} {} → {status}: there is none", operation.path)),
        }
    }
    let flaws = flaws.join("\n");
    insta::assert_snapshot!(flaws);
}

/// The places of all objects in a value.
fn objects(value: &Value, place: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(place.to_owned());
            fields.iter().for_each(|(name, field)| {
                objects(field, &format!("{place}/{}", name.replace('~', "~0").replace('/', "~1")), found)
            });
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| objects(item, &format!("{place}/{index}"), found))
        }
        _ => {}
    }
}

/// At any depth; the snapshot holds the places where GitHub's schema itself does not say which fields there are.
#[test]
fn an_unknown_field_is_caught_wherever_it_is_planted() {
    let spec = Spec::load();
    let (mut open, mut planted) = (Vec::new(), 0);
    for (method, path, status) in USED {
        let operation = asked(method, path);
        let example = spec.example(&operation, *status).unwrap();
        let mut places = Vec::new();
        objects(&example, "", &mut places);
        for place in places {
            let mut changed = example.clone();
            changed.pointer_mut(&place).unwrap()["planted"] = json!({});
            planted += 1;
            if spec.check_response(&operation, *status, Some(&changed)).is_empty() {
                open.push(format!("{method} {} → {status}: `{place}`", operation.path));
            }
        }
    }
    assert!(planted > 200, "{planted}");
    let open = open.join("\n");
    insta::assert_snapshot!(open);
}

#[test]
fn a_whole_value_is_made_of_a_component() {
    let spec = Spec::load();
    for name in [
        "pull-request",
        "pull-request-simple",
        "pull-request-review",
        "commit",
        "activity",
        "simple-user",
        "private-user",
        "public-user",
        "team",
        "team-full",
        "full-repository",
        "repository",
        "minimal-repository",
        "installation",
        "integration",
        "installation-token",
        "status",
        "check-run",
        "check-suite",
        "check-annotation",
        "issue-comment",
        "reaction",
        "label",
        "basic-error",
        "validation-error",
        "webhook-config",
        "hook-delivery-item",
        "rate-limit-overview",
        "branch-with-protection",
        "branch-protection",
        "repository-rule-detailed",
        "content-file",
        "repository-collaborator-permission",
        "pull-request-merge-result",
    ] {
        let made = spec.component_example(name).unwrap_or_else(|| panic!("no schema {name}"));
        assert_eq!(spec.check_component(name, &made), [""; 0], "{name}: {made:#}");
    }
    assert!(spec.component_example("no-such-thing").is_none());
}

/// The same for all that GitHub has, which is where the making of values is tried.
#[test]
fn an_example_is_there_for_every_answer_of_every_operation() {
    let spec = Spec::load();
    let (mut made, mut wrong) = (0, Vec::new());
    for known in &spec.known {
        let id = String::new();
        let operation = Operation { method: known.method.clone(), path: known.path.clone(), id, arguments: BTreeMap::new() };
        for status in [200, 201, 202] {
            let Some(example) = spec.example(&operation, status) else { continue };
            made += 1;
            wrong.extend(spec.check_response(&operation, status, Some(&example)).into_iter().take(1));
        }
    }
    assert_eq!(wrong, [""; 0], "{}", wrong.join("\n"));
    assert!(made > 700, "{made}");
}
