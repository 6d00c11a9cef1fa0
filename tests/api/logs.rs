//! Lines that whoever performs a run writes about it.

use portcullis::model::RunState;
use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn lines_are_kept_in_order_and_told_by_page() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}/logs");
    for number in 1..=3 {
        let told = world.post(&path, Some(&token), &json!({ "message": format!("line {number}") })).await;
        assert_eq!(told.status, 201, "{}", told.text);
        assert_eq!(told.body["runLog"]["runId"], run.as_str());
        assert_eq!(told.body["runLog"]["id"], format!("{run}_{number}"));
    }
    let told = world.get(&format!("{path}?limit=2&offset=1"), Some(&token)).await;
    let lines: Vec<_> = told.body["runLogs"].as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(lines, ["line 2", "line 3"]);
}

#[tokio::test]
async fn the_last_line_can_end_the_run_and_is_written_once() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}/logs");
    let last = json!({ "message": "all is up", "terminationStatus": "SUCCESS", "statusLabel": "Done" });
    assert_eq!(world.post(&path, Some(&token), &last).await.status, 201);
    assert_eq!(world.state("ship-it").await, RunState::Success);
    // The answer was lost on its way.
    let again = world.post(&path, Some(&token), &last).await;
    assert_eq!((again.status, &again.body["runLog"]["id"]), (201, &json!(format!("{run}_1"))));
    assert_eq!(world.get(&path, Some(&token)).await.body["runLogs"].as_array().unwrap().len(), 1);
    let late = world.post(&path, Some(&token), &json!({ "message": "and another" })).await;
    assert_eq!(late.wrong(), (422, "run_ended"));
}

#[tokio::test]
async fn lines_are_shortened_and_hold_no_controls() {
    let world = World::open().await;
    let (run, token) = (world.running("ship-it").await, world.token().await);
    let path = format!("/v1/actions/runs/{run}/logs");
    let told = world.post(&path, Some(&token), &json!({ "message": format!("\u{1b}[2J{}", "é".repeat(20_000)) })).await;
    assert_eq!(told.status, 201);
    let kept = world.get(&path, Some(&token)).await;
    let line = kept.body["runLogs"][0]["message"].as_str().unwrap();
    assert!(line.len() <= 16 * 1024 && line.starts_with("[2Jé"), "{} bytes", line.len());
}
