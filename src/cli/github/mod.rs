//! `portcullis github`: setting up what GitHub has to know, and finding out what is not right there.

mod connection;
mod discover;
mod doctor;
mod examine;
mod facts;
mod gather;
mod setup;

use super::{Color, CommandError, Outcome};

/// The arguments of `portcullis github`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    command: GithubCommand,
}

#[derive(clap::Subcommand, Debug)]
enum GithubCommand {
    /// Tell what a GitHub App for the daemon must be able to do, and how to register it.
    ///
    /// Prints each permission with its reason, a link on which everything is filled in, and the same as a manifest. Nothing is
    /// registered, and nothing is sent.
    Setup(setup::Args),
    /// Look at everything that the daemon needs of GitHub, and say what is wrong and how to mend it.
    ///
    /// Credentials, clock, permissions, webhook, branch protection, catalog and roster, by the configuration of the daemon. Nothing
    /// is changed.
    Doctor(Box<doctor::Args>),
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    match &args.command {
        GithubCommand::Setup(args) => setup::run(args),
        GithubCommand::Doctor(args) => doctor::run(args, color),
    }
}
