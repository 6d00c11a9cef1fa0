//! The engine under test, asked through the files of a catalog; and engines that are wrong on purpose.

use std::collections::{BTreeMap, BTreeSet};

use portcullis::catalog::{Catalog, Field, FileDelta, diff, parse_file};
use portcullis::check::permissions::decide;
use portcullis::check::{Base, CommitFacts, Head, Proposal, Target, judge};
use portcullis::model::{Actor, CommitId, FilePath, Identifier, IdentityMode, Limits, SignatureFact, Timestamp};
use serde_json::Value as Json;

use crate::oracle::Change;
use crate::random::Files;

/// What answers.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) enum Engine {
    Real,
    /// Granular rules decide though the global one is set.
    IgnoresGlobal,
    /// Roster and rules of the change itself judge it.
    JudgesByHead,
    /// Owners that move because of a change elsewhere are nobody's concern.
    ForgetsTheCascade,
    /// Of what is declared twice the first counts.
    TakesTheFirstTwin,
    /// Teams grant though the rule does not say `ownedByTeam`.
    OwnersMayAll,
    /// Only the entity's own team owns.
    InheritsNothing,
    /// Registering needs `register` alone.
    RegisterIsEnough,
}

pub(crate) const WRONG: [Engine; 7] = [
    Engine::IgnoresGlobal,
    Engine::JudgesByHead,
    Engine::ForgetsTheCascade,
    Engine::TakesTheFirstTwin,
    Engine::OwnersMayAll,
    Engine::InheritsNothing,
    Engine::RegisterIsEnough,
];

/// Reads the files as the engine reads any others.
pub(crate) fn read(files: &Files) -> Catalog {
    Catalog::default().apply(files.iter().map(put))
}

/// The next revision, made of the one before by the files that differ.
fn step(before: &Files, old: &Catalog, after: &Files) -> Catalog {
    let gone = before.keys().filter(|path| !after.contains_key(*path)).map(|path| FileDelta::Remove(FilePath::new(path)));
    let put = after.iter().filter(|(path, document)| before.get(*path) != Some(document)).map(put);
    old.apply(gone.chain(put))
}

fn put((path, document): (&String, &Json)) -> FileDelta {
    let file = parse_file(&FilePath::new(path), document.to_string().as_bytes(), &Limits::default());
    assert!(document.is_object() == file.findings.is_empty(), "{path}: {document}\n{:?}", file.findings);
    FileDelta::put(file)
}

pub(crate) fn actor(name: &str) -> Actor {
    match name.contains('@') {
        true => Actor::User(Identifier::new(name).unwrap()),
        false => Actor::Stranger(name.to_owned()),
    }
}

/// Every change and, for each actor, whether it is allowed.
pub(crate) fn answers(
    engine: Engine,
    before: &Files,
    old: &Catalog,
    after: &Files,
    actors: &[&str],
) -> BTreeMap<Change, Vec<bool>> {
    let new = step(before, old, after);
    let judging = match engine {
        Engine::Real | Engine::ForgetsTheCascade | Engine::RegisterIsEnough => old.clone(),
        Engine::JudgesByHead => new.clone(),
        _ => read(&misread(engine, before)),
    };
    let base = Base(judging);
    let changes = diff(old, &new).0;
    let forgotten = |change: &portcullis::catalog::Change| match engine {
        Engine::ForgetsTheCascade => change.field == Some(Field::Owner),
        Engine::RegisterIsEnough => change.operation == portcullis::catalog::Operation::Register && change.field.is_some(),
        _ => false,
    };
    let answer = |change: &portcullis::catalog::Change| {
        let field = change.field.as_ref().map(ToString::to_string).unwrap_or_default();
        let allowed = actors.iter().map(|name| forgotten(change) || decide(&base, &new, &actor(name), change).allowed).collect();
        ((change.subject.to_string(), field), allowed)
    };
    changes.iter().map(answer).collect()
}

/// Base as a wrong engine understands it.
fn misread(engine: Engine, files: &Files) -> Files {
    let mut out = files.clone();
    match engine {
        Engine::IgnoresGlobal => {
            permissions(&mut out, |document| drop(document["entities"].as_object_mut().unwrap().remove("update")))
        }
        Engine::OwnersMayAll => permissions(&mut out, |document| {
            let rules = document["entities"].as_object_mut().unwrap();
            rules.values_mut().filter(|rule| rule.get("roles").is_some()).for_each(|rule| rule["ownedByTeam"] = true.into());
        }),
        Engine::TakesTheFirstTwin => {
            let mut seen = BTreeSet::new();
            out.retain(|path, _| {
                let mut parts = path.split('/');
                let name = (parts.next().map(str::to_owned), parts.next_back().map(str::to_owned));
                path.starts_with("entities/") || seen.insert(name)
            });
        }
        Engine::InheritsNothing => out.values_mut().filter_map(Json::as_object_mut).for_each(|document| {
            document.remove("teamInheritance");
            document.remove("ownership");
        }),
        _ => {}
    }
    out
}

fn permissions(files: &mut Files, change: impl Fn(&mut Json)) {
    files
        .iter_mut()
        .filter(|(path, document)| path.starts_with("permissions/") && document.is_object())
        .for_each(|(_, d)| change(d));
}

/// The whole judgement of one commit by somebody: every change and whether it is allowed, and whether any permission finding stands.
pub(crate) fn judged(before: &Files, after: &Files, who: &str) -> (BTreeMap<Change, bool>, bool) {
    let (old, new) = (read(before), read(after));
    let id = CommitId([1; 20]);
    let commit = CommitFacts {
        id,
        parents: vec![CommitId([0; 20])],
        summary: String::new(),
        author_email: who.to_owned(),
        committer_email: who.to_owned(),
        co_authors: Vec::new(),
        committed_at: Some(Timestamp::UNIX_EPOCH),
        signature: SignatureFact::Unsigned,
        received_at: Timestamp::UNIX_EPOCH,
        vouched: None,
        before: old.clone(),
        sides: Vec::new(),
        conflicts: Vec::new(),
        after: new.clone(),
        findings: Vec::new(),
    };
    let verdict = judge(&Proposal {
        performed: Default::default(),
        target: Target::PullRequest,
        base_id: CommitId([0; 20]),
        base: Base(old),
        base_is_valid: false,
        head_id: Some(id),
        merged: Head(new.clone()),
        head: Head(new),
        conflicts: Vec::new(),
        commits: vec![commit],
        identity: IdentityMode::Declared,
        as_user: None,
        pull_request: None,
        branch_pushes: None,
        reach: BTreeMap::new(),
        used_runs: BTreeSet::new(),
        withdrawn: BTreeMap::new(),
        first_seen: None,
        now: Timestamp::UNIX_EPOCH,
        findings: Vec::new(),
    });
    let changes = verdict.changes.iter().map(|judged| {
        let field = judged.change.field.as_ref().map(ToString::to_string).unwrap_or_default();
        ((judged.change.subject.to_string(), field), judged.allowed)
    });
    let refused = verdict.findings.iter().any(|finding| finding.is_error() && finding.rule.starts_with("permission/"));
    (changes.collect(), refused)
}
