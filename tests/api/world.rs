//! A server with its store, runs in every state, and a client that speaks plain HTTP.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use portcullis::config::{Credential, Names};
use portcullis::controller::{Health, ManualClock, Metrics};
use portcullis::forge::github::Secret;
use portcullis::model::{CommitId, Identifier, RunState, Timestamp};
use portcullis::run::call::Scrub;
use portcullis::run::life::{Answer, Event, Grant, Landing, Life, Report, RunHandle, step};
use portcullis::server::{Api, Described, Watching, router, serve};
use portcullis::store::{Acceptance, Advance, Landed, RepositoryKey, RunRecord, SqliteStore, Store};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const SECRET: &str = "the-secret-of-the-deployer";
/// The secret input of every run.
pub(crate) const PASSWORD: &str = "the-password-of-the-database";
pub(crate) const OTHER: &str = "the-secret-of-somebody-else";

/// Where Alice is told of her runs, which is nobody else's business.
pub(crate) const ADDRESS: &str = "alice@home.example";

pub(crate) struct World {
    pub(crate) store: SqliteStore,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) address: SocketAddr,
    pub(crate) board: Arc<Board>,
    pub(crate) directory: tempfile::TempDir,
    pub(crate) metrics: Arc<Metrics>,
    server: tokio::task::JoinHandle<()>,
}

/// The loop as the API sees it: it notes who is woken.
#[derive(Default)]
pub(crate) struct Board {
    pub(crate) woken: Mutex<Vec<String>>,
}

#[async_trait]
impl Watching for Board {
    fn repositories(&self) -> Vec<(RepositoryKey, String)> {
        vec![(here(), "catalog".to_owned()), (RepositoryKey::new("platform#main"), "platform".to_owned())]
    }

    fn wake(&self, _repository: &RepositoryKey, run: &Identifier) {
        self.woken.lock().unwrap().push(run.to_string());
    }

    async fn describe(&self, _repository: &RepositoryKey, _run: &Identifier) -> Option<Described> {
        let properties = json!({ "ttl": 7, "password": "(secret)" }).as_object().unwrap().clone();
        Some(Described { title: Some("Deploy".to_owned()), blueprint: Some("Env".to_owned()), entity: None, properties })
    }

    async fn secrets(&self, _repository: &RepositoryKey, _record: &RunRecord) -> Option<Scrub> {
        let mut secrets = Scrub::default();
        secrets.add(PASSWORD);
        Some(secrets)
    }
}

pub(crate) fn here() -> RepositoryKey {
    RepositoryKey::new("catalog#main")
}

pub(crate) fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

pub(crate) fn noon() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// What the API calls a run of `catalog`.
pub(crate) fn handle(run: &str) -> String {
    RunHandle::of(here().as_str(), &id(run)).as_str().to_owned()
}

fn commit(number: u8) -> CommitId {
    CommitId([number; 20])
}

pub(crate) fn client(id: &str, secret: &str, actions: &[&str]) -> Credential {
    Credential {
        client_id: id.to_owned(),
        secret: Secret::new(secret),
        repositories: Names::These(["catalog".to_owned()].into()),
        actions: Names::These(actions.iter().map(|action| (*action).to_owned()).collect()),
    }
}

impl World {
    /// With a client of the action `deploy`, and one of another action.
    pub(crate) async fn open() -> Self {
        Self::with(vec![client("deployer", SECRET, &["deploy"]), client("other", OTHER, &["restart"])]).await
    }

    pub(crate) async fn with(credentials: Vec<Credential>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("portcullis.db")).await.unwrap();
        for key in [here(), RepositoryKey::new("platform#main")] {
            store.adopt(&key, &acceptance(1), &[id("old")]).await.unwrap();
        }
        let clock = Arc::new(ManualClock::at(noon()));
        let board = Arc::new(Board::default());
        let api = Api::new(credentials, Arc::new(store.clone()), clock.clone(), board.clone());
        let metrics = Arc::new(Metrics::default());
        let router = router(metrics.clone(), Arc::new(Health::default()), None, Some(api));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move { serve(listener, router, std::future::pending()).await.unwrap() });
        Self { store, clock, address, board, directory, metrics, server }
    }

    /// A run of `deploy` in `catalog` that whoever performs it has taken on.
    pub(crate) async fn running(&self, run: &str) -> String {
        self.begin(&here(), run, "deploy").await;
        let answer = Answer::Accepted { outside: None, link: None };
        self.happen(&here(), run, "deploy", &Event::Answered { epoch: 1, answer }).await;
        handle(run)
    }

    /// A run that is being sent.
    pub(crate) async fn begin(&self, repository: &RepositoryKey, run: &str, action: &str) {
        self.land(repository, run, action).await;
        let grant = Grant {
            revision: commit(2),
            digest: "d".repeat(64),
            action: id(action),
            requesters: vec![id("alice")],
            contributors: Vec::new(),
            approvals: vec![id("bob")],
            needed: 1,
            self_approval: false,
        };
        let deadline = "2026-11-22T13:00:00Z".parse().unwrap();
        let claimed = Event::Claimed { grant, key: format!("key-{run}"), dedupes: false, deadline, epoch: 1 };
        self.happen(repository, run, action, &Event::Decided { state: RunState::Approved }).await;
        self.happen(repository, run, action, &claimed).await;
        self.happen(repository, run, action, &Event::Begun { epoch: 1 }).await;
    }

    /// A run that stands on the branch and waits.
    pub(crate) async fn land(&self, repository: &RepositoryKey, run: &str, action: &str) {
        self.happen(repository, run, action, &Event::Decided { state: RunState::Cancelled }).await;
        let from = self.store.accepted(repository).await.unwrap().unwrap().commit;
        let to = commit(from.0[0] + 1);
        let landing = Landing { from, to, pull_request: Some("7".to_owned()), at: noon() };
        let landed = [Landed { run: id(run), landing, messages: Vec::new() }];
        assert!(self.store.accept(repository, from, &acceptance(to.0[0]), &landed).await.unwrap());
        // The loop has looked at it since, and noted what it is about.
        self.happen(repository, run, action, &Event::Reminded).await;
    }

    pub(crate) async fn happen(&self, repository: &RepositoryKey, run: &str, action: &str, event: &Event) {
        let record = self.store.run(repository, &id(run)).await.unwrap();
        let life = record.as_ref().and_then(|record| record.life.clone());
        let life = life.unwrap_or_else(|| Life::new(RunState::WaitingForApproval));
        let next = step(&life, event, noon()).unwrap_or_else(|refusal| panic!("{run}: {}: {refusal}", event.word()));
        let mut decision = json!({ "action": action, "requester": "alice", "approvers": ["bob", "carol"], "approvals": ["bob"] });
        decision["telling"] = json!({ "requesters": [{ "id": "alice", "name": "Alice Smith", "email": ADDRESS }] });
        let advance = Advance {
            run: &id(run),
            from: record.map_or(0, |record| record.revision),
            life: &next.life,
            event: event.word(),
            decision: &decision,
            messages: &[],
            at: noon(),
        };
        assert!(self.store.advance(repository, &advance).await.unwrap());
    }

    pub(crate) async fn ended(&self, run: &str, success: bool) -> String {
        let handle = self.running(run).await;
        let report = Report { success: Some(success), ..Report::default() };
        self.happen(&here(), run, "deploy", &Event::Reported(report)).await;
        handle
    }

    pub(crate) async fn record(&self, run: &str) -> RunRecord {
        self.store.run(&here(), &id(run)).await.unwrap().unwrap()
    }

    pub(crate) async fn state(&self, run: &str) -> RunState {
        self.record(run).await.life.unwrap().state
    }

    /// A token of the deployer.
    pub(crate) async fn token(&self) -> String {
        self.token_of("deployer", SECRET).await
    }

    pub(crate) async fn token_of(&self, client: &str, secret: &str) -> String {
        let told = self.post("/v1/auth/access_token", None, &json!({ "clientId": client, "clientSecret": secret })).await;
        assert_eq!(told.status, 200, "{:?}", told.body);
        told.body["accessToken"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, path: &str, token: Option<&str>) -> Told {
        self.ask("GET", path, token, None).await
    }

    pub(crate) async fn post(&self, path: &str, token: Option<&str>, body: &Json) -> Told {
        self.ask("POST", path, token, Some(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, token: Option<&str>, body: &Json) -> Told {
        self.ask("PATCH", path, token, Some(body)).await
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, token: Option<&str>, body: Option<&Json>) -> Told {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if let Some(token) = token {
            head += &format!("Authorization: Bearer {token}\r\n");
        }
        let body = body.map(ToString::to_string).unwrap_or_default();
        if !body.is_empty() {
            head += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        self.send(&head, &body).await
    }

    /// What is answered to exactly this, as `Host` and `Connection` are added to the head.
    pub(crate) async fn send(&self, head: &str, body: &str) -> Told {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let text = format!("{head}Host: portcullis.acme.example\r\nConnection: close\r\n\r\n{body}");
        // Whoever is refused early is not read to the end.
        let _ = stream.write_all(text.as_bytes()).await;
        let mut bytes = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut bytes)).await;
        let _ = read.expect("an answer in time");
        Told::read(&String::from_utf8_lossy(&bytes))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub(crate) fn acceptance(number: u8) -> Acceptance {
    Acceptance { commit: commit(number), at: noon(), reason: "judged green".to_owned() }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
    pub(crate) body: Json,
}

impl Told {
    fn read(answer: &str) -> Self {
        let (head, text) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let body = serde_json::from_str(text).unwrap_or(Json::Null);
        Self { status, head: head.to_ascii_lowercase(), text: text.to_owned(), body }
    }

    /// The status, and the word for what is wrong.
    pub(crate) fn wrong(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }
}
