//! Port's search rules, which stand in policies and in queries.

use super::super::key::{Named, Section, Wants, key};

/// A policy over queries.
pub(super) const POLICY: Section = Section {
    beside: &[],
    title: "policy",
    meaning: "A rule that asks the catalog: queries find entities, and conditions in jq say what must hold of them. Instead of both, a search may stand here, which the \
              entity at hand has to match. What cannot be evaluated grants nothing.",
    keys: &[
        key("queries", &Wants::Named(Named::Free, &Wants::Search), "Searches by name; `{}` where the conditions need none.")
            .or("{}")
            .like("{ mine: { combinator: and, rules: [] } }"),
        key(
            "conditions",
            &Wants::List(&Wants::Text),
            "jq programs over what the queries found, each of which has to yield true.",
        )
        .required()
        .like("[\".results.mine.entities | length > 0\"]"),
    ],
};

pub(in crate::editor) const SEARCH: Section = Section {
    beside: &[],
    title: "a search",
    meaning: "Which entities are meant.",
    keys: &[
        key("combinator", &Wants::Word(&["and", "or"]), "Whether all rules have to match, or one of them.")
            .required()
            .like("and"),
        key("rules", &Wants::List(&Wants::Comparison), "Comparisons and further searches.")
            .required()
            .like("[{ property: $title, operator: contains, value: prod }]"),
    ],
};

pub(in crate::editor) const COMPARISON: Section = Section {
    beside: &[],
    title: "a search rule",
    meaning: "One comparison, of a property or a relation; or a group, which is a search itself.",
    keys: &[
        key(
            "property",
            &Wants::Any,
            "A property, `$identifier`, `$title`, `$team` and the like; or a path of relations, or `{ context, property }`.",
        )
        .like("$title"),
        key("relation", &Wants::Text, "A relation, instead of a property.").like("microservice"),
        key("operator", &Wants::Word(OPERATORS), "How it is compared; several spellings of Port's mean the same.").like("\"=\""),
        key(
            "value",
            &Wants::Any,
            "What it is compared with: a value, a list, a template, or `{ context: user, property: $identifier }`.",
        )
        .like("production"),
        key("blueprint", &Wants::Identifier, "For `relatedTo`: the blueprint of the other entity.").like("Microservice"),
        key("direction", &Wants::Word(&["upstream", "downstream"]), "For `relatedTo`: which way relations are followed.")
            .like("upstream"),
        key("required", &Wants::Flag, "For `relatedTo`: whether only required relations are followed.").like("true"),
        key("combinator", &Wants::Word(&["and", "or"]), "Makes it a group.").like("or"),
        key("rules", &Wants::List(&Wants::Comparison), "The rules of the group.").like("[]"),
    ],
};

const OPERATORS: &[&str] = &[
    "=",
    "!=",
    ">",
    ">=",
    "<",
    "<=",
    "contains",
    "doesNotContains",
    "doesNotContain",
    "notContains",
    "containsAny",
    "in",
    "matchAny",
    "notIn",
    "beginsWith",
    "doesNotBeginsWith",
    "doesNotBeginWith",
    "endsWith",
    "doesNotEndsWith",
    "doesNotEndWith",
    "isEmpty",
    "isNotEmpty",
    "between",
    "notBetween",
    "relatedTo",
];
