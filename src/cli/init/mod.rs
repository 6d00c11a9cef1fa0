//! `portcullis init`: lays a new repository that its own check finds clean.

mod files;
mod founder;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::git::Repository;
use crate::model::Identifier;
use crate::report::defuse_inline;

use super::inside::stays_inside;
use super::options::Mode;
use super::{CommandError, Outcome, output};

use founder::Founder;

/// The arguments of `portcullis init`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  portcullis init catalog                              a repository in ./catalog, with you as its Admin
  portcullis init --identity declared                  without signatures, for a trial
  portcullis init --admin alice@acme.dev --signing-key ~/.ssh/id_ed25519.pub")]
pub struct Args {
    /// Where; made where it is not there.
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
    /// The email address of the first Admin [default: git's user.email].
    #[arg(long, value_name = "EMAIL")]
    admin: Option<Identifier>,
    /// The Admin's public key: a file or the key itself [default: git's user.signingkey, where gpg.format is ssh].
    #[arg(long, value_name = "KEY")]
    signing_key: Option<String>,
    /// How it is known who made a commit.
    #[arg(long, value_enum, default_value_t = Mode::Signature, value_name = "MODE", hide_possible_values = true)]
    identity: Mode,
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from laying all of it; then nothing is laid, or what was is named.
pub fn run(args: &Args) -> Result<Outcome, CommandError> {
    let dir = made(&args.dir)?;
    let founder = Founder::find(&dir, args.admin.as_ref(), args.signing_key.as_deref(), args.identity)?;
    let is_new = Repository::discover(&dir).is_err();
    let (top, root) = if is_new { (dir.clone(), String::new()) } else { place(&dir)? };
    let laid = files::files(&founder, args.identity, &root);
    let here = |path: &str| if let Some(path) = path.strip_prefix(files::TOP) { top.join(path) } else { dir.join(path) };
    let mut told = String::new();
    let mut writes = Vec::new();
    for (path, text) in laid {
        let at = here(&path);
        stays_inside(&top, &at)?;
        match at.symlink_metadata() {
            Err(_) => writes.push((at, text)),
            Ok(_) if files::MAY_BE_THERE.contains(&path.as_str()) => {
                told.push_str(&format!("kept {}\n", shown(&at, &top)));
            }
            Ok(_) => {
                return Err(CommandError::could_not_judge(format!("{} is there already, and is not written over", at.display()))
                    .hint("init lays a new catalog; to bring documents into one that is there, use `portcullis import`"));
            }
        }
    }
    if is_new {
        git(&dir, &["init", "-q", "-b", "main"])?;
    }
    for (at, text) in &writes {
        let failed =
            |error: std::io::Error| CommandError::could_not_judge(format!("cannot write {}", at.display())).because(&error);
        at.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        fs::write(at, text).map_err(failed)?;
        told.push_str(&format!("wrote {}\n", shown(at, &top)));
    }
    told.push('\n');
    told.push_str(&next_steps(args, &founder, &root));
    output::print(&told)?;
    Ok(Outcome::Clean)
}

fn made(dir: &Path) -> Result<PathBuf, CommandError> {
    let failed = |error: std::io::Error| CommandError::could_not_judge(format!("cannot use {}", dir.display())).because(&error);
    fs::create_dir_all(dir).map_err(failed)?;
    dir.canonicalize().map_err(failed)
}

/// The top of the repository that the directory lies in, and the way from there to it.
fn place(dir: &Path) -> Result<(PathBuf, String), CommandError> {
    let repository = Repository::discover(dir).map_err(|error| CommandError::could_not_judge(error.to_string()))?;
    let Some(top) = repository.workdir().and_then(|top| top.canonicalize().ok()) else {
        return Err(
            CommandError::could_not_judge("a bare repository has no work tree to lay a catalog in").hint("run it in a clone")
        );
    };
    let root = dir.strip_prefix(&top).ok().and_then(Path::to_str).map(|root| root.replace('\\', "/")).unwrap_or_default();
    // It goes into a command line of a workflow and of a hook.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-');
    if !root.chars().all(plain) || root.starts_with('-') {
        return Err(CommandError::usage(format!("`{root}` would have to be quoted wherever it is named"))
            .hint("choose a directory of letters, digits, dots, dashes and underscores"));
    }
    Ok((top, root))
}

fn shown(at: &Path, top: &Path) -> String {
    defuse_inline(&at.strip_prefix(top).unwrap_or(at).display().to_string())
}

/// Runs git in a directory; what it prints.
fn git(dir: &Path, args: &[&str]) -> Result<String, CommandError> {
    let output = Command::new("git").current_dir(dir).args(args).output();
    let output =
        output.map_err(|error| CommandError::could_not_judge("git cannot be started").because(&error).hint("install git"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(CommandError::could_not_judge(format!("`git {}` failed", args.join(" "))).hint(said.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}

fn next_steps(args: &Args, founder: &Founder, root: &str) -> String {
    let at = args.dir.display().to_string();
    let enter = if at == "." { String::new() } else { format!("  cd {}\n", defuse_inline(&at)) };
    let option = if root.is_empty() { String::new() } else { format!(" --root {root}") };
    let signed = if founder.key.is_some() { " -S" } else { "" };
    let always = if founder.key.is_some() {
        "  git config commit.gpgSign true            every commit is signed from now on\n"
    } else {
        ""
    };
    let account = if args.identity == Mode::Forge {
        "  $EDITOR users/*.yaml                      say which account on GitHub is yours: without, nobody may change anything\n"
    } else {
        ""
    };
    format!(
        "{} is the Admin. Next:\n\
         {enter}\
         {account}\
         \x20 portcullis check{option}\n\
         \x20 git add -A && git commit{signed} -m \"Begin the catalog\"\n\
         {always}\
         \x20 pre-commit install                        check before every commit (pre-commit.com)\n\
         \x20 portcullis schema{option}                         completion and validation in your editor\n\
         The workflow for GitHub needs an image with Portcullis in it; README.md says how to make one.\n",
        defuse_inline(founder.email.as_str())
    )
}
