//! What a server says to whoever pushes: plain lines that read well behind git's `remote:`.

use crate::check::Conclusion;
use crate::model::Finding;

use super::defuse::prose;
use super::fold::Told;
use super::place::{Sources, place_findings};
use super::summary::Paint;
use super::{Report, fold, snippet, text, words};

/// A ref that a push would move, and who pushes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushedRef {
    /// Its full name.
    pub name: String,
    /// Whom the server names.
    pub pusher: Option<String>,
}

impl PushedRef {
    fn line(&self, paint: Paint, conclusion: Conclusion, word: &str, why: &str) -> String {
        let who = self.pusher.as_deref().map_or_else(|| "somebody unknown".to_owned(), prose);
        format!("portcullis: {} {} of {who}{why}\n", paint.conclusion(conclusion, word), prose(&self.name))
    }
}

/// A push that was judged: all that was found where it is refused, and where it is let in what is worth knowing.
pub fn pushed(of: &PushedRef, report: &Report<'_>, let_in: bool, styled: bool) -> String {
    let paint = Paint { styled };
    if !let_in {
        let refused = of.line(paint, Conclusion::Failure, "refused", "");
        return format!("{}{refused}", text(report, styled));
    }
    let drawn: String = fold::told(report).iter().map(|told| snippet::draw(told, styled) + "\n").collect();
    let conclusion = report.verdict.conclusion;
    let why = format!(" ({})", words::conclusion_line(report));
    format!("{drawn}{}", of.line(paint, conclusion, "let in", &why))
}

/// A push that is refused before its commits are judged.
pub fn push_refused(of: &PushedRef, findings: &[Finding], root: &str, sources: &dyn Sources, styled: bool) -> String {
    let placed = place_findings(findings, root, sources);
    let drawn: String = placed.iter().map(|first| snippet::draw(&Told { first, others: Vec::new() }, styled) + "\n").collect();
    let why = match words::counts(&placed) {
        counts if counts.is_empty() => String::new(),
        counts => format!(" ({counts})"),
    };
    format!("{drawn}{}", of.line(Paint { styled }, Conclusion::Failure, "refused", &why))
}

/// The push of a first catalog, adopted.
pub fn push_adopted(of: &PushedRef, styled: bool) -> String {
    of.line(Paint { styled }, Conclusion::Success, "let in", " as the first catalog; from now on it judges what is pushed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FilePath;
    use crate::report::sample;

    fn of() -> PushedRef {
        PushedRef { name: "refs/heads/main".into(), pusher: Some("carol@acme.dev".into()) }
    }

    #[test]
    fn a_pusher_reads_what_stands_against_it() {
        let verdict = sample::failure();
        let refused = pushed(&of(), &Report::new(&verdict, "", &sample::sources), false, false);
        insta::assert_snapshot!("pushed_refused", refused);
        let verdict = sample::pending();
        insta::assert_snapshot!("pushed_pending", pushed(&of(), &Report::new(&verdict, "", &sample::sources), true, false));
    }

    #[test]
    fn what_is_refused_unjudged_is_told_without_raw_text() {
        let hostile = PushedRef { name: "refs/heads/\u{1b}[2J".into(), pusher: None };
        let findings = [Finding::error("push/deleted", "it may not be deleted\u{202e}").help("leave it")];
        let nothing = |_: &FilePath| None;
        insta::assert_snapshot!("push_refused", push_refused(&hostile, &findings, "", &nothing, false));
        insta::assert_snapshot!("push_adopted", push_adopted(&of(), false));
    }
}
