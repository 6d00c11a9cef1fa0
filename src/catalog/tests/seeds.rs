//! The blueprints and entities that Port's own articles show, pasted unchanged.

use super::{one, parse, told};
use crate::catalog::Document;
use crate::model::Value;

const BLUEPRINTS: &[(&str, &str)] = &[
    ("Component", include_str!("seeds/component-blueprint.json")),
    ("API", include_str!("seeds/api-blueprint.json")),
    ("Domain", include_str!("seeds/domain-blueprint.json")),
    ("System", include_str!("seeds/system-blueprint.json")),
];

/// Blueprint, whether the entity says it, text.
const ENTITIES: &[(&str, bool, &str)] = &[
    ("Domain", false, include_str!("seeds/order-domain.json")),
    ("System", false, include_str!("seeds/cart-system.json")),
    ("System", false, include_str!("seeds/products-system.json")),
    ("Resource", false, include_str!("seeds/cart-resource.json")),
    ("API", true, include_str!("seeds/cart-api.json")),
    ("Component", false, include_str!("seeds/core-kafka-library.json")),
    ("Component", false, include_str!("seeds/core-payment-library.json")),
    ("Component", true, include_str!("seeds/cart-service.json")),
    ("Component", true, include_str!("seeds/products-service.json")),
];

const RESOURCE: &str = include_str!("seeds/resource-blueprint.json");

#[test]
fn blueprints_paste_in_unchanged_as_json_and_as_yaml() {
    for (name, text) in BLUEPRINTS {
        for extension in ["json", "yaml", "yml"] {
            let Document::Blueprint(found) = one(&format!("blueprints/{name}.{extension}"), text) else { panic!() };
            assert_eq!(found.value.identifier, *name);
        }
    }
}

#[test]
fn entities_paste_in_unchanged_below_the_directory_of_their_blueprint() {
    for (blueprint, _, text) in ENTITIES {
        for extension in ["json", "yaml"] {
            let Document::Entity(found) = one(&format!("entities/{blueprint}/any/depth/x.{extension}"), text) else { panic!() };
            assert_eq!(found.value.key.blueprint, *blueprint);
        }
    }
}

#[test]
fn an_entity_without_its_blueprint_elsewhere_is_told_both_ways_to_mend_it() {
    for (_, says_it, text) in ENTITIES {
        let parsed = parse("entities/x.json", text);
        if *says_it {
            assert_eq!(parsed.findings, []);
            continue;
        }
        assert_eq!(told(&parsed), ["2:3 document/missing-blueprint"]);
        let help = parsed.findings[0].help.as_deref().unwrap();
        assert!(help.contains("blueprint: <Blueprint>") && help.contains("entities/<Blueprint>/"), "{help}");
    }
}

#[test]
fn the_blueprint_with_typographic_quotes_is_told_to_use_straight_ones() {
    for extension in ["json", "yaml"] {
        let path = format!("blueprints/Resource.{extension}");
        let parsed = parse(&path, RESOURCE);
        assert_eq!(told(&parsed), ["2:2 document/typographic-quote"]);
        assert!(parsed.findings[0].message.contains("more texts in this file"));
        assert!(parsed.documents.is_empty());
        let Document::Blueprint(mended) = one(&path, &RESOURCE.replace(['“', '”'], "\"")) else { panic!() };
        let kind = mended.value.properties["type"].definition.get("enum").cloned();
        assert_eq!(kind, Some(Value::List(["postgress", "kafka-topic", "rabbit-queue", "s3-bucket"].map(Value::from).into())));
    }
}

#[test]
fn the_examples_of_permissions_read_as_they_stand_in_the_article() {
    let text = r#"
{
  "entities": {
    "register": { "roles": ["Admin", "Env-moderator", "Member"], "users": [], "teams": [], "ownedByTeam": false },
    "updateRelations": {
      "deployedAt": {
        "roles": ["Admin", "Env-moderator"], "users": ["some-user@myorg.com"], "teams": ["ServiceMaintainers"], "ownedByTeam": false
      }
    },
    "updateProperties": { "slackChannelUrl": { "roles": ["Admin", "Env-moderator", "Member"], "users": [], "teams": [] } }
  },
  "actions": { "delete_env": { "execute": { "roles": ["Admin", "Env-moderator"], "users": [], "teams": [], "ownedByTeam": true } } }
}"#;
    let Document::Permissions(found) = one("permissions/Env.json", text) else { panic!() };
    let permissions = found.value;
    assert_eq!(permissions.blueprint, "Env", "the file's stem names the blueprint");
    assert_eq!(permissions.entities.register.unwrap().roles.len(), 3);
    assert!(permissions.entities.update.is_none());
    assert_eq!(permissions.entities.update_relations["deployedAt"].teams, ["ServiceMaintainers"]);
    assert!(permissions.actions["delete_env"].execute.as_ref().unwrap().owned_by_team);
}

/// In the article the changed lines carry `//` comments, which JSON has not.
#[test]
fn comments_in_json_are_told_and_the_rest_is_judged_too() {
    let text = "{\n\"entities\": {\n\"register\": {\n\"roles\": [\"Admin\", \"Membr\"], // changed\n\"users\": []\n}\n}\n}\n";
    assert_eq!(told(&parse("permissions/Env.json", text)), ["4:20 document/unknown-role", "4:30 json/comment"]);
}
