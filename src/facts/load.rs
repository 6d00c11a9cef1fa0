//! Turns changed files of a tree into deltas of a catalog, on all cores where there are many.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::catalog::parallel::cores;
use crate::catalog::{FileDelta, Packing, ParsedFile, parse_file};
use crate::git::{Blob, FileChange, GitError, ObjectId, PackReader, Packs, Repository, TreeChanges, WorktreeChanges};
use crate::model::{FilePath, Finding, Limits, Place};

use super::{FactsError, Progress};

/// How many files a core takes at a time. Where there are no more, a second thread costs more than it brings.
const PART: usize = 512;

/// Some files, with their place among all.
type Part<T> = (usize, Vec<T>);

/// Reads and parses what changed.
pub(super) fn deltas(
    repository: &Repository,
    changes: TreeChanges,
    limits: &Limits,
    progress: &Progress,
) -> Result<Vec<FileDelta>, FactsError> {
    let TreeChanges { files, findings, .. } = changes;
    let tell = |tell: &mut dyn FnMut(FileChange)| {
        files.into_iter().for_each(tell);
        Ok(findings)
    };
    Ok(read(repository, tell, limits, progress)?.0)
}

/// Reads and parses what differs between two trees, and says whether git has something wrong. Reading begins while the trees are compared.
pub(super) fn difference(
    repository: &Repository,
    (before, after): (Option<ObjectId>, ObjectId),
    root: &str,
    limits: &Limits,
    progress: &Progress,
) -> Result<(Vec<FileDelta>, bool), FactsError> {
    read(repository, |tell| repository.each_change(before, Some(after), root, tell), limits, progress)
}

fn read(
    repository: &Repository,
    changes: impl FnOnce(&mut dyn FnMut(FileChange)) -> Result<Vec<Finding>, GitError>,
    limits: &Limits,
    progress: &Progress,
) -> Result<(Vec<FileDelta>, bool), FactsError> {
    let packs = OnceLock::new();
    let reader = Reader { limits, progress, packs: &packs };
    let others = cores() - 1;
    let (parts, waiting) = channel();
    let waiting = Mutex::new(waiting);
    let (mut read, findings) = std::thread::scope(|scope| {
        let parts = parts; // gone once all are handed out, or nobody will: whoever waits for more then ends
        let (mut part, mut number, mut workers, mut unopened) = (Vec::new(), 0, Vec::new(), None);
        let found = changes(&mut |file| {
            part.push(file);
            if part.len() < PART {
                return;
            }
            progress.expect(PART);
            packs.get_or_init(|| repository.packs(limits.file_bytes));
            // Received by somebody who lives as long as this.
            let _ = parts.send((number, std::mem::take(&mut part)));
            number += 1;
            if workers.len() < others && unopened.is_none() {
                // Opened here: a handle may go to another thread, and may not be shared with one.
                match repository.again() {
                    Ok(handle) => workers.push(scope.spawn(|| reader.beside(handle, &waiting))),
                    Err(error) => unopened = Some(error),
                }
            }
        });
        let findings = match found.and_then(|findings| unopened.map_or(Ok(findings), Err)) {
            Ok(findings) => findings,
            Err(error) => {
                // Nobody reads what is of no use any more: many files may stand before what is wrong.
                drop(parts);
                while let Ok(part) = waiting.lock().unwrap_or_else(PoisonError::into_inner).try_recv() {
                    drop(part);
                }
                return Err(error.into());
            }
        };
        progress.expect(part.len());
        let _ = parts.send((number, part));
        drop(parts);
        let (mut desk, mut mine) = (reader.desk(), Vec::new());
        while let Some((number, files)) = next(&waiting) {
            mine.push((number, reader.part(repository, &mut desk, &files)?));
        }
        for worker in workers {
            let (read, unread) = worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
            repository.count_reads(read.iter().map(|(_, part)| part.len()).sum());
            mine.extend(read);
            for (number, files) in unread {
                mine.push((number, reader.part(repository, &mut desk, &files)?));
            }
        }
        Ok::<_, FactsError>((mine, findings))
    })?;
    read.sort_unstable_by_key(|(number, _)| *number);
    let mut out = Vec::with_capacity(read.iter().map(|(_, part)| part.len()).sum());
    read.into_iter().for_each(|(_, part)| out.extend(part));
    let refused = !findings.is_empty();
    refuse(&mut out, findings);
    Ok((out, refused))
}

/// Whoever has finished takes the next part, so that no core waits for a slower one; `None` after the last.
fn next(waiting: &Mutex<Receiver<Part<FileChange>>>) -> Option<Part<FileChange>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// What was read, and what this handle could not.
type Beside = (Vec<Part<FileDelta>>, Vec<Part<FileChange>>);

#[derive(Clone, Copy)]
struct Reader<'a> {
    limits: &'a Limits,
    progress: &'a Progress,
    /// Opened for whom it pays: where more is read than one part.
    packs: &'a OnceLock<Packs>,
}

/// What one thread reads with.
struct Desk<'a> {
    packing: Packing,
    packs: Option<PackReader<'a>>,
}

impl<'a> Reader<'a> {
    fn desk(&self) -> Desk<'a> {
        Desk { packing: Packing::default(), packs: self.packs.get().map(Packs::reader) }
    }

    fn beside(&self, repository: Repository, waiting: &Mutex<Receiver<Part<FileChange>>>) -> Result<Beside, FactsError> {
        let (mut desk, mut read, mut unread) = (self.desk(), Vec::new(), Vec::new());
        while let Some((number, files)) = next(waiting) {
            match self.part(&repository, &mut desk, &files) {
                Ok(part) => read.push((number, part)),
                // A blob merged in memory is known to the first handle alone.
                Err(FactsError::Git(GitError::Missing { .. })) => unread.push((number, files)),
                Err(error) => return Err(error),
            }
        }
        Ok((read, unread))
    }

    fn part(&self, repository: &Repository, desk: &mut Desk<'_>, files: &[FileChange]) -> Result<Vec<FileDelta>, FactsError> {
        let read = files.iter().map(|file| delta(repository, desk, file, self.limits)).collect::<Result<Vec<_>, _>>()?;
        self.progress.advance(files.len());
        Ok(read)
    }
}

fn delta(repository: &Repository, desk: &mut Desk<'_>, file: &FileChange, limits: &Limits) -> Result<FileDelta, FactsError> {
    let Some(id) = file.after else { return Ok(FileDelta::Remove(file.path.clone())) };
    let parsed = match desk.packs.as_mut().and_then(|packs| packs.blob(id)) {
        Some(bytes) => named(parse_file(&file.path, bytes, limits), id),
        None => parse_blob(repository, &file.path, id, limits)?,
    };
    Ok(desk.packing.pack(parsed))
}

/// Reads and parses one blob.
pub(super) fn parse_blob(
    repository: &Repository,
    path: &FilePath,
    id: ObjectId,
    limits: &Limits,
) -> Result<ParsedFile, FactsError> {
    Ok(named(parse(path, repository.blob(id, limits.file_bytes)?, limits), id))
}

/// Where something is wrong the content goes by its name in git, also where it is too large to be read.
fn named(mut parsed: ParsedFile, id: ObjectId) -> ParsedFile {
    if !parsed.findings.is_empty() {
        parsed.content = Some(id.0.as_slice().into());
    }
    parsed
}

fn parse(path: &FilePath, blob: Blob, limits: &Limits) -> ParsedFile {
    match blob {
        Blob::Content(bytes) => parse_file(path, &bytes, limits),
        Blob::TooLarge(size) => {
            let findings = vec![too_large(path, size, limits)];
            ParsedFile { content: None, path: path.clone(), documents: Vec::new(), findings }
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
    if findings.is_empty() {
        return;
    }
    let mut refused = BTreeMap::<FilePath, Vec<Finding>>::new();
    for finding in findings {
        // What no file is to blame for stands under a name that no file can have.
        let path = finding.place.as_ref().map_or_else(|| FilePath::new(""), |place| place.file.clone());
        refused.entry(path).or_default().push(finding);
    }
    let mut out: Vec<_> = Vec::with_capacity(deltas.len());
    for delta in deltas.drain(..) {
        match refused.get_mut(&delta.path()) {
            // What its content has wrong comes first.
            Some(findings) => findings.splice(0..0, delta.into_findings()).for_each(drop),
            None => out.push(delta),
        }
    }
    // What git has wrong stands in no blob.
    out.extend(
        refused
            .into_iter()
            .map(|(path, findings)| FileDelta::put(ParsedFile { path, documents: Vec::new(), findings, content: None })),
    );
    *deltas = out;
}

/// The same for the files of a working tree.
pub(super) fn working_deltas(working: WorktreeChanges, limits: &Limits) -> Vec<FileDelta> {
    let mut out: Vec<_> = working
        .files
        .into_iter()
        .map(|file| match file.after {
            None => FileDelta::Remove(file.path),
            Some(blob) => FileDelta::put(parse(&file.path, blob, limits)),
        })
        .collect();
    refuse(&mut out, working.findings);
    out
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
