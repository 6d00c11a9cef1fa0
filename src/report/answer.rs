//! What `portcullis can` answers about one person: whether, by which rule, who could, and what would have to change.

use std::fmt::Write as _;

use serde::Serialize;

use crate::check::Conclusion;
use crate::check::advice::{Who, WhoCould};
use crate::model::Identifier;

use super::defuse::prose;
use super::json::pretty;
use super::summary::Paint;
use super::words;

/// How many people or groups are named to a person.
const NAMED: usize = 10;
/// How many people are named to a program.
const LISTED: usize = 100;

/// A file, and line and column in it as far as they are known.
pub type Spot = (String, Option<(u32, u32)>);

/// Whether somebody may do something, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Who.
    pub user: String,
    /// What, as on the command line.
    pub operation: String,
    /// To which subject.
    pub subject: String,
    /// One for each right that is needed; all must be granted.
    pub parts: Vec<AnswerPart>,
    /// Who could do all of it.
    pub who: WhoCould,
    /// What would have to change so that it is allowed; each of them is enough.
    pub changes: Vec<Vec<AnswerEdit>>,
}

/// One right that is needed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerPart {
    /// The property, relation, `$team`…; `None` for the subject as a whole.
    pub field: Option<String>,
    /// Whether it is granted.
    pub allowed: bool,
    /// The rule's id.
    pub rule: String,
    /// Where the deciding rule is written; `None` for a default.
    pub place: Option<Spot>,
    /// By what: `role Member`, `the default`, `nobody is granted`.
    pub reason: String,
    /// Who could.
    pub who: WhoCould,
}

/// One edit of one file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerEdit {
    /// What to do.
    pub text: String,
    /// Where.
    pub place: Spot,
    /// Whether the file is yet to be written.
    pub new_file: bool,
}

impl Answer {
    /// Whether every right is granted. Nothing asked is nothing granted.
    pub fn allowed(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| part.allowed)
    }
}

/// The answer for a person. Fields of which the same is to be said are told together.
pub fn answer_text(answer: &Answer, styled: bool) -> String {
    let paint = Paint { styled };
    let may = if answer.allowed() { "may" } else { "may not" };
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {} {may} {} {}",
        allowed(paint, answer.allowed()),
        prose(&answer.user),
        prose(&answer.operation),
        prose(&answer.subject)
    );
    let groups = alike(&answer.parts);
    for group in &groups {
        let Some(part) = group.first() else { continue };
        let fields: Vec<String> = group.iter().filter_map(|part| part.field.as_deref().map(prose)).collect();
        let fields = if fields.is_empty() { String::new() } else { format!(" {}", fields.join(", ")) };
        let _ = writeln!(out, "  {}{fields}: {} [{}]", allowed(paint, part.allowed), prose(&part.reason), prose(&part.rule));
        if let Some(place) = &part.place {
            let _ = writeln!(out, "    --> {}", spot(place));
        }
        if !part.allowed {
            let _ = writeln!(out, "    = help: {} could", people(&part.who));
        }
    }
    if groups.iter().filter(|group| group.first().is_some_and(|part| !part.allowed)).count() > 1 {
        let _ = writeln!(out, "  {} could do all of it", people(&answer.who));
    }
    changes(&mut out, &answer.changes, paint);
    out
}

fn changes(out: &mut String, changes: &[Vec<AnswerEdit>], paint: Paint) {
    let title = match changes.len() {
        0 => return,
        1 => "to allow it:",
        _ => "to allow it, one of these:",
    };
    let _ = writeln!(out, "{}", paint.bold(title));
    for edits in changes {
        for (at, edit) in edits.iter().enumerate() {
            let bullet = if at == 0 { "-" } else { "  and" };
            let _ = writeln!(out, "  {bullet} {}", prose(&edit.text));
            let new = if edit.new_file { " (a new file)" } else { "" };
            let _ = writeln!(out, "      --> {}{new}", spot(&edit.place));
        }
    }
}

fn allowed(paint: Paint, allowed: bool) -> String {
    if allowed { paint.conclusion(Conclusion::Success, "allowed") } else { paint.conclusion(Conclusion::Failure, "refused") }
}

/// A file and the position in it, as editors and terminals make a link of it.
pub(super) fn spot((file, position): &Spot) -> String {
    let at = position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
    format!("{}{at}", prose(file))
}

/// Parts of which the same is said, in order of the first of each.
fn alike(parts: &[AnswerPart]) -> Vec<Vec<&AnswerPart>> {
    let mut groups: Vec<Vec<&AnswerPart>> = Vec::new();
    for part in parts {
        let same = |other: &AnswerPart| {
            let said = |p: &AnswerPart| (p.allowed, p.reason.clone(), p.place.clone(), p.field.is_some());
            said(part) == said(other) && part.who == other.who
        };
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| same(first))) {
            Some(group) => group.push(part),
            None => groups.push(vec![part]),
        }
    }
    groups
}

/// The shortest list of who could, in words.
fn people(who: &WhoCould) -> String {
    let mut names: Vec<String> = who.short.iter().take(NAMED).map(one).collect();
    match who.short.len().checked_sub(NAMED) {
        Some(more) if more > 0 => names.push(words::count(more, "other")),
        _ => {}
    }
    if names.is_empty() { "nobody".to_owned() } else { words::list(&names) }
}

fn one(who: &Who) -> String {
    match who {
        Who::User(id) => prose(id.as_str()),
        Who::Role(role, number) => format!("everyone with role {} ({number})", prose(&role.to_string())),
        Who::Team(team, number) => format!("everyone of team {} ({number})", prose(team.as_str())),
    }
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    user: &'a str,
    operation: &'a str,
    subject: &'a str,
    allowed: bool,
    parts: Vec<PartJson<'a>>,
    who: Vec<WhoJson>,
    changes: Vec<Vec<EditJson<'a>>>,
}

#[derive(Serialize)]
struct PartJson<'a> {
    field: Option<&'a str>,
    allowed: bool,
    rule: &'a str,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    reason: &'a str,
    who: Vec<WhoJson>,
    who_could: Vec<&'a str>,
}

#[derive(Serialize)]
struct WhoJson {
    kind: &'static str,
    name: String,
    people: usize,
}

#[derive(Serialize)]
struct EditJson<'a> {
    text: &'a str,
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
    new_file: bool,
}

fn who_json(who: &WhoCould) -> Vec<WhoJson> {
    let json = |who: &Who| {
        let (kind, name, people) = match who {
            Who::Role(role, people) => ("role", role.to_string(), *people),
            Who::Team(team, people) => ("team", team.to_string(), *people),
            Who::User(user) => ("user", user.to_string(), 1),
        };
        WhoJson { kind, name, people }
    };
    who.short.iter().take(LISTED).map(json).collect()
}

impl<'a> From<&'a AnswerPart> for PartJson<'a> {
    fn from(part: &'a AnswerPart) -> Self {
        let position = part.place.as_ref().and_then(|(_, position)| *position);
        Self {
            field: part.field.as_deref(),
            allowed: part.allowed,
            rule: &part.rule,
            file: part.place.as_ref().map(|(file, _)| file.as_str()),
            line: position.map(|(line, _)| line),
            column: position.map(|(_, column)| column),
            reason: &part.reason,
            who: who_json(&part.who),
            who_could: part.who.people.iter().take(LISTED).map(Identifier::as_str).collect(),
        }
    }
}

impl<'a> From<&'a AnswerEdit> for EditJson<'a> {
    fn from(edit: &'a AnswerEdit) -> Self {
        let (file, position) = &edit.place;
        let (line, column) = (position.map(|(line, _)| line), position.map(|(_, column)| column));
        Self { text: &edit.text, file, line, column, new_file: edit.new_file }
    }
}

/// The answer for a program; `docs/cli.md` documents it.
pub fn answer_json(answer: &Answer) -> String {
    pretty(&AnswerJson {
        user: &answer.user,
        operation: &answer.operation,
        subject: &answer.subject,
        allowed: answer.allowed(),
        parts: answer.parts.iter().map(PartJson::from).collect(),
        who: who_json(&answer.who),
        changes: answer.changes.iter().map(|edits| edits.iter().map(EditJson::from).collect()).collect(),
    })
}
