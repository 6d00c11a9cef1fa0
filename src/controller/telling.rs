//! What there is to tell people of runs, made where the catalogs are at hand and kept with each decision.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::catalog::Catalog;
use crate::check::{LandedDecision, RunVerdict, Verdict};
use crate::model::{Identifier, RunRequest};
use crate::report::notice::{Matter, Telling};
use crate::run::life::RunHandle;

use super::Shared;
use super::parts::Repository;

/// The pull request that asks for runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asker<'a> {
    /// What the forge calls it.
    pub(super) id: &'a str,
    /// Where a person reads it.
    pub(super) url: Option<&'a str>,
}

impl Shared {
    /// What there is to tell of the runs of a verdict. What cannot be read is told of by the judgement alone.
    pub(super) async fn tellings(
        self: &Arc<Self>,
        repository: &Arc<Repository>,
        asker: Asker<'_>,
        verdict: &Verdict,
    ) -> BTreeMap<Identifier, Telling> {
        if verdict.runs.is_empty() {
            return BTreeMap::new();
        }
        let (inner, base, head, runs) = (repository.clone(), verdict.base, verdict.head, verdict.runs.clone());
        let (id, url) = (asker.id.to_owned(), asker.url.map(str::to_owned));
        let made = self.off_thread(move || {
            let workspace = &inner.watched.workspace;
            let (base, head) = (workspace.snapshot(base)?, workspace.snapshot(head.unwrap_or(base))?);
            let told = runs.iter().filter_map(|run| {
                let request = &head.catalog.runs().get(&run.id)?.value;
                Some((run.id.clone(), tell(&inner, &base.catalog, run, request, Some(&id), url.as_deref())))
            });
            Ok(told.collect())
        });
        made.await.unwrap_or_default()
    }
}

fn tell(
    repository: &Repository,
    catalog: &Catalog,
    run: &RunVerdict,
    request: &RunRequest,
    pull_request: Option<&str>,
    url: Option<&str>,
) -> Telling {
    let requesters: Vec<Identifier> = run.requester.iter().filter_map(|actor| actor.user().cloned()).collect();
    telling(repository, catalog, (run, &requesters), request, pull_request, url)
}

/// What there is to tell of a run that stands on the branch.
pub(super) fn of_landed(
    repository: &Repository,
    catalog: &Catalog,
    landed: &LandedDecision,
    pull_request: Option<&str>,
    url: Option<&str>,
) -> Option<Telling> {
    let request = &catalog.runs().get(&landed.verdict.id)?.value;
    Some(telling(repository, catalog, (&landed.verdict, &landed.requesters), request, pull_request, url))
}

fn telling(
    repository: &Repository,
    catalog: &Catalog,
    (run, requesters): (&RunVerdict, &[Identifier]),
    request: &RunRequest,
    pull_request: Option<&str>,
    url: Option<&str>,
) -> Telling {
    Telling::of(&Matter {
        catalog,
        repository: &repository.name,
        handle: &RunHandle::of(repository.watched.key.as_str(), &run.id),
        run: request,
        requesters,
        approvers: &run.approvers,
        approvals: &run.approvals,
        why: &run.reason,
        pull_request,
        links: &url.map(str::to_owned).into_iter().collect::<Vec<_>>(),
    })
    .shown_there(repository.shows_runs())
}
