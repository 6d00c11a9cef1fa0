//! The fake is what it says: its own answers are as GitHub's description has them, and git works.

use std::process::Command;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::clock::ManualClock;
use crate::fake::{GitHub, Level, Method, Role, on};

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

#[tokio::test]
async fn an_app_finds_its_installation_and_is_given_a_token_by_a_key_that_is_verified() {
    let github = acme();
    let app = github.app("portcullis", &[("contents", Level::Read), ("statuses", Level::Write)]);
    github.installs(app, &["acme/catalog"]);
    let jwt = jwt(app, 1_772_442_000 - 60, 540);
    assert_eq!(get(&github, &jwt, "/app")["slug"], "portcullis");
    assert_eq!(get(&github, &jwt, "/app/installations")[0]["app_id"], app);
    assert_eq!(get(&github, &jwt, "/app/hook/config")["content_type"], "json");
    assert_eq!(get(&github, &jwt, "/app/hook/deliveries"), json!([]));
    let installation = get(&github, &jwt, "/repos/acme/catalog/installation")["id"].clone();
    let path = format!("/app/installations/{installation}/access_tokens");
    let narrow = json!({"repositories": ["catalog"], "permissions": {"contents": "read"}});
    let (status, _, token) = ask(&github, &jwt, "POST", &path, Some(narrow), "");
    assert_eq!(status, 201, "{token}");
    let token = token["token"].as_str().unwrap().to_owned();
    assert_eq!(get(&github, &token, "/installation/repositories")["total_count"], 1);
    assert_eq!(get(&github, &token, "/repos/acme/catalog/commits")[0]["commit"]["message"], "Begin");
    let sha = get(&github, &token, "/repos/acme/catalog/branches/main")["commit"]["sha"].as_str().unwrap().to_owned();
    let refused =
        ask(&github, &token, "POST", &format!("/repos/acme/catalog/statuses/{sha}"), Some(json!({"state": "success"})), "");
    assert_eq!((refused.0, refused.2["message"].as_str()), (403, Some("Resource not accessible by integration")));
    github.revokes(&token);
    assert_eq!(ask(&github, &token, "GET", "/repos/acme/catalog", None, "").0, 401);
    // A forged signature, and a time that has not come, or lasts too long, or is over.
    let (head, _) = jwt.rsplit_once('.').unwrap();
    for bad in
        [format!("{head}.AAAA"), self::jwt(app, 1_772_442_600, 540), self::jwt(app, 1_772_442_000, 3600), self::jwt(app, 1, 60)]
    {
        assert_eq!(ask(&github, &bad, "GET", "/app", None, "").0, 401);
    }
}

/// A JWT of an App, good from some second on for some seconds.
fn jwt(app: u64, from: i64, long: i64) -> String {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let key: String = include_str!("fake/app-key.pem").lines().filter(|line| !line.starts_with("-----")).collect();
    let key = ring::rsa::KeyPair::from_der(&STANDARD.decode(key).unwrap()).unwrap();
    let claims = json!({"iat": from, "exp": from + long, "iss": app.to_string()});
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(json!({"alg": "RS256", "typ": "JWT"})), part(claims));
    let mut signature = vec![0; key.public().modulus_len()];
    let random = ring::rand::SystemRandom::new();
    key.sign(&ring::signature::RSA_PKCS1_SHA256, &random, signed.as_bytes(), &mut signature).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn check_runs_take_fifty_annotations_at_a_time() {
    let github = acme();
    let app = github.app("portcullis", &[("checks", Level::Write)]);
    let token = github.installation_token(github.installs(app, &["acme/catalog"]));
    let sha = github.user("alice").clones("acme/catalog").tip("main").to_string();
    let annotation = json!({"path": "README", "start_line": 1, "end_line": 1, "annotation_level": "failure", "message": "no"});
    let output = |count: usize| json!({"title": "t", "summary": "s", "annotations": vec![annotation.clone(); count]});
    let base = "/repos/acme/catalog/check-runs";
    let new = |count| json!({"name": "Portcullis", "head_sha": sha, "status": "in_progress", "output": output(count)});
    assert_eq!(ask(&github, &token, "POST", base, Some(new(51)), "").0, 422);
    assert_eq!(github.violations().len(), 1, "the description says so too");
    let (status, _, run) = ask(&github, &token, "POST", base, Some(new(50)), "");
    assert_eq!(status, 201, "{run}");
    let own = format!("{base}/{}", run["id"]);
    let done = json!({"conclusion": "failure", "output": output(1)});
    assert_eq!(ask(&github, &token, "PATCH", &own, Some(done), "").2["output"]["annotations_count"], 51);
    let annotations = get(&github, &token, &format!("{own}/annotations?per_page=100"));
    assert_eq!(annotations.as_array().unwrap().len(), 51);
    let runs = get(&github, &token, &format!("/repos/acme/catalog/commits/{sha}/check-runs?check_name=Portcullis"));
    assert_eq!(runs["check_runs"][0]["status"], "completed");
    // Whoever is no App makes none.
    assert_eq!(ask(&github, &github.token("alice"), "POST", base, Some(new(0)), "").0, 403);
}

#[test]
fn the_rest_is_told_as_github_tells_it_too() {
    let github = acme();
    let token = github.token("alice");
    github.collaborator("acme/catalog", "bob", Role::Write);
    let team = github.team("acme", "platform", &["alice", "bob"]);
    assert_eq!(get(&github, &token, "/orgs/acme/teams/platform")["id"], team);
    assert_eq!(get(&github, &token, "/orgs/acme/teams/platform/members?per_page=100").as_array().unwrap().len(), 2);
    assert_eq!(get(&github, &token, "/user")["login"], "alice");
    assert_eq!(get(&github, &token, "/users/alice")["type"], "User");
    assert_eq!(get(&github, &token, "/rate_limit")["rate"]["limit"], 5000);
    let base = "/repos/acme/catalog";
    assert_eq!(get(&github, &token, base)["full_name"], "acme/catalog");
    assert_eq!(get(&github, &token, &format!("{base}/collaborators/bob/permission"))["permission"], "write");
    assert_eq!(ask(&github, &token, "GET", &format!("{base}/branches/main/protection"), None, "").0, 404);
    let app = github.app("portcullis", &[]);
    github.protects("acme/catalog", "main", &[("portcullis/catalog", Some(app)), ("other", None)], true);
    github.rules("acme/catalog", "main", &[("portcullis/approval", Some(app)), ("other", None)]);
    let protection = get(&github, &token, &format!("{base}/branches/main/protection"));
    assert_eq!(protection["required_status_checks"]["checks"][0]["app_id"], app);
    assert_eq!(get(&github, &token, &format!("{base}/branches/main"))["protected"], true);
    assert_eq!(get(&github, &token, &format!("{base}/rules/branches/main"))[0]["type"], "required_status_checks");
    assert_eq!(get(&github, &token, &format!("{base}/contents/README"))["encoding"], "base64");
    let mut carol = github.user("carol").forks("acme/catalog");
    carol.on("mine").writes("x", "1").commits("Mine");
    carol.pushes("mine");
    let number = carol.opens_pull_request("mine", "main");
    let reviewers = |login: &str| {
        let path = format!("{base}/pulls/{number}/requested_reviewers");
        ask(&github, &token, "POST", &path, Some(json!({"reviewers": [login]})), "").0
    };
    assert_eq!([reviewers("bob"), reviewers("carol"), reviewers("mallory")], [201, 422, 422]);
    let labels = format!("{base}/issues/{number}/labels");
    assert_eq!(ask(&github, &token, "POST", &labels, Some(json!({"labels": ["waits"]})), "").0, 200);
    assert_eq!(get(&github, &token, &labels)[0]["name"], "waits");
    assert_eq!(get(&github, &token, &format!("{base}/pulls"))[0]["labels"][0]["name"], "waits");
    assert_eq!(ask(&github, &token, "DELETE", &format!("{labels}/waits"), None, "").0, 200);
    // The fork is deleted, and then the account.
    github.deletes_repository("carol/catalog");
    assert!(get(&github, &token, &format!("{base}/pulls/{number}"))["head"]["repo"].is_null());
    github.user("dave").reviews("acme/catalog", number, "APPROVED");
    github.deletes_account("dave");
    assert!(get(&github, &token, &format!("{base}/pulls/{number}/reviews"))[0]["user"].is_null());
    let group = github.enqueues("alice", "acme/catalog", number, Method::Squash);
    assert_eq!(github.merges_first_group("acme/catalog"), group);
    assert_eq!(get(&github, &token, &format!("{base}/pulls/{number}"))["merged"], true);
    let activity = get(&github, &token, &format!("{base}/activity?ref=refs/heads/main&per_page=1"));
    assert_eq!(activity[0]["activity_type"], "merge_queue_merge");
}

#[test]
fn what_goes_wrong_goes_wrong_as_said() {
    let github = acme();
    let token = github.token("alice");
    let (pulls, statuses) = ("/repos/acme/catalog/pulls", format!("/repos/acme/catalog/statuses/{}", "1".repeat(40)));
    github.fault(on("GET", "/pulls").answers(503).times(2));
    let asked = || ask(&github, &token, "GET", pulls, None, "").0;
    assert_eq!([asked(), asked(), asked()], [503, 503, 200]);
    let sha = github.user("alice").clones("acme/catalog").tip("main");
    let statuses = statuses.replace(&"1".repeat(40), &sha.to_string());
    github.fault(on("POST", "/statuses/").answers(502).performed());
    let status = json!({"state": "success", "context": "c"});
    assert_eq!(ask(&github, &token, "POST", &statuses, Some(status), "").0, 502);
    assert_eq!(github.status("acme/catalog", sha, "c").unwrap().0, "success");
    github.fault(on("GET", "/pulls").retry_after(429, 30));
    assert!(ask(&github, &token, "GET", pulls, None, "").1.contains("retry-after: 30"));
    github.renames("acme/catalog", "inventory");
    let (status, head, _) = ask(&github, &token, "GET", pulls, None, "");
    assert_eq!(status, 301);
    let to = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().trim_start_matches(&github.api()).to_owned();
    assert_eq!(get(&github, &token, &to), json!([]));
    assert_eq!(ask(&github, &token, "POST", &statuses, Some(json!({"state": "success"})), "").0, 307);
    github.restarts();
    assert_eq!(get(&github, &token, "/repos/acme/inventory")["name"], "inventory");
    assert!(github.faults_are_over());
}

#[test]
fn what_is_not_in_the_description_fails_the_test() {
    let github = acme();
    let token = github.token("alice");
    let sha = github.user("alice").clones("acme/catalog").tip("main");
    let path = format!("/repos/acme/catalog/statuses/{sha}");
    ask(&github, &token, "POST", &path, Some(json!({"state": "success", "colour": "green"})), "");
    ask(&github, &token, "GET", "/repos/acme/catalog/pulls?colour=green", None, "");
    ask(&github, &token, "GET", "/repos/acme/catalog/colours", None, "");
    let violations = github.violations();
    assert_eq!(violations.len(), 3, "{violations:?}");
}

#[test]
fn pages_are_linked_by_number_and_by_cursor() {
    let github = acme();
    let token = github.token("alice");
    let mut alice = github.user("alice").clones("acme/catalog");
    for number in 0..5 {
        alice.writes("README", &number.to_string()).commits("More");
        alice.pushes("main");
    }
    for list in ["commits?per_page=4", "activity?per_page=4&ref=refs/heads/main"] {
        let (_, head, first) = ask(&github, &token, "GET", &format!("/repos/acme/catalog/{list}"), None, "");
        let link = head.lines().find_map(|line| line.strip_prefix("link: ")).unwrap();
        let next = link.split(", ").find(|it| it.contains("rel=\"next\"")).unwrap();
        let next = next[1..next.find('>').unwrap()].trim_start_matches(&github.api()).to_owned();
        let second = get(&github, &token, &next);
        assert_eq!((first.as_array().unwrap().len(), second.as_array().unwrap().len()), (4, 2), "{next}");
    }
}
