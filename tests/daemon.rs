//! The daemon as people run it: the real program on a real bare repository, pushed to, stopped and killed.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on says so

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use portcullis::config::{Config, Sources};
use portcullis::forge::{Forge as _, GitForge, GitForgeOptions, Status};
use portcullis::model::CommitId;
use portcullis::store::{RepositoryKey, SqliteStore, Store as _};

const ALICE: &str = "alice@acme.dev";
/// Nothing here takes this long; it is where a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A bare repository, a clone that pushes to it, and a place for the store.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        place.git(place.dir.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "catalog.git"]);
        place.git(place.dir.path(), &["clone", "--quiet", "catalog.git", "work"]);
        place.git(&place.work(), &["checkout", "--quiet", "-b", "main"]);
        place.write("catalog.yaml", "identity: declared\n");
        place.write("users/alice.yaml", "identifier: alice@acme.dev\nroles: [Admin]\n");
        place.write("blueprints/Env.yaml", "identifier: Env\nschema:\n  properties:\n    size: {type: number}\n");
        place.write("entities/Env/prod.yaml", "identifier: prod\nproperties: {size: 1}\n");
        place.commit_and_push("main");
        place
    }

    fn bare(&self) -> PathBuf {
        self.dir.path().join("catalog.git")
    }

    fn work(&self) -> PathBuf {
        self.dir.path().join("work")
    }

    fn store(&self) -> PathBuf {
        self.dir.path().join("state/portcullis.db")
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.work().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn git(&self, dir: &Path, args: &[&str]) -> String {
        let out = Command::new("git")
            .current_dir(dir)
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .envs(["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"].map(|name| (name, ALICE)))
            .output()
            .unwrap();
        assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    fn commit_and_push(&self, branch: &str) -> CommitId {
        self.git(&self.work(), &["add", "--all"]);
        self.git(&self.work(), &["commit", "--quiet", "-m", "a change"]);
        self.git(&self.work(), &["push", "--quiet", "origin", branch]);
        CommitId::from_hex(&self.git(&self.work(), &["rev-parse", "HEAD"])).unwrap()
    }

    /// A branch with one change, pushed together with the request to review it.
    fn propose(&self, branch: &str, file: &str, text: &str) -> CommitId {
        let work = self.work();
        self.git(&work, &["checkout", "--quiet", "-b", branch, "main"]);
        self.write(file, text);
        let head = self.commit_and_push(branch);
        let request = format!(
            r#"{{"timestamp":"1790000000","reviewRef":"refs/heads/{branch}","targetRef":"refs/heads/main","requester":"{ALICE}","description":"{branch}"}}"#
        );
        self.git(&work, &["notes", "--ref=refs/notes/devtools/reviews", "append", "-m", &request, &head.to_string()]);
        self.git(&work, &["push", "--quiet", "origin", "refs/notes/devtools/reviews"]);
        head
    }

    fn serve(&self, more: &[&str]) -> Serving {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["serve", "--listen", "127.0.0.1:0", "--log-format", "json", "--poll-interval", "1h"])
            .args(["--repo".as_ref(), self.bare().as_os_str(), "--store".as_ref(), self.store().as_os_str()])
            .args(more)
            .current_dir(self.dir.path())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, says) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| drop(said.send(line))));
        Serving { child, says, heard: Vec::new() }
    }

    fn key(&self) -> RepositoryKey {
        let flags = [("path", self.bare().display().to_string()), ("store", self.store().display().to_string())];
        let config = Config::load(&Sources {
            flags: flags.into_iter().collect(),
            env: None,
            directory: None,
            secrets: false,
            store_alone: false,
        })
        .unwrap();
        RepositoryKey::new(config.repositories[0].key())
    }

    async fn open_store(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(&self.store()).await.unwrap())
    }

    /// The current statuses of a commit, as any reader of the notes finds them.
    async fn statuses(&self, store: &Arc<SqliteStore>, commit: CommitId) -> Vec<Status> {
        let options = GitForgeOptions {
            path: self.bare(),
            repository: self.key(),
            watched: "refs/heads/main".to_owned(),
            name: "reader".to_owned(),
            email: "reader@localhost".to_owned(),
            agent: "portcullis".to_owned(),
            keeps_tips: true,
        };
        GitForge::new(options, store.clone()).statuses(&[commit]).await.unwrap()
    }
}

/// A daemon that runs; killed when dropped.
struct Serving {
    child: Child,
    says: Receiver<String>,
    heard: Vec<String>,
}

impl Serving {
    /// Waits until there has been an event whose line holds all of these.
    fn waits_for(&mut self, words: &[&str]) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.heard.iter().find(|line| words.iter().all(|word| line.contains(word))) {
                return line.clone();
            }
            match self.says.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => self.heard.push(line),
                Err(_) => panic!("never heard {words:?}, but:\n{}", self.heard.join("\n")),
            }
        }
    }

    fn address(&mut self) -> String {
        let ready = self.waits_for(&[r#""message":"ready""#]);
        let event: serde_json::Value = serde_json::from_str(&ready).unwrap();
        event["listen"].as_str().unwrap().to_owned()
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    fn ends(mut self) -> i32 {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            std::thread::yield_now();
        }
        panic!("it does not end; it said:\n{}", self.heard.join("\n"));
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn page(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn a_push_is_seen_judged_and_answered_and_sigterm_ends_it_cleanly() {
    let place = Place::new();
    let mut daemon = place.serve(&[]);
    let address = daemon.address();
    assert!(page(&address, "/readyz").starts_with("HTTP/1.1 200"));

    // With a poll interval of an hour, it is the event that wakes.
    let head = place.propose("grow", "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: 2}\n");
    daemon.waits_for(&[r#""message":"judged""#, &head.to_string(), "success"]);
    let store = place.open_store().await;
    let statuses = place.statuses(&store, head).await;
    assert_eq!(statuses.len(), 3, "{statuses:?}");

    let metrics = page(&address, "/metrics");
    for metric in [
        "portcullis_push_to_verdict_seconds_count",
        "portcullis_verdict_to_status_seconds_count",
        "portcullis_push_to_status_seconds_count",
        "portcullis_statuses_posted_total",
        "portcullis_accepted_revision{",
    ] {
        assert!(metrics.contains(metric), "{metric} in\n{metrics}");
    }

    // Refs that are packed wake too, and move nothing.
    place.git(&place.bare(), &["pack-refs", "--all"]);
    let tip = place.git(&place.work(), &["rev-parse", "main"]);
    assert_eq!(place.git(&place.bare(), &["rev-parse", "main"]), tip);

    daemon.signal("-TERM");
    daemon.waits_for(&[r#""message":"stopped""#]);
    assert_eq!(daemon.ends(), 0);
}

#[test]
fn a_second_daemon_on_the_same_store_is_refused() {
    let place = Place::new();
    let mut first = place.serve(&[]);
    first.address();
    let mut second = place.serve(&[]);
    second.waits_for(&["another daemon", "runs on the store"]);
    assert_eq!(second.ends(), 2);
}

#[test]
fn a_wrong_configuration_is_told_in_one_go() {
    let place = Place::new();
    let mut daemon = place.serve(&["--concurrency", "0", "--branch", "a..b"]);
    daemon.waits_for(&["--concurrency: `0` is not a number"]);
    daemon.waits_for(&["--branch: `a..b` is not the name of a branch"]);
    assert_eq!(daemon.ends(), 2);
}

#[tokio::test]
async fn killed_fifty_times_in_a_burst_of_pushes_it_ends_where_it_would_have_ended() {
    let place = Place::new();
    let mut dice = fastrand::Rng::with_seed(7);
    let branches = ["one", "two", "three"];
    for branch in branches {
        place.propose(branch, &format!("entities/Env/{branch}.yaml"), &format!("identifier: {branch}\n"));
    }
    let mut heads = Vec::new();
    for round in 0..50 {
        let daemon = place.serve(&[]);
        // Somewhere between not yet having opened the store and being done.
        let deadline = Instant::now() + Duration::from_millis(dice.u64(5..250));
        let branch = *dice.choice(&["one", "two", "three", "main"]).unwrap();
        place.git(&place.work(), &["checkout", "--quiet", branch]);
        let size = if dice.u8(0..4) == 0 && branch != "main" { format!("large{round}") } else { round.to_string() };
        let file = if branch == "main" { "prod" } else { branch };
        place.write(&format!("entities/Env/{file}.yaml"), &format!("identifier: {file}\nproperties: {{size: {size}}}\n"));
        place.commit_and_push(branch);
        while Instant::now() < deadline {
            std::thread::yield_now();
        }
        drop(daemon);
    }
    for branch in branches {
        heads.push(CommitId::from_hex(&place.git(&place.work(), &["rev-parse", branch])).unwrap());
    }
    let tip = CommitId::from_hex(&place.git(&place.work(), &["rev-parse", "main"])).unwrap();

    let mut daemon = place.serve(&[]);
    let until = Instant::now() + PATIENCE;
    let store = loop {
        if place.store().exists() {
            break place.open_store().await;
        }
        assert!(Instant::now() < until);
    };
    let accepted = || async { store.accepted(&place.key()).await.unwrap().map(|acceptance| acceptance.commit) };
    loop {
        let mut done = accepted().await == Some(tip);
        for head in &heads {
            done &= place.statuses(&store, *head).await.len() == 3;
        }
        if done {
            break;
        }
        daemon.heard.extend(daemon.says.try_iter());
        assert!(Instant::now() < until, "accepted {:?} of {tip}:\n{}", accepted().await, daemon.heard.join("\n"));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    drop(daemon);

    // What it said is what a daemon says that was never disturbed: nothing is left to post.
    let notes = place.git(&place.bare(), &["rev-parse", "refs/notes/devtools/ci"]);
    let mut calm = place.serve(&[]);
    calm.address();
    for head in &heads {
        calm.waits_for(&[r#""message":"judged""#, &head.to_string()]);
    }
    calm.signal("-TERM");
    assert_eq!(calm.ends(), 0);
    assert_eq!(place.git(&place.bare(), &["rev-parse", "refs/notes/devtools/ci"]), notes);
}
