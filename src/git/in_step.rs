//! The quick way through two lists of one directory: most commits change what stands under a name, and bring or take none.

use super::ObjectId;
use super::listing::is_usable;
use super::tree::{Entries, Entry};

/// More changes than this in one directory are compared the long way.
const MOST: usize = 256;

/// The entries that differ, and how many there are in each list.
pub(super) struct InStep<'a> {
    pub(super) pairs: Vec<(Entry<'a>, Entry<'a>)>,
    pub(super) entries: usize,
}

/// Both lists side by side; `None` unless they have the same names with the same modes, in the order of names and each once, so that
/// there is nothing in the lists themselves that could be found fault with in the one and not in the other.
pub(super) fn in_step<'a>(before: &'a [u8], after: &'a [u8]) -> Option<InStep<'a>> {
    if before.len() != after.len() {
        return None;
    }
    let (mut listed, mut old, mut new) = (Entries::of(before), before, after);
    let (mut pairs, mut entries, mut last) = (Vec::new(), 0, None::<&[u8]>);
    while let Some(entry) = listed.next() {
        let entry = entry.ok()?;
        let length = old.len().checked_sub(listed.left())?;
        let ((mine, old_rest), (theirs, new_rest)) = (old.split_at_checked(length)?, new.split_at_checked(length)?);
        if last.is_some_and(|last| last >= entry.name) {
            return None;
        }
        if mine != theirs {
            // Byte by byte: one mode may be written in two ways, of which one would borrow a byte from its neighbour.
            let ((head, _), (other, id)) = (mine.split_last_chunk::<20>()?, theirs.split_last_chunk::<20>()?);
            if head != other || pairs.len() == MOST || !is_usable(entry.name) {
                return None;
            }
            pairs.push((entry, Entry { id: ObjectId(*id), ..entry }));
        }
        (old, new, last, entries) = (old_rest, new_rest, Some(entry.name), entries + 1);
    }
    Some(InStep { pairs, entries })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::hygiene;
    use super::super::listing::Listing;
    use super::super::tree::entries_of;
    use super::*;

    /// A raw tree, of entries as they come.
    fn tree(entries: &[(&'static str, &'static str, u8)]) -> Vec<u8> {
        let mut raw = Vec::new();
        for (mode, name, id) in entries {
            raw.extend_from_slice(format!("{mode} {name}\0").as_bytes());
            raw.extend_from_slice(&[*id; 20]);
        }
        raw
    }

    fn entry() -> impl Strategy<Value = (&'static str, &'static str, u8)> {
        let mode = prop_oneof![6 => Just("100644"), 2 => Just("40000"), 1 => Just("100755"), 1 => Just("120000"), 1 => Just("0100644"), 1 => Just("1100644"), 1 => Just("140000"), 1 => Just("040000")];
        let name = prop::sample::select(vec!["a", "a.b", "a0", "b", "B", "c", "d", "..", ".git", "e\u{301}", "é", "f g", ""]);
        (mode, name, 0u8..4)
    }

    /// What the long way tells of the same two lists.
    fn long_way<'a>(before: &'a [u8], after: &'a [u8]) -> (Vec<(Entry<'a>, Entry<'a>)>, usize) {
        let listed = |raw| Listing::of(entries_of(ObjectId([0; 20]), raw).unwrap());
        let (before, after) = (listed(before), listed(after));
        let mut findings = Vec::new();
        hygiene::inspect(&before, &after, "entities/", true, &mut findings);
        let (before, after) = (before.usable(), after.usable());
        assert_eq!(before.len(), after.len());
        let pairs = before.into_iter().zip(after).inspect(|(a, b)| assert_eq!(a.name, b.name));
        (pairs.filter(|(a, b)| !a.same(b)).collect(), findings.len())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn tells_what_the_long_way_tells(
            entries in proptest::collection::vec(entry(), 0..8),
            sorted in proptest::bool::weighted(0.8),
            edits in proptest::collection::vec((any::<prop::sample::Index>(), entry(), proptest::bool::weighted(0.1)), 0..3),
        ) {
            let mut before = entries;
            if sorted {
                before.sort_by(|a, b| a.1.cmp(b.1));
                before.dedup_by(|a, b| a.1 == b.1);
            }
            let mut after = before.clone();
            for (at, (mode, name, id), whole) in edits {
                if let Some(edited) = (!after.is_empty()).then(|| at.index(after.len())).and_then(|at| after.get_mut(at)) {
                    *edited = if whole { (mode, name, id) } else { (edited.0, edited.1, id) };
                }
            }
            let (before, after) = (tree(&before), tree(&after));
            if let Some(quick) = in_step(&before, &after) {
                let (pairs, findings) = long_way(&before, &after);
                prop_assert_eq!((quick.pairs, findings), (pairs, 0));
                prop_assert_eq!(quick.entries, entries_of(ObjectId([0; 20]), &after).unwrap().len());
            }
        }
    }

    #[test]
    fn most_commits_go_this_way() {
        let names = [("100644", "a", 1), ("100644", "b", 1), ("40000", "c", 1)];
        let mut after = names;
        after[1].2 = 2;
        assert_eq!(in_step(&tree(&names), &tree(&after)).unwrap().pairs.len(), 1);
    }

    #[test]
    fn a_mode_never_borrows_a_byte_from_its_neighbour() {
        let before = tree(&[("0100644", "a", 1), ("100644", "b", 1)]);
        let after = tree(&[("100644", "a", 1), ("1100644", "b", 1)]);
        assert_eq!(before.len(), after.len());
        assert!(in_step(&before, &after).is_none() && in_step(&after, &before).is_none());
        let before = tree(&[("0100644", "a", 1), ("40000", "b", 1)]);
        let after = tree(&[("100644", "a", 1), ("140000", "b", 1)]);
        assert!(in_step(&before, &after).is_none() && in_step(&after, &before).is_none());
    }

    #[test]
    fn what_could_be_found_fault_with_goes_the_long_way() {
        let with = |name, mode, id| tree(&[("100644", "a", 1), (mode, name, id)]);
        let plain = with("b", "100644", 1);
        for other in [with("c", "100644", 1), with("b", "100755", 1), with("a", "100644", 2), with("b", "0100644", 1)] {
            assert!(in_step(&plain, &other).is_none() && in_step(&other, &plain).is_none());
        }
        assert!(in_step(&with("..", "100644", 1), &with("..", "100644", 2)).is_none());
        let cut = plain.get(..plain.len() - 1).unwrap();
        assert!(in_step(cut, cut).is_none());
    }
}
