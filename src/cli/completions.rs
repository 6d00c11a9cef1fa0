//! `portcullis completions`: completions for a shell.

use clap::CommandFactory;
use clap_complete::Shell;

use super::{Cli, CommandError, Outcome, output};

/// The arguments of `portcullis completions`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = "\
Examples:
  bash   portcullis completions bash > ~/.local/share/bash-completion/completions/portcullis
  zsh    portcullis completions zsh > \"${fpath[1]}/_portcullis\"
  fish   portcullis completions fish > ~/.config/fish/completions/portcullis.fish")]
pub struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs it.
///
/// # Errors
/// Whatever kept it from an answer.
pub fn run(args: &Args) -> Result<Outcome, CommandError> {
    // Into memory first: the generator panics where its reader has gone away.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "portcullis", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Clean)
}
