//! One line for a commit status: at most 140 characters, as GitHub demands.

use crate::check::{CheckResult, CommitVerdict, Conclusion};

use super::defuse::prose;
use super::words;

/// The greatest length of a status description, in characters.
const LONGEST: usize = 140;

/// `text` without hostile characters, cut to what a status holds.
pub fn fit_description(text: &str) -> String {
    let text = prose(text);
    if text.chars().count() <= LONGEST {
        return text;
    }
    let mut out: String = text.chars().take(LONGEST - 1).collect();
    out.truncate(out.trim_end().len());
    out.push('…');
    out
}

/// The description of a check's status.
pub fn check_description(check: &CheckResult) -> String {
    if !check.summary.trim().is_empty() {
        return fit_description(&check.summary);
    }
    match check.conclusion {
        Conclusion::Success => "nothing stands against it",
        Conclusion::Pending => "it waits for somebody",
        Conclusion::Failure => "something stands against it",
    }
    .to_owned()
}

/// The description of a single commit's status: the first error, and how many more there are.
pub fn commit_description(commit: &CommitVerdict) -> String {
    let errors: Vec<_> = commit.findings.iter().filter(|finding| finding.is_error()).collect();
    let Some(first) = errors.first() else {
        return match commit.conclusion {
            Conclusion::Success => "nothing stands against this commit",
            Conclusion::Pending => "this commit waits for somebody",
            Conclusion::Failure => "this commit fails",
        }
        .to_owned();
    };
    match errors.len() - 1 {
        0 => fit_description(&first.message),
        more => fit_description(&format!("{} ({} in all)", first.message, words::count(more + 1, "error"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Finding;

    #[test]
    fn a_description_fits_and_cannot_deceive() {
        let out = fit_description(&format!("\u{202e}{}", "é".repeat(200)));
        assert_eq!(out.chars().count(), 140);
        assert!(out.starts_with("\\u{202e}é") && out.ends_with('…'));
    }

    #[test]
    fn a_commit_tells_its_first_error() {
        let commit = |findings| CommitVerdict { id: None, actors: vec![], conclusion: Conclusion::Failure, findings };
        let error = Finding::error("schema/type", "`ttl` is no number");
        assert_eq!(commit_description(&commit(vec![error.clone()])), "`ttl` is no number");
        assert_eq!(
            commit_description(&commit(vec![Finding::warning("lint/x", "w"), error.clone(), error])),
            "`ttl` is no number (2 errors in all)"
        );
    }
}
