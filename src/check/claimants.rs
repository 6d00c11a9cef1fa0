//! Finds whom an address, an account or a key belongs to; what two users claim belongs to nobody (spec 5).

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, user_of};
use crate::model::{ForgeUser, Identifier, KeyFingerprint, User};

use super::Base;

/// Everyone who claims something, those whose document is written twice included.
pub(super) struct Claimants<'a> {
    base: &'a Catalog,
    users: BTreeMap<&'a Identifier, Vec<&'a User>>,
}

impl<'a> Claimants<'a> {
    fn of(base: &'a Base<Catalog>, claims: impl Fn(&User) -> bool) -> Self {
        let table = base.0.users();
        let all = table.iter().map(|(_, user)| user).chain(table.duplicates().flat_map(|(_, others)| others));
        let mut users: BTreeMap<&Identifier, Vec<&User>> = BTreeMap::new();
        for user in all.map(|located| &located.value).filter(|user| claims(user)) {
            users.entry(&user.identifier).or_default().push(user);
        }
        Self { base: &base.0, users }
    }

    /// The one user who claims it; nobody where there are several, or where that user is declared twice.
    pub(super) fn sole(&self) -> Option<&'a User> {
        let mut all = self.users.keys();
        match (all.next(), all.next()) {
            (Some(one), None) => user_of(self.base, one),
            _ => None,
        }
    }

    /// Whether nobody claims it.
    pub(super) fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// All of them: who is to be kept from approving their own work is whoever it may have been.
    pub(super) fn identifiers(&self) -> impl Iterator<Item = Identifier> + '_ {
        self.users.keys().map(|id| (*id).clone())
    }
}

/// Whose this address is; letter case does not count.
pub(super) fn by_email<'a>(base: &'a Base<Catalog>, email: &str) -> Claimants<'a> {
    Claimants::of(base, |user| has_address(user, email))
}

/// Whose this address is, or whose account has this numeric id.
pub(super) fn by_email_or_account<'a>(base: &'a Base<Catalog>, email: &str, id: u64) -> Claimants<'a> {
    Claimants::of(base, |user| has_address(user, email) || user.github_id == Some(id))
}

fn has_address(user: &User, email: &str) -> bool {
    user.emails.iter().map(String::as_str).chain([user.identifier.as_str()]).any(|address| same_address(address, email))
}

/// Whose this account is; the numeric id decides.
pub(super) fn by_account<'a>(base: &'a Base<Catalog>, account: &ForgeUser) -> Claimants<'a> {
    by_account_id(base, account.id)
}

/// Whose account has this numeric id.
pub(super) fn by_account_id(base: &Base<Catalog>, id: u64) -> Claimants<'_> {
    Claimants::of(base, |user| user.github_id == Some(id))
}

/// Which of these accounts belong to one user alone, and whose they are, for many accounts at once.
pub(super) fn by_accounts(base: &Base<Catalog>, ids: &BTreeSet<u64>) -> BTreeMap<u64, Identifier> {
    let claims = |user: &User| user.github_id.is_some_and(|id| ids.contains(&id));
    let mut owners: BTreeMap<u64, BTreeSet<&Identifier>> = BTreeMap::new();
    for user in Claimants::of(base, claims).users.into_values().flatten() {
        owners.entry(user.github_id.unwrap_or_default()).or_default().insert(&user.identifier);
    }
    let sole = |users: BTreeSet<&Identifier>| match users.iter().collect::<Vec<_>>().as_slice() {
        [one] => user_of(&base.0, one).map(|user| user.identifier.clone()),
        _ => None,
    };
    owners.into_iter().filter_map(|(id, users)| Some((id, sole(users)?))).collect()
}

/// Whose this key is, valid or not.
pub(super) fn by_key<'a>(base: &'a Base<Catalog>, key: &KeyFingerprint) -> Claimants<'a> {
    Claimants::of(base, |user| user.signing_keys.iter().any(|k| k.fingerprint == *key))
}

/// The numeric id in an address that a forge makes for an account: `583231+alice@users.noreply.github.com`.
pub(super) fn account_of_address(email: &str) -> Option<u64> {
    let (local, domain) = email.split_once('@')?;
    let (id, _) = local.split_once('+')?;
    domain.to_ascii_lowercase().starts_with("users.noreply.").then(|| id.parse().ok()).flatten()
}

fn same_address(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (!(one.is_ascii() && other.is_ascii()) && one.to_lowercase() == other.to_lowercase())
}
