//! `portcullis import`: documents of Port and Backstage into a repository.

mod collect;
mod directory;
mod words;

use std::path::PathBuf;

use crate::catalog::{Catalog, FileDelta, parse_file};
use crate::check::{Conclusion, Verdict};
use crate::import::{Existing, Missing, Origin, Plan, translate};
use crate::model::{FilePath, Identifier, Timestamp};
use crate::report::{self, Report};

use super::{Color, CommandError, Outcome, jq_worker, output, standing};

use directory::Directory;

/// The arguments of `portcullis import`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    origin: From,
}

/// Whose documents they are.
#[derive(clap::Subcommand, Debug)]
enum From {
    /// Import what Port exports: its API's answers, the exports of its tools, single documents.
    ///
    /// Blueprints, entities, actions of both versions, permissions, users and teams are found wherever they stand in the JSON.
    #[command(after_long_help = PORT)]
    Port(PortArgs),
    /// Import Backstage's `catalog-info.yaml`, with blueprints for its kinds.
    ///
    /// Of a directory every YAML file is read that has a document of Backstage in it.
    #[command(after_long_help = BACKSTAGE)]
    Backstage(BackstageArgs),
}

const PORT: &str = "\
Examples:
  portcullis import port port-export.json --out catalog      an export of Port's command line
  curl … https://api.port.io/v1/blueprints | portcullis import port -
  portcullis import port domains.json --blueprint Domain     entities that do not say their blueprint
  portcullis import port permissions/Env.json                an answer of /v1/blueprints/Env/permissions

Exit codes:
  0  everything is imported, and the result is clean
  1  something is kept out, or the result has errors
  2  could not be done, and nothing is written";

const BACKSTAGE: &str = "\
Examples:
  portcullis import backstage catalog-info.yaml --out catalog
  portcullis import backstage ~/src                          every document of Backstage below it

Exit codes:
  0  everything is imported, and the result is clean
  1  something is kept out, or the result has errors
  2  could not be done, and nothing is written";

#[derive(clap::Args, Debug)]
struct PortArgs {
    /// Files of JSON; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The blueprint of entities, actions and permissions that name none.
    #[arg(long, value_name = "NAME")]
    blueprint: Option<Identifier>,
    /// The action of permissions that name none.
    #[arg(long, value_name = "NAME")]
    action: Option<Identifier>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(clap::Args, Debug)]
struct BackstageArgs {
    /// Files of YAML, and directories; `-` is standard input.
    #[arg(required = true, value_name = "FILE|DIR")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(clap::Args, Debug)]
struct PlaceArgs {
    /// The catalog's directory; nothing is ever written outside of it.
    #[arg(long, value_name = "DIR", default_value = ".")]
    out: PathBuf,
    /// Write nothing; say what would be written, and how the result would be judged.
    #[arg(long)]
    dry_run: bool,
    /// Write over files that hold no document.
    #[arg(long)]
    force: bool,
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from reading or writing; then nothing has been imported.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let (origin, inputs, mut missing, place) = match &args.origin {
        From::Port(args) => {
            let missing = Missing { blueprint: args.blueprint.clone(), action: args.action.clone(), force: false };
            (Origin::Port, collect::files(&args.files)?, missing, &args.place)
        }
        From::Backstage(args) => {
            (Origin::Backstage, collect::files_and_directories(&args.files)?, Missing::default(), &args.place)
        }
    };
    missing.force = place.force;
    let directory = Directory::open(&place.out);
    let existing = Existing::read(directory.files()?);
    let plan = translate(origin, &inputs, &existing, &missing);
    directory.must_not_be_led_astray(&plan)?;
    if !place.dry_run {
        directory.write(&plan)?;
    }
    let files = result(&directory, &plan)?;
    let catalog = catalog(&files);
    let verdict = standing::judge(&catalog, Vec::new(), Timestamp::now());
    let mut told = words::told(&plan, place.dry_run, &place.out);
    told.push_str(&judged(&verdict, &files, color));
    output::print(&told)?;
    let clean = !plan.is_partial() && verdict.conclusion != Conclusion::Failure;
    Ok(if clean { Outcome::Clean } else { Outcome::Findings })
}

/// The files of the directory as they are once the plan is carried out.
fn result(directory: &Directory, plan: &Plan) -> Result<Vec<(FilePath, Vec<u8>)>, CommandError> {
    let mut files = directory.files()?;
    for file in &plan.files {
        files.retain(|(path, _)| *path != file.path);
        files.push((file.path.clone(), file.text.clone().into_bytes()));
    }
    files.sort();
    Ok(files)
}

/// The catalog of these files, by the limits of its own policy.
fn catalog(files: &[(FilePath, Vec<u8>)]) -> Catalog {
    let empty = Catalog::with_expressions(jq_worker::expressions());
    let put = |limits| files.iter().map(move |(path, bytes)| FileDelta::put(parse_file(path, bytes, limits)));
    let first = empty.policy().limits;
    let policy = files.iter().filter(|(path, _)| path.as_str() == "catalog.yaml");
    let limits = empty.apply(policy.map(|(path, bytes)| FileDelta::put(parse_file(path, bytes, &first)))).policy().limits;
    empty.apply(put(&limits))
}

/// What is wrong with the result; nothing where it is clean.
fn judged(verdict: &Verdict, files: &[(FilePath, Vec<u8>)], color: Color) -> String {
    if verdict.findings.is_empty() {
        return "The catalog is clean.\n".to_owned();
    }
    let read = |path: &FilePath| files.iter().find(|(known, _)| known == path).map(|(_, bytes)| bytes.clone());
    let report = Report::new(verdict, "", &read);
    format!("\n{}", report::text(&report, color.on_stdout()))
}
