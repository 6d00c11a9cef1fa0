//! What an approval is given on: one digest over the meaning of a request and of everything that decides it (spec 7).

use std::collections::BTreeSet;
use std::fmt;

use sha2::{Digest as _, Sha256};

use crate::catalog::{Catalog, approve_rule};
use crate::model::{Action, Identifier, Rule, RunRequest, Value};

/// SHA-256 over a canonical meaning, as 64 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Box<str>);

impl Digest {
    /// Reads 64 lower-case hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        (text.len() == 64 && text.bytes().all(hex)).then(|| Self(text.into()))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(meaning: &Value) -> Self {
        use std::fmt::Write as _;
        let bytes = Sha256::digest(meaning.canonical().as_bytes());
        let hex = bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}"); // writing to a String never fails
            hex
        });
        Self(hex.into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The action as base has it; one that is declared twice is unknown.
pub fn action_of<'a>(base: &'a Catalog, identifier: &Identifier) -> Option<&'a Action> {
    base.actions().get(identifier).filter(|_| base.actions().duplicates_of(identifier).is_empty()).map(|found| &found.value)
}

/// The run digest: the request as it stands in the commit; the action's definition, its effective approve rule, and the
/// target entity with its effective owner as they stand in `base`.
///
/// For the head `base` is the tip of the watched branch, for a reviewed commit the merge base of that commit with it.
/// `None` where base does not know the action: then nothing can be approved.
pub fn digest_run(run: &RunRequest, base: &Catalog) -> Option<Digest> {
    let action = action_of(base, &run.action)?;
    let entity = run.target(&action.blueprint).map_or(Value::Null, |key| {
        let owner = if base.entities().contains(&key) { texts(base.owner_of(&key)) } else { Value::Null };
        map([("blueprint", key.blueprint.as_str().into()), ("identifier", key.identifier.as_str().into()), ("owner", owner)])
    });
    Some(Digest::of(&map([
        ("run", request_meaning(run)),
        ("action", action.definition.clone()),
        ("approve", rule_meaning(&approve_rule(base, action))),
        ("entity", entity),
    ])))
}

/// A digest over the request alone: tells a changed request from an action that changed underneath it.
pub fn digest_request(run: &RunRequest) -> Digest {
    Digest::of(&request_meaning(run))
}

fn request_meaning(run: &RunRequest) -> Value {
    map([
        ("identifier", run.identifier.as_str().into()),
        ("action", run.action.as_str().into()),
        ("entity", run.entity.as_ref().map_or(Value::Null, |entity| entity.as_str().into())),
        ("inputs", run.inputs.clone()),
        ("reason", run.reason.as_deref().map_or(Value::Null, Value::from)),
    ])
}

/// Roles, users and teams are sets: order and repetition mean nothing.
fn rule_meaning(rule: &Rule) -> Value {
    map([
        ("roles", texts(rule.roles.iter().map(ToString::to_string))),
        ("users", texts(rule.users.iter().map(ToString::to_string))),
        ("teams", texts(rule.teams.iter().map(ToString::to_string))),
        ("ownedByTeam", rule.owned_by_team.into()),
        ("policy", rule.policy.as_ref().map_or(Value::Null, |policy| policy.written.clone())),
    ])
}

fn texts(items: impl IntoIterator<Item = impl ToString>) -> Value {
    let set: BTreeSet<String> = items.into_iter().map(|item| item.to_string()).collect();
    Value::List(set.iter().map(|text| text.as_str().into()).collect())
}

fn map<const N: usize>(pairs: [(&str, Value); N]) -> Value {
    Value::from_pairs(pairs.into_iter().map(|(key, value)| (key.into(), value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::fixture::{World, inputs, rule};

    #[test]
    fn is_of_meaning_not_of_spelling() {
        let world = World::new();
        let digest = world.digest();
        assert_eq!(Digest::parse(digest.as_str()), Some(digest.clone()));
        assert_eq!(
            world.clone().with_run(|r| r.inputs = inputs(r#"{"days":10.0,"ttl":"10 days"}"#)).digest(),
            world.clone().with_run(|r| r.inputs = inputs(r#"{"ttl":"10 days","days":10}"#)).digest()
        );
        assert_eq!(
            world.clone().with_approve(rule("Env-moderator Admin Admin", "", "")).digest(),
            digest,
            "the default, written out in another order"
        );
    }

    #[test]
    fn changes_with_everything_that_decides() {
        let world = World::new();
        let digests: BTreeSet<Digest> = [
            world.clone(),
            world.clone().with_run(|r| r.inputs = inputs(r#"{"ttl":"3 days"}"#)),
            world.clone().with_run(|r| r.inputs = inputs(r#"{"ttl":10}"#)),
            world.clone().with_run(|r| r.inputs = inputs(r#"{"ttl":"10"}"#)),
            world.clone().with_run(|r| r.reason = Some("because".into())),
            world.clone().with_run(|r| r.entity = Some(Identifier::new("env-2").unwrap())),
            world.clone().with_approve(rule("Member", "", "")),
            world.clone().with_action(|a| a.definition = inputs(r#"{"changed":true}"#)),
            world.clone().with_owner(Some("payments")),
            world.clone().with_owner(None),
        ]
        .iter()
        .map(World::digest)
        .collect();
        assert_eq!(digests.len(), 10);
    }

    #[test]
    fn there_is_none_for_an_action_that_base_does_not_know() {
        let world = World::new().with_run(|r| r.action = Identifier::new("other").unwrap());
        assert_eq!(digest_run(&world.run, &world.base()), None);
    }
}
