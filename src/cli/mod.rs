//! The command line: one file a subcommand, each with its `Args` and `run`.

pub mod accept;
pub mod can;
mod channels;
pub mod check;
pub mod completions;
pub mod daemon;
pub mod demo;
pub mod diff;
mod error;
pub mod explain;
mod facts_file;
#[cfg(test)]
mod facts_file_tests;
pub mod github;
pub mod hook;
pub mod import;
pub mod init;
mod inside;
pub mod jq_worker;
mod judging;
mod logging;
mod options;
pub mod outbox;
mod output;
mod paths;
mod performers;
mod progress;
pub mod runs;
pub mod schema;
pub mod serve;
pub mod show;
pub mod simulate;
mod standing;
mod store_place;
mod telling;
mod unborn;
mod watch;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use error::{CommandError, ErrorKind};
pub use facts_file::{FactsFile, FactsFileError};
pub use output::Color;

/// Exit codes: 0 clean or pending, 1 findings, 2 could not judge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// Nothing stands against it, or it waits for somebody: 0.
    Clean,
    /// Something stands against it: 1.
    Findings,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Clean => Self::SUCCESS,
            Outcome::Findings => Self::from(1),
        }
    }
}

/// Judges a software catalog in git: schemas, permissions, approvals.
#[derive(Parser, Debug)]
#[command(name = "portcullis", version, max_term_width = 110, after_long_help = EXAMPLES, propagate_version = true)]
pub struct Cli {
    /// When to use colours: auto (on a terminal, unless NO_COLOR is set), always or never.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t = Color::Auto,
        value_name = "WHEN",
        env = "PORTCULLIS_COLOR",
        hide_possible_values = true,
        hide_env_values = true,
        display_order = 900
    )]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  portcullis init catalog                       lay a new repository, with you as its Admin
  portcullis check                              judge the working tree, as whoever git says you are
  portcullis check --head my-branch             judge a branch against the watched branch
  portcullis explain permission/update          what a rule demands, and how to meet it
  portcullis can alice@acme.dev update Env/prod --property slackChannelUrl
  portcullis diff main my-branch                what a branch means differently
  portcullis simulate facts.json                the verdict on a pull request, from a file of facts

The guide is docs/README.md.

Exit codes:
  0  nothing stands against it, or it waits for approval
  1  findings
  2  could not judge";

/// One file each, in the order in which somebody needs them; `main` is one match over these.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Lay a new repository: its policy, an Admin, a blueprint with its permissions, and a check of every change.
    ///
    /// Nothing that is there is written over. docs/getting-started.md goes on from there.
    Init(init::Args),
    /// Turn documents of Port or of Backstage into a repository.
    ///
    /// One document a file, in an order that diffs well; a document that is there already is changed where it stands. What
    /// cannot be imported is named with the reason, and the result is judged. docs/import.md says what becomes of what.
    Import(import::Args),
    /// Judge a range of commits, a branch, or the working tree.
    ///
    /// Without --base and --head the files of the working tree are judged against HEAD, as the user whom git's `user.email`
    /// names: what a pre-commit hook wants. With --head alone that revision is judged against the watched branch; with
    /// --base alone, HEAD is judged against that revision.
    ///
    /// Where paths are given, everything is judged, and what stands in them is told; the exit code is then that of what is
    /// told, and the summary says what there is elsewhere.
    Check(check::Args),
    /// Say whether somebody may do something, by which rule, and who could.
    ///
    /// The answer is that of the permissions, roster and ownership at --rev. Exit code 0 says that it is allowed, 1 that it is
    /// not, 2 that there is no answer.
    Can(can::Args),
    /// Show an entity with its defaults, its derived properties, its owner and where it comes from.
    ///
    /// Derived properties are computed at --rev; $createdAt, $updatedAt, $createdBy and $updatedBy are told by its history.
    Show(show::Args),
    /// Tell two revisions apart by meaning: what changed, whose it is, and who did it.
    ///
    /// Comments, order, quoting and file names mean nothing and are not told. Nested values are told by their paths, entities
    /// with their effective owners, and each change with the last commit that set it and its actors. Without HEAD the files of
    /// the working tree are compared; without BASE, with HEAD's commit.
    Diff(diff::Args),
    /// Tell what a rule demands and why, with an example that breaks it and one that mends it.
    ///
    /// The rule is named as findings name it; a family, `yaml`, lists its rules. It is the same text as in docs/rules/.
    Explain(explain::Args),
    /// List the runs of a repository, show one, and move one by hand.
    ///
    /// Runs stand on the watched branch and in open review requests. `list` and `show` derive the state of each anew from git, the
    /// reviews, the roster and the clock; the other commands ask the daemon's store, which may be in use.
    Runs(runs::Args),
    /// List messages that could not be delivered, and have them tried again.
    Outbox(outbox::Args),
    /// Give the verdict on a pull request from a file of facts.
    ///
    /// The file says what a forge would tell: who opened it, who pushed, who reviewed which commit, and when. What it leaves
    /// out is unknown, and what is unknown grants nothing. docs/cli.md documents it.
    Simulate(simulate::Args),
    /// Write JSON Schemas for editors, and the settings that wire them.
    ///
    /// One schema for each kind of document, for the entities of each blueprint and for the runs of each action, so that editors
    /// complete and validate while somebody types. docs/editors.md says how to set up which editor. Settings that are there
    /// already are kept.
    Schema(schema::Args),
    /// Judge what is pushed to a plain git server, as one of its hooks.
    Hook(hook::Args),
    /// Run the daemon: watch repositories, judge what is pushed, post statuses.
    ///
    /// Options are said by flags, by the environment, or in portcullis.yaml; docs/configuration.md documents them. The daemon is
    /// ready when it logs `ready`.
    Serve(serve::Args),
    /// Accept the history of a watched branch that was rewritten.
    ///
    /// When the accepted revision is no ancestor of the branch's tip, nothing is applied until the branch is restored or a
    /// person accepts the new tip with this command.
    Accept(accept::Args),
    /// Set GitHub up, and find out what is not right there.
    Github(github::Args),
    /// Play the whole job in front of you, on a repository of its own.
    ///
    /// Lays a bare repository from the example catalog with fresh SSH keys, starts the daemon on it, and then pushes, asks for
    /// reviews and gives them with plain git, showing what the daemon answers each time.
    Demo(demo::Args),
    /// Write completions for a shell to standard output.
    Completions(completions::Args),
    /// Evaluate expressions for the program that started this one.
    #[command(name = crate::jq::SUBCOMMAND, hide = true)]
    JqWorker(jq_worker::Args),
}
