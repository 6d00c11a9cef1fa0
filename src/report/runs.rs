//! What `portcullis runs` prints.

use std::fmt::Write as _;

use serde::Serialize;

use crate::check::RunVerdict;

use super::defuse::prose;
use super::json::{RunJson, pretty};
use super::summary::{Paint, run_lines};

/// Where a run stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum RunOrigin {
    /// On the watched branch.
    Branch,
    /// In an open review request, by the forge's name for it.
    Review(String),
}

impl RunOrigin {
    fn text(&self) -> String {
        match self {
            Self::Branch => "on the watched branch".to_owned(),
            Self::Review(name) => format!("in review {}", prose(name)),
        }
    }
}

/// A run, and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct RunEntry {
    /// The run.
    pub run: RunVerdict,
    /// Where it stands.
    pub origin: RunOrigin,
    /// What the API calls it, where the daemon has recorded it.
    pub handle: Option<String>,
    /// Where people see what was done.
    pub links: Vec<String>,
}

#[derive(Serialize)]
struct EntryJson {
    #[serde(flatten)]
    run: RunJson,
    review: Option<String>,
    handle: Option<String>,
    links: Vec<String>,
}

/// One line a run, in columns; a sentence where there is none.
pub fn runs_text(entries: &[RunEntry], styled: bool) -> String {
    let paint = Paint { styled };
    if entries.is_empty() {
        return "no runs\n".to_owned();
    }
    let rows: Vec<[String; 4]> = entries
        .iter()
        .map(|entry| {
            let requester = entry.run.requester.as_ref().map_or_else(|| "-".to_owned(), |actor| prose(&actor.to_string()));
            [prose(entry.run.id.as_str()), entry.run.state.as_str().to_owned(), prose(entry.run.action.as_str()), requester]
        })
        .collect();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let (id_width, state_width, action_width, who_width) = (width(0), width(1), width(2), width(3));
    let mut out = String::new();
    for (entry, [id, state, action, requester]) in entries.iter().zip(&rows) {
        let state = paint.state(entry.run.state, &format!("{state:state_width$}"));
        let place = entry.origin.text();
        let _ = writeln!(out, "{id:id_width$}  {state}  {action:action_width$}  {requester:who_width$}  {place}");
    }
    out
}

/// Everything about one run.
pub fn run_text(entry: &RunEntry, styled: bool) -> String {
    let mut out = run_lines(&entry.run, Paint { styled });
    let _ = writeln!(out, "    {}", entry.origin.text());
    if !entry.run.digest.is_empty() {
        let _ = writeln!(out, "    digest {}", prose(&entry.run.digest));
    }
    if let Some(handle) = &entry.handle {
        let _ = writeln!(out, "    the API calls it {}", prose(handle));
    }
    for link in &entry.links {
        let _ = writeln!(out, "    see {}", prose(link));
    }
    out
}

/// The runs as a JSON list: each as in the verdict, with `review`, `null` for one on the watched branch, `handle`, `null` where no store
/// was asked, and `links`.
pub fn runs_json(entries: &[RunEntry]) -> String {
    let list: Vec<EntryJson> = entries
        .iter()
        .map(|entry| EntryJson {
            run: RunJson::from(&entry.run),
            review: match &entry.origin {
                RunOrigin::Branch => None,
                RunOrigin::Review(name) => Some(name.clone()),
            },
            handle: entry.handle.clone(),
            links: entry.links.clone(),
        })
        .collect();
    pretty(&list)
}
