//! "Did you mean": the known word nearest to what was written.

use crate::catalog::shown::shown;

/// The nearest of `known`, where one is near enough to have been meant.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if written.len() > 200 {
        return None; // nobody mistypes by so much, and the comparison costs length times length
    }
    let lower = written.to_lowercase();
    let length = written.chars().count();
    let distance = |word: &str| {
        let other = word.chars().count();
        let allowed = (length.min(other) / 3).max(1);
        // Words of too different a length are too far apart: most are passed over without being compared.
        let near = length.abs_diff(other) <= allowed;
        near.then(|| strsim::damerau_levenshtein(&lower, &word.to_lowercase())).filter(|distance| *distance <= allowed)
    };
    known.into_iter().filter_map(|word| Some((distance(word)?, word))).min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
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
    }
}
