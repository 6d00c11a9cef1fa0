//! Everything that is known of one pull request.

use std::collections::BTreeMap;

use crate::forge::{Asking, ForgeError, PullRequest, PullRequestDetails};
use crate::model::PullRequestState;

use super::super::Client;
use super::super::asking::vanished;
use super::super::wire::account;
use super::{commands, pulls, pushes, reviews, vouching};

/// Gathers it. The pull request itself is read first: what is read after it may know more, never less.
pub(crate) async fn details(
    client: &Client,
    branch: &str,
    pull_request: &PullRequest,
    asking: Asking<'_>,
) -> Result<PullRequestDetails, ForgeError> {
    let number = pulls::number(&pull_request.id);
    let found = match number {
        Some(number) => pulls::pull(client, number).await?.map(|pull| (number, pull)),
        None => None,
    };
    let Some((number, pull)) = found else { return Ok(gone(pull_request)) };
    let head = pull.head().ok_or_else(|| vanished("the head of the pull request"))?;
    let (reviews, pushes, verified, commands) = tokio::try_join!(
        reviews::raw(client, number),
        pushes::of_head(client, &pull, head),
        vouching::vouched(client, head, asking.signed),
        commands::spoken(client, number),
    )?;
    Ok(PullRequestDetails {
        head,
        state: pull.state(),
        opener: account(pull.user.as_ref()),
        pushes: pushes.pushes,
        reviews: reviews::given(&reviews),
        verified,
        draft: pull.draft.unwrap_or_default(),
        onto_watched: pull.targets(branch),
        commands,
        pending: pushes.pending,
    })
}

/// One that has vanished is closed, and nobody is known of it.
fn gone(pull_request: &PullRequest) -> PullRequestDetails {
    PullRequestDetails {
        head: pull_request.head,
        state: PullRequestState::Closed,
        opener: None,
        pushes: Vec::new(),
        reviews: Vec::new(),
        verified: BTreeMap::new(),
        draft: false,
        onto_watched: false,
        commands: Vec::new(),
        pending: None,
    }
}
