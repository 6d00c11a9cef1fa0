//! A verdict on a part of the catalog: what is told, and what that comes to, is what stands in the files asked about.

use std::collections::BTreeSet;

use crate::model::{FilePath, Finding, Identifier, Severity, Subject};

use super::{Conclusion, Verdict, summary};

/// What was found outside the files that were asked about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Elsewhere {
    /// How the whole ends, these included.
    pub conclusion: Conclusion,
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Notes.
    pub infos: usize,
    /// Changes, allowed or not.
    pub changes: usize,
}

/// The part of a verdict that is about files for which `within` holds, concluded anew, and a count of the rest.
///
/// A finding that no file is to blame for (an unsigned commit, a range too long) belongs to every part; so does a run that
/// no change of a file tells of. Everything was judged all the same: only what is told is less.
pub fn restrict(verdict: &Verdict, within: &dyn Fn(&FilePath) -> bool) -> (Verdict, Elsewhere) {
    let belongs = |finding: &Finding| match &finding.place {
        None => true,
        Some(place) => within(&place.file) || finding.related.iter().any(|related| within(&related.place.file)),
    };
    let (findings, others): (Vec<Finding>, Vec<Finding>) = verdict.findings.iter().cloned().partition(belongs);
    let (changes, beyond): (Vec<_>, Vec<_>) = verdict.changes.iter().cloned().partition(|one| within(&one.change.place.file));
    let runs_beyond: BTreeSet<&Identifier> = beyond
        .iter()
        .filter_map(|one| match &one.change.subject {
            Subject::Run(run) => Some(run),
            _ => None,
        })
        .collect();
    let runs: Vec<_> = verdict.runs.iter().filter(|run| !runs_beyond.contains(&run.id)).cloned().collect();
    let mut commits = verdict.commits.clone();
    for commit in &mut commits {
        commit.findings.retain(|finding| belongs(finding));
        commit.conclusion = if commit.findings.iter().any(Finding::is_error) { Conclusion::Failure } else { Conclusion::Success };
    }
    let count = |severity: Severity| others.iter().filter(|finding| finding.severity == severity).count();
    let elsewhere = Elsewhere {
        conclusion: verdict.conclusion,
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        infos: count(Severity::Info),
        changes: beyond.len(),
    };
    let checks = summary::conclude(&findings, &runs, &changes);
    let conclusion = checks.iter().map(|check| check.conclusion).max().unwrap_or(Conclusion::Failure);
    (Verdict { base: verdict.base, head: verdict.head, conclusion, checks, commits, changes, findings, runs }, elsewhere)
}

#[cfg(test)]
mod tests {
    use super::super::story::Story;
    use super::super::{CheckName, judge};
    use super::*;
    use crate::model::Place;
    use crate::run::fixture::World;

    #[test]
    fn what_is_told_decides_and_the_rest_is_counted() {
        let mut verdict = judge(&Story::asked(World::new()).proposal());
        let at = |file: &str| Place::file(&FilePath::new(file));
        verdict.findings = vec![
            Finding::error("yaml/syntax", "here").at(at("entities/a.yaml")),
            Finding::error("schema/type", "there").at(at("teams/b.yaml")).related(at("users/c.yaml"), "also"),
            Finding::warning("lint/nobody", "there").at(at("teams/b.yaml")),
        ];
        verdict.conclusion = Conclusion::Failure;
        let of = |directory: &'static str| restrict(&verdict, &move |file: &FilePath| file.as_str().starts_with(directory));
        let (entities, elsewhere) = of("entities/");
        assert_eq!(
            (entities.findings.len(), entities.conclusion, elsewhere.errors, elsewhere.warnings),
            (1, Conclusion::Failure, 1, 1)
        );
        assert_eq!(elsewhere.changes, verdict.changes.len());
        assert!(entities.runs.is_empty(), "the run stands elsewhere");
        let (users, _) = of("users/");
        assert_eq!(users.findings.len(), 1, "a second place of a finding counts");
        let (none, elsewhere) = of("blueprints/");
        assert_eq!((none.conclusion, elsewhere.conclusion, elsewhere.errors), (Conclusion::Success, Conclusion::Failure, 2));
        assert_eq!(none.checks.iter().map(|c| c.name).collect::<Vec<_>>(), CheckName::ALL);
    }

    #[test]
    fn what_no_file_is_to_blame_for_fails_every_part() {
        let mut verdict = judge(&Story::asked(World::new()).proposal());
        verdict.findings = vec![Finding::error("identity/unsigned", "the commit carries no signature")];
        let (part, elsewhere) = restrict(&verdict, &|_: &FilePath| false);
        assert_eq!((part.conclusion, elsewhere.errors), (Conclusion::Failure, 0));
    }
}
