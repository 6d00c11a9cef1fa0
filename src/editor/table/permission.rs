//! `permissions/`.

use super::super::key::{Named, Names, Section, Wants, key};
use super::search::{COMPARISON, POLICY, SEARCH};

pub(super) const SECTIONS: &[&Section] = &[&PERMISSIONS, &ENTITIES, &ACTION, &RULE, &POLICY, &SEARCH, &COMPARISON];

const A_RULE: Wants = Wants::Part(&RULE);
const TWO_ROLES: &str = "Admin, <Blueprint>-moderator";

const PERMISSIONS: Section = Section {
    beside: &[],
    title: "Permissions",
    meaning: "Who may do what with the entities of one blueprint, and with its actions. What is not written has a default; see \
              [permissions](permissions.md).",
    keys: &[
        key("blueprint", &Wants::Name(Names::Blueprint), "The blueprint it is about.")
            .or("the stem of the file's name")
            .like("Env"),
        key("entities", &Wants::Part(&ENTITIES), "Rights on its entities.").like("{ update: { roles: [Env-moderator] } }"),
        key("actions", &Wants::Named(Named::Action, &Wants::Part(&ACTION)), "Rights on its actions, by the action's identifier.")
            .like("{ delete_env: { execute: { ownedByTeam: true } } }"),
    ],
};

const ENTITIES: Section = Section {
    beside: &[],
    title: "entities",
    meaning: "Each key holds a rule, or rules by name.",
    keys: &[
        key("read", &A_RULE, "Who may see an entity at all.").never_null().or("everyone in the roster").like("{ roles: [Member] }"),
        key("register", &A_RULE, "Who may create one. Every property and relation that it sets asks for its own right too.")
            .never_null()
            .or(TWO_ROLES)
            .like("{ roles: [Admin, Member] }"),
        key("unregister", &A_RULE, "Who may delete one.").never_null().or(TWO_ROLES).like("{ roles: [Admin] }"),
        key(
            "update",
            &A_RULE,
            "Who may change any property, relation, title, icon or team. Where it is written it alone decides, and the rules by name count \
             for nothing.",
        )
        .never_null()
        .or("not set: the rules by name decide")
        .like("{ roles: [Env-moderator] }"),
        key(
            "updateProperties",
            &Wants::Named(Named::Property, &A_RULE),
            "Who may change which property; `$title`, `$icon` and `$team` too.",
        )
        .or(TWO_ROLES)
        .like("{ slackChannelUrl: { roles: [Admin, Member] } }"),
        key("updateRelations", &Wants::Named(Named::Relation, &A_RULE), "Who may change which relation.")
            .or(TWO_ROLES)
            .like("{ deployedAt: { teams: [platform] } }"),
        key(
            "readProperties",
            &Wants::Named(Named::Property, &A_RULE),
            "For an entity that may be seen: who sees which property.",
        )
        .or("who sees the entity")
        .like("{ monthlyCost: { roles: [Admin] } }"),
        key("readRelations", &Wants::Named(Named::Relation, &A_RULE), "For an entity that may be seen: who sees which relation.")
            .or("who sees the entity")
            .like("{ deployedAt: { roles: [Admin] } }"),
    ],
};

const ACTION: Section = Section {
    beside: &[],
    title: "actions.<action>",
    meaning: "Rights on one action.",
    keys: &[
        key("execute", &A_RULE, "Who may ask for a run.").never_null().or(TWO_ROLES).like("{ ownedByTeam: true }"),
        key("approve", &A_RULE, "Who may approve a run.").never_null().or(TWO_ROLES).like("{ roles: [Env-moderator] }"),
    ],
};

const RULE: Section = Section {
    beside: &[],
    title: "a rule",
    meaning: "Any one part that holds grants; nothing denies. An empty rule grants nobody, Admins neither.",
    keys: &[
        key("roles", &Wants::List(&Wants::Name(Names::Role)), "Whoever has one of these roles.").or("[]").like("[Admin, Env-moderator]"),
        key("users", &Wants::List(&Wants::Name(Names::AnyUser)), "These users.").or("[]").like("[some-user@myorg.com]"),
        key("teams", &Wants::List(&Wants::Name(Names::AnyTeam)), "The members of these teams.").or("[]").like("[ServiceMaintainers]"),
        key("ownedByTeam", &Wants::Flag, "Whoever shares a team with the effective owner of the entity.").or("false").like("true"),
        key(
            "policy",
            &Wants::Either(&[&Wants::Part(&POLICY), &Wants::Search]),
            "Port's dynamic rule: `queries` over the catalog and `conditions` in jq, or a search. What cannot be evaluated grants nothing.",
        )
        .like("{ queries: {}, conditions: [\".user.email != null\"] }"),
    ],
};
