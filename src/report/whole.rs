//! A verdict ready to be worded: its findings placed, and how much of it is to be told.

use std::time::Duration;

use crate::check::{Elsewhere, Verdict};

use super::{PlacedFinding, Sources, place_findings};

/// A verdict ready to be worded.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// The verdict.
    pub verdict: &'a Verdict,
    /// Its findings, placed and sorted.
    pub findings: Vec<PlacedFinding<'a>>,
    /// Whether the same mistake in many places is told place by place. JSON and SARIF always do.
    pub expanded: bool,
    /// Whether text is to hold the errors alone.
    pub quiet: bool,
    /// To what the verdict was restricted, if it was.
    pub restricted: Option<Restricted>,
    /// What was looked at, where somebody counted.
    pub measured: Option<Measured>,
}

/// A verdict of which only a part is told.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Restricted {
    /// The paths that were asked about, from the top of the repository.
    pub paths: Vec<String>,
    /// What was found outside them.
    pub elsewhere: Elsewhere,
}

/// What a judgement looked at, and how long it took.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Measured {
    /// Files of the catalog.
    pub files: usize,
    /// Entities in them.
    pub entities: usize,
    /// From the question to the answer, by the clock of whoever asked.
    pub elapsed: Duration,
}

impl<'a> Report<'a> {
    /// Places the findings of `verdict`, whose catalog lives under `root`.
    pub fn new(verdict: &'a Verdict, root: &str, sources: &dyn Sources) -> Self {
        Self {
            verdict,
            findings: place_findings(&verdict.findings, root, sources),
            expanded: false,
            quiet: false,
            restricted: None,
            measured: None,
        }
    }
}
