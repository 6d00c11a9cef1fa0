//! Acknowledges commands, so that nobody need ask whether they were heard.

use http::Method;

use crate::forge::ForgeError;
use crate::model::ForgeUser;

use super::super::asking::readable;
use super::super::wire::{Asked, ReactionBody};
use super::super::{Client, facts, words};

/// Reacts to each of these comments where we have not; one that is gone needs no answer.
pub(super) async fn acknowledge(client: &Client, ourselves: &ForgeUser, comments: &[String]) -> Result<(), ForgeError> {
    for comment in comments {
        let Some(id) = facts::number(comment) else { continue };
        if facts::is_acknowledged(client, id, ourselves).await? {
            continue;
        }
        let path = format!("issues/comments/{id}/reactions");
        let reacted = client.write::<Asked>(Method::POST, &path, &ReactionBody { content: words::SEEN }).await;
        if let Err(why) = readable(reacted)? {
            tracing::warn!(repository = %client.name(), comment = id, "could not acknowledge it: {why}");
        }
    }
    Ok(())
}
