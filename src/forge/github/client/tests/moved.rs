//! Redirects: after a rename, and elsewhere.

use http::Method;
use serde_json::{Value, json as value};

use super::super::ApiError;
use super::script::{Reply, Seen, Stage, TOKEN, json};

/// `acme/catalog` is called `acme/inventory` now, and its number is 7.
fn renamed(seen: &Seen, status: u16) -> Reply {
    if let Some(rest) = seen.path.strip_prefix("/repos/acme/catalog") {
        let host = seen.header("host").unwrap();
        return json(status, &[("location", &format!("http://{host}/repositories/7{rest}"))], "{\"message\":\"Moved\"}");
    }
    match seen.path.as_str() {
        "/repositories/7" => json(200, &[], "{\"id\":7,\"full_name\":\"acme/inventory\"}"),
        _ if seen.method == "POST" => json(201, &[], "\"made\""),
        _ => json(200, &[], "\"read\""),
    }
}

#[tokio::test]
async fn a_renamed_repository_is_followed_and_remembered() {
    for status in [301, 302, 307, 308] {
        let stage = Stage::open(move |seen, _| renamed(seen, status)).await;
        let client = stage.client();
        for _ in 0..2 {
            assert_eq!(client.get::<String>("pulls/7").await, Ok(Some("read".into())));
        }
        assert_eq!(client.name(), "acme/inventory");
        let new = "GET /repos/acme/inventory/pulls/7";
        assert_eq!(stage.lines(), ["GET /repos/acme/catalog/pulls/7", "GET /repositories/7", new, new], "{status}");
        assert!(stage.seen().iter().all(|seen| seen.header("authorization") == Some(format!("Bearer {TOKEN}").as_str())));
    }
}

#[tokio::test]
async fn a_write_follows_a_rename_as_the_same_write() {
    for status in [301, 302, 303, 307, 308] {
        let stage = Stage::open(move |seen, _| renamed(seen, status)).await;
        let made = stage.client().write::<String>(Method::POST, "statuses/abc", &value!({"state": "success"})).await;
        assert_eq!(made, Ok(Some("made".into())), "{status}");
        let lines = stage.lines();
        assert_eq!(
            lines,
            ["POST /repos/acme/catalog/statuses/abc", "GET /repositories/7", "POST /repos/acme/inventory/statuses/abc"]
        );
        assert_eq!(stage.seen()[2].json(), value!({"state": "success"}));
    }
}

#[tokio::test]
async fn a_redirect_to_the_new_name_itself_needs_no_question() {
    let stage = Stage::open(|seen, _| match seen.path.strip_prefix("/repos/acme/catalog") {
        Some(rest) => json(301, &[("location", &format!("/repos/acme/inventory{rest}"))], ""),
        None => json(200, &[], "1"),
    })
    .await;
    assert_eq!(stage.client().get::<u64>("pulls/7").await, Ok(Some(1)));
    assert_eq!(stage.lines(), ["GET /repos/acme/catalog/pulls/7", "GET /repos/acme/inventory/pulls/7"]);
}

#[tokio::test]
async fn a_write_is_sent_elsewhere_only_where_the_redirect_keeps_it_a_write() {
    let stage = Stage::open(|seen, _| match seen.path.as_str() {
        "/elsewhere" => json(201, &[], "\"made\""),
        _ => json(307, &[("location", "/elsewhere")], ""),
    })
    .await;
    assert_eq!(stage.client().write::<String>(Method::POST, "x", &value!({"a": 1})).await, Ok(Some("made".into())));
    assert_eq!((stage.lines()[1].as_str(), stage.seen()[1].json()), ("POST /elsewhere", value!({"a": 1})));
    let stage = Stage::open(|seen, _| match seen.path.as_str() {
        "/repos/acme/catalog" => json(200, &[], "{\"id\":7,\"full_name\":\"acme/catalog\"}"),
        _ => json(302, &[("location", "/elsewhere")], ""),
    })
    .await;
    let error = stage.client().write::<String>(Method::POST, "x", &value!({})).await.unwrap_err();
    assert!(matches!(error, ApiError::Refused { status: 302, .. }), "{error:?}");
    assert_eq!(stage.lines(), ["POST /repos/acme/catalog/x", "GET /repos/acme/catalog"]);
}

#[tokio::test]
async fn no_redirect_leads_away_from_the_api() {
    for foreign in ["http://evil.example/x", "https://127.0.0.1/x", "//evil.example/x", "x", ""] {
        for method in [Method::GET, Method::POST] {
            let stage = Stage::open(move |_, _| json(307, &[("location", foreign)], "")).await;
            let error = if method == Method::GET {
                stage.client().get::<Value>("x").await.unwrap_err()
            } else {
                stage.client().write::<Value>(method, "x", &value!({})).await.unwrap_err()
            };
            assert!(
                matches!(&error, ApiError::Refused { status: 307, what } if what.contains("away from")),
                "{foreign}: {error:?}"
            );
            assert_eq!(stage.seen().len(), 1);
        }
    }
}

#[tokio::test]
async fn redirects_end() {
    let stage = Stage::open(|seen, _| json(302, &[("location", &format!("{}x", seen.path))], "")).await;
    let error = stage.client().get::<Value>("/x").await.unwrap_err();
    assert!(matches!(&error, ApiError::Refused { what, .. } if what.contains("circle")), "{error:?}");
    assert_eq!(stage.seen().len(), 4);
}
