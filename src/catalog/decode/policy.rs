//! `catalog.yaml`: the repository's own policy.

use crate::model::{CatalogPolicy, IdentityMode, Limits, RuleDoc, Subject};

use super::cursor::{Cursor, Decoder};
use super::{notification, time};

pub(super) const RULES: &[RuleDoc] = &[];

/// Reads the policy.
pub(in crate::catalog) fn policy(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<CatalogPolicy> {
    d.subject = Some(Subject::Policy);
    if !d.fields(at, &["identity", "selfApproval", "expiry", "execution", "limits", "notifications", "reminder"]) {
        return None;
    }
    let mut policy = CatalogPolicy::default();
    if let Some(written) = at.get("identity") {
        let modes = [IdentityMode::Signature, IdentityMode::Forge, IdentityMode::Declared].map(IdentityMode::as_str);
        policy.identity = d.choice(written, &modes).and_then(IdentityMode::parse)?;
    }
    policy.self_approval = d.flag(&at, "selfApproval");
    if let Some(expiry) = at.given("expiry") {
        policy.expiry = time::duration(d, expiry).unwrap_or(policy.expiry);
    }
    if let Some(written) = at.given("execution")
        && d.fields(written, &["deadline"])
        && let Some(deadline) = written.given("deadline")
    {
        policy.execution_deadline = time::duration(d, deadline).unwrap_or(policy.execution_deadline);
    }
    if let Some(written) = at.given("limits") {
        policy.limits = limits(d, written);
    }
    if let Some(written) = at.given("notifications").filter(|n| d.list(*n)) {
        policy.notifications = written.items().filter_map(|route| notification::route(d, route)).collect();
    }
    if let Some(reminder) = at.given("reminder") {
        policy.reminder = time::duration(d, reminder);
    }
    Some(policy)
}

/// The limits; each has a ceiling that no file may lift, and a floor below which nothing could be read any more.
fn limits(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Limits {
    let mut limits = Limits::default();
    if !d.fields(at, &["fileBytes", "depth", "nodes", "scalarBytes", "commits", "files", "runs"]) {
        return limits;
    }
    let mut set = |key: &str, limit: &mut usize, least: u64, most: u64| {
        let number = at.given(key).and_then(|written| d.number(written, least, most));
        *limit = number.and_then(|n| usize::try_from(n).ok()).unwrap_or(*limit);
    };
    let most = Limits::MOST;
    let ceiling = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    set("fileBytes", &mut limits.file_bytes, 4096, ceiling(most.file_bytes));
    set("depth", &mut limits.depth, 8, ceiling(most.depth));
    set("nodes", &mut limits.nodes, 256, ceiling(most.nodes));
    set("scalarBytes", &mut limits.scalar_bytes, 4096, ceiling(most.scalar_bytes));
    set("commits", &mut limits.commits, 1, ceiling(most.commits));
    set("files", &mut limits.files, 1, ceiling(most.files));
    set("runs", &mut limits.runs, 1, ceiling(most.runs));
    limits
}
