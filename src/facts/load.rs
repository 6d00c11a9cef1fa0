//! Turns changed files of a tree into deltas of a catalog, on all cores where there are many.

use crate::catalog::{FileDelta, ParsedFile, parse_file};
use crate::git::{Blob, FileChange, GitError, ObjectId, Repository, TreeChanges, WorktreeChanges};
use crate::model::{FilePath, Finding, Limits, Place};

use super::{FactsError, Progress};

/// Below this many files a second thread costs more than it brings.
const WORTH_A_THREAD: usize = 256;

/// Reads and parses what changed.
pub(super) fn deltas(
    repository: &Repository,
    changes: TreeChanges,
    limits: &Limits,
    progress: &Progress,
) -> Result<Vec<FileDelta>, FactsError> {
    progress.expect(changes.files.len());
    let delta = |repository: &Repository, file: &FileChange| {
        let delta = delta(repository, file, limits);
        progress.step();
        delta
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let alone = || changes.files.iter().map(|file| delta(repository, file)).collect::<Result<Vec<_>, _>>();
    let mut out = if changes.files.len() < WORTH_A_THREAD || cores == 1 {
        alone()?
    } else {
        match in_parallel(repository, &changes.files, &delta, cores) {
            // A blob merged in memory is known to this handle alone.
            Err(FactsError::Git(GitError::Missing { .. })) => alone()?,
            other => other?,
        }
    };
    refuse(&mut out, changes.findings);
    Ok(out)
}

fn in_parallel(
    repository: &Repository,
    files: &[FileChange],
    delta: &(dyn Fn(&Repository, &FileChange) -> Result<FileDelta, FactsError> + Sync),
    cores: usize,
) -> Result<Vec<FileDelta>, FactsError> {
    let share = files.len().div_ceil(cores);
    // Opened here: a handle may go to another thread, and may not be shared with one.
    let handles = files.chunks(share).map(|_| repository.again()).collect::<Result<Vec<_>, _>>()?;
    std::thread::scope(|scope| {
        let workers: Vec<_> = files
            .chunks(share)
            .zip(handles)
            .map(|(chunk, repository)| {
                scope.spawn(move || -> Result<Vec<FileDelta>, FactsError> {
                    chunk.iter().map(|file| delta(&repository, file)).collect()
                })
            })
            .collect();
        let mut out = Vec::with_capacity(files.len());
        for worker in workers {
            match worker.join() {
                Ok(part) => out.extend(part?),
                Err(panic) => std::panic::resume_unwind(panic), // the caller's quarantine is the one place that catches
            }
        }
        Ok(out)
    })
}

fn delta(repository: &Repository, file: &FileChange, limits: &Limits) -> Result<FileDelta, FactsError> {
    let Some(id) = file.after else { return Ok(FileDelta::Remove(file.path.clone())) };
    Ok(FileDelta::Put(parse_blob(repository, &file.path, id, limits)?))
}

/// Reads and parses one blob.
pub(super) fn parse_blob(
    repository: &Repository,
    path: &FilePath,
    id: ObjectId,
    limits: &Limits,
) -> Result<ParsedFile, FactsError> {
    Ok(parse(path, repository.blob(id, limits.file_bytes)?, limits))
}

fn parse(path: &FilePath, blob: Blob, limits: &Limits) -> ParsedFile {
    match blob {
        Blob::Content(bytes) => parse_file(path, &bytes, limits),
        Blob::TooLarge(size) => {
            let findings = vec![too_large(path, size, limits)];
            ParsedFile { path: path.clone(), documents: Vec::new(), findings }
        }
    }
}

fn too_large(path: &FilePath, size: usize, limits: &Limits) -> Finding {
    Finding::error("limit/file-bytes", format!("the file has {size} bytes; at most {} are read", limits.file_bytes))
        .at(Place::file(path))
        .help("divide it into several files, or raise `limits.fileBytes` in catalog.yaml")
}

/// What git itself refuses about a path makes that path a broken file, whatever its content says.
fn refuse(deltas: &mut Vec<FileDelta>, findings: Vec<Finding>) {
    for finding in findings {
        // What no file is to blame for stands under a name that no file can have.
        let path = finding.place.as_ref().map_or_else(|| FilePath::new(""), |place| place.file.clone());
        let standing = deltas.iter_mut().find_map(|delta| match delta {
            FileDelta::Put(file) if file.path == path => Some(file),
            FileDelta::Put(_) | FileDelta::Remove(_) => None,
        });
        match standing {
            Some(file) => {
                file.documents.clear();
                file.findings.push(finding);
            }
            None => {
                deltas.retain(|delta| !matches!(delta, FileDelta::Remove(gone) if *gone == path));
                deltas.push(FileDelta::Put(ParsedFile { path, documents: Vec::new(), findings: vec![finding] }));
            }
        }
    }
}

/// The same for the files of a working tree.
pub(super) fn working_deltas(working: WorktreeChanges, limits: &Limits) -> Vec<FileDelta> {
    let mut out: Vec<_> = working
        .files
        .into_iter()
        .map(|file| match file.after {
            None => FileDelta::Remove(file.path),
            Some(blob) => FileDelta::Put(parse(&file.path, blob, limits)),
        })
        .collect();
    refuse(&mut out, working.findings);
    out
}
