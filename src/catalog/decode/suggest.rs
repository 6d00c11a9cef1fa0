//! "Did you mean": the known word nearest to what was written.

/// The nearest of `known`, where one is near enough to have been meant.
pub fn nearest<'k>(written: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    if written.len() > 200 {
        return None; // nobody mistypes by so much, and the comparison costs length times length
    }
    let lower = written.to_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&lower, &word.to_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.chars().count().min(written.chars().count()) / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// `did you mean X? ` where something is near, else nothing, and then the choices.
pub(super) fn choices<'k>(written: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> String {
    let all: Vec<&str> = known.clone().into_iter().collect();
    let list = if all.is_empty() { "nothing can stand here".to_owned() } else { format!("known here: {}", all.join(", ")) };
    match nearest(written, known) {
        Some(word) => format!("did you mean `{word}`? ({list})"),
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
