//! Check runs and their annotations.

use serde::{Deserialize, Serialize};

/// The check runs of a commit.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct CheckRuns {
    pub(crate) check_runs: Option<Vec<CheckRun>>,
}

/// A check run that stands there.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct CheckRun {
    pub(crate) id: Option<u64>,
    pub(crate) name: Option<String>,
    pub(crate) external_id: Option<String>,
    pub(crate) status: Option<String>,
    pub(crate) conclusion: Option<String>,
    pub(crate) output: Option<Shown>,
    pub(crate) app: Option<App>,
}

/// What it shows.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Shown {
    pub(crate) annotations_count: Option<u64>,
}

/// Whose it is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct App {
    pub(crate) slug: Option<String>,
}

/// A check run to be made, or what is to change of one.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct CheckRunBody<'a> {
    pub(crate) name: &'static str,
    /// Only where it is made; it never changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) head_sha: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) details_url: Option<&'a str>,
    pub(crate) external_id: &'a str,
    pub(crate) status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) conclusion: Option<&'static str>,
    pub(crate) output: CheckOutput<'a>,
}

/// What it is to show. Annotations are added to those that stand there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct CheckOutput<'a> {
    pub(crate) title: &'a str,
    pub(crate) summary: &'a str,
    #[serde(skip_serializing_if = "<[Annotation]>::is_empty")]
    pub(crate) annotations: &'a [Annotation],
}

/// A finding on lines of a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct Annotation {
    pub(crate) path: String,
    pub(crate) start_line: u32,
    pub(crate) end_line: u32,
    pub(crate) annotation_level: &'static str,
    pub(crate) message: String,
    pub(crate) title: String,
}
