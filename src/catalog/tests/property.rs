//! What holds for every document: no bytes crash the reader, and meaning survives every spelling.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

use super::{Document, parse};
use crate::catalog::Meaning;
use crate::model::Value;

const PATHS: &[&str] = &[
    "catalog.yaml",
    "blueprints/a.yaml",
    "entities/B/a.yaml",
    "entities/a.json",
    "permissions/a.yaml",
    "actions/a.json",
    "runs/a.yaml",
    "users/a.yaml",
    "teams/a.json",
];

fn name() -> impl Strategy<Value = String> {
    "[A-Za-z][A-Za-z0-9_-]{0,8}"
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(|i| Value::Int(i.into())),
        any::<u64>().prop_map(|i| Value::Int(i.into())),
        (-1e15..1e15).prop_map(Value::from_f64),
        "[ -~äß😀\n\t\"'#:{}-]{0,12}".prop_map(|text| Value::from(text.as_str())),
        prop_oneof![
            Just("yes"),
            Just("null"),
            Just("~"),
            Just("1"),
            Just(".inf"),
            Just("<<"),
            Just("*a"),
            Just("&a"),
            Just("“x”"),
            Just("0x1F"),
            Just("")
        ]
        .prop_map(Value::from),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| Value::List(items.into())),
            btree_map(name(), inner, 0..4).prop_map(|map| Value::from_pairs(map.into_iter().map(|(k, v)| (k.into(), v)))),
        ]
    })
}

fn object(pairs: Vec<(&str, Value)>) -> Value {
    Value::from_pairs(pairs.into_iter().map(|(key, value)| (key.into(), value)))
}

fn texts(items: Vec<String>) -> Value {
    Value::List(items.iter().map(|item| Value::from(item.as_str())).collect())
}

fn rule() -> impl Strategy<Value = Value> {
    let role = prop_oneof![Just("Admin".to_owned()), Just("Member".to_owned()), name().prop_map(|n| format!("{n}-moderator"))];
    (vec(role, 0..4), vec(name(), 0..3), vec(name(), 0..3), any::<bool>()).prop_map(|(roles, users, teams, owned)| {
        object(vec![("roles", texts(roles)), ("users", texts(users)), ("teams", texts(teams)), ("ownedByTeam", owned.into())])
    })
}

fn rules() -> impl Strategy<Value = Value> {
    btree_map(name(), rule(), 0..3).prop_map(|map| Value::from_pairs(map.into_iter().map(|(k, v)| (k.into(), v))))
}

/// A valid document of some kind, and a path for it.
fn document() -> impl Strategy<Value = (&'static str, Value)> {
    let relation =
        prop_oneof![Just(Value::Null), name().prop_map(|n| Value::from(n.as_str())), vec(name(), 0..3).prop_map(texts)];
    let map_of = |map: std::collections::BTreeMap<String, Value>| Value::from_pairs(map.into_iter().map(|(k, v)| (k.into(), v)));
    let entity = (name(), value(), btree_map(name(), value(), 0..5), btree_map(name(), relation, 0..4), vec(name(), 0..3))
        .prop_map(move |(id, title, properties, relations, team)| {
            let title = Value::from(title.as_str().unwrap_or("t"));
            let (id, team) = (Value::from(id.as_str()), texts(team));
            (
                "entities/B/a",
                object(vec![
                    ("identifier", id),
                    ("title", title),
                    ("properties", map_of(properties)),
                    ("relations", map_of(relations)),
                    ("team", team),
                ]),
            )
        });
    let property = prop_oneof![
        Just(object(vec![("type", "string".into()), ("enum", texts(vec!["a".into(), "b".into()])), ("default", "a".into())])),
        Just(object(vec![("type", "number".into()), ("minimum", Value::Int(1)), ("multipleOf", Value::Float(0.5))])),
        Just(object(vec![
            ("type", "array".into()),
            ("items", object(vec![("type", "string".into()), ("format", "url".into())]))
        ])),
    ];
    let edge = (name(), any::<bool>(), any::<bool>()).prop_map(|(target, required, many)| {
        object(vec![("target", target.as_str().into()), ("required", (required && !many).into()), ("many", many.into())])
    });
    let blueprint = (name(), btree_map("p[a-z]{1,4}", property, 0..4), btree_map(name(), edge, 0..4), any::<bool>()).prop_map(
        move |(id, properties, relations, inherits)| {
            let required = texts(properties.keys().take(1).cloned().collect());
            let mut pairs = vec![
                ("identifier", Value::from(id.as_str())),
                ("schema", object(vec![("properties", map_of(properties)), ("required", required)])),
                ("relations", map_of(relations)),
                ("mirrorProperties", object(vec![("m1", object(vec![("path", "a.$title".into())]))])),
            ];
            if inherits {
                pairs.push(("ownership", object(vec![("type", "Inherited".into()), ("path", "a.b".into())])));
            }
            ("blueprints/a", object(pairs))
        },
    );
    let permissions =
        (rules(), rules(), proptest::option::of(rule()), rule()).prop_map(|(properties, relations, update, execute)| {
            let mut entities = vec![("updateProperties", properties), ("updateRelations", relations)];
            entities.extend(update.map(|update| ("update", update)));
            let actions = object(vec![("go", object(vec![("execute", execute)]))]);
            ("permissions/Env", object(vec![("entities", object(entities)), ("actions", actions)]))
        });
    let run =
        (name(), proptest::option::of(name()), btree_map(name(), value(), 0..4)).prop_map(move |(action, entity, inputs)| {
            let mut pairs = vec![("action", Value::from(action.as_str())), ("inputs", map_of(inputs))];
            let entity = entity.map(|entity| Value::from(entity.as_str()));
            pairs.extend(entity.map(|entity| ("entity", entity)));
            ("runs/some-run", object(pairs))
        });
    let approval = prop_oneof![
        any::<bool>().prop_map(Value::from),
        (1_i128..9).prop_map(|n| object(vec![("type", "ANY".into()), ("count", Value::Int(n))])),
        Just(object(vec![("type", "ALL".into())])),
        value()
            .prop_map(|v| object(vec![("when", object(vec![("properties", object(vec![("x", object(vec![("const", v)]))]))]))])),
    ];
    let action = (name(), approval, 1_i128..5000, any::<bool>()).prop_map(|(id, approval, minutes, version_one)| {
        let inputs = object(vec![
            ("properties", object(vec![("x", object(vec![("type", "string".into())]))])),
            ("required", texts(vec!["x".into()])),
        ]);
        let mut pairs = vec![
            ("identifier", Value::from(id.as_str())),
            ("requiredApproval", approval),
            ("expiry", Value::from(format!("{minutes}m").as_str())),
            ("invocationMethod", object(vec![("type", "WEBHOOK".into()), ("url", "https://x.example".into())])),
        ];
        if version_one {
            pairs.extend([("trigger", "DELETE".into()), ("userInputs", inputs), ("blueprint", "Env".into())]);
        } else {
            let trigger = vec![
                ("operation", "DAY-2".into()),
                ("blueprintIdentifier", "Env".into()),
                ("userInputs", inputs),
                ("order", texts(vec!["x".into()])),
            ];
            pairs.push(("trigger", object(trigger)));
        }
        ("actions/a", object(pairs))
    });
    let key = include_str!("keys/ed25519.pub").trim();
    let user = (name(), vec(name(), 0..3), any::<bool>(), any::<u32>()).prop_map(move |(id, emails, bot, github)| {
        let key = object(vec![("key", key.into()), ("from", "2026-01-01".into()), ("until", "2026-12-31".into())]);
        let emails = texts(emails.iter().map(|name| format!("{name}@home.example")).collect());
        let github = object(vec![("login", id.as_str().into()), ("id", Value::Int(i128::from(github) + 1))]);
        let id = Value::from(format!("{id}@acme.dev").as_str());
        let roles = texts(vec!["Member".into(), "Env-moderator".into()]);
        (
            "users/a",
            object(vec![
                ("identifier", id),
                ("emails", emails),
                ("bot", bot.into()),
                ("github", github),
                ("roles", roles),
                ("signingKeys", Value::List([key].into())),
            ]),
        )
    });
    let team = (name(), vec(name(), 0..4))
        .prop_map(|(id, members)| ("teams/a", object(vec![("identifier", id.as_str().into()), ("members", texts(members))])));
    let policy = (1_i128..100, any::<bool>(), 1_i128..128, name(), 1_usize..11).prop_map(|(days, own, depth, channel, on)| {
        let on = crate::model::Occasion::ALL.iter().take(on).map(|occasion| occasion.as_str().to_owned()).collect();
        let limits = object(vec![("depth", Value::Int(depth.max(8))), ("commits", Value::Int(days))]);
        let expiry = Value::from(format!("{days}d").as_str());
        (
            "catalog",
            object(vec![
                ("identity", "forge".into()),
                ("expiry", expiry),
                ("selfApproval", own.into()),
                ("limits", limits),
                ("notifications", Value::List([object(vec![("channel", channel.as_str().into()), ("on", texts(on))])].into())),
            ]),
        )
    });
    prop_oneof![4 => entity, 2 => blueprint, 2 => permissions, 1 => run, 2 => action, 1 => user, 1 => team, 1 => policy]
}

/// Writes a value as YAML in some style: the seed chooses quotes, block or flow, order, comments, spaces.
fn write_yaml(value: &Value, indent: usize, seed: &mut u64, out: &mut String) {
    let pick = |seed: &mut u64, n: u64| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 33) % n
    };
    match value {
        Value::Map(pairs) if !pairs.is_empty() && pick(seed, 3) > 0 => {
            let mut pairs: Vec<_> = pairs.iter().collect();
            let turn = usize::try_from(pick(seed, pairs.len() as u64)).unwrap();
            pairs.rotate_left(turn);
            for (key, value) in pairs {
                if pick(seed, 5) == 0 {
                    out.push_str("\n# a comment: with 'quotes' and {brackets}");
                }
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                match pick(seed, 3) {
                    0 => out.push_str(&format!("\"{key}\"")),
                    1 => out.push_str(&format!("'{key}'")),
                    _ if ["null", "true", "no", "y"].contains(&&**key) => out.push_str(&format!("'{key}'")),
                    _ => out.push_str(key),
                }
                out.push_str(if pick(seed, 2) == 0 { ": " } else { ":   " });
                write_yaml(value, indent + 1 + usize::try_from(pick(seed, 4)).unwrap(), seed, out);
            }
        }
        Value::List(items) if !items.is_empty() && pick(seed, 3) > 0 => {
            for item in items {
                out.push('\n');
                out.push_str(&" ".repeat(indent));
                out.push_str("- ");
                // A block collection begins on a line of its own.
                write_yaml(item, indent + 2, seed, out);
            }
        }
        flow => {
            out.push_str(&flow.canonical());
            if pick(seed, 6) == 0 {
                out.push_str("  # so");
            }
        }
    }
}

fn noun(document: &Document) -> (Value, String) {
    (document.meaning(), format!("{document:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_bytes_give_an_answer(which in 0..PATHS.len(), bytes in vec(any::<u8>(), 0..400)) {
        parse(PATHS[which], bytes);
    }

    #[test]
    fn any_text_made_of_yaml_and_json_pieces_gives_an_answer(
        which in 0..PATHS.len(),
        pieces in vec(prop_oneof![
            "[-:?,{}\\[\\]#&*!|>'\"%@` \n\t~<]{1,3}", "[a-z]{1,3}", Just("identifier: a\n".to_owned()), Just("\n  ".to_owned()),
            Just("---\n".to_owned()), Just("“".to_owned()), Just("\"a\": ".to_owned()), Just("\r\n".to_owned()), Just("\\u00".to_owned()),
            Just("- ".to_owned()), Just("trigger: ".to_owned()), Just("schema:\n  properties:\n".to_owned()), Just("/*".to_owned()),
        ], 0..60),
    ) {
        let text = pieces.concat();
        let parsed = parse(PATHS[which], &text);
        prop_assert!(!parsed.documents.is_empty() || !parsed.findings.is_empty());
        let spans: Vec<_> = parsed.findings.iter().map(|finding| finding.place.as_ref().and_then(|place| place.span)).collect();
        prop_assert!(spans.is_sorted());
    }

    #[test]
    fn a_mutilated_document_gives_an_answer((path, value) in document(), at in any::<prop::sample::Index>(), junk in "[-:{}\\[\\]'\"&*!|>%@\n\t ~]{0,3}") {
        let mut text = String::new();
        write_yaml(&value, 0, &mut 7, &mut text);
        let mut cut = at.index(text.len() + 1);
        while !text.is_char_boundary(cut) { cut -= 1; }
        text.insert_str(cut, &junk);
        parse(&format!("{path}.yaml"), &text);
    }

    #[test]
    fn the_meaning_of_a_noun_reads_back_as_an_equal_noun((path, value) in document()) {
        let json = if path == "catalog" { "catalog.yaml".to_owned() } else { format!("{path}.json") };
        let first = parse(&json, value.canonical());
        prop_assert_eq!(&first.findings, &[], "{:?}", value);
        let meaning = first.documents[0].meaning();
        let second = parse(&json, meaning.canonical());
        prop_assert_eq!(&second.findings, &[], "{:?}", meaning);
        prop_assert_eq!(&first.documents, &second.documents);
        prop_assert_eq!(second.documents[0].meaning(), meaning);
    }

    #[test]
    fn quoting_order_comments_and_layout_change_nothing((path, value) in document(), seed in any::<u64>()) {
        let path = format!("{path}.yaml");
        let plain = parse(&path, value.canonical());
        let mut text = String::new();
        let mut seed = seed;
        write_yaml(&value, 0, &mut seed, &mut text);
        let styled = parse(&path, &text);
        prop_assert_eq!(&styled.findings, &[], "{}", text);
        prop_assert_eq!(noun(&plain.documents[0]), noun(&styled.documents[0]), "{}", text);
    }

    #[test]
    fn json_is_read_as_the_standard_reader_reads_it(value in value()) {
        let text = format!("{{\"identifier\":\"a\",\"properties\":{{\"x\":{}}}}}", serde_json::to_string_pretty(&value.to_json()).unwrap());
        let parsed = parse("entities/B/a.json", &text);
        prop_assert_eq!(&parsed.findings, &[], "{}", text);
        let Document::Entity(found) = &parsed.documents[0] else { panic!() };
        prop_assert_eq!(&found.value.properties["x"], &value);
    }
}
