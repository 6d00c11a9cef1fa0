//! Receivers that are slow, endless, broken or hostile: every exchange ends, and it is known whether anything was sent.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis::outbound::{Answered, Outbound, OutboundError, OutboundPolicy, Request, SystemResolver};

use crate::sink::{Act, Sink, post};

/// Longer than any exchange that is bounded by [`brief`] takes; where a test gives up.
const PATIENCE: Duration = Duration::from_secs(20);

async fn send(sink: &Sink) -> Result<Answered, OutboundError> {
    sink.outbound().send(post(&sink.url("/"))).await
}

/// The same with little time, and little room.
async fn brief(sink: &Sink) -> Result<Answered, OutboundError> {
    let policy = OutboundPolicy { timeout: Duration::from_millis(300), most_answer: 64, ..sink.policy() };
    let begun = Instant::now();
    let ended = Outbound::new(policy, Arc::new(SystemResolver)).unwrap().send(post(&sink.url("/"))).await;
    assert!(begun.elapsed() < PATIENCE);
    ended
}

fn is_broken(error: &OutboundError) -> bool {
    matches!(error, OutboundError::Broken(_))
}

#[tokio::test]
async fn a_plain_answer_is_read_whole() {
    let sink = Sink::answering("HTTP/1.1 201 Created\r\nX-Id: 7\r\nx-id: 8\r\ncontent-length: 5\r\n\r\nhello").await;
    let answered = send(&sink).await.unwrap();
    assert_eq!((answered.status, answered.body.as_slice(), answered.cut_off), (201, b"hello".as_slice(), false));
    assert_eq!(answered.headers["x-id"], "7, 8");
    assert_eq!(answered.peer, Some(sink.address.ip()));
    let heard = sink.heard().remove(0);
    assert!(heard.starts_with("POST / HTTP/1.1\r\n"), "{heard}");
    assert!(heard.contains("connection: close\r\n") && heard.contains("accept-encoding: identity\r\n"), "{heard}");
    assert!(heard.contains("content-length: 7\r\n") && heard.ends_with("\r\n\r\n{\"a\":1}"), "{heard}");
}

#[tokio::test]
async fn a_body_has_no_more_than_its_bound() {
    let sink = Sink::answering(&format!("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{}", "x".repeat(100))).await;
    let answered = brief(&sink).await.unwrap();
    assert_eq!((answered.body.len(), answered.cut_off), (64, true));
    let exactly = Sink::answering(&format!("HTTP/1.1 200 OK\r\ncontent-length: 64\r\n\r\n{}", "x".repeat(64))).await;
    let answered = brief(&exactly).await.unwrap();
    assert_eq!((answered.body.len(), answered.cut_off), (64, false));
}

#[tokio::test]
async fn a_body_without_end_is_cut_off_and_its_sender_hung_up_on() {
    for (head, chunk) in [
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n".as_slice()),
        ("HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\n", b"xxxxxxxx"),
        ("HTTP/1.1 200 OK\r\n\r\n", b"xxxxxxxx"),
    ] {
        let sink = Sink::playing(vec![Act::Hear, Act::say(head), Act::Repeat(chunk.to_vec())]).await;
        let policy = OutboundPolicy { most_answer: 4096, ..sink.policy() };
        let answered = Outbound::new(policy, Arc::new(SystemResolver)).unwrap().send(post(&sink.url("/"))).await.unwrap();
        assert_eq!((answered.body.len(), answered.cut_off), (4096, true), "{head}");
        sink.ended(1).await;
    }
}

/// Half an answer is none: what came of the request is not known.
#[tokio::test]
async fn what_ends_early_or_makes_no_sense_is_broken() {
    for answer in [
        "",
        "HTTP",
        "HTTP/1.1 200 OK\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhel",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nxx",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\nxx",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/3.0 200 OK\r\n\r\n",
        "hello, this is no HTTP at all\r\n\r\n",
        "<html>an answer of HTTP/0.9</html>",
        "HTTP/1.1 200 OK\r\nbad header\r\n\r\n",
        "HTTP/1.1 200 OK\r\nfolded: a\r\n b\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}",
    ] {
        let sink = Sink::answering(answer).await;
        let error = send(&sink).await.unwrap_err();
        assert!(is_broken(&error), "{answer:?}: {error:?}");
    }
}

#[tokio::test]
async fn a_head_without_end_is_broken() {
    let long = format!("x-long: {}\r\n", "x".repeat(1000));
    for repeated in [long.as_str(), "x: y\r\n", "x"] {
        let acts = vec![Act::Hear, Act::say("HTTP/1.1 200 OK\r\n"), Act::Repeat(repeated.as_bytes().to_vec())];
        let sink = Sink::playing(acts).await;
        let error = send(&sink).await.unwrap_err();
        assert!(is_broken(&error), "{repeated:?}: {error:?}");
        sink.ended(1).await;
    }
}

#[tokio::test]
async fn trailers_and_extensions_of_chunks_have_bounds() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for (begin, repeated) in [("1;x=", "yyyyyyyy"), ("1\r\nx\r\n0\r\n", "a: b\r\n"), ("0\r\na: ", "xxxxxxxx")] {
        let acts = vec![Act::Hear, Act::say(&format!("{head}{begin}")), Act::Repeat(repeated.as_bytes().to_vec())];
        let sink = Sink::playing(acts).await;
        let error = send(&sink).await.unwrap_err();
        assert!(is_broken(&error), "{begin:?}: {error:?}");
        sink.ended(1).await;
    }
}

#[tokio::test]
async fn who_is_slow_is_given_up_in_time_and_what_was_sent_counts_as_sent() {
    for acts in [
        vec![Act::Hang],
        vec![Act::Hear, Act::Hang],
        vec![Act::Hear, Act::Drip(b"H".to_vec())],
        vec![Act::Hear, Act::say("HTTP/1.1 200 OK\r\n"), Act::Drip(b"x".to_vec())],
        vec![Act::Hear, Act::say("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"), Act::Drip(b"0".to_vec())],
        vec![Act::Hear, Act::say("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx"), Act::Hang],
        vec![Act::Hear, Act::Drip(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())],
        vec![Act::Hear, Act::Repeat(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n".to_vec())],
    ] {
        let sink = Sink::playing(acts).await;
        let error = brief(&sink).await.unwrap_err();
        assert!(is_broken(&error), "{error:?}");
        sink.ended(1).await;
    }
}

#[tokio::test]
async fn a_connection_that_is_kept_open_is_closed_by_us() {
    let answer = "HTTP/1.1 200 OK\r\nconnection: keep-alive\r\nkeep-alive: timeout=99999\r\ncontent-length: 2\r\n\r\nok";
    let sink = Sink::playing(vec![Act::Hear, Act::say(answer), Act::Hang]).await;
    assert_eq!(send(&sink).await.unwrap().body, b"ok");
    sink.ended(1).await;
    // A second answer, which nobody asked for, belongs to no request.
    let sink = Sink::answering(&format!("{answer}HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n")).await;
    let outbound = sink.outbound();
    for _ in 0..2 {
        assert_eq!(outbound.send(post(&sink.url("/"))).await.unwrap().status, 200);
    }
    assert_eq!(sink.connections(), 2);
}

#[tokio::test]
async fn other_protocols_are_not_switched_to_and_nothing_is_unpacked() {
    let sink = Sink::answering("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nraw").await;
    let ended = brief(&sink).await;
    assert!(matches!(&ended, Err(OutboundError::Broken(_))) || ended.as_ref().is_ok_and(|a| a.status == 101), "{ended:?}");
    let sink = Sink::answering("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\n\u{1f}abc").await;
    assert_eq!(send(&sink).await.unwrap().body, b"\x1fabc");
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_sent() {
    let sink = Sink::playing(vec![Act::Hang]).await;
    let (url, policy) = (sink.url("/"), sink.policy());
    drop(sink);
    let outbound = Outbound::new(policy, Arc::new(SystemResolver)).unwrap();
    // The listener goes with its task, which ends soon after.
    let gone = async {
        loop {
            match outbound.send(post(&url)).await {
                Err(OutboundError::Unreachable(_)) => return,
                ended => assert!(!matches!(ended, Ok(_) | Err(OutboundError::Forbidden(_))), "{ended:?}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.unwrap();
}

#[tokio::test]
async fn a_request_cannot_smuggle_another_and_what_it_holds_is_not_repeated() {
    let sink = Sink::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    let outbound = sink.outbound();
    let with = |name: &str, value: &str| Request { headers: vec![(name.into(), value.into())], ..post(&sink.url("/")) };
    for request in [
        with("authorization", "canary\r\nx-other: 1"),
        with("authorization", "canary\n"),
        with("authorization", "canary\0"),
        with("authorization\r\nx", "canary"),
        with("bad name", "canary"),
        with("", "canary"),
        with("Host", "canary"),
        with("Content-Length", "0"),
        with("transfer-encoding", "chunked"),
        with("Connection", "authorization"),
        with("upgrade", "h2c"),
        with("Proxy-Authorization", "canary"),
        with("expect", "100-continue"),
        Request { method: "CONNECT".into(), ..post(&sink.url("/")) },
        Request { method: "TRACE".into(), ..post(&sink.url("/")) },
        Request { method: "post".into(), ..post(&sink.url("/")) },
        Request { method: "POST / HTTP/1.1\r\n".into(), ..post(&sink.url("/")) },
        post(&sink.url("/canary x")),
        post(&sink.url("/canary#x")),
        post(&sink.url("/canary\r\nx: y")),
    ] {
        let shown = format!("{request:?}");
        let error = outbound.send(request).await.unwrap_err();
        assert!(matches!(error, OutboundError::Forbidden(_)), "{error:?}");
        assert!(!error.to_string().contains("canary") && !shown.contains("canary"), "{error} {shown}");
    }
    assert_eq!(sink.connections(), 0);
}

/// The path of a webhook of Slack is its password.
#[tokio::test]
async fn no_error_repeats_the_path_and_nothing_shown_repeats_the_answer() {
    let sink = Sink::answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncanary").await;
    let error = sink.outbound().send(post(&sink.url("/services/canary"))).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    let sink = Sink::answering("HTTP/1.1 200 OK\r\nx: canary\r\ncontent-length: 6\r\n\r\ncanary").await;
    let answered = send(&sink).await.unwrap();
    assert!(!format!("{answered:?}").contains("canary"), "{answered:?}");
}

#[tokio::test]
async fn dropping_what_is_under_way_hangs_up() {
    let sink = Sink::playing(vec![Act::Hear, Act::Hang]).await;
    let outbound = sink.outbound();
    let mut sending = Box::pin(outbound.send(post(&sink.url("/"))));
    while sink.heard().is_empty() {
        let _ = tokio::time::timeout(Duration::from_millis(5), &mut sending).await;
    }
    drop(sending);
    sink.ended(1).await;
}

/// The test that reads a plain answer, played in a process whose environment names proxies.
#[tokio::test]
async fn proxies_that_the_environment_names_are_not_used() {
    let proxy = Sink::answering("HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n").await;
    let mut child = tokio::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "bounds::a_plain_answer_is_read_whole"]).kill_on_drop(true);
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(variable, proxy.url(""));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let output = tokio::time::timeout(PATIENCE * 3, child.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.connections(), 0);
}
