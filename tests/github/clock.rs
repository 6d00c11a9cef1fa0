//! A clock that only the test moves.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis::controller::Clock;
use portcullis::forge::github::Time;
use portcullis::model::Timestamp;
use tokio::sync::watch;

/// Nobody ever waits for it in earnest: who sleeps by it takes it forward to when they wake, unless the test holds sleepers until it moves
/// the clock itself. What was slept is remembered.
pub struct ManualClock {
    moved: watch::Sender<Hand>,
    slept: Mutex<Vec<Duration>>,
}

#[derive(Clone, Copy)]
struct Hand {
    now: Timestamp,
    elapsed: Duration,
    held: bool,
}

impl ManualClock {
    /// It is a morning in 2026.
    pub fn start() -> Arc<Self> {
        Self::at(Timestamp::from_second(1_772_442_000).unwrap())
    }

    /// It is then.
    pub fn at(now: Timestamp) -> Arc<Self> {
        let hand = Hand { now, elapsed: Duration::ZERO, held: false };
        Arc::new(Self { moved: watch::Sender::new(hand), slept: Mutex::default() })
    }

    /// Time passes.
    pub fn advance(&self, by: Duration) {
        self.moved.send_modify(|hand| {
            hand.now += by;
            hand.elapsed += by;
        });
    }

    /// From now on whoever sleeps wakes only by [`Self::advance`].
    pub fn hold_sleepers(&self) {
        self.moved.send_modify(|hand| hand.held = true);
    }

    /// From now on, and whoever sleeps already, takes the clock forward.
    pub fn release_sleepers(&self) {
        self.moved.send_modify(|hand| hand.held = false);
    }

    /// For how long anybody has slept, in order of falling asleep.
    pub fn slept(&self) -> Vec<Duration> {
        self.slept.lock().unwrap().clone()
    }

    /// The time, as GitHub and we read it.
    pub fn time(&self) -> Timestamp {
        self.moved.borrow().now
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.time()
    }

    fn elapsed(&self) -> Duration {
        self.moved.borrow().elapsed
    }
}

impl Time for ManualClock {
    fn now(&self) -> Timestamp {
        self.time()
    }

    fn elapsed(&self) -> Duration {
        self.moved.borrow().elapsed
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.slept.lock().unwrap().push(duration);
        let until = self.moved.borrow().elapsed + duration;
        let sender = self.moved.clone();
        Box::pin(async move {
            let mut hand = sender.subscribe();
            // Others that can go on without time passing go first.
            for _ in 0..8 {
                tokio::task::yield_now().await;
            }
            if hand.wait_for(|hand| hand.elapsed >= until || !hand.held).await.is_err() {
                return;
            }
            sender.send_if_modified(|hand| {
                let Some(ahead) = until.checked_sub(hand.elapsed).filter(|ahead| !ahead.is_zero()) else { return false };
                hand.now += ahead;
                hand.elapsed = until;
                true
            });
        })
    }
}
