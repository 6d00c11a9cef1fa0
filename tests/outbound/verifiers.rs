//! The programs of `docs/webhooks.md`, run by the real interpreters on what is really sent.

use std::io::Write as _;
use std::process::{Command, Stdio};

use portcullis::execute::Performer as _;
use serde_json::{Value, json};

use crate::sink::Sink;
use crate::webhook::{SIGNING, header, order, performer};

const PAGE: &str = include_str!("../../docs/webhooks.md");

/// The program in the fence of a language that defines something.
fn program(language: &str, defines: &str) -> String {
    let fence = format!("\n```{language}\n");
    let mut fences = PAGE.split(&fence).skip(1).map(|rest| rest.split("\n```").next().unwrap());
    fences.find(|text| text.contains(defines)).expect(defines).to_owned()
}

/// What a program prints when it is given a value.
fn run(interpreter: &[&str], program: &str, input: &Value) -> Value {
    let mut child = Command::new(interpreter[0])
        .args(&interpreter[1..])
        .arg(program)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start ({error}): run scripts/test, which sees to it", interpreter[0]));
    child.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Requests, and whether each is to be believed: one as it was sent, and what others make of it.
async fn cases() -> Vec<(Value, bool)> {
    let sink = Sink::answering("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await;
    performer(sink.policy()).perform(&order(&sink.url("/"))).await;
    let heard = sink.heard().remove(0);
    let body = heard.split_once("\r\n\r\n").unwrap().1;
    let headers: serde_json::Map<String, Value> = ["webhook-id", "webhook-timestamp", "webhook-signature"]
        .into_iter()
        .map(|name| (name.to_owned(), json!(header(&heard, name)[0])))
        .collect();
    let genuine = json!({"secret": SIGNING, "headers": headers, "body": body, "now": 1_700_000_100});
    let changed = |pointer: &str, value: Value| {
        let mut case = genuine.clone();
        *case.pointer_mut(pointer).unwrap() = value;
        case
    };
    let signature = headers["webhook-signature"].as_str().unwrap();
    vec![
        (genuine.clone(), true),
        (changed("/headers/webhook-signature", json!(format!("v1a,AAAA v1,AAAA {signature}"))), true),
        (changed("/body", json!(format!("{body} "))), false),
        (changed("/headers/webhook-id", json!("another")), false),
        (changed("/headers/webhook-timestamp", json!("1700000001")), false),
        (changed("/headers/webhook-timestamp", json!("x")), false),
        (changed("/headers/webhook-signature", json!("")), false),
        (changed("/headers/webhook-signature", json!("v1,")), false),
        (changed("/headers/webhook-signature", json!(signature.replace("v1,", "v2,"))), false),
        (changed("/headers", json!({})), false),
        (changed("/secret", json!("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")), false),
        (changed("/now", json!(1_700_000_900)), false),
        (changed("/now", json!(1_699_990_000)), false),
    ]
}

async fn believes_what_is_ours_alone(interpreter: &[&str], program: &str) {
    let (requests, expected): (Vec<Value>, Vec<bool>) = cases().await.into_iter().unzip();
    assert_eq!(run(interpreter, program, &json!(requests)), json!(expected));
}

#[tokio::test]
async fn the_verifier_in_python_believes_what_is_ours_alone() {
    let program = program("python", "def verify")
        + "\n\nimport json, sys\nprint(json.dumps([verify(c['secret'], c['headers'], c['body'].encode(), c['now']) for c in json.load(sys.stdin)]))";
    believes_what_is_ours_alone(&["python3", "-c"], &program).await;
}

#[tokio::test]
async fn the_verifier_in_node_believes_what_is_ours_alone() {
    let program = program("js", "function verify")
        + "\nconst cases = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));\nconsole.log(JSON.stringify(cases.map((c) => verify(c.secret, c.headers, Buffer.from(c.body), c.now))));";
    believes_what_is_ours_alone(&["node", "-e"], &program).await;
}

#[tokio::test]
async fn the_receiver_that_dedupes_performs_once_and_after_a_failure_again() {
    let program = program("python", "def perform_once")
        + r#"

import json, sys
done = []
def act():
    done.append(len(done))
    if len(done) == 1:
        raise OSError("the first fails, and is not remembered")
    return "done %d" % len(done)
database = sqlite3.connect(":memory:")
said = []
for key in json.load(sys.stdin):
    try:
        said.append(perform_once(database, key, act))
    except OSError:
        said.append("failed")
print(json.dumps(said))
"#;
    let said = run(&["python3", "-c"], &program, &json!(["a", "a", "a", "b", "a"]));
    assert_eq!(said, json!(["failed", "done 2", "done 2", "done 3", "done 2"]));
}
