//! A store with messages in its outbox, a clock that stands still until it is told, and whoever delivers.

use std::sync::Arc;
use std::time::Duration;

use portcullis::controller::outbox::{Channels, Moment, Outbox, messages};
use portcullis::controller::{Clock as _, ManualClock, Metrics};
use portcullis::forge::github::Secret;
use portcullis::model::{Identifier, Occasion, RunState, Timestamp};
use portcullis::notify::{Channel, Form, Letter, PostChannel};
use portcullis::outbound::{OutboundPolicy, Signer, SystemResolver};
use portcullis::report::notice::{Notice, Person, Telling};
use portcullis::run::life::{Effect, Life};
use portcullis::store::{Advance, RepositoryKey, SqliteStore, Store};
use serde_json::json;
use tempfile::TempDir;

/// What webhooks are signed with.
pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

pub fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

pub fn person(name: &str) -> Person {
    Person { id: id(&format!("{name}@acme.dev")), name: Some(name.to_owned()), email: Some(format!("{name}@acme.dev")) }
}

pub fn noon() -> Timestamp {
    "2026-11-21T12:00:00Z".parse().unwrap()
}

/// A notice as there are many.
pub fn notice(occasion: Occasion) -> Notice {
    Notice {
        occasion,
        repository: "acme/catalog".to_owned(),
        run: id("extend-env-42"),
        handle: "r_0123456789abcdef01234567".to_owned(),
        action: id("extend_env_ttl"),
        title: Some("Extend an environment".to_owned()),
        entity: Some("Env/env-42".to_owned()),
        requesters: vec![person("Alice")],
        approvers: vec![person("Carol"), person("Dave")],
        approvals: vec![id("erin@acme.dev")],
        inputs: vec![("ttl".to_owned(), "10 days".to_owned())],
        reason: Some("load test runs until Monday".to_owned()),
        why: "it needs 1 more approval, by Carol or Dave".to_owned(),
        links: vec!["https://github.com/acme/catalog/pull/7".to_owned()],
        pull_request: Some("7".to_owned()),
        at: noon(),
    }
}

/// A letter to these people.
pub fn letter(occasion: Occasion, to: &[&str]) -> Letter {
    Letter {
        id: format!("m_{}", occasion.as_str()),
        thread: "r_0123456789abcdef01234567".to_owned(),
        to: to.iter().map(|name| person(name)).collect(),
        notice: notice(occasion),
    }
}

/// A channel to an address of this machine.
pub fn post(form: Form, url: &str) -> Arc<dyn Channel> {
    let resolve = Arc::new(SystemResolver);
    let policy = OutboundPolicy { timeout: Duration::from_secs(5), ..OutboundPolicy::default() };
    Arc::new(PostChannel::new(form, Secret::new(url), &policy, resolve).unwrap())
}

pub fn webhook(url: &str) -> Arc<dyn Channel> {
    post(Form::Webhook(Signer::parse(SECRET).unwrap()), url)
}

/// What there is to tell of a run, as a decision keeps it.
pub fn telling(run: &str, channels: &[&str]) -> Telling {
    let all: Vec<&str> = Occasion::ALL.iter().map(|occasion| occasion.as_str()).collect();
    let ways =
        channels.iter().map(|channel| json!({ "channel": channel, "on": all, "approvers": ["waiting"], "requesters": all }));
    let kept = json!({ "telling": {
        "repository": "acme/catalog", "run": run, "handle": "r_0123456789abcdef01234567", "action": "extend_env_ttl",
        "title": "Extend an environment", "entity": "Env/env-42",
        "requesters": [person("Alice")], "approvers": [person("Carol")], "approvals": [],
        "inputs": [["ttl", "10 days"]], "reason": null, "why": "it needs one more approval",
        "links": ["https://github.com/acme/catalog/pull/7"], "pullRequest": "7", "ways": ways.collect::<Vec<_>>(),
    } });
    Telling::kept_in(&kept).unwrap()
}

pub struct World {
    pub store: Arc<dyn Store>,
    pub clock: Arc<ManualClock>,
    pub metrics: Arc<Metrics>,
    pub key: RepositoryKey,
    _dir: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(SqliteStore::open(&dir.path().join("p.db")).await.unwrap());
        Self {
            store,
            clock: Arc::new(ManualClock::at(noon())),
            metrics: Arc::default(),
            key: RepositoryKey::new("acme"),
            _dir: dir,
        }
    }

    /// Whoever delivers, new as after a start.
    pub fn outbox<const N: usize>(&self, channels: [(&str, Arc<dyn Channel>); N]) -> Arc<Outbox> {
        let channels: Channels = channels.into_iter().map(|(name, channel)| (name.to_owned(), channel)).collect();
        Outbox::new(self.store.clone(), channels, self.clock.clone(), self.metrics.clone(), fastrand::Rng::with_seed(7))
    }

    /// The run comes to a state, and whoever is to be told of it will be.
    pub async fn happens(&self, run: &str, state: RunState, occasion: Occasion, channels: &[&str]) {
        let (run, telling) = (id(run), telling(run, channels));
        let from = self.store.run(&self.key, &run).await.unwrap().map_or(0, |record| record.revision);
        let (life, at) = (Life::new(state), self.clock.now());
        let moment = Moment { repository: &self.key, run: &run, from, life: &life, telling: Some(&telling), at };
        let messages = messages(&[Effect::Tell(occasion)], &moment);
        let advance = Advance { run: &run, from, life: &life, event: "decided", decision: &json!({}), messages: &messages, at };
        assert!(self.store.advance(&self.key, &advance).await.unwrap());
    }

    /// Delivers until nothing waits any more, the clock moving on in between; how often it had to.
    pub async fn deliver_all(&self, outbox: &Arc<Outbox>) -> usize {
        for round in 0..200 {
            outbox.drain().await.unwrap();
            if self.store.outbox_size().await.unwrap().0 == 0 {
                return round;
            }
            self.clock.advance(Duration::from_secs(60));
        }
        panic!("something is never delivered");
    }
}
