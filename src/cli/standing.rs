//! Judges a catalog by itself, where there is nothing it could be judged against: before the first commit, and after an import.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Catalog;
use crate::check::{self, Base, Head, Proposal, Target, Verdict};
use crate::model::{CommitId, Finding, IdentityMode, Timestamp};

/// What is wrong with the catalog. Nobody's rights are asked about, for nothing changes.
pub(super) fn judge(catalog: &Catalog, findings: Vec<Finding>, now: Timestamp) -> Verdict {
    check::judge(&Proposal {
        performed: Default::default(),
        target: Target::WorkingTree,
        base_id: CommitId([0; 20]),
        base: Base(catalog.clone()),
        base_is_valid: false,
        head_id: None,
        merged: Head(catalog.clone()),
        head: Head(catalog.clone()),
        conflicts: Vec::new(),
        commits: Vec::new(),
        identity: IdentityMode::Declared,
        as_user: None,
        pull_request: None,
        branch_pushes: None,
        reach: BTreeMap::new(),
        used_runs: BTreeSet::new(),
        withdrawn: BTreeMap::new(),
        first_seen: None,
        now,
        findings,
    })
}
