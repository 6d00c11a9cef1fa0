//! The same mistake in many places is told once, with a count and the first few places.

use std::collections::HashMap;

use crate::check::{Cause, cause_of};
use crate::model::{CommitId, Severity, Subject};

use super::{PlacedFinding, Report, words};

/// From this many places on, a mistake is told once.
pub(super) const FOLDED_FROM: usize = 4;

/// How many places are named, the first one included.
const NAMED: usize = 3;

/// A longer value than this is shortened in what is said of it, and makes no mistakes alike.
const LONGEST_VALUE: usize = 80;

/// A mistake, and where else it was made.
#[derive(Clone, Debug)]
pub(super) struct Told<'r, 'a> {
    /// Where it stands first.
    pub(super) first: &'r PlacedFinding<'a>,
    /// The other places; empty where it is told by itself.
    pub(super) others: Vec<&'r PlacedFinding<'a>>,
}

/// The findings of a report, folded unless all are asked for, in order of their first places.
pub(super) fn told<'r, 'a>(report: &'r Report<'a>) -> Vec<Told<'r, 'a>> {
    let alone = |first| Told { first, others: Vec::new() };
    if report.expanded || report.findings.len() < FOLDED_FROM {
        return report.findings.iter().map(alone).collect();
    }
    let mut alike: HashMap<Likeness<'_>, Vec<usize>> = HashMap::new();
    for (at, placed) in report.findings.iter().enumerate() {
        alike.entry(Likeness::of(placed)).or_default().push(at);
    }
    let mut out: Vec<(usize, Told<'r, 'a>)> = Vec::new();
    for places in alike.into_values() {
        let mut those = places.iter().filter_map(|at| Some((*at, report.findings.get(*at)?)));
        if places.len() < FOLDED_FROM {
            out.extend(those.map(|(at, placed)| (at, alone(placed))));
        } else if let Some((at, first)) = those.next() {
            out.push((at, Told { first, others: those.map(|(_, placed)| placed).collect() }));
        }
    }
    out.sort_by_key(|(at, _)| *at);
    out.into_iter().map(|(_, told)| told).collect()
}

impl Told<'_, '_> {
    /// `the same in 999 more places: a.yaml:1:1, b.yaml:1:1 and 997 more`; `None` where it was told by itself.
    pub(super) fn others_in_words(&self) -> Option<String> {
        if self.others.is_empty() {
            return None;
        }
        let count = words::count(self.others.len(), "more place");
        let named: Vec<String> = self.others.iter().take(NAMED - 1).filter_map(|placed| words::position(placed)).collect();
        Some(match (named.as_slice(), self.others.len() - named.len()) {
            ([], _) => format!("the same in {count}"),
            (named, 0) => format!("the same in {count}: {}", words::list(named)),
            (named, more) => format!("the same in {count}: {} and {more} more", named.join(", ")),
        })
    }
}

/// What makes two findings one mistake: the rule, and what is said once the names of subject and file are left out.
#[derive(PartialEq, Eq, Hash)]
struct Likeness<'a> {
    rule: &'a str,
    severity: Severity,
    commit: Option<CommitId>,
    message: String,
    help: Option<String>,
}

impl<'a> Likeness<'a> {
    fn of(placed: &PlacedFinding<'a>) -> Self {
        let finding = placed.finding;
        let file = finding.place.as_ref().map(|place| place.file.as_str());
        let subject = finding.subject.as_ref();
        let value = wrong_value(placed);
        let of = |text: &str| {
            let text = without_names(text, subject, file);
            value.as_deref().map_or(text.clone(), |value| without(&text, value))
        };
        Self {
            rule: finding.rule,
            severity: finding.severity,
            commit: finding.commit,
            message: of(&finding.message),
            help: finding.help.as_deref().map(of),
        }
    }
}

/// The value that a blueprint refuses, as it is spelled: a thousand numbers where a text belongs are one mistake. Elsewhere what
/// stands there is the mistake itself, as with an unknown name.
fn wrong_value(placed: &PlacedFinding<'_>) -> Option<String> {
    let (span, excerpt) = (placed.span?, placed.excerpt.as_ref()?);
    let is_value = placed.finding.place.as_ref().is_some_and(|place| !place.on_key);
    if !is_value || cause_of(placed.finding.rule) != Cause::Schema || span.end_line != span.line {
        return None;
    }
    let from = usize::try_from(span.column.checked_sub(1)?.checked_sub(excerpt.skipped)?).ok()?;
    let length = usize::try_from(span.end_column.checked_sub(span.column)?).ok()?;
    let text: String = excerpt.text.chars().skip(from).take(length.min(LONGEST_VALUE)).collect();
    let text = text.trim_matches(['"', '\'']);
    (!text.is_empty()).then(|| text.to_owned())
}

fn without_names(text: &str, subject: Option<&Subject>, file: Option<&str>) -> String {
    let mut out = text.to_owned();
    if let Some(file) = file.filter(|file| !file.is_empty()) {
        out = without(&out, file);
    }
    if let Some(subject) = subject {
        out = without(&out, &subject.to_string());
    }
    if let Some(name) = subject.and_then(own_name) {
        out = without(&out, &format!("`{name}`"));
    }
    out
}

/// The subject's identifier without its blueprint or directory.
fn own_name(subject: &Subject) -> Option<&str> {
    match subject {
        Subject::Policy => None,
        Subject::Entity(key) => Some(key.identifier.as_str()),
        Subject::Blueprint(id)
        | Subject::Permissions(id)
        | Subject::Action(id)
        | Subject::Run(id)
        | Subject::User(id)
        | Subject::Team(id) => Some(id.as_str()),
    }
}

/// `text` with `…` for each `name` that is no part of a longer one.
fn without(text: &str, name: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '/');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        out.push_str(before);
        let inside = out.chars().next_back().is_some_and(part) || after.chars().next().is_some_and(part);
        out.push_str(if inside { name } else { "…" });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{EntityKey, FilePath, Finding, Identifier, Place};
    use crate::report::sample;

    fn of(name: &str, message: &str) -> Finding {
        let key = EntityKey { blueprint: sample::id("Env"), identifier: Identifier::new(name).unwrap() };
        let place = Place::file(&FilePath::new(&format!("entities/{name}.yaml")));
        Finding::error("schema/type", message).at(place).about(Subject::Entity(key))
    }

    fn told_of(findings: Vec<Finding>, expanded: bool) -> Vec<(String, Option<String>)> {
        let mut verdict = sample::success();
        verdict.findings = findings;
        let report = Report { expanded, ..Report::new(&verdict, "", &|_: &FilePath| None) };
        told(&report).iter().map(|told| (told.first.finding.message.clone(), told.others_in_words())).collect()
    }

    #[test]
    fn a_thousand_mistakes_that_are_one_are_told_once() {
        let many = |n: usize| (0..n).map(|i| of(&format!("e{i:04}"), &format!("Env/e{i:04} wants a `ttl`"))).collect::<Vec<_>>();
        let told = told_of(many(1_000), false);
        assert_eq!(
            told,
            [(
                "Env/e0000 wants a `ttl`".into(),
                Some("the same in 999 more places: entities/e0001.yaml, entities/e0002.yaml and 997 more".into())
            )]
        );
        assert_eq!(told_of(many(1_000), true).len(), 1_000, "on request, all of them");
        assert_eq!(told_of(many(3), false).len(), 3, "three are few enough to be shown");
    }

    #[test]
    fn the_same_kind_of_value_in_the_wrong_place_is_one_mistake() {
        let mut verdict = sample::success();
        let wrong = |rule: &'static str, i: usize| {
            let mut finding = of(&format!("e{i}"), &format!("`kind`: `{i}` is no text")).help(format!("write \"{i}\""));
            finding.place = Some(sample::at(&format!("entities/e{i}.yaml"), 1, 7..8));
            Finding { rule, ..finding }
        };
        let told_by = |verdict: &crate::check::Verdict| {
            let report =
                Report::new(verdict, "", &|file: &FilePath| Some(format!("kind: {}\n", &file.as_str()[10..11]).into_bytes()));
            told(&report).len()
        };
        verdict.findings = (0..8).map(|i| wrong("schema/type", i)).collect();
        assert_eq!(told_by(&verdict), 1);
        verdict.findings = (0..8).map(|i| wrong("reference/missing-entity", i)).collect();
        assert_eq!(told_by(&verdict), 8, "a name that nothing has is a mistake of its own");
    }

    #[test]
    fn different_mistakes_stay_apart() {
        let findings = (0..8).map(|i| of(&format!("e{i}"), &format!("`p{}` is no property", i % 2))).collect();
        assert_eq!(told_of(findings, false).len(), 2);
    }

    #[test]
    fn a_name_that_is_part_of_another_is_left_alone() {
        assert_eq!(without("Env/a and Env/ab and x/Env/a, Env/a", "Env/a"), "… and Env/ab and x/Env/a, …");
        assert_eq!(without("`a` is a", "`a`"), "… is a");
    }
}
