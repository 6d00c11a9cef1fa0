//! A GitHub App: its JWTs, and the tokens of its installations.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Method;
use serde_json::{Value, json as value};

use super::super::ApiError;
use super::script::{Clock, Reply, Seen, Stage, json};

/// What the script remembers: tokens minted so far, and which number is taken from when on.
#[derive(Default)]
struct Minter {
    minted: usize,
    revoked: usize,
}

/// The endpoints of an App that is installed on `acme/catalog`; `None` for anything else.
fn endpoints(seen: &Seen, minter: &Mutex<Minter>, clock: &Mutex<Option<Arc<Clock>>>) -> Option<Reply> {
    match (seen.method.as_str(), seen.path.as_str()) {
        ("GET", "/repos/acme/catalog/installation") => Some(json(200, &[], "{\"id\":99}")),
        ("POST", "/app/installations/99/access_tokens") => {
            let mut minter = minter.lock().unwrap();
            minter.minted += 1;
            let passed = clock.lock().unwrap().as_ref().map(|clock| super::super::Time::elapsed(&**clock)).unwrap_or_default();
            let made = value!({
                "token": format!("ghs_canary{}", minter.minted),
                "expires_at": (Clock::start() + passed + Duration::from_secs(3600)).to_string(),
                "repositories": [{"id": 7, "full_name": "acme/catalog"}],
            });
            Some(json(201, &[], &made.to_string()))
        }
        _ => None,
    }
}

/// An App on `acme/catalog`; everything else is by `script`, which is given the number of the token that was shown.
async fn stage(mut script: impl FnMut(&Seen, usize) -> Reply + Send + 'static) -> (Stage, Arc<Mutex<Minter>>) {
    let (minter, clock) = (Arc::new(Mutex::new(Minter::default())), Arc::new(Mutex::new(None)));
    let (inside, times) = (minter.clone(), clock.clone());
    let stage = Stage::open(move |seen, _| {
        if let Some(reply) = endpoints(seen, &inside, &times) {
            return reply;
        }
        let shown = seen.header("authorization").unwrap_or_default();
        let number: usize = shown.strip_prefix("Bearer ghs_canary").unwrap_or("0").parse().unwrap();
        if number > 0 && number <= inside.lock().unwrap().revoked {
            return json(401, &[], "{\"message\":\"Bad credentials\"}");
        }
        script(seen, number)
    })
    .await;
    *clock.lock().unwrap() = Some(stage.clock.clone());
    (stage, minter)
}

fn claims(seen: &Seen) -> Value {
    let jwt = seen.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

#[tokio::test]
async fn three_at_once_mint_one_token() {
    let (stage, minter) = stage(|_, number| json(200, &[], &number.to_string())).await;
    let client = stage.app();
    let (one, two, three) = tokio::join!(client.get::<u64>("a"), client.get::<u64>("b"), client.get::<u64>("c"));
    assert_eq!((one, two, three), (Ok(Some(1)), Ok(Some(1)), Ok(Some(1))));
    assert_eq!((minter.lock().unwrap().minted, stage.seen().len()), (1, 5));
    let mint = &stage.seen()[1];
    assert_eq!(mint.json(), value!({"repositories": ["catalog"]}), "a token for one repository alone");
    assert_eq!(claims(mint)["iss"], "42");
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends_and_by_number() {
    let (stage, minter) = stage(|_, number| json(200, &[], &number.to_string())).await;
    let client = stage.app();
    assert_eq!(client.get::<u64>("a").await, Ok(Some(1)));
    stage.clock.advance(Duration::from_secs(54 * 60));
    assert_eq!(client.get::<u64>("a").await, Ok(Some(1)));
    stage.clock.advance(Duration::from_secs(60));
    assert_eq!(client.get::<u64>("a").await, Ok(Some(2)), "five minutes early");
    let minted: Vec<_> = stage.seen().into_iter().filter(|seen| seen.method == "POST").collect();
    assert_eq!((minter.lock().unwrap().minted, minted[1].json()), (2, value!({"repository_ids": [7]})));
    assert_eq!(stage.lines().iter().filter(|line| line.ends_with("/installation")).count(), 1, "looked up once");
}

#[tokio::test]
async fn a_token_that_is_too_new_is_shown_again() {
    let mut refused = 0;
    let (stage, minter) = stage(move |_, _| {
        refused += 1;
        if refused <= 2 { json(401, &[], "{\"message\":\"Bad credentials\"}") } else { json(201, &[], "1") }
    })
    .await;
    assert_eq!(stage.app().write::<u64>(Method::POST, "statuses/abc", &value!({})).await, Ok(Some(1)));
    assert_eq!((minter.lock().unwrap().minted, stage.clock.slept()), (1, Duration::from_secs(3)));
}

#[tokio::test]
async fn a_token_that_was_revoked_is_minted_anew_once() {
    let (stage, minter) = stage(|_, number| json(200, &[], &number.to_string())).await;
    let client = stage.app();
    assert_eq!(client.get::<u64>("a").await, Ok(Some(1)));
    stage.clock.advance(Duration::from_secs(600));
    minter.lock().unwrap().revoked = 1;
    let (one, two) = tokio::join!(client.get::<u64>("a"), client.get::<u64>("b"));
    assert_eq!((one, two), (Ok(Some(2)), Ok(Some(2))));
    assert_eq!((minter.lock().unwrap().minted, stage.clock.slept()), (2, Duration::ZERO));
}

#[tokio::test]
async fn a_token_that_is_never_taken_has_an_end() {
    let (stage, minter) = stage(|_, _| json(200, &[], "1")).await;
    minter.lock().unwrap().revoked = usize::MAX;
    let error = stage.app().get::<u64>("a").await.unwrap_err();
    assert!(matches!(error, ApiError::Later { after: Some(_), .. }), "{error:?}");
    assert!(stage.seen().len() < 15 && minter.lock().unwrap().minted == 2);
}

#[tokio::test]
async fn an_old_token_serves_while_no_new_one_is_to_be_had() {
    let mut asked = 0;
    let stage = Stage::open(move |seen, _| {
        if seen.method == "POST" {
            asked += 1;
            let until = Clock::start() + Duration::from_secs(3600);
            let made = format!("{{\"token\":\"ghs_canary1\",\"expires_at\":\"{until}\"}}");
            return if asked == 1 { json(201, &[], &made) } else { json(503, &[("retry-after", "30")], "") };
        }
        json(200, &[], "{\"id\":99}")
    })
    .await;
    let client = stage.app();
    client.get::<Value>("a").await.unwrap();
    stage.clock.advance(Duration::from_secs(56 * 60));
    client.get::<Value>("a").await.unwrap();
    client.get::<Value>("a").await.unwrap();
    assert_eq!(stage.lines().iter().filter(|line| line.starts_with("POST")).count(), 2, "tried once, and not at every request");
    stage.clock.advance(Duration::from_secs(220));
    assert!(client.get::<Value>("a").await.is_err(), "it has ended");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_learned() {
    let ahead = Clock::start() + Duration::from_secs(3600);
    let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&ahead).unwrap();
    let stage =
        Stage::open(move |seen, _| match (seen.path.as_str(), claims(seen)["exp"].as_i64().unwrap() > ahead.as_second()) {
            ("/app", true) => json(200, &[("date", &date)], "{\"id\":42,\"slug\":\"portcullis\"}"),
            _ => json(401, &[("date", &date)], "{\"message\":\"'Expiration time' claim ('exp') is too far in the past\"}"),
        })
        .await;
    let github = stage.app().github().clone();
    assert_eq!(github.app().await.unwrap().slug.as_deref(), Some("portcullis"));
    assert_eq!((stage.seen().len(), github.clock_skew()), (2, Some(3600)));
    assert!(github.app().await.is_ok());
    assert_eq!(stage.seen().len(), 3, "and remembered");
}

#[tokio::test]
async fn a_jwt_that_is_not_taken_is_not_shown_again() {
    let stage = Stage::open(|_, _| json(401, &[], "{\"message\":\"A JSON web token could not be decoded\"}")).await;
    let error = stage.app().get::<Value>("a").await.unwrap_err();
    assert!(matches!(&error, ApiError::Refused { status: 401, what } if what.contains("private key")), "{error:?}");
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn an_app_that_is_not_installed_says_where_to_install_it() {
    let stage = Stage::open(|_, _| json(404, &[], "{\"message\":\"Not Found\"}")).await;
    let error = stage.app().get::<Value>("a").await.unwrap_err();
    assert!(error.to_string().contains("not installed on acme/catalog: install it"), "{error}");
}

#[tokio::test]
async fn an_installation_that_was_made_anew_is_found() {
    let mut looked = 0;
    let stage = Stage::open(move |seen, _| match seen.path.as_str() {
        "/repos/acme/catalog/installation" => {
            looked += 1;
            json(200, &[], &format!("{{\"id\":{looked}}}"))
        }
        "/app/installations/1/access_tokens" => json(404, &[], "{}"),
        "/app/installations/2/access_tokens" => json(201, &[], "{\"token\":\"t\"}"),
        _ => json(200, &[], "1"),
    })
    .await;
    assert_eq!(stage.app().get::<u64>("a").await, Ok(Some(1)));
}

#[tokio::test]
async fn a_plain_token_that_is_not_taken_says_so() {
    let stage = Stage::open(|_, _| json(401, &[], "{\"message\":\"Bad credentials: Bearer github_pat_canary\"}")).await;
    let error = stage.client().get::<Value>("a").await.unwrap_err();
    assert!(matches!(&error, ApiError::Refused { status: 401, what } if what.contains("make a new one")), "{error:?}");
    assert!(!format!("{error} {error:?}").contains("canary"));
    assert_eq!(stage.seen().len(), 1);
}

#[tokio::test]
async fn a_renamed_repository_is_found_by_its_number() {
    let stage = Stage::open(|seen, _| match seen.path.as_str() {
        "/repos/acme/catalog/installation" => json(301, &[("location", "/repositories/7/installation")], ""),
        "/repositories/7/installation" => json(200, &[], "{\"id\":99}"),
        "/app/installations/99/access_tokens" => {
            assert_eq!(seen.json(), value!({"repository_ids": [7]}));
            json(201, &[], "{\"token\":\"t\",\"repositories\":[{\"id\":7,\"full_name\":\"acme/inventory\"}]}")
        }
        "/repos/acme/inventory/a" => json(200, &[], "1"),
        other => panic!("{other}"),
    })
    .await;
    let client = stage.app();
    assert_eq!(client.get::<u64>("a").await, Ok(Some(1)));
    assert_eq!((client.name().as_str(), stage.seen().len()), ("acme/inventory", 4));
}

#[tokio::test]
async fn git_and_comments_know_who_we_are() {
    let (stage, _) = stage(|seen, _| match seen.path.as_str() {
        "/app" => json(200, &[], "{\"id\":42,\"slug\":\"portcullis\"}"),
        "/users/portcullis%5Bbot%5D" => json(200, &[], "{\"id\":1234,\"login\":\"portcullis[bot]\"}"),
        other => panic!("{other}"),
    })
    .await;
    let client = stage.app();
    let shown = client.git_authorization().await.unwrap();
    assert_eq!(shown.reveal(), format!("Basic {}", STANDARD.encode("x-access-token:ghs_canary1")));
    for _ in 0..2 {
        let ourselves = client.ourselves().await.unwrap();
        assert_eq!((ourselves.login.as_str(), ourselves.id), ("portcullis[bot]", 1234));
    }
    assert_eq!(stage.seen().len(), 4);
}

#[tokio::test]
async fn installations_and_their_repositories_are_found() {
    let stage = Stage::open(|seen, _| match seen.path.as_str() {
        "/app/installations?per_page=100" => {
            json(200, &[], "[{\"id\":99,\"account\":{\"id\":5,\"login\":\"acme\"},\"suspended_at\":null}]")
        }
        "/app/installations/99/access_tokens" => {
            assert_eq!(seen.json(), value!({"permissions": {"metadata": "read"}}), "it reads names alone");
            json(201, &[], "{\"token\":\"t\"}")
        }
        "/installation/repositories?per_page=100" => json(
            200,
            &[],
            "{\"total_count\":1,\"repositories\":[{\"id\":7,\"full_name\":\"acme/catalog\",\"default_branch\":\"main\"}]}",
        ),
        other => panic!("{other}"),
    })
    .await;
    let github = stage.app().github().clone();
    let installation = github.installations().await.unwrap().remove(0);
    assert_eq!(installation.account.unwrap().login, "acme");
    assert_eq!(github.repositories(installation.id).await.unwrap()[0].full_name, "acme/catalog");
}
