//! What holds of every catalog and every change.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::random::*;
use crate::catalog::{Catalog, Change, ChangeSet, Document, Field, Named, Operation, diff, parse_file};
use crate::check::permissions::decide;
use crate::check::{Base, validate, validate_against, validate_changed};
use crate::model::*;

fn text(value: &Option<Value>) -> Option<String> {
    value.as_ref().and_then(Value::as_str).map(str::to_owned)
}

fn relation(value: &Value) -> RelationValue {
    match value {
        Value::Null => RelationValue::Null,
        Value::String(one) => RelationValue::One(ident(one)),
        Value::List(many) => RelationValue::Many(many.iter().map(|id| ident(id.as_str().unwrap())).collect()),
        other => panic!("{other:?}"),
    }
}

/// Applies a change set to the nouns of a catalog, from nothing but what the changes say.
fn apply(mut nouns: BTreeMap<String, Document>, changes: &ChangeSet) -> BTreeMap<String, Document> {
    for change in &changes.0 {
        match &change.subject {
            Subject::Entity(key) => apply_to_entity(&mut nouns, key, change),
            subject => {
                let path = format!("{}.json", subject);
                match &change.after {
                    None => drop(nouns.remove(&path)),
                    Some(after) => {
                        let read = parse_file(&FilePath::new(&path), after.canonical().as_bytes(), &Limits::default());
                        assert!(read.findings.is_empty(), "{:?} {after:?}", read.findings);
                        let parsed = file("x", &read.documents[0]).documents.remove(0);
                        nouns.insert(path, parsed);
                    }
                }
            }
        }
    }
    nouns
}

fn apply_to_entity(nouns: &mut BTreeMap<String, Document>, key: &EntityKey, change: &Change) {
    let path = format!("entities/{key}.json");
    match (&change.field, change.operation) {
        (None, Operation::Unregister) => drop(nouns.remove(&path)),
        (None, _) => {
            let entity = Entity {
                key: key.clone(),
                title: None,
                icon: None,
                team: None,
                properties: BTreeMap::new(),
                relations: BTreeMap::new(),
            };
            let located = crate::catalog::Located { file: FilePath::new("x"), pointer: Pointer::root(), value: entity };
            nouns.insert(path, Document::Entity(located));
        }
        (Some(field), _) => {
            let Some(Document::Entity(located)) = nouns.get_mut(&path) else { panic!("{path} is not there") };
            let entity = &mut located.value;
            match field {
                Field::Title => entity.title = text(&change.after),
                Field::Icon => entity.icon = text(&change.after),
                Field::Team => {
                    entity.team = change.after.as_ref().map(|value| match value {
                        Value::List(teams) => teams.iter().map(|team| ident(team.as_str().unwrap())).collect(),
                        other => panic!("{other:?}"),
                    });
                }
                Field::Property(name) => match &change.after {
                    Some(value) => drop(entity.properties.insert(name.clone(), value.clone())),
                    None => drop(entity.properties.remove(name)),
                },
                Field::Relation(name) => match &change.after {
                    Some(value) => drop(entity.relations.insert(name.clone(), relation(value))),
                    None => drop(entity.relations.remove(name)),
                },
                Field::Owner => {}
            }
        }
    }
}

/// Owner changes by asking every entity before and after.
fn moved(before: &Catalog, after: &Catalog) -> Vec<String> {
    let mut out = Vec::new();
    for old in before.entities().iter() {
        let key = &old.value.key;
        let Some(new) = after.entities().get(key) else { continue };
        if old.value.team == new.value.team && before.owner_of(key) != after.owner_of(key) {
            out.push(format!("{key} {:?} {:?}", before.owner_of(key), after.owner_of(key)));
        }
    }
    out
}

fn owner_changes(changes: &ChangeSet) -> Vec<String> {
    let teams = |value: &Option<Value>| match value {
        Some(Value::List(teams)) => format!("{{{}}}", teams.iter().map(|t| format!("{t:?}")).collect::<Vec<_>>().join(", ")),
        other => panic!("{other:?}"),
    };
    let moved = changes.0.iter().filter(|c| c.field == Some(Field::Owner));
    moved.map(|c| format!("{} {} {}", c.subject, teams(&c.before), teams(&c.after))).collect()
}

fn every_decision(base: &Catalog, after: &Catalog, changes: &ChangeSet) -> Vec<(String, bool, &'static str)> {
    let base = Base(base.clone());
    let mut out = Vec::new();
    for change in &changes.0 {
        for who in USERS.iter().map(|name| Actor::User(ident(name))).chain([Actor::Stranger("eve".to_owned())]) {
            let decision = decide(&base, after, &who, change);
            out.push((
                format!("{who} {} {:?} {:?}", change.subject, change.operation, change.field),
                decision.allowed,
                decision.rule,
            ));
        }
    }
    out
}

fn renamed(files: &Files) -> Files {
    files
        .iter()
        .enumerate()
        .map(|(i, (path, document))| {
            let directory = path.split('/').next().unwrap();
            (format!("{directory}/deep/{}-{i}.json", 999 - i), document.clone())
        })
        .collect()
}

fn without_places(mut changes: ChangeSet) -> ChangeSet {
    changes.0.iter_mut().for_each(|change| change.place = Place::file(&FilePath::new("x")));
    changes
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_difference_applied_to_the_first_yields_the_second(before in files(), after in files()) {
        let (a, b) = (build(&before), build(&after));
        prop_assert_eq!(apply(nouns(&a), &diff(&a, &b)), nouns(&b));
    }

    #[test]
    fn the_same_catalog_differs_in_nothing_whatever_its_files_are_called(files in files()) {
        let catalog = build(&files);
        prop_assert_eq!(diff(&catalog, &catalog), ChangeSet::default());
        prop_assert_eq!(diff(&catalog, &build(&renamed(&files))), ChangeSet::default());
    }

    #[test]
    fn owners_that_move_are_found_without_asking_everyone(files in files(), edits in edits()) {
        let before = build(&files);
        let (_, after) = edited(&files, &before, &edits);
        prop_assert_eq!(owner_changes(&diff(&before, &after)), moved(&before, &after));
    }

    #[test]
    fn a_catalog_made_in_steps_is_the_one_made_at_once(files in files(), edits in edits()) {
        let before = build(&files);
        let (after, stepwise) = edited(&files, &before, &edits);
        let at_once = build(&after);
        prop_assert_eq!(diff(&stepwise, &at_once), ChangeSet::default());
        prop_assert_eq!(validate(&stepwise), validate(&at_once));
    }

    #[test]
    fn judging_what_changed_finds_what_judging_all_finds(files in files(), edits in edits()) {
        let (files, before) = mended(files);
        let (_, after) = edited(&files, &before, &edits);
        let changes = diff(&before, &after);
        let old = validate(&before);
        let all: Vec<Finding> = validate_against(&before, &after, &changes).into_iter().filter(|f| !old.contains(f)).collect();
        prop_assert_eq!(validate_changed(&before, &after, &changes), all);
    }

    #[test]
    fn who_names_whom_is_known_without_asking_everyone(files in files(), edits in edits()) {
        let before = build(&files);
        let (_, after) = edited(&files, &before, &edits);
        for (named, names) in [(Named::User, USERS), (Named::Team, TEAMS)] {
            for name in names.iter().copied().map(ident) {
                let naming = |key: &EntityKey| after.mentions_of(key).iter().any(|m| m.named == named && m.identifier == name);
                let all: Vec<EntityKey> = after.entities().keys().filter(naming).collect();
                prop_assert_eq!(after.mentioned_by(named, &name).collect::<Vec<_>>(), all);
            }
        }
    }

    #[test]
    fn whether_anything_is_wrong_does_not_depend_on_how_it_is_worded(files in files(), edits in edits()) {
        let before = build(&files);
        let (_, after) = edited(&files, &before, &edits);
        // What may not change while it is in use is wrong in a change alone, never in a catalog.
        let of_a_change = ["blueprint/type-in-use", "blueprint/relation-in-use"];
        let wrong = |findings: &[Finding]| findings.iter().any(|f| f.is_error() && !of_a_change.contains(&f.rule));
        let worded = validate_against(&before, &after, &diff(&before, &after));
        prop_assert!(wrong(&validate(&after)) || !wrong(&worded));
        prop_assert!(worded.iter().any(Finding::is_error) || !wrong(&validate(&after)));
    }

    #[test]
    fn rights_depend_on_no_file_name_and_no_order(before in files(), after in files()) {
        let (a, b) = (build(&before), build(&after));
        let (c, d) = (build(&renamed(&before)), build(&renamed(&after)));
        prop_assert_eq!(without_places(diff(&a, &b)), without_places(diff(&c, &d)));
        prop_assert_eq!(every_decision(&a, &b, &diff(&a, &b)), every_decision(&c, &d, &diff(&c, &d)));
    }

    #[test]
    fn what_has_nothing_to_do_with_it_changes_no_right(before in files(), after in files()) {
        let unrelated: Files = [
            ("blueprints/Other.json", r#"{"identifier":"Other","schema":{"properties":{"p":{"type":"string"}}}}"#),
            ("permissions/Other.json", r#"{"entities":{"register":{"roles":["Member"]},"update":{"users":["ann@a.dev"],"ownedByTeam":true}}}"#),
            ("entities/Other/x1.json", r#"{"identifier":"x1","team":"green"}"#),
            ("teams/green.json", r#"{"identifier":"green","members":["dora@a.dev"]}"#),
            ("users/dora.json", r#"{"identifier":"dora@a.dev","roles":["Admin"]}"#),
        ].into_iter().map(|(path, text)| {
            (path.to_owned(), parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default()).documents.remove(0))
        }).collect();
        let (a, b) = (build(&before), build(&after));
        let changes = diff(&a, &b);
        let with = |files: &Files| build(&files.clone().into_iter().chain(unrelated.clone()).collect());
        prop_assert_eq!(every_decision(&a, &b, &changes), every_decision(&with(&before), &with(&after), &changes));
    }

    #[test]
    fn nobody_outside_of_the_roster_is_ever_allowed(before in files(), after in files()) {
        let (a, b) = (build(&before), build(&after));
        for (who, allowed, _) in every_decision(&a, &b, &diff(&a, &b)) {
            let outside = who.starts_with("stranger:") || !a.users().iter().any(|(id, _)| who.starts_with(&format!("{id} ")));
            prop_assert!(!(outside && allowed), "{}", who);
        }
    }

    #[test]
    fn the_change_itself_never_judges(before in files(), after in files()) {
        // Rights asked of base alone: whatever else the change brings, roster and permissions of head give nothing.
        let (a, b) = (build(&before), build(&after));
        let changes = diff(&a, &b);
        let bare: Files = after.iter().filter(|(_, d)| !matches!(d, Document::User(_) | Document::Team(_) | Document::Permissions(_)))
            .map(|(path, d)| (path.clone(), d.clone())).collect();
        prop_assert_eq!(every_decision(&a, &b, &changes), every_decision(&a, &build(&bare), &changes));
    }
}
