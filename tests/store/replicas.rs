//! The real program as several replicas on one PostgreSQL: one is killed, the database is restarted, and the catalog goes on being followed.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use portcullis::model::CommitId;
use portcullis::store::{RepositoryKey, Store};

use crate::cluster::Cluster;
use crate::world::World;

const REPOSITORIES: usize = 4;
/// Nothing here takes this long; it is where a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

struct Place {
    directory: tempfile::TempDir,
    address: String,
}

impl Place {
    fn new(address: String) -> Self {
        let place = Self { directory: tempfile::tempdir().unwrap(), address };
        for n in 0..REPOSITORIES {
            let bare = place.bare(n);
            git(place.directory.path(), &["init", "--quiet", "--bare", "--initial-branch=main", bare.to_str().unwrap()]);
            git(place.directory.path(), &["clone", "--quiet", bare.to_str().unwrap(), place.work(n).to_str().unwrap()]);
            git(&place.work(n), &["checkout", "--quiet", "-b", "main"]);
            place.write(n, "catalog.yaml", "identity: declared\n");
            place.write(n, "users/alice.yaml", "identifier: alice@acme.dev\nroles: [Admin]\n");
            place.write(n, "blueprints/Env.yaml", "identifier: Env\nschema:\n  properties: {}\n");
            place.push(n);
        }
        let watched = (0..REPOSITORIES).map(|n| format!("  - name: r{n}\n    path: {}\n", place.bare(n).display()));
        let text = format!("listen: none\npollInterval: 1s\nrepositories:\n{}", watched.collect::<String>());
        std::fs::write(place.directory.path().join("portcullis.yaml"), text).unwrap();
        place
    }

    fn bare(&self, n: usize) -> PathBuf {
        self.directory.path().join(format!("r{n}.git"))
    }

    fn work(&self, n: usize) -> PathBuf {
        self.directory.path().join(format!("work{n}"))
    }

    fn write(&self, n: usize, file: &str, text: &str) {
        let path = self.work(n).join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn push(&self, n: usize) -> CommitId {
        let work = self.work(n);
        git(&work, &["add", "--all"]);
        git(&work, &["commit", "--quiet", "-m", "a change"]);
        git(&work, &["push", "--quiet", "origin", "main"]);
        CommitId::from_hex(&git(&work, &["rev-parse", "HEAD"])).unwrap()
    }

    /// An entity more in each repository.
    fn change(&self, name: &str) -> Vec<CommitId> {
        let change = |n| {
            self.write(n, &format!("entities/Env/{name}.yaml"), &format!("identifier: {name}\n"));
            self.push(n)
        };
        (0..REPOSITORIES).map(change).collect()
    }

    /// A replica that has just said that it is ready, with everything it logs going on.
    fn serve(&self) -> Replica {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["serve", "--log-format", "json", "--config", "portcullis.yaml"])
            .current_dir(self.directory.path())
            // The address carries no password; it stands in the environment as an operator's would.
            .env("PORTCULLIS_STORE", &self.address)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let heard: Vec<String> = lines.by_ref().take_while(|line| !line.contains("\"message\":\"ready\"")).collect();
        std::thread::spawn(move || lines.for_each(drop));
        let running = child.try_wait().unwrap().is_none();
        assert!(running, "{heard:#?}");
        Replica(child)
    }
}

struct Replica(Child);

impl Drop for Replica {
    fn drop(&mut self) {
        // `kill -9`: no word, and nothing given back.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn git(directory: &Path, args: &[&str]) -> String {
    let who = ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    let out = Command::new("git")
        .current_dir(directory)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(who.map(|name| (name, "alice@acme.dev")))
        .output()
        .unwrap();
    assert!(out.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

fn keys() -> Vec<RepositoryKey> {
    (0..REPOSITORIES).map(|n| RepositoryKey::new(format!("r{n}#main"))).collect()
}

/// How many repositories each holder has, in order; an outage tells nothing.
async fn shares(store: &dyn Store) -> Vec<usize> {
    let mut counts = std::collections::BTreeMap::<_, usize>::new();
    for key in keys() {
        if let Ok(Some(lease)) = store.leased(&key).await {
            *counts.entry(lease.holder).or_default() += 1;
        }
    }
    let mut shares: Vec<usize> = counts.into_values().collect();
    shares.sort_unstable();
    shares
}

/// Looks until it is so. The events come from other processes, so there is nothing to wait for but time.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !is_so().await {
        assert!(start.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn until_accepted(store: &dyn Store, tips: &[CommitId]) {
    until("every tip is accepted", async || {
        for (key, tip) in keys().iter().zip(tips) {
            if !matches!(store.accepted(key).await, Ok(Some(accepted)) if accepted.commit == *tip) {
                return false;
            }
        }
        true
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_share_the_work_and_take_over_from_one_that_is_killed_while_the_database_restarts() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let world = World::in_cluster(&cluster).await;
    let store = world.open().await;
    let place = tokio::task::block_in_place(|| Place::new(world.address()));
    let serve = || tokio::task::block_in_place(|| place.serve());
    let change = |name: &str| tokio::task::block_in_place(|| place.change(name));

    let first = serve();
    let second = serve();
    until("each has its share", async || shares(&*store).await == [2, 2]).await;
    until_accepted(&*store, &change("shared")).await;

    drop(first);
    let tips = change("while-one-is-dead");
    tokio::task::block_in_place(|| {
        cluster.halt("immediate");
        cluster.resume();
    });
    until_accepted(&*store, &tips).await;
    until("the other has everything", async || shares(&*store).await == [4]).await;
    drop(second);
}
