//! What our evaluator yields is what the `jq` program yields, for the sort of programs that people write in a catalog.

use std::io::Write as _;
use std::process::{Command, Stdio};

use portcullis::model::{Expressions as _, Value};
use serde_json::json;

use crate::{evaluator, value};

/// One program a line.
const PROGRAMS: &str = include_str!("programs.txt");

/// Where we differ from jq, knowingly: the program, and why.
const DIFFERENT: &[(&str, &str)] = &[
    (".properties.tags[1:]", SLICE),
    (".properties.tags[:2]", SLICE),
    (".properties.tags | .[1:] | .[0]", SLICE),
    (".properties.url | .[0:5]", SLICE),
    (".properties.url | .[-3:]", SLICE),
    ("{} | .[0]", "an object has no item 0, which is null and no error"),
    (".properties.tags[0] = \"new\" | .properties.tags", "an item beyond the end of a list is not made by setting it"),
];
const SLICE: &str = "a slice of null is an error: write `(.x // [])[1:]`";

fn inputs() -> serde_json::Value {
    json!([
        {
            "identifier": "env-1", "title": "Env one", "blueprint": "Env", "team": ["platform"],
            "properties": {
                "cost": 12.5, "count": 3, "date": "2026-01-02T03:04:05Z", "nested": {"x": {"y": 1}}, "none": null, "on": true,
                "tags": ["a", "b", "c"], "url": "https://acme.dev/x?q=1"
            },
            "relations": {"env": "prod", "many": ["x", "y"]}
        },
        {
            "identifier": "env-2", "title": "It's \"two\"", "blueprint": "Env", "team": [],
            "properties": {"cost": 0, "count": 10, "nested": {}, "on": false, "tags": [], "url": "<a href='x'>&</a>"},
            "relations": {}
        },
        {"identifier": "bare", "title": "Bare", "properties": {}, "relations": {"env": null}}
    ])
}

/// What `jq` yields for each input: its outputs, or `"failed"`.
fn by_jq(program: &str, inputs: &serde_json::Value) -> Option<serde_json::Value> {
    let each = format!("[.[] | try [{program}] catch \"failed\"]");
    let mut jq = Command::new("jq");
    jq.args(["-c", &each]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut jq = jq.spawn().expect("the `jq` program is missing: run scripts/test, which installs it");
    let _ = jq.stdin.take().unwrap().write_all(value(inputs.clone()).canonical().as_bytes());
    let output = jq.wait_with_output().unwrap();
    output.status.success().then(|| serde_json::from_slice(&output.stdout).unwrap())
}

/// The same by ours.
fn by_us(program: &str, inputs: &serde_json::Value) -> Vec<Value> {
    let jq = evaluator_once();
    let answer = |input: &serde_json::Value| match jq.evaluate(program, &value(input.clone())) {
        Ok(outputs) => Value::List(outputs.into()),
        Err(_) => Value::from("failed"),
    };
    inputs.as_array().unwrap().iter().map(answer).collect()
}

fn evaluator_once() -> &'static portcullis::jq::Jq {
    static ONCE: std::sync::OnceLock<portcullis::jq::Jq> = std::sync::OnceLock::new();
    ONCE.get_or_init(evaluator)
}

/// Whether two values are one, but for the last digits of a float.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => (a - b).abs() <= a.abs() * 1e-12,
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Map(a), Value::Map(b)) => a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && alike(a, b)),
        _ => a == b,
    }
}

#[test]
fn programs_yield_what_jq_yields() {
    let inputs = inputs();
    let mut wrong = Vec::new();
    for program in PROGRAMS.lines().filter(|line| !DIFFERENT.iter().any(|(known, _)| known == line)) {
        let ours = by_us(program, &inputs);
        let theirs = match by_jq(program, &inputs) {
            Some(theirs) => theirs.as_array().unwrap().iter().map(Value::from_json).collect(),
            None => vec![Value::from("failed"); ours.len()],
        };
        if ours.len() != theirs.len() || !ours.iter().zip(&theirs).all(|(ours, theirs)| alike(ours, theirs)) {
            let why = evaluator_once().evaluate(program, &value(inputs[0].clone())).err();
            wrong.push(format!("{program}\n  jq:   {theirs:?}\n  ours: {ours:?} {why:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {} programs differ:\n{}", wrong.len(), PROGRAMS.lines().count(), wrong.join("\n"));
}

#[test]
fn a_known_difference_is_one() {
    for (program, why) in DIFFERENT {
        let theirs = by_jq(program, &inputs()).map(|theirs| theirs.as_array().unwrap().iter().map(Value::from_json).collect());
        assert_ne!(Some(by_us(program, &inputs())), theirs, "no difference any more: {program} ({why})");
    }
}
