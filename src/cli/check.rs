//! `portcullis check`: judge a range, a branch, or the working tree.

use std::path::PathBuf;

use crate::model::Timestamp;

use super::judging::JudgeRequest;
use super::options::{ActorOptions, CatalogOptions, Format};
use super::telling::{self, Telling};
use super::{Color, CommandError, Outcome, watch};

/// The arguments of `portcullis check`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// Files and directories to tell of, relative to the current directory; everything is judged all the same.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    catalog: CatalogOptions,
    /// The accepted revision, whose rules judge.
    #[arg(long, value_name = "REV")]
    base: Option<String>,
    /// The proposed revision.
    #[arg(long, value_name = "REV")]
    head: Option<String>,
    /// The watched branch: what --head is judged against where --base is not given [default: main, or else master].
    #[arg(long, value_name = "NAME", env = "PORTCULLIS_BRANCH")]
    branch: Option<String>,
    #[command(flatten)]
    actor: ActorOptions,
    /// How to print the verdict.
    #[arg(long, value_enum, default_value_t = Format::Text, value_name = "FORMAT")]
    format: Format,
    /// Tell the same mistake place by place, not once with a count (text, github, markdown).
    #[arg(long)]
    expand: bool,
    /// Print errors alone, and nothing where there are none (text); no progress.
    #[arg(long, short)]
    quiet: bool,
    /// Judge the working tree again whenever a file changes, until interrupted.
    #[arg(long, conflicts_with_all = ["base", "head"])]
    watch: bool,
}

const EXAMPLES: &str = "\
Examples:
  portcullis check                                   the working tree, before a commit
  portcullis check --head my-branch                  what merging my-branch would mean
  portcullis check --base origin/main --format json  HEAD against origin/main, for a program
  portcullis check --head my-branch --as bob@acme.dev --identity declared
                                                     were it Bob's
  portcullis check entities/Env teams/platform.yaml  only what stands there
  portcullis check --watch                           again whenever a file is saved";

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let (base, head) = range(args);
    let request = JudgeRequest {
        repo: args.catalog.repo.clone(),
        root: args.catalog.root.clone(),
        base,
        head,
        as_user: args.actor.as_user.clone(),
        identity: args.actor.identity.map(Into::into),
        facts: None,
        now: Timestamp::now(),
    };
    let telling = Telling {
        format: args.format.into(),
        color,
        paths: args.paths.clone(),
        expanded: args.expand,
        quiet: args.quiet,
        watching: args.watch,
    };
    if args.watch { watch::watch(&request, &telling) } else { telling::judge_and_print(&request, &telling) }
}

/// Base and head as the request means them; no head is the working tree.
fn range(args: &Args) -> (Option<String>, Option<String>) {
    match (&args.base, &args.head) {
        (None, None) => (None, None),
        (None, Some(head)) => (args.branch.clone(), Some(head.clone())),
        (Some(base), None) => (Some(base.clone()), Some("HEAD".to_owned())),
        (Some(base), Some(head)) => (Some(base.clone()), Some(head.clone())),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    #[test]
    fn what_is_left_out_has_one_meaning() {
        let of = |line: &str| {
            let (base, head) = range(&Line::try_parse_from(line.split(' ')).unwrap().args);
            (base.unwrap_or_default(), head.unwrap_or_default())
        };
        let expect = |base: &str, head: &str| (base.to_owned(), head.to_owned());
        assert_eq!(of("check"), expect("", ""));
        assert_eq!(of("check --branch trunk"), expect("", ""));
        assert_eq!(of("check --head topic"), expect("", "topic"));
        assert_eq!(of("check --head topic --branch trunk"), expect("trunk", "topic"));
        assert_eq!(of("check --base v1"), expect("v1", "HEAD"));
        assert_eq!(of("check --base v1 --head topic"), expect("v1", "topic"));
    }
}
