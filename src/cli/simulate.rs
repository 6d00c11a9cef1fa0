//! `portcullis simulate`: the verdict on a pull request, from a file of facts.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::model::Timestamp;

use super::facts_file::FactsFile;
use super::judging::JudgeRequest;
use super::options::{ActorOptions, CatalogOptions, Format};
use super::telling::{self, Telling};
use super::{Color, CommandError, Outcome};

/// The arguments of `portcullis simulate`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    #[command(flatten)]
    catalog: CatalogOptions,
    /// The facts, as JSON; `-` reads standard input.
    #[arg(value_name = "FACTS.json")]
    facts: PathBuf,
    #[command(flatten)]
    actor: ActorOptions,
    /// How to print the verdict.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
}

const EXAMPLES: &str = "\
Example:
  portcullis simulate --repo . --format json facts.json

where facts.json holds, for instance:
  { \"base\": \"main\", \"head\": \"extend-env\", \"state\": \"open\",
    \"opener\": { \"login\": \"alice\", \"id\": 583231 },
    \"reviews\": [ { \"id\": 1, \"user\": { \"login\": \"bob\", \"id\": 583232 }, \"state\": \"APPROVED\",
                   \"commit\": \"<the reviewed commit>\", \"submitted_at\": \"2026-11-21T10:00:00Z\" } ] }";

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let facts = read(&args.facts)?;
    let Some(head) = facts.head.clone() else {
        return Err(CommandError::usage(format!("{} names no head", named(&args.facts)))
            .hint("add `\"head\": \"<revision>\"`: the proposed commit or branch"));
    };
    let request = JudgeRequest {
        repo: args.catalog.repo.clone(),
        root: args.catalog.root.clone(),
        base: facts.base.clone(),
        head: Some(head),
        as_user: args.actor.as_user.clone(),
        identity: args.actor.identity.map(Into::into),
        now: facts.now.unwrap_or_else(Timestamp::now),
        facts: Some(facts),
    };
    telling::judge_and_print(&request, &Telling::all(args.format.into(), color))
}

fn read(path: &Path) -> Result<FactsFile, CommandError> {
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut text).map(drop)
    } else {
        std::fs::File::open(path).and_then(|mut file| file.read_to_end(&mut text)).map(drop)
    };
    read.map_err(|error| CommandError::usage(format!("{} cannot be read", named(path))).because(&error))?;
    FactsFile::parse(&text).map_err(|error| {
        CommandError::usage(format!("{}:{}:{}: {}", path.display(), error.line, error.column, error.message))
            .hint("docs/cli.md says what a file of facts holds; what is left out is unknown")
    })
}

fn named(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}
