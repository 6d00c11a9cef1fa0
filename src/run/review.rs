//! What reviews come down to: each reviewer's last word, whatever was repeated or said in between (spec 7).

use std::collections::BTreeMap;

use crate::model::{Identifier, ReviewState, Timestamp};

use super::Digest;

/// A review, laid to a user of base's roster and to the request it was given on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Word {
    /// The forge's name for the review; told again, it is the same review. Where empty, every review is its own.
    pub review: String,
    /// Who gave it; `None` for a stranger.
    pub by: Option<Identifier>,
    /// What it says.
    pub state: ReviewState,
    /// What it was given on.
    pub on: ReviewedOn,
    /// When, where the forge tells it.
    pub at: Option<Timestamp>,
}

/// What a review was given on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReviewedOn {
    /// No commit, or one that git does not know.
    Unknown,
    /// A commit in which the run does not stand, or stands twice.
    WithoutRun,
    /// A commit in which the run stands.
    Run {
        /// The digest of the request alone.
        request: Digest,
        /// The run digest; `None` where the action was unknown then.
        run: Option<Digest>,
    },
}

/// The last word of each user: the latest of approved, changes requested and dismissed, in a list that is oldest first.
///
/// Comments say nothing, and a dismissal revives nothing older. A review that is told again stays where it first stood,
/// and of its tellings the strictest counts, since forges rewrite an approval in place when it is dismissed.
pub fn last_words(words: &[Word]) -> BTreeMap<Identifier, Word> {
    let mut told: Vec<Word> = Vec::new();
    let mut seen: BTreeMap<(&str, &Identifier), usize> = BTreeMap::new();
    for word in words {
        let Some(by) = &word.by else { continue };
        let again = seen.get(&(word.review.as_str(), by)).filter(|_| !word.review.is_empty());
        if let Some(first) = again.and_then(|index| told.get_mut(*index)) {
            merge(first, word);
            continue;
        }
        seen.insert((&word.review, by), told.len());
        told.push(word.clone());
    }
    told.into_iter()
        .filter(|word| word.state != ReviewState::Commented)
        .filter_map(|word| word.by.clone().map(|by| (by, word)))
        .collect()
}

/// Takes the stricter of two tellings of one review, whichever came first.
fn merge(first: &mut Word, again: &Word) {
    let strictness = |state| match state {
        ReviewState::Commented => 0,
        ReviewState::Approved => 1,
        ReviewState::ChangesRequested => 2,
        ReviewState::Dismissed => 3,
    };
    if strictness(again.state) > strictness(first.state) {
        first.state = again.state;
    }
    if again.on != first.on {
        first.on = ReviewedOn::Unknown;
    }
    first.at = first.at.zip(again.at).map(|(one, other)| one.max(other));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::fixture::id;
    use ReviewState::{Approved, ChangesRequested, Commented, Dismissed};

    fn word(review: &str, by: &str, state: ReviewState) -> Word {
        Word { review: review.into(), by: Some(id(by)), state, on: ReviewedOn::Unknown, at: None }
    }

    fn last(words: &[(&str, ReviewState)]) -> Option<ReviewState> {
        let words: Vec<Word> = words.iter().map(|(review, state)| word(review, "carol", *state)).collect();
        last_words(&words).get("carol").map(|w| w.state)
    }

    #[test]
    fn the_latest_decides_and_comments_do_not_count() {
        assert_eq!(last(&[("1", Approved), ("2", ChangesRequested)]), Some(ChangesRequested));
        assert_eq!(last(&[("1", ChangesRequested), ("2", Approved), ("3", Commented)]), Some(Approved));
        assert_eq!(last(&[("1", Commented)]), None);
    }

    #[test]
    fn a_dismissal_revives_nothing_older() {
        assert_eq!(last(&[("1", Approved), ("2", Dismissed)]), Some(Dismissed));
    }

    #[test]
    fn a_review_told_again_is_one_review() {
        assert_eq!(last(&[("1", Approved), ("2", ChangesRequested), ("1", Approved)]), Some(ChangesRequested));
        assert_eq!(last(&[("1", Approved), ("1", Dismissed), ("1", Approved)]), Some(Dismissed));
        assert_eq!(
            last(&[("", Approved), ("", ChangesRequested)]),
            Some(ChangesRequested),
            "nameless reviews are each their own"
        );
    }

    #[test]
    fn nobody_takes_anothers_review_away_by_borrowing_its_name() {
        let words = [word("1", "carol", ChangesRequested), word("1", "mallory", Dismissed)];
        assert_eq!(last_words(&words).get("carol").map(|w| w.state), Some(ChangesRequested));
    }
}
