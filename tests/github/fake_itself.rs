//! The fake is what it says: its own answers are as GitHub's description has them, and git works.

use std::process::Command;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::clock::ManualClock;
use crate::fake::{GitHub, Level, Method, Role};

/// A repository with one commit on main, and somebody who may push.
fn acme() -> GitHub {
    let github = GitHub::start(ManualClock::start());
    github.collaborator("acme/catalog", "alice", Role::Admin);
    let mut alice = github.user("alice").clones("acme/catalog");
    alice.writes("README", "a catalog\n").commits("Begin");
    alice.pushes("main");
    github
}

/// One request by hand: status, head and body.
fn ask(github: &GitHub, token: &str, method: &str, path: &str, body: Option<Value>, more: &str) -> (u16, String, Value) {
    use std::io::{Read as _, Write as _};
    let address = github.api();
    let host = address.strip_prefix("http://").unwrap();
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: test\r\nAccept: application/json\r\nX-GitHub-Api-Version: 2022-11-28\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\nConnection: close\r\n{more}\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_owned(), serde_json::from_str(body).unwrap_or_default())
}

fn get(github: &GitHub, token: &str, path: &str) -> Value {
    let (status, _, body) = ask(github, token, "GET", path, None, "");
    assert_eq!(status, 200, "{path}: {body}");
    body
}

fn clone(github: &GitHub, token: Option<&str>) -> bool {
    let dir = tempfile::tempdir().unwrap();
    let mut git = Command::new("git");
    git.env_clear().env("PATH", std::env::var_os("PATH").unwrap()).env("HOME", dir.path()).env("GIT_TERMINAL_PROMPT", "0");
    git.env("GIT_CONFIG_NOSYSTEM", "1");
    if let Some(token) = token {
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("x-access-token:{token}"));
        git.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "http.extraHeader");
        git.env("GIT_CONFIG_VALUE_0", format!("Authorization: Basic {basic}"));
    }
    let output =
        git.args(["clone", "-q", &format!("{}/acme/catalog.git", github.git())]).arg(dir.path().join("it")).output().unwrap();
    output.status.success() && std::fs::read_to_string(dir.path().join("it/README")).is_ok_and(|text| text == "a catalog\n")
}

#[test]
fn a_clone_needs_a_token_of_the_repository() {
    let github = acme();
    assert!(clone(&github, Some(&github.token("alice"))));
    assert!(!clone(&github, None));
    assert!(!clone(&github, Some("ghs_wrong")));
    github.makes_private("acme/catalog");
    assert!(!clone(&github, Some(&github.token("mallory"))));
    let app = github.app("portcullis", &[("contents", Level::Read)]);
    assert!(clone(&github, Some(&github.installation_token(github.installs(app, &["acme/catalog"])))));
}

#[test]
fn heads_of_pull_requests_are_fetched_from_the_repository_also_for_forks() {
    let github = acme();
    let mut dave = github.user("dave").forks("acme/catalog");
    let head = dave.on("extend").writes("more", "1").commits("Extend");
    dave.pushes("extend");
    let number = dave.opens_pull_request("extend", "main");
    let listed = Command::new("git").args(["ls-remote"]).arg(github.path("acme/catalog")).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(listed.contains(&format!("{head}\trefs/pull/{number}/head")), "{listed}");
}

#[test]
fn a_life_of_a_pull_request_is_told_as_github_tells_it() {
    let github = acme();
    let token = github.token("alice");
    let mut bob = github.user("bob").forks("acme/catalog");
    let head = bob.on("extend").writes("more", "1").signs(true).commits("Extend");
    bob.pushes("extend");
    let number = bob.opens_pull_request("extend", "main");
    let review = github.user("carol").reviews("acme/catalog", number, "APPROVED");
    let base = "/repos/acme/catalog";
    let pulls = get(&github, &token, &format!("{base}/pulls?state=open&base=main&sort=updated&direction=desc&per_page=100"));
    assert_eq!(pulls[0]["head"]["sha"], head.to_string());
    let reviews = get(&github, &token, &format!("{base}/pulls/{number}/reviews?per_page=100"));
    assert_eq!(reviews[0]["state"], "APPROVED");
    github.dismisses(review);
    let reviews = get(&github, &token, &format!("{base}/pulls/{number}/reviews"));
    assert_eq!(reviews[0]["state"], "DISMISSED");
    let activity = get(&github, &token, "/repos/bob/catalog/activity?ref=refs/heads/extend");
    assert_eq!(activity[0]["actor"]["login"], "bob");
    let commit = get(&github, &token, &format!("{base}/commits/{head}"));
    assert_eq!(commit["commit"]["verification"]["verified"], false);
    github.verifies(head, "bob");
    let commits = get(&github, &token, &format!("{base}/commits?sha={head}&per_page=100"));
    assert_eq!(commits[0]["commit"]["verification"]["verified"], true);
    let status = json!({"state": "success", "context": "portcullis/catalog", "description": "good"});
    assert_eq!(ask(&github, &token, "POST", &format!("{base}/statuses/{head}"), Some(status), "").0, 201);
    assert_eq!(github.status("acme/catalog", head, "portcullis/catalog").unwrap().0, "success");
    assert_eq!(get(&github, &token, &format!("{base}/commits/{head}/statuses"))[0]["creator"]["login"], "alice");
    let comment = json!({"body": "hello"});
    let (status, _, comment) = ask(&github, &token, "POST", &format!("{base}/issues/{number}/comments"), Some(comment), "");
    assert_eq!(status, 201);
    let reactions = format!("{base}/issues/comments/{}/reactions", comment["id"]);
    assert_eq!(ask(&github, &token, "POST", &reactions, Some(json!({"content": "eyes"})), "").0, 201);
    assert_eq!(ask(&github, &token, "POST", &reactions, Some(json!({"content": "eyes"})), "").0, 200);
    let merge = json!({"sha": "0".repeat(40)});
    assert_eq!(ask(&github, &token, "PUT", &format!("{base}/pulls/{number}/merge"), Some(merge), "").0, 409);
    let merge = json!({"sha": head.to_string(), "merge_method": "squash"});
    assert_eq!(ask(&github, &token, "PUT", &format!("{base}/pulls/{number}/merge"), Some(merge), "").0, 200);
    assert_eq!(get(&github, &token, &format!("{base}/pulls/{number}"))["merged"], true);
    let _ = Method::Merge;
}

#[test]
fn what_has_not_changed_costs_nothing() {
    let github = acme();
    let token = github.token("alice");
    let path = "/repos/acme/catalog/pulls";
    let (_, head, _) = ask(&github, &token, "GET", path, None, "");
    let etag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    let (status, _, _) = ask(&github, &token, "GET", path, None, &format!("If-None-Match: {etag}\r\n"));
    assert_eq!(status, 304);
    assert_eq!(github.cost(), 1);
    // It is somebody else's answer to somebody else.
    let (status, _, _) = ask(&github, &github.token("bob"), "GET", path, None, &format!("If-None-Match: {etag}\r\n"));
    assert_eq!(status, 200);
}
