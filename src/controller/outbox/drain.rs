//! Takes messages for people out of the outbox, has them delivered, and writes down what came of it: at least once each, in the order of
//! one run and one channel, and none for ever.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize as _;
use tokio::task::JoinSet;

use crate::abort::{self, Deed};
use crate::controller::{Backoff, Clock, Metrics};
use crate::model::Timestamp;
use crate::notify::{Channel, DeliveryError, Letter};
use crate::run::life::{Life, Occasion, Phase};
use crate::store::{Delivered, Message, MessageKind, Store, StoreError};

use super::lane::{Ended, Lanes};

/// The channels, by the names that `catalog.yaml` calls them.
pub type Channels = BTreeMap<String, Arc<dyn Channel>>;

/// For one delivery.
const DELIVERY: Duration = Duration::from_secs(120);
/// How long a message is ours unless that is prolonged: as long it waits where whoever took it was killed.
const LEASE: Duration = Duration::from_secs(30);
/// It is prolonged so often while its delivery is under way.
const PROLONGED: Duration = Duration::from_secs(8);
/// Messages that are under way at a time.
const MOST_UNDER_WAY: usize = 64;
/// Between two looks into the outbox.
const PAUSE: Duration = Duration::from_secs(1);
/// What is under way is given as long when told to stop.
const GRACE: Duration = Duration::from_secs(5);
/// After a failure.
const BACKOFF: Backoff = Backoff { first: Duration::from_secs(5), most: Duration::from_secs(3600) };
/// Attempts before a message is given up: with [`BACKOFF`], in about two days.
const MOST_ATTEMPTS: u32 = 57;
/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(6 * 3600);

/// Whoever takes messages out of the outbox. Every replica has one: no message is given to two of them at a time.
pub struct Outbox {
    store: Arc<dyn Store>,
    channels: Channels,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    rng: Mutex<fastrand::Rng>,
    lanes: Mutex<Lanes>,
}

impl Outbox {
    /// An outbox that is not looked into yet.
    pub fn new(
        store: Arc<dyn Store>,
        channels: Channels,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        rng: fastrand::Rng,
    ) -> Arc<Self> {
        Arc::new(Self { store, channels, clock, metrics, rng: Mutex::new(rng), lanes: Mutex::default() })
    }

    /// Delivers until `shutdown` comes. What is under way then has a moment to end; what does not is given back by its lease.
    pub async fn run(self: Arc<Self>, shutdown: impl Future<Output = ()>) {
        let mut shutdown = std::pin::pin!(shutdown);
        let mut under_way = JoinSet::new();
        loop {
            let room = MOST_UNDER_WAY.saturating_sub(under_way.len());
            let taken = self.take(&mut under_way).await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the outbox cannot be read");
                0
            });
            // Where there may be more, it is taken as soon as there is room: what waits for one channel is soon put off, and keeps nobody's
            // messages behind it waiting.
            let more = room > 0 && taken >= room;
            let next = async {
                match more {
                    true => drop(under_way.join_next().await),
                    false => tokio::time::sleep(PAUSE).await,
                }
            };
            tokio::select! {
                () = &mut shutdown => break,
                () = next => {}
            }
            while under_way.try_join_next().is_some() {}
        }
        let _ = tokio::time::timeout(GRACE, async { while under_way.join_next().await.is_some() {} }).await;
    }

    /// Delivers everything that is due now, and waits for it. How many messages that were.
    ///
    /// # Errors
    /// Where the outbox cannot be read.
    pub async fn drain(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut all = 0;
        loop {
            let mut under_way = JoinSet::new();
            let taken = self.take(&mut under_way).await?;
            while under_way.join_next().await.is_some() {}
            match taken {
                0 => return Ok(all),
                taken => all += taken,
            }
        }
    }

    async fn take(self: &Arc<Self>, under_way: &mut JoinSet<()>) -> Result<usize, StoreError> {
        let room = MOST_UNDER_WAY.saturating_sub(under_way.len());
        if room == 0 {
            return Ok(0);
        }
        let limit = u32::try_from(room).unwrap_or(u32::MAX);
        abort::before(Deed::Taken);
        let taken = self.store.claim_messages(MessageKind::Notify, None, LEASE, limit, self.clock.now()).await?;
        if !taken.is_empty() {
            abort::after(Deed::Taken);
        }
        let (waiting, dead) = self.store.outbox_size().await?;
        self.metrics.outbox(waiting, dead);
        let count = taken.len();
        for message in taken {
            let outbox = self.clone();
            under_way.spawn(async move { outbox.handle(message).await });
        }
        Ok(count)
    }

    async fn handle(self: Arc<Self>, message: Message) {
        let delivered = self.attempt_and_keep(&message).await;
        let result = match &delivered {
            Delivered::Done => "delivered",
            Delivered::Later { .. } | Delivered::PutOff { .. } => "later",
            Delivered::Dead { trouble } => {
                tracing::error!(message = %message.id, channel = %message.lane, run = %message.run, why = %trouble,
                    "a message was given up; `portcullis outbox replay` has it tried again");
                "dead"
            }
        };
        self.metrics.notified(self.known(&message.lane), result);
        abort::before(Deed::Settled);
        let settled = self.store.settle_message(&message, &delivered, self.clock.now()).await;
        abort::after(Deed::Settled);
        if let Err(error) = settled {
            // Its lease gives it back, and whoever receives it twice can tell by its id.
            tracing::warn!(message = %message.id, %error, "what became of a message cannot be written down");
        }
    }

    /// The same, and nobody else is given the message as long as it takes.
    async fn attempt_and_keep(self: &Arc<Self>, message: &Message) -> Delivered {
        let mut attempt = std::pin::pin!(self.attempt(message));
        loop {
            tokio::select! {
                delivered = &mut attempt => return delivered,
                () = tokio::time::sleep(PROLONGED) => {
                    if let Err(error) = self.store.keep_message(message, LEASE, self.clock.now()).await {
                        // Another may deliver it too then, and whoever receives it twice can tell by its id.
                        tracing::warn!(message = %message.id, %error, "a delivery takes long, and nobody could be told");
                    }
                }
            }
        }
    }

    async fn attempt(self: &Arc<Self>, message: &Message) -> Delivered {
        let dead = |why: &str| Delivered::Dead { trouble: why.to_owned() };
        let Ok(letter) = Letter::deserialize(&message.body) else { return dead("it cannot be read") };
        match self.store.run(&message.repository, &message.run).await {
            Ok(Some(record)) if record.life.as_ref().is_some_and(|life| is_overtaken(letter.notice.occasion, life)) => {
                return Delivered::Done;
            }
            Ok(_) => {}
            Err(error) => return self.later(message, &error.to_string(), None),
        }
        let Some(channel) = self.channels.get(&message.lane).cloned() else {
            return dead("no channel of this name is configured");
        };
        if let Err(wait) = self.lanes().begin(&message.lane, self.clock.elapsed()) {
            return self.put_off(wait);
        }
        // A task of its own, so that a panic in it is an attempt like any other; dropping the set ends it.
        let mut task = JoinSet::new();
        abort::before(Deed::Told);
        task.spawn(async move { channel.deliver(&letter).await });
        let ended = tokio::time::timeout(DELIVERY, task.join_next()).await;
        abort::after(Deed::Told);
        let passing = |why: &str| Err(DeliveryError::Passing { why: why.to_owned(), after: None });
        let result = match ended {
            Ok(Some(Ok(result))) => result,
            Ok(_) => passing("the channel failed within"),
            Err(_) => passing("it took too long"),
        };
        let (ended, delivered) = match result {
            Ok(()) => (Ended::Answered, Delivered::Done),
            Err(DeliveryError::Standing { why }) => (Ended::Answered, Delivered::Dead { trouble: why }),
            Err(DeliveryError::Passing { why, after }) => {
                let after = after.map(|after| after.min(LONGEST_WAIT));
                (Ended::Failed(after), self.later(message, &why, after))
            }
        };
        self.lanes().end(&message.lane, ended, self.clock.elapsed());
        delivered
    }

    fn later(&self, message: &Message, why: &str, after: Option<Duration>) -> Delivered {
        if message.attempts.saturating_add(1) >= MOST_ATTEMPTS {
            return Delivered::Dead { trouble: why.to_owned() };
        }
        let wait = BACKOFF.wait(message.attempts.saturating_add(1), self.jitter()).max(after.unwrap_or_default());
        Delivered::Later { due: later(self.clock.now(), wait), trouble: why.to_owned() }
    }

    /// Nobody was asked, so nothing failed.
    fn put_off(&self, wait: Duration) -> Delivered {
        let wait = wait.saturating_add(Duration::from_secs(2).mul_f64(self.jitter()));
        Delivered::PutOff {
            due: later(self.clock.now(), wait),
            trouble: "the channel rests after failures, or has much to do".to_owned(),
        }
    }

    fn jitter(&self) -> f64 {
        self.rng.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A name for metrics: those that nobody configured are one.
    fn known<'a>(&self, lane: &'a str) -> &'a str {
        if self.channels.contains_key(lane) { lane } else { "unknown" }
    }
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// Whether what people would be asked to do is done already. News are never overtaken: whoever waits for them hears all of them.
fn is_overtaken(occasion: Occasion, life: &Life) -> bool {
    match occasion {
        Occasion::Waiting | Occasion::Reminder => life.state != crate::model::RunState::WaitingForApproval,
        Occasion::Unknown => !matches!(life.phase(), Some(Phase::Unknown { .. })),
        Occasion::Granted
        | Occasion::Declined
        | Occasion::Expired
        | Occasion::Cancelled
        | Occasion::Started
        | Occasion::Succeeded
        | Occasion::Failed => false,
    }
}
