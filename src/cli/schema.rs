//! `portcullis schema`: JSON Schemas for editors, and the settings that wire them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::ValueEnum;

use crate::catalog::Catalog;
use crate::check::Target;
use crate::editor::{self, References, SchemaFile, SettingsError, Wiring};
use crate::facts::{Ask, Head};
use crate::model::Timestamp;

use super::inside::stays_inside;
use super::judging::{self, Place, cannot_judge};
use super::options::CatalogOptions;
use super::{CommandError, Outcome, output};

/// The arguments of `portcullis schema`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis schema                          write .portcullis/schemas and wire VS Code and the editors of JetBrains
  portcullis schema --editors none           write the schemas alone
  portcullis schema --check                  exit 1 where a file is out of date, and write nothing
  portcullis schema --kind entity.Env        print one schema

Exit codes:
  0  everything is written, or up to date
  1  with --check: something is out of date
  2  could not be done")]
pub struct Args {
    #[command(flatten)]
    catalog: CatalogOptions,
    /// Where the schemas go, inside the work tree.
    #[arg(long, value_name = "DIR", default_value = ".portcullis/schemas")]
    out: String,
    /// Print the schema of this name, such as `blueprint`, `entity.Env` or `run.deploy`, and write nothing.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["check", "dry_run"])]
    kind: Option<String>,
    /// The revision whose blueprints, actions and names count [default: the files of the working tree].
    #[arg(long, value_name = "REV")]
    rev: Option<String>,
    /// Which editors to wire: any of vscode, jetbrains; or none.
    #[arg(long, value_name = "EDITORS", value_enum, value_delimiter = ',', default_values_t = [Editor::Vscode, Editor::Jetbrains], hide_possible_values = true)]
    editors: Vec<Editor>,
    /// Whether a name that the catalog does not have is shown as wrong (known), or taken (any).
    #[arg(long, value_enum, default_value_t = Names::Known, value_name = "NAMES", hide_possible_values = true)]
    references: Names,
    /// Write nothing; exit 1 where something is out of date.
    #[arg(long)]
    check: bool,
    /// Write nothing; say what would change.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Editor {
    /// `.vscode/settings.json`
    Vscode,
    /// `.idea/jsonSchemas.xml`
    Jetbrains,
    /// No settings at all.
    None,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Names {
    Known,
    Any,
}

/// Old settings, where there are some, and what is to be wired, to new settings.
type Wire = fn(Option<&str>, &Wiring<'_>) -> Result<String, SettingsError>;

/// Runs it.
///
/// # Errors
/// Whatever kept it from writing.
pub fn run(args: &Args) -> Result<Outcome, CommandError> {
    let place = Place::open(&args.catalog.repo, &args.catalog.root)?;
    let catalog = catalog(args, &place)?;
    if catalog.file_count() == 0 {
        return Err(CommandError::could_not_judge(
            "there is no catalog here: no file under blueprints/, entities/, users/ and so on",
        )
        .hint("where the catalog lives in a subdirectory, name it with --root"));
    }
    let references = if args.references == Names::Known { References::Known } else { References::Any };
    let files = editor::schemas(&catalog, references);
    if let Some(name) = &args.kind {
        return print_one(&files, name);
    }
    let Some(top) = place.repository.workdir() else {
        return Err(CommandError::could_not_judge("a bare repository has no work tree to write schemas into")
            .hint("print one schema with --kind, or run it in a clone"));
    };
    let mut changes = changes(args, top, &place, &files)?;
    changes.retain(|change| change.new != change.old);
    let wrote = !args.check && !args.dry_run;
    let mut told = String::new();
    for change in &changes {
        if wrote {
            change.make(top)?;
        }
        told.push_str(&format!("{} {}\n", change.verb(wrote), change.path));
    }
    let kinds = files.len();
    told.push_str(&match changes.len() {
        0 => format!("{kinds} schemas, all up to date\n"),
        n => format!(
            "{kinds} schemas; {n} {} {}\n",
            if n == 1 { "file" } else { "files" },
            if wrote { "changed" } else { "out of date" }
        ),
    });
    output::print(&told)?;
    Ok(if args.check && !changes.is_empty() { Outcome::Findings } else { Outcome::Clean })
}

/// The catalog at a revision, or of the working tree.
fn catalog(args: &Args, place: &Place) -> Result<Catalog, CommandError> {
    if let Some(rev) = &args.rev {
        return Ok(judging::revision(&args.catalog.repo, &args.catalog.root, rev)?.catalog);
    }
    let head = place.repository.resolve("HEAD").map_err(|error| cannot_judge(&error.into()).hint("make a first commit"))?;
    if place.repository.workdir().is_none() {
        return place.workspace.snapshot(head).map(|snapshot| snapshot.catalog).map_err(|error| cannot_judge(&error));
    }
    let ask = Ask {
        performed: crate::check::Performed::default(),
        withdrawn: BTreeMap::new(),
        target: Target::WorkingTree,
        base: head,
        base_is_valid: false,
        head: Head::WorkingTree { email: String::new() },
        identity: None,
        as_user: None,
        pull_request: None,
        branch: None,
        members: BTreeMap::new(),
        received: BTreeMap::new(),
        first_seen: None,
        now: Timestamp::now(),
    };
    place.workspace.propose(&ask).map(|proposed| proposed.proposal.merged.0).map_err(|error| cannot_judge(&error))
}

fn print_one(files: &[SchemaFile], name: &str) -> Result<Outcome, CommandError> {
    let wanted = name.strip_suffix(".json").unwrap_or(name);
    match files.iter().find(|file| file.name.strip_suffix(".json") == Some(wanted)) {
        Some(file) => output::print(&editor::text(&file.schema)).map(|()| Outcome::Clean),
        None => {
            let known: Vec<&str> = files.iter().filter_map(|file| file.name.strip_suffix(".json")).collect();
            let hint = match crate::catalog::nearest(wanted, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("there are: {}", known.join(", ")),
            };
            Err(CommandError::usage(format!("there is no schema `{wanted}`")).hint(hint))
        }
    }
}

/// A file that is to be written, or removed where there is no new text.
struct Change {
    path: String,
    old: Option<String>,
    new: Option<String>,
}

impl Change {
    fn verb(&self, done: bool) -> &'static str {
        match (&self.old, &self.new, done) {
            (_, None, true) => "removed",
            (_, None, false) => "would remove",
            (None, Some(_), true) => "wrote",
            (None, Some(_), false) => "would write",
            (Some(_), Some(_), true) => "changed",
            (Some(_), Some(_), false) => "would change",
        }
    }

    /// Beside the file and then into its place, so that an editor never reads half of it.
    fn make(&self, top: &Path) -> Result<(), CommandError> {
        let path = top.join(&self.path);
        let failed =
            |error: std::io::Error| CommandError::could_not_judge(format!("cannot write {}", path.display())).because(&error);
        let Some(new) = &self.new else { return fs::remove_file(&path).map_err(failed) };
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory).map_err(failed)?;
            let mut beside = tempfile_name(&path);
            fs::write(&beside, new).map_err(failed)?;
            fs::rename(&beside, &path).map_err(|error| {
                let _ = fs::remove_file(std::mem::take(&mut beside));
                failed(error)
            })?;
        }
        Ok(())
    }
}

fn tempfile_name(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.new", std::process::id()))
}

fn changes(args: &Args, top: &Path, place: &Place, files: &[SchemaFile]) -> Result<Vec<Change>, CommandError> {
    let out = args.out.trim_matches('/').replace('\\', "/");
    let out = out.strip_prefix("./").unwrap_or(&out).to_owned();
    if out.is_empty() || args.out.starts_with('/') || out.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(CommandError::usage(format!("`{}` is no directory inside the work tree", args.out)));
    }
    stays_inside(top, &top.join(&out))?;
    let mut changes = Vec::new();
    for file in files {
        let path = format!("{out}/{}", file.name);
        changes.push(Change { old: read(top, &path)?, path, new: Some(editor::text(&file.schema)) });
    }
    for gone in fs::read_dir(top.join(&out)).into_iter().flatten().flatten() {
        let name = gone.file_name().to_string_lossy().into_owned();
        let path = format!("{out}/{name}");
        if name.ends_with(".json") && !files.iter().any(|file| file.name == name) {
            let old = read(top, &path)?;
            if old.as_ref().is_some_and(|text| text.contains(editor::MARK)) {
                changes.push(Change { path, old, new: None });
            }
        }
    }
    let wiring = Wiring { schemas: &out, root: place.workspace.root(), files };
    for editor in &args.editors {
        let (path, wired): (&str, Wire) = match editor {
            Editor::Vscode => (".vscode/settings.json", editor::vscode_settings),
            Editor::Jetbrains => (".idea/jsonSchemas.xml", editor::jetbrains_mappings),
            Editor::None => continue,
        };
        stays_inside(top, &top.join(path))?;
        let old = read(top, path)?;
        let new = wired(old.as_deref(), &wiring).map_err(|error| {
            CommandError::could_not_judge(format!("{path} is left as it is")).because(&error).hint(
                "mend the file, or write the schemas alone with --editors none and wire them by hand; docs/editors.md says how",
            )
        })?;
        changes.push(Change { path: path.to_owned(), old, new: Some(new) });
    }
    Ok(changes)
}

fn read(top: &Path, path: &str) -> Result<Option<String>, CommandError> {
    stays_inside(top, &top.join(path))?;
    match fs::read_to_string(top.join(path)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CommandError::could_not_judge(format!("cannot read {path}")).because(&error)),
    }
}
