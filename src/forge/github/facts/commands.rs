//! What people ask of us in comments.

use crate::forge::{Command, CommandWord, ForgeError};
use crate::model::ForgeUser;

use super::super::asking::readable;
use super::super::wire::{self, Comment, Reaction};
use super::super::{Client, words};

/// The latest commands that are heard; older ones count as answered. Anybody may comment on a public repository, and each command may cost a
/// question.
const MOST: usize = 50;

/// The commands in the comments of a pull request, oldest first, and whether we have acknowledged them.
pub(crate) async fn spoken(client: &Client, number: u64) -> Result<Vec<Command>, ForgeError> {
    let asked = client.list::<Comment>(&format!("issues/{number}/comments?per_page=100")).await;
    let comments = match readable(asked)? {
        Ok(comments) => comments,
        Err(why) => {
            tracing::warn!(repository = %client.name(), pull_request = number, "its comments are not known: {why}");
            return Ok(Vec::new());
        }
    };
    let said: Vec<(&Comment, CommandWord)> = comments.iter().filter_map(|comment| Some((comment, word(comment)?))).collect();
    if said.is_empty() {
        return Ok(Vec::new());
    }
    let ourselves = client.ourselves().await?;
    let mut commands = Vec::new();
    for (comment, word) in said.into_iter().rev() {
        let (Some(id), by) = (comment.id, wire::account(comment.user.as_ref())) else { continue };
        // What we say ourselves asks for nothing, whatever we quote in it.
        if by.as_ref().is_some_and(|by| by.id == ourselves.id) {
            continue;
        }
        let seen = comment.reactions.as_ref().is_none_or(|reactions| reactions.eyes != Some(0));
        let answered = commands.len() >= MOST || (seen && is_acknowledged(client, id, &ourselves).await?);
        commands.push(Command { comment: id.to_string(), by, word, answered });
    }
    commands.reverse();
    Ok(commands)
}

/// Whether we have reacted to a comment, or it is gone.
pub(crate) async fn is_acknowledged(client: &Client, comment: u64, ourselves: &ForgeUser) -> Result<bool, ForgeError> {
    let path = format!("issues/comments/{comment}/reactions?content={}&per_page=100", words::SEEN);
    let Some(reactions) = client.list::<Reaction>(&path).await? else { return Ok(true) };
    Ok(reactions.iter().any(|reaction| {
        let by = wire::account(reaction.user.as_ref());
        reaction.content.as_deref() == Some(words::SEEN) && by.is_some_and(|by| by.id == ourselves.id)
    }))
}

/// What a comment asks for: its last line that is a command and nothing else.
fn word(comment: &Comment) -> Option<CommandWord> {
    comment.body.as_deref()?.lines().rev().find_map(|line| {
        let rest = line.trim_end().strip_prefix(words::COMMAND)?;
        match rest.strip_prefix(' ')? {
            "recheck" => Some(CommandWord::Recheck),
            "why" => Some(CommandWord::Why),
            "withdraw" => Some(CommandWord::Withdraw),
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asks(body: &str) -> Option<CommandWord> {
        word(&Comment { body: Some(body.into()), ..Comment::default() })
    }

    #[test]
    fn a_line_that_is_a_command_and_nothing_else_is_one() {
        assert_eq!(asks("/portcullis recheck"), Some(CommandWord::Recheck));
        assert_eq!(asks("Hm.\r\n/portcullis why\r\n\r\nThanks!"), Some(CommandWord::Why));
        assert_eq!(asks("/portcullis withdraw"), Some(CommandWord::Withdraw));
        assert_eq!(asks("/portcullis why\n/portcullis recheck"), Some(CommandWord::Recheck), "the last word");
    }

    #[test]
    fn talk_about_commands_is_none() {
        let talk = [
            "",
            "say /portcullis recheck",
            "> /portcullis recheck",
            "`/portcullis why`",
            "/portcullis",
            "/portcullis recheck now",
            "    /portcullis why",
        ];
        for talk in talk.into_iter().chain(["/portcullisrecheck", "/portcullis  why", "/portcullis merge", "/Portcullis why"]) {
            assert_eq!(asks(talk), None, "{talk}");
        }
        assert_eq!(word(&Comment::default()), None);
    }
}
