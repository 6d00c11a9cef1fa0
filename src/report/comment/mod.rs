//! What a pull request shows of its judgement: the one comment that is edited in place, and the page of a check.

mod next;
mod page;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::check::{CheckName, Conclusion, Verdict, check_of, rules};
use crate::model::Span;

use super::fold::{self, Told};
use super::markdown::{self, code, escape};
use super::{Report, fit_description, words};
use page::Page;

/// Bytes of a comment: a forge takes 65,536 characters, and a little more may be put to it on the way.
const LONGEST_COMMENT: usize = 65_000;

/// Bytes of the page of a check.
const LONGEST_SUMMARY: usize = 65_535;

/// Bytes of one finding as it is; a longer one is told in brief.
const LONGEST_FINDING: usize = 4_000;

/// How many notes, and how many words of others, are told.
const MOST_ASIDES: usize = 8;

/// The first line of the comment, by which it is found again; nobody sees it.
const MARKER: &str = "<!-- portcullis -->\n";

/// What whoever posts the comment knows beside the verdict.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CommentOptions {
    /// Whether every rule that speaks is explained, and every refused change told by itself.
    pub why: bool,
    /// What others had put in our contexts, and has been overwritten.
    pub foreign: Vec<ForeignWord>,
    /// What else is worth a sentence: that a draft is not merged, that the forge has not told yet who pushed.
    pub notes: Vec<String>,
    /// Where the whole is read: an address of ours. Without one nothing is linked.
    pub url: Option<String>,
    /// The address below which the files of the judged commit are shown, `https://github.com/acme/catalog/blob/<commit>`: without one
    /// places are named and not linked.
    pub files: Option<String>,
}

/// A status in one of our contexts that somebody else had put there.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ForeignWord {
    /// In which context.
    pub context: String,
    /// Whose.
    pub by: String,
}

/// The page of a check.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckSummary {
    /// One line, of at most 140 characters.
    pub title: String,
    /// Markdown, of at most 65,535 bytes.
    pub summary: String,
}

/// The comment: Markdown of at most 65,000 bytes, whose first line is the hidden marker `<!-- portcullis -->`.
///
/// Whatever a stranger wrote makes no markup, no mention and no link in it. What finds no room is counted in a sentence.
pub fn comment(report: &Report<'_>, options: &CommentOptions) -> String {
    let mut page = Page::new(LONGEST_COMMENT);
    page.block(MARKER, "marker");
    page.block(&markdown::headline(report), "headline");
    body(page, report, options)
}

/// The comment where nothing could be judged; `why` is a clause.
pub fn comment_unjudged(why: &str, options: &CommentOptions) -> String {
    let mut page = Page::new(LONGEST_COMMENT);
    page.block(MARKER, "marker");
    let icon = markdown::icon(Conclusion::Failure);
    page.block(&format!("### {icon} Portcullis: this could not be judged\n\n{}\n\n", escape(why)), "headline");
    page.block(
        "Whatever was said of it before no longer holds. Push another commit, or comment `/portcullis recheck`.\n\n",
        "advice",
    );
    asides(&mut page, options);
    page.finish("")
}

/// What a check run shows on its page. Nothing in it depends on when it was made.
pub fn check_summary(report: &Report<'_>) -> CheckSummary {
    let page = Page::new(LONGEST_SUMMARY);
    CheckSummary {
        title: fit_description(&words::conclusion_line(report)),
        summary: body(page, report, &CommentOptions::default()),
    }
}

fn body(mut page: Page, report: &Report<'_>, options: &CommentOptions) -> String {
    let verdict = report.verdict;
    page.block(&markdown::checks(&verdict.checks), "table of checks");
    let steps = next::steps(report);
    page.list("#### What to do next\n\n", &steps, String::clone, "", "step");
    asides(&mut page, options);
    if !verdict.runs.is_empty() {
        page.list(markdown::RUNS_HEAD, &verdict.runs, markdown::run, "", "run");
        let reasons: Vec<String> = verdict.runs.iter().filter_map(markdown::run_reason).collect();
        page.list("", &reasons, String::clone, "", "reason");
    }
    let link = |file: &str, span: Option<Span>| link(options.files.as_deref()?, file, span);
    let item = |told: &Told<'_, '_>| {
        let whole = markdown::finding(told, &link);
        if whole.len() <= LONGEST_FINDING { whole } else { markdown::finding_in_brief(told) }
    };
    let (refused, others) = told(report, options.why);
    page.list("#### Refused changes\n\n", &refused, item, "", "refused change");
    page.list("#### Findings\n\n", &others, item, "", "finding");
    if options.why {
        page.list("#### Why: the rules that speak here\n\n", &spoken(report), explained, "", "rule");
    }
    let changes: Vec<_> = markdown::refused_first(&verdict.changes).collect();
    let head = markdown::changes_head(&verdict.changes);
    page.list(&head, &changes, |change| markdown::change(change), markdown::CHANGES_END, "change");
    let more =
        options.url.as_deref().and_then(address).map(|url| format!("[The whole judgement]({url})\n\n")).unwrap_or_default();
    page.finish(&format!("{more}{}", markdown::foot(&judged(verdict))))
}

/// What was judged. Neither base nor time is in it: a comment is not edited because the watched branch moved.
fn judged(verdict: &Verdict) -> String {
    let head = verdict.head.map(|head| format!(" up to {}", head.short())).unwrap_or_default();
    let changes = words::count(verdict.changes.len(), "change");
    format!("judged {}{head}, as merged with the watched branch: {changes}", words::count(verdict.commits.len(), "commit"))
}

/// What is worth a sentence and is nobody's finding.
fn asides(page: &mut Page, options: &CommentOptions) {
    let first = |number: usize| number.min(MOST_ASIDES);
    let notes = options.notes.get(..first(options.notes.len())).unwrap_or_default();
    page.list("", notes, |note| format!("- {}\n", escape(note)), "", "note");
    let foreign = |word: &ForeignWord| format!("- {} by {}\n", code(&word.context), code(&word.by));
    let head = "#### Statuses that were not ours\n\nSomebody else had posted in our contexts. It is overwritten; find out who may do that:\n\n";
    let words = options.foreign.get(..first(options.foreign.len())).unwrap_or_default();
    page.list(head, words, foreign, "", "status of somebody else");
}

/// The refusals, and the other findings. Who wants to know why is told each place by itself.
fn told<'r, 'a>(report: &'r Report<'a>, why: bool) -> (Vec<Told<'r, 'a>>, Vec<Told<'r, 'a>>) {
    let is_refusal = |told: &Told<'_, '_>| {
        let finding = told.first.finding;
        finding.is_error() && finding.subject.is_some() && check_of(finding.rule) == CheckName::Permissions
    };
    let (mut refused, others): (Vec<_>, Vec<_>) = fold::told(report).into_iter().partition(is_refusal);
    if why {
        let alone = report.findings.iter().map(|first| Told { first, others: Vec::new() });
        refused = alone.filter(is_refusal).collect();
    }
    (refused, others)
}

/// A rule that speaks, and in how many findings.
type Spoken = (crate::model::RuleDoc, usize);

fn spoken(report: &Report<'_>) -> Vec<Spoken> {
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for placed in &report.findings {
        *times.entry(placed.finding.rule).or_default() += 1;
    }
    rules::all().into_iter().filter_map(|rule| Some((rule, *times.get(rule.id)?))).collect()
}

fn explained((rule, times): &Spoken) -> String {
    format!(
        "- {} ({})  \n  {}  \n  _what to do:_ {}\n",
        code(rule.id),
        words::count(*times, "finding"),
        rule.summary,
        rule.remedy
    )
}

/// The address of a line of a file; every character that could mean anything is written as its number.
fn link(files: &str, file: &str, span: Option<Span>) -> Option<String> {
    let mut out = address(files)?.trim_end_matches('/').to_owned();
    out.push('/');
    for byte in file.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'/' => out.push(char::from(byte)),
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    if let Some(span) = span {
        out.push_str(&format!("#L{}", span.line));
    }
    Some(out)
}

/// An address that can stand in a link; `None` for one that could leave it.
pub(super) fn address(url: &str) -> Option<&str> {
    let plain = url.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>[]\"'\\`".contains(&byte));
    (plain && (url.starts_with("https://") || url.starts_with("http://"))).then_some(url)
}
