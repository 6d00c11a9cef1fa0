//! Asks those who may approve for their review, once for each head.

use std::collections::BTreeSet;

use http::Method;

use crate::forge::ForgeError;
use crate::model::{CommitId, ForgeUser};

use super::super::asking::readable;
use super::super::wire::{self, Asked, Permission, Pull, Review, ReviewersBody};
use super::super::{ApiError, Client, facts, path};

/// People that are asked about one pull request.
const MOST: usize = 15;

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Requested {
    /// Whether anything was written.
    pub(super) written: bool,
    /// Who need not be asked again about this head: they were, or GitHub does not let us.
    pub(super) asked: BTreeSet<u64>,
}

/// Asks those of `wanted` who are not asked yet and have not reviewed the head. `before` were asked about this head already.
pub(super) async fn request(
    client: &Client,
    number: u64,
    pull: &Pull,
    head: CommitId,
    wanted: &[ForgeUser],
    before: impl Fn(u64) -> bool,
) -> Result<Requested, ForgeError> {
    let mut requested = Requested::default();
    let open = candidates(pull, wanted, before);
    if open.is_empty() {
        return Ok(requested);
    }
    let reviewed = reviewers_of(&facts::raw_reviews(client, number).await?, head);
    let room = MOST.saturating_sub(pull.requested_reviewers.as_ref().map_or(0, Vec::len));
    let private = pull.base.as_ref().and_then(|base| base.repo.as_ref()).and_then(|repository| repository.private) == Some(true);
    let (mut certain, mut doubtful) = (Vec::new(), Vec::new());
    for user in open.into_iter().filter(|user| !reviewed.contains(&user.id)) {
        if certain.len() + doubtful.len() >= room {
            break;
        }
        requested.asked.insert(user.id);
        match login_of(client, user).await? {
            Some((login, role)) if private || !matches!(role.as_str(), "" | "read") => certain.push(login),
            Some((login, _)) => doubtful.push(login),
            None => {}
        }
    }
    // Anybody may read a public repository, and GitHub refuses a whole request for one who may no more than that and is no collaborator.
    let requests = std::iter::once(certain).filter(|all| !all.is_empty()).chain(doubtful.into_iter().map(|login| vec![login]));
    for reviewers in requests {
        requested.written |= ask(client, number, head, ReviewersBody { reviewers }).await?;
    }
    Ok(requested)
}

/// One request; whether GitHub took it.
async fn ask(client: &Client, number: u64, head: CommitId, body: ReviewersBody) -> Result<bool, ForgeError> {
    match client.write::<Asked>(Method::POST, &format!("pulls/{number}/requested_reviewers"), &body).await {
        Ok(_) => Ok(true),
        Err(ApiError::Refused { status: 403 | 404 | 422, what }) => {
            tracing::warn!(repository = %client.name(), pull_request = number, reviewers = ?body.reviewers,
                "GitHub does not let us ask them for a review of {}: {what}", head.short());
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}

/// Those who may be asked at all: not who opened it, not who is asked already.
fn candidates<'a>(pull: &Pull, wanted: &'a [ForgeUser], before: impl Fn(u64) -> bool) -> Vec<&'a ForgeUser> {
    let author = wire::account(pull.user.as_ref()).map(|user| user.id);
    let asked: BTreeSet<u64> =
        pull.requested_reviewers.iter().flatten().filter_map(|user| wire::account(user.as_ref())).map(|user| user.id).collect();
    let mut seen = BTreeSet::new();
    wanted
        .iter()
        .filter(|user| Some(user.id) != author && !asked.contains(&user.id) && !before(user.id) && seen.insert(user.id))
        .collect()
}

/// Who has reviewed this very commit, whatever they said.
fn reviewers_of(reviews: &[Review], head: CommitId) -> BTreeSet<u64> {
    let of_head = reviews.iter().filter(|review| wire::commit_id(review.commit_id.as_ref()) == Some(head));
    of_head
        .filter(|review| review.state.as_deref() != Some("PENDING"))
        .filter_map(|review| wire::account(review.user.as_ref()))
        .map(|user| user.id)
        .collect()
}

/// The login by which somebody is asked and their role, if it is still that very account's and it may read the repository.
async fn login_of(client: &Client, user: &ForgeUser) -> Result<Option<(String, String)>, ForgeError> {
    let Some(login) = path::segment(&user.login) else { return Ok(None) };
    let asked = client.get::<Permission>(&format!("collaborators/{login}/permission")).await;
    let Ok(found) = readable(asked)? else { return Ok(None) };
    let may = found.permission.as_deref().is_some_and(|permission| !matches!(permission, "" | "none"));
    let role = found.role_name.or(found.permission).unwrap_or_default();
    Ok(wire::account(found.user.as_ref()).filter(|found| may && found.id == user.id).map(|found| (found.login, role)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: u64) -> ForgeUser {
        ForgeUser { login: format!("u{id}"), id }
    }

    #[test]
    fn nobody_is_asked_twice_and_never_who_opened_it() {
        let pull: Pull =
            serde_json::from_str(r#"{"user":{"login":"u1","id":1},"requested_reviewers":[{"login":"u2","id":2},null]}"#).unwrap();
        let wanted = [user(1), user(2), user(3), user(4), user(3)];
        let ids =
            |before: &dyn Fn(u64) -> bool| candidates(&pull, &wanted, before).iter().map(|user| user.id).collect::<Vec<_>>();
        assert_eq!(ids(&|_| false), [3, 4]);
        assert_eq!(ids(&|id| id == 3), [4]);
    }

    #[test]
    fn who_has_reviewed_the_head_is_known_by_number() {
        let head = CommitId([0xab; 20]);
        let json = format!(
            r#"[{{"id":1,"user":{{"login":"a","id":1}},"state":"COMMENTED","commit_id":"{head}"}},
                {{"id":2,"user":{{"login":"b","id":2}},"state":"APPROVED","commit_id":"{}"}},
                {{"id":3,"user":{{"login":"c","id":3}},"state":"PENDING","commit_id":"{head}"}},
                {{"id":4,"user":null,"state":"APPROVED","commit_id":"{head}"}}]"#,
            CommitId([0xcd; 20])
        );
        let reviews: Vec<Review> = serde_json::from_str(&json).unwrap();
        assert_eq!(reviewers_of(&reviews, head), BTreeSet::from([1]));
    }
}
