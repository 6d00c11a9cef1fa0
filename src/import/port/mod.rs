//! Port's JSON: its API's answers, the exports of its tools, single documents as its documentation prints them.

mod catalog;
mod permissions;
mod roster;
mod sort;

use std::collections::BTreeMap;

use crate::catalog::parse_pasted;
use crate::model::{FilePath, Limits, Value};

use super::draft::Draft;
use super::{Existing, Input, Missing, Notes};

pub(super) use roster::Roster;

/// Something that was found in an input.
#[derive(Clone, Debug)]
struct Found {
    /// Where, for the notes.
    source: String,
    /// The file it stands in.
    file: String,
    /// The name that stands beside it rather than in it: the key of a map of permissions.
    named: Option<String>,
    value: Value,
}

/// What was found, by what it is.
#[derive(Debug, Default)]
struct Pile {
    blueprints: Vec<Found>,
    entities: Vec<Found>,
    actions: Vec<Found>,
    permissions: Vec<Found>,
    action_permissions: Vec<Found>,
    users: Vec<Found>,
    teams: Vec<Found>,
}

/// What is read at once: more than a catalog's file may hold, for an export is one file.
const LIMITS: Limits =
    Limits { file_bytes: 1 << 30, depth: 128, nodes: 50_000_000, scalar_bytes: 64 << 20, commits: 0, files: 0, runs: 0 };

/// Every document of the inputs.
pub(super) fn drafts(inputs: &[Input], existing: &Existing, missing: &Missing, notes: &mut Notes) -> Vec<Draft> {
    let mut pile = Pile::default();
    for input in inputs {
        match read(input) {
            Ok(value) => {
                sort::sort(&mut pile, Found { source: input.name.clone(), file: input.name.clone(), named: None, value }, notes)
            }
            Err((why, help)) => notes.kept_out(&input.name, why, help),
        }
    }
    let known = catalog::Known::of(&pile, existing);
    let roster = Roster::of(&pile.users, &pile.teams, existing, notes);
    let mut out = roster.drafts();
    out.extend(catalog::blueprints(&pile.blueprints, notes));
    out.extend(catalog::entities(&pile.entities, &known, &roster, missing, notes));
    out.extend(catalog::actions(&pile.actions, missing, notes));
    out.extend(permissions::permissions(&pile, &known, &roster, missing, notes));
    out
}

/// The text as a value; why it is none, and what to do.
fn read(input: &Input) -> Result<Value, (String, String)> {
    // Whatever the file is called, Port speaks JSON.
    let path = FilePath::new("input.json");
    parse_pasted(&path, &input.bytes, &LIMITS).map_err(|findings| match findings.into_iter().next() {
        Some(finding) => {
            let at =
                finding.place.and_then(|place| place.span).map(|span| format!(" in line {}, column {}", span.line, span.column));
            (format!("it is no JSON{}: {}", at.unwrap_or_default(), finding.message), finding.help.unwrap_or_default())
        }
        None => ("it is no JSON".to_owned(), String::new()),
    })
}

/// An empty map from names to something.
type Named<T> = BTreeMap<String, T>;
