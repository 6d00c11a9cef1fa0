//! From what a command line asks to an answer: the one place where commands meet the facts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::catalog::{Catalog, nearest};
use crate::check::{self, Target, Verdict};
use crate::facts::{Ask, FactsError, Head, PullRequestInput, Workspace};
use crate::git::{Blob, Repository};
use crate::model::{CommitId, FilePath, Finding, Identifier, IdentityMode, PullRequestState, Timestamp};
use crate::report::Sources;

use super::facts_file::FactsFile;
use super::{CommandError, unborn};

/// What is to be judged.
#[derive(Clone, Debug)]
pub(super) struct JudgeRequest {
    /// Where the repository is; looked for upwards.
    pub(super) repo: PathBuf,
    /// The catalog's directory inside it.
    pub(super) root: String,
    /// The accepted revision. `None`: `HEAD` for a working tree; for commits, `main`, or else `master`.
    pub(super) base: Option<String>,
    /// The proposed revision. `None`: the working tree.
    pub(super) head: Option<String>,
    /// Judge everything as this user.
    pub(super) as_user: Option<Identifier>,
    /// Instead of the policy's mode.
    pub(super) identity: Option<IdentityMode>,
    /// What a forge would tell.
    pub(super) facts: Option<FactsFile>,
    /// Now.
    pub(super) now: Timestamp,
}

/// A verdict, and the text of the files it speaks of.
pub(super) struct Judged {
    pub(super) verdict: Verdict,
    pub(super) sources: Box<dyn Sources>,
    /// The accepted catalog, and the one that is judged.
    pub(super) catalogs: [Catalog; 2],
}

/// Judges; what `place` has read before is not read again.
pub(super) fn judge(place: &Place, request: &JudgeRequest) -> Result<Judged, CommandError> {
    if request.base.is_none() && request.head.is_none() && place.begins() {
        return unborn::judge(place, request);
    }
    let resolve = |rev: &str| place.repository.resolve(rev).ok();
    let base = place.base(request)?;
    let head = match &request.head {
        Some(rev) => Head::Commit(place.resolve(rev)?),
        None => Head::WorkingTree { email: place.email(request)? },
    };
    let facts = request.facts.as_ref();
    let pull_request = facts.map(|facts| PullRequestInput {
        state: facts.state.unwrap_or(PullRequestState::Open),
        opener: facts.opener.clone(),
        pushes: facts.pushes(&resolve),
        reviews: facts.reviews(&resolve),
        verified: facts.verified(&resolve),
    });
    // Against a base without errors only what depends on the change is judged and told; a working tree is told everything.
    let base_is_valid = request.head.is_some() && {
        let base = place.workspace.snapshot(base).map_err(|error| cannot_judge(&error))?;
        !check::validate(&base.catalog).iter().any(Finding::is_error)
    };
    let ask = Ask {
        performed: check::Performed::default(),
        withdrawn: BTreeMap::new(),
        target: if request.head.is_some() { Target::PullRequest } else { Target::WorkingTree },
        base,
        base_is_valid,
        head,
        identity: request.identity,
        as_user: request.as_user.clone(),
        pull_request,
        branch: None,
        members: BTreeMap::new(),
        received: BTreeMap::new(),
        first_seen: facts.and_then(|facts| facts.first_seen),
        now: request.now,
    };
    let proposed = place.workspace.propose(&ask).map_err(|error| cannot_judge(&error))?;
    let (base, merged) = (&proposed.proposal.base.0, &proposed.proposal.merged.0);
    if base.file_count() == 0 && merged.file_count() == 0 {
        // Green over nothing would be a wrong directory that nobody notices.
        return Err(no_catalog());
    }
    let verdict = check::judge(&proposed.proposal);
    let catalogs = [base.clone(), merged.clone()];
    let sources = proposed.sources;
    Ok(Judged { verdict, catalogs, sources: Box::new(move |file: &FilePath| sources.read(file)) })
}

/// One revision of the catalog, and the text of its files.
pub(super) struct Revision {
    pub(super) catalog: Catalog,
    pub(super) sources: Box<dyn Sources>,
}

/// The catalog at a revision.
pub(super) fn revision(repo: &Path, root: &str, rev: &str) -> Result<Revision, CommandError> {
    let place = Place::open(repo, root)?;
    let snapshot = place.workspace.snapshot(place.resolve(rev)?).map_err(|error| cannot_judge(&error))?;
    let (repository, tree, root) = (place.repository, snapshot.tree, place.workspace.root().to_owned());
    let limit = snapshot.catalog.policy().limits.file_bytes;
    let read = move |file: &FilePath| match repository.blob(repository.file_at(tree, &root, file).ok()??, limit).ok()? {
        Blob::Content(bytes) => Some(bytes),
        Blob::TooLarge(_) => None,
    };
    Ok(Revision { catalog: snapshot.catalog, sources: Box::new(read) })
}

/// A repository that was found, and what is asked of it.
pub(super) struct Place {
    pub(super) workspace: Workspace,
    pub(super) repository: Repository,
}

impl Place {
    pub(super) fn find(request: &JudgeRequest) -> Result<Self, CommandError> {
        Self::open(&request.repo, &request.root)
    }

    /// Looks upwards for the repository, as git does.
    pub(super) fn open(repo: &Path, root: &str) -> Result<Self, CommandError> {
        let repository = Repository::discover(repo).map_err(|error| cannot_judge(&error.into()))?;
        let workspace =
            Workspace::open(repository.path(), root, super::jq_worker::expressions()).map_err(|error| cannot_judge(&error))?;
        Ok(Self { workspace, repository })
    }

    pub(super) fn resolve(&self, rev: &str) -> Result<CommitId, CommandError> {
        self.repository
            .resolve(rev)
            .map_err(|error| self.meant(cannot_judge(&error.into()), rev, &["heads/", "tags/", "remotes/"]))
    }

    /// Whether no catalog stands at `HEAD` yet, so that a working tree can only be judged by itself.
    fn begins(&self) -> bool {
        if self.repository.is_unborn() {
            return true;
        }
        match self.repository.resolve("HEAD").map(|head| self.workspace.snapshot(head)) {
            Ok(Ok(snapshot)) => snapshot.catalog.file_count() == 0,
            Ok(Err(FactsError::NoCatalog { .. })) => true,
            _ => false,
        }
    }

    /// With the name of a ref that is near enough to have been meant.
    fn meant(&self, error: CommandError, name: &str, among: &[&str]) -> CommandError {
        let refs = |directory: &&str| {
            let prefix = format!("refs/{directory}");
            let found = self.repository.references(&prefix).unwrap_or_default();
            found.into_iter().filter_map(move |(name, _)| name.strip_prefix(&prefix).map(str::to_owned)).collect::<Vec<_>>()
        };
        let known: Vec<String> = among.iter().flat_map(refs).collect();
        match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`?")),
            None => error,
        }
    }

    /// The revision whose rules judge.
    fn base(&self, request: &JudgeRequest) -> Result<CommitId, CommandError> {
        match (&request.base, &request.head) {
            (Some(rev), _) => self.resolve(rev),
            (None, None) => self.resolve("HEAD").map_err(|error| error.hint("make a first commit; then changes can be judged")),
            (None, Some(_)) => self.watched_branch(),
        }
    }

    fn watched_branch(&self) -> Result<CommitId, CommandError> {
        self.watched(None).map(|(_, commit)| commit)
    }

    /// The watched branch: the one that is named, or `main`, or else `master`; its full name and its tip.
    pub(super) fn watched(&self, named: Option<&str>) -> Result<(String, CommitId), CommandError> {
        let candidates: Vec<String> = match named {
            Some(name) => vec![format!("refs/heads/{name}")],
            None => {
                ["heads/main", "heads/master", "remotes/origin/main", "remotes/origin/master"].map(|n| format!("refs/{n}")).into()
            }
        };
        for name in candidates {
            if let Some(commit) = self.repository.reference(&name).map_err(|error| cannot_judge(&error.into()))? {
                return Ok((name, commit));
            }
        }
        let missing = named.map_or_else(|| "no branch `main` or `master`".to_owned(), |name| format!("no branch `{name}`"));
        let error = CommandError::could_not_judge(format!("there is {missing} here"));
        let error = named.map_or(error.clone(), |name| self.meant(error, name, &["heads/"]));
        Err(error.hint("name the watched branch with --branch, or the accepted revision with --base"))
    }

    /// Whom a commit of the working tree would carry as its committer: what git itself would take.
    fn email(&self, request: &JudgeRequest) -> Result<String, CommandError> {
        let said = std::env::var("GIT_COMMITTER_EMAIL").ok().filter(|email| !email.trim().is_empty());
        match said.or_else(|| self.repository.current_user_email()) {
            Some(email) => Ok(email),
            None if request.as_user.is_some() => Ok(String::new()),
            None => Err(CommandError::could_not_judge("git does not know who you are: `user.email` is not set")
                .hint("set it with `git config user.email you@example.com`, or say --as USER")),
        }
    }
}

/// There is nothing to be judged.
pub(super) fn no_catalog() -> CommandError {
    CommandError::could_not_judge("there is no catalog here: no file under blueprints/, entities/, users/ and so on")
        .hint("where the catalog lives in a subdirectory, name it with --root")
}

pub(super) fn cannot_judge(error: &FactsError) -> CommandError {
    CommandError::could_not_judge(error.to_string())
}
