//! Questions about the example catalog, answered.

use std::path::Path;

use super::{Asked, Proposal, Question, Right, Who, advise, answer, matrix, who_could};
use crate::catalog::{Catalog, Field, FileDelta, parse_file};
use crate::check::Base;
use crate::model::{EntityKey, FilePath, Identifier, Limits, Subject};

fn subject(text: &str) -> Subject {
    let id = |text: &str| Identifier::new(text).unwrap();
    match text.split_once('/') {
        None => Subject::Policy,
        Some(("actions", rest)) => Subject::Action(id(rest)),
        Some(("permissions", rest)) => Subject::Permissions(id(rest)),
        Some(("blueprints", rest)) => Subject::Blueprint(id(rest)),
        Some(("users", rest)) => Subject::User(id(rest)),
        Some(("teams", rest)) => Subject::Team(id(rest)),
        Some((blueprint, name)) => Subject::Entity(EntityKey { blueprint: id(blueprint), identifier: id(name) }),
    }
}

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
                found.push(FileDelta::put(parse_file(&name, &std::fs::read(&path).unwrap(), &Limits::default())));
            }
        }
    }
    Base(Catalog::default().apply(found))
}

fn ask(user: &str, asked: Asked, subject: &str, field: Option<Field>, entity: Option<&str>) -> Vec<Right> {
    let question = Question {
        user: Identifier::new(user).unwrap(),
        asked,
        subject: self::subject(subject),
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
    let who: Vec<_> = right.who.people.iter().map(Identifier::as_str).collect();
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
    let who: Vec<_> = approve("carol@acme.dev").who.people.into_iter().map(|id| id.to_string()).collect();
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
            subject: self::subject(subject),
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

fn advice(
    base: &Base<Catalog>,
    user: &str,
    asked: Asked,
    about: &str,
    field: Option<Field>,
    entity: Option<&str>,
) -> Vec<String> {
    let question = Question {
        user: Identifier::new(user).unwrap(),
        asked,
        subject: subject(about),
        field,
        entity: entity.map(|id| Identifier::new(id).unwrap()),
    };
    let line = |proposal: &Proposal| {
        let edits: Vec<String> = proposal.edits.iter().map(|e| format!("{} [{}]", e.text, e.place.file)).collect();
        // What is proposed does what it says.
        let after = proposal.edits.iter().fold(base.0.clone(), |catalog, edit| edit.apply(&catalog));
        assert!(answer(&Base(after), &question).unwrap().iter().all(|right| right.allowed), "{edits:?}");
        edits.join(" + ")
    };
    advise(base, &question).iter().map(line).collect()
}

#[test]
fn what_would_have_to_change_is_told_the_least_first() {
    let base = example();
    let field = || property("kind");
    insta::assert_snapshot!(advice(&base, "carol@acme.dev", Asked::Update, "Env/prod", field(), None).join("\n"));
    insta::assert_snapshot!(advice(&base, "carol@acme.dev", Asked::Update, "Env/prod", relation("deployedAt"), None).join("\n"));
    insta::assert_snapshot!(advice(&base, "carol@acme.dev", Asked::Execute, "actions/delete_env", None, Some("prod")).join("\n"));
    insta::assert_snapshot!(advice(&base, "mallory@acme.dev", Asked::Update, "Env/prod", field(), None).join("\n"));
    insta::assert_snapshot!(advice(&base, "deploy-bot@acme.dev", Asked::Approve, "actions/delete_env", None, None).join("\n"));
    insta::assert_snapshot!(advice(&base, "bob@acme.dev", Asked::Update, "users/bob@acme.dev", None, None).join("\n"));
    insta::assert_snapshot!(advice(&base, "carol@acme.dev", Asked::Update, "Env/prod", None, None).join("\n"));
    insta::assert_snapshot!(advice(&base, "carol@acme.dev", Asked::Read, "Env/prod", property("monthlyCost"), None).join("\n"));
    insta::assert_snapshot!(advice(&base, "carol@acme.dev", Asked::Unregister, "System/Cart", None, None).join("\n"));
    assert!(advice(&base, "bob@acme.dev", Asked::Update, "Env/prod", field(), None).is_empty(), "he may already");
}

#[test]
fn nothing_is_proposed_that_would_not_help() {
    let broken = parse_file(&FilePath::new("permissions/Env.yaml"), b"entities: [", &Limits::default());
    let base = Base(example().0.apply([FileDelta::put(broken)]));
    let refused = || advice(&base, "carol@acme.dev", Asked::Update, "Env/prod", property("kind"), None);
    assert!(refused().is_empty(), "a rule that cannot be read grants nobody, whatever is edited elsewhere: {:?}", refused());
    let twice = |path: &str| {
        FileDelta::put(parse_file(&FilePath::new(path), b"identifier: carol@acme.dev\nroles: [Member]\n", &Limits::default()))
    };
    let base = Base(example().0.apply([twice("users/zz.yaml")]));
    assert!(
        advice(&base, "carol@acme.dev", Asked::Update, "Env/prod", property("kind"), None).is_empty(),
        "who is declared twice is nobody, with whatever role"
    );
}

#[test]
fn many_who_could_are_told_by_what_they_have_in_common() {
    let mut files: Vec<FileDelta> = Vec::new();
    for number in 0..40 {
        let role = if number < 30 { "Env-moderator" } else { "Member" };
        let text = format!("identifier: u{number:02}@acme.dev\nroles: [{role}]\n");
        files.push(FileDelta::put(parse_file(
            &FilePath::new(&format!("users/u{number:02}.yaml")),
            text.as_bytes(),
            &Limits::default(),
        )));
    }
    let base = Base(example().0.apply(files));
    let question = Question {
        user: Identifier::new("carol@acme.dev").unwrap(),
        asked: Asked::Update,
        subject: subject("Env/prod"),
        field: property("kind"),
        entity: None,
    };
    let rights = answer(&base, &question).unwrap();
    let who = who_could(&base, &rights);
    assert_eq!(who.people.len(), 32, "thirty, Bob and Alice");
    let short: Vec<String> = who
        .short
        .iter()
        .map(|who| match who {
            Who::Role(role, number) => format!("{role} {number}"),
            Who::Team(team, number) => format!("team {team} {number}"),
            Who::User(user) => user.to_string(),
        })
        .collect();
    assert_eq!(short, ["Env-moderator 31", "alice@acme.dev"]);
}

#[test]
fn the_matrix_says_what_each_question_would() {
    let base = example();
    for about in
        ["Env/prod", "Env/env-42", "System/Cart", "blueprints/Env", "actions/delete_env", "users/bob@acme.dev", "catalog.yaml"]
    {
        let found = matrix(&base, &subject(about)).unwrap();
        let all: usize = found.groups.iter().map(|group| group.users.len()).sum();
        assert_eq!(all, base.0.users().len(), "everybody once");
        for group in &found.groups {
            assert_eq!(group.allowed.len(), found.operations.len());
            for user in &group.users {
                for (operation, allowed) in found.operations.iter().zip(&group.allowed) {
                    let of = match (&operation.action, &subject(about), operation.rule) {
                        (Some(action), ..) => Subject::Action(action.clone()),
                        (None, Subject::Blueprint(id), "permission/permissions") => Subject::Permissions(id.clone()),
                        (None, of, _) => of.clone(),
                    };
                    let entity = match subject(about) {
                        Subject::Entity(key) => Some(key.identifier),
                        _ => None,
                    };
                    let question = Question {
                        user: user.clone(),
                        asked: operation.asked,
                        subject: of,
                        field: operation.field.clone(),
                        entity,
                    };
                    // Registering what is there already is a question only the matrix asks: who could register its like.
                    let Ok(rights) = answer(&base, &question) else {
                        assert_eq!(operation.asked, Asked::Register);
                        continue;
                    };
                    assert_eq!(rights.iter().all(|right| right.allowed), *allowed, "{user} {operation:?}");
                }
            }
        }
    }
    assert!(matrix(&base, &subject("Env/nowhere")).is_err());
}

/// Whoever is refused and told a way gets there by it; whoever is told who could finds that they can.
#[test]
fn every_advice_about_every_field_holds() {
    let base = example();
    let users: Vec<Identifier> = base.0.users().iter().map(|(id, _)| id.clone()).collect();
    for key in base.0.entities().keys().filter(|key| ["Env", "Microservice"].contains(&key.blueprint.as_str())) {
        for asked in [Asked::Update, Asked::Unregister, Asked::Read] {
            for user in &users {
                let question = |user: &Identifier| Question {
                    user: user.clone(),
                    asked,
                    subject: Subject::Entity(key.clone()),
                    field: None,
                    entity: None,
                };
                let rights = answer(&base, &question(user)).unwrap();
                let who = who_could(&base, &rights);
                for other in &users {
                    let may = answer(&base, &question(other)).unwrap().iter().all(|right| right.allowed);
                    assert_eq!(may, who.people.contains(other), "{other} {asked:?} {key}");
                }
                let allowed = rights.iter().all(|right| right.allowed);
                let told = advice(&base, user.as_str(), asked, &key.to_string(), None, None);
                assert_eq!(allowed, told.is_empty(), "{user} {asked:?} {key}: {told:?}");
            }
        }
    }
}
