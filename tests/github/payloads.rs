//! The receiver of webhooks, over a real connection: all of GitHub's own examples, and whoever pretends to be GitHub.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::{Duration, Instant};

use portcullis::forge::github::delivery::What;
use serde_json::Value;
use sqlx::Connection;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::openapi::tools;
use crate::receiver::{Daemon, Delivery, SECRET, signature, signed};

const PUSH: &str = r#"{"ref": "refs/heads/main", "repository": {"id": 7, "full_name": "acme/catalog"}}"#;

/// What GitHub's examples wake, by event and action. Whatever appears here anew is to be decided, not to be forgotten.
#[tokio::test]
async fn every_example_of_github_wakes_whom_it_should() {
    let file = tools().join("node_modules/@octokit/webhooks-examples/api.github.com/index.json");
    let text = std::fs::read(&file).expect("GitHub's examples of webhooks are not installed: run scripts/test");
    let events: Vec<Value> = serde_json::from_slice(&text).unwrap();
    let daemon = Daemon::start().await;
    let (mut table, mut count) = (BTreeMap::<String, BTreeMap<String, usize>>::new(), 0);
    for event in &events {
        let name = event["name"].as_str().unwrap();
        for example in event["examples"].as_array().unwrap() {
            count += 1;
            let body = serde_json::to_vec(example).unwrap();
            let (status, answer) = daemon.deliver(&signed(&format!("delivery-{count}"), name, &body)).await;
            let woken = daemon.woken();
            assert_eq!(status, 202, "{name}: {answer}");
            assert_eq!(woken.is_empty(), answer == "ignored\n", "{name}");
            for one in &woken {
                // Of what it names, nothing is made up.
                assert_eq!(
                    one.repository.as_ref().map(|r| Value::from(r.id)),
                    example.pointer("/repository/id").cloned(),
                    "{name}"
                );
                assert_eq!(one.installation.map(Value::from), example.pointer("/installation/id").cloned(), "{name}");
                assert_eq!(one.sender.map(Value::from), example.pointer("/sender/id").cloned(), "{name}");
                if let (What::PullRequest(number), Some(of)) = (one.what, example.pointer("/pull_request/number")) {
                    assert_eq!(Value::from(number), *of, "{name}");
                }
            }
            let key = format!("{name}.{}", example["action"].as_str().unwrap_or_default());
            let shown = |what: &What| match what {
                What::PullRequest(_) => "pull request",
                What::Repository => "repository",
                What::Standing => "what stands on all",
                What::Everything => "everything",
            };
            let wakes: Vec<&str> = woken.iter().map(|one| shown(&one.what)).collect();
            let end = if wakes.is_empty() { "-".to_owned() } else { wakes.join(", ") };
            *table.entry(key.trim_end_matches('.').to_owned()).or_default().entry(end).or_default() += 1;
        }
    }
    assert_eq!(count, 329);
    let table = table.iter().fold(String::new(), |mut all, (event, ends)| {
        let ends: Vec<String> = ends.iter().map(|(end, count)| format!("{end} ×{count}")).collect();
        writeln!(all, "{event:48} {}", ends.join("; ")).unwrap();
        all
    });
    insta::assert_snapshot!(table);
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_signed_wakes_with_the_old_secret_and_with_the_next() {
    let daemon = Daemon::start().await;
    let body = PUSH.as_bytes();
    let next = signed("a", "push", body).with("x-hub-signature-256", &signature("the next secret", body));
    assert_eq!(daemon.deliver(&next).await, (202, "woken\n".to_owned()));
    let typed = signed("b", "push", body).with("content-type", "Application/JSON; charset=utf-8");
    assert_eq!(daemon.deliver(&typed).await, (202, "woken\n".to_owned()));
    let woken = daemon.woken();
    assert_eq!(woken.len(), 2);
    assert_eq!((woken[0].repository.as_ref().unwrap().full_name.as_str(), woken[0].what), ("acme/catalog", What::Repository));
    daemon.stop().await;
}

/// One answer for all of them, and not a word: who guesses is not told how near he came.
#[tokio::test]
async fn whoever_cannot_sign_wakes_nobody_and_learns_nothing() {
    let daemon = Daemon::start().await;
    let body = PUSH.as_bytes();
    let push = || signed("a", "push", body);
    let sha1 = signature(SECRET, body).replace("sha256", "sha1");
    for (what, forged) in [
        ("no signature", push().without("x-hub-signature-256")),
        ("an empty one", push().with("x-hub-signature-256", "")),
        ("of another secret", push().with("x-hub-signature-256", &signature("a guess", body))),
        ("of an empty secret", push().with("x-hub-signature-256", &signature("", body))),
        ("of another body", push().with("x-hub-signature-256", &signature(SECRET, b"{}"))),
        ("the outdated kind", push().without("x-hub-signature-256").with("x-hub-signature", &sha1)),
        ("the outdated kind in its place", push().with("x-hub-signature-256", &sha1)),
        ("an event that nobody knows", signed("a", "star", body).without("x-hub-signature-256")),
        ("a ping", signed("a", "ping", body).with("x-hub-signature-256", "sha256=00")),
        ("no event", push().without("x-github-event").with("x-hub-signature-256", "sha256=00")),
        ("garbage", signed("a", "push", b"{").with("x-hub-signature-256", "sha256=00")),
    ] {
        assert_eq!(daemon.deliver(&forged).await, (401, String::new()), "{what}");
    }
    assert_eq!(daemon.woken(), []);
    // None of them took the place of the true one.
    assert_eq!(daemon.deliver(&push()).await.0, 202);
    daemon.stop().await;
}

#[tokio::test]
async fn a_body_that_was_cut_off_on_its_way_is_refused() {
    let daemon = Daemon::start().await;
    let body = PUSH.as_bytes();
    let mut cut = signed("a", "push", &body[..body.len() - 1]);
    cut.headers.insert("x-hub-signature-256", signature(SECRET, body));
    assert_eq!(daemon.deliver(&cut).await, (401, String::new()));
    // Here the sender hangs up in the middle.
    let mut broken = signed("a", "push", body);
    broken.body = &body[..10];
    let mut stream = TcpStream::connect(daemon.address).await.unwrap();
    stream.write_all(broken.head().as_bytes()).await.unwrap();
    stream.write_all(broken.body).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 2"), "{answer:?}");
    assert_eq!(daemon.woken(), []);
    assert_eq!(daemon.deliver(&signed("a", "push", body)).await.0, 202);
    daemon.stop().await;
}

/// Before its signature is computed, and before it has filled any memory.
#[tokio::test]
async fn a_delivery_that_is_too_large_is_not_taken_in() {
    let daemon = Daemon::start().await;
    let most = 4 * 1024 * 1024;
    let mut announced = signed("a", "push", b"");
    announced.length = Some(most + 1);
    assert_eq!(daemon.deliver(&announced).await, (413, String::new()));
    announced.length = Some(1 << 40);
    assert_eq!(daemon.deliver(&announced).await, (413, String::new()));
    // Unannounced.
    let chunk = [format!("{:x}\r\n", 1 << 20).into_bytes(), vec![b' '; 1 << 20], b"\r\n".to_vec()].concat();
    let chunks = chunk.repeat(5);
    let mut streamed = signed("a", "push", &chunks);
    streamed.length = None;
    let mut stream = TcpStream::connect(daemon.address).await.unwrap();
    stream.write_all(streamed.head().as_bytes()).await.unwrap();
    let _ = stream.write_all(&chunks).await;
    let mut answer = [0; 12];
    if stream.read_exact(&mut answer).await.is_ok() {
        assert_eq!(&answer, b"HTTP/1.1 413");
    }
    assert_eq!(daemon.woken(), []);
    // As large as may be, it is taken.
    let mut body = PUSH.as_bytes().to_vec();
    body.resize(most, b' ');
    assert_eq!(daemon.deliver(&signed("a", "push", &body)).await, (202, "woken\n".to_owned()));
    daemon.stop().await;
}

/// Many of them: what was announced takes no room, only what has come.
#[tokio::test]
async fn whoever_stalls_keeps_nobody_out() {
    let daemon = Daemon::start().await;
    let mut stalled = signed("a", "push", b"");
    stalled.length = Some(4 * 1024 * 1024);
    let mut lines = Vec::new();
    for _ in 0..32 {
        let mut stream = TcpStream::connect(daemon.address).await.unwrap();
        stream.write_all(stalled.head().as_bytes()).await.unwrap();
        stream.write_all(b"{\"ref\":").await.unwrap();
        lines.push(stream);
    }
    assert_eq!(daemon.deliver(&signed("a", "push", PUSH.as_bytes())).await.0, 202);
    drop(lines);
    daemon.stop().await;
}

#[tokio::test]
async fn a_replayed_delivery_wakes_nobody() {
    let daemon = Daemon::start().await;
    let push = signed("72d3162e-cc78-11e3-81ab-4c9367dc0958", "push", PUSH.as_bytes());
    assert_eq!(daemon.deliver(&push).await, (202, "woken\n".to_owned()));
    assert_eq!(daemon.woken().len(), 1);
    for _ in 0..3 {
        assert_eq!(daemon.deliver(&push).await, (200, "seen\n".to_owned()));
    }
    let (one, other) = {
        let twice = signed("another", "push", PUSH.as_bytes());
        tokio::join!(daemon.deliver(&twice), daemon.deliver(&twice))
    };
    let mut ends = [one.0, other.0];
    ends.sort_unstable();
    assert_eq!(ends, [200, 202], "of two at the same moment one wakes");
    assert_eq!(daemon.woken().len(), 1);
    daemon.stop().await;
}

/// The id and the event are not part of what is signed. Whoever caught a delivery can have it wake again, which is all that it can do.
#[tokio::test]
async fn a_caught_delivery_under_another_name_wakes_and_does_no_more() {
    let daemon = Daemon::start().await;
    for (id, event, end) in
        [("a", "push", "woken\n"), ("b", "push", "woken\n"), ("c", "team", "woken\n"), ("d", "star", "ignored\n")]
    {
        assert_eq!(daemon.deliver(&signed(id, event, PUSH.as_bytes())).await, (202, end.to_owned()));
    }
    let whats: Vec<What> = daemon.woken().iter().map(|woken| woken.what).collect();
    assert_eq!(whats, [What::Repository, What::Repository, What::Everything]);
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_no_delivery_is_refused_for_what_it_is() {
    let daemon = Daemon::start().await;
    let body = PUSH.as_bytes();
    let push = || signed("a", "push", body);
    for (delivery, status) in [
        (Delivery { method: "GET", ..push() }, 405),
        (Delivery { method: "PUT", ..push() }, 405),
        (Delivery { method: "DELETE", ..push() }, 405),
        (push().with("content-type", "application/x-www-form-urlencoded"), 415),
        (push().with("content-type", "text/plain"), 415),
        (push().without("content-type"), 415),
        (push().without("x-github-delivery"), 400),
        (push().with("x-github-delivery", &"a".repeat(65)), 400),
        (push().with("x-github-delivery", "a'; DROP TABLE deliveries"), 400),
        (push().without("x-github-event"), 400),
        (signed("a", "push", b"{\"repository\": 1}"), 400),
        (signed("a", "push", b"{"), 400),
        (signed("a", "push", b""), 400),
        (signed("a", "push", b"{}"), 400),
        (signed("a", "push", b"\xff\xfe"), 400),
    ] {
        let (got, text) = daemon.deliver(&delivery).await;
        assert_eq!(got, status, "{}{text}", delivery.head());
    }
    assert_eq!(daemon.woken(), []);
    // And the other pages take no body still.
    let page =
        daemon.exchange("POST /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 99999\r\n\r\n", b"").await;
    assert!(page.starts_with("HTTP/1.1 413"), "{page}");
    assert_eq!(daemon.deliver(&push()).await.0, 202);
    daemon.stop().await;
}

/// GitHub is answered within a second whatever the store does, and is believed rather than forgotten.
#[tokio::test]
async fn a_store_that_hangs_delays_no_answer_and_loses_no_wake() {
    let daemon = Daemon::start().await;
    let file = daemon.dir.path().join("portcullis.db");
    let mut other = sqlx::SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
    let begun = Instant::now();
    assert_eq!(daemon.deliver(&signed("a", "push", PUSH.as_bytes())).await, (202, "woken\n".to_owned()));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(daemon.woken().len(), 1);
    sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
    other.close().await.unwrap();
    daemon.stop().await;
}

#[tokio::test]
async fn each_end_is_counted_under_names_that_strangers_do_not_choose() {
    let daemon = Daemon::start().await;
    let push = || signed("a", "push", PUSH.as_bytes());
    for delivery in [
        push(),
        push(),
        push().without("x-hub-signature-256"),
        push().with("x-github-event", "star"),
        push().with("x-github-event", "a\"} 1").without("x-hub-signature-256"),
        push().with("content-type", "text/plain"),
    ] {
        daemon.deliver(&delivery).await;
    }
    let mut counted: Vec<String> = daemon.counted().await.lines().map(str::to_owned).collect();
    counted.sort_unstable();
    insta::assert_snapshot!(counted.join("\n"), @r#"
    portcullis_webhook_deliveries_total{event="other",result="ignored"} 1
    portcullis_webhook_deliveries_total{event="other",result="refused"} 1
    portcullis_webhook_deliveries_total{event="push",result="not_json"} 1
    portcullis_webhook_deliveries_total{event="push",result="refused"} 1
    portcullis_webhook_deliveries_total{event="push",result="seen"} 1
    portcullis_webhook_deliveries_total{event="push",result="woken"} 1
    "#);
    daemon.stop().await;
}
