//! Programs that loop, exhaust, pry or abort: each ends in an error, within its bounds, and the next question is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis::jq::{Jq, Limits};
use portcullis::model::{ExpressionError as E, Expressions as _, Value};
use serde_json::json;

use crate::{evaluator, value};

/// Asks, and sees to it that it ended in time and that the evaluator is none the worse.
#[track_caller]
fn refused(jq: &Jq, program: &str) -> E {
    let begun = Instant::now();
    let error = jq.evaluate(program, &value(json!({"a": [1, 2]}))).expect_err(program);
    // Twice the patience: a child that was warm and crashed is replaced, and the question asked again.
    assert!(begun.elapsed() < Limits::default().patience() * 2 + Duration::from_secs(20), "{program}: {:?}", begun.elapsed());
    assert_eq!(jq.evaluate(".a[1]", &value(json!({"a": [1, 2]}))), Ok(vec![Value::Int(2)]), "after {program}");
    error
}

#[test]
fn what_never_ends_is_ended() {
    let jq = evaluator();
    for program in ["def f: f; f", "[range(1e12)] | length", "last(range(1e15))", "until(false; .)", "last(repeat(1))"] {
        let error = refused(&jq, program);
        assert!(matches!(error, E::TimedOut | E::Crashed), "{program}: {error}");
    }
}

#[test]
fn what_takes_all_memory_is_ended() {
    let jq = evaluator();
    for program in [
        "\"x\" * 1000000000",
        "[limit(1000000000; repeat(1))]",
        "reduce range(1000000000) as $i (\"x\"; . + .)",
        "def f: [f]; f",
        "def f: 1 + f; f",
        "reduce range(10000000) as $i (0; [.]) | tojson",
        "[range(100000000)]",
        "reduce range(60) as $i ([1]; . + .) | tojson",
        "\"a\" * 1e9 | explode",
        "pow(10; 300) as $n | [range($n)]",
    ] {
        let error = refused(&jq, program);
        assert!(matches!(error, E::TimedOut | E::Crashed | E::TooMuchOutput(_) | E::Failed(_)), "{program}: {error}");
    }
}

#[test]
fn what_yields_too_much_is_ended() {
    let jq = evaluator();
    for program in ["reduce range(30) as $i ([1]; [., .])", "[range(300000)]", "repeat(1)", "\"x\" * 2000000"] {
        let error = refused(&jq, program);
        assert_eq!(error, E::TooMuchOutput(Limits::default().output_bytes), "{program}");
    }
}

#[test]
fn a_value_that_is_no_json_is_refused() {
    let jq = evaluator();
    for program in ["{(1, null): 2}", "reduce range(100) as $i (0; [.])", "\"x\" | tobytes"] {
        assert!(matches!(refused(&jq, program), E::Failed(_)), "{program}");
    }
}

#[test]
fn a_pattern_that_backtracks_is_bounded() {
    let jq = evaluator();
    let program = "\"a\" * 200 | test(\"(a*)*(a*)*(a*)*(a*)*(a*)*b$\")";
    match jq.evaluate(program, &Value::Null) {
        Ok(answer) => assert_eq!(answer, [Value::Bool(false)]),
        Err(error) => assert!(matches!(error, E::TimedOut | E::Crashed), "{error}"),
    }
}

#[test]
fn nothing_of_the_surroundings_is_there() {
    let jq = evaluator();
    for program in [
        "env",
        "env.HOME",
        "$ENV",
        "$ENV.PATH",
        "$__loc__",
        "$__prog_args",
        "input",
        "inputs",
        "input_filename",
        "input_line_number",
        "now",
        "localtime",
        "0 | strflocaltime(\"%Z\")",
        "halt",
        "halt(1)",
        "halt_error",
        "halt_error(3)",
        "debug",
        "debug(1)",
        "stderr",
        "debug_empty",
        "stderr_empty",
        "get_search_list",
        "import \"a\" as a; 1",
        "import \"/etc/passwd\" as $p; $p",
        "include \"a\"; 1",
        "a::b",
        "$nobody",
        "nosuch",
        ".[",
        "",
        "if",
        "\"unclosed",
    ] {
        let error = refused(&jq, program);
        assert!(matches!(error, E::Syntax(_)), "{program}: {error}");
        assert!(matches!(jq.check(program), Err(E::Syntax(_))), "{program}");
    }
}

#[test]
fn an_error_of_the_program_is_told_and_bounded() {
    let jq = evaluator();
    assert_eq!(refused(&jq, "error(\"no such size\")"), E::Failed("no such size".into()));
    let E::Failed(told) = refused(&jq, "error(\"x\" * 100000)") else { panic!() };
    assert!(told.chars().count() < 400, "{}", told.len());
    for program in ["[1] | @sh | ltrimstr(1) | .a", "{} | implode", "[-1000] | implode", "\"a\" | test(\"(\")", "{} - 1"] {
        assert!(matches!(refused(&jq, program), E::Failed(_) | E::Crashed), "{program}");
    }
}

#[test]
fn programs_and_inputs_have_a_size() {
    let jq = evaluator();
    let long = format!(".a{}", " ".repeat(17 * 1024));
    assert_eq!(refused(&jq, &long), E::TooLong(16 * 1024));
    assert_eq!(jq.check(&long), Err(E::TooLong(16 * 1024)));
    let large = Value::from("x".repeat(5 * 1024 * 1024).as_str());
    assert!(matches!(jq.evaluate("length", &large), Err(E::Failed(_))));
    let most = Value::from("x".repeat(4 * 1024 * 1024 - 1024).as_str());
    assert_eq!(jq.evaluate("length", &most), Ok(vec![Value::Int(4 * 1024 * 1024 - 1024)]));
}

#[test]
fn nesting_in_a_program_is_no_way_out() {
    let jq = evaluator();
    for (open, close) in [("[", "]"), ("(", ")"), ("{a:", "}"), ("-", ""), ("\"\\(", ")\""), ("if ", " then 1 else 2 end")] {
        let deep = format!("{}1{}", open.repeat(2000), close.repeat(2000));
        // Whether it compiles is the machine's matter; that it says so, or dies alone, is ours.
        let _ = jq.check(deep.get(..16 * 1024).unwrap_or(&deep));
        assert_eq!(jq.check(".a"), Ok(()), "after {open}");
    }
}

#[test]
fn children_are_warm_and_shared_between_threads() {
    let jq = Arc::new(evaluator());
    let ask = |n: i128| {
        let jq = jq.clone();
        std::thread::spawn(move || (0..50).map(|i| jq.evaluate(". * 2", &Value::Int(n * 1000 + i)).unwrap()).collect::<Vec<_>>())
    };
    let threads: Vec<_> = (0..6).map(ask).collect();
    for (n, thread) in (0..).zip(threads) {
        let want: Vec<_> = (0..50).map(|i| vec![Value::Int((n * 1000 + i) * 2)]).collect();
        assert_eq!(thread.join().unwrap(), want);
    }
}

#[test]
fn one_who_loops_does_not_keep_others_waiting_for_long() {
    let jq = Arc::new(evaluator());
    let loops = |n: i128| {
        let jq = jq.clone();
        std::thread::spawn(move || jq.evaluate("def f: f; f", &Value::Int(n)))
    };
    let looping: Vec<_> = (0..3).map(loops).collect();
    assert_eq!(jq.evaluate("1 + 1", &Value::Null), Ok(vec![Value::Int(2)]));
    assert!(looping.into_iter().all(|thread| thread.join().unwrap().is_err()));
}

#[test]
fn numbers_of_64_bits_are_kept() {
    let jq = evaluator();
    for number in [i128::from(i64::MIN), i128::from(i64::MAX), i128::from(u64::MAX), 9_007_199_254_740_993] {
        assert_eq!(jq.evaluate(".", &Value::Int(number)), Ok(vec![Value::Int(number)]));
    }
}

#[test]
fn without_a_program_to_start_everything_is_refused() {
    for program in ["/nonexistent/portcullis", "/bin/false", "/bin/true"] {
        let jq = Jq::new(program.into());
        assert!(matches!(jq.check("."), Err(E::Unavailable(_))), "{program}");
        assert!(matches!(jq.evaluate(".", &Value::Null), Err(E::Unavailable(_))), "{program}");
    }
}
