//! Expressions as they are evaluated for real: by the program itself, in its child process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on says so

mod differential;
mod hostile;

use portcullis::jq::Jq;
use portcullis::model::Value;

fn evaluator() -> Jq {
    Jq::new(env!("CARGO_BIN_EXE_portcullis").into())
}

fn value(json: serde_json::Value) -> Value {
    Value::from_json(&json)
}
