//! Whatever base becomes: where a footing stands, the whole judgement says what it said.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::Index;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use super::random::*;
use crate::catalog::{Catalog, Document, FileDelta};
use crate::check::{Base, CommitFacts, Footing, Head, Proposal, Target, Verdict, judge, validate};
use crate::model::*;

/// Mostly entities come, go and change.
fn calm() -> impl Strategy<Value = Vec<Calm>> {
    let one =
        prop_oneof![5 => entity().prop_map(|document| Calm::Put(Box::new(document))), 3 => any::<Index>().prop_map(Calm::Remove)];
    proptest::collection::vec(one, 1..4)
}

#[derive(Clone, Debug)]
enum Calm {
    Put(Box<Document>),
    Remove(Index),
}

fn calmly(files: &Files, steps: &[Calm]) -> Files {
    let mut after = files.clone();
    for step in steps {
        match step {
            Calm::Put(document) => drop(after.insert(path_of(document), (**document).clone())),
            Calm::Remove(index) => {
                let entities: Vec<String> = after.keys().filter(|path| path.starts_with("entities/")).cloned().collect();
                if !entities.is_empty() {
                    after.remove(&entities[index.index(entities.len())]);
                }
            }
        }
    }
    after
}

/// What leads from some files to others.
fn between(before: &Files, after: &Files) -> Vec<FileDelta> {
    let gone = before.keys().filter(|path| !after.contains_key(*path)).map(|path| FileDelta::Remove(FilePath::new(path)));
    let new = after.iter().filter(|(path, d)| before.get(*path) != Some(d)).map(|(path, d)| FileDelta::put(file(path, d)));
    gone.chain(new).collect()
}

fn paths(deltas: &[FileDelta]) -> BTreeSet<FilePath> {
    deltas.iter().map(|delta| delta.path().clone()).collect()
}

fn commit(number: u8, who: &str, before: &Catalog, after: &Catalog) -> CommitFacts {
    CommitFacts {
        id: CommitId([number; 20]),
        parents: vec![CommitId([number - 1; 20])],
        summary: String::new(),
        author_email: who.to_owned(),
        committer_email: who.to_owned(),
        co_authors: Vec::new(),
        committed_at: None,
        signature: SignatureFact::Unsigned,
        received_at: Timestamp::UNIX_EPOCH,
        vouched: None,
        before: before.clone(),
        sides: Vec::new(),
        conflicts: Vec::new(),
        after: after.clone(),
        findings: Vec::new(),
    }
}

fn proposal(number: u8, base: &Catalog, head: &Catalog, merged: &Catalog, commits: &[CommitFacts]) -> Proposal {
    Proposal {
        target: Target::PullRequest,
        base_id: CommitId([100 + number; 20]),
        base: Base(base.clone()),
        base_is_valid: true,
        head_id: commits.last().map(|commit| commit.id),
        merged: Head(merged.clone()),
        head: Head(head.clone()),
        conflicts: Vec::new(),
        commits: commits.to_vec(),
        identity: IdentityMode::Declared,
        as_user: None,
        pull_request: None,
        branch_pushes: None,
        reach: Default::default(),
        performed: Default::default(),
        used_runs: Default::default(),
        withdrawn: Default::default(),
        first_seen: None,
        now: Timestamp::UNIX_EPOCH,
        findings: Vec::new(),
    }
}

/// How often there was what.
#[derive(Default, Debug)]
struct Counted {
    rested: u32,
    spared: u32,
    anew: u32,
    needed: u32,
}

fn tried(runner: &mut TestRunner, counted: &mut Counted) {
    let draw = |runner: &mut TestRunner| {
        let all = (files(), calm(), proptest::option::of(calm()), calm(), proptest::option::weighted(0.2, edits()), 0..4usize);
        all.new_tree(runner).unwrap().current()
    };
    let (files, first, second, moves, more, who) = draw(runner);
    let admin = User {
        identifier: ident("ann@a.dev"),
        name: None,
        roles: vec![Role::Admin],
        emails: Vec::new(),
        github_id: None,
        github_login: None,
        signing_keys: Vec::new(),
        bot: false,
    };
    let mut files = files;
    if who > 1 {
        let located = crate::catalog::Located { file: FilePath::new("x"), pointer: Pointer::root(), value: admin };
        files.insert("users/ann@a.dev.json".to_owned(), Document::User(located));
    }
    let who = if who == 1 { "ben@a.dev" } else { "ann@a.dev" };
    let (files, base) = mended(files);
    // The branch: one commit or two.
    let halfway = calmly(&files, &first);
    let end = second.map_or_else(|| halfway.clone(), |second| calmly(&halfway, &second));
    let (one, all) = (base.apply(between(&files, &halfway)), base.apply(between(&files, &end)));
    let mut commits = vec![commit(1, who, &base, &one)];
    if halfway != end {
        commits.push(commit(2, who, &one, &all));
    }
    let brought = between(&files, &end);
    let before = proposal(0, &base, &all, &all, &commits);
    let verdict = judge(&before);
    let Some(footing) = Footing::of(&before, &verdict) else { return };
    // Base moves: by what is valid by itself, and leaves alone the files that the branch changes.
    let mut moved = calmly(&files, &moves);
    if let Some(more) = more {
        moved = edited(&moved, &build(&moved), &more).0;
    }
    let there = between(&files, &moved);
    let now = base.apply(there.clone());
    if !paths(&there).is_disjoint(&paths(&brought)) || validate(&now).iter().any(Finding::is_error) {
        return;
    }
    counted.rested += 1;
    let anew = judge(&proposal(1, &now, &all, &now.apply(brought), &commits));
    let was = Verdict { base: anew.base, ..verdict };
    if footing.stands(&now) {
        counted.spared += 1;
        assert_eq!(was, anew, "{who}\n{files:#?}\n{end:#?}\n{moved:#?}");
    } else {
        counted.anew += 1;
        counted.needed += u32::from(was != anew);
    }
}

#[test]
fn where_a_footing_stands_the_whole_judgement_says_the_same() {
    let mut runner = TestRunner::deterministic();
    let mut counted = Counted::default();
    for _ in 0..2500 {
        tried(&mut runner, &mut counted);
    }
    // Neither is always the answer, and some of what is judged anew comes out otherwise.
    let Counted { rested, spared, anew, needed } = counted;
    assert!(rested > 100 && spared * 2 > rested && anew >= 8 && needed >= 4, "{rested} {spared} {anew} {needed}");
}
