//! Who gets a token, and what it is good for.

use std::time::Duration;

use serde_json::json;

use crate::world::{OTHER, SECRET, World};

#[tokio::test]
async fn whoever_knows_the_secret_gets_a_token_for_an_hour() {
    let world = World::open().await;
    let run = world.running("ship-it").await;
    let told = world.post("/v1/auth/access_token", None, &json!({ "clientId": "deployer", "clientSecret": SECRET })).await;
    assert_eq!((told.status, &told.body["ok"], &told.body["tokenType"]), (200, &json!(true), &json!("Bearer")));
    assert_eq!(told.body["expiresIn"], 3600);
    let token = told.body["accessToken"].as_str().unwrap();
    let path = format!("/v1/actions/runs/{run}");
    assert_eq!(world.get(&path, Some(token)).await.status, 200);
    world.clock.advance(Duration::from_secs(3600));
    let late = world.get(&path, Some(token)).await;
    assert_eq!(late.wrong(), (401, "unauthorized"));
    assert!(late.head.contains("www-authenticate: bearer"), "{}", late.head);
}

#[tokio::test]
async fn a_token_can_be_for_one_run_alone() {
    let world = World::open().await;
    let (mine, another) = (world.running("mine").await, world.running("another").await);
    let asked = json!({ "clientId": "deployer", "clientSecret": SECRET, "run": mine });
    let token = world.post("/v1/auth/access_token", None, &asked).await.body["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("/v1/actions/runs/{mine}"), Some(&token)).await.status, 200);
    assert_eq!(world.get(&format!("/v1/actions/runs/{another}"), Some(&token)).await.wrong(), (404, "not_found"));
    let listed = world.get("/v1/actions/runs", Some(&token)).await;
    assert_eq!(listed.body["runs"].as_array().unwrap().len(), 1, "{}", listed.text);
}

#[tokio::test]
async fn wrong_secrets_are_refused_alike_and_slowed_down() {
    let world = World::open().await;
    let ask = |client: &'static str, secret: &'static str| {
        let asked = json!({ "clientId": client, "clientSecret": secret });
        let world = &world;
        async move { world.post("/v1/auth/access_token", None, &asked).await }
    };
    let (unknown, wrong) = (ask("nobody", SECRET).await, ask("deployer", OTHER).await);
    assert_eq!(unknown.wrong(), (401, "unauthorized"));
    assert_eq!(unknown.text, wrong.text, "nobody learns which clients there are");
    for _ in 0..9 {
        assert_eq!(ask("deployer", "guess").await.status, 401);
    }
    let slowed = ask("deployer", "guess").await;
    assert_eq!(slowed.wrong(), (429, "too_many_requests"));
    assert!(slowed.head.contains("retry-after: 61"), "{}", slowed.head);
    assert_eq!(ask("other", OTHER).await.status, 200, "who comes through the same proxy is not kept out");
    world.clock.advance(Duration::from_secs(60));
    assert_eq!(ask("deployer", SECRET).await.status, 200);
}

#[tokio::test]
async fn what_asks_for_a_token_is_read_strictly() {
    let world = World::open().await;
    for (asked, says) in [
        (json!({ "clientId": "deployer" }), "must have the property `clientSecret`"),
        (json!({ "clientId": 7, "clientSecret": SECRET }), "`clientId` must be a string"),
        (json!({ "clientId": "deployer", "clientSecret": SECRET, "scope": "all" }), "a property that this call does not take"),
        (json!({ "clientId": "deployer", "clientSecret": SECRET, "run": "ship-it" }), "`run` is not the id of a run"),
        (json!([]), "must be an object"),
    ] {
        let told = world.post("/v1/auth/access_token", None, &asked).await;
        assert_eq!(told.wrong(), (422, "invalid_request"));
        assert!(told.text.contains(says) && !told.text.contains(SECRET), "{}", told.text);
    }
}
