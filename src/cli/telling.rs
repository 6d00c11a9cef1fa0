//! From a judgement to what is printed of it: format, restriction to paths, folding, and the time it took.

use std::path::PathBuf;
use std::time::Instant;

use crate::check::{Conclusion, restrict};
use crate::model::FilePath;
use crate::report::{self, Format, Measured, Report, Restricted};

use super::judging::{self, JudgeRequest, Judged, Place};
use super::paths::Paths;
use super::progress::Bar;
use super::{Color, CommandError, Outcome, output};

/// What of a verdict is told, and how.
#[derive(Clone, Debug)]
pub(super) struct Telling {
    /// The format.
    pub(super) format: Format,
    /// When to use colours.
    pub(super) color: Color,
    /// Files and directories to which it is restricted; none: everything is told.
    pub(super) paths: Vec<PathBuf>,
    /// Whether the same mistake in many places is told place by place.
    pub(super) expanded: bool,
    /// Whether nothing but errors is told.
    pub(super) quiet: bool,
    /// Whether it is told again and again.
    pub(super) watching: bool,
}

impl Telling {
    /// Everything, in this format.
    pub(super) fn all(format: Format, color: Color) -> Self {
        Self { format, color, paths: Vec::new(), expanded: false, quiet: false, watching: false }
    }
}

/// What is to be printed.
#[derive(Clone, Debug)]
pub(super) struct Worded {
    /// All of it.
    pub(super) text: String,
    /// The same without how long it took: equal where there is nothing new to read.
    pub(super) gist: String,
    /// How it ended.
    pub(super) outcome: Outcome,
}

/// Judges, and words it.
pub(super) fn judge_and_word(place: &Place, request: &JudgeRequest, telling: &Telling) -> Result<Worded, CommandError> {
    let started = Instant::now();
    let bar = Bar::start(place.workspace.progress(), telling.quiet);
    let paths = Paths::resolve(&telling.paths, place.repository.workdir(), place.workspace.root())?;
    let judged = judging::judge(place, request)?;
    let worded = word(&judged, &request.root, telling, &paths, started)?;
    drop(bar);
    Ok(worded)
}

fn word(judged: &Judged, root: &str, telling: &Telling, paths: &Paths, started: Instant) -> Result<Worded, CommandError> {
    let part = match paths.asked() {
        [] => None,
        asked => {
            paths.must_name_something(judged)?;
            let (part, elsewhere) = restrict(&judged.verdict, &|file: &FilePath| paths.hold(file));
            Some((part, Restricted { paths: asked.to_vec(), elsewhere }))
        }
    };
    let verdict = part.as_ref().map_or(&judged.verdict, |(part, _)| part);
    let mut report = Report::new(verdict, root, judged.sources.as_ref());
    let [_, merged] = &judged.catalogs;
    let measured = Measured { files: merged.file_count(), entities: merged.entities().len(), elapsed: started.elapsed() };
    report.expanded = telling.expanded;
    report.quiet = telling.quiet;
    report.restricted = part.as_ref().map(|(_, restricted)| restricted.clone());
    let styled = telling.color.on_stdout();
    let gist = if telling.watching { report::render(telling.format, &report, styled) } else { String::new() };
    report.measured = Some(measured);
    let outcome = match verdict.conclusion {
        Conclusion::Success | Conclusion::Pending => Outcome::Clean,
        Conclusion::Failure => Outcome::Findings,
    };
    Ok(Worded { text: report::render(telling.format, &report, styled), gist, outcome })
}

/// Judges, prints, and says how it ended.
pub(super) fn judge_and_print(request: &JudgeRequest, telling: &Telling) -> Result<Outcome, CommandError> {
    let worded = judge_and_word(&Place::find(request)?, request, telling)?;
    output::print(&worded.text)?;
    Ok(worded.outcome)
}
