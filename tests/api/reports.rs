//! What whoever performs a run reports of it.

use portcullis::model::RunState;
use portcullis::run::life::{Answer, Event};
use serde_json::json;

use crate::world::{World, here};

#[tokio::test]
async fn a_run_is_shown_in_ports_shape() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let told = world.get(&format!("/v1/actions/runs/{run}?version=v2"), Some(&token)).await;
    assert_eq!(told.status, 200, "{}", told.text);
    insta::assert_json_snapshot!(told.body);
}

#[tokio::test]
async fn reports_come_one_after_the_other_and_the_last_is_final() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let label = json!({ "statusLabel": "Rolling out", "link": "https://ci.acme.example/1", "externalRunId": "gh-17" });
    let told = world.patch(&path, Some(&token), &label).await;
    assert_eq!(told.status, 200, "{}", told.text);
    assert_eq!((&told.body["run"]["status"], &told.body["run"]["statusLabel"]), (&json!("IN_PROGRESS"), &json!("Rolling out")));
    // What is left out stays, what is said again replaces.
    let links = json!({ "link": ["https://ci.acme.example/1", "http://logs.acme.example/2"] });
    let told = world.patch(&format!("{path}?runId={run}"), Some(&token), &links).await;
    assert_eq!(told.body["run"]["link"].as_array().unwrap().len(), 2);
    assert_eq!(told.body["run"]["statusLabel"], "Rolling out");
    let done = json!({ "status": "SUCCESS", "statusLabel": "Done", "summary": "3 of 3 are up" });
    let told = world.patch(&path, Some(&token), &done).await;
    assert_eq!((told.status, &told.body["run"]["status"]), (200, &json!("SUCCESS")));
    assert_eq!(
        (&told.body["run"]["summary"], &told.body["run"]["endedAt"]),
        (&json!("3 of 3 are up"), &json!("2026-11-22T12:00:00Z"))
    );
    assert_eq!(world.state("ship-it").await, RunState::Success);
    assert_eq!(*world.board.woken.lock().unwrap(), ["ship-it", "ship-it", "ship-it"]);
    assert_eq!(world.record("ship-it").await.decision["by"], "client deployer");
    let told = world.get("/v1/actions/runs?version=v2&external_run_id=gh-17", Some(&token)).await;
    assert_eq!(told.body["runs"][0]["id"], run.as_str());
    assert_eq!(world.get("/v1/actions/runs?external_run_id=gh-18", Some(&token)).await.body["runs"], json!([]));
}

#[tokio::test]
async fn what_is_told_again_is_taken_again_and_changes_nothing() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let label = json!({ "statusLabel": "Rolling out" });
    world.patch(&path, Some(&token), &label).await;
    let before = world.record("ship-it").await.revision;
    assert_eq!(world.patch(&path, Some(&token), &label).await.status, 200);
    assert_eq!(world.record("ship-it").await.revision, before);
    let done = json!({ "status": "FAILURE", "statusLabel": "Wrong token" });
    assert_eq!(world.patch(&path, Some(&token), &done).await.status, 200);
    let ended = world.record("ship-it").await;
    assert_eq!(world.patch(&path, Some(&token), &done).await.status, 200);
    assert_eq!(world.record("ship-it").await, ended);
}

#[tokio::test]
async fn an_end_is_final() {
    let world = World::open().await;
    let (run, token) = (world.ended("ship-it", true).await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let ended = world.record("ship-it").await;
    for late in
        [json!({ "status": "FAILURE" }), json!({ "statusLabel": "Oops" }), json!({ "status": "SUCCESS", "summary": "other" })]
    {
        assert_eq!(world.patch(&path, Some(&token), &late).await.wrong(), (422, "run_ended"));
    }
    let late = json!({ "message": "still here", "terminationStatus": "FAILURE" });
    assert_eq!(world.post(&format!("{path}/logs"), Some(&token), &late).await.wrong(), (422, "run_ended"));
    assert_eq!(world.record("ship-it").await, ended);
}

#[tokio::test]
async fn nobody_reports_on_what_was_handed_to_nobody() {
    let world = World::open().await;
    world.land(&here(), "waiting", "deploy").await;
    let token = world.token().await;
    let path = format!("/v1/actions/runs/{}", crate::world::handle("waiting"));
    assert_eq!(world.patch(&path, Some(&token), &json!({ "status": "SUCCESS" })).await.wrong(), (422, "run_not_in_progress"));
    let line = json!({ "message": "hello" });
    assert_eq!(world.post(&format!("{path}/logs"), Some(&token), &line).await.wrong(), (422, "run_not_in_progress"));
    assert_eq!(world.state("waiting").await, RunState::WaitingForApproval);
}

#[tokio::test]
async fn whoever_is_faster_than_our_own_connection_is_heard() {
    let world = World::open().await;
    world.begin(&here(), "quick", "deploy").await;
    let token = world.token().await;
    let path = format!("/v1/actions/runs/{}", crate::world::handle("quick"));
    assert_eq!(world.patch(&path, Some(&token), &json!({ "status": "SUCCESS" })).await.status, 200);
    assert_eq!(world.state("quick").await, RunState::Success);
}

#[tokio::test]
async fn a_report_settles_what_nobody_knew() {
    let world = World::open().await;
    world.begin(&here(), "lost", "deploy").await;
    let broken = Answer::Unknown { why: "the connection broke".to_owned() };
    world.happen(&here(), "lost", "deploy", &Event::Answered { epoch: 1, answer: broken }).await;
    let token = world.token().await;
    let path = format!("/v1/actions/runs/{}", crate::world::handle("lost"));
    assert_eq!(world.patch(&path, Some(&token), &json!({ "statusLabel": "here" })).await.status, 200);
    assert_eq!(world.patch(&path, Some(&token), &json!({ "status": "FAILURE" })).await.status, 200);
    assert_eq!(world.state("lost").await, RunState::Failure);
}

#[tokio::test]
async fn who_approved_is_told_and_on_request_who_may() {
    let world = World::open().await;
    world.land(&here(), "waiting", "deploy").await;
    let record = world.record("waiting").await;
    assert_eq!(record.decision["action"], "deploy");
    let token = world.token().await;
    let path = format!("/v1/actions/runs/{}/approvers", crate::world::handle("waiting"));
    let told = world.get(&format!("{path}?include_pending_approvers=false"), Some(&token)).await;
    assert_eq!(told.body["approvers"], json!([{ "userId": "bob", "state": "APPROVED", "description": null }]));
    let told = world.get(&format!("{path}?include_pending_approvers=true"), Some(&token)).await;
    assert_eq!(told.body["approvers"][1], json!({ "userId": "carol", "state": "PENDING", "description": null }));
}

#[tokio::test]
async fn two_reports_at_once_have_one_outcome() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}");
    let (yes, no) = (json!({ "status": "SUCCESS" }), json!({ "status": "FAILURE" }));
    let (yes, no) = tokio::join!(world.patch(&path, Some(&token), &yes), world.patch(&path, Some(&token), &no));
    let mut ends = [yes.status, no.status];
    ends.sort_unstable();
    assert_eq!(ends, [200, 422]);
    let won = if yes.status == 200 { RunState::Success } else { RunState::Failure };
    assert_eq!(world.state("ship-it").await, won);
}
