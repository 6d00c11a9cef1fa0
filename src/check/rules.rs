//! Every rule there is: what `docs/rules.md` is made of, and what a finding's id may be.

use crate::catalog;
use crate::model::RuleDoc;

use super::{
    definitions, duplicates, entities, git_rules, golden, identity, immutable, lints, lookalike, ownership, permissions,
    references, roster, runs, watching_rules,
};

/// Every rule, family by family.
pub fn all() -> Vec<RuleDoc> {
    let families: [&[RuleDoc]; 14] = [
        git_rules::RULES,
        duplicates::RULES,
        lookalike::RULES,
        definitions::RULES,
        entities::RULES,
        golden::RULES,
        immutable::RULES,
        references::RULES,
        ownership::RULES,
        roster::RULES,
        permissions::RULES,
        identity::RULES,
        lints::RULES,
        watching_rules::RULES,
    ];
    catalog::rules().chain(families.into_iter().flatten()).chain(runs::rules()).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_is_listed_once_and_says_what_it_demands() {
        let all = all();
        let ids: BTreeSet<&str> = all.iter().map(|rule| rule.id).collect();
        assert_eq!(ids.len(), all.len());
        for rule in all {
            assert!(rule.id.split_once('/').is_some_and(|(family, name)| !family.is_empty() && !name.is_empty()), "{}", rule.id);
            assert!(rule.summary.ends_with('.') && rule.remedy.ends_with('.'), "{}", rule.id);
        }
    }
}
