//! The `portcullis` program: parse, dispatch, report what went wrong, exit.

use std::process::ExitCode;

use clap::Parser;
use portcullis::cli::{self, Cli};

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli::run(&cli) {
        Ok(outcome) => outcome.into(),
        Err(error) => error.exit(cli.color),
    }
}
