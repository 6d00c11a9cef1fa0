//! `entities/` and `runs/`: the documents whose inner keys a blueprint or an action defines.

use super::super::key::{Named, Names, Section, Wants, key};

pub(super) const ENTITY: &[&Section] = &[&ENTITY_DOCUMENT];
pub(super) const RUN: &[&Section] = &[&RUN_DOCUMENT];

const TEAMS: Wants = Wants::Either(&[&Wants::Name(Names::Team), &Wants::List(&Wants::Name(Names::Team))]);
const TARGET: Wants = Wants::Either(&[&Wants::Identifier, &Wants::List(&Wants::Identifier), &Wants::Null]);

const ENTITY_DOCUMENT: Section = Section {
    beside: &[],
    title: "Entity",
    meaning: "A thing in the catalog, known by its blueprint and identifier. A file holds one entity, or a list of them.",
    keys: &[
        key("identifier", &Wants::Identifier, "Unique within its blueprint.").required().like("env-42"),
        key("title", &Wants::Text, "What people call it.").like("Load tests"),
        key("icon", &Wants::Icon, "The name of one of Port's icons.").like("Environment"),
        key("blueprint", &Wants::Name(Names::Blueprint), "The type of the entity.")
            .or("the directory below `entities/`")
            .like("Env"),
        key(
            "team",
            &TEAMS,
            "The teams that own it; one, or a list. Left out, the owner is inherited where the blueprint says so.",
        )
        .like("[platform, checkout]"),
        key(
            "properties",
            &Wants::Named(Named::Property, &Wants::Any),
            "Values by the name that the blueprint's `schema.properties` gives them. What the blueprint computes is never written.",
        )
        .or("{}")
        .like("{ kind: ephemeral, ttl: 10 days }"),
        key(
            "relations",
            &Wants::Named(Named::Relation, &TARGET),
            "Identifiers of other entities by the name that the blueprint's `relations` gives them: one, or a list where the relation is `many`.",
        )
        .or("{}")
        .like("{ microservice: cart-backend }"),
    ],
};

const RUN_DOCUMENT: Section = Section {
    beside: &[],
    title: "Run",
    meaning: "A request to run an action. Who asks is who commits the file. State, requester and approvals are never written: they follow from \
              commits and reviews.",
    keys: &[
        key("identifier", &Wants::Identifier, "Its name, never used again.").or("the stem of the file's name").like("extend-env"),
        key("action", &Wants::Name(Names::Action), "The action to run.").required().like("extend_env_ttl"),
        key(
            "entity",
            &Wants::Identifier,
            "The entity it works on, of the action's blueprint. Required for DAY-2 and DELETE actions, an error for CREATE.",
        )
        .like("env-42"),
        key("inputs", &Wants::Named(Named::Free, &Wants::Any), "What the action asks for in its `userInputs`.")
            .or("{}")
            .like("{ ttl: 10 days }"),
        key("reason", &Wants::Text, "Why; for those who approve.").like("load test runs until Monday"),
    ],
};
