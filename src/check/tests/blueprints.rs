//! What blueprints demand of values, whom values name, and what a blueprint may not change under its entities.

use super::told::*;
use crate::catalog::{Named, diff};
use crate::check::{validate, validate_against, validate_changed};

/// Lays a value where its definition stands.
type Wrap = fn(&str) -> String;

/// A blueprint `Thing` with one property `p` of this definition, and one entity that sets it so.
fn thing(definition: &str, value: &str) -> Vec<String> {
    let blueprint = format!("identifier: Thing\nschema: {{ properties: {{ p: {definition} }} }}\n");
    let entity = format!("identifier: t\nblueprint: Thing\nproperties: {{ p: {value} }}\n");
    lines(&validate(&world().apply(deltas(&[("blueprints/Thing.yaml", &blueprint), ("entities/t.yaml", &entity)]))))
}

#[test]
fn every_format_is_asserted_wherever_it_stands() {
    let formats: &[(&str, &[&str], &[&str])] = &[
        (
            "date-time",
            &["2026-01-31T09:30:00Z", "2026-01-31T09:30:00.5+02:00", "1990-02-28t23:59:59z"],
            &["2026-01-31", "2026-02-30T00:00:00Z", "2026-01-31T09:30:00", "2026-01-31 09:30", "now"],
        ),
        (
            "timer",
            &["2026-01-31T09:30:00Z", "2026-01-31T09:30:00.123-07:00"],
            &["2026-01-31", "2026-02-30T00:00:00Z", "2026-01-31T09:30:00", "2026-01-31T09Z", "2026-01-31T09:30:00.Z", "3 days"],
        ),
        (
            "url",
            &["https://acme.dev", "http://localhost:8080/a?b=c#d", "ftp://u:p@acme.dev/x", "http://[2001:db8::1]:80/"],
            &[
                "acme.dev",
                "https://",
                "https:///x",
                "https://a b",
                "http://:80",
                "http://a:b",
                "http://[::1",
                "//acme.dev",
                "javascript:x",
            ],
        ),
        ("email", &["alice@acme.dev", "a+b@acme.dev"], &["alice", "alice@", "@acme.dev", "a b@acme.dev"]),
        ("idn-email", &["alice@acme.dev", "älice@bücher.example"], &["alice", "alice@", "@acme.dev", "a b@acme.dev", "a@b..c"]),
        ("ipv4", &["10.0.0.1", "255.255.255.255"], &["10.0.0", "10.0.0.256", "10.0.0.01", "::1"]),
        ("ipv6", &["::1", "2001:db8::1", "::ffff:10.0.0.1"], &["10.0.0.1", "2001:db8", ":::1", "fe80::1%eth0"]),
        ("markdown", &["# any text", ""], &[]),
        ("yaml", &["a: [", ""], &[]),
        ("proto", &["message A {}", ""], &[]),
        ("date", &["2026-01-31"], &["2026-02-30", "31.1.2026"]),
        ("time", &["09:30:00Z"], &["09:30", "25:00:00Z"]),
        ("uri", &["https://acme.dev", "urn:isbn:1"], &["acme dev", "/x"]),
        ("uuid", &["2eb8aa08-aa98-11ea-b4aa-73b441d16380"], &["2eb8aa08"]),
        ("hostname", &["acme.dev"], &["-acme.dev", "a..b"]),
        ("user", &["alice@acme.dev"], &["nobody@acme.dev", "not a name", ""]),
        ("team", &["red"], &["green", "not a name", ""]),
    ];
    for (format, good, bad) in formats {
        let text = format!("{{ type: string, format: {format} }}");
        let places: [(String, Wrap); 5] = [
            (text.clone(), |value| value.to_owned()),
            (format!("{{ type: array, items: {text} }}"), |value| format!("[{value}]")),
            (format!("{{ type: object, properties: {{ x: {text} }} }}"), |value| format!("{{ x: {value} }}")),
            (format!("{{ type: object, patternProperties: {{ '^x': {text} }} }}"), |value| format!("{{ x1: {value} }}")),
            (format!("{{ type: object, additionalProperties: {{ type: array, items: {text} }} }}"), |value| {
                format!("{{ k: [{value}] }}")
            }),
        ];
        for (definition, wrap) in places {
            for value in *good {
                let said = thing(&definition, &wrap(&format!("\"{value}\"")));
                assert_eq!(said, [""; 0], "{value} as {definition}");
            }
            for value in *bad {
                let said = thing(&definition, &wrap(&format!("\"{value}\"")));
                let rule = said.first().and_then(|line| line.split(' ').next()).unwrap_or("nothing");
                let wanted = ["schema/format-mismatch", "reference/unknown-user", "reference/unknown-team"];
                assert!(said.len() == 1 && wanted.contains(&rule), "{value:?} as {definition}: {said:?}");
            }
        }
    }
}

#[test]
fn a_labeled_url_is_a_map_of_its_own() {
    let link = "{ type: object, format: labeled-url }";
    assert_eq!(thing(link, "{ url: 'https://acme.dev', displayText: Acme }"), [""; 0]);
    assert_eq!(thing(link, "{ url: 'https://acme.dev' }"), [""; 0]);
    let list = format!("{{ type: array, items: {link} }}");
    assert_eq!(thing(&list, "[{ url: 'https://acme.dev' }]"), [""; 0]);
    assert_eq!(
        [
            thing(link, "{ displayText: Acme }"),
            thing(link, "{ url: acme }"),
            thing(link, "{ url: 'https://acme.dev', text: Acme }"),
            thing(&list, "[{}]")
        ]
        .concat(),
        [
            "schema/required entities/t.yaml/properties/p: `p`: `url` is required and missing [add `url`]",
            "schema/format-mismatch entities/t.yaml/properties/p/url: `p`: `acme` is not a valid URL [write it like `https://acme.dev/docs`]",
            "schema/mismatch entities/t.yaml/properties/p: `p`: the key `text` is not allowed here [`text` is not one of the allowed values]",
            "schema/required entities/t.yaml/properties/p/0: `p`: `url` is required and missing [add `url`]",
        ]
    );
}

#[test]
fn definitions_that_would_check_nothing_are_refused() {
    let said = |definition: &str| {
        let said = thing(definition, "null");
        let about: Vec<String> = said.into_iter().filter(|line| line.contains("blueprints/Thing.yaml")).collect();
        about.join("\n")
    };
    for definition in [
        "{ type: array, format: user }",
        "{ type: number, format: email }",
        "{ type: string, format: labeled-url }",
        "{ type: object, format: yaml }",
        "{ type: object, spec: embedded-url }",
        "{ type: boolean, spec: open-api }",
        "{ type: string, minLength: 3, maxLength: 2 }",
        "{ type: number, minimum: 0.5, maximum: 0 }",
        "{ type: string, icon: 'a b' }",
        "{ type: string, enum: [a], enumColors: { a: bleu } }",
        "{ type: string, spec: embedded-url, specAuthentication: { clientId: x } }",
        "{ type: array, items: [{ type: string }], additionalItems: false }",
        "{ type: object, properties: { a: { anyOf: [{ format: user }, { format: email }] } } }",
        "{ type: object, propertyNames: { format: team } }",
        "{ type: object, $defs: { who: { format: user } }, if: { properties: { a: { $ref: '#/properties/p/$defs/who' } } }, then: {} }",
    ] {
        assert_ne!(said(definition), "", "{definition}");
    }
    worded(&[
        said("{ type: array, format: user }"),
        said("{ type: string, minLength: 3, maxLength: 2 }"),
        said("{ type: string, icon: 'a b' }"),
        said("{ type: string, enum: [a], enumColors: { a: bleu } }"),
        said("{ type: object, properties: { a: { anyOf: [{ format: user }, { format: email }] } } }"),
    ]);
    for definition in [
        "{ type: object, spec: open-api }",
        "{ type: string, spec: async-api, format: url }",
        "{ type: string, format: url, spec: embedded-url, specAuthentication: { clientId: x, tokenUrl: 'https://t', authorizationUrl: 'https://a', authorizationScope: [openid] } }",
        "{ type: string, enum: [a, b], enumColors: { a: paleBlue, b: bronze } }",
        "{ type: string, format: date-time, dateFormat: relative, icon: DefaultProperty }",
    ] {
        assert_eq!(said(definition), "", "{definition}");
    }
}

fn worded(said: &[String]) {
    assert_eq!(
        said,
        [
            "document/checks-nothing blueprints/Thing.yaml/schema/properties/p/format: `format: user` says nothing about the type `array` [write it inside `items`: `items: { type: string, format: user }`]",
            "document/bounds blueprints/Thing.yaml/schema/properties/p/minLength: `minLength` is above `maxLength`, so that no value is allowed [exchange the two, or mend the wrong one]",
            "document/icon blueprints/Thing.yaml/schema/properties/p/icon: `a b` is not the name of an icon [write a name of letters, digits, `_` and `-`, such as `Microservice`]",
            "document/color blueprints/Thing.yaml/schema/properties/p/enumColors/a: `bleu` is not a colour [did you mean `blue`? (known here: blue, turquoise, orange, purple, pink, yellow, green, red, darkGray, lightGray, bronze, gold, silver, paleBlue)]",
            "schema/conditional-name blueprints/Thing.yaml/schema/properties/p/properties/a/anyOf/0: `p`: a user or a team is named here under a condition, so that nobody can tell whether one is meant [name users and teams under `properties`, `items` or `allOf`, without `anyOf`, `if` and the like]",
        ]
    );
}

const WATCHED: Files<'static> = &[
    (
        "blueprints/Watch.yaml",
        "identifier: Watch\nschema:\n  properties:\n    owner: { type: string, format: user }\n    on:\n      type: object\n      properties: { lead: { $ref: '#/properties/owner' }, teams: { type: array, items: { type: string, format: team } } }\n",
    ),
    (
        "entities/w.yaml",
        "identifier: w\nblueprint: Watch\nproperties: { owner: alice@acme.dev, on: { lead: bob@acme.dev, teams: [red, blue] } }\n",
    ),
];

#[test]
fn users_and_teams_that_a_property_names_are_in_the_roster() {
    let entity = "identifier: w\nblueprint: Watch\nproperties: { owner: alcie@acme.dev, on: { lead: al@home.example, teams: [red, rad] } }\n";
    let alice = "identifier: alice@acme.dev\nroles: [Member]\nemails: [al@home.example]\n";
    let world = world().apply(deltas(WATCHED)).apply(deltas(&[("entities/w.yaml", entity), ("users/alice.yaml", alice)]));
    assert_eq!(
        lines(&validate(&world)),
        [
            "reference/unknown-user entities/w.yaml/properties/on/lead: `on` names the user `al@home.example`, which the roster does not have [write `alice@acme.dev`, whose address that is]",
            "reference/unknown-team entities/w.yaml/properties/on/teams/1: `on` names the team `rad`, which the roster does not have [did you mean `red`? Otherwise add the team under `teams/`]",
            "reference/unknown-user entities/w.yaml/properties/owner: `owner` names the user `alcie@acme.dev`, which the roster does not have [did you mean `alice@acme.dev`? Otherwise add the user under `users/`]",
        ]
    );
}

#[test]
fn nobody_leaves_the_roster_while_an_entity_names_them() {
    let before = world().apply(deltas(WATCHED));
    assert_eq!(before.mentioned_by(Named::User, &id("bob@acme.dev")).count(), 1);
    let gone: [Files<'_>; 2] = [
        &[("users/bob.yaml", ""), ("teams/blue.yaml", "identifier: blue\n")],
        &[("teams/blue.yaml", ""), ("entities/System/pay.yaml", "identifier: pay\n")],
    ];
    let said: Vec<String> = gone
        .into_iter()
        .flat_map(|files| {
            let after = before.apply(deltas(files));
            let changes = diff(&before, &after);
            assert_eq!(validate_changed(&before, &after, &changes), validate_against(&before, &after, &changes));
            lines(&validate_changed(&before, &after, &changes))
        })
        .collect();
    assert_eq!(
        said,
        [
            "reference/still-needed entities/w.yaml/properties/on/lead: `users/bob@acme.dev` is deleted, but `Watch/w` still needs it [change or delete them in the same change, or keep `users/bob@acme.dev`]",
            "reference/still-needed entities/w.yaml/properties/on/teams/1: `teams/blue` is deleted, but `Watch/w` still needs it [change or delete them in the same change, or keep `teams/blue`]",
        ]
    );
}

#[test]
fn whom_entities_name_is_known_whatever_came_first() {
    let later = world().apply(deltas(&[WATCHED[1]])).apply(deltas(&[WATCHED[0]]));
    assert_eq!(later.mentioned_by(Named::User, &id("bob@acme.dev")).count(), 1);
    let plain = "identifier: Watch\nschema: { properties: { owner: { type: string }, on: { type: object } } }\n";
    let plain = later.apply(deltas(&[("blueprints/Watch.yaml", plain)]));
    assert_eq!(plain.mentioned_by(Named::User, &id("bob@acme.dev")).count(), 0);
    assert_eq!(later.apply(deltas(&[("entities/w.yaml", "")])).mentioned_by(Named::Team, &id("red")).count(), 0);
}

fn said_of_change(setting: Files<'_>, files: Files<'_>) -> Vec<String> {
    let before = world().apply(deltas(setting));
    let after = before.apply(deltas(files));
    let changes = diff(&before, &after);
    let said = lines(&validate_changed(&before, &after, &changes));
    assert_eq!(said, lines(&validate_against(&before, &after, &changes)));
    said
}

#[test]
fn a_type_stays_while_entities_use_it() {
    let env = |kind: &str| {
        format!(
            "identifier: Env\nschema:\n  properties:\n    slack: {{ type: string, format: url }}\n    size: {{ type: number, default: 1 }}\n    kind: {kind}\n  required: [size]\nrelations:\n  service: {{ target: Service }}\nteamInheritance: {{ path: service.system }}\n"
        )
    };
    let listed = env("{ type: array, items: { type: string } }");
    assert_eq!(
        said_of_change(&[], &[("blueprints/Env.yaml", &listed)]),
        [
            "blueprint/type-in-use blueprints/Env.yaml/schema/properties/kind/type: the type of `kind` changes from `string` to `array` while 1 entity sets it: `Env/prod` [define a property of another name and move the values there, or unset `kind` in these entities first]"
        ]
    );
    // Where nobody sets it, or nobody sets it any more, it may change.
    let unset = ("entities/Env/prod.yaml", "identifier: prod\nrelations: { service: cart }\n");
    assert_eq!(said_of_change(&[unset], &[("blueprints/Env.yaml", &listed)]), [""; 0]);
    assert_eq!(said_of_change(&[], &[("blueprints/Env.yaml", &listed), unset]), [""; 0]);
    // Whoever writes the new type in the same change is told so, too.
    let rewritten = ("entities/Env/prod.yaml", "identifier: prod\nproperties: { kind: [prod] }\nrelations: { service: cart }\n");
    assert_eq!(said_of_change(&[], &[("blueprints/Env.yaml", &listed), rewritten]).len(), 1);
    // Within a type the definition may change, and only what it breaks is told.
    let narrowed = env("{ type: string, enum: [dev] }");
    assert_eq!(
        said_of_change(&[], &[("blueprints/Env.yaml", &narrowed)]),
        [
            "schema/breaks-entities blueprints/Env.yaml: this change of blueprint `Env` breaks 1 existing entity of 1: Env/prod (`kind`: `prod` is not one of the allowed values) [make the change milder with a default, or take it in steps: optional first, then fill it in, then require it]"
        ]
    );
}

#[test]
fn a_relation_keeps_its_target_and_its_shape_while_entities_use_it() {
    let service = |relations: &str| {
        format!(
            "identifier: Service\nschema: {{ properties: {{}} }}\nrelations:\n{relations}teamInheritance: {{ path: system }}\n"
        )
    };
    let friends = "  friends: { target: Service, many: true }\n";
    // The new target has entities of the same names: without this rule they would be exchanged in silence.
    let twin = [
        ("blueprints/Twin.yaml", "identifier: Twin\n"),
        ("entities/Twin/shop.yaml", "identifier: shop\n"),
        ("entities/Twin/pay.yaml", "identifier: pay\n"),
    ];
    assert_eq!(
        said_of_change(&twin, &[("blueprints/Service.yaml", &service(&format!("  system: {{ target: Twin }}\n{friends}")))]),
        [
            "blueprint/relation-in-use blueprints/Service.yaml/relations/system/target: the target of relation `system` changes from `System` to `Twin` while 2 entities set it: `Service/cart`, `Service/till` [define a relation of another name and move the values there, or unset `system` in these entities first]"
        ]
    );
    let said = said_of_change(
        &[],
        &[("blueprints/Service.yaml", &service(&format!("  system: {{ target: System, many: true }}\n{friends}")))],
    );
    assert_eq!(said.len(), 3, "{said:#?}"); // and two blueprints whose owners come by it
    assert!(said.iter().any(|line| line.starts_with("blueprint/relation-in-use blueprints/Service.yaml/relations/system/many: relation `system` changes from one identifier to a list while 2 entities set it")));
    // Nobody has friends yet.
    let lone = "  system: { target: System }\n  friends: { target: System }\n";
    assert_eq!(said_of_change(&[], &[("blueprints/Service.yaml", &service(lone))]), [""; 0]);
}

#[test]
fn whatever_a_blueprint_breaks_is_counted_once() {
    let many: Vec<(String, String)> = (0..9)
        .map(|i| {
            (format!("entities/System/s{i}.yaml"), format!("identifier: sys-{i}\nteam: red\nproperties: {{ tier: high }}\n"))
        })
        .collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let system = |properties: &str| format!("identifier: System\nschema:\n  properties: {{ {properties} }}\n");
    let told = |files: Files<'_>| {
        let said = said_of_change(&many, files);
        assert_eq!(said.len(), 1, "{said:#?}");
        said.concat().split_once(": ").unwrap().1.split(" [").next().unwrap().to_owned()
    };
    // A property that is no more, a narrower enum, a new required one, a length.
    assert_eq!(
        [
            told(&[("blueprints/System.yaml", &system("rank: { type: string }"))]),
            told(&[("blueprints/System.yaml", &system("tier: { type: string, enum: [low] }"))]),
            told(&[("blueprints/System.yaml", &format!("{}  required: [tier]\n", system("tier: { type: string }")))]),
            told(&[("blueprints/System.yaml", &system("tier: { type: string, maxLength: 3 }"))]),
            told(&[("blueprints/System.yaml", "")]),
        ],
        [
            "this change of blueprint `System` breaks 9 existing entities of 11: System/sys-0 (`tier` is not a property of blueprint `System`); System/sys-1 (`tier` is not a property of blueprint `System`); System/sys-2 (`tier` is not a property of blueprint `System`) and 6 more",
            "this change of blueprint `System` breaks 9 existing entities of 11: System/sys-0 (`tier`: `high` is not one of the allowed values); System/sys-1 (`tier`: `high` is not one of the allowed values); System/sys-2 (`tier`: `high` is not one of the allowed values) and 6 more",
            "this change of blueprint `System` breaks 2 existing entities of 11: System/pay (`tier` is required by blueprint `System` and missing); System/shop (`tier` is required by blueprint `System` and missing)",
            "this change of blueprint `System` breaks 9 existing entities of 11: System/sys-0 (`tier`: `high` is longer than 3 characters); System/sys-1 (`tier`: `high` is longer than 3 characters); System/sys-2 (`tier`: `high` is longer than 3 characters) and 6 more",
            "`blueprints/System` is deleted, but `System/pay`, `System/shop`, `System/sys-0` and 9 more still need it",
        ]
    );
    // A relation that is no more.
    let alone = "identifier: Service\nschema: { properties: {} }\nrelations:\n  friends: { target: Service, many: true }\n";
    let env = (
        "blueprints/Env.yaml",
        "identifier: Env\nschema:\n  properties:\n    slack: { type: string, format: url }\n    size: { type: number, default: 1 }\n    kind: { type: string, enum: [dev, staging, prod] }\n  required: [size]\nrelations:\n  service: { target: Service }\n",
    );
    assert_eq!(
        told(&[("blueprints/Service.yaml", alone), env]),
        "this change of blueprint `Service` breaks 2 existing entities of 2: Service/cart (`system` is not a relation of blueprint `Service`); Service/till (`system` is not a relation of blueprint `Service`)"
    );
}

#[test]
fn large_enums_are_judged_in_time() {
    let words: Vec<String> = (0..15_000).map(|i| format!("word-{i}")).collect();
    let blueprint =
        format!("identifier: Thing\nschema: {{ properties: {{ p: {{ type: string, enum: [{}] }} }} }}\n", words.join(", "));
    let entities: String =
        (0..900).map(|i| format!("- {{ identifier: e{i}, blueprint: Thing, properties: {{ p: wrod-{i} }} }}\n")).collect();
    let findings = validate(&world().apply(deltas(&[("blueprints/Thing.yaml", &blueprint), ("entities/t.yaml", &entities)])));
    assert_eq!(counts(&findings), [("schema/enum", 900)].into());
}
