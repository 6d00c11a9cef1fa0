//! The index of rules: `docs/rules.md` and a page a family below `docs/rules/`. Every rule stands there with an example that
//! breaks it and one that mends it; each is laid into a real repository, and the program itself judges it.
//!
//! `UPDATE_DOCS=1 cargo test --test rules` writes what the program knows: demands, remedies, findings, the index.
//! `RULES=document/ cargo test --test rules` looks at those alone whose id begins so.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly
#![allow(unreachable_pub)] // nothing is outside of a test

mod example;
mod judge;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis::check::rules;
use portcullis::model::RuleDoc;

use judge::Ground;
use page::{Page, Section};

/// The rules that no change to a catalog can break by itself, and the tests that show them broken.
const ELSEWHERE: &[(&str, &str)] = &[
    ("git/history-rewritten", "src/controller/branch_tests.rs::rewritten_history_stops_everything_until_a_person_accepts_it"),
    (
        "git/merge-group",
        "src/controller/merge_group_tests.rs::an_entry_with_more_in_it_than_its_pull_request_is_refused_and_so_is_what_stands_on_it",
    ),
    ("git/root", "src/git/tests/trees.rs::the_catalog_may_live_in_a_subdirectory"),
    ("limit/findings", "src/catalog/tests/every_rule.rs::every_rule_is_told_where_it_is_broken_and_how_to_mend_it"),
    ("limit/judgement", "src/controller/pull_request_tests.rs::a_judgement_that_does_not_end_is_given_up_at_its_deadline"),
    ("limit/remarks", "src/controller/answer.rs::of_very_many_findings_the_first_are_told_and_how_many_more_there_are"),
    ("push/deleted", "tests/pre_receive.rs::history_is_not_dropped_and_the_branch_not_deleted_by_anybody"),
    ("push/first", "tests/pre_receive.rs::the_first_catalog_is_sound_and_brought_by_its_admin"),
    ("push/look-alike", "tests/pre_receive.rs::history_is_not_dropped_and_the_branch_not_deleted_by_anybody"),
    ("push/rewritten", "tests/pre_receive.rs::history_is_not_dropped_and_the_branch_not_deleted_by_anybody"),
    ("push/stale", "tests/pre_receive.rs::what_cannot_be_judged_is_refused"),
    ("push/unknown-pusher", "tests/pre_receive.rs::strangers_and_the_nameless_are_refused_on_a_watched_branch_alone"),
];

/// The rules about two that are too much alike: they are told at both, since nobody knows which of them is to yield.
const TOLD_TWICE: &[&str] = &[
    "duplicate/identifier",
    "lookalike/identifier",
    "roster/email-claimed-twice",
    "roster/github-claimed-twice",
    "roster/key-shared",
];

#[test]
fn every_rule_is_broken_by_its_example_and_kept_by_the_mended_one() {
    let mut pages = pages();
    let ground = Ground::lay();
    let wanted = std::env::var("RULES").unwrap_or_default();
    let sections: Vec<&mut Section> =
        pages.iter_mut().flat_map(|(page, _)| &mut page.sections).filter(|section| section.id.starts_with(&wanted)).collect();
    let wrong = in_parallel(sections, |section| judge(&ground, section));
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    let mut stale = Vec::new();
    for (page, rules) in &pages {
        let file = directory().join(format!("rules/{}.md", page.family));
        let text = page.write(rules, ELSEWHERE);
        if update {
            std::fs::write(&file, &text).unwrap();
        }
        if std::fs::read_to_string(&file).unwrap_or_default() != text {
            stale.push(page.family.clone());
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(stale.is_empty(), "{stale:?} are not what the program says: run `UPDATE_DOCS=1 cargo test --test rules`");
}

/// What is wrong with the examples of one rule. The finding goes into the section.
fn judge(ground: &Ground, section: &mut Section) -> Option<String> {
    let id = section.id.clone();
    let (breaks, mends) = match (&section.breaks, &section.mends, ELSEWHERE.iter().any(|(elsewhere, _)| *elsewhere == id)) {
        (Some(breaks), Some(mends), false) => (breaks, mends.after(breaks)),
        (None, None, true) => return None,
        (_, _, true) => return Some(format!("{id}: shown elsewhere and here")),
        (_, _, false) => return Some(format!("{id}: no example that breaks it, or none that mends it")),
    };
    if section.why.is_empty() {
        return Some(format!("{id}: nothing says why"));
    }
    if let Some(wrong) = breaks.wrong.iter().chain(&mends.wrong).next() {
        return Some(format!("{id}: {wrong}"));
    }
    let told = ground.draw(breaks);
    let places = if TOLD_TWICE.contains(&&*id) { 2 } else { 1 };
    if told.rules.len() != places || told.rules.iter().any(|rule| *rule != id) {
        return Some(format!("{id}: the example must break this rule, once, and no other:\n{}", told.text));
    }
    section.told = told.drawn;
    ground.complaint(&mends).map(|told| format!("{id}: the mended example breaks a rule:\n{told}"))
}

/// Every rule has its place on the page of its family, and no page tells of a rule that is not.
#[test]
fn the_pages_tell_of_every_rule_and_of_no_other() {
    let known: BTreeSet<String> = rules::all().iter().map(|rule| rule.id.to_owned()).collect();
    let told: Vec<String> = pages().iter().flat_map(|(page, _)| &page.sections).map(|section| section.id.clone()).collect();
    let once: BTreeSet<String> = told.iter().cloned().collect();
    assert_eq!(told.len(), once.len(), "a rule stands on a page twice");
    let missing: Vec<_> = known.difference(&once).collect();
    assert!(missing.is_empty(), "no example yet, see docs/rules.md: {missing:#?}");
    let unknown: Vec<_> = once.difference(&known).collect();
    assert!(unknown.is_empty(), "the program has no such rules: {unknown:#?}");
    let families: BTreeSet<String> = families().into_keys().map(|family| format!("{family}.md")).collect();
    let files = std::fs::read_dir(directory().join("rules")).unwrap();
    let files: BTreeSet<String> = files.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(files, families, "a page a family");
}

#[test]
fn the_index_lists_every_rule() {
    let mut page = String::from(HEAD);
    for (family, rules) in families() {
        let _ = write!(page, "\n## {family}\n\n| rule | demands | mend it so |\n|---|---|---|\n");
        let cell = |text: &str| text.replace('|', "\\|");
        for rule in rules {
            let anchor = rule.id.replace('/', "");
            let (demands, mended) = (cell(rule.summary), cell(rule.remedy));
            let _ = writeln!(page, "| [`{}`](rules/{family}.md#{anchor}) | {demands} | {mended} |", rule.id);
        }
    }
    let file = directory().join("rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(written == page, "docs/rules.md is not what the program knows: run `UPDATE_DOCS=1 cargo test --test rules`");
}

/// Every test that stands for an example is there.
#[test]
fn what_is_shown_elsewhere_is_shown() {
    for (rule, test) in ELSEWHERE {
        let (file, name) = test.rsplit_once("::").unwrap();
        let text = std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap_or_default();
        assert!(text.contains(&format!("fn {name}(")), "{rule}: there is no {test}");
    }
}

const HEAD: &str = "# Rules

Every finding names the rule it comes from. This page lists them all, with what each demands and how to mend what breaks it.
Each leads to a section of its own, which says why there is such a rule, and shows an example that breaks it, what
`portcullis check` prints then, and an example that mends it. `portcullis explain RULE` prints the same section.

The examples stand on [a small catalog](../tests/rules/base): `alice@acme.dev` is its Admin, `bob@acme.dev` moderates `Env`
and belongs to the team `platform`, `carol@acme.dev` is a Member of the team `payments`, `dave@acme.dev` a Member of none.
A file shown is a file of the change, committed by Alice where nobody else is named; one *on the watched branch* was there
before. Commands run in a clone, on the branch of the change; what they leave is committed. `facts.json` is what
`portcullis simulate` is told of a pull request. A mended example stands on the same watched branch, with the same facts, by
the same person, where it shows no others.

The pages are kept by `tests/rules/`, which has the program judge every example: the first must yield exactly the finding
below it, the other none. `UPDATE_DOCS=1 cargo test --test rules` writes findings and this index anew.
";

/// The rules by family, sorted.
fn families() -> BTreeMap<String, Vec<RuleDoc>> {
    let mut all = rules::all();
    all.sort_by_key(|rule| rule.id);
    let mut families: BTreeMap<String, Vec<RuleDoc>> = BTreeMap::new();
    for rule in all {
        families.entry(rule.id.split('/').next().unwrap().to_owned()).or_default().push(rule);
    }
    families
}

fn pages() -> Vec<(Page, Vec<RuleDoc>)> {
    let read = |family: &str| std::fs::read_to_string(directory().join(format!("rules/{family}.md"))).unwrap_or_default();
    families().into_iter().map(|(family, rules)| (Page::read(&family, &read(&family)), rules)).collect()
}

fn directory() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/docs"))
}

/// Does each piece of work on some core; what comes of it, in the order of the work.
fn in_parallel<T: Send>(work: Vec<T>, judge: impl Fn(T) -> Option<String> + Sync) -> Vec<String> {
    let cores = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    let work: Vec<Mutex<Option<T>>> = work.into_iter().map(|piece| Mutex::new(Some(piece))).collect();
    let (next, done) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(piece) = work.get(at).and_then(|piece| piece.lock().unwrap().take()) else { return };
                    if let Some(told) = judge(piece) {
                        done.lock().unwrap().insert(at, told);
                    }
                }
            });
        }
    });
    done.into_inner().unwrap().into_values().collect()
}
