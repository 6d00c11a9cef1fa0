//! What the daemon answered, read as a user would read it: from the notes in the repository.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::check::CheckName;
use crate::cli::CommandError;

use super::people::Person;
use super::stage::Stage;

/// How long the daemon may take for one answer. It takes some hundredths of a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// The statuses on one commit: context to (status, description). `pending` where there is no status yet.
pub(super) type Statuses = BTreeMap<String, (String, String)>;

/// The statuses that stand on a commit now.
pub(super) fn statuses(stage: &Stage, who: &Person, commit: &str) -> Result<Statuses, CommandError> {
    let mut out = Statuses::new();
    for line in note(stage, who, "ci", commit)? {
        let text = |key: &str| line.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let status = line.get("status").and_then(Value::as_str).unwrap_or("pending").to_owned();
        out.insert(text("agent"), (status, text("output")));
    }
    Ok(out)
}

/// The findings that stand on a commit, each as one line.
pub(super) fn findings(stage: &Stage, who: &Person, commit: &str) -> Result<Vec<String>, CommandError> {
    let mut out = Vec::new();
    for line in note(stage, who, "analyses", commit)? {
        out.extend(notes_of(&line));
    }
    Ok(out)
}

/// Waits until these checks stand so on the commit.
pub(super) fn expect(stage: &Stage, who: &Person, commit: &str, wanted: &[(CheckName, &str)]) -> Result<Statuses, CommandError> {
    let begun = Instant::now();
    loop {
        let found = statuses(stage, who, commit)?;
        let holds = |(name, status): &(CheckName, &str)| found.get(name.as_str()).is_some_and(|(s, _)| s == status);
        if found.len() >= CheckName::ALL.len() && wanted.iter().all(holds) {
            return Ok(found);
        }
        if begun.elapsed() > PATIENCE {
            return Err(CommandError::internal(format!("the daemon did not answer as expected on {commit}: {found:?}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits until the audit note of a commit says that its run has come to this state; every line of it.
pub(super) fn audit(stage: &Stage, who: &Person, commit: &str, state: &str) -> Result<Vec<Value>, CommandError> {
    let begun = Instant::now();
    loop {
        let lines = note_in(stage, who, "portcullis/runs", commit)?;
        if lines.last().and_then(|line| line.get("state")).and_then(Value::as_str) == Some(state) {
            return Ok(lines);
        }
        if begun.elapsed() > PATIENCE {
            return Err(CommandError::internal(format!("the audit note on {commit} does not say {state}: {lines:?}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn note(stage: &Stage, who: &Person, kind: &str, commit: &str) -> Result<Vec<Value>, CommandError> {
    note_in(stage, who, &format!("devtools/{kind}"), commit)
}

fn note_in(stage: &Stage, who: &Person, notes: &str, commit: &str) -> Result<Vec<Value>, CommandError> {
    let origin = stage.origin();
    let origin = origin.display().to_string();
    let args = ["--git-dir", &origin, "notes", &format!("--ref={notes}"), "show", commit];
    let output = stage.try_git(who, &args)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The findings of one line, each with its place.
fn notes_of(line: &Value) -> Vec<String> {
    let responses = line.get("analyze_response").and_then(Value::as_array).into_iter().flatten();
    let notes = responses.filter_map(|response| response.get("note").and_then(Value::as_array)).flatten();
    notes
        .map(|note| {
            let text = note.get("description").and_then(Value::as_str).unwrap_or_default();
            let category = note.get("category").and_then(Value::as_str).unwrap_or_default();
            let path = note.pointer("/location/path").and_then(Value::as_str);
            let line = note.pointer("/location/range/start_line").and_then(Value::as_u64);
            let column = note.pointer("/location/range/start_column").and_then(Value::as_u64);
            let place = match (path, line, column) {
                (Some(path), Some(line), Some(column)) => format!("{path}:{line}:{column}: "),
                (Some(path), ..) => format!("{path}: "),
                (None, ..) => String::new(),
            };
            format!("{place}{text} [{category}]")
        })
        .collect()
}

/// Waits until what stands on the commit differs in any word from `before`.
pub(super) fn expect_after(stage: &Stage, who: &Person, commit: &str, before: &Statuses) -> Result<Statuses, CommandError> {
    let begun = Instant::now();
    loop {
        let found = statuses(stage, who, commit)?;
        if found != *before {
            return Ok(found);
        }
        if begun.elapsed() > PATIENCE {
            return Err(CommandError::internal(format!("the daemon had nothing new to say on {commit}: {found:?}")));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
