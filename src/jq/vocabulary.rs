//! Which words an expression may use: those of jq that depend on the input alone.

use jaq_core::data::JustLut;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::native::{Fun, bome, run, v};
use jaq_core::path::Part;
use jaq_json::Val;

use super::convert::write_text;

/// The data that filters work on: values, and nothing else.
pub(super) type Data = JustLut<Val>;

/// Definitions and natives that tell of the surroundings, of the clock, or end the process.
const FORBIDDEN: &[&str] = &[
    "env",
    "now",
    "halt",
    "halt_error",
    "debug",
    "debug_empty",
    "stderr",
    "stderr_empty",
    "localtime",
    "strflocaltime",
    "input",
    "inputs",
    "input_filename",
    "input_line_number",
];
/// What is written otherwise below, and would hide it.
const REPLACED: &[&str] = &["tojson", "tostring", "@text"];
/// How anything becomes text; before all others, as they build on it.
const TEXT: &str = "def text_of: if . >= \"\" and . < [] then . else tojson end; def tostring: text_of; def @text: text_of;";

/// The functions written in Rust.
pub(super) fn functions() -> impl Iterator<Item = Fun<Data>> {
    let tojson = run::<Data>(("tojson", v(0), |cv| {
        let mut text = String::new();
        write_text(&cv.1, &mut text);
        bome(Ok(Val::from(text)))
    }));
    jaq_core::funs::<Data>()
        .chain(jaq_std::funs::<Data>())
        .chain(jaq_json::funs::<Data>())
        .filter(|(name, ..)| !FORBIDDEN.contains(name) && !REPLACED.contains(name))
        .chain([tojson])
}

/// The functions written in jq. Each may use those before it, and hides one of its name that stands before it.
pub(super) fn definitions() -> Vec<Def<&'static str>> {
    let read = |text: &'static str| jaq_core::load::parse(text, |p| p.defs()).unwrap_or_default();
    let theirs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let theirs = theirs.filter(|def| !FORBIDDEN.contains(&def.name) && !REPLACED.contains(&def.name));
    let mut all: Vec<_> = read(TEXT).into_iter().chain(theirs).chain(read(include_str!("definitions.jq"))).collect();
    for def in &mut all {
        interpolate(&mut def.body);
    }
    all
}

/// Makes a program ready to compile: what stands in its texts is written as jq writes it, and dividing by zero is an error.
pub(super) fn adapt(term: &mut Term<&str>) {
    interpolate(term);
    each(term, &mut |term| {
        let Term::BinOp(_, operator, divisor) = term else { return };
        let divides = match operator {
            BinaryOp::Math(math) | BinaryOp::UpdateMath(math) => math.as_str() == "/",
            _ => false,
        };
        if divides {
            let checked = Term::Call("divisor", Vec::new());
            let given = std::mem::take(&mut **divisor);
            **divisor = Term::BinOp(Box::new(given), BinaryOp::Pipe(None), Box::new(checked));
        }
    });
}

/// `"\(x)"` is written by `@text`, which is ours, instead of by the engine.
fn interpolate(term: &mut Term<&str>) {
    each(term, &mut |term| {
        if let Term::Str(format @ None, parts) = term
            && parts.iter().any(|part| matches!(part, StrPart::Term(_)))
        {
            *format = Some("@text");
        }
    });
}

/// Visits a term and all that is in it, innermost first. As deep as the term is, which its parser was too.
fn each<'s>(term: &mut Term<&'s str>, visit: &mut impl FnMut(&mut Term<&'s str>)) {
    match term {
        Term::Id | Term::Recurse | Term::Num(_) | Term::Arr(None) | Term::Break(_) | Term::Var(_) => {}
        Term::Str(_, parts) => parts.iter_mut().for_each(|part| {
            if let StrPart::Term(term) = part {
                each(term, visit);
            }
        }),
        Term::Arr(Some(inner)) | Term::Neg(inner) | Term::Label(_, inner) => each(inner, visit),
        Term::Obj(pairs) => pairs.iter_mut().for_each(|(key, value)| {
            each(key, visit);
            value.iter_mut().for_each(|value| each(value, visit));
        }),
        Term::BinOp(left, operator, right) => {
            each(left, visit);
            if let BinaryOp::Pipe(Some(pattern)) = operator {
                each_in_pattern(pattern, visit);
            }
            each(right, visit);
        }
        Term::Fold(_, source, pattern, bodies) => {
            each(source, visit);
            each_in_pattern(pattern, visit);
            bodies.iter_mut().for_each(|body| each(body, visit));
        }
        Term::TryCatch(body, handler) => {
            each(body, visit);
            handler.iter_mut().for_each(|handler| each(handler, visit));
        }
        Term::IfThenElse(branches, otherwise) => {
            branches.iter_mut().for_each(|(condition, body)| {
                each(condition, visit);
                each(body, visit);
            });
            otherwise.iter_mut().for_each(|body| each(body, visit));
        }
        Term::Def(defs, body) => {
            defs.iter_mut().for_each(|def| each(&mut def.body, visit));
            each(body, visit);
        }
        Term::Call(_, arguments) => arguments.iter_mut().for_each(|argument| each(argument, visit)),
        Term::Path(head, path) => {
            each(head, visit);
            path.0.iter_mut().for_each(|(part, _)| match part {
                Part::Index(index) => each(index, visit),
                Part::Range(from, to) => from.iter_mut().chain(to).for_each(|bound| each(bound, visit)),
            });
        }
    }
    visit(term);
}

fn each_in_pattern<'s>(pattern: &mut Pattern<&'s str>, visit: &mut impl FnMut(&mut Term<&'s str>)) {
    match pattern {
        Pattern::Var(_) => {}
        Pattern::Arr(patterns) => patterns.iter_mut().for_each(|pattern| each_in_pattern(pattern, visit)),
        Pattern::Obj(pairs) => pairs.iter_mut().for_each(|(key, pattern)| {
            each(key, visit);
            each_in_pattern(pattern, visit);
        }),
    }
}
