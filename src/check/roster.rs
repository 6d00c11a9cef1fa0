//! What only one user may claim: an address, a key, an account (spec 5: who claims another's is believed by nobody).

use crate::catalog::Claim;
use crate::model::{Finding, Identifier, Place, RuleDoc, Subject};

use super::scope::Scope;
use super::validate::Fault;

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "roster/email-claimed-twice",
        summary: "An email address belongs to one user, without regard to case.",
        remedy: "Take the address out of one of the users; until then it identifies nobody.",
    },
    RuleDoc {
        id: "roster/key-shared",
        summary: "A signing key belongs to one user.",
        remedy: "Let each user sign with a key of their own; until then the key identifies nobody.",
    },
    RuleDoc {
        id: "roster/github-claimed-twice",
        summary: "A GitHub account belongs to one user.",
        remedy: "Take the account out of one of the users; until then it identifies nobody.",
    },
];

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for claim in scope.claims() {
        let users: Vec<&Identifier> = scope.catalog.claimants(&claim).collect();
        if users.len() < 2 {
            continue;
        }
        for id in &users {
            let Some(user) = scope.catalog.users().get(*id) else { continue };
            let others: Vec<String> = users.iter().filter(|other| other != &id).map(|other| format!("`{other}`")).collect();
            let others = others.join(", ");
            let (rule, what, way) = match &claim {
                Claim::Address(address) => {
                    let way = match user.value.emails.iter().find(|email| email.to_lowercase() == *address) {
                        Some(email) => user.descend(&["emails", email]),
                        None => user.descend(&["identifier"]),
                    };
                    ("roster/email-claimed-twice", format!("the address `{address}`"), way)
                }
                Claim::Key(fingerprint) => {
                    let index = user.value.signing_keys.iter().position(|key| key.fingerprint == *fingerprint);
                    (
                        "roster/key-shared",
                        format!("the signing key {fingerprint}"),
                        user.descend(&["signingKeys"]).index(index.unwrap_or_default()),
                    )
                }
                Claim::GitHub(account) => {
                    ("roster/github-claimed-twice", format!("the GitHub account {account}"), user.descend(&["github", "id"]))
                }
            };
            let finding = Finding::error(rule, format!("{what} is also claimed by {others}"))
                .at(Place::value(&user.file, way))
                .help("let one of the users keep it; until then it identifies nobody");
            out.push(Fault::itself(Subject::User((*id).clone()), finding));
        }
    }
}
