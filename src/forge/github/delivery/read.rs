//! Whom an event wakes.

use crate::check::CheckName;

use super::payload::{Check, Payload};
use super::{Delivered, RepositoryRef, What, Woken};

/// The events that may wake somebody: those to subscribe to. Besides them GitHub sends `ping`, `installation` and
/// `installation_repositories` to every App unasked.
pub const EVENTS: &[&str] = &[
    "check_run",
    "check_suite",
    "issue_comment",
    "member",
    "membership",
    "merge_group",
    "organization",
    "pull_request",
    "pull_request_review",
    "push",
    "repository",
    "status",
    "team",
];

/// What a line begins with that is meant for us.
pub const COMMAND: &str = "/portcullis";

/// The longest reason for which a delivery cannot be read, in characters.
const MOST_TOLD: usize = 200;

/// Whom a delivery wakes. `event` is its `X-GitHub-Event`; the signature must have been verified before.
pub fn read(event: &str, body: &[u8]) -> Delivered {
    if event == "ping" {
        return Delivered::Ignored("a ping");
    }
    if !EVENTS.contains(&event) && !matches!(event, "installation" | "installation_repositories" | "installation_target") {
        return Delivered::Ignored("an event that nothing depends on");
    }
    match serde_json::from_slice::<Payload>(body) {
        Ok(payload) => judge(event, payload),
        // What serde cites of the body it writes escaped.
        Err(error) => Delivered::Unreadable(error.to_string().chars().take(MOST_TOLD).collect()),
    }
}

fn judge(event: &str, payload: Payload) -> Delivered {
    let action = payload.action.as_deref().unwrap_or_default();
    let wakes = match event {
        "pull_request" => match action {
            // We do some of these ourselves, and would hear of ourselves without end.
            "labeled" | "unlabeled" | "review_requested" | "review_request_removed" => Err("what people are asked or told"),
            "assigned" | "unassigned" | "milestoned" | "demilestoned" | "locked" | "unlocked" => {
                Err("how people organise themselves")
            }
            _ => one(&payload),
        },
        "pull_request_review" => one(&payload),
        "issue_comment" => commented(action, &payload),
        "push" => pushed(&payload),
        "check_run" | "check_suite" if action == "rerequested" => again(event, &payload),
        "check_run" | "check_suite" => Err("what checks say, ours among them"),
        "status" => {
            let ours =
                payload.context.as_deref().is_some_and(|context| CheckName::ALL.iter().any(|name| name.as_str() == context));
            if ours { Ok(vec![What::Standing]) } else { Err("a status that is not ours") }
        }
        "merge_group" | "member" => Ok(vec![What::Repository]),
        "repository" => match action {
            // It has another name, or there is one more or one less.
            "renamed" | "transferred" | "deleted" | "created" => Ok(vec![What::Everything]),
            _ => Ok(vec![What::Repository]),
        },
        "organization" if action == "member_invited" => Err("an invitation, which nobody has taken yet"),
        // Who is in a team, and which repositories we are to look after, may concern any of them.
        _ => Ok(vec![What::Everything]),
    };
    match wakes {
        Ok(wakes) => addressed(payload, wakes),
        Err(reason) => Delivered::Ignored(reason),
    }
}

type Wakes = Result<Vec<What>, &'static str>;

/// The pull request that the event is about; without its number, the repository.
fn one(payload: &Payload) -> Wakes {
    Ok(vec![payload.pull_request.as_ref().map_or(What::Repository, |pull| What::PullRequest(pull.number))])
}

fn commented(action: &str, payload: &Payload) -> Wakes {
    let Some(issue) = payload.issue.as_ref().filter(|issue| issue.pull_request.is_some()) else {
        return Err("a comment on an issue");
    };
    let body = payload.comment.as_ref().and_then(|comment| comment.body.as_deref()).unwrap_or_default();
    let meant = |line: &str| line.trim().strip_prefix(COMMAND).is_some_and(|rest| rest.starts_with(char::is_whitespace));
    match action {
        "created" if body.lines().any(meant) => Ok(vec![What::PullRequest(issue.number)]),
        _ => Err("a comment that is no command"),
    }
}

fn pushed(payload: &Payload) -> Wakes {
    match payload.reference.as_deref() {
        Some(reference) if reference.starts_with("refs/tags/") => Err("a tag"),
        _ => Ok(vec![What::Repository]),
    }
}

/// Somebody pressed "Re-run". The pull requests of forks are not named.
fn again(event: &str, payload: &Payload) -> Wakes {
    let check: Option<&Check> = if event == "check_run" { payload.check_run.as_ref() } else { payload.check_suite.as_ref() };
    let here = payload.repository.as_ref().map(|repository| repository.id);
    let named = check.and_then(|check| check.pull_requests.as_deref()).unwrap_or_default();
    let base = |base: &super::payload::Base| base.repo.as_ref().map(|repo| repo.id);
    let ours = named.iter().filter(|pull| pull.base.as_ref().and_then(base).is_none_or(|id| Some(id) == here));
    let mut wakes: Vec<What> = ours.map(|pull| What::PullRequest(pull.number)).collect();
    if wakes.is_empty() {
        wakes.push(What::Standing);
    }
    Ok(wakes)
}

fn addressed(payload: Payload, mut wakes: Vec<What>) -> Delivered {
    let repository = payload.repository.map(|r| RepositoryRef { id: r.id, full_name: r.full_name });
    if repository.is_none() && wakes.iter().any(|what| *what != What::Everything) {
        return Delivered::Unreadable("it names no repository".to_owned());
    }
    wakes.sort_unstable();
    wakes.dedup();
    let installation = payload.installation.map(|installation| installation.id);
    let sender = payload.sender.map(|sender| sender.id);
    let woken = wakes.into_iter().map(|what| Woken { repository: repository.clone(), installation, sender, what });
    Delivered::Wake(woken.collect())
}

#[cfg(test)]
mod tests;
