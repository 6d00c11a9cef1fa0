//! Every rule there is: what `docs/rules.md` is made of, and what a finding's id may be.

use crate::catalog;
use crate::model::RuleDoc;

/// Every rule, family by family.
pub fn all() -> Vec<RuleDoc> {
    let families: &[&[RuleDoc]] = &[
        super::git_rules::RULES,
        super::duplicates::RULES,
        super::lookalike::RULES,
        super::definitions::RULES,
        super::entities::RULES,
        super::golden::RULES,
        super::immutable::RULES,
        super::references::RULES,
        super::ownership::RULES,
        super::forms::RULES,
        super::invocations::RULES,
        super::derived::RULES,
        super::aggregations::RULES,
        super::roster::RULES,
        super::permissions::RULES,
        super::policies::RULES,
        super::identity::RULES,
        super::lints::RULES,
        super::routes::RULES,
        super::push::RULES,
        super::watching_rules::RULES,
    ];
    catalog::rules().chain(families.iter().copied().flatten()).chain(super::runs::rules()).copied().collect()
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
