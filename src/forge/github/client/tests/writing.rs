//! Writes: sent once, whatever happens.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json as value};

use super::super::ApiError;
use super::script::{Reply, Stage, json, raw};

async fn post(stage: &Stage) -> Result<Option<Value>, ApiError> {
    stage.client().write(Method::POST, "statuses/abc", &value!({"state": "success"})).await
}

#[tokio::test]
async fn a_write_carries_its_body_and_returns_what_was_made() {
    let stage = Stage::open(|_, _| json(201, &[], "{\"id\":7}")).await;
    assert_eq!(post(&stage).await, Ok(Some(value!({"id": 7}))));
    let seen = &stage.seen()[0];
    assert_eq!((seen.method.as_str(), seen.json()), ("POST", value!({"state": "success"})));
    assert_eq!(seen.header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn nothing_is_sent_where_there_is_nothing_to_say() {
    let stage = Stage::open(|_, _| json(204, &[], "")).await;
    assert_eq!(stage.client().write::<Value>(Method::DELETE, "issues/7/labels/a", &()).await, Ok(None));
    assert!(stage.seen()[0].body.is_empty() && stage.seen()[0].header("content-type").is_none());
}

#[tokio::test]
async fn a_write_that_may_have_arrived_is_never_repeated() {
    let truncated = "HTTP/1.1 201 Created\r\ncontent-length: 500\r\n\r\n{\"id\"";
    let early = "HTTP/1.1 201 Created\r\nconnection: close\r\n\r\n{\"id\"";
    for status in [500, 502, 503, 504, 408, 304] {
        let stage = Stage::open(move |_, _| json(status, &[("retry-after", "1")], "")).await;
        assert!(matches!(post(&stage).await, Err(ApiError::Unknown { .. })), "{status}");
        assert_eq!(stage.seen().len(), 1, "{status}");
    }
    for reply in [Reply::Close, Reply::Hang, raw(truncated), raw(early)] {
        let mut reply = Some(reply);
        let stage = Stage::open(move |_, _| reply.take().unwrap()).await;
        assert!(matches!(post(&stage).await, Err(ApiError::Unknown { .. })));
        assert_eq!((stage.seen().len(), stage.clock.slept()), (1, Duration::ZERO));
    }
}

#[tokio::test]
async fn a_write_that_was_turned_away_was_not_done() {
    for (status, headers, body, wait) in [
        (403, vec![("retry-after", "7")], "", 7),
        (429, vec![("retry-after", "90")], "", 90),
        (403, vec![], "{\"message\":\"You have exceeded a secondary rate limit\"}", 60),
        (403, vec![("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1777640299")], "", 3500),
    ] {
        let stage = Stage::open(move |_, _| json(status, &headers, body)).await;
        let error = post(&stage).await.unwrap_err();
        assert!(matches!(error, ApiError::Later { after: Some(after), .. } if after == Duration::from_secs(wait)), "{error:?}");
        assert_eq!(stage.seen().len(), 1);
    }
}

#[tokio::test]
async fn a_no_tells_why() {
    let stage = Stage::open(|_, _| json(422, &[], "{\"message\":\"Validation Failed\",\"errors\":[\"too long\"]}")).await;
    let error = post(&stage).await.unwrap_err();
    assert_eq!(error.to_string(), "POST /repos/acme/catalog/statuses/abc: 422 Validation Failed; too long");
    assert!(matches!(error, ApiError::Refused { status: 422, .. }));
}

#[tokio::test]
async fn a_write_without_a_connection_was_not_done() {
    let stage = Stage::empty();
    assert!(matches!(post(&stage).await, Err(ApiError::Later { .. })));
}

#[tokio::test]
async fn the_eighty_first_write_of_a_minute_waits() {
    let stage = Stage::open(|_, _| json(201, &[], "{}")).await;
    let client = stage.client();
    for _ in 0..80 {
        client.write::<Value>(Method::POST, "statuses/abc", &value!({})).await.unwrap();
    }
    let late = client.write::<Value>(Method::POST, "statuses/abc", &value!({})).await;
    assert!(matches!(late, Err(ApiError::Later { after: Some(after), .. }) if after == Duration::from_secs(60)), "{late:?}");
    stage.clock.advance(Duration::from_secs(55));
    client.write::<Value>(Method::POST, "statuses/abc", &value!({})).await.unwrap();
    assert_eq!(stage.clock.slept(), Duration::from_secs(5));
    assert_eq!((stage.seen().len(), client.github().counts().held), (81, 1));
}

#[tokio::test]
async fn after_a_write_the_next_read_asks() {
    let mut state = 1;
    let stage = Stage::open(move |seen, _| {
        if seen.method == "POST" {
            state = 2;
            return json(201, &[], "{}");
        }
        let etag = format!("\"{state}\"");
        if seen.header("if-none-match") == Some(&etag) {
            return json(304, &[("etag", &etag)], "");
        }
        json(200, &[("etag", &etag)], &state.to_string())
    })
    .await;
    let client = stage.client();
    assert_eq!(client.get::<u64>("x").await, Ok(Some(1)));
    client.write::<Value>(Method::POST, "x", &value!({})).await.unwrap();
    assert_eq!(client.get::<u64>("x").await, Ok(Some(2)));
    assert_eq!(client.get::<u64>("x").await, Ok(Some(2)));
}
