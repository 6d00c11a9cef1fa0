//! Where each document goes: into the file that holds it already, or into a new one that nothing else stands in the way of.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::parse_value;
use crate::model::{FilePath, Kind, Limits, Part, Subject, Value};

use super::draft::{Draft, Fields};
use super::existing::{Existing, There, there};
use super::path::Names;
use super::{Notes, Plan, PlannedFile, Reason, Weight, prune, yaml};

/// Keys that are this catalog's own: whoever is imported from knows nothing of them, so they stay.
fn own_keys(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::User => &["roles", "emails", "github", "signingKeys", "bot"],
        Kind::Action => &["selfApproval", "expiry"],
        _ => &[],
    }
}

/// The files to be written for these documents.
pub(super) fn lay(drafts: BTreeMap<Subject, Draft>, existing: &Existing, force: bool, mut notes: Notes) -> Plan {
    let mut names = Names::default();
    existing.files.keys().for_each(|path| names.take(path));
    let mut changed: BTreeMap<FilePath, Vec<(There, Draft)>> = BTreeMap::new();
    let mut files = Vec::new();
    let mut unchanged = 0;
    for (subject, mut draft) in drafts {
        let Some(found) = existing.documents.get(&subject) else {
            match new_file(draft, existing, &mut names, force, &mut notes) {
                Some(file) if existing.files.get(&file.path).is_some_and(|old| old == file.text.as_bytes()) => unchanged += 1,
                file => files.extend(file),
            }
            continue;
        };
        keep_own(&mut draft, found, existing);
        if meaning(&draft).as_ref() == Some(&found.meaning) {
            unchanged += 1;
        } else {
            changed.entry(found.file.clone()).or_default().push((found.clone(), draft));
        }
    }
    for (path, drafts) in changed {
        match rewritten(&path, &drafts, existing) {
            Some(text) if existing.files.get(&path).is_some_and(|old| old == text.as_bytes()) => unchanged += drafts.len(),
            Some(text) => {
                if existing.files.get(&path).is_some_and(|old| old.contains(&b'#')) {
                    notes.count(Weight::LeftOut, "comments do not outlive a change of their file", path.as_str());
                }
                let subjects = drafts.into_iter().map(|(_, draft)| draft.subject).collect();
                files.push(PlannedFile { path, text, reason: Reason::Changed, subjects });
            }
            None => notes.kept_out(path.as_str(), "the file cannot be written so that it reads the same", "change it by hand"),
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Plan { files, unchanged, notes: notes.done() }
}

/// A file of its own. Where one of that name stands and holds nothing, it is no document of ours to write over.
fn new_file(draft: Draft, existing: &Existing, names: &mut Names, force: bool, notes: &mut Notes) -> Option<PlannedFile> {
    let kind = draft.subject.kind();
    let usual = Names::default().for_document(&draft.subject);
    let text = yaml::emit(&draft.value, kind);
    let empty_handed = existing.holds.get(&usual) == Some(&0);
    // A document that is still wrong holds nothing either, and was perhaps written by an earlier import.
    let ours = existing.files.get(&usual).is_some_and(|old| old == text.as_bytes());
    if empty_handed && !force && !ours {
        let why = format!("{usual} is in the way, and holds no document");
        notes.kept_out(draft.subject.to_string(), why, "mend or remove the file, or write over it with --force");
        return None;
    }
    let path = if empty_handed { usual } else { names.for_document(&draft.subject) };
    let reason = if empty_handed { Reason::Forced } else { Reason::New };
    if !reads_back(&path, &text, &draft.value) {
        let help = "shorten its names and texts, or write the document by hand";
        notes.kept_out(draft.subject.to_string(), "it cannot be written so that it reads the same", help);
        return None;
    }
    Some(PlannedFile { path, text, reason, subjects: vec![draft.subject] })
}

/// Takes over what only this catalog knows of a document.
fn keep_own(draft: &mut Draft, found: &There, existing: &Existing) {
    let own = own_keys(draft.subject.kind());
    let permissions = matches!(draft.subject, Subject::Permissions(_));
    if own.is_empty() && !permissions {
        return;
    }
    let Some(written) = existing.written(found) else { return };
    let mut fields = Fields::of(&draft.value);
    for key in own {
        if let (None, Some(value)) = (fields.get(key), written.get(key)) {
            fields.set(key, value.clone());
        }
    }
    if permissions {
        keep_rules(&mut fields, &written);
    }
    draft.value = fields.done();
}

/// An import of some permissions of a blueprint takes none of the others away.
fn keep_rules(fields: &mut Fields, written: &Value) {
    if let (None, Some(entities)) = (fields.get("entities"), written.get("entities")) {
        fields.set("entities", entities.clone());
    }
    let mut actions = written.get("actions").map(Fields::of).unwrap_or_default();
    for (action, rules) in fields.get("actions").map(Fields::of).unwrap_or_default().iter() {
        actions.set(action, rules.clone());
    }
    fields.set_some("actions", Some(actions.done()));
}

fn meaning(draft: &Draft) -> Option<Value> {
    prune::decode(&draft.subject, &draft.value).documents.first().map(|document| there(document).1.meaning)
}

/// The text of a file in which some documents are replaced.
fn rewritten(path: &FilePath, drafts: &[(There, Draft)], existing: &Existing) -> Option<String> {
    let kind = drafts.first()?.1.subject.kind();
    let mut whole = existing.value(path)?;
    let mut seen = BTreeSet::new();
    for (found, draft) in drafts {
        match (found.pointer.parts(), &mut whole) {
            ([], whole) => *whole = draft.value.clone(),
            ([Part::Index(index)], Value::List(items)) if seen.insert(*index) => *items.get_mut(*index)? = draft.value.clone(),
            _ => return None,
        }
    }
    let text = if path.as_str().ends_with(".json") { yaml::emit_json(&whole, kind) } else { yaml::emit(&whole, kind) };
    reads_back(path, &text, &whole).then_some(text)
}

fn reads_back(path: &FilePath, text: &str, value: &Value) -> bool {
    parse_value(path, text.as_bytes(), &Limits::MOST).is_ok_and(|read| read == *value)
}
