//! `portcullis hook`: what a plain git server runs before it lets a push in.

mod judge;
mod lines;
mod transport;

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use crate::model::Timestamp;

use super::{Color, CommandError, Outcome, output};

/// The arguments of `portcullis hook`.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(subcommand)]
    hook: Hook,
}

/// The hooks of git that there are.
#[derive(clap::Subcommand, Debug)]
enum Hook {
    /// Judge a push before any ref moves: refuse it, or let it in.
    ///
    /// Git runs it in the repository that is pushed to and tells it on standard input what would move. What would land on a
    /// watched branch is judged by the branch as it stands, as the user whom the server names; everything else passes.
    /// Nothing is written. Any exit code but 0 refuses the whole push. docs/pre-receive.md says how to install it.
    PreReceive(PreReceive),
}

#[derive(clap::Args, Clone, Debug)]
#[command(after_long_help = "\
Example, as hooks/pre-receive of a bare repository:
  #!/bin/sh
  exec portcullis hook pre-receive --branch main

Exit codes:
  0  let in
  1  refused: what stands against it is on standard error
  2  refused: it could not be judged")]
struct PreReceive {
    /// Who pushes, instead of whom GL_USER, GL_USERNAME or REMOTE_USER names: an address of the roster.
    #[arg(long = "as", value_name = "USER")]
    as_user: Option<String>,
    /// The domain of names that have none: with `acme.dev`, `alice` is alice@acme.dev.
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// A watched branch; may be repeated. Otherwise `main`, `master`, and the branch that HEAD names.
    #[arg(long = "branch", value_name = "NAME")]
    branches: Vec<String>,
    /// The repository that is pushed to; otherwise the one that git runs the hook in.
    #[arg(long, value_name = "DIR")]
    repo: Option<std::path::PathBuf>,
    /// The catalog's directory inside the repository, where it is not the top.
    #[arg(long, value_name = "SUBDIR", default_value = "", hide_default_value = true)]
    root: String,
    /// How long the judgement may take, in seconds; a push that takes longer is refused.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
}

/// Runs it.
///
/// # Errors
/// Whatever kept the push from being judged. It is refused then.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let Hook::PreReceive(args) = &args.hook;
    // A thread of its own, so that neither a clock that runs out nor a fault of ours ever lets anything in.
    let (tell, told) = mpsc::channel();
    let (limit, args) = (Duration::from_secs(args.timeout), args.clone());
    // What git shows to the pusher is no terminal of ours: colours only where they are asked for.
    let styled = color == Color::Always;
    std::thread::spawn(move || tell.send(pre_receive(&args, styled)));
    let (text, outcome) = match told.recv_timeout(limit) {
        Ok(judged) => judged?,
        Err(RecvTimeoutError::Timeout) => {
            return Err(CommandError::could_not_judge(format!(
                "the push could not be judged within {} seconds",
                limit.as_secs()
            ))
            .hint("push less at once, or ask an operator to raise --timeout"));
        }
        Err(RecvTimeoutError::Disconnected) => return Err(CommandError::internal("the push could not be judged")),
    };
    output::print_error(&text);
    Ok(outcome)
}

/// What is said to the pusher, and whether the push is let in.
fn pre_receive(args: &PreReceive, styled: bool) -> Result<(String, Outcome), CommandError> {
    let surroundings = transport::Surroundings::of_the_process();
    let updates = lines::read(std::io::stdin().lock())?;
    judge::push(args, &surroundings, &updates, Timestamp::now(), styled)
}
