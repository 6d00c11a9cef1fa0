//! "Did you mean": the known word nearest to what was written.

use crate::catalog::shown::shown;

/// So many words are compared at most: a suggestion is not worth a walk through a hundred thousand.
const COMPARED: usize = 5_000;

/// The nearest of `known`, where one is near enough to have been meant; the first of those that are equally near.
///
/// The cost is bounded: words of another length are passed over, the rest is compared no further than the best so far.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if written.len() > 200 {
        return None; // nobody mistypes by so much, and the comparison costs length times length
    }
    let wanted: Vec<char> = written.to_lowercase().chars().collect();
    let mut best: Option<(usize, &str)> = None;
    let mut compared = 0;
    for word in known {
        let length = word.chars().take(wanted.len() * 2 + 2).count();
        let near_enough = (wanted.len().min(length) / 3).max(1);
        let allowed = match best {
            None => near_enough,
            Some((0, _)) => break,
            Some((distance, _)) => near_enough.min(distance - 1),
        };
        if wanted.len().abs_diff(length) > allowed {
            continue;
        }
        compared += 1;
        if compared > COMPARED {
            break;
        }
        let other: Vec<char> = word.to_lowercase().chars().collect();
        if let Some(distance) = distance_within(&wanted, &other, allowed) {
            best = Some((distance, word));
        }
    }
    best.map(|(_, word)| word)
}

/// How many letters are wrong, missing, too many, or swapped with their neighbour; `None` where more than `allowed`.
fn distance_within(wanted: &[char], other: &[char], allowed: usize) -> Option<usize> {
    let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    let mut last = None;
    for (i, a) in wanted.iter().enumerate() {
        let mut row = Vec::with_capacity(above.len());
        row.push(i + 1);
        let mut left = None;
        for (j, b) in other.iter().enumerate() {
            let mut least = (cell(&above, j) + usize::from(a != b)).min(cell(&above, j + 1) + 1).min(cell(&row, j) + 1);
            if last == Some(b) && left == Some(a) {
                least = least.min(j.checked_sub(1).map_or(usize::MAX / 2, |j| cell(&before, j)) + 1);
            }
            row.push(least);
            left = Some(b);
        }
        if row.iter().min().is_none_or(|least| *least > allowed) && above.iter().min().is_none_or(|least| *least >= allowed) {
            return None;
        }
        before = std::mem::replace(&mut above, row);
        last = Some(a);
    }
    above.last().copied().filter(|distance| *distance <= allowed)
}

/// How many choices are listed.
const LISTED: usize = 24;

/// `did you mean X?` where something is near, and the choices.
pub(super) fn choices<'k>(written: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> String {
    let mut words = known.clone().into_iter();
    let listed: Vec<String> = words.by_ref().take(LISTED).map(shown).collect();
    let list = match (listed.is_empty(), words.next()) {
        (true, _) => "nothing can stand here".to_owned(),
        (false, None) => format!("known here: {}", listed.join(", ")),
        (false, Some(_)) => format!("known here: {}, …", listed.join(", ")),
    };
    match nearest(written, known) {
        Some(word) => format!("did you mean `{}`? ({list})", shown(word)),
        None => list,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_offered_and_far_ones_are_not() {
        let known = ["identifier", "title", "relations", "team"];
        assert_eq!(nearest("identifer", known), Some("identifier"));
        assert_eq!(nearest("Title", known), Some("title"));
        assert_eq!(nearest("relation", known), Some("relations"));
        assert_eq!(nearest("createdAt", known), None);
        assert_eq!(nearest(&"x".repeat(5000), known), None);
        assert_eq!(nearest("", known), None);
    }

    #[test]
    fn swapped_neighbours_are_one_mistake_and_the_nearest_wins() {
        let of = |a: &str, b: &str, allowed: usize| {
            distance_within(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>(), allowed)
        };
        assert_eq!((of("tema", "team", 1), of("prod", "prod", 0), of("prod", "prdo", 0)), (Some(1), Some(0), None));
        assert_eq!((of("kitten", "sitting", 3), of("kitten", "sitting", 2)), (Some(3), None));
        assert_eq!(nearest("production", ["producton", "production-2", "Production"]), Some("Production"));
    }

    #[test]
    fn among_a_hundred_thousand_names_the_answer_is_found_or_given_up() {
        let names: Vec<String> = (0..100_000).map(|i| format!("env-{i:06}")).collect();
        assert_eq!(nearest("env-00001", names.iter().map(String::as_str)), Some("env-000001"));
        for _ in 0..20 {
            assert_eq!(nearest("xyz-abcdef", names.iter().map(String::as_str)), None);
        }
    }

    proptest::proptest! {
        /// An independent implementation agrees, and giving up early changes no answer.
        #[test]
        fn the_distance_is_that_of_optimal_string_alignment(a in "[ab\u{e9}]{0,8}", b in "[ab\u{e9}]{0,8}", allowed in 0_usize..6) {
            let ours = distance_within(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>(), allowed);
            let theirs = strsim::osa_distance(&a, &b);
            proptest::prop_assert_eq!(ours, (theirs <= allowed).then_some(theirs));
        }
    }
}
