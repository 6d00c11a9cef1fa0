//! Compiles and runs programs, in the child. What goes wrong beyond an error of jq takes the whole process with it.

use std::collections::HashMap;

use jaq_core::load::lex::{self, Lexer, Token};
use jaq_core::load::parse::{Def, Parser, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, unwrap_valr};

use jaq_json::Val;

use super::convert::{Outputs, Unfit, to_engine};
use super::protocol::Answer;
use super::vocabulary::{Data, adapt, definitions, functions};

/// How many compiled programs are kept: many entities share few.
const COMPILED: usize = 64;
/// The longest error that is told, in characters: jq puts values into its errors.
const TOLD: usize = 300;
/// The name that a program is compiled under.
const PROGRAM: &str = "expression";

/// Programs, compiled, and what they may yield.
pub(super) struct Engine {
    output_bytes: usize,
    definitions: Vec<Def<&'static str>>,
    compiled: HashMap<String, Filter<Data>>,
}

impl Engine {
    /// One whose programs yield at most so many bytes.
    pub(super) fn new(output_bytes: usize) -> Self {
        Self { output_bytes, definitions: definitions(), compiled: HashMap::new() }
    }

    /// Whether a program compiles.
    pub(super) fn check(&mut self, program: &str) -> Answer {
        match self.compiled(program) {
            Ok(_) => Answer::Compiles,
            Err(why) => Answer::Syntax(why),
        }
    }

    /// What a program yields. Everything that it made is gone when this returns, so that whoever reads the answer knows that
    /// the process outlived it.
    pub(super) fn evaluate(&mut self, program: &str, input: serde_json::Value) -> Answer {
        let mut outputs = Outputs::new(self.output_bytes);
        let filter = match self.compiled(program) {
            Ok(filter) => filter,
            Err(why) => return Answer::Syntax(why),
        };
        let context = Ctx::<Data>::new(&filter.lut, Vars::new([]));
        for output in filter.id.run((context, to_engine(input))).map(unwrap_valr) {
            let value = match output {
                Ok(value) => value,
                Err(error) => return Answer::Failed(told(&text_of(error.into_val()))),
            };
            match outputs.take(&value) {
                Ok(()) => {}
                Err(Unfit::TooMuch) => return Answer::TooMuch,
                Err(Unfit::NotJson(why)) => return Answer::Failed(why.into()),
            }
        }
        Answer::Outputs(outputs.values)
    }

    fn compiled(&mut self, program: &str) -> Result<&Filter<Data>, String> {
        if !self.compiled.contains_key(program) {
            if self.compiled.len() >= COMPILED {
                self.compiled.clear();
            }
            let filter = self.compile(program).map_err(|why| told(&why))?;
            self.compiled.insert(program.to_owned(), filter);
        }
        self.compiled.get(program).ok_or_else(|| "it was forgotten".to_owned())
    }

    /// The program becomes a definition beside those of the library, as only definitions are taken as already parsed; parsed by
    /// ourselves it may be adapted, and knows neither modules nor files.
    fn compile(&self, program: &str) -> Result<Filter<Data>, String> {
        let mut body = parse(program)?;
        adapt(&mut body);
        let expression = Def { name: PROGRAM, args: Vec::new(), body };
        let prelude = self.definitions.iter().map(|def| Def { name: def.name, args: def.args.clone(), body: def.body.clone() });
        let arena = Arena::default();
        let modules = Loader::new(prelude.chain([expression]))
            .load(&arena, File { code: PROGRAM, path: () })
            .map_err(|_| "it cannot be loaded".to_owned())?;
        Compiler::default().with_funs(functions()).compile(modules).map_err(|errors| {
            let mut undefined = errors.iter().flat_map(|(_, errors)| errors).map(|(name, what)| match what {
                jaq_core::compile::Undefined::Filter(0) => format!("there is no `{name}` here"),
                jaq_core::compile::Undefined::Filter(arguments) => format!("there is no `{name}` of {arguments} arguments here"),
                what => format!("there is no {} `{name}`", what.as_str()),
            });
            undefined.next().unwrap_or_else(|| "it does not compile".into())
        })
    }
}

fn parse(program: &str) -> Result<Term<&str>, String> {
    let tokens = Lexer::new(program).lex().map_err(|errors| match errors.first() {
        Some((lex::Expect::Delim(open), _)) => format!("`{open}` is not closed"),
        Some((expected, found)) => format!("{} is expected{}", expected.as_str(), before(found)),
        None => "it cannot be read".into(),
    })?;
    Parser::new(&tokens).parse(|parser| parser.term()).map_err(|errors| match errors.first() {
        Some((expected, found)) => {
            format!("{} is expected{}", expected.as_str(), before(Token::opt_as_str(*found, program)))
        }
        None => "it cannot be read".into(),
    })
}

fn before(rest: &str) -> String {
    match rest.trim() {
        "" => " at the end".into(),
        rest => format!(" before `{}`", rest.chars().take(20).collect::<String>()),
    }
}

/// An error as it was thrown: texts without quotes.
fn text_of(error: Val) -> String {
    match error {
        Val::TStr(text) => String::from_utf8_lossy(&text).into_owned(),
        other => other.to_string(),
    }
}

fn told(error: &str) -> String {
    if error.chars().nth(TOLD).is_none() {
        return error.to_owned();
    }
    error.chars().take(TOLD).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn yields(program: &str, input: serde_json::Value) -> String {
        match Engine::new(1000).evaluate(program, input) {
            Answer::Outputs(outputs) => outputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_vocabulary_compiles_and_computes() {
        let input = serde_json::json!({"a": 10, "b": ["x", null]});
        assert_eq!(yields(".a, .b", input.clone()), r#"10 ["x",null]"#);
        assert_eq!(yields(r#""\(.a / 4) of \(.a / 2)""#, input.clone()), r#""2.5 of 5""#);
        assert_eq!(yields("(.a / 2) | tostring, tojson", input.clone()), r#""5" "5""#);
        assert_eq!(yields(".b | @csv", input.clone()), r#""\"x\",""#);
        assert_eq!(yields(".a / 0", input.clone()), r#"Failed("it divides by zero")"#);
        assert_eq!(yields(".a /= 0", input), r#"Failed("it divides by zero")"#);
    }

    #[test]
    fn what_does_not_compile_says_why() {
        for (program, why) in [
            ("env", "there is no `env` here"),
            ("$ENV", "there is no variable `$ENV`"),
            (".[", "`[` is not closed"),
            ("if .a then 1 else", "term is expected at the end"),
            ("", "term is expected at the end"),
            ("map(.a; 1)", "there is no `map` of 2 arguments here"),
        ] {
            assert_eq!(yields(program, serde_json::Value::Null), format!("Syntax({why:?})"), "{program}");
        }
    }
}
