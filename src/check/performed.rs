//! What a run itself commits: whether a commit on the watched branch is the controller's own hand, and does what the run's action says and
//! nothing else (spec 8). Such a commit needs no right of its committer's, since the run had it; any other is judged as everybody's is.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, ChangeSet, Document, Field, Meaning, parse_file};
use crate::model::{
    Actor, Attribution, CommitId, Entity, FilePath, Finding, IdentityMode, KeyFingerprint, Limits, Subject, Timestamp,
};
use crate::run::call::EntityCall;

use super::{Base, CommitFacts, Proposal, Target, claimants};

/// What the controller knows of commits that name a run of its own. The default, which lends no right to anything, is what anybody else knows.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Performed {
    /// The address that the controller commits by.
    pub hand: String,
    /// By commit, what the run that it names is to do. Only of runs that are being performed, or have ended with this very commit: the
    /// controller's journal says so, never the commit.
    pub calls: BTreeMap<CommitId, EntityCall>,
}

/// The entity as it is to stand after the call, where `before` is the catalog now; `None` where it is to be gone.
///
/// # Errors
/// Why what the call says is no entity.
pub fn wanted(before: &Catalog, call: &EntityCall) -> Result<Option<Entity>, Vec<Finding>> {
    if call.document.is_none() {
        return Ok(None);
    }
    let stands = before.entities().get(&call.key).map(|entity| entity.value.meaning().to_json());
    let text = call.onto(stands.as_ref()).unwrap_or_default().to_string();
    let mut parsed = parse_file(&FilePath::new("entities/_.json"), text.as_bytes(), &Limits::MOST);
    match (parsed.documents.pop(), parsed.documents.is_empty()) {
        (Some(Document::Entity(entity)), true)
            if entity.value.key == call.key && !parsed.findings.iter().any(Finding::is_error) =>
        {
            Ok(Some(entity.value))
        }
        _ => Err(parsed.findings),
    }
}

/// Whether a step from `before` to `after`, which is `changes`, does what the call says: the one entity is as it says, nobody else claims to
/// be it, and nothing else is changed, unless its owner moves with it.
pub fn does_exactly(before: &Catalog, after: &Catalog, changes: &ChangeSet, call: &EntityCall) -> bool {
    let about = |subject: &Subject| matches!(subject, Subject::Entity(key) if *key == call.key);
    let alone = changes.0.iter().all(|change| about(&change.subject) || change.field == Some(Field::Owner));
    let rivals = after.entities().duplicates_of(&call.key);
    let stands = after.entities().get(&call.key);
    let newly_broken = after.broken_files().keys().any(|file| !before.broken_files().contains_key(file));
    alone
        && rivals.is_empty()
        && !newly_broken
        && wanted(before, call).is_ok_and(|wanted| wanted.as_ref() == stands.as_ref().map(|entity| &entity.value))
}

/// Whether a commit needs no right of whoever committed it: it stands on the watched branch, it is the controller's alone by the identity
/// mode's own proof, and does exactly what the run's action says.
pub(super) fn is_granted(
    proposal: &Proposal,
    commit: &CommitFacts,
    attribution: &Attribution,
    doubts: &[Finding],
    changes: &ChangeSet,
) -> bool {
    let Some(call) = proposal.performed.calls.get(&commit.id) else { return false };
    proposal.target == Target::WatchedBranch
        && proposal.as_user.is_none()
        && commit.parents.len() == 1
        && commit.findings.is_empty()
        && doubts.is_empty()
        && is_the_controller(&proposal.base, &proposal.performed.hand, attribution)
        && does_exactly(&commit.before, &commit.after, changes, call)
}

/// Whether what the controller commits could be believed to be its own: where not, nothing is to be committed, since it would only stand in
/// the way of everybody's work.
///
/// # Errors
/// What is missing, for whoever runs the controller.
pub fn may_commit(base: &Base<Catalog>, hand: &str, key: Option<&KeyFingerprint>, now: Timestamp) -> Result<(), String> {
    let Some(user) = claimants::by_email(base, hand).sole().filter(|user| user.bot) else {
        return Err(format!(
            "the controller commits as {hand}, which is the address of no bot of the roster, or of several users"
        ));
    };
    let who = &user.identifier;
    match base.0.policy().identity {
        IdentityMode::Declared => Ok(()),
        IdentityMode::Forge if user.github_id.is_some() => Ok(()),
        IdentityMode::Forge => Err(format!("the bot {who} has no `github` account, so nobody would know its pushes")),
        IdentityMode::Signature => {
            let Some(key) = key else {
                return Err(
                    "people are known by their signatures, and the controller has no key: set `signingKeyFile`".to_owned()
                );
            };
            let has = user.signing_keys.iter().any(|known| known.fingerprint == *key && known.valid_at(now));
            let shared = claimants::by_key(base, key).sole().is_none();
            if has && !shared { Ok(()) } else { Err(format!("{key} is no valid signing key of the bot {who} alone")) }
        }
    }
}

/// Whether a commit is laid to the controller's own user, a bot of base's roster, and to nobody beside.
fn is_the_controller(base: &Base<Catalog>, hand: &str, attribution: &Attribution) -> bool {
    let Some(user) = claimants::by_email(base, hand).sole().filter(|user| user.bot) else { return false };
    matches!(attribution.0.as_slice(), [Actor::User(one)] if *one == user.identifier)
}
