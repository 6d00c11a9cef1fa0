//! Our own lines: a status in `ci`, the findings in `analyses`, in the published format and with the same keys in the same order.
//!
//! git-appraise shows one status of a commit, the one with the latest timestamp, and older builds of it simply the last line. So the
//! worst of our statuses is written last and a second later than the others. Beyond the format's own keys we write those that readers
//! ignore: `output`, which git-appraise itself knows, and the findings themselves beside the `url` that may serve them.

use serde::{Deserialize, Serialize};

use crate::check::Conclusion;
use crate::forge::{Analysis, Remark, Status};
use crate::model::{CommitId, Severity};

use super::record::ANALYSES;

/// The longest summary that is written, in characters.
const SUMMARY: usize = 500;
/// The most findings that are written, and the most bytes of them: a note is for reading, and a longer line would not be read back.
const REMARKS: usize = 500;
const REMARK_BYTES: usize = 48 << 10;

/// A line of `ci`. Without a status it is pending.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct CiLine {
    pub(super) timestamp: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) url: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) status: String,
    pub(super) agent: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) output: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    v: i64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(v: &i64) -> bool {
    *v == 0
}

impl CiLine {
    /// Reads a line that is a status by the format; anything else is none.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let read: Self = serde_json::from_str(line).ok()?;
        (read.v == 0 && read.conclusion().is_some()).then_some(read)
    }

    pub(super) fn of(status: &Status) -> Self {
        Self {
            timestamp: String::new(),
            url: status.url.clone().unwrap_or_default(),
            status: match status.conclusion {
                Conclusion::Success => "success".to_owned(),
                Conclusion::Failure => "failure".to_owned(),
                Conclusion::Pending => String::new(),
            },
            agent: status.context.clone(),
            output: status.summary.chars().take(SUMMARY).collect(),
            v: 0,
        }
    }

    pub(super) fn conclusion(&self) -> Option<Conclusion> {
        match self.status.as_str() {
            "success" => Some(Conclusion::Success),
            "failure" => Some(Conclusion::Failure),
            "" => Some(Conclusion::Pending),
            _ => None,
        }
    }

    /// The same answer, given at this second.
    pub(super) fn at(&self, second: i64) -> Self {
        Self { timestamp: ten_digits(second), ..self.clone() }
    }

    /// The same answer, whenever it was given.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        Self { timestamp: other.timestamp.clone(), ..self.clone() } == *other
    }

    pub(super) fn seconds(&self) -> i64 {
        self.timestamp.parse().unwrap_or_default()
    }

    pub(super) fn into_status(self, commit: CommitId) -> Option<Status> {
        Some(Status {
            commit,
            conclusion: self.conclusion()?,
            context: self.agent,
            summary: self.output,
            url: Some(self.url).filter(|u| !u.is_empty()),
        })
    }
}

/// A line of `analyses`, which is at the same time the file that its `url` speaks of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct AnalysisLine {
    pub(super) timestamp: String,
    url: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    pub(super) agent: String,
    #[serde(default)]
    analyze_response: Vec<Response>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Response {
    #[serde(default)]
    note: Vec<Note>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Note {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    location: Option<Place>,
    #[serde(default)]
    category: String,
    #[serde(default)]
    description: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Place {
    #[serde(default)]
    path: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Range {
    start_line: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
}

impl AnalysisLine {
    pub(super) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok()
    }

    pub(super) fn of(analysis: &Analysis, agent: &str) -> Self {
        let worst = analysis.remarks.iter().map(|r| r.severity).min();
        let status = match worst {
            None => "lgtm",
            Some(Severity::Error) => "nmw",
            Some(Severity::Warning | Severity::Info) => "fyi",
        };
        Self {
            timestamp: String::new(),
            // Without a server nothing is public; the address then says in which notes the findings stand.
            url: analysis.url.clone().unwrap_or_else(|| format!("git:{ANALYSES}#{}", analysis.commit)),
            status: status.to_owned(),
            agent: agent.to_owned(),
            analyze_response: vec![Response { note: notes_of(&analysis.remarks) }],
        }
    }

    /// The same answer, given at this second.
    pub(super) fn at(&self, second: i64) -> Self {
        Self { timestamp: ten_digits(second), ..self.clone() }
    }

    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        Self { timestamp: other.timestamp.clone(), ..self.clone() } == *other
    }

    pub(super) fn seconds(&self) -> i64 {
        self.timestamp.parse().unwrap_or_default()
    }
}

fn notes_of(remarks: &[Remark]) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut bytes = 0;
    for remark in remarks.iter().take(REMARKS) {
        let note = Note::of(remark);
        bytes += serde_json::to_string(&note).map_or(0, |text| text.len());
        if bytes > REMARK_BYTES {
            break;
        }
        notes.push(note);
    }
    let left = remarks.len() - notes.len();
    if left > 0 {
        let description = format!("{left} more findings are not listed here");
        notes.push(Note { location: None, category: String::new(), description });
    }
    notes
}

impl Note {
    fn of(remark: &Remark) -> Self {
        let range = remark.line.map(|start_line| Range { start_line, start_column: remark.column });
        Self {
            location: remark.path.clone().map(|path| Place { path, range }),
            category: remark.rule.clone(),
            description: format!("{}: {}", remark.severity.as_str(), remark.message),
        }
    }
}

/// One line of JSON. These structures cannot fail to be written; an empty line would be skipped by every reader.
pub(super) fn line<T: Serialize>(record: &T) -> String {
    serde_json::to_string(record).unwrap_or_default()
}

/// A timestamp after everything that stands there, so that ours is the latest. What claims to come from more than a day ahead is not
/// run after.
pub(super) fn after(now: i64, standing: impl Iterator<Item = i64>, step: i64) -> i64 {
    const DAY: i64 = 86_400;
    let latest = standing.filter(|t| *t <= now + DAY).max().unwrap_or(0);
    now.max(latest + step)
}

/// As the format demands it.
fn ten_digits(second: i64) -> String {
    format!("{:010}", second.clamp(0, 9_999_999_999))
}
