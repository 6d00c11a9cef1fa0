//! Questions about the example catalog, answered.

use std::path::Path;

use super::can::parse_subject;
use super::question::{Asked, Question, Right, answer};
use crate::catalog::{Catalog, Field, FileDelta, parse_file};
use crate::check::Base;
use crate::model::{FilePath, Identifier, Limits};

fn example() -> Base<Catalog> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo");
    let mut found = Vec::new();
    let mut open = vec![root.clone()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let name = FilePath::new(path.strip_prefix(&root).unwrap().to_str().unwrap());
                found.push(FileDelta::Put(parse_file(&name, &std::fs::read(&path).unwrap(), &Limits::default())));
            }
        }
    }
    Base(Catalog::default().apply(found))
}

fn ask(user: &str, asked: Asked, subject: &str, field: Option<Field>, entity: Option<&str>) -> Vec<Right> {
    let question = Question {
        user: Identifier::new(user).unwrap(),
        asked,
        subject: parse_subject(subject).unwrap(),
        field,
        entity: entity.map(|id| Identifier::new(id).unwrap()),
    };
    answer(&example(), &question).unwrap()
}

fn may(user: &str, asked: Asked, subject: &str, field: Option<Field>) -> bool {
    let rights = ask(user, asked, subject, field, None);
    !rights.is_empty() && rights.iter().all(|right| right.allowed)
}

fn property(name: &str) -> Option<Field> {
    Some(Field::Property(name.into()))
}

fn relation(name: &str) -> Option<Field> {
    Some(Field::Relation(name.into()))
}

#[test]
fn members_may_change_one_property_of_an_environment_and_no_other() {
    assert!(may("carol@acme.dev", Asked::Update, "Env/prod", property("slackChannelUrl")));
    assert!(!may("carol@acme.dev", Asked::Update, "Env/prod", property("kind")));
    assert!(!may("carol@acme.dev", Asked::Update, "Env/prod", Some(Field::Team)));
    assert!(!may("carol@acme.dev", Asked::Update, "Env/prod", None), "not all of it");
    assert!(may("bob@acme.dev", Asked::Update, "Env/prod", None), "the moderator may");
}

#[test]
fn a_relation_is_granted_by_name_and_by_team() {
    for (user, allowed) in [("some-user@myorg.com", true), ("erin@acme.dev", true), ("carol@acme.dev", false)] {
        assert_eq!(may(user, Asked::Update, "Env/prod", relation("deployedAt")), allowed, "{user}");
    }
}

#[test]
fn the_answer_names_the_rule_where_it_stands_and_who_could() {
    let refused = ask("carol@acme.dev", Asked::Update, "Env/prod", relation("deployedAt"), None);
    let [right] = refused.as_slice() else { panic!("one right: {refused:?}") };
    assert_eq!(right.rule, "permission/update-relation");
    assert_eq!(right.place.as_ref().unwrap().file.as_str(), "permissions/Env.yaml");
    assert_eq!(right.reason, "`updateRelations.deployedAt` does not grant it");
    let who: Vec<_> = right.who_could.iter().map(Identifier::as_str).collect();
    assert_eq!(who, ["alice@acme.dev", "bob@acme.dev", "dave@acme.dev", "erin@acme.dev", "some-user@myorg.com"]);
    let granted = ask("erin@acme.dev", Asked::Update, "Env/prod", relation("deployedAt"), None);
    assert_eq!(granted[0].reason, "`updateRelations.deployedAt` grants it: member of team ServiceMaintainers");
}

#[test]
fn who_owns_it_may_delete_an_environment() {
    let delete = |user, entity| ask(user, Asked::Execute, "actions/delete_env", None, entity)[0].allowed;
    assert!(delete("carol@acme.dev", Some("env-42")), "her team owns it");
    assert!(!delete("carol@acme.dev", Some("prod")), "platform owns it");
    assert!(!delete("carol@acme.dev", None), "without an entity nobody owns anything");
    assert!(delete("bob@acme.dev", Some("prod")));
}

#[test]
fn approving_is_for_moderators_and_never_for_strangers() {
    let approve = |user| ask(user, Asked::Approve, "actions/create_env", None, None).remove(0);
    assert!(approve("bob@acme.dev").allowed);
    assert!(!approve("carol@acme.dev").allowed);
    assert_eq!(approve("mallory@evil.example").reason, "mallory@evil.example is not in the roster");
    let who: Vec<_> = approve("carol@acme.dev").who_could.into_iter().map(|id| id.to_string()).collect();
    assert_eq!(who, ["alice@acme.dev", "bob@acme.dev"]);
}

#[test]
fn a_hidden_property_is_hidden() {
    assert!(may("carol@acme.dev", Asked::Read, "Env/prod", None));
    assert!(!may("carol@acme.dev", Asked::Read, "Env/prod", property("monthlyCost")));
    assert!(may("bob@acme.dev", Asked::Read, "Env/prod", property("monthlyCost")));
    assert!(!may("mallory@evil.example", Asked::Read, "Env/prod", None));
}

#[test]
fn registering_asks_for_what_cannot_be_left_out_too() {
    let rights = ask("carol@acme.dev", Asked::Register, "Env/new", None, None);
    assert_eq!(rights[0].rule, "permission/register");
    assert!(rights[0].allowed, "Member may register");
    let blueprint = example().0.blueprints().get("Env").unwrap().value.clone();
    let required = blueprint.required.len() + blueprint.relations.values().filter(|r| r.required).count();
    assert_eq!(rights.len(), 1 + required);
}

#[test]
fn other_documents_are_for_admin_or_the_moderator() {
    assert!(may("bob@acme.dev", Asked::Update, "permissions/Env", None));
    assert!(!may("dave@acme.dev", Asked::Update, "permissions/Env", None));
    for subject in ["users/bob@acme.dev", "teams/platform", "catalog.yaml"] {
        assert!(may("alice@acme.dev", Asked::Update, subject, None), "{subject}");
        assert!(!may("bob@acme.dev", Asked::Update, subject, None), "{subject}");
    }
}

#[test]
fn what_is_not_there_has_no_answer() {
    let question = |asked, subject: &str| {
        let question = Question {
            user: Identifier::new("bob@acme.dev").unwrap(),
            asked,
            subject: parse_subject(subject).unwrap(),
            field: None,
            entity: None,
        };
        answer(&example(), &question).map(drop)
    };
    assert!(question(Asked::Update, "Env/nowhere").is_err());
    assert!(question(Asked::Register, "Env/prod").is_err());
    assert!(question(Asked::Execute, "actions/nothing").is_err());
    assert!(question(Asked::Execute, "Env/prod").is_err());
}
