//! Puts a daemon together from its configuration: the lease on the store, the store, each repository, the listener.

use std::fs::{File, OpenOptions, TryLockError};
use std::future::Future;
use std::io::{Read as _, Seek as _, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::net::TcpListener;

use crate::config::{Config, RepositoryConfig, StorePlace};
use crate::controller::outbox::Outbox;
use crate::controller::{Controller, ExecutionSettings, Judge, LeaseSettings, Outward, Parts, Settings, SystemClock, Watched};
use crate::facts::Workspace;
use crate::forge::github::{GithubForge, GithubForgeOptions};
use crate::forge::{Forge, GitForge, GitForgeOptions};
use crate::git;
use crate::server;
use crate::store::{RepositoryKey, Store};

use super::github::Hub;
use super::{CommandError, channels, performers, store_place};

/// A daemon that holds everything it needs and has done nothing yet.
pub struct Daemon {
    controller: Controller,
    store: Arc<dyn Store>,
    listener: Option<TcpListener>,
    hub: Option<Arc<Hub>>,
    receiver: Option<server::Receiver>,
    api: Option<server::Api>,
    outbox: Arc<Outbox>,
    // Let go last. A store that replicas share has its leases within.
    _lease: Option<Lease>,
}

impl Daemon {
    /// Opens everything the configuration names.
    ///
    /// # Errors
    /// Whatever is missing, held by another daemon, or cannot be read; the report says what to do.
    pub async fn open(config: &Config) -> Result<Self, CommandError> {
        let lease = config.store.file().map(Lease::take).transpose()?;
        let shared = store_place::open(&config.store).await?;
        let store = shared.clone();
        if lease.is_some() {
            // The daemon that took messages out of this file, and did not say what became of them, is gone: people need not wait for them.
            let given = store.give_back_messages().await;
            given.map_err(|error| CommandError::could_not_judge("the store takes no writes").because(&error))?;
        }
        let holder = store_place::holder()?;
        let clock = Arc::new(SystemClock::start());
        let hub = Hub::open(config, &clock, &shared)?;
        let mut repositories = Vec::new();
        for repository in &config.repositories {
            repositories.push(watched(repository, config, &shared, hub.as_deref())?);
        }
        let listener = match config.listen {
            Some(address) => Some(TcpListener::bind(address).await.map_err(|error| {
                CommandError::could_not_judge(format!("cannot listen on {address}"))
                    .because(&error)
                    .hint("name another address with --listen, or `--listen none` to do without")
            })?),
            None => None,
        };
        let controller = Controller::new(Parts {
            store: shared.clone(),
            repositories,
            clock: clock.clone(),
            rng: fastrand::Rng::new(),
            judge: Judge::of_core(),
            settings: Settings {
                poll_interval: config.poll_interval,
                resync_interval: config.resync_interval,
                fetch_deadline: config.fetch_deadline,
                judge_deadline: config.judge_deadline,
                concurrency: config.concurrency,
                shutdown_grace: config.shutdown_grace,
                status_url: config.status_url.clone(),
                execution: execution_settings(config),
                lease: match &config.store {
                    StorePlace::File(_) => LeaseSettings::alone(holder),
                    StorePlace::Postgres(_) => LeaseSettings::among_others(holder),
                },
                channels: Some(config.channels.keys().cloned().collect()),
                ..Settings::default()
            },
        });
        let outbox =
            Outbox::new(shared.clone(), channels::channels(config)?, clock.clone(), controller.metrics(), fastrand::Rng::new());
        let api = (!config.credentials.is_empty()).then(|| {
            let watching = server::Loop::new(controller.waker(), shared.clone());
            server::Api::new(config.credentials.clone(), shared.clone(), clock.clone(), Arc::new(watching))
        });
        let receiver = hub.as_ref().and_then(|hub| {
            let secrets =
                config.github.as_ref().map(|github| github.webhook_secrets.clone()).filter(|secrets| !secrets.is_empty())?;
            let (hub, waker) = (hub.clone(), controller.waker());
            Some(server::Receiver::new(secrets, shared, clock, Arc::new(move |woken| hub.wake(&woken, &waker))))
        });
        Ok(Self { controller, store, listener, hub, receiver, api, outbox, _lease: lease })
    }

    /// The loop, for whoever wants to take it step by step.
    pub fn controller(&self) -> &Controller {
        &self.controller
    }

    /// Where the pages are served, the port being the real one.
    pub fn address(&self) -> Option<SocketAddr> {
        self.listener.as_ref().and_then(|listener| listener.local_addr().ok())
    }

    /// Runs until `shutdown` comes, then lets what is under way finish and closes the store.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let Self { controller, store, listener, hub, receiver, api, outbox, _lease } = self;
        let (stop, stopped) = tokio::sync::watch::channel(());
        let pages = listener.map(|listener| {
            let router = server::router(controller.metrics(), controller.health(), receiver, api);
            let mut stopped = stopped.clone();
            let until = async move {
                // An error says that the sender is gone, which means the same.
                let _ = stopped.changed().await;
            };
            tokio::spawn(server::serve(listener, router, until))
        });
        let hub = hub.map(|hub| tokio::spawn(hub.run(controller.waker())));
        let until = {
            let mut stopped = stopped.clone();
            async move {
                let _ = stopped.changed().await;
            }
        };
        let outbox = tokio::spawn(outbox.run(until));
        controller.run(shutdown).await;
        if let Some(hub) = hub {
            hub.abort();
        }
        drop(stop);
        // It gives what is under way a moment of its own; a panic in it is told of already.
        let _ = outbox.await;
        if let Some(pages) = pages {
            // A client that keeps its connection must not keep the daemon.
            let _ = tokio::time::timeout(std::time::Duration::from_secs(1), pages).await;
        }
        store.shut().await;
    }
}

/// How runs are executed. A receiver has its own time; what takes much longer than that hangs.
fn execution_settings(config: &Config) -> ExecutionSettings {
    let default = ExecutionSettings::default();
    ExecutionSettings {
        concurrency: config.execution.concurrency,
        attempt_deadline: config.execution.timeout.saturating_mul(2).max(default.attempt_deadline),
        ..default
    }
}

/// A repository with its catalogs and its forge; one on GitHub is asked after through `hub`.
pub(super) fn watched(
    repository: &RepositoryConfig,
    config: &Config,
    store: &Arc<dyn Store>,
    hub: Option<&Hub>,
) -> Result<Watched, CommandError> {
    let cannot = |error: &dyn std::error::Error| {
        CommandError::could_not_judge(format!(
            "cannot open the repository `{}` at {}",
            repository.name,
            repository.path.display()
        ))
        .because(error)
    };
    if repository.is_copy() && !repository.path.exists() {
        git2::Repository::init_bare(&repository.path).map_err(|error| cannot(&error))?;
    }
    git::Repository::open(&repository.path).map_err(|error| cannot(&error))?;
    let workspace =
        Workspace::open(&repository.path, &repository.root, super::jq_worker::expressions()).map_err(|error| cannot(&error))?;
    let key = RepositoryKey::new(repository.key());
    let outward = Outward {
        comments: repository.answers.comments,
        review_requests: repository.answers.review_requests,
        labels: repository.answers.labels,
        merge: repository.answers.merge,
    };
    let forge: Arc<dyn Forge> = match (&repository.github, hub) {
        (Some(github), Some(hub)) => Arc::new(GithubForge::new(
            hub.connection().repository(&github.name),
            GithubForgeOptions {
                watched_branch: repository.branch.clone(),
                comments: outward.comments,
                check_runs: true,
                review_requests: outward.review_requests,
                git: github.git.clone(),
            },
        )),
        (Some(_), None) => return Err(CommandError::internal("a repository on GitHub without a connection to it")),
        (None, _) => Arc::new(GitForge::new(
            GitForgeOptions {
                path: repository.path.clone(),
                repository: key.clone(),
                watched: format!("refs/heads/{}", repository.branch),
                name: config.author.name.clone(),
                email: config.author.email.clone(),
                agent: "portcullis".to_owned(),
                keeps_tips: true,
            },
            store.clone(),
        )),
    };
    let workspace = Arc::new(workspace);
    Ok(Watched {
        performers: performers::performers(repository, config, &workspace, &forge, hub)?,
        name: repository.name.clone(),
        key,
        branch: repository.branch.clone(),
        root: repository.root.clone(),
        path: repository.path.clone(),
        remote: repository.remote.clone(),
        workspace,
        forge,
        outward,
    })
}

/// The right to be the one daemon on a store: a lock that the kernel takes back when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lease(#[allow(dead_code)] File);

impl Lease {
    /// Takes it, or says who has it.
    pub(super) fn take(store: &Path) -> Result<Self, CommandError> {
        store_place::make_directory_of(store)?;
        let mut name = store.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let cannot = |error: &std::io::Error| {
            CommandError::could_not_judge(format!("cannot take the lease {}", path.display())).because(error)
        };
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).map_err(|error| cannot(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = (&mut file).take(32).read_to_string(&mut holder);
                let who = match holder.trim() {
                    "" => "another daemon".to_owned(),
                    process => format!("another daemon, process {process},"),
                };
                return Err(CommandError::could_not_judge(format!("{who} runs on the store {}", store.display()))
                    .hint("stop that one first, or give this one a store of its own with --store FILE"));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(&error)),
        }
        // Who holds it is a courtesy to people; the lock is what counts.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self(file))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_has_one_daemon_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("state/p.db");
        let first = Lease::take(&store).unwrap();
        let refused = Lease::take(&store).unwrap_err().text(false);
        assert!(refused.contains(&format!("another daemon, process {}, runs on the store", std::process::id())), "{refused}");
        drop(first);
        Lease::take(&store).unwrap();
    }
}
