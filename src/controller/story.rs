//! What a pull request itself shows on a forge that has accounts: the comment, whose review is asked for, a label; and which of the
//! commands in its comments are heard.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use crate::check::{Conclusion, Verdict};
use crate::forge::github::LABELS;
use crate::forge::{Command, CommandWord, PullRequestDetails, Story};
use crate::model::{CommitId, ForgeUser, Identifier, RunState};
use crate::report::{CommentOptions, ForeignWord, comment_unjudged};

use super::answer::Answer;
use super::parts::{BaseFacts, Repository};
use super::{Shared, Thing};

/// What people of the roster asked for in comments; others, and bots, are not heard.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Heard {
    /// Whether what stands on the forge is to be read again.
    pub(super) recheck: bool,
    /// Whether the comment is to explain: once asked for, it does.
    pub(super) why: bool,
    /// The comments that are to be acknowledged.
    pub(super) answered: Vec<String>,
    /// The accounts that take back what they asked for.
    pub(super) withdrawn_by: BTreeSet<u64>,
}

impl Heard {
    pub(super) fn of(commands: &[Command], accounts: &BTreeSet<u64>) -> Self {
        let mut heard = Self::default();
        let known = |command: &&Command| command.by.as_ref().is_some_and(|by| accounts.contains(&by.id));
        for command in commands.iter().filter(known) {
            heard.why |= command.word == CommandWord::Why;
            if command.word == CommandWord::Withdraw {
                heard.withdrawn_by.extend(command.by.as_ref().map(|by| by.id));
            }
            if !command.answered {
                heard.recheck = true;
                heard.answered.push(command.comment.clone());
            }
        }
        heard
    }
}

/// What the comment tells beside the verdict.
pub(super) fn wording(details: &PullRequestDetails, heard: &Heard, repository: &Repository) -> CommentOptions {
    let mut notes = Vec::new();
    if details.draft && repository.watched.outward.merge.is_some() {
        notes.push("This is a draft: it is judged, and not merged before it is marked as ready.".to_owned());
    }
    if let Some(pending) = &details.pending {
        notes.push(format!("The forge has not told everything yet: {pending}. It is asked again soon."));
    }
    let foreign = repository.foreign.lock().unwrap_or_else(PoisonError::into_inner);
    let of_head = foreign.get(&details.head).into_iter().flatten();
    let foreign = of_head.map(|(context, by)| ForeignWord { context: context.clone(), by: by.clone() }).collect();
    CommentOptions { why: heard.why, notes, foreign, ..CommentOptions::default() }
}

/// What is to be shown, as far as it is switched on.
pub(super) fn story(
    shown: &Shown<'_>,
    comment: String,
    answered: Vec<String>,
    repository: &Repository,
    base: &BaseFacts,
) -> Story {
    let outward = repository.watched.outward;
    let asks = outward.review_requests && shown.open && !shown.draft;
    let [refused, waiting, passed] = LABELS;
    let label = match shown.verdict.conclusion {
        Conclusion::Success => passed,
        Conclusion::Pending => waiting,
        Conclusion::Failure => refused,
    };
    Story {
        pull_request: shown.id.to_owned(),
        comment: Some(comment).filter(|_| outward.comments && shown.open),
        reviewers: if asks { reviewers(shown.verdict, base) } else { Vec::new() },
        label: Some(label.to_owned()).filter(|_| outward.labels && shown.open),
        labels: labels(outward.labels),
        answered,
    }
}

/// The pull request whose story it is.
pub(super) struct Shown<'a> {
    pub(super) id: &'a str,
    pub(super) verdict: &'a Verdict,
    pub(super) open: bool,
    pub(super) draft: bool,
}

/// What is shown of one that could not be judged.
fn story_unjudged(id: &str, why: &str, repository: &Repository) -> Story {
    let (outward, [refused, ..]) = (repository.watched.outward, LABELS);
    Story {
        pull_request: id.to_owned(),
        comment: outward.comments.then(|| comment_unjudged(why, &CommentOptions::default())),
        reviewers: Vec::new(),
        label: outward.labels.then(|| refused.to_owned()),
        labels: labels(outward.labels),
        answered: Vec::new(),
    }
}

fn labels(on: bool) -> Vec<String> {
    if on { LABELS.map(str::to_owned).to_vec() } else { Vec::new() }
}

/// Who may approve a run that waits, and has not; of those who have an account.
fn reviewers(verdict: &Verdict, base: &BaseFacts) -> Vec<ForgeUser> {
    let waits = verdict.runs.iter().filter(|run| run.state == RunState::WaitingForApproval);
    let asked: BTreeSet<&Identifier> =
        waits.flat_map(|run| run.approvers.iter().filter(|who| !run.approvals.contains(who))).collect();
    asked.into_iter().filter_map(|who| base.people.get(who).cloned()).collect()
}

impl Shared {
    /// Notes what a pull request says of its commits, and has those speak again who are alone with a commit now.
    pub(super) fn say(&self, repository: &Repository, id: &str, head: CommitId, answer: &Answer) {
        let others = repository.claims().say(id, head, answer);
        others.into_iter().for_each(|other| self.wake_thing(&repository.name, Thing::PullRequest(other)));
    }

    /// The same of one that could not be judged.
    pub(super) fn say_unjudged(&self, repository: &Repository, thing: &Thing, head: CommitId, why: &str, answer: &mut Answer) {
        if let Thing::PullRequest(id) = thing {
            answer.story = Some(story_unjudged(id, why, repository));
            self.say(repository, id, head, answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROSTER: [u64; 2] = [1, 2];

    fn command(comment: &str, by: Option<u64>, word: CommandWord, answered: bool) -> Command {
        // Whatever the login says, the number decides.
        let by = by.map(|id| ForgeUser { login: "alice".to_owned(), id });
        Command { comment: comment.to_owned(), by, word, answered }
    }

    #[test]
    fn only_people_of_the_roster_are_heard_and_each_is_acknowledged_once() {
        let commands = [
            command("10", Some(1), CommandWord::Recheck, true),
            command("11", Some(99), CommandWord::Recheck, false),
            command("12", None, CommandWord::Why, false),
        ];
        assert_eq!(Heard::of(&commands, &ROSTER.into()), Heard::default());

        let asked = [command("13", Some(2), CommandWord::Why, false)];
        let heard = Heard { recheck: true, why: true, answered: vec!["13".to_owned()], ..Heard::default() };
        assert_eq!(Heard::of(&asked, &ROSTER.into()), heard);
        let answered = [command("13", Some(2), CommandWord::Why, true)];
        assert_eq!(Heard::of(&answered, &ROSTER.into()), Heard { why: true, ..Heard::default() }, "it goes on explaining");
    }
}
