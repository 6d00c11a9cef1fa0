//! The command line: one file a subcommand, each with its `Args` and `run`.

mod can;
mod check;
mod completions;
mod error;
mod facts_file;
mod judging;
mod options;
mod output;
mod runs;
mod simulate;

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
    /// When to use colours.
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN", env = "PORTCULLIS_COLOR")]
    pub color: Color,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  portcullis check                          judge the working tree, as whoever git says you are
  portcullis check --head my-branch         judge a branch against the watched branch
  portcullis can alice@acme.dev update Env/prod --property slackChannelUrl
  portcullis simulate --repo . facts.json   the verdict on a pull request, from a file of facts

Exit codes:
  0  nothing stands against it, or it waits for approval
  1  findings
  2  could not judge";

/// One file each; `main` is one match over these.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Judge a range of commits, a branch, or the working tree.
    Check(check::Args),
    /// Give the verdict on a pull request from a file of facts.
    Simulate(simulate::Args),
    /// Say whether somebody may do something, and why.
    Can(can::Args),
    /// List the runs of a repository, or show one.
    Runs(runs::Args),
    /// Write completions for a shell.
    Completions(completions::Args),
}

/// Runs the command that was asked for.
///
/// # Errors
/// Whatever kept it from an answer; the caller reports it and exits with [`ErrorKind::exit_code`].
pub fn run(cli: &Cli) -> Result<Outcome, CommandError> {
    match &cli.command {
        Command::Check(args) => check::run(args, cli.color),
        Command::Simulate(args) => simulate::run(args, cli.color),
        Command::Can(args) => can::run(args, cli.color),
        Command::Runs(args) => runs::run(args, cli.color),
        Command::Completions(args) => completions::run(args),
    }
}
