//! A database, repositories, a receiver, and replicas; and how everything stands in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis::model::{Identifier, RunState};
use portcullis::run::life::{Phase, RunHandle};
use portcullis::store::{PostgresAddress, PostgresStore, RunRecord, Store};

use crate::cluster::Cluster;
use crate::company::{Company, Kind, key};
use crate::receiver::Receiver;
use crate::replica::{Place, Replica};

/// Nothing takes this long; it is where a test gives up.
const PATIENCE: Duration = Duration::from_secs(240);

pub struct World {
    pub cluster: Cluster,
    pub company: Company,
    pub receiver: Receiver,
    pub places: Vec<Place>,
    pub store: Arc<dyn Store>,
    /// Every run that was asked for: repository, run, kind.
    pub asked: Vec<(String, String, Kind)>,
    _directory: tempfile::TempDir,
}

impl World {
    pub async fn new(repositories: usize, replicas: usize) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
        let receiver = Receiver::start().await;
        let address = cluster.address("portcullis", "");
        let company = tokio::task::block_in_place(|| Company::new(directory.path(), repositories, receiver.address));
        let place = |n| Place::new(directory.path().join(format!("replica-{n}")), &company, &address, receiver.address);
        let places = (0..replicas).map(place).collect();
        let store = Arc::new(PostgresStore::open(&PostgresAddress::parse(&address).unwrap()).await.unwrap());
        Self { cluster, company, receiver, places, store, asked: Vec::new(), _directory: directory }
    }

    /// All replicas, once the branch of every repository is adopted.
    pub async fn start(&self) -> Vec<Replica> {
        let replicas = self.places.iter().map(Place::start).collect();
        self.until("every branch is adopted", async || {
            for name in self.company.names() {
                if !matches!(self.store.accepted(&key(name)).await, Ok(Some(_))) {
                    return false;
                }
            }
            true
        })
        .await;
        replicas
    }

    /// Somebody asks for runs of a repository, in one commit.
    pub fn ask(&mut self, name: &str, runs: &[(String, Kind)]) {
        tokio::task::block_in_place(|| self.company.ask(name, runs));
        self.asked.extend(runs.iter().map(|(run, kind)| (name.to_owned(), run.clone(), *kind)));
    }

    /// The process that acts on a repository, as the store says.
    pub async fn holder(&self, name: &str) -> Option<u32> {
        let lease = self.store.leased(&key(name)).await.ok()??;
        lease.holder.as_str().split('-').next()?.parse().ok()
    }

    /// Which of the replicas acts on a repository.
    pub async fn replica_of(&self, name: &str, replicas: &[Replica]) -> Option<usize> {
        let process = self.holder(name).await?;
        replicas.iter().position(|replica| replica.process() == process)
    }

    /// Looks until it is so. The events come from other processes, so there is nothing to wait for but time.
    pub async fn until(&self, what: &str, mut is_so: impl AsyncFnMut() -> bool) {
        let start = Instant::now();
        let mut told = Instant::now();
        while !is_so().await {
            if told.elapsed() > Duration::from_secs(10) {
                told = Instant::now();
                println!("{:>6.1} s, until {what}: {}", start.elapsed().as_secs_f64(), self.tally().await);
            }
            if start.elapsed() > PATIENCE {
                let kept = std::env::temp_dir().join("portcullis-storm-failed");
                let _ = std::fs::remove_dir_all(&kept);
                std::fs::create_dir_all(&kept).unwrap();
                for (n, place) in self.places.iter().enumerate() {
                    std::fs::write(kept.join(format!("replica-{n}.log")), place.said()).unwrap();
                }
                panic!("never: {what}; {}\nwhat the replicas said is in {}", self.tally().await, kept.display());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// What the store says of the runs; empty where it does not answer.
    pub async fn records(&self) -> BTreeMap<(String, Identifier), RunRecord> {
        let mut all = BTreeMap::new();
        for name in self.company.names() {
            for record in self.store.runs(&key(name)).await.unwrap_or_default() {
                all.insert((name.clone(), record.id.clone()), record);
            }
        }
        all
    }

    /// How many runs stand where.
    pub async fn tally(&self) -> String {
        let mut tally = BTreeMap::<String, usize>::new();
        for record in self.records().await.values() {
            let life = record.life.as_ref();
            let phase = life.and_then(|life| life.phase()).map(|phase| format!("{phase:?}"));
            let phase = phase.unwrap_or_default().split([' ', '{']).next().unwrap_or_default().to_owned();
            *tally.entry(format!("{:?} {phase}", life.map(|life| life.state))).or_default() += 1;
        }
        format!("asked: {}, {tally:?}, outbox {:?}", self.asked.len(), self.store.outbox_size().await)
    }

    /// Whether everything has come to its end, or waits for a person.
    async fn has_ended(&self) -> bool {
        let records = self.records().await;
        records.len() == self.asked.len() && records.values().all(|record| is_over(record) || is_unknown(record))
    }

    /// Waits until everything has come to its end; what nobody knows is settled by a person. How many those were.
    pub async fn end(&self) -> usize {
        self.until("every run ends", async || self.has_ended().await).await;
        let unknown: Vec<_> = self.records().await.into_iter().filter(|(_, record)| is_unknown(record)).collect();
        for ((name, run), record) in &unknown {
            let handle = RunHandle::of(key(name).as_str(), run);
            let kind = self.kind(name, run);
            assert_eq!(kind, Kind::Once, "{name} {run} could have been asked for: {record:?}");
            let args = ["runs", "resolve", handle.as_str(), "--as", "success", "--by", "carol"];
            let said = tokio::task::block_in_place(|| self.places[0].run(&args));
            assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
        }
        self.until("every message is delivered", async || self.store.outbox_size().await.is_ok_and(|size| size == (0, 0))).await;
        unknown.len()
    }

    fn kind(&self, name: &str, run: &Identifier) -> Kind {
        let asked = self.asked.iter().find(|(at, id, _)| at == name && id == run.as_str());
        asked.map(|(_, _, kind)| *kind).unwrap()
    }

    /// What must hold of every run, whatever happened on the way.
    pub async fn examine(&self) {
        let (records, times) = (self.records().await, self.receiver.times());
        assert_eq!(records.len(), self.asked.len());
        let mut keys = BTreeMap::<String, String>::new();
        for sent in &self.receiver.told().sent {
            let known = keys.entry(sent.key.clone()).or_insert_with(|| sent.handle.clone());
            assert_eq!(*known, sent.handle, "a key is of one run");
        }
        for name in self.company.names() {
            let audit = tokio::task::block_in_place(|| self.company.audit(name));
            for ((_, run), record) in records.iter().filter(|((at, _), _)| at == name) {
                let (life, kind) = (record.life.as_ref().unwrap(), self.kind(name, run));
                let handle = RunHandle::of(key(name).as_str(), run);
                let about = format!("{name} {run} {handle}: {life:?}");
                assert_eq!(life.state, RunState::Success, "{about}");
                let sent = times.get(handle.as_str()).copied().unwrap_or_default();
                let commits = match kind {
                    Kind::Note => tokio::task::block_in_place(|| self.company.commits_for(name, handle.as_str())),
                    Kind::Once | Kind::Safe => 0,
                };
                match kind {
                    // Nobody knows whether the first byte left before the sender was killed.
                    Kind::Once => assert!(sent == 1 || (sent == 0 && was_resolved(self, name, run).await), "{sent}: {about}"),
                    Kind::Safe => assert!(sent >= 1, "{about}"),
                    Kind::Note => assert_eq!((sent, commits), (0, 1), "{about}"),
                }
                let execution = life.execution.as_ref().unwrap();
                {
                    let told = self.receiver.told();
                    assert!(told.sent.iter().all(|sent| sent.handle != handle.as_str() || sent.key == execution.key), "{about}");
                    let letters = told.letters.get(&("run.succeeded".to_owned(), handle.as_str().to_owned()));
                    assert_eq!(letters.map(|ids| ids.len()), Some(1), "one message of its end: {about}");
                }
                self.examine_audit(name, run, audit.get(run).map(Vec::as_slice).unwrap_or_default()).await;
            }
            assert_eq!(audit.len(), records.keys().filter(|(at, _)| at == name).count(), "notes of these runs and no others");
        }
    }

    /// The note says what the journal says, and that it was claimed once, unless the claim grew old before anybody acted on it.
    async fn examine_audit(&self, name: &str, run: &Identifier, lines: &[serde_json::Value]) {
        let journal = self.store.transitions(&key(name), run).await.unwrap();
        let events: Vec<&str> = journal.iter().map(|step| step.event.as_str()).collect();
        let first = |wanted: &str| events.iter().position(|event| *event == wanted);
        let claims: Vec<usize> = (0..events.len()).filter(|n| events[*n] == "claimed").collect();
        let begun = first("begun").unwrap_or_else(|| panic!("{name} {run}: {events:?}"));
        assert!(!claims.is_empty() && claims.iter().all(|claim| *claim < begun), "{name} {run}: {events:?}");
        let at = |n: &usize| journal[*n].at;
        let stood = |pair: &[usize]| at(&pair[1]).duration_since(at(&pair[0])).as_secs();
        assert!(claims.windows(2).all(|pair| stood(pair) >= 60), "{name} {run}: {journal:?}");
        let ends = journal.iter().filter(|step| step.to == RunState::Success && step.from != Some(step.to)).count();
        assert_eq!(ends, 1, "{name} {run}: {events:?}");
        for line in lines {
            let step = journal.iter().find(|step| Some(step.revision) == line["step"].as_u64());
            let step = step.unwrap_or_else(|| panic!("{name} {run}: nothing is known of {line}"));
            assert_eq!((line["event"].as_str(), line["state"].as_str()), (Some(step.event.as_str()), Some(step.to.as_str())));
        }
        for (told, times) in [("landed", 1), ("claimed", claims.len())] {
            assert_eq!(lines.iter().filter(|line| line["event"] == told).count(), times, "{name} {run} {told}: {lines:?}");
        }
        assert_eq!(lines.last().map(|line| line["state"].clone()), Some("SUCCESS".into()), "{name} {run}: {lines:?}");
    }
}

async fn was_resolved(world: &World, name: &str, run: &Identifier) -> bool {
    world.store.transitions(&key(name), run).await.unwrap().iter().any(|step| step.event == "resolved")
}

pub fn is_over(record: &RunRecord) -> bool {
    record.life.as_ref().is_some_and(|life| life.landing.is_some() && life.is_final())
}

pub fn is_unknown(record: &RunRecord) -> bool {
    record.life.as_ref().is_some_and(|life| matches!(life.phase(), Some(Phase::Unknown { .. })))
}
