//! Merges a pull request by its exact head.

use http::Method;

use crate::forge::{ForgeError, Merge, Merged};
use crate::model::PullRequestState;

use super::wire::{MergeAnswer, MergeBody};
use super::{ApiError, Client, facts};

/// Merges it, once. GitHub holds only the head to what we say; that it is still open onto the watched branch, and no draft, is looked at
/// right before, since whoever may edit it can lead it elsewhere while it is judged. Where nobody knows whether that was done, or GitHub refuses, the pull request itself is asked: it may be merged by now.
pub(super) async fn merge(client: &Client, branch: &str, merge: &Merge) -> Result<Merged, ForgeError> {
    let Some(number) = facts::number(&merge.pull_request) else {
        return Ok(Merged::Refused("there is no pull request of that name".to_owned()));
    };
    let Some(stands) = facts::pull(client, number).await? else {
        return Ok(Merged::Refused("the pull request is gone".to_owned()));
    };
    let (is_judged, ours) = (stands.head() == Some(merge.head), stands.targets(branch));
    match stands.state() {
        PullRequestState::Merged if is_judged && ours => return Ok(Merged::Done),
        PullRequestState::Open if is_judged && ours && stands.draft != Some(true) => {}
        PullRequestState::Open if !ours => {
            return Ok(Merged::Refused("it wants to become part of another branch by now".to_owned()));
        }
        PullRequestState::Open if !is_judged => return Ok(Merged::Refused("its head has moved since it was judged".to_owned())),
        PullRequestState::Open => return Ok(Merged::Refused("it is a draft".to_owned())),
        PullRequestState::Merged | PullRequestState::Closed => return Ok(Merged::Refused("it is not open any more".to_owned())),
    }
    let body = MergeBody { sha: merge.head.to_string(), merge_method: merge.method.as_str() };
    let said = match client.write::<MergeAnswer>(Method::PUT, &format!("pulls/{number}/merge"), &body).await {
        Ok(answer) => {
            let answer = answer.unwrap_or_default();
            if answer.merged != Some(false) {
                return Ok(Merged::Done);
            }
            Ok(answer.message.unwrap_or_else(|| "GitHub did not merge it and does not say why".to_owned()))
        }
        Err(ApiError::Refused { status: 404 | 405 | 409 | 422, what }) => Ok(what),
        Err(unknown @ ApiError::Unknown { .. }) => Err(unknown),
        Err(error) => return Err(error.into()),
    };
    let now = facts::pull(client, number).await?;
    let merged = now.is_some_and(|pull| pull.state() == PullRequestState::Merged && pull.head() == Some(merge.head));
    match said {
        _ if merged => Ok(Merged::Done),
        Ok(why) => Ok(Merged::Refused(why)),
        Err(unknown) => Err(unknown.into()),
    }
}
