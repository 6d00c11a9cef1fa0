//! Messages through the durable outbox, to receivers that are not at their best: at least once, by one id, and in order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use portcullis::controller::Clock as _;
use portcullis::model::{Occasion, RunState};
use portcullis::notify::{Channel, DeliveryError, Form, Letter};
use portcullis::outbound::Signer;

use crate::sink::{Does, Sink};
use crate::world::{SECRET, World, post, webhook};

/// What a receiver is left with that takes each id once.
fn once(sink: &Sink) -> (usize, usize) {
    let received = sink.received();
    let ids: BTreeSet<_> = received.iter().map(|request| request.header("webhook-id").to_owned()).collect();
    (received.len(), ids.len())
}

#[tokio::test]
async fn a_message_is_delivered_in_the_end_and_has_one_id_whatever_happens_on_the_way() {
    let world = World::new().await;
    let sink = Sink::that(&[
        Does::Answers(500, ""),
        Does::Closes,
        Does::Hangs,
        Does::BreaksOff,
        Does::Answers(429, "retry-after: 600\r\n"),
        Does::Answers(503, ""),
    ])
    .await;
    world.happens("one", RunState::WaitingForApproval, Occasion::Waiting, &["hook"]).await;
    world.deliver_all(&world.outbox([("hook", webhook(&sink.url))])).await;
    assert_eq!(once(&sink), (7, 1));
    let last = sink.received().pop().unwrap();
    assert_eq!(
        (last.json()["type"].as_str(), last.header("content-type")),
        (Some("run.waiting"), "application/json; charset=utf-8")
    );
    assert_eq!(world.store.outbox_size().await.unwrap(), (0, 0));
}

#[tokio::test]
async fn whoever_asks_for_time_is_given_it() {
    let world = World::new().await;
    let sink = Sink::that(&[Does::Answers(429, "retry-after: 600\r\n")]).await;
    let outbox = world.outbox([("hook", webhook(&sink.url))]);
    world.happens("one", RunState::Approved, Occasion::Granted, &["hook"]).await;
    world.happens("two", RunState::Approved, Occasion::Granted, &["hook"]).await;
    outbox.drain().await.unwrap();
    let asked = sink.received().len();
    world.clock.advance(Duration::from_secs(590));
    outbox.drain().await.unwrap();
    assert_eq!(sink.received().len(), asked, "nothing is sent meanwhile, of other runs neither");
    world.deliver_all(&outbox).await;
    assert_eq!(once(&sink).1, 2);
}

#[tokio::test]
async fn a_signature_is_one_that_standard_webhooks_verifies() {
    let world = World::new().await;
    let sink = Sink::that(&[]).await;
    world.happens("one", RunState::Approved, Occasion::Granted, &["hook"]).await;
    world.deliver_all(&world.outbox([("hook", webhook(&sink.url))])).await;
    let request = sink.received().pop().unwrap();
    let at = portcullis::model::Timestamp::from_second(request.header("webhook-timestamp").parse().unwrap()).unwrap();
    let signature = Signer::parse(SECRET).unwrap().sign(request.header("webhook-id"), at, &request.body);
    assert_eq!(request.header("webhook-signature"), signature);
}

/// Takes a letter, and never comes to the end of it: as where the process dies between sending and writing down.
struct Dies(Arc<dyn Channel>, AtomicUsize);

#[async_trait]
impl Channel for Dies {
    async fn deliver(&self, letter: &Letter) -> Result<(), DeliveryError> {
        self.0.deliver(letter).await?;
        self.1.fetch_add(1, Ordering::SeqCst);
        std::future::pending().await
    }
}

#[tokio::test]
async fn whoever_dies_between_sending_and_writing_it_down_sends_again_by_the_same_id() {
    let world = World::new().await;
    let sink = Sink::that(&[]).await;
    world.happens("one", RunState::Approved, Occasion::Granted, &["hook"]).await;
    let dying = Arc::new(Dies(webhook(&sink.url), AtomicUsize::new(0)));
    let outbox = world.outbox([("hook", dying.clone())]);
    let task = tokio::spawn(async move { outbox.drain().await });
    while dying.1.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    task.abort();
    let _ = task.await;

    let next = world.outbox([("hook", webhook(&sink.url))]);
    next.drain().await.unwrap();
    assert_eq!(sink.received().len(), 1, "it is still whose who had it");
    world.deliver_all(&next).await;
    assert_eq!(once(&sink), (2, 1), "twice, and whoever takes each id once has it once");
}

/// A channel that does not come back, or comes back by a panic.
struct Broken(bool);

#[async_trait]
impl Channel for Broken {
    async fn deliver(&self, _: &Letter) -> Result<(), DeliveryError> {
        assert!(!self.0, "broken within");
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_channel_that_panics_or_hangs_keeps_nobody_else_waiting() {
    let world = World::new().await;
    let sink = Sink::that(&[]).await;
    let channels = ["panics", "hangs", "hook"];
    for run in 0..40 {
        world.happens(&format!("run-{run}"), RunState::Approved, Occasion::Granted, &channels).await;
    }
    let outbox =
        world.outbox([("panics", Arc::new(Broken(true))), ("hangs", Arc::new(Broken(false))), ("hook", webhook(&sink.url))]);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let task = tokio::spawn(outbox.run(async move {
        let _ = stopped.await;
    }));
    let all = async {
        while once(&sink).1 < 40 {
            world.clock.advance(Duration::from_secs(1));
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), all).await.expect("everything has come that could");
    drop(stop);
    tokio::time::timeout(Duration::from_secs(30), task).await.expect("it ends when told to").unwrap();
    assert!(world.metrics.render().contains("portcullis_notifications_total{channel=\"panics\",result=\"later\"}"));
}

#[tokio::test]
async fn what_people_were_to_do_and_is_done_already_is_not_asked_of_them_any_more() {
    let world = World::new().await;
    let sink = Sink::that(&[]).await;
    world.happens("one", RunState::WaitingForApproval, Occasion::Waiting, &["hook"]).await;
    world.happens("one", RunState::Approved, Occasion::Granted, &["hook"]).await;
    world.happens("one", RunState::Declined, Occasion::Declined, &["hook"]).await;
    world.deliver_all(&world.outbox([("hook", webhook(&sink.url))])).await;
    let told: Vec<_> = sink.received().iter().map(|request| request.json()["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, ["run.granted", "run.declined"], "news come all, and in order");
}

#[tokio::test]
async fn what_is_refused_is_kept_until_somebody_has_it_tried_again() {
    let world = World::new().await;
    let sink = Sink::that(&[Does::Answers(404, "")]).await;
    world.happens("one", RunState::Approved, Occasion::Granted, &["hook", "nobody"]).await;
    let outbox = world.outbox([("hook", webhook(&sink.url))]);
    world.deliver_all(&outbox).await;
    let dead = world.store.dead_letters(10).await.unwrap();
    let mut why: Vec<_> = dead.iter().map(|letter| letter.trouble.clone().unwrap()).collect();
    why.sort();
    assert_eq!(why, ["it answered 404: ok", "no channel of this name stands under `channels` in the daemon's configuration"]);
    assert!(world.metrics.render().contains("portcullis_outbox_messages{state=\"dead\"} 2") || outbox.drain().await.is_ok());

    world.store.replay(None, world.clock.now()).await.unwrap();
    let slack = Sink::that(&[]).await;
    let channels = [("hook", webhook(&sink.url)), ("nobody", post(Form::Slack, &slack.url))];
    world.deliver_all(&world.outbox(channels)).await;
    assert_eq!((once(&sink), slack.received().len()), ((2, 1), 1));
    assert!(world.store.dead_letters(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_can_never_be_delivered_is_given_up_in_the_end() {
    let world = World::new().await;
    let sink = Sink::that(&vec![Does::Answers(500, ""); 500]).await;
    world.happens("one", RunState::Approved, Occasion::Granted, &["hook"]).await;
    let outbox = world.outbox([("hook", webhook(&sink.url))]);
    let mut hours = 0;
    while world.store.outbox_size().await.unwrap().0 > 0 {
        outbox.drain().await.unwrap();
        world.clock.advance(Duration::from_secs(3600));
        hours += 1;
        assert!(hours < 24 * 7);
    }
    assert!((24..=24 * 3).contains(&hours), "after about two days, not {hours} hours");
    assert_eq!(world.store.dead_letters(10).await.unwrap().len(), 1);
    assert_eq!(once(&sink).1, 1);
}

#[tokio::test]
async fn two_replicas_deliver_everything_once() {
    let world = World::new().await;
    let sink = Sink::that(&[]).await;
    for run in 0..60 {
        world.happens(&format!("run-{run}"), RunState::Approved, Occasion::Granted, &["hook"]).await;
    }
    let (one, other) = (world.outbox([("hook", webhook(&sink.url))]), world.outbox([("hook", webhook(&sink.url))]));
    while world.store.outbox_size().await.unwrap().0 > 0 {
        let (a, b) = tokio::join!(one.drain(), other.drain());
        a.unwrap();
        b.unwrap();
        world.clock.advance(Duration::from_secs(5));
    }
    assert_eq!(once(&sink), (60, 60));
}
