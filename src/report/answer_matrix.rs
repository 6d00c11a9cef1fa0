//! Who may do what with one subject: a table, users with equal rights in one column.

use std::fmt::Write as _;

use serde::Serialize;

use super::answer::{Spot, spot};
use super::defuse::prose;
use super::json::pretty;
use super::summary::Paint;
use super::words;

/// How many people of one column are named; the rest is counted.
const NAMED: usize = 8;
/// How many columns fit on a terminal beside the names of operations.
const COLUMNS: usize = 16;

/// A matrix whose places have line and column.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AnswerMatrix {
    /// What it is about.
    pub subject: String,
    /// The operations.
    pub operations: Vec<MatrixRow>,
    /// The users by what they may, each with an answer for every operation.
    pub groups: Vec<(Vec<String>, Vec<bool>)>,
}

/// One operation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MatrixRow {
    /// What is done: `update`.
    pub operation: String,
    /// To which part, or by which action.
    pub of: Option<String>,
    /// Whether `of` is an action.
    pub is_action: bool,
    /// The id of the rule that a refusal would name.
    pub rule: String,
    /// Where the rules that decide are written; empty for a default.
    pub places: Vec<Spot>,
}

impl MatrixRow {
    fn name(&self) -> String {
        match &self.of {
            Some(of) => format!("{} {}", self.operation, prose(of)),
            None => self.operation.clone(),
        }
    }
}

/// The table for a person.
pub fn matrix_text(matrix: &AnswerMatrix, styled: bool) -> String {
    let paint = Paint { styled };
    let mut out = format!("{}\n", paint.bold(&format!("who may do what with {}", prose(&matrix.subject))));
    if matrix.groups.is_empty() {
        out.push_str("  nobody is in the roster\n");
        return out;
    }
    out.push('\n');
    let letters: Vec<String> = (0..matrix.groups.len()).map(letter).collect();
    let wide = letters.iter().map(String::len).max().unwrap_or(1).max(3);
    for ((users, _), letter) in matrix.groups.iter().zip(&letters) {
        let _ = writeln!(out, "  {letter:<wide$}  {}", people(users));
    }
    let names: Vec<String> = matrix.operations.iter().map(MatrixRow::name).collect();
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    for first in (0..letters.len()).step_by(COLUMNS) {
        let columns = || letters.iter().zip(&matrix.groups).skip(first).take(COLUMNS);
        let heads: String = columns().map(|(letter, _)| format!("  {letter:<wide$}")).collect();
        let _ = writeln!(out, "\n  {:longest$}{}", "", paint.bold(heads.trim_end()));
        for (at, (row, name)) in matrix.operations.iter().zip(&names).enumerate() {
            let cell = |allowed: Option<&bool>| if allowed == Some(&true) { "yes" } else { "-" };
            let cells: String = columns().map(|(_, (_, allowed))| format!("  {:<wide$}", cell(allowed.get(at)))).collect();
            let places: Vec<String> = row.places.iter().map(spot).collect();
            let by = if places.is_empty() { "by default".to_owned() } else { places.join(", ") };
            let _ = writeln!(out, "  {name:longest$}{cells}  {by}");
        }
    }
    out
}

/// `A`, `B`, … `Z`, `AA`.
fn letter(number: usize) -> String {
    let mut out = Vec::new();
    let mut left = number;
    loop {
        out.push(char::from(b'A' + u8::try_from(left % 26).unwrap_or(0)));
        match (left / 26).checked_sub(1) {
            Some(next) => left = next,
            None => return out.into_iter().rev().collect(),
        }
    }
}

fn people(users: &[String]) -> String {
    let mut names: Vec<String> = users.iter().take(NAMED).map(|user| prose(user)).collect();
    match users.len().checked_sub(NAMED) {
        Some(more) if more > 0 => names.push(words::count(more, "other")),
        _ => {}
    }
    words::list(&names)
}

#[derive(Serialize)]
struct MatrixJson<'a> {
    subject: &'a str,
    operations: Vec<RowJson<'a>>,
    groups: Vec<GroupJson<'a>>,
}

#[derive(Serialize)]
struct RowJson<'a> {
    operation: &'a str,
    field: Option<&'a str>,
    action: Option<&'a str>,
    rule: &'a str,
    places: Vec<PlaceJson<'a>>,
}

#[derive(Serialize)]
struct PlaceJson<'a> {
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
}

#[derive(Serialize)]
struct GroupJson<'a> {
    users: &'a [String],
    allowed: &'a [bool],
}

/// The table for a program; `docs/cli.md` documents it.
pub fn matrix_json(matrix: &AnswerMatrix) -> String {
    pretty(&MatrixJson {
        subject: &matrix.subject,
        operations: matrix
            .operations
            .iter()
            .map(|row| RowJson {
                operation: &row.operation,
                field: row.of.as_deref().filter(|_| !row.is_action),
                action: row.of.as_deref().filter(|_| row.is_action),
                rule: &row.rule,
                places: row
                    .places
                    .iter()
                    .map(|(file, at)| PlaceJson { file, line: at.map(|(line, _)| line), column: at.map(|(_, column)| column) })
                    .collect(),
            })
            .collect(),
        groups: matrix.groups.iter().map(|(users, allowed)| GroupJson { users, allowed }).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters_like_those_of_a_sheet() {
        let of: Vec<String> = [0, 25, 26, 51, 52, 701, 702].map(letter).to_vec();
        assert_eq!(of, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
