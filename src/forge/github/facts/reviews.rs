//! Reviews, oldest first, each by the numeric id of whoever gave it.

use crate::forge::ForgeError;
use crate::model::{Review, ReviewState, Reviewer};

use super::super::Client;
use super::super::asking::vanished;
use super::super::wire;

/// The reviews of a pull request as GitHub has them.
pub(crate) async fn raw(client: &Client, number: u64) -> Result<Vec<wire::Review>, ForgeError> {
    client.list(&format!("pulls/{number}/reviews?per_page=100")).await?.ok_or_else(|| vanished("the pull request"))
}

/// In our words, oldest first. Those that were begun and not given are nobody's business.
pub(crate) fn given(raw: &[wire::Review]) -> Vec<Review> {
    let mut reviews: Vec<(u64, Review)> = raw.iter().filter_map(|review| Some((review.id?, translate(review)?))).collect();
    reviews.sort_by_key(|(id, review)| {
        // A review without a time is where it can grant least: a yes before all others, anything else after them.
        let place = match (review.submitted_at, review.state) {
            (Some(_), _) => 1,
            (None, ReviewState::Approved) => 0,
            (None, _) => 2,
        };
        (place, review.submitted_at, *id)
    });
    reviews.dedup_by_key(|(id, _)| *id);
    reviews.into_iter().map(|(_, review)| review).collect()
}

fn translate(review: &wire::Review) -> Option<Review> {
    let state = match review.state.as_deref().unwrap_or_default().to_ascii_uppercase().as_str() {
        "APPROVED" => ReviewState::Approved,
        "CHANGES_REQUESTED" => ReviewState::ChangesRequested,
        "COMMENTED" => ReviewState::Commented,
        "PENDING" => return None,
        // Also a word that nobody knows: it grants nothing, and what the same person said before does not stand unquestioned.
        _ => ReviewState::Dismissed,
    };
    Some(Review {
        id: review.id?.to_string(),
        reviewer: wire::account(review.user.as_ref()).map_or(Reviewer::Unknown, Reviewer::Account),
        state,
        commit: wire::commit_id(review.commit_id.as_ref()),
        submitted_at: wire::timestamp(review.submitted_at.as_ref()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CommitId, ForgeUser};

    fn read(json: &str) -> Vec<Review> {
        given(&serde_json::from_str::<Vec<wire::Review>>(json).unwrap())
    }

    #[test]
    fn a_review_is_told_by_account_and_commit() {
        // Cut from the official example.
        let told = read(
            r#"[{"id":80,"user":{"login":"octocat","id":1,"type":"User"},"body":"Here is the body for the review.","state":"APPROVED",
                "submitted_at":"2019-11-17T17:43:43Z","commit_id":"ecdd80bb57125d7ba9641ffaa4d7d2c19d3f3091","author_association":"COLLABORATOR"}]"#,
        );
        let [review] = told.as_slice() else { panic!("{told:?}") };
        assert_eq!(review.reviewer, Reviewer::Account(ForgeUser { login: "octocat".into(), id: 1 }));
        assert_eq!(review.commit, CommitId::from_hex("ecdd80bb57125d7ba9641ffaa4d7d2c19d3f3091"));
        assert_eq!((review.id.as_str(), review.state), ("80", ReviewState::Approved));
    }

    #[test]
    fn what_is_null_is_unknown_and_counts_for_nothing() {
        let told = read(r#"[{"id":1,"user":null,"state":"APPROVED","commit_id":null,"submitted_at":"2019-11-17T17:43:43Z"}]"#);
        assert_eq!((&told[0].reviewer, told[0].commit), (&Reviewer::Unknown, None));
    }

    #[test]
    fn they_stand_by_time_and_then_by_number() {
        let told = read(
            r#"[{"id":9,"state":"COMMENTED","submitted_at":"2024-01-01T00:00:02Z"},{"id":8,"state":"DISMISSED","submitted_at":"2024-01-01T00:00:01Z"},
                {"id":7,"state":"APPROVED","submitted_at":"2024-01-01T00:00:02Z"},{"id":6,"state":"PENDING"},
                {"id":9,"state":"COMMENTED","submitted_at":"2024-01-01T00:00:02Z"}]"#,
        );
        assert_eq!(told.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["8", "7", "9"]);
        assert_eq!(told[0].state, ReviewState::Dismissed, "kept: it revives nothing older");
    }

    #[test]
    fn without_a_time_a_yes_comes_first_and_a_no_last() {
        let told = read(
            r#"[{"id":1,"state":"CHANGES_REQUESTED"},{"id":2,"state":"APPROVED"},{"id":3,"state":"APPROVED","submitted_at":"2024-01-01T00:00:02Z"}]"#,
        );
        assert_eq!(told.iter().map(|r| r.id.as_str()).collect::<Vec<_>>(), ["2", "3", "1"]);
    }

    #[test]
    fn an_unknown_word_takes_back() {
        assert_eq!(read(r#"[{"id":1,"state":"ENTHUSED"}]"#)[0].state, ReviewState::Dismissed);
        assert_eq!(read(r#"[{"id":1,"state":null}]"#)[0].state, ReviewState::Dismissed);
    }
}
