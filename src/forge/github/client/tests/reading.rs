//! Reads: repeated when the wire or the server fails, conditional when we have read the same before.

use std::time::Duration;

use serde_json::{Value, json as value};

use super::super::ApiError;
use super::script::{Reply, Stage, TOKEN, json, raw};

#[tokio::test]
async fn a_request_says_what_it_must_and_once() {
    let stage = Stage::open(|_, _| json(200, &[], "{\"a\":1}")).await;
    assert_eq!(stage.client().get::<Value>("pulls/7").await, Ok(Some(value!({"a": 1}))));
    let seen = &stage.seen()[0];
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("GET", "/repos/acme/catalog/pulls/7"));
    assert_eq!(seen.header("accept"), Some("application/vnd.github+json"));
    assert_eq!(seen.header("x-github-api-version"), Some("2022-11-28"));
    assert_eq!(seen.header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    let agents: Vec<_> = seen.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("user-agent")).collect();
    assert!(agents.len() == 1 && agents[0].1.starts_with("portcullis/"), "{agents:?}");
}

#[tokio::test]
async fn what_does_not_exist_is_none() {
    let stage = Stage::open(|seen, _| json(if seen.path.ends_with('7') { 404 } else { 410 }, &[], "{}")).await;
    assert_eq!(stage.client().get::<Value>("pulls/7").await, Ok(None));
    assert_eq!(stage.client().get::<Value>("pulls/8").await, Ok(None));
    assert_eq!(stage.seen().len(), 2);
}

#[tokio::test]
async fn a_no_is_not_repeated_and_tells_why() {
    let stage = Stage::open(|_, _| json(403, &[], "{\"message\":\"Resource not accessible by integration\"}")).await;
    let error = stage.client().get::<Value>("pulls/7").await.unwrap_err();
    assert!(matches!(error, ApiError::Refused { status: 403, .. }));
    assert_eq!(error.to_string(), "GET /repos/acme/catalog/pulls/7: 403 Resource not accessible by integration");
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn faults_of_server_and_wire_are_ridden_out() {
    let truncated = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\netag: \"a\"\r\n\r\n[1";
    let broken = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\netag: \"a\"\r\n\r\n2\r\n[1\r\n";
    let early = "HTTP/1.1 200 OK\r\netag: \"a\"\r\nconnection: close\r\n\r\n[1, 2";
    for fault in [json(502, &[], "<html>"), Reply::Close, raw(truncated), raw(broken), raw(early), raw("nonsense\r\n\r\n")] {
        let mut fault = Some(fault);
        let stage = Stage::open(move |_, _| fault.take().unwrap_or_else(|| json(200, &[], "[1]"))).await;
        let client = stage.client();
        assert_eq!(client.get::<Value>("x").await, Ok(Some(value!([1]))));
        assert_eq!(stage.seen().len(), 2);
        assert!(stage.seen()[1].header("if-none-match").is_none(), "what was not whole is not known");
        assert!(stage.clock.slept() > Duration::ZERO);
        assert_eq!((client.github().counts().retries, client.github().counts().faults), (1, 1));
    }
}

#[tokio::test]
async fn repeating_has_an_end() {
    let stage = Stage::open(|_, _| json(500, &[], "{\"message\":\"oops\"}")).await;
    let error = stage.client().get::<Value>("x").await.unwrap_err();
    assert!(matches!(&error, ApiError::Later { after: None, what } if what.contains("500 oops")), "{error:?}");
    assert_eq!(stage.seen().len(), 4);
}

#[tokio::test]
async fn a_server_that_hangs_is_left_at_the_deadline() {
    let stage = Stage::open(|_, _| Reply::Hang).await;
    let error = stage.client().get::<Value>("x").await.unwrap_err();
    assert!(matches!(&error, ApiError::Later { what, .. } if what.contains("no whole answer within")), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_asked_again() {
    let stage = Stage::empty();
    let error = stage.client().get::<Value>("x").await.unwrap_err();
    assert!(matches!(&error, ApiError::Later { what, .. } if what.contains("no connection")), "{error:?}");
}

#[tokio::test]
async fn what_is_unchanged_comes_from_memory() {
    let stage = Stage::open(|seen, _| match seen.header("if-none-match") {
        Some("W/\"a\"") => json(304, &[("etag", "\"a\"")], ""),
        _ => json(200, &[("etag", "W/\"a\"")], "[1]"),
    })
    .await;
    let client = stage.client();
    for _ in 0..3 {
        assert_eq!(client.get::<Value>("x").await, Ok(Some(value!([1]))));
    }
    assert_eq!((client.github().counts().requests, client.github().counts().unchanged), (3, 2));
}

#[tokio::test]
async fn a_stray_304_is_asked_again_without_a_condition() {
    let stage = Stage::open(|_, number| match number {
        0 => json(304, &[], ""),
        1 => json(200, &[("etag", "\"a\"")], "[1]"),
        2 => json(304, &[("etag", "\"of something else\"")], ""),
        _ => json(200, &[("etag", "\"b\"")], "[2]"),
    })
    .await;
    let client = stage.client();
    assert_eq!(client.get::<Value>("x").await, Ok(Some(value!([1]))));
    assert_eq!(client.get::<Value>("x").await, Ok(Some(value!([2]))));
    let asked: Vec<_> = stage.seen().iter().map(|seen| seen.header("if-none-match").map(str::to_owned)).collect();
    assert_eq!(asked, [None, None, Some("\"a\"".into()), None]);
    assert_eq!(stage.clock.slept(), Duration::ZERO);
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_no_answer() {
    let stage = Stage::open(|_, _| json(200, &[], "{\"id\":\"seven\"}")).await;
    let error = stage.client().get::<Vec<u64>>("x").await.unwrap_err();
    assert!(matches!(&error, ApiError::Refused { status: 0, what } if what.contains("not understood")), "{error:?}");
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn nobody_fills_our_memory() {
    let stage = Stage::open(|_, _| {
        let mut bytes = b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n\"".to_vec();
        bytes.resize(33 << 20, b'x');
        Reply::Bytes(bytes)
    })
    .await;
    let error = stage.client().get::<Value>("x").await.unwrap_err();
    assert!(matches!(&error, ApiError::Refused { what, .. } if what.contains("too large")), "{error:?}");
}

#[tokio::test]
async fn a_path_stays_where_it_belongs() {
    let stage = Stage::open(|_, _| json(200, &[], "{}")).await;
    for path in ["../../user", "branches/a b", "/../login", "contents/%2e%2e/%2E%2e/x"] {
        let error = stage.client().get::<Value>(path).await.unwrap_err();
        assert!(matches!(error, ApiError::Refused { status: 0, .. }), "{path}");
    }
    for name in ["acme", "", "acme/a/b", "acme/a?b"] {
        let error = stage.client().github().repository(name).get::<Value>("x").await.unwrap_err();
        assert!(matches!(error, ApiError::Refused { status: 0, .. }), "{name}");
    }
    assert!(stage.seen().is_empty());
}
