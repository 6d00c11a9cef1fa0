//! What documents come to.

use std::time::Duration;

use super::{one, parse, told};
use crate::catalog::{Document, kind_of};
use crate::model::{
    ActionOperation, ApprovalKind, CatalogPolicy, FilePath, IdentityMode, Kind, Limits, Ownership, Pointer, RelationValue,
    RequiredApproval, Role, Subject, Value,
};

#[test]
fn only_documents_in_managed_directories_are_the_catalogs_business() {
    let kind = |path: &str| kind_of(&FilePath::new(path));
    assert_eq!(kind("catalog.yaml"), Some(Kind::Policy));
    assert_eq!(kind("entities/a.yml"), Some(Kind::Entity));
    assert_eq!(kind("entities/Env/eu/a.json"), Some(Kind::Entity));
    assert_eq!(kind("runs/2026-11-21.extend.yaml"), Some(Kind::Run));
    for ignored in [
        "catalog.yml",
        "catalog.json",
        "README.md",
        "entities/README.md",
        "entities/.yaml",
        "entities/yaml",
        "docs/entities/a.yaml",
        "Entities/a.yaml",
        "entities/a.YAML",
        "entities.yaml",
        "sub/catalog.yaml",
        "entities/a.yaml/README.md",
        "",
    ] {
        assert_eq!(kind(ignored), None, "{ignored}");
    }
}

#[test]
fn an_entity_keeps_what_its_author_wrote_and_no_more() {
    let text = "identifier: prod\nblueprint: Env\nteam: platform\nproperties:\n  size: 1.0\n  note: null\n  flag: yes\nrelations:\n  system: Cart\n  parts: [b, a]\n  none: ~\n";
    let Document::Entity(found) = one("entities/Other/prod.yaml", text) else { panic!() };
    let entity = found.value;
    assert_eq!(entity.key.to_string(), "Env/prod", "what is written beats the directory");
    assert_eq!(entity.team.unwrap(), ["platform"]);
    assert_eq!(entity.properties["size"], Value::Int(1));
    assert_eq!(entity.properties["note"], Value::Null);
    assert_eq!(entity.properties["flag"], Value::from("yes"));
    assert_eq!(entity.relations["system"], RelationValue::One("Cart".parse().unwrap()));
    assert_eq!(entity.relations["parts"], RelationValue::Many(vec!["b".parse().unwrap(), "a".parse().unwrap()]));
    assert_eq!(entity.relations["none"], RelationValue::Null);
}

#[test]
fn of_a_list_of_entities_each_stands_or_falls_by_itself() {
    let parsed =
        parse("entities/Env/all.yaml", "- identifier: a\n- identifier: b c\n- identifier: d\n  titel: x\n- identifier: e\n");
    assert_eq!(told(&parsed), ["2:15 identifier/character", "4:3 document/unknown-key"]);
    let places: Vec<_> = parsed
        .documents
        .iter()
        .map(|document| match document {
            Document::Entity(found) => (found.value.key.to_string(), found.pointer.clone()),
            _ => panic!(),
        })
        .collect();
    assert_eq!(places, [("Env/a".to_owned(), Pointer::root().index(0)), ("Env/e".to_owned(), Pointer::root().index(3))]);
    assert_eq!(parsed.findings[1].subject.as_ref().map(Subject::to_string).as_deref(), Some("Env/d"));
}

#[test]
fn everything_wrong_is_told_in_one_go() {
    let text = "identifier: pr od\ntitel: x\nteam: 5\nproperties:\n  a: .inf\n  a: *x\nrelations:\n  r: {}\n  s: [ok, 1]\n";
    let parsed = parse("entities/Env/a.yaml", text);
    // An alias that names no anchor ends the reading, so it stands alone with what came before it.
    assert_eq!(told(&parsed), ["5:6 document/not-finite", "6:3 document/duplicate-key", "6:6 yaml/alias"]);
    assert_eq!(
        told(&parse("entities/Env/a.yaml", text.replace("*x", "2"))),
        [
            "1:13 identifier/character",
            "2:1 document/unknown-key",
            "3:7 document/wrong-type",
            "5:6 document/not-finite",
            "6:3 document/duplicate-key",
            "8:6 document/wrong-type",
            "9:11 document/wrong-type",
        ]
    );
}

#[test]
fn near_words_are_offered() {
    let help = |path: &str, text: &str| parse(path, text).findings[0].help.clone().unwrap();
    assert!(help("entities/Env/a.yaml", "identifier: a\nrelation: {}\n").contains("did you mean `relations`?"));
    assert!(help("users/a.yaml", "identifier: a@b.c\nroles: [Env-moderater]\n").contains("did you mean `Env-moderator`?"));
    assert!(help("users/a.yaml", "identifier: a@b.c\nroles: [member]\n").contains("did you mean `Member`?"));
    assert!(help("catalog.yaml", "identity: signed\n").contains("known here: signature, forge, declared"));
    assert!(help("entities/Env/a.yaml", "identifier: 42\n").contains("\"42\""));
}

#[test]
fn ownership_has_two_spellings() {
    let owner = |text: &str| match one("blueprints/a.yaml", &format!("identifier: A\n{text}")) {
        Document::Blueprint(found) => found.value.ownership.clone(),
        _ => panic!(),
    };
    assert_eq!(owner(""), Ownership::Direct);
    assert_eq!(owner("ownership: { type: Direct, title: Owners }\n"), Ownership::Direct);
    assert_eq!(owner("teamInheritance: { path: a.b }\n"), owner("ownership: { type: Inherited, path: a.b }\n"));
    assert_ne!(owner("teamInheritance: { path: a.b }\n"), Ownership::Direct);
}

fn approval(text: &str) -> RequiredApproval {
    let head = "identifier: a\ntrigger: { operation: CREATE, blueprintIdentifier: Env }\ninvocationMethod: { type: WEBHOOK, url: https://x.example }\n";
    let Document::Action(found) = one("actions/a.yaml", &format!("{head}{text}")) else { panic!() };
    found.value.required_approval
}

#[test]
fn approval_is_required_in_all_the_ways_of_the_specification() {
    let any = |count| RequiredApproval::Always { kind: ApprovalKind::Any, count };
    assert_eq!(approval(""), RequiredApproval::Never);
    assert_eq!(approval("requiredApproval: false\n"), RequiredApproval::Never);
    assert_eq!(approval("requiredApproval: true\n"), any(1));
    assert_eq!(approval("requiredApproval: { type: ANY, count: 2 }\n"), any(2));
    assert_eq!(approval("requiredApproval: { count: 3 }\n"), any(3));
    assert_eq!(approval("requiredApproval: { type: ALL }\n"), RequiredApproval::Always { kind: ApprovalKind::All, count: 1 });
    let RequiredApproval::When { schema, kind: ApprovalKind::Any, count: 1 } =
        approval("requiredApproval:\n  when: { properties: { ttl: { const: 10 days } } }\n")
    else {
        panic!()
    };
    assert_eq!(schema.canonical(), r#"{"properties":{"ttl":{"const":"10 days"}}}"#);
}

#[test]
fn an_action_of_version_one_comes_to_the_same_as_its_version_two() {
    let inputs =
        r#""userInputs": { "properties": { "ttl": { "type": "string", "enum": ["3 days", "10 days"] } }, "required": ["ttl"] }"#;
    let rest =
        r#""invocationMethod": { "type": "WEBHOOK", "url": "https://x.example", "agent": false }, "requiredApproval": true"#;
    let one_ =
        format!(r#"{{ "identifier": "extend", "title": "Extend", "blueprint": "Env", "trigger": "DAY-2", {inputs}, {rest} }}"#);
    let two = format!(
        r#"{{ "identifier": "extend", "title": "Extend", "trigger": {{ "type": "self-service", "operation": "DAY-2", "blueprintIdentifier": "Env", {inputs} }}, {rest} }}"#
    );
    let [Document::Action(first), Document::Action(second)] = [one("actions/a.json", &one_), one("actions/a.json", &two)] else {
        panic!()
    };
    assert_eq!(first.value, second.value);
    assert_eq!(first.value.trigger.operation, ActionOperation::Day2);
    assert!(first.value.trigger.user_inputs.get("properties").and_then(|p| p.get("ttl")).is_some());
}

#[test]
fn inputs_may_be_computed_by_jq_as_in_port() {
    let text = "identifier: a\ntrigger:\n  operation: CREATE\n  blueprintIdentifier: Env\n  userInputs:\n    properties:\n      size: { type: string, enum: { jqQuery: .form.sizes }, visible: { jqQuery: 'true' }, default: { jqQuery: '.x' } }\n      env: { type: array, items: { type: string, format: entity, blueprint: Env }, dependsOn: [size] }\n    required: { jqQuery: '[]' }\n    order: [env, size]\ninvocationMethod: { type: GITHUB, org: a, repo: b, workflow: c.yml, workflowInputs: { x: '{{ .inputs.size }}' } }\n";
    one("actions/a.yaml", text);
}

#[test]
fn a_run_is_named_by_its_file_unless_it_says_otherwise() {
    let Document::Run(found) =
        one("runs/2026/11/extend-env.yaml", "action: extend\nentity: env-42\ninputs: { ttl: 10 days }\nreason: tests\n")
    else {
        panic!()
    };
    assert_eq!(found.value.identifier, "extend-env");
    assert_eq!(found.value.entity, Some("env-42".parse().unwrap()));
    let Document::Run(found) = one("runs/x.yaml", "action: extend\nidentifier: other\ninputs:\n") else { panic!() };
    assert_eq!((found.value.identifier.as_str(), found.value.inputs), ("other", Value::Map(Box::default())));
}

#[test]
fn an_empty_rule_grants_nobody_and_a_rule_is_never_null() {
    let Document::Permissions(found) =
        one("permissions/Env.yaml", "entities: { update: {}, register: { roles: [], policy: } }\n")
    else {
        panic!()
    };
    assert!(found.value.entities.update.unwrap().grants_nobody());
    assert!(found.value.entities.register.unwrap().grants_nobody());
    assert!(found.value.entities.unregister.is_none());
    // Read as absent, a null would fall back to the laxer default.
    assert_eq!(told(&parse("permissions/Env.yaml", "entities: { register: null }\n")), ["1:23 document/wrong-type"]);
}

#[test]
fn a_user_with_keys_of_every_sort() {
    let pgp: String = include_str!("keys/open-pgp.asc").lines().map(|line| format!("      {line}\n")).collect();
    let text = format!(
        "identifier: alice@acme.dev\nname: Alice Liddell\nroles: [Member, Env-moderator, Member]\nemails: [alice@home.example]\ngithub: {{ login: alice, id: 583231 }}\nsigningKeys:\n  - {}\n  - {{ key: {}, from: 2026-01-01, until: 2026-12-31 }}\n  - {}\n  - key: |\n{pgp}    from: 2026-01-01T09:00:00+02:00\n",
        include_str!("keys/ed25519.pub").trim(),
        include_str!("keys/ecdsa.pub").trim(),
        include_str!("keys/rsa.pub").trim(),
    );
    let Document::User(found) = one("users/alice.yaml", &text) else { panic!() };
    let user = found.value;
    assert_eq!(user.roles, [Role::Member, Role::Moderator("Env".parse().unwrap())]);
    assert_eq!((user.github_id, user.github_login.as_deref(), user.bot), (Some(583_231), Some("alice"), false));
    let prints: Vec<&str> = user.signing_keys.iter().map(|key| key.fingerprint.0.as_str()).collect();
    // As `ssh-keygen -l` and `gpg --list-keys` print them.
    assert_eq!(
        prints,
        [
            "SHA256:UUHYxRxsdGbKxK8RRA3iuVxHIjHe5N5zVgU5JgYhH6M",
            "SHA256:KwWcDTNT5IZzurmPOMApeCOMNLiWKv15C39oWhvAboU",
            "SHA256:69Q6XX/byvxj64RYjCpDV0PWROUAogEA8XF9YtnOpPE",
            "B3802F0AA376FEFBA1E9BE0E378DF50FB53E66C1",
        ]
    );
    let dated = &user.signing_keys[1];
    assert!(dated.valid_at("2026-12-31T23:59:59Z".parse().unwrap()), "the last day counts whole");
    assert!(!dated.valid_at("2027-01-01T00:00:00Z".parse().unwrap()));
    assert_eq!(user.signing_keys[3].from.unwrap().to_string(), "2026-01-01T07:00:00Z");
}

#[test]
fn the_policy_says_what_differs_from_the_defaults() {
    let Document::Policy(found) = one(
        "catalog.yaml",
        "identity: forge\nexpiry: 1h\nselfApproval: true\nlimits: { fileBytes: 1000000 }\nnotifications: [{ channel: ops, on: [failed, waiting] }]\nreminder: 4h\n",
    ) else {
        panic!()
    };
    let policy = found.value;
    assert_eq!((policy.identity, policy.self_approval, policy.expiry), (IdentityMode::Forge, true, Duration::from_secs(3600)));
    assert_eq!(policy.limits, Limits { file_bytes: 1_000_000, ..Limits::default() });
    assert_eq!(policy.reminder, Some(Duration::from_secs(4 * 3600)));
    let route = policy.notifications.first().unwrap();
    assert_eq!((route.channel.as_str(), route.to, route.on.len()), ("ops", crate::model::Audience::Concerned, 2));
    let Document::Policy(found) = one("catalog.yaml", "expiry: 14d\n") else { panic!() };
    assert_eq!(found.value, CatalogPolicy::default());
    // A mode that nobody knows, or none where the key is written, must not fall back to anything.
    assert!(parse("catalog.yaml", "identity:\n").documents.is_empty());
}

#[test]
fn prose_may_begin_with_a_quoted_word() {
    one("entities/Env/a.yaml", "identifier: a\ntitle: “Hello” said Alice\n");
    one("entities/Env/a.yaml", "identifier: a\ntitle: \"“Hello”\"\n");
    one("entities/Env/a.yaml", "identifier: a\ntitle: it’s ’twas\n");
}

#[test]
fn json_texts_come_out_as_they_were_meant() {
    let Document::Entity(found) = one(
        "entities/Env/a.json",
        "{\t\"identifier\":\t\"a\",\r\n\"title\": \"\\ud83d\\ude80\\u00e9\\/\\\\\\n\\\"\", \"properties\": {\"n\": [-0, 1.50, 2E3, 18446744073709551615]}}",
    ) else {
        panic!()
    };
    assert_eq!(found.value.title.as_deref(), Some("🚀é/\\\n\""));
    assert_eq!(found.value.properties["n"].canonical(), "[0,1.5,2000,18446744073709551615]");
}

#[test]
fn crlf_comments_and_a_document_marker_are_fine() {
    one("entities/Env/a.yaml", "# a comment\r\n---\r\nidentifier: a # so\r\ntitle: |\r\n  x\r\n...\r\n");
}

#[test]
fn a_team_may_name_one_of_the_forge() {
    let Document::Team(team) = one("teams/platform.yaml", "identifier: platform\ngithub: { team: acme/Platform_2.x, id: 42 }\n")
    else {
        panic!("no team")
    };
    let github = team.value.github.clone().unwrap();
    assert_eq!((github.organization.as_str(), github.slug.as_str(), github.id), ("acme", "Platform_2.x", 42));
    for wrong in
        ["acme", "acme/a/b", "/platform", "acme/", "acme/..", "../platform", "acme/plat form", "acme/%2e", "42", "@acme/platform"]
    {
        let rules = told(&parse("teams/platform.yaml", format!("identifier: platform\ngithub: {{ team: '{wrong}', id: 42 }}\n")));
        assert_eq!(rules.len(), 1, "{wrong}: {rules:?}");
    }
    for wrong in [
        "{ id: 42 }",
        "{ team: acme/p }",
        "{ team: acme/p, id: 0 }",
        "{ team: acme/p, id: '42' }",
        "acme/p",
        "{ team: acme/p, id: 4, x: 1 }",
    ] {
        assert!(!told(&parse("teams/platform.yaml", format!("identifier: platform\ngithub: {wrong}\n"))).is_empty(), "{wrong}");
    }
}
