//! A verdict for people at a terminal.

use super::{Report, fold, snippet, summary};

/// Every mistake as a compiler draws it, then a summary. `styled` adds ANSI colours. A quiet report holds the errors alone, and
/// is empty where there are none.
pub fn text(report: &Report<'_>, styled: bool) -> String {
    let mut out = String::new();
    for told in fold::told(report).iter().filter(|told| !report.quiet || told.first.finding.is_error()) {
        out.push_str(&snippet::draw(told, styled));
        out.push('\n');
    }
    if !report.quiet {
        out.push_str(&summary::summary(report, summary::Paint { styled }));
    }
    out
}
