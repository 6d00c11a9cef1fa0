//! What a person is told of an import.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::import::{Plan, Reason, Weight};
use crate::report::defuse_inline;

/// More files than this are told by directory.
const EACH: usize = 40;

/// Every file, or every directory; then what is not there, and what is worth knowing.
pub(super) fn told(plan: &Plan, dry_run: bool, out: &Path) -> String {
    let mut text = String::new();
    if plan.files.len() <= EACH {
        for file in &plan.files {
            let _ = writeln!(text, "{} {}", verb(file.reason, dry_run), defuse_inline(file.path.as_str()));
        }
    } else {
        let mut directories: BTreeMap<(String, &'static str), usize> = BTreeMap::new();
        for file in &plan.files {
            let directory = file.path.as_str().rsplit_once('/').map_or(".", |(directory, _)| directory).to_owned();
            *directories.entry((directory, verb(file.reason, dry_run))).or_default() += 1;
        }
        for ((directory, verb), n) in directories {
            let _ = writeln!(text, "{verb} {n} {} in {}", if n == 1 { "file" } else { "files" }, defuse_inline(&directory));
        }
    }
    for note in &plan.notes {
        let word = match note.weight {
            Weight::KeptOut => "kept out",
            Weight::LeftOut => "left out",
            Weight::Told => "note",
        };
        let _ = writeln!(text, "{word}: {}: {}", defuse_inline(&note.what), defuse_inline(&note.why));
        if let Some(help) = &note.help {
            let _ = writeln!(text, "  help: {}", defuse_inline(help));
        }
    }
    let kept_out = plan.notes.iter().filter(|note| note.weight == Weight::KeptOut).count();
    let done = if dry_run { "would be written" } else { "written" };
    let _ = write!(
        text,
        "{} {done} to {}, {} as they were",
        documents(plan),
        defuse_inline(&out.display().to_string()),
        plan.unchanged
    );
    let _ = writeln!(text, "{}", if kept_out == 0 { ".".to_owned() } else { format!(", {kept_out} kept out.") });
    text
}

fn documents(plan: &Plan) -> String {
    match plan.files.iter().map(|file| file.subjects.len()).sum::<usize>() {
        1 => "1 document".to_owned(),
        n => format!("{n} documents"),
    }
}

fn verb(reason: Reason, dry_run: bool) -> &'static str {
    match (reason, dry_run) {
        (Reason::New, false) => "wrote",
        (Reason::New, true) => "would write",
        (Reason::Changed, false) => "changed",
        (Reason::Changed, true) => "would change",
        (Reason::Forced, false) => "wrote over",
        (Reason::Forced, true) => "would write over",
    }
}
