//! `examples/catalog-repo` is the golden catalog: every file reads, the whole is clean, and it shows what it says it shows.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use portcullis::catalog::{Catalog, FileDelta, kind_of, parse_file};
use portcullis::check::validate;
use portcullis::model::{EntityKey, FilePath, Finding, Identifier, Kind, Limits, Role, Rule};
use portcullis::run::{Requirement, requirement};

#[test]
fn every_file_reads_without_a_finding() {
    let files = files();
    assert!(files.len() > 40, "the example is found");
    let mut said = Vec::new();
    for (path, bytes) in files {
        let parsed = parse_file(&path, &bytes, &Limits::default());
        said.extend(parsed.findings.iter().map(|f| format!("{}: {}: {}: {:?}", path.as_str(), f.rule, f.message, f.help)));
        assert!(!parsed.documents.is_empty() || !said.is_empty(), "{} declares nothing", path.as_str());
    }
    assert!(said.is_empty(), "{}", said.join("\n"));
}

#[test]
fn the_whole_is_clean() {
    // A rule that grants nobody is worth a remark; that the records of deployments are immutable is meant.
    let meant = |f: &Finding| {
        f.rule == "lint/grants-nobody" && f.place.as_ref().is_some_and(|p| p.file.as_str() == "permissions/Deployment.yaml")
    };
    let findings: Vec<Finding> = validate(&example()).into_iter().filter(|f| !meant(f)).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

#[test]
fn the_seeds_blueprints_and_entities_are_all_there() {
    let example = example();
    for blueprint in ["Domain", "System", "Component", "Resource", "API"] {
        assert!(example.blueprints().contains(&id(blueprint)), "{blueprint}");
    }
    for entity in [
        "Domain/Orders",
        "System/Cart",
        "System/Products",
        "Resource/cart-sql-sb",
        "API/CartAPI",
        "Component/CoreKafkaLibrary",
        "Component/CorePaymentLibrary",
        "Component/CartService",
        "Component/ProductsService",
    ] {
        assert!(example.entities().contains(&key(entity)), "{entity}");
    }
}

/// As the article prints it: typographic quotes, pasted as they are.
#[test]
fn typographic_quotes_get_an_error_that_says_what_to_write() {
    let (path, bytes) = files().into_iter().find(|(path, _)| path.as_str() == "blueprints/Resource.json").unwrap();
    let mut opening = false;
    let pasted: String = String::from_utf8(bytes)
        .unwrap()
        .chars()
        .map(|c| match c {
            '"' => {
                opening = !opening;
                if opening { '“' } else { '”' }
            }
            c => c,
        })
        .collect();
    let parsed = parse_file(&path, pasted.as_bytes(), &Limits::default());
    assert!(parsed.documents.is_empty());
    let said: Vec<String> =
        parsed.findings.iter().map(|f| format!("{} {}", f.message, f.help.as_deref().unwrap_or_default())).collect();
    assert!(said.iter().any(|said| said.contains("quote")), "{said:#?}");
    assert!(parsed.findings.iter().all(|f| f.place.as_ref().is_some_and(|p| p.span.is_some())), "each has its position");
}

#[test]
fn the_permission_examples_are_word_for_word() {
    let example = example();
    let env = &example.permissions().get("Env").unwrap().value;
    let rule = |roles: &[&str], users: &[&str], teams: &[&str], owned_by_team| Rule {
        roles: roles.iter().map(|role| Role::parse(role).unwrap()).collect::<BTreeSet<_>>().into_iter().collect(),
        users: users.iter().map(|user| id(user)).collect(),
        teams: teams.iter().map(|team| id(team)).collect(),
        owned_by_team,
        policy: None,
    };
    let (narrow, wide) = (["Admin", "Env-moderator"], ["Admin", "Env-moderator", "Member"]);
    assert_eq!(env.entities.register, Some(rule(&wide, &[], &[], false)));
    assert_eq!(env.entities.update_properties["slackChannelUrl"], rule(&wide, &[], &[], false));
    let deployed_at = &env.entities.update_relations["deployedAt"];
    assert_eq!(*deployed_at, rule(&narrow, &["some-user@myorg.com"], &["ServiceMaintainers"], false));
    assert_eq!(env.actions["delete_env"].execute, Some(rule(&narrow, &[], &[], true)));
    assert_eq!(env.entities.read_properties["monthlyCost"], rule(&narrow, &[], &[], false));
    assert_eq!(env.entities.update, None, "a global rule would override the granular ones");

    let deployment = &example.permissions().get("Deployment").unwrap().value.entities;
    for immutable in [&deployment.register, &deployment.unregister, &deployment.update] {
        assert!(immutable.as_ref().unwrap().grants_nobody());
    }
    let microservice = &example.permissions().get("Microservice").unwrap().value.entities;
    assert_eq!(microservice.update_properties["repository_link"], rule(&["Admin"], &[], &[], false));
}

#[test]
fn a_runbook_belongs_to_the_owner_of_its_environments_microservice() {
    let owner = example().owner_of(&key("Runbook/staging-is-down"));
    assert_eq!(owner.iter().map(Identifier::as_str).collect::<Vec<_>>(), ["checkout"]);
}

#[test]
fn one_run_waits_and_one_need_not() {
    let example = example();
    let needs = |run: &str| {
        let run = &example.runs().get(run).unwrap().value;
        requirement(&example.actions().get(&run.action).unwrap().value, &run.inputs)
    };
    assert_ne!(needs("2026-11-21-extend-env"), Requirement::None);
    assert_eq!(needs("2026-11-21-preview-env"), Requirement::None);
}

#[test]
fn no_user_of_a_public_example_has_a_key() {
    assert!(example().users().iter().all(|(_, user)| user.value.signing_keys.is_empty()));
}

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn key(text: &str) -> EntityKey {
    let (blueprint, identifier) = text.split_once('/').unwrap();
    EntityKey { blueprint: id(blueprint), identifier: id(identifier) }
}

fn example() -> Catalog {
    let jq = std::sync::Arc::new(portcullis::jq::Jq::new(env!("CARGO_BIN_EXE_portcullis").into()));
    Catalog::with_expressions(jq)
        .apply(files().iter().map(|(path, bytes)| FileDelta::put(parse_file(path, bytes, &Limits::default()))))
}

/// The managed files. Every file of the example is one, except its README.
fn files() -> Vec<(FilePath, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo");
    let mut found = Vec::new();
    let mut directories = vec![root.clone()];
    while let Some(directory) = directories.pop() {
        for path in fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                directories.push(path);
            } else if path.file_name().is_some_and(|name| name != "README.md") {
                found.push((relative(&path, &root), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    for (path, _) in &found {
        let kind: Option<Kind> = kind_of(path);
        assert!(kind.is_some(), "{} is not managed", path.as_str());
    }
    found
}

fn relative(path: &Path, root: &Path) -> FilePath {
    FilePath::new(path.strip_prefix(root).unwrap().to_str().unwrap())
}
