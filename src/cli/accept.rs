//! `portcullis accept`: a person accepts history that was rewritten.

use crate::config::{RepositoryConfig, StorePlace};
use crate::facts::Workspace;
use crate::git;
use crate::model::{CommitId, Identifier, Timestamp};
use crate::store::{Acceptance, RepositoryKey};

use super::serve::Args as ServeArgs;
use super::{Color, CommandError, Outcome, output, store_place};

/// The arguments of `portcullis accept`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis accept 3b1f0c2d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c --repo /srv/git/catalog.git
  portcullis accept 3b1f0c2d9e8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c --name platform
                                                  one of several repositories in portcullis.yaml")]
pub struct Args {
    /// The commit to accept: the tip that the alert names.
    commit: String,
    /// Who says so, for the record.
    #[arg(long, value_name = "WHO", env = "USER", hide_env_values = true)]
    by: Option<String>,
    #[command(flatten)]
    serve: ServeArgs,
}

/// Accepts it. The daemon may be running: it goes on from there at its next look.
///
/// # Errors
/// Where nothing is halted, the branch has moved again, or the catalog at the commit is not valid.
pub fn run(args: &Args, _color: Color) -> Result<Outcome, CommandError> {
    let (config, name) = args.serve.config_of_one()?;
    let mut matching = config.repositories.iter().filter(|repository| name.as_ref().is_none_or(|name| repository.name == *name));
    let (Some(repository), None) = (matching.next(), matching.next()) else {
        let names: Vec<&str> = config.repositories.iter().map(|repository| repository.name.as_str()).collect();
        return Err(CommandError::usage("which repository?").hint(format!("--name says which: {}", names.join(", "))));
    };
    let (commit, runs) = valid_commit(repository, &args.commit)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CommandError::internal("cannot start the runtime").because(&error))?;
    runtime.block_on(accept(args, repository, &config.store, commit, &runs))?;
    output::print(&format!("accepted {commit} on {} of {}\n", repository.branch, repository.name))?;
    Ok(Outcome::Clean)
}

async fn accept(
    args: &Args,
    repository: &RepositoryConfig,
    store: &StorePlace,
    commit: CommitId,
    runs: &[Identifier],
) -> Result<(), CommandError> {
    let failed = |error: crate::store::StoreError| CommandError::could_not_judge("the store failed").because(&error);
    let store = store_place::open_existing(store).await?;
    let key = RepositoryKey::new(repository.key());
    let Some(halt) = store.halted(&key).await.map_err(failed)? else {
        return Err(CommandError::could_not_judge("nothing waits to be accepted: the history was not rewritten")
            .hint("a tip that is merely refused is healed by a revert, or by somebody who may committing it again"));
    };
    let by = args.by.as_deref().unwrap_or("somebody at the command line");
    let acceptance = Acceptance::by_a_person(commit, Timestamp::now(), by);
    if !store.resume(&key, &acceptance, runs).await.map_err(failed)? {
        return Err(CommandError::could_not_judge(format!("the rewritten tip is {}, and that alone can be accepted", halt.seen))
            .hint("look at that commit; if the branch has moved since, let the daemon see it first"));
    }
    store.shut().await;
    Ok(())
}

/// What becomes base must be a valid catalog, whoever accepts it: everything else is judged by it. The runs on it become history: nobody
/// judged how they came there, so none of them is ever executed.
fn valid_commit(repository: &RepositoryConfig, rev: &str) -> Result<(CommitId, Vec<Identifier>), CommandError> {
    let cannot = |error: &dyn std::error::Error| CommandError::could_not_judge(format!("cannot read `{rev}`")).because(error);
    let commit = git::Repository::open(&repository.path).and_then(|git| git.resolve(rev)).map_err(|error| cannot(&error))?;
    let workspace =
        Workspace::open(&repository.path, &repository.root, super::jq_worker::expressions()).map_err(|error| cannot(&error))?;
    let snapshot = workspace.snapshot(commit).map_err(|error| cannot(&error))?;
    match crate::check::validate(&snapshot.catalog).iter().filter(|finding| finding.is_error()).count() {
        0 => Ok((commit, snapshot.catalog.runs().iter().map(|(id, _)| id.clone()).collect())),
        errors => Err(CommandError::could_not_judge(format!("the catalog at {commit} is not valid: {errors} errors"))
            .hint(format!("`portcullis check --head {commit}` shows them; mend them on the branch, and accept the new tip"))),
    }
}
