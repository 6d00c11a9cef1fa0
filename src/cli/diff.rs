//! `portcullis diff`: what two revisions mean differently, who owns it and who did it.

use std::collections::BTreeMap;

use clap::ValueEnum;

use crate::check::Target;
use crate::check::difference::{Difference, anonymous_difference, difference};
use crate::facts::{Ask, FactsError, Head, Workspace};
use crate::git::GitError;
use crate::model::{CommitId, IdentityMode, Timestamp};
use crate::report::{Differing, difference_json, difference_markdown, difference_text};

use super::judging::{Place, cannot_judge};
use super::options::{CatalogOptions, Mode};
use super::{Color, CommandError, Outcome, output};

/// The arguments of `portcullis diff`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis diff                           the working tree against HEAD
  portcullis diff main my-branch            what my-branch means differently from main
  portcullis diff v1 v2 -- Env permissions  only environments and permissions
  portcullis diff HEAD~5 HEAD --format json")]
pub struct Args {
    /// The earlier revision.
    #[arg(default_value = "HEAD")]
    base: String,
    /// The later revision; otherwise the working tree.
    head: Option<String>,
    /// Only these: subjects (`Env/prod`, `Env`), directories or files (`permissions`, `entities/Env/prod.yaml`).
    #[arg(last = true, value_name = "WHAT")]
    only: Vec<String>,
    #[command(flatten)]
    catalog: CatalogOptions,
    /// How actors are known, instead of what `catalog.yaml` of the earlier revision says.
    #[arg(long, value_name = "MODE", value_enum)]
    identity: Option<Mode>,
    /// How to print it.
    #[arg(long, value_enum, default_value_t = DiffFormat::Text, value_name = "FORMAT")]
    format: DiffFormat,
    /// Exit with 1 where anything differs.
    #[arg(long)]
    exit_code: bool,
}

/// How a difference is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum DiffFormat {
    /// For people.
    Text,
    /// For programs; docs/cli.md documents it.
    Json,
    /// For a comment.
    Markdown,
}

/// Runs it.
///
/// # Errors
/// Whatever kept the revisions from being compared.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let place = Place::open(&args.catalog.repo, &args.catalog.root)?;
    let resolve = |rev: &str| place.repository.resolve(rev).map_err(|error| cannot_judge(&error.into()));
    let base = resolve(&args.base)?;
    let head = args.head.as_deref().map(resolve).transpose()?;
    let email = place.repository.current_user_email().unwrap_or_default();
    let (mut found, unattributed) =
        compare(&place.workspace, base, head, email, args.identity.map(Into::into)).map_err(|error| cannot_judge(&error))?;
    restrict(&mut found, &args.only, place.workspace.root());
    let differs = !found.subjects.is_empty() || !found.unread.is_empty();
    let of = Differing { base, head, difference: found, root: place.workspace.root().to_owned(), unattributed };
    output::print(&match args.format {
        DiffFormat::Text => difference_text(&of, color.on_stdout()),
        DiffFormat::Json => difference_json(&of),
        DiffFormat::Markdown => difference_markdown(&of),
    })?;
    Ok(if differs && args.exit_code { Outcome::Findings } else { Outcome::Clean })
}

/// The difference, and why nobody is named for it, where that is so.
fn compare(
    workspace: &Workspace,
    base: CommitId,
    head: Option<CommitId>,
    email: String,
    identity: Option<IdentityMode>,
) -> Result<(Difference, Option<String>), FactsError> {
    let now = Timestamp::now();
    let ask = Ask {
        performed: crate::check::Performed::default(),
        withdrawn: BTreeMap::new(),
        target: if head.is_some() { Target::PullRequest } else { Target::WorkingTree },
        base,
        base_is_valid: false,
        head: head.map_or(Head::WorkingTree { email }, Head::Commit),
        identity,
        as_user: None,
        pull_request: None,
        branch: None,
        members: BTreeMap::new(),
        received: BTreeMap::new(),
        first_seen: None,
        now,
    };
    match workspace.propose(&ask) {
        Ok(proposed) => {
            let many = proposed.proposal.findings.iter().find(|finding| finding.rule == "limit/commits");
            let why = many.map(|finding| finding.message.clone());
            Ok((difference(&proposed.proposal), why))
        }
        // Revisions of two histories can be compared all the same.
        Err(FactsError::Git(GitError::Unrelated(..))) => {
            let at = |commit| workspace.snapshot(commit).map(|snapshot| snapshot.catalog);
            let found = anonymous_difference(&at(base)?, &at(head.unwrap_or(base))?);
            Ok((found, Some("the two revisions share no history".to_owned())))
        }
        Err(error) => Err(error),
    }
}

/// Keeps what is asked about. Files may be named from the top of the repository or of the catalog.
fn restrict(found: &mut Difference, only: &[String], root: &str) {
    if only.is_empty() {
        return;
    }
    let names: Vec<&str> = only
        .iter()
        .map(|name| {
            let name = name.strip_prefix("./").unwrap_or(name);
            let inside = name.strip_prefix(root).and_then(|rest| rest.strip_prefix('/'));
            inside.filter(|_| !root.is_empty()).unwrap_or(if name == root { "" } else { name })
        })
        .collect();
    found.subjects.retain(|one| names.iter().any(|name| one.is_under(name)));
    let below = |file: &str, name: &str| {
        let name = name.trim_end_matches('/');
        name.is_empty() || file.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    found.unread.retain(|(file, _)| names.iter().any(|name| below(file.as_str(), name)));
}
