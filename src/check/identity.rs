//! Decides who the actor of a commit is, and who gave a review (spec 5, `identity/*`).

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::Catalog;
use crate::model::{
    Actor, Attribution, Finding, ForgeUser, Identifier, IdentityMode, KeyFingerprint, Reviewer, RuleDoc, SignatureFact,
    Timestamp, User, Vouched,
};

use super::by_forge::{self, Way};
use super::{Base, CommitFacts, PullRequestFacts, claimants};

const UNSIGNED: &str = "identity/unsigned";
const BAD_SIGNATURE: &str = "identity/bad-signature";
const UNKNOWN_KEY: &str = "identity/unknown-key";
const SHARED_KEY: &str = "identity/shared-key";
const KEY_NOT_VALID: &str = "identity/key-not-valid";
const EMAIL_MISMATCH: &str = "identity/email-mismatch";
pub(super) const UNKNOWN_PUSHER: &str = "identity/unknown-pusher";
pub(super) const UNKNOWN_OPENER: &str = "identity/unknown-opener";

/// The rules of this family.
pub const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: UNSIGNED,
        summary: "Where `identity: signature` is set, every commit carries a signature.",
        remedy: "Sign the commit (`git commit --amend -S`, or `git rebase --exec 'git commit --amend --no-edit -S'`) and push again.",
    },
    RuleDoc {
        id: BAD_SIGNATURE,
        summary: "A commit's signature must verify over the commit as it is.",
        remedy: "Sign the commit again; a signature does not survive a rebase or an edit.",
    },
    RuleDoc {
        id: UNKNOWN_KEY,
        summary: "A commit is signed by a key that a user of the watched branch's roster has.",
        remedy: "Sign with a key under `signingKeys` of your user, or have an Admin add the key first, in a change of its own.",
    },
    RuleDoc {
        id: SHARED_KEY,
        summary: "A key that two users have, or whose user is declared twice, tells nobody apart.",
        remedy: "Have an Admin leave the key to one user alone.",
    },
    RuleDoc {
        id: KEY_NOT_VALID,
        summary: "A signing key is valid (`from`, `until`) at the time the server received the commit.",
        remedy: "Sign with a key that is valid now, or have an Admin extend it.",
    },
    RuleDoc {
        id: EMAIL_MISMATCH,
        summary: "The committer's address of a signed commit belongs to the user whose key signed it.",
        remedy: "Set `git config user.email` to one of your own addresses and commit again, or have the address added to your user.",
    },
    RuleDoc {
        id: UNKNOWN_PUSHER,
        summary: "In `forge` mode a commit that the forge does not verify is judged as its pusher too, who must be known.",
        remedy: "Push the commits again, or sign them with a key that the forge knows.",
    },
    RuleDoc {
        id: UNKNOWN_OPENER,
        summary: "In `forge` mode a commit that the forge does not verify is judged as who opened the pull request too, who must be known.",
        remedy: "Open the pull request from an account that exists, or sign the commits with a key that the forge knows.",
    },
];

/// Whom a commit is judged as, and what stands against believing it.
///
/// The roster is base's. `range` holds every commit that is judged, parents before children: in `forge` mode it tells, with
/// `way`, which push brought the commit. Where somebody is not known they are a [`Actor::Stranger`], whom no rule grants anything.
pub fn attribute(
    base: &Base<Catalog>,
    mode: IdentityMode,
    commit: &CommitFacts,
    range: &[CommitFacts],
    way: &Way<'_>,
) -> (Attribution, Vec<Finding>) {
    match mode {
        IdentityMode::Declared => (Attribution::one(by_address(base, &commit.committer_email)), Vec::new()),
        IdentityMode::Signature => match signer(base, commit) {
            Ok(user) => (Attribution::one(Actor::User(user.identifier.clone())), Vec::new()),
            Err(finding) => (Attribution::one(stranger(&commit.committer_email)), vec![*finding]),
        },
        IdentityMode::Forge => by_forge::attribute(base, commit, range, way),
    }
}

/// The user of base's roster who gave a review; nobody where that is not certain.
pub fn reviewer(base: &Base<Catalog>, mode: IdentityMode, who: &Reviewer) -> Option<Identifier> {
    let user = match who {
        Reviewer::Unknown => None,
        Reviewer::Account(account) => claimants::by_account(base, account).sole(),
        Reviewer::Committer { email, signature, received_at } => match (mode, signature) {
            (IdentityMode::Declared, _) => claimants::by_email(base, email).sole(),
            (IdentityMode::Signature | IdentityMode::Forge, SignatureFact::By(key)) => holder(base, key, *received_at).ok(),
            (
                IdentityMode::Signature | IdentityMode::Forge,
                SignatureFact::Unsigned | SignatureFact::Invalid(_) | SignatureFact::UnknownKey(_),
            ) => None,
        },
    };
    user.map(|user| user.identifier.clone())
}

/// The users of base's roster who are in the forge's teams, by team: of each account that one user alone claims, that user.
/// An account that nobody in the roster has is passed over: it is no member of anything here.
pub fn outside_members(
    base: &Base<Catalog>,
    teams: &BTreeMap<Identifier, BTreeSet<u64>>,
) -> BTreeMap<Identifier, BTreeSet<Identifier>> {
    let accounts: BTreeSet<u64> = teams.values().flatten().copied().collect();
    let users = claimants::by_accounts(base, &accounts);
    let of = |ids: &BTreeSet<u64>| ids.iter().filter_map(|id| users.get(id).cloned()).collect();
    teams.iter().map(|(team, ids)| (team.clone(), of(ids))).collect()
}

/// Every user who may have had a hand in a commit, in whatever mode: whoever claims an address of its lines or of its
/// co-authors, the key that signed it, valid or not, or the account that the forge names. Wider than [`attribute`], since it only ever takes a
/// right away: that of approving one's own work.
pub fn hands(base: &Base<Catalog>, commit: &CommitFacts) -> BTreeSet<Identifier> {
    let mut all = BTreeSet::new();
    for email in [&commit.author_email, &commit.committer_email].into_iter().chain(&commit.co_authors) {
        all.extend(claimants::by_email(base, email).identifiers());
        if let Some(id) = claimants::account_of_address(email) {
            all.extend(claimants::by_account_id(base, id).identifiers());
        }
    }
    if let SignatureFact::By(key) = &commit.signature {
        all.extend(claimants::by_key(base, key).identifiers());
    }
    if let Some(Vouched::Account(account)) = &commit.vouched {
        all.extend(claimants::by_account(base, account).identifiers());
    }
    all
}

/// Every user who pushed to the pull request, also what is no longer part of it.
pub fn pushers(base: &Base<Catalog>, pull_request: &PullRequestFacts) -> BTreeSet<Identifier> {
    let accounts = pull_request.pushes.iter().filter_map(|push| push.actor.as_ref());
    accounts.flat_map(|account| claimants::by_account(base, account).identifiers().collect::<Vec<_>>()).collect()
}

/// Whom the forge itself names for a commit, its lines aside: who signed it, or else who opened the pull request.
pub fn known_to_forge(base: &Base<Catalog>, commit: &CommitFacts, pull_request: Option<&PullRequestFacts>) -> Option<Identifier> {
    let opener = || pull_request.and_then(|pr| pr.opener.as_ref());
    let account = match &commit.vouched {
        Some(Vouched::Account(account)) => account,
        Some(Vouched::Forge) | None => opener()?,
    };
    claimants::by_account(base, account).sole().map(|user| user.identifier.clone())
}

pub(super) fn stranger(who: &str) -> Actor {
    Actor::Stranger(if who.is_empty() { "unknown".into() } else { who.to_owned() })
}

pub(super) fn by_address(base: &Base<Catalog>, email: &str) -> Actor {
    claimants::by_email(base, email).sole().map_or_else(|| stranger(email), |user| Actor::User(user.identifier.clone()))
}

pub(super) fn by_account(base: &Base<Catalog>, account: &ForgeUser) -> Actor {
    let user = claimants::by_account(base, account).sole();
    user.map_or_else(|| stranger(&account.login), |user| Actor::User(user.identifier.clone()))
}

/// Why a key speaks for nobody.
enum KeyTrouble {
    Unknown,
    Shared,
    NotValid(Identifier),
}

fn holder<'a>(base: &'a Base<Catalog>, key: &KeyFingerprint, at: Timestamp) -> Result<&'a User, KeyTrouble> {
    let claimants = claimants::by_key(base, key);
    let Some(user) = claimants.sole() else {
        return Err(if claimants.is_empty() { KeyTrouble::Unknown } else { KeyTrouble::Shared });
    };
    if user.signing_keys.iter().any(|k| k.fingerprint == *key && k.valid_at(at)) {
        Ok(user)
    } else {
        Err(KeyTrouble::NotValid(user.identifier.clone()))
    }
}

const ADD_KEY: &str = "sign with a key under `signingKeys` of your user; an Admin can add one, in a change that is merged first";

fn unknown_key(commit: &CommitFacts, key: &str) -> String {
    format!("commit {} is signed by {key}, a key that nobody in the roster of the watched branch has", commit.id.short())
}

/// The user whose valid key signed the commit and whose address its committer line names.
fn signer<'a>(base: &'a Base<Catalog>, commit: &CommitFacts) -> Result<&'a User, Box<Finding>> {
    let refuse = |rule, message: String, help: &str| Err(Box::new(Finding::error(rule, message).help(help).by(commit.id)));
    let key = match &commit.signature {
        SignatureFact::By(key) => key,
        SignatureFact::Unsigned => {
            return refuse(
                UNSIGNED,
                format!("commit {} is not signed, and this repository knows people by their signatures", commit.id.short()),
                "sign it with `git commit --amend -S`, with a key under `signingKeys` of your user",
            );
        }
        SignatureFact::UnknownKey(key) => return refuse(UNKNOWN_KEY, unknown_key(commit, key), ADD_KEY),
        SignatureFact::Invalid(why) => {
            return refuse(
                BAD_SIGNATURE,
                format!("the signature of commit {} cannot be believed: {why}", commit.id.short()),
                "sign it again with `git commit --amend -S`",
            );
        }
    };
    let user = match holder(base, key, commit.received_at) {
        Ok(user) => user,
        Err(KeyTrouble::Unknown) => {
            return refuse(UNKNOWN_KEY, unknown_key(commit, &key.to_string()), ADD_KEY);
        }
        Err(KeyTrouble::Shared) => {
            return refuse(
                SHARED_KEY,
                format!("commit {} is signed by {key}, which does not belong to one user alone", commit.id.short()),
                "an Admin can leave the key to one user, declared once",
            );
        }
        Err(KeyTrouble::NotValid(user)) => {
            return refuse(
                KEY_NOT_VALID,
                format!(
                    "commit {} is signed by {key} of {user}, which was not valid when the commit was received, at {}",
                    commit.id.short(),
                    commit.received_at
                ),
                "sign with a key that is valid now, or have an Admin change its `from` or `until`",
            );
        }
    };
    if claimants::by_email(base, &commit.committer_email).sole().is_some_and(|owner| owner.identifier == user.identifier) {
        return Ok(user);
    }
    refuse(
        EMAIL_MISMATCH,
        format!(
            "commit {} is signed by {}, but its committer's address is {}, which is not theirs alone",
            commit.id.short(),
            user.identifier,
            if commit.committer_email.is_empty() { "empty" } else { &commit.committer_email }
        ),
        "set `git config user.email` to an address of the user who signs, and commit again",
    )
}
