//! Expressions, evaluated for real: whatever they do ends within their bounds, and the next question is answered.

use std::time::Duration;

use portcullis::jq::{Jq, Limits};
use portcullis::model::{ExpressionError, Expressions as _, Value};
use serde_json::json;

use crate::engine::Target;

pub(crate) struct Expression {
    jq: Jq,
    limits: Limits,
    input: Value,
}

impl Expression {
    pub(crate) fn new() -> Self {
        let limits = Limits { memory_bytes: 256 << 20, output_bytes: 64 << 10, program_bytes: 8 << 10, ..Limits::default() };
        let input = json!({"properties": {"n": 7, "s": "text", "l": [3, 1, 2], "o": {"a": null}}, "team": ["red", "blue"]});
        Self { jq: Jq::with_limits(env!("CARGO_BIN_EXE_portcullis").into(), limits), limits, input: Value::from_json(&input) }
    }
}

impl Target for Expression {
    fn name(&self) -> &'static str {
        "jq"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        [
            ".properties.n + 1",
            ".properties.l | sort | map(. * 2) | add",
            "if .properties.s then \"a\\(.team)b\" else empty end",
            "[.team[] | ascii_upcase]",
            "reduce range(10) as $i (0; . + $i)",
            "def f(x): x * 2; f(3)",
            ".properties | to_entries | length",
            "try error(\"x\") catch .",
            "[limit(3; repeat(1))]",
            "\"2026-01-01T00:00:00Z\" | fromdate",
            ".properties.s | test(\"t.x\")",
            "now > 0",
            "[range(1e9)]",
            "\"x\" * 70000",
            "$ENV, env, input",
            "@base64 \"\\(.)\"",
            ".. | numbers",
            "label $out | foreach .[] as $i (0; .; break $out)",
        ]
        .iter()
        .map(|text| text.as_bytes().to_vec())
        .collect()
    }

    fn dictionary(&self) -> &'static [&'static str] {
        &[
            "|",
            ".",
            "..",
            "[",
            "]",
            "(",
            ")",
            "{",
            "}",
            ",",
            "range(1e12)",
            "repeat(.)",
            "until(false; .)",
            "def f: f; f",
            "* 1e9",
            "add",
            "tojson",
            "fromjson",
            "explode",
            "implode",
            "limit(1000000000; ",
            "recurse",
            "env",
            "$ENV",
            "input",
            "inputs",
            "debug",
            "stderr",
            "halt",
            "halt_error",
            "input_filename",
            "$__loc__",
            "import \"a\" as a;",
            "include \"x\";",
            "getpath([])",
            "paths",
            "splits(\"a*\")",
            "gsub(\"(a*)*\"; \"b\")",
            "ltrimstr",
            "pow(10; 300)",
            "nan",
            "infinite",
            "sort_by(.)",
            "group_by(.)",
            "@sh",
            "@json",
            "@uri",
            "strftime(\"%Z\")",
            "mktime",
            "as $x",
            "//",
            "?//",
            "\\(",
            "try ",
            "catch ",
            "error",
            "limit(0; .)",
            "first(empty)",
            "ascii",
            "combinations",
            "walk(.)",
            "transpose",
            "todate",
            "1e1000",
            "-1",
            "\"\"",
        ]
    }

    fn execute(&self, input: &[u8]) -> String {
        let program = String::from_utf8_lossy(input);
        let answer = self.jq.evaluate(&program, &self.input);
        let again = self.jq.evaluate(".properties.l[1]", &self.input);
        assert_eq!(again, Ok(vec![Value::Int(1)]), "the next question is answered");
        match answer {
            Ok(outputs) => {
                let written: usize = outputs.iter().map(|output| output.canonical().len()).sum();
                // A number may be longer in our spelling than in the worker's, by no more than its digits.
                assert!(written <= self.limits.output_bytes * 8, "{written} bytes were let through");
                format!("{} outputs", outputs.len().min(4))
            }
            Err(ExpressionError::Syntax(why)) => format!("syntax: {}", words(&why)),
            Err(ExpressionError::Failed(why)) => format!("failed: {}", words(&why)),
            Err(other) => words(&other.to_string()),
        }
    }

    /// One that was warm and crashed is replaced, and the question asked again; and then comes the one after it.
    fn patience(&self) -> Duration {
        self.limits.patience() * 4 + Duration::from_secs(20)
    }
}

/// The first words of an error, which tell its kind.
fn words(text: &str) -> String {
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}
