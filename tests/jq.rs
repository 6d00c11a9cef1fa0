//! Expressions, evaluated by the program itself in its child process.
use portcullis::jq::Jq;
use portcullis::model::{Expressions, Value};

#[test]
fn try_it() {
    let jq = Jq::new(env!("CARGO_BIN_EXE_portcullis").into());
    let input = Value::from_json(&serde_json::json!({"a": 10, "b": [1, 2.5, "x"]}));
    for program in std::env::var("P").unwrap_or_else(|_| ".a".into()).split("@@") {
        let begun = std::time::Instant::now();
        let answer = jq.evaluate(program, &input);
        println!("{program}\n    {answer:?} {:?}", begun.elapsed());
    }
}
