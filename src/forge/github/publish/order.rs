//! In which order a judgement is told: what closes the gate first, then why, and what opens it last.
//!
//! A reader acts on a green status. So no status turns green before every one that does not is written, and before the check run and the
//! comment say why; a crash in between leaves something that is too strict at worst, and the next call goes on from what stands there.

use std::sync::{Mutex, PoisonError};

use crate::check::Conclusion;
use crate::forge::{ForgeError, Publication, Published, Status, Story};
use crate::model::{CommitId, ForgeUser, PullRequestState};

use super::super::asking::vanished;
use super::super::wire::Pull;
use super::super::{Client, GithubForgeOptions, facts, words};
use super::memory::Memory;
use super::{check_run, comment, labels, reactions, reviewers, statuses};

/// What publishing needs.
pub(crate) struct Publisher<'a> {
    pub(crate) client: &'a Client,
    pub(crate) options: &'a GithubForgeOptions,
    pub(crate) memory: &'a Mutex<Memory>,
}

/// What was done so far, and what went wrong that nothing else waits for.
#[derive(Default)]
struct Progress {
    published: Published,
    /// The first failure that may pass, or else the first at all.
    trouble: Option<ForgeError>,
}

impl Progress {
    fn note(&mut self, error: ForgeError) {
        if self.trouble.as_ref().is_none_or(|known| !known.is_retryable() && error.is_retryable()) {
            self.trouble = Some(error);
        }
    }

    /// Counts what was written of something that gates nothing; a refusal there keeps nothing else from being told.
    fn count(&mut self, what: &str, done: Result<bool, ForgeError>) {
        match done {
            Ok(written) => self.published.analyses += usize::from(written),
            Err(error) if error.is_retryable() => self.note(error),
            Err(error) => tracing::warn!("GitHub refuses {what}: {error}"),
        }
    }
}

impl Publisher<'_> {
    /// Publishes the whole.
    pub(crate) async fn publish(&self, publication: &Publication) -> Result<Published, ForgeError> {
        let ourselves = self.client.ourselves().await?;
        let news = statuses::news(self.client, &ourselves, &publication.statuses).await?;
        let head = publication.report.as_ref().map(|report| report.commit);
        let (closing, opening) = in_order(news.statuses, head);
        let mut progress = Progress::default();
        progress.published.foreign = news.foreign;

        let mut closed = true;
        for status in &closing {
            closed &= self.post(status, &mut progress).await;
            // While GitHub is in trouble the rest would be too; it is all tried again soon.
            if progress.trouble.as_ref().is_some_and(ForgeError::is_retryable) {
                return self.ended(progress);
            }
        }
        let opens = publication.report.as_ref().is_some_and(|report| report.conclusion == Conclusion::Success);
        if !opens {
            self.check_run(&ourselves, publication, &mut progress).await;
        }
        if let Some(story) = &publication.story {
            self.story(&ourselves, story, head, &mut progress).await;
        }
        if closed {
            if opens {
                self.check_run(&ourselves, publication, &mut progress).await;
            }
            for status in &opening {
                if !self.post(status, &mut progress).await {
                    break;
                }
            }
        }
        let published = self.ended(progress)?;
        // Last: who asked is told that it was done once it was.
        if let Some(story) = &publication.story {
            reactions::acknowledge(self.client, &ourselves, &story.answered).await?;
        }
        Ok(published)
    }

    /// What was published, or what kept it from being whole.
    fn ended(&self, progress: Progress) -> Result<Published, ForgeError> {
        let Some(error) = progress.trouble else { return Ok(progress.published) };
        // Some may be overwritten by now, and will not be met again.
        for foreign in &progress.published.foreign {
            tracing::warn!(repository = %self.client.name(), commit = %foreign.commit, context = %foreign.context, by = %foreign.by,
                "somebody else's status stood in our context");
        }
        Err(error)
    }

    /// Whether it stands there now.
    async fn post(&self, status: &Status, progress: &mut Progress) -> bool {
        match statuses::post(self.client, status).await {
            Ok(()) => {
                progress.published.statuses += 1;
                true
            }
            Err(error) => {
                progress.note(error);
                false
            }
        }
    }

    async fn check_run(&self, ourselves: &ForgeUser, publication: &Publication, progress: &mut Progress) {
        if !self.options.check_runs || !self.client.is_app() {
            return;
        }
        if let Some(report) = &publication.report {
            let done = check_run::publish(self.client, ourselves, report, &publication.analyses).await;
            progress.count("the check run", done);
        }
    }

    /// What the pull request itself shows.
    async fn story(&self, ourselves: &ForgeUser, story: &Story, judged: Option<CommitId>, progress: &mut Progress) {
        let Some(number) = facts::number(&story.pull_request) else { return };
        if let Some(text) = story.comment.as_deref().filter(|_| self.options.comments) {
            let done = self.comment(ourselves, number, text, story).await;
            progress.count("the comment", done);
        }
        let asks = self.options.review_requests && !story.reviewers.is_empty();
        if !asks && story.labels.is_empty() {
            return;
        }
        let pull = match facts::pull(self.client, number).await.and_then(|pull| pull.ok_or_else(|| vanished("the pull request")))
        {
            Ok(pull) => pull,
            Err(error) => return progress.note(error),
        };
        // What is told of an older head is not what the pull request shows.
        let head = pull.head().filter(|head| judged.is_none_or(|judged| judged == *head));
        let Some(head) = head else { return };
        progress.count("the labels", labels::publish(self.client, number, &pull, story).await);
        if asks && pull.state() == PullRequestState::Open && pull.draft != Some(true) {
            let done = self.ask(number, &pull, head, &story.reviewers).await;
            progress.count("the requests for review", done);
        }
    }

    async fn comment(&self, ourselves: &ForgeUser, number: u64, text: &str, story: &Story) -> Result<bool, ForgeError> {
        // Whoever asks for it again gets it again.
        let said = self.remembered(|memory| memory.of(number).comment).filter(|_| story.answered.is_empty());
        let remark = comment::Remark { number, marker: words::COMMENT_MARKER, text };
        let told = comment::publish(self.client, ourselves, remark, said).await?;
        self.remembered(|memory| memory.of(number).comment = Some(told.says));
        Ok(told.written)
    }

    async fn ask(&self, number: u64, pull: &Pull, head: CommitId, wanted: &[ForgeUser]) -> Result<bool, ForgeError> {
        let before = |user: u64| self.remembered(|memory| memory.of(number).was_asked(head, user));
        let requested = reviewers::request(self.client, number, pull, head, wanted, before).await?;
        self.remembered(|memory| memory.of(number).ask(head, requested.asked));
        Ok(requested.written)
    }

    fn remembered<T>(&self, look: impl FnOnce(&mut Memory) -> T) -> T {
        look(&mut self.memory.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is not green, failures first; and what is, that of the judged head last and its last context last of all.
fn in_order(statuses: Vec<Status>, head: Option<CommitId>) -> (Vec<Status>, Vec<Status>) {
    let (mut opening, mut closing): (Vec<Status>, Vec<Status>) =
        statuses.into_iter().partition(|status| status.conclusion == Conclusion::Success);
    closing.sort_by_key(|status| (status.conclusion != Conclusion::Failure, Some(status.commit) != head));
    opening.sort_by_key(|status| (Some(status.commit) == head, status.context.ends_with("/approval")));
    (closing, opening)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Conclusion::{Failure, Pending, Success};

    fn status(commit: u8, context: &str, conclusion: Conclusion) -> Status {
        Status {
            commit: CommitId([commit; 20]),
            context: format!("portcullis/{context}"),
            conclusion,
            summary: String::new(),
            url: None,
        }
    }

    #[test]
    fn failures_come_first_and_the_approval_of_the_head_last() {
        let all = vec![
            status(9, "approval", Success),
            status(9, "catalog", Success),
            status(9, "permissions", Pending),
            status(1, "catalog", Success),
            status(1, "permissions", Failure),
            status(9, "other", Failure),
        ];
        let (closing, opening) = in_order(all, Some(CommitId([9; 20])));
        let names = |list: &[Status]| list.iter().map(|s| format!("{} {}", s.commit.0[0], s.context)).collect::<Vec<_>>();
        assert_eq!(names(&closing), ["9 portcullis/other", "1 portcullis/permissions", "9 portcullis/permissions"]);
        assert_eq!(names(&opening), ["1 portcullis/catalog", "9 portcullis/catalog", "9 portcullis/approval"]);
    }

    #[test]
    fn what_may_pass_is_told_before_what_stays() {
        let mut progress = Progress::default();
        progress.note(ForgeError::permanent("a"));
        progress.note(ForgeError::retryable("b"));
        progress.note(ForgeError::permanent("c"));
        assert_eq!(progress.trouble.map(|error| error.to_string()).as_deref(), Some("b"));
    }
}
