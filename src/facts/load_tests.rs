//! Files read on all cores, of real repositories.

use super::super::fixture;
use super::*;

/// More than one core takes at a time, and no whole number of parts.
const FILES: usize = 2 * PART + 77;

/// A repository whose branches `one` and `two` both change every file of `main`, so that what a merge of them holds is nowhere on the disk.
fn forked() -> tempfile::TempDir {
    let mut script = String::new();
    for (branch, from, title, icon) in
        [("main", None, "a", "b"), ("one", Some("main"), "changed", "b"), ("two", Some("main"), "a", "changed")]
    {
        fixture::commit(&mut script, branch, from);
        for at in 0..FILES {
            let text = format!("title: {title}\nidentifier: e{at}\nproperties:\n  a: 1\n  b: 2\n  c: 3\nicon: {icon}\n");
            fixture::file(&mut script, "100644", &format!("entities/E/e{at}.yaml"), &text);
        }
    }
    fixture::imported(&script)
}

fn words(deltas: &[FileDelta]) -> Vec<String> {
    deltas.iter().map(|delta| format!("{delta:?}")).collect()
}

#[test]
fn all_cores_read_what_one_reads_and_in_that_order_even_what_was_merged_in_memory() {
    let home = forked();
    let repository = Repository::open(home.path()).unwrap();
    let tip = |branch: &str| repository.resolve(branch).unwrap();
    let (limits, progress) = (Limits::default(), Progress::default());
    let base = repository.tree_of(tip("main")).unwrap();
    let merged = repository.merge(tip("one"), tip("two")).unwrap().tree.unwrap();
    for (before, after) in [(None, base), (None, merged), (Some(base), merged)] {
        let changes = repository.changes(before, Some(after), "").unwrap();
        assert_eq!(changes.files.len(), FILES);
        let mut desk = Desk { packing: Packing::default(), packs: None };
        let alone: Vec<_> = changes.files.iter().map(|file| delta(&repository, &mut desk, file, &limits).unwrap()).collect();
        let (together, refused) = difference(&repository, (before, after), "", &limits, &progress).unwrap();
        assert_eq!(words(&together), words(&alone));
        assert!(!refused);
        assert_eq!(words(&deltas(&repository, changes, &limits, &progress).unwrap()), words(&alone));
    }
    assert_eq!(progress.so_far(), (6 * FILES, 6 * FILES));
}

#[test]
fn what_cannot_be_read_ends_the_reading() {
    let home = forked();
    let repository = Repository::open(home.path()).unwrap();
    let base = repository.tree_of(repository.resolve("main").unwrap()).unwrap();
    let (limits, progress) = (Limits::default(), Progress::default());
    let mut changes = repository.changes(None, Some(base), "").unwrap();
    for at in [0, PART, FILES - 1] {
        let file = changes.files[at].clone();
        changes.files[at].after = Some(ObjectId([7; 20]));
        let error = deltas(&repository, changes.clone(), &limits, &progress).unwrap_err();
        assert!(matches!(error, FactsError::Git(GitError::Missing { .. })), "{error}");
        changes.files[at] = file;
    }
    let nowhere = difference(&repository, (None, ObjectId([7; 20])), "", &limits, &progress).unwrap_err();
    assert!(matches!(nowhere, FactsError::Git(GitError::Missing { .. })), "{nowhere}");
}
