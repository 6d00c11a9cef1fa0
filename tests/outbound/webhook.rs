//! What a receiver of a run gets, and what its answers come to.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use portcullis::execute::{Order, Performer, WebhookOptions, WebhookPerformer};
use portcullis::forge::github::Secret;
use portcullis::model::{EntityKey, Identifier, Timestamp};
use portcullis::outbound::{Outbound, OutboundPolicy, Signer, SystemResolver};
use portcullis::run::call::{Call, EntityCall, HeaderValue, SecretPiece, WebhookCall};
use portcullis::run::life::{Answer, RunHandle, idempotency_key};
use serde_json::json;

use crate::sink::{Act, Sink};

pub(crate) const SIGNING: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// A run that is to be performed at `url`.
pub(crate) fn order(url: &str) -> Order {
    let run = Identifier::new("deploy-42").unwrap();
    Order {
        repository: "acme/catalog".into(),
        handle: RunHandle::of("acme/catalog", &run),
        key: idempotency_key("acme/catalog", &run, "00ff"),
        run,
        dedupes: false,
        attempt: 1,
        since: Timestamp::UNIX_EPOCH,
        outside: None,
        secrets: portcullis::run::call::Scrub::default(),
        call: Call::Webhook(WebhookCall {
            url: url.into(),
            method: "POST".into(),
            headers: vec![
                ("X-Team".into(), HeaderValue::Text("core".into())),
                (
                    "Authorization".into(),
                    HeaderValue::Secret(vec![SecretPiece::Text("Bearer ".into()), SecretPiece::Secret("deploy".into())]),
                ),
            ],
            body: json!({"z": 1, "a": "ö\u{202e}"}),
            synchronized: true,
        }),
    }
}

pub(crate) fn performer(policy: OutboundPolicy) -> WebhookPerformer {
    let options = WebhookOptions {
        secrets: BTreeMap::from([("deploy".to_owned(), Secret::new("canary-of-deploy"))]),
        signer: Some(Signer::parse(SIGNING).unwrap()),
        timeout: None,
    };
    let outbound = Outbound::new(policy, Arc::new(SystemResolver)).unwrap();
    WebhookPerformer::new(Arc::new(outbound), options, Arc::new(|| Timestamp::from_second(1_700_000_000).unwrap()))
}

fn with(order: Order, change: impl FnOnce(&mut WebhookCall)) -> Order {
    let Call::Webhook(mut call) = order.call else { panic!() };
    change(&mut call);
    Order { call: Call::Webhook(call), ..order }
}

pub(crate) fn header<'r>(request: &'r str, name: &str) -> Vec<&'r str> {
    let prefix = format!("{name}: ");
    request.split("\r\n\r\n").next().unwrap().lines().filter_map(|line| line.strip_prefix(&prefix)).collect()
}

#[tokio::test]
async fn a_receiver_gets_all_it_needs_to_verify_to_dedupe_and_to_report() {
    let sink = Sink::answering(OK).await;
    let first = order(&sink.url("/deploy"));
    let performer = performer(sink.policy());
    let done = Answer::Done { success: true, says: "ok".into(), link: None, outside: None };
    assert_eq!(performer.perform(&first).await, done);
    assert_eq!(performer.perform(&Order { attempt: 2, ..first.clone() }).await, done);
    let heard = sink.heard();
    for (request, attempt) in heard.iter().zip(["1", "2"]) {
        let body = request.split_once("\r\n\r\n").unwrap().1;
        assert_eq!(body, "{\"z\":1,\"a\":\"ö\u{202e}\"}");
        let signature =
            Signer::parse(SIGNING).unwrap().sign(&first.key, Timestamp::from_second(1_700_000_000).unwrap(), body.as_bytes());
        for (name, value) in [
            ("x-team", "core"),
            ("authorization", "Bearer canary-of-deploy"),
            ("content-type", "application/json"),
            ("idempotency-key", &first.key),
            ("x-portcullis-run", first.handle.as_str()),
            ("x-portcullis-attempt", attempt),
            ("x-portcullis-timestamp", "1700000000"),
            ("x-portcullis-signature", &signature),
            ("webhook-id", &first.key),
            ("webhook-timestamp", "1700000000"),
            ("webhook-signature", &signature),
        ] {
            assert_eq!(header(request, name), [value], "{name}");
        }
    }
}

#[tokio::test]
async fn what_the_receiver_has_certainly_not_got_may_be_sent_again_and_what_is_not_certain_may_not() {
    let sink = Sink::playing(vec![Act::Hear]).await;
    let answer = performer(sink.policy()).perform(&order(&sink.url("/"))).await;
    assert!(matches!(answer, Answer::Unknown { .. }), "{answer:?}");
    let nobody = OutboundPolicy { hosts: vec!["127.0.0.1:1".into()], ..sink.policy() };
    let answer = performer(nobody).perform(&order("http://127.0.0.1:1/")).await;
    assert!(matches!(answer, Answer::NotPerformed { .. }), "{answer:?}");
    let answer = performer(OutboundPolicy { hosts: Vec::new(), ..sink.policy() }).perform(&order(&sink.url("/"))).await;
    assert!(matches!(answer, Answer::Refused { .. }), "{answer:?}");
}

#[tokio::test]
async fn what_cannot_be_written_is_refused_and_nothing_is_sent() {
    let sink = Sink::answering(OK).await;
    let performer = performer(sink.policy());
    let order = order(&sink.url("/"));
    let secret = |name: &str| HeaderValue::Secret(vec![SecretPiece::Secret(name.into())]);
    let header = |name: &str, value: HeaderValue| with(order.clone(), |call| call.headers.push((name.into(), value)));
    let text = |text: &str| HeaderValue::Text(text.into());
    let entity = Call::Entity(EntityCall {
        key: EntityKey { blueprint: Identifier::new("Service").unwrap(), identifier: Identifier::new("shop").unwrap() },
        document: None,
        action: Identifier::new("remove").unwrap(),
    });
    for order in [
        header("X-Key", secret("unknown")),
        header("X-Key", secret("constructor")),
        header("Idempotency-Key", text("another")),
        header("WEBHOOK-ID", text("another")),
        header("Webhook-Signature", text("another")),
        header("X-Portcullis-Run", text("another")),
        header("x-portcullis-anything", text("another")),
        header("Host", text("other.example")),
        header("X-Key", text("a\r\nx-portcullis-run: another")),
        with(order.clone(), |call| call.method = "TRACE".into()),
        Order { call: entity, ..order.clone() },
    ] {
        let answer = performer.perform(&order).await;
        assert!(matches!(answer, Answer::Refused { .. }), "{answer:?}");
    }
    assert_eq!(sink.connections(), 0);
    assert_eq!(performer.find(&order).await, None);
    assert_eq!(performer.look(&order).await, None);
}

#[tokio::test]
async fn what_the_receiver_says_is_kept_without_the_secrets_that_it_repeats() {
    let said = "\u{1b}[2Jyou sent Bearer canary-of-deploy, Y2FuYXJ5LW9mLWRlcGxveQ==";
    let sink = Sink::answering(&format!("HTTP/1.1 403 No\r\ncontent-length: {}\r\n\r\n{said}", said.len())).await;
    let performer = performer(sink.policy());
    let Answer::Done { success: false, says, .. } = performer.perform(&order(&sink.url("/"))).await else { panic!() };
    assert_eq!(says, "the receiver answered 403: [2Jyou sent ***, ***");
    assert!(!format!("{performer:?}").contains("canary"), "{performer:?}");
}

/// Everything that any crate of ours or below logs, at its most talkative.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test(flavor = "current_thread")]
async fn no_secret_is_logged_however_much_is_logged() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    tracing::trace!("the log is kept");
    for answer in [OK, "HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\ncanary-of-deploy", "canary-of-deploy"] {
        let sink = Sink::answering(answer).await;
        let _ = performer(sink.policy()).perform(&order(&sink.url("/canary-of-deploy"))).await;
    }
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("the log is kept"));
    assert!(!logged.contains("canary") && !logged.contains("C2FVsBQIhrscChlQIMV"), "{logged}");
}
