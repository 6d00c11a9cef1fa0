//! Who tries what with the API.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use portcullis::model::RunState;
use portcullis::run::life::RunHandle;
use portcullis::store::{RepositoryKey, Store as _};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::{ADDRESS, OTHER, PASSWORD, SECRET, World, client, handle, here, id};

#[tokio::test]
async fn a_credential_of_another_action_says_nothing_about_a_run() {
    let world = World::open().await;
    let run = world.running("ship-it").await;
    let token = world.token_of("other", OTHER).await;
    let path = format!("/v1/actions/runs/{run}");
    let foreign = world.patch(&path, Some(&token), &json!({ "status": "SUCCESS" })).await;
    let unknown =
        world.patch(&format!("/v1/actions/runs/{}", handle("nobody")), Some(&token), &json!({ "status": "SUCCESS" })).await;
    assert_eq!(foreign.wrong(), (404, "not_found"));
    assert_eq!(foreign.text, unknown.text, "whether there is such a run is nobody else's business");
    for more in ["", "/logs", "/approvers?include_pending_approvers=true"] {
        assert_eq!(world.get(&format!("{path}{more}"), Some(&token)).await.wrong(), (404, "not_found"));
    }
    let line = world.post(&format!("{path}/logs"), Some(&token), &json!({ "message": "mine now" })).await;
    assert_eq!(line.wrong(), (404, "not_found"));
    assert_eq!(world.get("/v1/actions/runs", Some(&token)).await.body["runs"], json!([]));
    assert_eq!(world.state("ship-it").await, RunState::InProgress);
}

#[tokio::test]
async fn a_credential_of_another_repository_says_nothing_about_a_run() {
    let world = World::open().await;
    let elsewhere = RepositoryKey::new("platform#main");
    world.begin(&elsewhere, "ship-it", "deploy").await;
    let token = world.token().await;
    let theirs = RunHandle::of(elsewhere.as_str(), &id("ship-it"));
    let told = world.patch(&format!("/v1/actions/runs/{theirs}"), Some(&token), &json!({ "status": "SUCCESS" })).await;
    assert_eq!(told.wrong(), (404, "not_found"));
    // One that is not watched any more is nobody's.
    let gone = RepositoryKey::new("gone#main");
    world.store.adopt(&gone, &crate::world::acceptance(1), &[id("old")]).await.unwrap();
    world.begin(&gone, "ship-it", "deploy").await;
    let told = world.get(&format!("/v1/actions/runs/{}", RunHandle::of(gone.as_str(), &id("ship-it"))), Some(&token)).await;
    assert_eq!(told.wrong(), (404, "not_found"));
}

#[tokio::test]
async fn a_callback_that_is_replayed_does_not_undo_what_came_after_it() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let early = json!({ "statusLabel": "Rolling out" });
    world.patch(&path, Some(&token), &early).await;
    world.patch(&path, Some(&token), &json!({ "status": "FAILURE", "statusLabel": "Broken" })).await;
    let ended = world.record("ship-it").await;
    assert_eq!(world.patch(&path, Some(&token), &early).await.wrong(), (422, "run_ended"));
    assert_eq!(world.patch(&path, Some(&token), &json!({ "status": "SUCCESS" })).await.wrong(), (422, "run_ended"));
    // Another run does not take it either.
    let another = world.running("another").await;
    assert_eq!(world.patch(&format!("/v1/actions/runs/{another}x"), Some(&token), &early).await.wrong(), (404, "not_found"));
    assert_eq!(world.record("ship-it").await, ended);
}

#[tokio::test]
async fn a_forged_token_is_refused() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let parts: Vec<&str> = token.split('.').collect();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let other = URL_SAFE_NO_PAD.encode(claims.replace("deployer", "other"));
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    let theirs = world.token_of("other", OTHER).await;
    let their_signature = theirs.rsplit('.').next().unwrap();
    for forged in [
        format!("{none}.{}.", parts[1]),
        format!("{none}.{}.{}", parts[1], parts[2]),
        format!("{}.{other}.{}", parts[0], parts[2]),
        format!("{}.{}.{their_signature}", parts[0], parts[1]),
        format!("{}.{}.", parts[0], parts[1]),
        SECRET.to_owned(),
        "null".to_owned(),
        "a".repeat(5000),
    ] {
        assert_eq!(world.patch(&path, Some(&forged), &json!({ "status": "SUCCESS" })).await.wrong(), (401, "unauthorized"));
    }
    for head in ["", "Authorization: Basic ZGVwbG95ZXI6eA==\r\n", "Authorization: Bearer\r\n", "Authorization: bearer \r\n"] {
        let told = world.send(&format!("GET {path} HTTP/1.1\r\n{head}"), "").await;
        assert_eq!(told.wrong(), (401, "unauthorized"), "{head}");
    }
    // A token in the address would stand in every log on the way.
    assert_eq!(world.get(&format!("{path}?access_token={token}"), None).await.wrong(), (401, "unauthorized"));
    assert_eq!(world.state("ship-it").await, RunState::InProgress);
}

#[tokio::test]
async fn a_token_dies_with_its_credential() {
    let token = World::open().await.token().await;
    for clients in [vec![client("other", OTHER, &["deploy"])], vec![client("deployer", "another-secret-since", &["deploy"])]] {
        let world = World::with(clients).await;
        let run = world.running("ship-it").await;
        assert_eq!(world.get(&format!("/v1/actions/runs/{run}"), Some(&token)).await.wrong(), (401, "unauthorized"));
    }
    // A replica that knows the credential takes it.
    let replica = World::open().await;
    let run = replica.running("ship-it").await;
    assert_eq!(replica.get(&format!("/v1/actions/runs/{run}"), Some(&token)).await.status, 200);
}

#[tokio::test]
async fn bodies_that_are_too_large_or_no_json_are_refused() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let big = json!({ "summary": "a".repeat(300 * 1024) });
    assert_eq!(world.patch(&path, Some(&token), &big).await.wrong(), (413, "payload_too_large"));
    let stream = format!(
        "PATCH {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    );
    let chunk = format!("{:x}\r\n{}\r\n", 200 * 1024, " ".repeat(200 * 1024));
    assert_eq!(world.send(&stream, &format!("{chunk}{chunk}0\r\n\r\n")).await.wrong(), (413, "payload_too_large"));
    let head = |kind: &str, length: usize| {
        format!("PATCH {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n")
    };
    assert_eq!(world.send(&head("text/plain", 20), r#"{"status":"SUCCESS"}"#).await.wrong(), (415, "unsupported_media_type"));
    let deep = "[".repeat(100_000);
    assert_eq!(world.send(&head("application/json", deep.len()), &deep).await.wrong(), (422, "invalid_request"));
    for wrong in [
        json!({ "status": "APPROVED" }),
        json!({ "status": true }),
        json!({ "link": "javascript:alert(1)" }),
        json!({ "link": vec!["https://a.example"; 11] }),
        json!({ "approval": "yes" }),
    ] {
        assert_eq!(world.patch(&path, Some(&token), &wrong).await.wrong(), (422, "invalid_request"), "{wrong}");
    }
    assert_eq!(world.record("ship-it").await.life.unwrap().execution.unwrap().summary, None);
}

#[tokio::test]
async fn a_path_names_a_run_or_nothing() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    for path in [
        format!("/v1/actions/runs/../runs/{run}"),
        format!("/v1/actions/runs/%2e%2e%2fruns%2f{run}"),
        format!("/v1/actions/runs//{run}"),
        format!("/v1/actions/runs/{run}/"),
        format!("/v1/actions/runs/{run}%00"),
        format!("/v1/actions/runs/{}", run.to_uppercase()),
        format!("/v1/actions/runs/{run}/approval"),
        "/v1/actions/runs/ship-it".to_owned(),
        "/v1/actions/runs/r_'; DROP TABLE runs".replace(' ', "%20"),
        "/v1/blueprints/Env/entities".to_owned(),
    ] {
        assert_eq!(world.get(&path, Some(&token)).await.wrong(), (404, "not_found"), "{path}");
    }
    assert_eq!(world.ask("DELETE", &format!("/v1/actions/runs/{run}"), Some(&token), None).await.wrong(), (404, "not_found"));
}

#[tokio::test]
async fn a_page_in_a_browser_gets_no_leave_to_call() {
    let world = World::open().await;
    let run = world.running("ship-it").await;
    let path = format!("/v1/actions/runs/{run}");
    let asked = "Origin: https://evil.example\r\nAccess-Control-Request-Method: PATCH\r\nAccess-Control-Request-Headers: authorization\r\n";
    let told = world.send(&format!("OPTIONS {path} HTTP/1.1\r\n{asked}"), "").await;
    assert!(told.status >= 400 && !told.head.contains("access-control"), "{}", told.head);
    let body = json!({ "clientId": "deployer", "clientSecret": SECRET }).to_string();
    let head = format!(
        "POST /v1/auth/access_token HTTP/1.1\r\nOrigin: https://evil.example\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n",
        body.len()
    );
    let told = world.send(&head, &body).await;
    assert_eq!(told.wrong(), (415, "unsupported_media_type"));
    assert!(told.head.contains("cache-control: no-store") && told.head.contains("nosniff"), "{}", told.head);
}

#[tokio::test]
async fn whoever_sends_slowly_keeps_nobody_out() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let mut slow = Vec::new();
    for _ in 0..20 {
        let mut stream = TcpStream::connect(world.address).await.unwrap();
        let head = format!(
            "PATCH /v1/actions/runs/{run} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: 200000\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        slow.push(stream);
    }
    let told = world.patch(&format!("/v1/actions/runs/{run}"), Some(&token), &json!({ "status": "SUCCESS" })).await;
    assert_eq!(told.status, 200);
    // And they are cut off.
    let mut answer = String::new();
    let read = slow[0].read_to_string(&mut answer);
    let _ = tokio::time::timeout(Duration::from_secs(40), read).await.expect("an end");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn secrets_stand_in_no_answer() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let mut said = String::new();
    for told in [
        world.get(&path, Some(&token)).await,
        world.get("/v1/actions/runs", Some(&token)).await,
        world.post("/v1/auth/access_token", None, &json!({ "clientId": SECRET, "clientSecret": SECRET })).await,
        world.patch(&path, Some(&token), &json!({ SECRET: 1 })).await,
        world.get(&format!("/{SECRET}"), Some(&token)).await,
        world.get("/metrics", None).await,
    ] {
        said += &told.head;
        said += &told.text;
    }
    assert!(!said.contains(SECRET) && !said.contains(&token), "{said}");
    // What keeps a run from being performed twice is for its receiver alone.
    assert!(!said.contains("key-ship-it"), "{said}");
    assert_eq!(
        world.store.run(&here(), &id("ship-it")).await.unwrap().unwrap().life.unwrap().execution.unwrap().key,
        "key-ship-it"
    );
}

#[tokio::test]
async fn where_people_are_told_of_their_runs_is_in_no_answer() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let kept = world.record("ship-it").await.decision.to_string();
    assert!(kept.contains(ADDRESS), "{kept}");
    let (at, logs) = (format!("/v1/actions/runs/{run}"), format!("/v1/actions/runs/{run}/logs"));
    let mut answers = vec![
        world.post(&logs, Some(&token), &json!({ "message": "half way" })).await,
        world.patch(&at, Some(&token), &json!({ "statusLabel": "Rolling out" })).await,
    ];
    for path in [&at, &logs, &format!("{at}/approvers?include_pending_approvers=true"), "/v1/actions/runs"] {
        answers.push(world.get(path, Some(&token)).await);
    }
    answers.push(world.patch(&at, Some(&token), &json!({ "status": "SUCCESS", "summary": "done" })).await);
    for answer in answers {
        assert!(answer.status < 300 && !answer.text.is_empty(), "{answer:?}");
        assert!(!answer.text.contains(ADDRESS) && !answer.text.contains("Smith"), "{answer:?}");
    }
}

#[tokio::test]
async fn calls_are_counted_by_route_and_never_by_what_a_stranger_writes() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    world.get(&format!("/v1/actions/runs/{run}"), Some(&token)).await;
    world.get("/v1/actions/runs/r_000000000000000000000000", Some(&token)).await;
    world.get("/v1/blueprints/mallory-was-here", Some(&token)).await;
    world.ask("MALLORY", "/v1/actions/runs", Some(&token), None).await;
    let page = world.metrics.render();
    let counted = |line: &str| page.lines().any(|found| found == line);
    assert!(counted(r#"portcullis_api_requests_total{method="POST",route="/v1/auth/access_token",status="2xx"} 1"#), "{page}");
    assert!(counted(r#"portcullis_api_requests_total{method="GET",route="/v1/actions/runs/{run}",status="2xx"} 1"#), "{page}");
    assert!(counted(r#"portcullis_api_requests_total{method="GET",route="/v1/actions/runs/{run}",status="4xx"} 1"#), "{page}");
    assert!(counted(r#"portcullis_api_requests_total{method="GET",route="other",status="4xx"} 1"#), "{page}");
    assert!(!page.to_lowercase().contains("mallory") && !page.contains(&run), "{page}");
}

#[tokio::test]
async fn a_secret_input_that_is_reported_back_is_kept_nowhere() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let line = world.post(&format!("{path}/logs"), Some(&token), &json!({ "message": format!("PASSWORD={PASSWORD}") })).await;
    assert_eq!(line.status, 201);
    let link = [format!("https://ci.example/?p={PASSWORD}"), "https://ci.example/7".to_owned()];
    let report =
        json!({ "summary": format!("used {PASSWORD}"), "statusLabel": PASSWORD, "externalRunId": PASSWORD, "link": link });
    let told = world.patch(&path, Some(&token), &report).await;
    assert_eq!((told.status, &told.body["run"]["summary"]), (200, &json!("used ***")));
    assert_eq!(told.body["run"]["link"], json!(["https://ci.example/7"]));
    // What is told again is taken again.
    assert_eq!(world.patch(&path, Some(&token), &report).await.status, 200);
    let log = world.get(&format!("{path}/logs"), Some(&token)).await;
    assert_eq!(log.body["runLogs"][0]["message"], json!("PASSWORD=***"));
    assert!(!format!("{:?}", world.record("ship-it").await).contains(PASSWORD));
}
