//! Reviews as the API shows them, and their being dismissed.

use serde_json::{Value, json};

use super::GitHub;
use super::answer::{Answered, Call};
use super::state::{Review, State};

impl State {
    pub fn review_json(&self, id: u64, number: u64, review: &Review) -> Value {
        let full = self.full_name(id);
        let html = format!("{}/{full}/pull/{number}#pullrequestreview-{}", self.url, review.id);
        let pull = format!("{}/repos/{full}/pulls/{number}", self.url);
        json!({
            "id": review.id, "node_id": format!("PRR_{}", review.id), "user": self.user_json(review.user), "body": review.body,
            "state": review.state, "html_url": html, "pull_request_url": pull,
            "_links": {"html": {"href": html}, "pull_request": {"href": pull}}, "submitted_at": review.submitted_at.to_string(),
            "commit_id": review.commit.map(|sha| sha.to_string()), "author_association": self.association(id, review.user),
        })
    }

    /// Always in the order of their submission.
    pub fn list_reviews(&self, call: &Call<'_>, id: u64, number: &str) -> Answered {
        let number = self.pull_number(id, number)?;
        let reviews = &self.repositories[&id].pulls[&number].reviews;
        Ok(call.list(reviews.iter().map(|review| self.review_json(id, number, review)).collect()))
    }

    pub fn submit_review(&mut self, id: u64, number: u64, user: u64, state: &str, body: &str, commit: Option<git2::Oid>) -> u64 {
        let (review, now) = (self.next_id(), self.now());
        let pull = self.pull(id, number);
        let new = Review { id: review, user, state: state.into(), body: body.into(), commit, submitted_at: now };
        pull.reviews.push(new);
        pull.requested.remove(&user);
        pull.updated_at = now;
        self.review_event(id, number, review, "submitted", user);
        review
    }

    /// The review, and where it is.
    fn find_review(&mut self, review: u64) -> (u64, u64, &mut Review) {
        let now = self.clock.time();
        for repository in self.repositories.values_mut() {
            for pull in repository.pulls.values_mut() {
                if let Some(at) = pull.reviews.iter().position(|it| it.id == review) {
                    pull.updated_at = now;
                    return (repository.id, pull.number, &mut pull.reviews[at]);
                }
            }
        }
        panic!("there is no review {review}");
    }
}

impl GitHub {
    /// Somebody with the right to takes the force out of a review.
    pub fn dismisses(&self, review: u64) {
        let mut state = self.state();
        state.deed();
        let (id, number, found) = state.find_review(review);
        found.state = "DISMISSED".into();
        let by = found.user;
        state.review_event(id, number, review, "dismissed", by);
    }

    /// GitHub has forgotten which commit a review was of.
    pub fn forgets_commit_of(&self, review: u64) {
        self.state().find_review(review).2.commit = None;
    }

    /// The account is deleted: wherever it stood there is nobody.
    pub fn deletes_account(&self, login: &str) {
        let mut state = self.state();
        let id = state.account_id(login).unwrap();
        state.accounts.get_mut(&id).unwrap().gone = true;
        let now = state.now();
        for pull in state.repositories.values_mut().flat_map(|it| it.pulls.values_mut()) {
            if pull.user == id || pull.reviews.iter().any(|review| review.user == id) {
                pull.updated_at = now;
            }
        }
    }

    /// The account gets another login, and keeps its id.
    pub fn renames_account(&self, login: &str, new: &str) {
        let mut state = self.state();
        let id = state.account_id(login).unwrap();
        state.accounts.get_mut(&id).unwrap().login = new.into();
    }
}
