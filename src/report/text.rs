//! A verdict for people at a terminal.

use super::{Report, snippet, summary};

/// Every finding as a compiler draws it, then a summary. `styled` adds ANSI colours.
pub fn text(report: &Report<'_>, styled: bool) -> String {
    let mut out = String::new();
    for placed in &report.findings {
        out.push_str(&snippet::draw(placed, styled));
        out.push('\n');
    }
    out.push_str(&summary::summary(report, summary::Paint { styled }));
    out
}
