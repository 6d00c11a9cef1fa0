//! Where a judgement is spared because base moved elsewhere, the whole judgement by somebody who knows nothing says the same.

use std::collections::BTreeMap;

use portcullis::catalog::Catalog;
use portcullis::check::{self, Footing, Target, Verdict};
use portcullis::facts::{Trace, Workspace};
use portcullis::model::CommitId;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::{ask, is_valid, open, pool, write};

/// What a process remembers of the last judgement of a branch.
struct Rested {
    base: CommitId,
    footing: Footing,
    trace: Trace,
    verdict: Verdict,
}

/// How often a judgement was spared, how often one that could have been was not, and how often that one came out otherwise.
#[derive(Default, Debug)]
struct Counted {
    spared: u32,
    anew: u32,
    needed: u32,
}

/// The whole judgement of a newcomer, its merge's tree, and what it rests on.
fn whole(workspace: &Workspace, base: CommitId, valid: bool, head: CommitId) -> (Verdict, Option<[u8; 20]>, Option<Rested>) {
    let proposed = workspace.propose(&ask(base, valid, head, Target::PullRequest)).unwrap();
    let verdict = check::judge(&proposed.proposal);
    let rested = Footing::of(&proposed.proposal, &verdict).zip(proposed.trace).map(|(footing, trace)| Rested {
        base,
        footing,
        trace,
        verdict: verdict.clone(),
    });
    (verdict, proposed.merged_tree.map(|tree| tree.0), rested)
}

/// The judgement, if `known` stands on this base.
fn spared(
    daemon: &Workspace,
    known: &Rested,
    base: CommitId,
    here: &Catalog,
    head: CommitId,
) -> Option<(Verdict, Option<[u8; 20]>)> {
    let now = ask(base, true, head, Target::PullRequest);
    if !now.is_alike(&ask(known.base, true, head, Target::PullRequest)) || !known.footing.stands(here) {
        return None;
    }
    let still = daemon.still(&now, &known.trace).unwrap()?;
    Some((Verdict { base, ..known.verdict.clone() }, Some(still.merged_tree.0)))
}

fn tried(runner: &mut TestRunner, counted: &mut Counted) {
    let step = || prop_oneof![5 => pool::calm(), 1 => pool::step()];
    let line = proptest::collection::vec(step(), 3..6);
    let branches = proptest::collection::vec((0usize..3, proptest::collection::vec(pool::calm(), 1..3)), 3..6);
    let (line, branches) = (line, branches).new_tree(runner).unwrap().current();
    let dir = tempfile::tempdir().unwrap();
    let history = write(dir.path(), &line, &branches);
    let daemon = open(dir.path());
    let mut known: BTreeMap<CommitId, Rested> = BTreeMap::new();
    for base in history.bases {
        let here = daemon.snapshot(base).unwrap().catalog;
        let valid = is_valid(&here);
        for head in history.branches.iter().copied() {
            let (verdict, tree, rested) = whole(&open(dir.path()), base, valid, head);
            if let Some(before) = known.remove(&head).filter(|_| valid) {
                match spared(&daemon, &before, base, &here, head) {
                    Some(said) => {
                        counted.spared += 1;
                        assert_eq!(said, (verdict, tree), "base {base} head {head}: {line:#?} {branches:#?}");
                        // It goes on from what it remembers, and not from what the newcomer found.
                        let footing = before.footing.on(&here);
                        let verdict = said.0;
                        known.insert(head, Rested { base, footing, verdict, ..before });
                        continue;
                    }
                    None => {
                        counted.anew += 1;
                        counted.needed += u32::from(Verdict { base, ..before.verdict } != verdict);
                    }
                }
            }
            known.extend(rested.map(|rested| (head, rested)));
        }
    }
}

#[test]
fn what_is_spared_would_have_come_out_the_same() {
    let mut runner = TestRunner::deterministic();
    let mut counted = Counted::default();
    for _ in 0..40 {
        tried(&mut runner, &mut counted);
    }
    let Counted { spared, anew, needed } = counted;
    assert!(spared >= 40 && anew >= 20 && needed >= 10, "{spared} {anew} {needed}");
}

#[test]
fn git_is_asked_for_the_same_commits_and_the_same_files() {
    use pool::{Edit, Step};
    let by_root = |edits: Vec<Edit>| Step { who: "root@a.dev", edits };
    let commented = "# said again\nidentifier: a1\nproperties: { p: one, n: 1, u: ann@a.dev }\nrelations: { b: b1 }\n";
    let titled = "identifier: a1\nproperties: { p: one, n: 1, u: ann@a.dev }\nrelations: { b: b1 }\ntitle: One\n";
    let line = [
        by_root(vec![Edit::Put("entities/A/c4.yaml", "identifier: c4\n")]),
        by_root(vec![Edit::Put("entities/A/a1.yaml", commented)]),
        by_root(vec![Edit::Put("entities/A/a1.yaml", "identifier: a1\ntitle: Another\n")]),
    ];
    let two = vec![by_root(vec![Edit::Put("entities/A/a1.yaml", titled)]), by_root(vec![Edit::Put("notes/read.me", "more\n")])];
    let dir = tempfile::tempdir().unwrap();
    let history = write(dir.path(), &line, &[(0, two)]);
    let (workspace, head) = (open(dir.path()), history.branches[0]);
    let [first, elsewhere, meaning_alone, conflict] = history.bases[..] else { panic!("{history:?}") };
    let (_, _, rested) = whole(&workspace, first, true, head);
    let Rested { footing, trace, .. } = rested.unwrap();
    let still = |base: CommitId| workspace.still(&ask(base, true, head, Target::PullRequest), &trace).unwrap().is_some();
    assert!(still(first) && still(elsewhere));
    // The same file has other bytes and the same meaning: nobody has read what comes of merging the two.
    assert!(footing.stands(&workspace.snapshot(meaning_alone).unwrap().catalog) && !still(meaning_alone));
    assert!(!still(conflict));
    // What is left of the range where base has its first commit is another one.
    let half = std::process::Command::new("git").arg("-C").arg(dir.path()).args(["rev-parse", &format!("{head}~1")]).output();
    let half = CommitId::from_hex(String::from_utf8(half.unwrap().stdout).unwrap().trim()).unwrap();
    assert!(!still(half));
}
