//! The difference of two revisions, worded: text for a terminal, JSON for a program, Markdown for a comment.

use std::fmt::Write as _;

use serde::Serialize;

use crate::catalog::{Operation, Owner};
use crate::check::Conclusion;
use crate::check::difference::{Difference, Part, Side, SubjectDifference, path_in_words};
use crate::model::{Actor, CommitId, Identifier, Value};

use super::defuse::prose;
use super::json::pretty;
use super::markdown::{cell, escape};
use super::place::with_root;
use super::summary::Paint;
use super::words;

/// How much of one value is shown to a person, in characters.
const LONGEST: usize = 160;
/// How many values of one subject are shown to a person.
const MOST_PARTS: usize = 100;
/// How many subjects fit into a comment.
const MOST_SUBJECTS: usize = 50;

/// A difference, and what it is between.
#[derive(Clone, PartialEq, Debug)]
pub struct Differing {
    /// The earlier revision.
    pub base: CommitId,
    /// The later one; `None` for the working tree.
    pub head: Option<CommitId>,
    /// What differs.
    pub difference: Difference,
    /// The catalog's directory in the repository, empty where that is the top.
    pub root: String,
    /// Why it is not told who did it, where it is not.
    pub unattributed: Option<String>,
}

/// For a person.
pub fn difference_text(of: &Differing, styled: bool) -> String {
    let paint = Paint { styled };
    let mut out = String::new();
    for one in &of.difference.subjects {
        let _ = writeln!(
            out,
            "{} {} ({})",
            painted(paint, one.operation),
            paint.bold(&prose(&one.subject.to_string())),
            prose(&with_root(&of.root, &one.file))
        );
        if let Some(owners) = owner_line(one) {
            let _ = writeln!(out, "  {owners}");
        }
        let alike = one.parts.iter().all(|part| (part.commit, &part.actors) == (one.commit, &one.actors));
        if alike && let Some(by) = by(one.commit, &one.actors, of.head.is_none()) {
            let _ = writeln!(out, "  {by}");
        }
        for part in one.parts.iter().take(MOST_PARTS) {
            let _ = writeln!(out, "  {}", part_line(part, paint));
            if !alike && let Some(by) = by(part.commit, &part.actors, of.head.is_none()) {
                let _ = writeln!(out, "      {by}");
            }
        }
        if let Some(more) = one.parts.len().checked_sub(MOST_PARTS).filter(|more| *more > 0) {
            let _ = writeln!(out, "  and {}", words::count(more, "value"));
        }
        out.push('\n');
    }
    for (file, side) in &of.difference.unread {
        let _ = writeln!(
            out,
            "{} cannot be read in {}: what it holds counts as absent there",
            prose(&with_root(&of.root, file)),
            revision(of, *side)
        );
    }
    if let Some(why) = &of.unattributed {
        let _ = writeln!(out, "who did it is not told: {}", prose(why));
    }
    let _ = writeln!(out, "{}", total(of));
    out
}

fn painted(paint: Paint, operation: Operation) -> String {
    let conclusion = match operation {
        Operation::Register | Operation::Create | Operation::Execute => Conclusion::Success,
        Operation::Unregister | Operation::Delete => Conclusion::Failure,
        Operation::Update => Conclusion::Pending,
    };
    paint.conclusion(conclusion, operation.as_str())
}

fn part_line(part: &Part, paint: Paint) -> String {
    let path = prose(&path_in_words(&part.path));
    let path = if path.is_empty() { "the whole".to_owned() } else { path };
    match (&part.before, &part.after) {
        (Some(before), Some(after)) => {
            format!("{} {path}: {} -> {}", paint.conclusion(Conclusion::Pending, "~"), short(before), short(after))
        }
        (None, Some(after)) => format!("{} {path}: {}", paint.conclusion(Conclusion::Success, "+"), short(after)),
        (Some(before), None) => format!("{} {path}: {}", paint.conclusion(Conclusion::Failure, "-"), short(before)),
        (None, None) => path,
    }
}

fn owner_line(one: &SubjectDifference) -> Option<String> {
    let (before, after) = one.owners.as_ref()?;
    Some(match one.operation {
        Operation::Register => format!("owned by {}", owner(after)),
        Operation::Unregister => format!("was owned by {}", owner(before)),
        _ if before == after => format!("owned by {}", owner(after)),
        _ => format!("its owner moves from {} to {}", owner(before), owner(after)),
    })
}

fn owner(owner: &Owner) -> String {
    let teams: Vec<String> = owner.iter().map(|team| prose(team.as_str())).collect();
    if teams.is_empty() { "nobody".to_owned() } else { words::list(&teams) }
}

/// Who did it; nothing where nobody knows.
fn by(commit: Option<CommitId>, actors: &[Actor], working_tree: bool) -> Option<String> {
    if actors.is_empty() && commit.is_none() {
        return None;
    }
    let place =
        if working_tree && commit.is_none() { "in the working tree".to_owned() } else { format!("in {}", words::commit(commit)) };
    Some(format!("by {} {place}", words::actors(actors)))
}

fn revision(of: &Differing, side: Side) -> String {
    match side {
        Side::Base => of.base.short(),
        Side::Head => of.head.map_or_else(|| "the working tree".to_owned(), |head| head.short()),
    }
}

fn short(value: &Value) -> String {
    let text = value.canonical();
    let mut out: String = text.chars().take(LONGEST).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    prose(&out)
}

/// `2 subjects differ between 1a1a1a1a1a and the working tree`.
fn total(of: &Differing) -> String {
    let between = format!("between {} and {}", of.base.short(), revision(of, Side::Head));
    match of.difference.subjects.len() {
        0 => format!("no difference of meaning {between}"),
        1 => format!("1 subject differs {between}"),
        number => format!("{number} subjects differ {between}"),
    }
}

/// For a comment.
pub fn difference_markdown(of: &Differing) -> String {
    let mut out = format!("### {}\n\n", escape(&total(of)));
    for one in of.difference.subjects.iter().take(MOST_SUBJECTS) {
        let _ = writeln!(out, "**{} {}**", one.operation.as_str(), escape(&one.subject.to_string()));
        let about = [owner_line(one), by(one.commit, &one.actors, of.head.is_none())];
        let about: Vec<String> = about.into_iter().flatten().map(|line| escape(&line)).collect();
        if !about.is_empty() {
            let _ = writeln!(out, "<br>{}", about.join(", "));
        }
        out.push('\n');
        if !one.parts.is_empty() {
            out.push_str("| | before | after |\n|---|---|---|\n");
        }
        for part in one.parts.iter().take(MOST_PARTS) {
            let value = |value: &Option<Value>| value.as_ref().map(|value| cell(&short(value))).unwrap_or_default();
            let path = match part.path.is_empty() {
                true => "the whole".to_owned(),
                false => cell(&path_in_words(&part.path)),
            };
            let _ = writeln!(out, "| {path} | {} | {} |", value(&part.before), value(&part.after));
        }
        out.push('\n');
    }
    if let Some(more) = of.difference.subjects.len().checked_sub(MOST_SUBJECTS).filter(|more| *more > 0) {
        let _ = writeln!(out, "and {}\n", words::count(more, "other subject"));
    }
    for (file, side) in &of.difference.unread {
        let _ = writeln!(out, "- {} cannot be read in {}", cell(&with_root(&of.root, file)), escape(&revision(of, *side)));
    }
    out
}

#[derive(Serialize)]
struct DifferenceJson {
    base: String,
    head: Option<String>,
    subjects: Vec<SubjectJson>,
    unread: Vec<UnreadJson>,
    unattributed: Option<String>,
}

#[derive(Serialize)]
struct SubjectJson {
    subject: String,
    operation: &'static str,
    file: String,
    owners: Option<OwnersJson>,
    commit: Option<String>,
    actors: Vec<String>,
    changes: Vec<PartJson>,
}

#[derive(Serialize)]
struct OwnersJson {
    before: Vec<String>,
    after: Vec<String>,
}

#[derive(Serialize)]
struct PartJson {
    path: String,
    change: &'static str,
    before: serde_json::Value,
    after: serde_json::Value,
    commit: Option<String>,
    actors: Vec<String>,
}

#[derive(Serialize)]
struct UnreadJson {
    file: String,
    side: &'static str,
}

/// For a program; `docs/cli.md` documents it. `change` tells what is absent from what is `null`.
pub fn difference_json(of: &Differing) -> String {
    let teams = |owner: &Owner| owner.iter().map(Identifier::to_string).collect();
    let actors = |actors: &[Actor]| actors.iter().map(Actor::to_string).collect();
    let value = |value: &Option<Value>| value.as_ref().map_or(serde_json::Value::Null, Value::to_json);
    let part = |part: &Part| PartJson {
        path: path_in_words(&part.path),
        change: match (&part.before, &part.after) {
            (None, _) => "added",
            (Some(_), None) => "removed",
            (Some(_), Some(_)) => "changed",
        },
        before: value(&part.before),
        after: value(&part.after),
        commit: part.commit.map(|id| id.to_string()),
        actors: actors(&part.actors),
    };
    let subject = |one: &SubjectDifference| SubjectJson {
        subject: one.subject.to_string(),
        operation: one.operation.as_str(),
        file: with_root(&of.root, &one.file),
        owners: one.owners.as_ref().map(|(before, after)| OwnersJson { before: teams(before), after: teams(after) }),
        commit: one.commit.map(|id| id.to_string()),
        actors: actors(&one.actors),
        changes: one.parts.iter().map(part).collect(),
    };
    let side = |side: Side| if side == Side::Base { "base" } else { "head" };
    pretty(&DifferenceJson {
        base: of.base.to_string(),
        head: of.head.map(|id| id.to_string()),
        subjects: of.difference.subjects.iter().map(subject).collect(),
        unread: of
            .difference
            .unread
            .iter()
            .map(|(file, at)| UnreadJson { file: with_root(&of.root, file), side: side(*at) })
            .collect(),
        unattributed: of.unattributed.clone(),
    })
}
