//! What `portcullis can` answers.

use std::fmt::Write as _;

use serde::Serialize;

use crate::check::Conclusion;
use crate::model::Identifier;

use super::defuse::prose;
use super::json::pretty;
use super::summary::Paint;
use super::words;

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
    /// Where the deciding rule is written: file, line and column, as far as known; `None` for a default.
    pub place: Option<(String, Option<(u32, u32)>)>,
    /// By what: `role Member`, `the default`, `nobody is granted`.
    pub reason: String,
    /// Who could.
    pub who_could: Vec<Identifier>,
}

impl Answer {
    /// Whether every right is granted. Nothing asked is nothing granted.
    pub fn allowed(&self) -> bool {
        !self.parts.is_empty() && self.parts.iter().all(|part| part.allowed)
    }
}

/// The answer for a person.
pub fn answer_text(answer: &Answer, styled: bool) -> String {
    let paint = Paint { styled };
    let (word, conclusion) = if answer.allowed() { ("allowed", Conclusion::Success) } else { ("refused", Conclusion::Failure) };
    let may = if answer.allowed() { "may" } else { "may not" };
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{}: {} {may} {} {}",
        paint.conclusion(conclusion, word),
        prose(&answer.user),
        prose(&answer.operation),
        prose(&answer.subject)
    );
    for part in &answer.parts {
        let (word, conclusion) = if part.allowed { ("allowed", Conclusion::Success) } else { ("refused", Conclusion::Failure) };
        let field = part.field.as_ref().map(|field| format!(" {}", prose(field))).unwrap_or_default();
        let _ = writeln!(out, "  {}{field}: {} [{}]", paint.conclusion(conclusion, word), prose(&part.reason), prose(&part.rule));
        if let Some((file, position)) = &part.place {
            let at = position.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
            let _ = writeln!(out, "    --> {}{at}", prose(file));
        }
        if !part.allowed {
            let who: Vec<String> = part.who_could.iter().map(|id| prose(id.as_str())).collect();
            let could = if who.is_empty() { "nobody could".to_owned() } else { format!("{} could", words::list(&who)) };
            let _ = writeln!(out, "    = help: {could}");
        }
    }
    out
}

#[derive(Serialize)]
struct AnswerJson<'a> {
    user: &'a str,
    operation: &'a str,
    subject: &'a str,
    allowed: bool,
    parts: Vec<PartJson<'a>>,
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
    who_could: Vec<&'a str>,
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
            who_could: part.who_could.iter().map(Identifier::as_str).collect(),
        }
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
    })
}
