//! A range of commits, or a working tree, with every fact that judging it needs.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, Document};
use crate::check::{self, Base, CommitFacts, Performed, Proposal, PullRequestFacts, Target};
use crate::git::{Blob, GitError, ObjectId, Repository};
use crate::model::{
    CommitId, FilePath, Finding, ForgeUser, Identifier, IdentityMode, Limits, PullRequestState, Push, Review, SignatureFact,
    Timestamp, Vouched,
};

use super::handles::Handle;
use super::{FactsError, Snapshot, Sources, Trace, Workspace, commits, load, policy_name, reach, reviewed};

/// What is proposed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Head {
    /// A commit.
    Commit(CommitId),
    /// The files of the working tree, by whoever has this address.
    WorkingTree {
        /// The address that a commit made now would carry.
        email: String,
    },
}

/// What the forge told of a pull request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PullRequestInput {
    /// Open, closed or merged.
    pub state: PullRequestState,
    /// Who opened it.
    pub opener: Option<ForgeUser>,
    /// Who moved its head.
    pub pushes: Vec<Push>,
    /// Its reviews, oldest first.
    pub reviews: Vec<Review>,
    /// Whose signature the forge has verified, by commit.
    pub verified: BTreeMap<CommitId, Vouched>,
}

/// What the forge told of the watched branch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BranchInput {
    /// Who moved it, oldest first.
    pub pushes: Vec<Push>,
    /// For whose signature on a commit the forge vouches.
    pub verified: BTreeMap<CommitId, Vouched>,
}

/// A question to be judged.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// What the range is to become.
    pub target: Target,
    /// The accepted revision.
    pub base: CommitId,
    /// Whether it is known to be valid.
    pub base_is_valid: bool,
    /// What is proposed.
    pub head: Head,
    /// Overrides the identity mode of base's policy.
    pub identity: Option<IdentityMode>,
    /// Judge every commit as this user.
    pub as_user: Option<Identifier>,
    /// The pull request, where there is one.
    pub pull_request: Option<PullRequestInput>,
    /// For a range that is on the watched branch already, who moved the branch; `None` where the forge has no word of its own.
    pub branch: Option<BranchInput>,
    /// The accounts, by numeric id, in each team of base's roster whose members the forge knows.
    pub members: BTreeMap<Identifier, BTreeSet<u64>>,
    /// What the controller itself has committed for runs; nothing where nobody but it asks.
    pub performed: Performed,
    /// The runs that were taken back, and who did; nothing where nobody but the controller asks.
    pub withdrawn: BTreeMap<Identifier, String>,
    /// When the server first saw each commit; those that are missing count as received now.
    pub received: BTreeMap<CommitId, Timestamp>,
    /// When the controller first saw what is proposed.
    pub first_seen: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// The facts, and what belongs to them.
pub struct Proposed {
    /// To be judged.
    pub proposal: Proposal,
    /// The tree of the clean merge of head into base; `None` where they conflict, and for a working tree.
    pub merged_tree: Option<ObjectId>,
    /// The files it was read from.
    pub sources: Sources,
    /// What git said on the way, where the commits were read.
    pub trace: Option<Trace>,
}

impl Workspace {
    /// Gathers everything that judging `ask` needs.
    pub fn propose(&self, ask: &Ask) -> Result<Proposed, FactsError> {
        let base = self.snapshot(ask.base)?;
        let mut proposed = match &ask.head {
            Head::Commit(head) => self.propose_commits(ask, base, *head),
            Head::WorkingTree { email } => self.propose_working_tree(ask, base, email),
        }?;
        if !ask.members.is_empty() {
            // Only now: what is held for other questions must not know whom the forge names today. Whatever reads the result reads as
            // whatever reads base, so that nothing differs but what was changed.
            let proposal = &mut proposed.proposal;
            let members = check::identity::outside_members(&proposal.base, &ask.members);
            for catalog in [&mut proposal.base.0, &mut proposal.merged.0, &mut proposal.head.0] {
                *catalog = catalog.with_outside_members(members.clone());
            }
        }
        Ok(proposed)
    }

    fn propose_commits(&self, ask: &Ask, base: Snapshot, head_id: CommitId) -> Result<Proposed, FactsError> {
        let repository = self.repository()?;
        let policy = base.catalog.policy();
        let limits = policy.limits;
        let range = repository.range(ask.base, head_id, limits.commits)?;
        let mut findings = Vec::new();
        if range.truncated {
            findings.push(too_many("limit/commits", "commits in one judged range", limits.commits));
        }
        let head_tree = repository.tree_of(head_id)?;
        // Told before anything is read: reading is what the limit is to spare.
        let fork = repository.merge_base(ask.base, head_id)?;
        let Some(fork_tree) = fork.map(|fork| repository.tree_of(fork)).transpose()? else {
            return Err(GitError::Unrelated(ask.base, head_id).into());
        };
        if repository.changes_within(Some(fork_tree), Some(head_tree), self.root(), limits.files)?.truncated {
            findings.push(too_many("limit/files", "managed files in one judged range", limits.files));
            return Ok(self.unread(repository, ask, base, Some(head_id), findings));
        }
        let head = self.at_tree(&repository, head_tree, &limits, Some(&base))?;
        let (merged, merged_tree, conflicts) = self.merge(&repository, ask.base, &base, head_id, &head, &limits)?;
        findings.extend(washed(&head.catalog, &merged.catalog));
        let touched = repository.changes(Some(base.tree), Some(merged.tree), self.root())?.files;
        if touched.len() > limits.files {
            findings.push(too_many("limit/files", "managed files in one judged range", limits.files));
        }
        findings.extend(policy_name::in_tree(&repository, self.root(), base.tree, merged.tree)?);
        let within = (Some(fork_tree), head_tree);
        let Some(commits) = commits::gather(self, &repository, ask, &base, &range.commits, within, &limits)? else {
            findings.push(too_many("limit/files", "managed files in one commit", limits.files));
            return Ok(self.unread(repository, ask, base, Some(head_id), findings));
        };
        let pull_request = match &ask.pull_request {
            Some(input) => Some(PullRequestFacts {
                state: input.state,
                opener: input.opener.clone(),
                pushes: input.pushes.clone(),
                reviews: input.reviews.clone(),
                reviewed: reviewed::gather(self, &repository, ask.base, &base, &input.reviews, &limits)?,
            }),
            None => None,
        };
        let branch_pushes = ask.branch.as_ref().map(|branch| branch.pushes.clone());
        let told = branch_pushes.iter().chain(pull_request.as_ref().map(|pr| &pr.pushes)).flatten().cloned().collect::<Vec<_>>();
        let reach = reach::gather(&repository, ask.base, &range.commits, &told);
        let used_runs = self.used_runs(&repository, ask.base, &base.catalog, &merged.catalog, &limits)?;
        let trace = Trace { range: range.commits, fork, files: touched, reach: reach.clone(), pushes: told, limits };
        let proposal = Proposal {
            target: ask.target,
            base_id: ask.base,
            base_is_valid: ask.base_is_valid,
            head_id: Some(head_id),
            merged: check::Head(merged.catalog.clone()),
            head: check::Head(head.catalog.clone()),
            conflicts,
            commits,
            identity: ask.identity.unwrap_or(policy.identity),
            as_user: ask.as_user.clone(),
            pull_request,
            branch_pushes,
            reach,
            performed: ask.performed.clone(),
            withdrawn: ask.withdrawn.clone(),
            used_runs,
            first_seen: ask.first_seen,
            now: ask.now,
            findings,
            base: Base(base.catalog),
        };
        let sources = Sources::new(repository, vec![merged.tree, head.tree, base.tree], self.root(), limits.file_bytes);
        Ok(Proposed { proposal, merged_tree, sources, trace: Some(trace) })
    }

    /// What is too large to be read: base as it is, and the findings that say why there is nothing else.
    fn unread(
        &self,
        repository: Handle,
        ask: &Ask,
        base: Snapshot,
        head_id: Option<CommitId>,
        findings: Vec<Finding>,
    ) -> Proposed {
        let policy = base.catalog.policy();
        let sources = Sources::new(repository, vec![base.tree], self.root(), policy.limits.file_bytes);
        let proposal = Proposal {
            target: ask.target,
            base_id: ask.base,
            // Nothing changes here, so nothing but the findings is to be told.
            base_is_valid: true,
            head_id,
            merged: check::Head(base.catalog.clone()),
            head: check::Head(base.catalog.clone()),
            conflicts: Vec::new(),
            commits: Vec::new(),
            identity: ask.identity.unwrap_or(policy.identity),
            as_user: ask.as_user.clone(),
            pull_request: None,
            branch_pushes: None,
            reach: BTreeMap::new(),
            performed: ask.performed.clone(),
            withdrawn: ask.withdrawn.clone(),
            used_runs: BTreeSet::new(),
            first_seen: ask.first_seen,
            now: ask.now,
            findings,
            base: Base(base.catalog),
        };
        Proposed { proposal, merged_tree: None, sources, trace: None }
    }

    fn propose_working_tree(&self, ask: &Ask, base: Snapshot, email: &str) -> Result<Proposed, FactsError> {
        let repository = self.repository()?;
        let policy = base.catalog.policy();
        let limits = policy.limits;
        let working = repository.worktree_changes(Some(base.tree), self.root(), limits.file_bytes)?;
        let mut findings = policy_name::in_working_tree(&repository, self.root())?;
        if working.files.len() > limits.files {
            findings.push(too_many("limit/files", "managed files in one judged range", limits.files));
        }
        let texts: Vec<_> = working
            .files
            .iter()
            .filter_map(|file| match &file.after {
                Some(Blob::Content(bytes)) => Some((file.path.clone(), bytes.clone())),
                Some(Blob::TooLarge(_)) | None => None,
            })
            .collect();
        let catalog = base.catalog.apply(load::working_deltas(working, &limits));
        let commit = CommitFacts {
            id: CommitId([0; 20]),
            parents: vec![ask.base],
            summary: String::new(),
            author_email: email.to_owned(),
            committer_email: email.to_owned(),
            co_authors: Vec::new(),
            committed_at: Some(ask.now),
            signature: SignatureFact::Unsigned,
            received_at: ask.now,
            vouched: None,
            before: base.catalog.clone(),
            sides: Vec::new(),
            conflicts: Vec::new(),
            after: catalog.clone(),
            findings: Vec::new(),
        };
        let used_runs = self.used_runs(&repository, ask.base, &base.catalog, &catalog, &limits)?;
        let proposal = Proposal {
            target: Target::WorkingTree,
            base_id: ask.base,
            base_is_valid: ask.base_is_valid,
            head_id: None,
            merged: check::Head(catalog.clone()),
            head: check::Head(catalog),
            conflicts: Vec::new(),
            commits: vec![commit],
            // Nothing is signed before it is committed: the person at the keyboard is who git says.
            identity: ask.identity.unwrap_or(IdentityMode::Declared),
            as_user: ask.as_user.clone(),
            pull_request: None,
            branch_pushes: None,
            reach: BTreeMap::new(),
            performed: ask.performed.clone(),
            withdrawn: ask.withdrawn.clone(),
            used_runs,
            first_seen: ask.first_seen,
            now: ask.now,
            findings,
            base: Base(base.catalog),
        };
        let sources = Sources::new(repository, vec![base.tree], self.root(), limits.file_bytes).with_working_files(texts);
        Ok(Proposed { proposal, merged_tree: None, sources, trace: None })
    }

    /// The clean merge of head into base, its tree where there is one, and the files that conflict.
    fn merge(
        &self,
        repository: &Repository,
        base_id: CommitId,
        base: &Snapshot,
        head_id: CommitId,
        head: &Snapshot,
        limits: &Limits,
    ) -> Result<(Snapshot, Option<ObjectId>, Vec<FilePath>), FactsError> {
        if repository.is_ancestor(base_id, head_id)? {
            // Nothing to merge: the tree is head's own, and so is whatever is wrong with it.
            return Ok((head.clone(), Some(head.tree), Vec::new()));
        }
        let merge = repository.merge(base_id, head_id)?;
        let mut merged = self.at_merged_tree(repository, merge.partial, limits, base)?;
        if merge.tree.is_none() {
            // What conflicts stays as base has it, so that it is reported as a conflict and as nothing else.
            let mut back = repository.changes(Some(merge.partial), Some(base.tree), self.root())?;
            let conflicting: BTreeSet<FilePath> = merge.conflicts.iter().filter_map(|path| self.inside(path)).collect();
            back.files.retain(|file| conflicting.contains(&file.path));
            merged.catalog = merged.catalog.apply(load::deltas(repository, back, limits, &self.progress)?);
        }
        let conflicts = merge.conflicts.iter().map(|path| self.inside(path).unwrap_or_else(|| FilePath::new(path)));
        Ok((merged, merge.tree, conflicts.collect()))
    }

    /// The runs that a head asks for, read as the judgement reads it: by base's limits, and not at all where it changes more than they allow,
    /// or has no history in common with base. Either is for the judgement to tell, and neither asks for a run that could be granted.
    pub fn asked_runs(&self, base: CommitId, head: CommitId) -> Result<Vec<Identifier>, FactsError> {
        let (repository, base_id, base) = (self.repository()?, base, self.snapshot(base)?);
        let limits = base.catalog.policy().limits;
        let head_tree = repository.tree_of(head)?;
        let Some(fork) = repository.merge_base(base_id, head)? else { return Ok(Vec::new()) };
        let fork_tree = Some(repository.tree_of(fork)?);
        if repository.changes_within(fork_tree, Some(head_tree), self.root(), limits.files)?.truncated {
            return Ok(Vec::new());
        }
        let head = self.at_tree(&repository, head_tree, &limits, Some(&base))?;
        let known = base.catalog.runs();
        Ok(head.catalog.runs().iter().filter(|(run, _)| !known.contains(*run)).map(|(run, _)| run.clone()).collect())
    }

    /// A path of the repository as the catalog spells it; `None` where it lies outside.
    pub(super) fn inside(&self, path: &str) -> Option<FilePath> {
        let inside = if self.root().is_empty() { path } else { path.strip_prefix(self.root())?.strip_prefix('/')? };
        Some(FilePath::new(inside))
    }

    /// The identifiers of every run that ever stood on the watched branch: asked of history only where a run is added.
    fn used_runs(
        &self,
        repository: &Repository,
        base_id: CommitId,
        base: &Catalog,
        merged: &Catalog,
        limits: &Limits,
    ) -> Result<BTreeSet<Identifier>, FactsError> {
        if merged.runs().iter().all(|(id, _)| base.runs().contains(id)) {
            return Ok(BTreeSet::new());
        }
        let mut used = BTreeSet::new();
        for (path, blob) in repository.ever_added(base_id, self.root(), "runs")? {
            for document in load::parse_blob(repository, &path, blob, limits)?.documents {
                if let Document::Run(run) = document {
                    used.insert(run.value.identifier);
                }
            }
        }
        Ok(used)
    }
}

/// What git refuses at head and our own merge would not carry along: whoever merges may carry it.
fn washed(head: &Catalog, merged: &Catalog) -> Vec<Finding> {
    let carried = |path: &FilePath| merged.broken_files().contains_key(path);
    let broken = head.broken_files().iter().filter(|(path, _)| !carried(path));
    broken.flat_map(|(_, findings)| findings.iter()).filter(|finding| finding.rule.starts_with("git/")).cloned().collect()
}

fn too_many(rule: &'static str, what: &str, limit: usize) -> Finding {
    Finding::error(rule, format!("more than {limit} {what}"))
        .help("propose it in several steps, or raise the limit under `limits` in catalog.yaml")
}
