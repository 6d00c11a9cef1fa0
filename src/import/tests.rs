//! What is written reads back the same, whatever it says; and two imports do what one does.

use proptest::prelude::*;

use crate::catalog::parse_value;
use crate::model::{FilePath, Kind, Limits, Value};

use super::{Existing, Input, Missing, Origin, translate, yaml};

fn texts() -> impl Strategy<Value = String> {
    let awkward = prop::sample::select(vec![
        "",
        " ",
        "-",
        "- a",
        "a: b",
        "a #b",
        "#",
        "~",
        "null",
        "True",
        "yes",
        "on",
        "0x10",
        "1.10",
        "1e3",
        ".5",
        "+1",
        ".inf",
        "-.INF",
        "<<",
        "*a",
        "&a",
        "!a",
        "%a",
        "@a",
        "`a",
        "a:",
        ":a",
        "? a",
        "---",
        "...",
        "--- a",
        "{a",
        "[a",
        "a\nb",
        "a\n",
        "\na",
        "a\n\nb\n",
        "a\n b",
        "  a\nb",
        "a \nb",
        "a\tb",
        "\ta",
        "a\r\nb",
        "a\u{85}b",
        "a\u{2028}b",
        "\u{feff}a",
        "\u{202e}a",
        "“a”",
        "'a'",
        "\"a\"",
        "a\\b",
        "2026-01-01",
        "12:30",
        "=",
        "|",
        ">",
        "a,b",
        "a]",
        "a}",
        "é",
        "日本",
        "a\nb\n\n",
        "a\n---\nb",
        "a\n...",
        "\u{1f600}",
        "=a",
        "\\",
        "^a$",
    ]);
    prop_oneof![awkward.prop_map(str::to_owned), ".{0,12}", "[ -~\\n]{0,20}"]
}

fn values() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|i| Value::Int(i.into())),
        any::<f64>().prop_filter("finite", |f| f.is_finite()).prop_map(Value::from_f64),
        texts().prop_map(|text| Value::from(text.as_str())),
    ];
    scalar.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| Value::List(items.into())),
            prop::collection::vec((texts(), inner), 0..5)
                .prop_map(|pairs| Value::from_pairs(pairs.into_iter().map(|(key, value)| (key.into(), value)))),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn every_value_reads_back_equal(value in values()) {
        let limits = Limits::MOST;
        for kind in [Kind::Entity, Kind::Blueprint] {
            let text = yaml::emit(&value, kind);
            if value.is_null() { continue } // an empty document is none
            prop_assert_eq!(parse_value(&FilePath::new("x.yaml"), text.as_bytes(), &limits).map_err(|f| format!("{text}\n{f:#?}")), Ok(value.clone()));
        }
        let json = yaml::emit_json(&value, Kind::Entity);
        prop_assert_eq!(parse_value(&FilePath::new("x.json"), json.as_bytes(), &limits).map_err(|f| format!("{json}\n{f:#?}")), Ok(value));
    }

    /// Any properties at all: imported twice, the second time writes nothing.
    #[test]
    fn importing_again_changes_nothing(value in values(), id in "[A-Za-z./:-]{1,8}") {
        let entity = serde_json::json!([
            { "identifier": "Thing", "schema": { "properties": { "p": { "type": "string" } } } },
            { "identifier": id, "blueprint": "Thing", "properties": { "p": value.to_json() } },
        ]);
        let inputs = [Input { name: "x.json".to_owned(), bytes: entity.to_string().into_bytes() }];
        let first = translate(Origin::Port, &inputs, &Existing::default(), &Missing::default());
        let files = first.files.iter().map(|file| (file.path.clone(), file.text.clone().into_bytes()));
        let second = translate(Origin::Port, &inputs, &Existing::read(files), &Missing::default());
        prop_assert_eq!(second.files, []);
        prop_assert_eq!(second.unchanged, first.files.len());
    }

    /// Whatever is given, an answer comes back.
    #[test]
    fn nothing_that_is_imported_stops_the_program(bytes in prop::collection::vec(any::<u8>(), 0..200), json in values()) {
        for bytes in [bytes, json.to_json().to_string().into_bytes()] {
            let inputs = [Input { name: "x".to_owned(), bytes }];
            translate(Origin::Port, &inputs, &Existing::default(), &Missing::default());
            translate(Origin::Backstage, &inputs, &Existing::default(), &Missing::default());
        }
    }
}

#[test]
fn quotes_stand_only_where_they_are_needed() {
    let plain = ["yes", "on", "2026-01-01", "1.8.0", "https://example.com/x", "a b", "alice@acme.dev", "12:30", "{{x", "…"];
    let shown: Vec<String> = plain.iter().map(|text| yaml::emit(&Value::from(*text), Kind::Entity)).collect();
    assert_eq!(
        shown,
        [
            "yes\n",
            "on\n",
            "2026-01-01\n",
            "1.8.0\n",
            "https://example.com/x\n",
            "a b\n",
            "alice@acme.dev\n",
            "12:30\n",
            "\"{{x\"\n",
            "\"…\"\n"
        ]
    );
    let quoted = ["1.10", "null", "true", "0x10", "a: b", ""];
    assert!(quoted.iter().all(|text| yaml::emit(&Value::from(*text), Kind::Entity).starts_with('"')));
}
