//! The formats a verdict is printed in.

use super::{Report, github, json, markdown, sarif, text};

/// How a verdict is printed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// For people at a terminal.
    Text,
    /// The contract of `docs/verdict.md`.
    Json,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// Workflow commands of GitHub Actions: annotations on the lines of a pull request.
    Github,
    /// For a comment.
    Markdown,
}

/// The whole output, ending in a line break. `styled` puts ANSI colours into text, and nothing else.
pub fn render(format: Format, report: &Report<'_>, styled: bool) -> String {
    match format {
        Format::Text => text(report, styled),
        Format::Json => json(report),
        Format::Sarif => sarif(report),
        Format::Github => github(report),
        Format::Markdown => markdown(report),
    }
}
