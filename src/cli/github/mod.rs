//! `portcullis github`: setting up what GitHub has to know, and finding out what is not right there.

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
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let _ = color;
    match &args.command {
        GithubCommand::Setup(args) => setup::run(args),
    }
}
