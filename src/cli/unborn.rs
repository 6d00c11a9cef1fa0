//! Judges the working tree of a repository in which no catalog is committed yet: what stands in it is to become the first base.

use crate::catalog::{Catalog, FileDelta, ParsedFile, parse_file};
use crate::git::{Blob, WorktreeFile};
use crate::model::{FilePath, Finding, Kind, Limits, Place};

use super::judging::{JudgeRequest, Judged, Place as Site, cannot_judge, no_catalog};
use super::{CommandError, jq_worker, standing};

/// What is wrong with the files. Nobody's rights are asked about: by what stands nowhere yet, nobody has any.
pub(super) fn judge(place: &Site, request: &JudgeRequest) -> Result<Judged, CommandError> {
    let root = place.workspace.root();
    let most = Limits::MOST.file_bytes;
    let working = place.repository.worktree_changes(None, root, most).map_err(|error| cannot_judge(&error.into()))?;
    let empty = Catalog::with_expressions(jq_worker::expressions());
    let policy = working.files.iter().filter(|file| file.path.as_str() == Kind::Policy.directory());
    let first = empty.policy().limits;
    let limits = empty.apply(policy.map(|file| delta(file, &first))).policy().limits;
    let catalog = empty.apply(working.files.iter().map(|file| delta(file, &limits)));
    if catalog.file_count() == 0 {
        let none = match root {
            "" => no_catalog(),
            root => CommandError::could_not_judge(format!("there is no catalog under `{root}`: check the directory's name")),
        };
        return Err(none.hint("`portcullis init` lays one"));
    }
    let verdict = standing::judge(&catalog, working.findings, request.now);
    let files = working.files;
    let sources = move |wanted: &FilePath| {
        files.iter().find(|file| file.path == *wanted).and_then(|file| match &file.after {
            Some(Blob::Content(bytes)) => Some(bytes.clone()),
            _ => None,
        })
    };
    Ok(Judged { verdict, sources: Box::new(sources), catalogs: [catalog.clone(), catalog] })
}

fn delta(file: &WorktreeFile, limits: &Limits) -> FileDelta {
    FileDelta::put(match &file.after {
        Some(Blob::Content(bytes)) => parse_file(&file.path, bytes, limits),
        Some(Blob::TooLarge(size)) => {
            let message = format!("the file has {size} bytes; at most {} are read", limits.file_bytes);
            let finding =
                Finding::error("limit/file-bytes", message).at(Place::file(&file.path)).help("divide it into several files");
            ParsedFile { content: None, path: file.path.clone(), documents: Vec::new(), findings: vec![finding] }
        }
        None => ParsedFile { content: None, path: file.path.clone(), documents: Vec::new(), findings: Vec::new() },
    })
}
