//! The manifest that `portcullis github setup` prints: every name in it is one that GitHub's own description has.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use portcullis::report::{AppWishes, app_manifest};
use serde_json::Value;

#[test]
fn the_permissions_and_events_of_the_manifest_are_githubs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("target/test-tools/node_modules/@octokit/openapi/generated/api.github.com.json");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}: run scripts/test", path.display()));
    let document: Value = serde_json::from_str(&text).unwrap();
    let known = &document["components"]["schemas"]["app-permissions"]["properties"];
    let hooks = document["webhooks"].as_object().or_else(|| document["x-webhooks"].as_object()).unwrap();
    let events: BTreeSet<&str> = hooks.values().filter_map(|hook| hook["post"]["x-github"]["subcategory"].as_str()).collect();
    let manifest = app_manifest(&AppWishes {
        name: "portcullis-acme".to_owned(),
        org: Some("acme".to_owned()),
        git: "https://github.com".to_owned(),
        api: "https://api.github.com".to_owned(),
        url: Some("https://portcullis.acme.dev".to_owned()),
        merge: true,
        execute: true,
        workflows: true,
        teams: true,
    });
    for (name, access) in manifest["default_permissions"].as_object().unwrap() {
        assert!(known[name]["enum"].as_array().is_some_and(|levels| levels.contains(access)), "{name}: {access}");
    }
    for event in manifest["default_events"].as_array().unwrap() {
        let event = event.as_str().unwrap();
        assert!(events.contains(event) || events.contains(event.replace('_', "-").as_str()), "{event}");
    }
}
