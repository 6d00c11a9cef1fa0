//! jq, evaluated where it can do no harm: in a child process of our own program with bounded memory, time and output.
//!
//! [`Jq`] is the parent's side, an implementation of [`crate::model::Expressions`]; [`work`] is the child's. Programs are
//! compiled and run in the child alone, as some of them loop, exhaust memory or overflow the stack. The child has an empty
//! environment, no files, no network worth the name and nothing of the repository but what it is asked about.

mod cache;
mod child;
mod convert;
mod engine;
mod limits;
mod pool;
mod protocol;
mod vocabulary;
mod worker;

use std::path::PathBuf;

pub use limits::Limits;
pub use worker::{SUBCOMMAND, work};

use crate::model::{ExpressionError, Expressions, Value};
use cache::Cache;
use pool::Pool;
use protocol::{Answer, Question};

/// Evaluates jq in child processes, which are started when first asked and kept for the next question.
///
/// Shared freely between threads: as many questions as [`Limits::children`] are answered at a time, the others wait, and each
/// ends within [`Limits::patience`]. Dropping it kills the children.
#[derive(Debug)]
pub struct Jq {
    limits: Limits,
    pool: Pool,
    cache: Cache,
}

impl Jq {
    /// Asks children that run `program jq-worker`: the `portcullis` program itself.
    pub fn new(program: PathBuf) -> Self {
        Self::with_limits(program, Limits::default())
    }

    /// The same within other limits.
    pub fn with_limits(program: PathBuf, limits: Limits) -> Self {
        Self { limits, pool: Pool::new(program, limits), cache: Cache::new() }
    }

    fn ask(&self, program: &str, input: Option<&Value>) -> Result<Vec<Value>, ExpressionError> {
        if program.len() > self.limits.program_bytes {
            return Err(ExpressionError::TooLong(self.limits.program_bytes));
        }
        let question = match input {
            None => Question::Check { program: program.into() },
            Some(input) => Question::Evaluate { program: program.into(), input: input.to_json() },
        };
        let asked = serde_json::to_vec(&question).map_err(|error| ExpressionError::Failed(error.to_string()))?;
        if asked.len() > self.limits.question_bytes() {
            let most = self.limits.input_bytes;
            return Err(ExpressionError::Failed(format!("its input is larger than {most} bytes")));
        }
        if let Some(known) = self.cache.get(&asked) {
            return known;
        }
        let answer = self.pool.ask(&asked).and_then(|answer| self.read(answer));
        self.cache.put(asked, &answer);
        answer
    }

    fn read(&self, answer: Answer) -> Result<Vec<Value>, ExpressionError> {
        match answer {
            Answer::Compiles => Ok(Vec::new()),
            Answer::Outputs(outputs) => Ok(outputs.iter().map(Value::from_json).collect()),
            Answer::Syntax(why) => Err(ExpressionError::Syntax(why)),
            Answer::Failed(why) => Err(ExpressionError::Failed(why)),
            Answer::TooMuch => Err(ExpressionError::TooMuchOutput(self.limits.output_bytes)),
        }
    }
}

impl Expressions for Jq {
    fn check(&self, program: &str) -> Result<(), ExpressionError> {
        self.ask(program, None).map(drop)
    }

    fn evaluate(&self, program: &str, input: &Value) -> Result<Vec<Value>, ExpressionError> {
        self.ask(program, Some(input))
    }
}
