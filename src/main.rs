//! The `portcullis` program: parse, dispatch, report what went wrong, exit.

use std::process::ExitCode;

use clap::Parser;
use portcullis::cli::{self, Cli, Command};

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    let Cli { color, command } = Cli::parse();
    let result = match &command {
        Command::Check(args) => cli::check::run(args, color),
        Command::Simulate(args) => cli::simulate::run(args, color),
        Command::Can(args) => cli::can::run(args, color),
        Command::Diff(args) => cli::diff::run(args, color),
        Command::Explain(args) => cli::explain::run(args, color),
        Command::Show(args) => cli::show::run(args),
        Command::Runs(args) => cli::runs::run(args, color),
        Command::Outbox(args) => cli::outbox::run(args, color),
        Command::Serve(args) => cli::serve::run(args, color),
        Command::Accept(args) => cli::accept::run(args, color),
        Command::Github(args) => cli::github::run(args, color),
        Command::Hook(args) => cli::hook::run(args, color),
        Command::Demo(args) => cli::demo::run(args, color),
        Command::Schema(args) => cli::schema::run(args),
        Command::Init(args) => cli::init::run(args),
        Command::Import(args) => cli::import::run(args, color),
        Command::Completions(args) => cli::completions::run(args),
        Command::JqWorker(args) => cli::jq_worker::run(args),
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(error) => error.exit(color),
    }
}
