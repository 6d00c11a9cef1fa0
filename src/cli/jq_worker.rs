//! `portcullis jq-worker`: the child that evaluates expressions, started by the program itself and by nobody else.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use crate::jq::{self, Jq};
use crate::model::Expressions;

use super::{CommandError, Outcome};

/// The arguments of `portcullis jq-worker`, which are its bounds.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The address space, in bytes.
    #[arg(long)]
    memory: u64,
    /// The processor time of one question, in seconds.
    #[arg(long)]
    seconds: u64,
    /// The most that a program may yield, in bytes.
    #[arg(long)]
    output: usize,
    /// The longest question, in bytes.
    #[arg(long)]
    question: usize,
}

/// Runs it, until its parent hangs up.
///
/// # Errors
/// Where it cannot be bounded; its parent sees that it ends, and evaluates nothing.
pub fn run(args: &Args) -> Result<Outcome, CommandError> {
    jq::work(args.memory, args.seconds, args.output, args.question)
        .map(|()| Outcome::Clean)
        .map_err(|error| CommandError::could_not_judge("cannot evaluate expressions").because(&error))
}

/// The one evaluator of this process: the children it asks run this same program.
pub(super) fn expressions() -> Arc<dyn Expressions> {
    static EVALUATOR: OnceLock<Arc<Jq>> = OnceLock::new();
    // Where a system cannot say which program this is, what the name on the command line finds is tried; its greeting tells
    // whether it is one, and without it every expression is refused.
    let program = || std::env::current_exe().unwrap_or_else(|_| PathBuf::from("portcullis"));
    EVALUATOR.get_or_init(|| Arc::new(Jq::new(program()))).clone()
}
