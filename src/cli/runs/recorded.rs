//! Finds a run in the daemon's store, by its identifier or by what the API calls it.

use std::sync::Arc;

use crate::model::Identifier;
use crate::report::Journey;
use crate::run::life::RunHandle;
use crate::store::{FoundRun, RepositoryKey, Store, StoreError};

use super::super::serve::Args as ServeArgs;
use super::super::{CommandError, store_place};

/// Where the daemon's store is, and which of the repositories in it is meant.
#[derive(clap::Args, Debug)]
pub(in crate::cli) struct Where {
    #[command(flatten)]
    serve: ServeArgs,
}

/// The store, and what the configuration calls repositories in it.
pub(in crate::cli) struct Recorded {
    /// The store.
    pub(in crate::cli) store: Arc<dyn Store>,
    repositories: Vec<RepositoryKey>,
    /// Where the store is, for people.
    place: String,
}

impl Where {
    /// Opens the store that the daemon has, which may be running.
    pub(in crate::cli) async fn open(&self) -> Result<Recorded, CommandError> {
        let (config, name) = self.serve.config_of_store()?;
        let meant = config.repositories.iter().filter(|repository| name.as_ref().is_none_or(|name| repository.name == *name));
        let repositories: Vec<RepositoryKey> = meant.map(|repository| RepositoryKey::new(repository.key())).collect();
        if let (Some(name), true) = (&name, repositories.is_empty()) {
            return Err(CommandError::usage(format!("no repository is called `{name}` in the configuration")));
        }
        Ok(Recorded { store: store_place::open_existing(&config.store).await?, repositories, place: config.store.to_string() })
    }
}

/// The store's words.
pub(in crate::cli) fn failed(error: StoreError) -> CommandError {
    CommandError::could_not_judge("the store cannot be used").because(&error)
}

impl Recorded {
    /// The run that is called so.
    pub(super) async fn run(&self, name: &str) -> Result<FoundRun, CommandError> {
        let none = || {
            let looked: Vec<String> = self.repositories.iter().map(|key| format!("`{key}`")).collect();
            let of = if looked.is_empty() { String::new() } else { format!(" of {}", looked.join(", ")) };
            CommandError::could_not_judge(format!("the store knows no run `{name}`{of}; it is {}", self.place)).hint(
                "a repository is known by the name and the branch that the daemon's configuration gives it: say the same --config, or \
                 --repo, --name and --branch; a run can also be named by what the API calls it, `r_…`",
            )
        };
        if let Some(handle) = RunHandle::parse(name) {
            // Whoever asks for a run chooses what it is called, also so that somebody takes it for another.
            let called = match Identifier::new(name) {
                Ok(id) => self.called(&id).await?.pop(),
                Err(_) => None,
            };
            if let Some(called) = called {
                let its_own = RunHandle::of(called.repository.as_str(), &called.record.id);
                return Err(CommandError::usage(format!(
                    "a run has the identifier `{name}`, which looks like what the API calls another"
                ))
                .hint(format!("if it is meant, say `{its_own}`; what else `{name}` may be is not touched")));
            }
            return self.store.run_by_handle(&handle).await.map_err(failed)?.ok_or_else(none);
        }
        let id = Identifier::new(name).map_err(|error| CommandError::usage(error.to_string()))?;
        if self.repositories.is_empty() {
            return Err(CommandError::usage(
                "which repository? Say `--repo DIR` or `--config FILE`, or name the run by its `r_…`",
            ));
        }
        let mut found = self.called(&id).await?;
        match (found.pop(), found.is_empty()) {
            (Some(run), true) => Ok(run),
            (Some(_), false) => Err(CommandError::usage(format!("several repositories have a run `{name}`"))
                .hint("--name says in which repository, as the configuration calls it")),
            (None, _) => Err(none()),
        }
    }

    /// The runs of this identifier, in whichever repository.
    async fn called(&self, id: &Identifier) -> Result<Vec<FoundRun>, CommandError> {
        let mut found = Vec::new();
        for repository in &self.repositories {
            if let Some(record) = self.store.run(repository, id).await.map_err(failed)? {
                found.push(FoundRun { repository: repository.clone(), record });
            }
        }
        Ok(found)
    }
}

/// What there is to say of a run.
pub(super) fn journey<'a>(found: &'a FoundRun, handle: &'a RunHandle) -> Journey<'a> {
    Journey {
        run: &found.record.id,
        handle,
        repository: found.repository.as_str(),
        life: found.record.life.as_ref(),
        decision: &found.record.decision,
        since: found.record.at,
    }
}

/// What the API calls a run.
pub(super) fn handle(found: &FoundRun) -> RunHandle {
    RunHandle::of(found.repository.as_str(), &found.record.id)
}
