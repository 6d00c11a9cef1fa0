//! Judges each ref of a push that is watched, and words what comes of it.

use std::collections::BTreeMap;

use crate::catalog::Catalog;
use crate::check::push::{self, RefFacts, RefUpdate, Watched};
use crate::check::{self, Base, Conclusion, Target};
use crate::facts::{Ask, FactsError, Handle, Head, Workspace};
use crate::git::Repository;
use crate::model::{CommitId, FilePath, Finding, Identifier, IdentityMode, Timestamp};
use crate::report::{self, PushedRef, Report, Sources};

use super::super::judging::cannot_judge;
use super::transport::Surroundings;
use super::{CommandError, Outcome, PreReceive};

/// A push, and the server it comes to.
struct Push<'a> {
    args: &'a PreReceive,
    workspace: Workspace,
    repository: Handle,
    pusher: Option<String>,
    now: Timestamp,
    styled: bool,
}

/// What is said of a push, and whether it is let in: one ref that may not move keeps all of it out.
pub(super) fn push(
    args: &PreReceive,
    surroundings: &Surroundings,
    updates: &[RefUpdate],
    now: Timestamp,
    styled: bool,
) -> Result<(String, Outcome), CommandError> {
    let path = args.repo.as_deref().unwrap_or_else(|| surroundings.repository());
    let objects = surroundings.objects();
    let found = Repository::discover(path).map_err(|error| cannot_judge(&error.into()))?;
    let workspace = Workspace::open_with(found.path(), &args.root, &objects, crate::cli::jq_worker::expressions())
        .map_err(|error| cannot_judge(&error))?;
    let repository = workspace.repository().map_err(|error| cannot_judge(&error))?;
    let pusher = surroundings.pusher(args.as_user.as_deref(), args.domain.as_deref());
    let push = Push { args, workspace, repository, pusher, now, styled };
    let branches = push.watched()?;
    let (mut text, mut refused) = (String::new(), false);
    for update in updates {
        if let Some((said, let_in)) = push.judge(update, &branches)? {
            text.push_str(&said);
            refused |= !let_in;
        }
    }
    Ok((text, if refused { Outcome::Findings } else { Outcome::Clean }))
}

impl Push<'_> {
    /// The full names of the watched branches.
    fn watched(&self) -> Result<Vec<String>, CommandError> {
        if !self.args.branches.is_empty() {
            let full = |name: &String| if name.starts_with("refs/") { name.clone() } else { format!("refs/heads/{name}") };
            return Ok(self.args.branches.iter().map(full).collect());
        }
        let head = self.repository.leads_to("HEAD").map_err(|error| cannot_judge(&error.into()))?;
        let mut names = vec!["refs/heads/main".to_owned(), "refs/heads/master".to_owned()];
        if head != "HEAD" && !names.contains(&head) {
            names.push(head);
        }
        Ok(names)
    }

    /// What is said of one ref, and whether it may move; nothing of one that is not watched.
    fn judge(&self, update: &RefUpdate, branches: &[String]) -> Result<Option<(String, bool)>, CommandError> {
        // A symbolic ref moves what it leads to.
        let name = self.repository.leads_to(&update.name).map_err(|error| cannot_judge(&error.into()))?;
        match push::is_watched(&name, branches) {
            Watched::No => return Ok(None),
            Watched::LooksSo => return Ok(Some((self.refusal(update, vec![push::look_alike(&update.name)], &nothing), false))),
            Watched::Yes => {}
        }
        let stands = self.repository.reference(&name).map_err(|error| cannot_judge(&error.into()))?;
        let leads_on = match (stands, update.after) {
            (Some(stands), Some(after)) => {
                self.repository.is_ancestor(stands, after).map_err(|error| cannot_judge(&error.into()))?
            }
            _ => false,
        };
        if let Some(finding) = push::refuse_move(update, RefFacts { stands, leads_on }) {
            return Ok(Some((self.refusal(update, vec![finding], &nothing), false)));
        }
        let Some(after) = update.after else { return Ok(Some((self.refusal(update, Vec::new(), &nothing), false))) };
        match stands.map(|stands| Ok((stands, self.catalog(stands)?))).transpose()? {
            Some((stands, base)) if !push::is_first(&base) => self.onward(update, stands, Base(base), after).map(Some),
            _ => self.first(update, after).map(Some),
        }
    }

    /// The catalog that stands; an empty one where there is none yet.
    fn catalog(&self, commit: CommitId) -> Result<Catalog, CommandError> {
        match self.workspace.snapshot(commit) {
            Ok(snapshot) => Ok(snapshot.catalog),
            Err(FactsError::NoCatalog { .. }) => Ok(Catalog::default()),
            Err(error) => Err(cannot_judge(&error)),
        }
    }

    /// A push that leads on from an accepted catalog.
    fn onward(
        &self,
        update: &RefUpdate,
        stands: CommitId,
        base: Base<Catalog>,
        after: CommitId,
    ) -> Result<(String, bool), CommandError> {
        let Some(pusher) = self.pusher.as_deref().and_then(|name| push::pusher(&base, name)) else {
            let finding = push::unknown_pusher(self.pusher.as_deref());
            return Ok((self.refusal(update, vec![finding], &nothing), false));
        };
        let ask = Ask {
            performed: check::Performed::default(),
            withdrawn: BTreeMap::new(),
            target: Target::WatchedBranch,
            base: stands,
            base_is_valid: !check::validate(&base.0).iter().any(Finding::is_error),
            head: Head::Commit(after),
            identity: None,
            as_user: judged_as(base.0.policy().identity, pusher),
            pull_request: None,
            branch: None,
            members: BTreeMap::new(),
            received: BTreeMap::new(),
            first_seen: Some(self.now),
            now: self.now,
        };
        let proposed = self.workspace.propose(&ask).map_err(|error| cannot_judge(&error))?;
        let verdict = check::judge(&proposed.proposal);
        let report = Report::new(&verdict, &self.args.root, &|file: &FilePath| proposed.sources.read(file));
        // A run that waits may land: what lets it be performed is decided when it is, not here.
        let let_in = verdict.conclusion != Conclusion::Failure;
        Ok((report::pushed(&self.named(update), &report, let_in, self.styled), let_in))
    }

    /// The push that brings the first catalog.
    fn first(&self, update: &RefUpdate, after: CommitId) -> Result<(String, bool), CommandError> {
        let snapshot = self.workspace.snapshot(after).map_err(|error| cannot_judge(&error))?;
        let findings = push::judge_first(&check::Head(snapshot.catalog.clone()), self.pusher.as_deref());
        if findings.is_empty() {
            return Ok((report::push_adopted(&self.named(update), self.styled), true));
        }
        let sources = |file: &FilePath| self.workspace.read(&self.repository, &snapshot, file);
        Ok((self.refusal(update, findings, &sources), false))
    }

    fn refusal(&self, update: &RefUpdate, findings: Vec<Finding>, sources: &dyn Sources) -> String {
        report::push_refused(&self.named(update), &findings, &self.args.root, sources, self.styled)
    }

    fn named(&self, update: &RefUpdate) -> PushedRef {
        PushedRef { name: update.name.clone(), pusher: self.pusher.clone() }
    }
}

/// Whom every commit is judged as. The server has authenticated the push, so it is the pusher's in whatever mode takes
/// somebody's word; where signatures decide, they do.
fn judged_as(mode: IdentityMode, pusher: Identifier) -> Option<Identifier> {
    match mode {
        IdentityMode::Declared | IdentityMode::Forge => Some(pusher),
        IdentityMode::Signature => None,
    }
}

/// No file to show: what is wrong is in none.
fn nothing(_: &FilePath) -> Option<Vec<u8>> {
    None
}
