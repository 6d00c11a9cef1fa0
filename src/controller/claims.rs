//! What each open pull request says of each commit, and what is posted where several speak of the same one.
//!
//! A status belongs to the commit and not to a pull request, so a commit can have but one. Of two pull requests with one head the worse
//! conclusion stands: nobody may merge what another pull request made green. Where a commit is one's head and only one of many in
//! another, the one whose head it is speaks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::check::Conclusion;
use crate::forge::Status;
use crate::model::CommitId;
use crate::report;

use super::answer::Answer;

/// The open pull requests and their answers, as far as they have been judged since the start.
#[derive(Debug, Default)]
pub(super) struct Claims {
    open: BTreeMap<String, Claim>,
}

#[derive(Debug)]
struct Claim {
    head: CommitId,
    /// What it last said, and of which head.
    said: Option<Arc<Said>>,
}

/// An answer, and the commits it speaks of: found once, as there may be a thousand, each of which is asked for.
#[derive(Debug)]
struct Said {
    answer: Answer,
    commits: BTreeSet<CommitId>,
}

impl Said {
    fn of(answer: &Answer) -> Self {
        Self { answer: answer.clone(), commits: answer.commits() }
    }
}

impl Claim {
    /// What it says of the head that it has now.
    fn current(&self) -> Option<&Said> {
        self.said.as_deref().filter(|said| said.answer.head == Some(self.head))
    }
}

impl Claims {
    /// These are the open pull requests now, and their heads. Says which of them must speak again, because another one with which they
    /// shared a commit does not speak of it any more.
    pub(super) fn list(&mut self, heads: BTreeMap<String, CommitId>) -> Vec<String> {
        let gone: Vec<String> = self.open.keys().filter(|id| !heads.contains_key(*id)).cloned().collect();
        let mut others: Vec<String> = gone.iter().flat_map(|id| self.withdraw(id)).collect();
        for (id, head) in heads {
            match self.open.get_mut(&id) {
                Some(claim) => claim.head = head,
                None => drop(self.open.insert(id, Claim { head, said: None })),
            }
        }
        others.retain(|id| self.open.contains_key(id));
        others
    }

    /// A pull request says this now. Says which others must speak again.
    pub(super) fn say(&mut self, id: &str, head: CommitId, answer: &Answer) -> Vec<String> {
        let said = Arc::new(Said::of(answer));
        let claim = Claim { head, said: Some(said.clone()) };
        let before = self.open.insert(id.to_owned(), claim).and_then(|claim| claim.said);
        self.left_alone(id, before.as_deref(), Some(&said))
    }

    /// A pull request is not open onto the watched branch any more. Says which others must speak again.
    pub(super) fn withdraw(&mut self, id: &str) -> Vec<String> {
        let before = self.open.remove(id).and_then(|claim| claim.said);
        self.left_alone(id, before.as_deref(), None)
    }

    /// Those that speak of a commit of which `id` spoke before and does not speak now.
    fn left_alone(&self, id: &str, before: Option<&Said>, now: Option<&Said>) -> Vec<String> {
        let commits: Vec<&CommitId> = before
            .iter()
            .flat_map(|said| &said.commits)
            .filter(|commit| now.is_none_or(|now| !now.commits.contains(commit)))
            .collect();
        let speaks = |claim: &Claim| claim.said.as_ref().is_some_and(|said| commits.iter().any(|c| said.commits.contains(c)));
        self.open.iter().filter(|(other, claim)| *other != id && speaks(claim)).map(|(other, _)| other.clone()).collect()
    }

    /// What is left of an answer without the commits that any open pull request has a word on.
    pub(super) fn alone(&self, answer: &Answer) -> Answer {
        let taken = |commit: CommitId| {
            let speaks =
                |claim: &Claim| claim.head == commit || claim.current().is_some_and(|said| said.commits.contains(&commit));
            self.open.values().any(speaks)
        };
        let mut left = answer.clone();
        left.statuses.retain(|status| !taken(status.commit));
        left.analyses.retain(|analysis| !taken(analysis.commit));
        left.report = left.report.filter(|report| !taken(report.commit));
        left
    }

    /// What is to be posted where `id` says this: on each commit the worst of what all say who have a right to speak of it.
    ///
    /// The same comes out whoever of them asks, so that two do not overwrite each other for ever.
    pub(super) fn settle(&self, id: &str, answer: &Answer) -> Answer {
        let mut out = Answer { statuses: Vec::new(), analyses: Vec::new(), report: None, ..answer.clone() };
        for commit in answer.commits() {
            let of_head = answer.head == Some(commit);
            let others = || self.open.iter().filter(|(other, _)| other.as_str() != id);
            if !of_head && others().any(|(_, claim)| claim.head == commit) {
                continue;
            }
            let mut speakers = vec![(id, answer)];
            speakers.extend(
                others()
                    .filter_map(|(other, claim)| Some((other.as_str(), claim.current()?)))
                    .filter(|(_, said)| said.commits.contains(&commit) && (said.answer.head == Some(commit)) == of_head)
                    .map(|(other, said)| (other, &said.answer)),
            );
            speakers.sort_by_key(|(other, _)| *other);
            let silent = others().find(|(_, claim)| of_head && claim.head == commit && claim.current().is_none());
            settle_commit(&mut out, commit, &speakers, silent.map(|(other, _)| other.as_str()));
        }
        out
    }
}

/// Takes over what is said of one commit by the speakers; `silent` has it as its head too and has not said anything yet.
fn settle_commit(out: &mut Answer, commit: CommitId, speakers: &[(&str, &Answer)], silent: Option<&str>) {
    let waits =
        silent.map(|other| report::fit_description(&format!("pull request {other} has the same head and is yet to be judged")));
    let mut contexts: BTreeMap<&str, &Status> = BTreeMap::new();
    for status in speakers.iter().flat_map(|(_, said)| &said.statuses).filter(|status| status.commit == commit) {
        let standing = contexts.entry(&status.context).or_insert(status);
        if status.conclusion > standing.conclusion {
            *standing = status;
        }
    }
    for status in contexts.into_values() {
        let mut status = status.clone();
        if let Some(waits) = waits.as_ref().filter(|_| status.conclusion == Conclusion::Success) {
            status.conclusion = Conclusion::Pending;
            status.summary.clone_from(waits);
        }
        out.statuses.push(status);
    }
    // The first of the worst.
    let Some((_, worst)) = speakers.iter().rev().max_by_key(|(_, said)| said.worst(commit)) else { return };
    out.analyses.extend(worst.analyses.iter().filter(|analysis| analysis.commit == commit).cloned());
    if let Some(report) = worst.report.as_ref().filter(|report| report.commit == commit) {
        let mut report = report.clone();
        if let Some(waits) = waits.filter(|_| report.conclusion == Conclusion::Success) {
            report.conclusion = Conclusion::Pending;
            report.title = waits;
        }
        out.report = Some(report);
    }
}
