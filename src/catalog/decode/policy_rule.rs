//! `policy` of a rule: Port's dynamic permissions, in both of their shapes.

use std::collections::BTreeMap;

use crate::model::{Policy, PolicyTest, RuleDoc, Search};

use super::cursor::{Cursor, Decoder};
use super::search::{Asks, search};

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "policy/no-condition",
        summary: "A policy with queries has at least one condition.",
        remedy: "Write what must hold of what the queries find, in jq.",
    },
    RuleDoc {
        id: "policy/too-much",
        summary: "A policy has at most 20 queries and 20 conditions.",
        remedy: "Divide it, or say more in one condition.",
    },
];

/// What the templates of a policy may name.
const ASKS: Asks = Asks { roots: &["inputs", "entity", "user", "trigger", "action", "blueprint"], user: true };

/// How many queries, and how many conditions: each is evaluated whenever the rule is asked.
const MOST: usize = 20;

/// Reads a policy.
pub(super) fn policy(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Policy> {
    if !d.mapping(at) {
        return None;
    }
    let queried = at.get("queries").is_some() || at.get("conditions").is_some();
    let test = if queried { of_catalog(d, at)? } else { PolicyTest::Entity(search(d, at, ASKS)?) };
    Some(Policy { written: at.node.to_value(), test })
}

fn of_catalog(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<PolicyTest> {
    if !d.fields(at, &["queries", "conditions"]) {
        return None;
    }
    let mut queries: BTreeMap<Box<str>, Search> = BTreeMap::new();
    let mut whole = true;
    if let Some(written) = at.given("queries").filter(|written| d.mapping(*written)) {
        too_many(d, written, written.pairs().count())?;
        for query in written.pairs() {
            match search(d, query, ASKS) {
                Some(search) => _ = queries.insert(query.name().into(), search),
                None => whole = false,
            }
        }
    }
    let conditions =
        d.required(&at, "conditions", "[\".results.<query>.entities | length > 0\"]").filter(|list| d.list(*list))?;
    let wanted = conditions.items().count();
    if wanted == 0 {
        let help = "write what must hold, in jq: `.results.<query>.entities | length > 0`";
        d.error("policy/no-condition", conditions, "there is no condition, so the policy would hold for everyone", help);
        return None;
    }
    too_many(d, conditions, wanted)?;
    let conditions: Vec<Box<str>> = conditions.items().filter_map(|item| d.text(item)).map(Box::from).collect();
    (whole && conditions.len() == wanted).then_some(PolicyTest::Catalog { queries, conditions })
}

fn too_many(d: &mut Decoder<'_>, at: Cursor<'_, '_>, count: usize) -> Option<()> {
    if count > MOST {
        let message = format!("there are {count} of them, and at most {MOST} are evaluated");
        d.error("policy/too-much", at, message, "divide it, or say more in one condition");
        return None;
    }
    Some(())
}
