//! A repository with an action, people who ask and approve, and somebody who performs.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;

use crate::controller::story_tests::*;
use crate::controller::{Controller, Judge, Parts};
use crate::execute::{Order, Performer, Performers};
use crate::model::{CommitId, Identifier, RunState};
use crate::run::call::Call;
use crate::run::life::{Answer, Report};
use crate::store::{RunRecord, SqliteStore, Standing, Store};

pub(super) const CAROL: &str = "carol@acme.dev";

/// Whoever performs: notes every order, and answers as it was told to.
#[derive(Default)]
pub(super) struct Receiver {
    told: Mutex<Told>,
}

#[derive(Default)]
pub(super) struct Told {
    /// Every order it was sent, in order.
    pub(super) orders: Vec<Order>,
    /// What it answers to the next ones; success where nothing is said.
    pub(super) answers: Vec<Answer>,
    /// What it says when asked after a lost attempt; `None` where it cannot be asked.
    pub(super) found: Option<Answer>,
    /// What it says of how a run gets on.
    pub(super) report: Option<Report>,
    /// How often it was asked after lost attempts.
    pub(super) asked: usize,
    /// It panics.
    pub(super) panics: bool,
    /// It never answers.
    pub(super) hangs: bool,
}

impl Receiver {
    pub(super) fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// How often each key was sent.
    pub(super) fn keys(&self) -> BTreeMap<String, usize> {
        let mut keys = BTreeMap::new();
        for order in &self.told().orders {
            *keys.entry(order.key.clone()).or_default() += 1;
        }
        keys
    }

    pub(super) fn orders(&self) -> usize {
        self.told().orders.len()
    }
}

#[async_trait]
impl Performer for Receiver {
    async fn perform(&self, order: &Order) -> Answer {
        let (answer, hangs) = {
            let mut told = self.told();
            told.orders.push(order.clone());
            assert!(!told.panics, "a performer that panics");
            let answer = if told.answers.is_empty() { done(true) } else { told.answers.remove(0) };
            (answer, told.hangs)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        answer
    }

    async fn find(&self, _: &Order) -> Option<Answer> {
        let mut told = self.told();
        told.asked += 1;
        told.found.clone()
    }

    async fn look(&self, _: &Order) -> Option<Report> {
        self.told().report.clone()
    }
}

pub(super) fn done(success: bool) -> Answer {
    Answer::Done { success, says: "said the receiver".to_owned(), link: None, outside: None }
}

pub(super) fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

/// Everything that a story needs.
pub(super) struct Stage {
    pub(super) story: Story,
    pub(super) receiver: Arc<Receiver>,
    pub(super) performs: bool,
}

/// An action of which `more` is said of its invocation.
pub(super) fn action(more: &str) -> String {
    format!(
        "identifier: extend\ntrigger:\n  type: self-service\n  operation: DAY-2\n  blueprintIdentifier: Env\n  \
         userInputs: {{properties: {{ttl: {{type: string}}}}, required: [ttl]}}\n\
         invocationMethod: {{type: WEBHOOK, url: 'https://example.com/extend', synchronized: true{more}}}\nrequiredApproval: true\n"
    )
}

impl Stage {
    /// An action that sends at most once.
    pub(super) fn new() -> Self {
        Self::of(&action(""))
    }

    pub(super) fn of(action: &str) -> Self {
        let story = Story::new();
        story.change(ALICE, "actions/extend.yaml", action);
        Self { story, receiver: Arc::default(), performs: true }
    }

    /// A daemon that has just been started.
    pub(super) async fn daemon(&self) -> Running {
        let store = self.story.store().await;
        self.daemon_on(store.clone(), store).await
    }

    /// The same, which writes through `store`.
    pub(super) async fn daemon_on(&self, sqlite: Arc<SqliteStore>, store: Arc<dyn Store>) -> Running {
        let mut watched = self.story.watched(&self.story.path(), None, &sqlite);
        if self.performs {
            watched.performers = Performers { webhook: Some(self.receiver.clone()), ..Performers::default() };
        }
        let controller = Controller::new(Parts {
            store,
            repositories: vec![watched],
            clock: self.story.clock.clone(),
            rng: fastrand::Rng::with_seed(1),
            judge: Judge::of_core(),
            settings: self.story.settings.clone(),
        });
        Running { controller, store: sqlite }
    }

    /// Alice asks for a run in a pull request of its own, called as the run is; its head.
    pub(super) fn ask(&self, run: &str) -> CommitId {
        self.story.propose(ALICE, run, &format!("runs/{run}.yaml"), "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n")
    }

    /// A daemon that has seen how Alice asked for a run, `extend-1`, and Carol approved it; its head.
    pub(super) async fn approved(&self) -> (Running, CommitId) {
        let daemon = self.daemon().await;
        daemon.looks().await;
        let head = self.ask("extend-1");
        self.approve(CAROL, head);
        daemon.looks().await;
        (daemon, head)
    }

    /// A review of a pull request of one commit.
    pub(super) fn review(&self, who: &str, head: CommitId, resolved: bool) {
        // The time of the line makes it one of its own.
        let line = format!(
            r#"{{"timestamp":"{}","author":"{who}","location":{{"commit":"{head}"}},"resolved":{resolved}}}"#,
            self.story.clock_seconds()
        );
        self.story.git(who, &["notes", "--ref=refs/notes/devtools/discuss", "append", "-m", &line, &head.to_string()]);
    }

    pub(super) fn approve(&self, who: &str, head: CommitId) {
        self.review(who, head, true);
    }

    /// Takes every word of a review away, as a dismissal does.
    pub(super) fn dismiss(&self, head: CommitId) {
        self.story.git(ALICE, &["notes", "--ref=refs/notes/devtools/discuss", "remove", &head.to_string()]);
    }

    pub(super) fn merge(&self, run: &str) -> CommitId {
        self.story.merge(run)
    }

    pub(super) fn wait(&self, seconds: u64) {
        use crate::controller::Clock as _;
        let _ = self.story.clock.now();
        self.story.clock.advance(Duration::from_secs(seconds));
    }
}

/// A daemon.
pub(super) struct Running {
    pub(super) controller: Controller,
    pub(super) store: Arc<SqliteStore>,
}

impl Running {
    pub(super) async fn looks(&self) {
        self.controller.reconcile_once().await;
    }

    pub(super) async fn record(&self, run: &str) -> RunRecord {
        self.store.run(&key(), &id(run)).await.unwrap().unwrap()
    }

    pub(super) async fn state(&self, run: &str) -> RunState {
        match self.record(run).await.standing {
            Standing::Decided(state) => state,
            Standing::Adopted => panic!("{run} is history"),
        }
    }

    /// What happened to a run, in words.
    pub(super) async fn story_of(&self, run: &str) -> Vec<String> {
        let all = self.store.transitions(&key(), &id(run)).await.unwrap();
        all.into_iter().map(|step| format!("{} {}", step.event, step.to.as_str())).collect()
    }

    pub(super) async fn why(&self, run: &str) -> String {
        let decision = self.record(run).await.decision;
        decision.get("reason").and_then(|reason| reason.as_str()).unwrap_or_default().to_owned()
    }
}

/// What an order asks for.
pub(super) fn body(order: &Order) -> serde_json::Value {
    match &order.call {
        Call::Webhook(call) => call.body.clone(),
        other => panic!("{other:?}"),
    }
}
