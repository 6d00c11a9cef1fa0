//! Writes to standard output: colour only where it is wanted, and a reader who has gone away is no error.

use std::io::{ErrorKind, Write as _};

use clap::ValueEnum;

use super::CommandError;

/// When to use colours.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether standard output is to have colours.
    pub(super) fn on_stdout(self) -> bool {
        self.on(&std::io::stdout())
    }

    /// Whether standard error is to have colours.
    pub(super) fn on_stderr(self) -> bool {
        self.on(&std::io::stderr())
    }

    fn on(self, stream: &impl anstream::stream::RawStream) -> bool {
        match self {
            Self::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Prints all of it at once.
pub(super) fn print(text: &str) -> Result<(), CommandError> {
    // Whoever read the first lines has seen enough; the verdict stands all the same.
    print_while_read(text).map(drop)
}

/// The same, and whether somebody still reads.
pub(super) fn print_while_read(text: &str) -> Result<bool, CommandError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(CommandError::could_not_judge("cannot write to standard output").because(&error)),
    }
}

/// Says something on standard error; where nobody listens, nothing is lost but the words.
pub(super) fn print_error(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}
