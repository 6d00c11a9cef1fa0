//! Limits on reads: obeyed, and not asked into.

use std::time::Duration;

use http::Method;
use serde_json::{Value, json as value};

use super::super::ApiError;
use super::script::{Clock, Stage, json};

#[tokio::test]
async fn a_short_wait_is_waited_and_a_long_one_handed_up() {
    for (status, header, wait) in [(403, "7", 7), (429, "9", 9), (503, "8", 8)] {
        let stage = Stage::open(
            move |_, number| if number == 0 { json(status, &[("retry-after", header)], "") } else { json(200, &[], "1") },
        )
        .await;
        assert_eq!(stage.client().get::<u64>("x").await, Ok(Some(1)));
        assert_eq!(stage.clock.slept(), Duration::from_secs(wait), "{status}");
    }
    let stage = Stage::open(|_, _| json(429, &[("retry-after", "11")], "")).await;
    let error = stage.client().get::<u64>("x").await.unwrap_err();
    assert!(matches!(error, ApiError::Later { after: Some(after), .. } if after == Duration::from_secs(11)));
    assert_eq!((stage.seen().len(), stage.clock.slept()), (1, Duration::ZERO));
}

#[tokio::test]
async fn who_was_turned_away_asks_nothing_until_the_wait_is_over() {
    let secondary = "{\"message\":\"You have exceeded a secondary rate limit. Please wait a few minutes.\"}";
    let stage = Stage::open(move |_, number| if number == 0 { json(403, &[], secondary) } else { json(200, &[], "1") }).await;
    let client = stage.client();
    assert!(client.get::<u64>("x").await.is_err());
    stage.clock.advance(Duration::from_secs(20));
    let held = client.write::<Value>(Method::POST, "statuses/abc", &value!({})).await.unwrap_err();
    assert!(matches!(held, ApiError::Later { after: Some(after), .. } if after == Duration::from_secs(40)));
    assert_eq!(stage.seen().len(), 1, "nothing was sent");
    assert!(client.github().slow_down() > 10.0);
    stage.clock.advance(Duration::from_secs(40));
    assert_eq!(client.get::<u64>("x").await, Ok(Some(1)));
}

#[tokio::test]
async fn the_reserve_is_for_writes_and_for_those_who_wait() {
    let stage = Stage::open(|_, _| {
        let reset = (Clock::start().as_second() + 1800).to_string();
        let quota = [("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", "400"), ("x-ratelimit-reset", &reset)];
        json(200, &[&quota[..], &[("etag", "\"a\"")]].concat(), "1")
    })
    .await;
    let client = stage.client();
    assert_eq!(client.patient().get::<u64>("x").await, Ok(Some(1)), "the quota is not known yet");
    let held = client.patient().get::<u64>("y").await.unwrap_err();
    assert!(matches!(held, ApiError::Later { after: Some(after), .. } if after > Duration::from_secs(1700)), "{held:?}");
    assert_eq!(client.patient().get::<u64>("x").await, Ok(Some(1)), "conditional: most likely free");
    assert_eq!(client.get::<u64>("y").await, Ok(Some(1)));
    client.write::<Value>(Method::POST, "statuses/abc", &value!({})).await.unwrap();
    assert!(client.github().slow_down() > 10.0);
    stage.clock.advance(Duration::from_secs(1802));
    assert!((client.github().slow_down() - 1.0).abs() < 0.01);
    assert_eq!(client.patient().get::<u64>("y").await, Ok(Some(1)));
}

#[tokio::test]
async fn an_empty_quota_is_not_asked_into() {
    let stage = Stage::open(|_, _| {
        let reset = (Clock::start().as_second() + 600).to_string();
        json(200, &[("x-ratelimit-limit", "60"), ("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", &reset)], "1")
    })
    .await;
    let client = stage.client();
    assert_eq!(client.get::<u64>("x").await, Ok(Some(1)));
    for _ in 0..3 {
        assert!(matches!(client.get::<u64>("x").await, Err(ApiError::Later { after: Some(_), .. })));
    }
    assert_eq!(stage.seen().len(), 1);
}
