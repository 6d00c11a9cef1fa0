//! Published clients of Port, with no more than another address.

use portcullis::model::RunState;
use serde_json::{Value as Json, json};

use crate::world::{SECRET, Told, World};

/// What `port-labs/port-github-action` (operation `PATCH_RUN`, with `baseUrl`) sends, request by request: its HTTP client is axios, which
/// announces JSON, and puts the run into the query of a `PATCH` once more.
#[tokio::test]
async fn the_published_github_action_reports() {
    let world = World::open().await;
    let run = world.running("ship-it").await;
    let ask = async |method: &str, path: &str, token: Option<&str>, body: &Json| -> Told {
        let body = body.to_string();
        let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nAccept: application/json, text/plain, */*\r\nContent-Type: application/json\r\n{token}\
             User-Agent: port-github-action/1.0.0\r\nContent-Length: {}\r\nAccept-Encoding: gzip, compress, deflate, br\r\n",
            body.len()
        );
        world.send(&head, &body).await
    };
    let asked = json!({ "clientId": "deployer", "clientSecret": SECRET });
    let token = ask("POST", "/v1/auth/access_token", None, &asked).await.body["accessToken"].as_str().unwrap().to_owned();
    let path = format!("/v1/actions/runs/{run}");
    let log = ask("POST", &format!("{path}/logs"), Some(&token), &json!({ "message": "Deploying" })).await;
    assert_eq!((log.status, &log.body["runLog"]["message"]), (201, &json!("Deploying")));
    let report = json!({
        "status": "SUCCESS",
        "link": "https://github.com/acme/deploy/actions/runs/17",
        "summary": "all is up",
        "externalRunId": "17",
    });
    let told = ask("PATCH", &format!("{path}?runId={run}"), Some(&token), &report).await;
    assert_eq!((told.status, &told.body["run"]["status"]), (200, &json!("SUCCESS")), "{}", told.text);
    assert_eq!(world.state("ship-it").await, RunState::Success);
}

/// Port's own framework for integrations, `port-ocean` from PyPI: its code for tokens and runs, as it is published, over its own HTTP client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_python_client_reports() {
    let target = std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/target").to_owned());
    let python = format!("{target}/test-tools/python/bin/python");
    assert!(std::path::Path::new(&python).exists(), "scripts/test installs the tools of the tests: {python} is missing");
    let world = World::open().await;
    let run = world.running("ship-it").await;
    let output = tokio::process::Command::new(python)
        .args([concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/ocean.py"), &format!("http://{}/v1", world.address), SECRET, &run])
        .env_clear()
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(told.trim_end().lines().last(), Some("reported and found"));
    assert_eq!(world.state("ship-it").await, RunState::Success);
    let execution = world.record("ship-it").await.life.unwrap().execution.unwrap();
    assert_eq!((execution.label.as_deref(), execution.outside.as_deref()), (Some("Done"), Some("gh-17")));
}
