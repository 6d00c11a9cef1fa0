//! Options that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::model::{Identifier, IdentityMode};
use crate::report;

/// Which catalog.
#[derive(Args, Clone, Debug)]
pub(super) struct CatalogOptions {
    /// The repository: any directory inside a work tree, or a bare repository.
    #[arg(long, value_name = "DIR", default_value = ".", env = "PORTCULLIS_REPO")]
    pub(super) repo: PathBuf,
    /// The catalog's directory inside the repository, where it is not the top.
    #[arg(long, value_name = "SUBDIR", default_value = "", hide_default_value = true, env = "PORTCULLIS_ROOT")]
    pub(super) root: String,
}

/// Whom to judge as.
#[derive(Args, Clone, Debug)]
pub(super) struct ActorOptions {
    /// Judge every commit as this user, whoever made it.
    #[arg(long = "as", value_name = "USER")]
    pub(super) as_user: Option<Identifier>,
    /// How actors are known, instead of what `catalog.yaml` says.
    #[arg(long, value_name = "MODE", value_enum)]
    pub(super) identity: Option<Mode>,
}

/// The identity modes of spec 5.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Mode {
    /// By a signature with a key of the roster.
    Signature,
    /// By the forge's word.
    Forge,
    /// By the committer's email, believed.
    Declared,
}

impl From<Mode> for IdentityMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Signature => Self::Signature,
            Mode::Forge => Self::Forge,
            Mode::Declared => Self::Declared,
        }
    }
}

/// How a verdict is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    /// For people: each finding with its line and a caret, then a summary.
    Text,
    /// The contract of docs/verdict.md.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// For a comment.
    Markdown,
}

impl From<Format> for report::Format {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
            Format::Sarif => Self::Sarif,
            Format::Github => Self::Github,
            Format::Markdown => Self::Markdown,
        }
    }
}

/// How a list or an answer is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum ShortFormat {
    /// For people.
    Text,
    /// For programs.
    Json,
}
