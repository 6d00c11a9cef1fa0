//! jq as the core knows it: an evaluator that is passed in, because a program may loop or abort whoever runs it.

use std::fmt;

use super::Value;

/// Evaluates jq programs; the same program over the same input always yields the same.
///
/// Implementations bound the program's size, time, memory and output, and give it neither environment nor files.
pub trait Expressions: Send + Sync + fmt::Debug {
    /// Whether a program compiles.
    ///
    /// # Errors
    /// Why it does not, or why nobody can tell.
    fn check(&self, program: &str) -> Result<(), ExpressionError>;

    /// Every output of a program over one input, in order.
    ///
    /// # Errors
    /// Why there is no answer. Whoever asks treats it as "no".
    fn evaluate(&self, program: &str, input: &Value) -> Result<Vec<Value>, ExpressionError>;
}

/// Why an expression has no answer.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ExpressionError {
    /// It does not compile.
    #[error("it is not valid jq: {0}")]
    Syntax(String),
    /// It ended in an error of its own, `error("…")` or a wrong type.
    #[error("it fails: {0}")]
    Failed(String),
    /// The program is longer than allowed.
    #[error("it is longer than {0} bytes")]
    TooLong(usize),
    /// It took longer than allowed.
    #[error("it does not end in time")]
    TimedOut,
    /// It wanted more memory than allowed, or brought its process down.
    #[error("it takes more memory than it may, or aborts")]
    Crashed,
    /// It wrote more than allowed.
    #[error("it yields more than {0} bytes")]
    TooMuchOutput(usize),
    /// Nobody evaluates expressions here.
    #[error("expressions cannot be evaluated here: {0}")]
    Unavailable(String),
}

/// Evaluates nothing: what stands where no evaluator was passed in.
#[derive(Clone, Copy, Debug)]
pub struct NoExpressions;

impl Expressions for NoExpressions {
    fn check(&self, _program: &str) -> Result<(), ExpressionError> {
        Err(ExpressionError::Unavailable("no evaluator was given".into()))
    }

    fn evaluate(&self, _program: &str, _input: &Value) -> Result<Vec<Value>, ExpressionError> {
        Err(ExpressionError::Unavailable("no evaluator was given".into()))
    }
}
