//! Judgements that are spared: where base moved and touched nothing that an open pull request's verdict rests on, the verdict stands.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::check::{Footing, Proposal, Target, Verdict};
use crate::facts::{Ask, Trace};
use crate::report::CommentOptions;

use super::Shared;
use super::judging::Judged;
use super::parts::{BaseFacts, Repository};

/// A verdict with all that it followed from.
#[derive(Clone)]
pub(super) struct Rested {
    ask: Ask,
    trace: Trace,
    footing: Footing,
    verdict: Verdict,
}

impl Rested {
    /// Of a judgement, where its verdict is simple enough to tell what it rests on.
    pub(super) fn of(ask: &Ask, proposal: &Proposal, trace: Option<Trace>, verdict: &Verdict) -> Option<Self> {
        // What nobody has received is received now, which is another moment each time.
        let received = proposal.commits.iter().all(|commit| ask.received.contains_key(&commit.id));
        if ask.target != Target::PullRequest || !received {
            return None;
        }
        Some(Self { footing: Footing::of(proposal, verdict)?, trace: trace?, verdict: verdict.clone(), ask: ask.clone() })
    }

    /// Whether it is the same question onto another base, of which all stands that the verdict rests on.
    fn stands(&self, ask: &Ask, base: &BaseFacts) -> bool {
        ask.base != self.ask.base && ask.is_alike(&self.ask) && self.footing.stands(&base.catalog)
    }

    /// The same onto the base of this question.
    fn onto(self, ask: Ask, base: &BaseFacts) -> Self {
        let verdict = Verdict { base: ask.base, ..self.verdict };
        Self { footing: self.footing.on(&base.catalog), trace: self.trace, verdict, ask }
    }
}

/// What the verdicts on open pull requests rest on, by their ids; losing it costs only work.
#[derive(Default)]
pub(super) struct Rests(Mutex<BTreeMap<String, Rested>>);

impl Rests {
    /// Taken out, so that it is gone unless it is put back.
    pub(super) fn take(&self, id: &str) -> Option<Rested> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(id)
    }

    pub(super) fn put(&self, id: &str, rested: Rested) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), rested);
    }
}

impl Shared {
    /// Judges a pull request, or finds that its last verdict stands; what is said of it is worded anew either way.
    pub(super) async fn judge_or_spare(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        id: &str,
        (ask, base): (&Ask, &Arc<BaseFacts>),
        wording: CommentOptions,
    ) -> Result<Judged, super::judging::Unjudged> {
        let known = repository.rests.take(id);
        if let Some(rested) = known.filter(|rested| rested.stands(ask, base))
            && let Some(judged) = self.spare(repository, rested, (ask, base), wording.clone()).await
        {
            self.metrics.spared(&repository.name);
            return Ok(judged);
        }
        self.judge(repository, ask.clone(), wording).await
    }

    /// The judgement that there would be, if git says the same too; where it has no answer, the judgement itself says why.
    async fn spare(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        rested: Rested,
        (ask, base): (&Ask, &Arc<BaseFacts>),
        wording: CommentOptions,
    ) -> Option<Judged> {
        let (shared, inner, ask, base) = (self.clone(), repository.clone(), ask.clone(), base.clone());
        let spared = self.off_thread(move || {
            let Some(still) = inner.watched.workspace.still(&ask, &rested.trace)? else { return Ok(None) };
            let rested = rested.onto(ask, &base);
            let verdict = rested.verdict.clone();
            let judged = Judged::worded(verdict, &still.sources, Some(still.merged_tree), &wording, (&shared, &inner));
            Ok(Some(Judged { rested: Some(rested), ..judged }))
        });
        spared.await.ok().flatten()
    }
}
