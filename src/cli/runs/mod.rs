//! `portcullis runs`: the runs of a repository, what becomes of them, and what a person may do about it.

mod hand;
mod history;
mod open_runs;
mod recorded;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use crate::config::StorePlace;
use crate::model::Timestamp;
use crate::report::{run_text, runs_json, runs_text};
use crate::store::RepositoryKey;

use super::options::{CatalogOptions, ShortFormat};
use super::{Color, CommandError, Outcome, output, serve};
use open_runs::RunsRequest;

pub(super) use recorded::{Where, failed};

/// The arguments of `portcullis runs`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis runs list
  portcullis runs list --config /etc/portcullis/portcullis.yaml
  portcullis runs show 2026-11-21-extend-env
  portcullis runs why 2026-11-21-extend-env --store /var/lib/portcullis/portcullis.db --repo /srv/git/catalog.git
  portcullis runs log r_0123456789abcdef01234567 --config /etc/portcullis/portcullis.yaml
  portcullis runs resolve 2026-11-21-extend-env --as success --note 'it is up' --by carol --config /etc/portcullis/portcullis.yaml
  portcullis runs withdraw 2026-11-21-extend-env --by alice --config /etc/portcullis/portcullis.yaml
  portcullis runs list --format json | jq '.[] | select(.state == \"WAITING_FOR_APPROVAL\")'")]
pub struct Args {
    #[command(subcommand)]
    command: RunsCommand,
}

#[derive(Subcommand, Debug)]
enum RunsCommand {
    /// List them, one line each.
    List(ListArgs),
    /// Show everything about one.
    Show(ShowArgs),
    /// Tell everything that happened to one, and every line that whoever performs it wrote.
    Log(history::HistoryArgs),
    /// Say in one sentence what one is waiting for, and who can move it.
    Why(history::HistoryArgs),
    /// Settle one of which nobody knows what came of it.
    ///
    /// The daemon asks the receiver where that can be asked. Where it cannot, it never guesses, and waits for a person who has found out.
    Resolve(hand::ResolveArgs),
    /// Take one back that is not being executed yet.
    Withdraw(hand::HandArgs),
}

#[derive(clap::Args, Debug)]
struct ListArgs {
    #[command(flatten)]
    catalog: CatalogOptions,
    /// The watched branch [default: main, or else master].
    #[arg(long, value_name = "NAME", env = "PORTCULLIS_BRANCH")]
    branch: Option<String>,
    /// The daemon's store: what it has recorded of runs on the watched branch.
    #[arg(long, value_name = "STORE", env = "PORTCULLIS_STORE", hide_env_values = true)]
    store: Option<String>,
    /// What the daemon's configuration calls the repository, where it gives it a name or fetches it from elsewhere.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The daemon's configuration, which says where the repository and the store are; `--name` picks one of several repositories.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to print.
    #[arg(long, value_enum, default_value_t = ShortFormat::Text, value_name = "FORMAT")]
    format: ShortFormat,
}

#[derive(clap::Args, Debug)]
struct ShowArgs {
    /// The run's identifier.
    id: String,
    #[command(flatten)]
    list: ListArgs,
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let styled = color.on_stdout();
    match &args.command {
        RunsCommand::List(list) => {
            let entries = open_runs::find(&request(list)?)?;
            output::print(&match list.format {
                ShortFormat::Text => runs_text(&entries, styled),
                ShortFormat::Json => runs_json(&entries),
            })?;
        }
        RunsCommand::Show(show) => {
            // A run may be proposed in several reviews at once; each has a state of its own.
            let mut entries = open_runs::find(&request(&show.list)?)?;
            entries.retain(|entry| entry.run.id == show.id.as_str());
            if entries.is_empty() {
                return Err(CommandError::could_not_judge(format!("there is no run `{}`", show.id))
                    .hint("`portcullis runs list` names them all"));
            }
            output::print(&match show.list.format {
                ShortFormat::Text => entries.iter().map(|entry| run_text(entry, styled)).collect(),
                ShortFormat::Json => runs_json(&entries),
            })?;
        }
        RunsCommand::Log(args) => block_on(history::log(args))?,
        RunsCommand::Why(args) => block_on(history::why(args))?,
        RunsCommand::Resolve(args) => block_on(hand::resolve(args))?,
        RunsCommand::Withdraw(args) => block_on(hand::withdraw(args))?,
    }
    Ok(Outcome::Clean)
}

/// Runs what asks the store.
pub(super) fn block_on(asking: impl Future<Output = Result<(), CommandError>>) -> Result<(), CommandError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| CommandError::internal("cannot start the runtime").because(&error))?.block_on(asking)
}

fn request(list: &ListArgs) -> Result<RunsRequest, CommandError> {
    if let Some(file) = &list.config {
        return configured(list, file);
    }
    if list.name.is_some() && list.store.is_none() {
        return Err(CommandError::usage("--name says what the daemon calls the repository: say --store or --config besides"));
    }
    let store = list.store.as_deref().map(StorePlace::parse).transpose();
    let store = store.map_err(|why| CommandError::usage(format!("--store: {why}")))?;
    Ok(RunsRequest {
        repo: list.catalog.repo.clone(),
        root: list.catalog.root.clone(),
        branch: list.branch.clone(),
        store: store.map(|place| place.with_password_of(&|name| std::env::var(name).ok())),
        name: list.name.clone(),
        key: None,
        now: Timestamp::now(),
    })
}

/// The same where the daemon's configuration says where everything is; what the command line says besides goes before it.
fn configured(list: &ListArgs, file: &Path) -> Result<RunsRequest, CommandError> {
    let repo = Some(&list.catalog.repo).filter(|repo| repo.as_path() != Path::new(".")).map(|repo| repo.display().to_string());
    let root = Some(list.catalog.root.clone()).filter(|root| !root.is_empty());
    let said = [
        ("config", Some(file.display().to_string())),
        ("path", repo),
        ("root", root),
        ("branch", list.branch.clone()),
        ("store", list.store.clone()),
        ("name", list.name.clone()),
    ];
    let flags = said.into_iter().filter_map(|(key, said)| said.map(|said| (key, said)));
    let (config, name) = serve::Args::saying(flags).config_of_one()?;
    let mut meant =
        config.repositories.into_iter().filter(|repository| name.as_ref().is_none_or(|name| repository.name == *name));
    match (meant.next(), meant.next(), &name) {
        (Some(repository), None, _) => Ok(RunsRequest {
            key: Some(RepositoryKey::new(repository.key())),
            repo: repository.path,
            root: repository.root,
            branch: Some(repository.branch),
            store: Some(config.store),
            name: None,
            now: Timestamp::now(),
        }),
        (None, _, Some(name)) => Err(CommandError::usage(format!("no repository is called `{name}` in the configuration"))),
        (None, _, None) => Err(CommandError::usage("the configuration names no repository")),
        (Some(_), Some(_), _) => {
            Err(CommandError::usage("the configuration names several repositories").hint("--name says which of them is meant"))
        }
    }
}
