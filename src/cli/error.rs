//! What a command says when it cannot answer: one report with causes and hints, and an exit code.

use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use crate::report::{defuse_inline, defuse_paragraphs};

use super::Color;

/// Whose turn it is to mend it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// The command line, or a file it names, asks for something that makes no sense.
    Usage,
    /// The question makes sense, but the facts cannot be had: no such revision, not a repository.
    CouldNotJudge,
    /// A fault of ours.
    Internal,
}

impl ErrorKind {
    /// What the program exits with: 2 says that nothing was judged, for whatever reason.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage | Self::CouldNotJudge | Self::Internal => 2,
        }
    }
}

/// Why a command has no answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CommandError {
    kind: ErrorKind,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

impl CommandError {
    /// The question makes no sense.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Usage, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    /// The facts cannot be had.
    pub fn could_not_judge(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::CouldNotJudge, ..Self::usage(message) }
    }

    /// A fault of ours.
    pub fn internal(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Internal, ..Self::usage(message) }.hint("this is a fault of portcullis itself; please report it")
    }

    /// Because of this, and of what that was because of.
    #[must_use]
    pub fn because(mut self, cause: &dyn Error) -> Self {
        let mut next = Some(cause);
        while let Some(error) = next {
            let said = error.to_string();
            // An error that only passes another on says the same words, or ends with them.
            if self.causes.last().is_none_or(|last| !last.ends_with(&said)) {
                self.causes.push(said);
            }
            next = error.source();
        }
        self
    }

    /// What to try.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Whose turn it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The report, ending in a line break.
    pub fn text(&self, styled: bool) -> String {
        let paint = |code: &str, text: &str| if styled { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() };
        let mut out = format!("{} {}\n", paint("1;31", "error:"), defuse_paragraphs(&self.message));
        for cause in &self.causes {
            let _ = writeln!(out, "  {} {}", paint("1", "because:"), defuse_inline(cause));
        }
        for hint in &self.hints {
            let _ = writeln!(out, "  {} {}", paint("1;36", "hint:"), defuse_inline(hint));
        }
        out
    }

    /// Reports on standard error, and gives the code to exit with.
    pub fn exit(&self, color: Color) -> ExitCode {
        // Nobody is left to tell where standard error is closed.
        let _ = std::io::stderr().write_all(self.text(color.on_stderr()).as_bytes());
        ExitCode::from(self.kind.exit_code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("`{0}` names no commit here")]
    struct Unknown(&'static str, #[source] std::io::Error);

    #[test]
    fn causes_and_hints_stand_below_what_went_wrong() {
        let cause = Unknown("mian\u{1b}[2J", std::io::Error::other("no such ref"));
        let error = CommandError::could_not_judge("cannot find what to judge").because(&cause).hint("did you mean `main`?");
        insta::assert_snapshot!(error.text(false), @r"
        error: cannot find what to judge
          because: `mian\u{1b}[2J` names no commit here
          because: no such ref
          hint: did you mean `main`?
        ");
        assert_eq!(error.kind().exit_code(), 2);
    }
}
