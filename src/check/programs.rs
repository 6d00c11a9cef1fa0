//! Has the programs that a change brings compiled, as many as one judgement can bear.
//!
//! Each program is bounded by itself, and a change may bring thousands: whoever pushes them must not keep the judge busy for
//! hours.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;

use crate::catalog::Catalog;
use crate::model::ExpressionError;

/// What all programs of one judgement may cost. A nested program takes time with the square of its length, so that is what
/// it costs: sixteen of the longest there may be, or some twenty thousand short ones.
const BUDGET: u64 = 16 * 16_384 * 16_384;
/// What the shortest program costs.
const LEAST: u64 = 200_000;
/// How many programs may run out of time or memory before no other is tried.
const MISFORTUNES: u32 = 3;

/// What is left to spend in one judgement. Clones spend together.
#[derive(Clone, Debug)]
pub(super) struct Programs(Rc<Left>);

#[derive(Debug)]
struct Left {
    budget: Cell<u64>,
    misfortunes: Cell<u32>,
    /// Compiled in this judgement before, and remembered by the evaluator: these cost nothing.
    seen: RefCell<BTreeSet<Box<str>>>,
}

impl Default for Programs {
    fn default() -> Self {
        Self(Rc::new(Left { budget: Cell::new(BUDGET), misfortunes: Cell::new(MISFORTUNES), seen: RefCell::default() }))
    }
}

impl Programs {
    /// Whether a program compiles.
    ///
    /// # Errors
    /// Why it does not, or why nobody can tell; [`ExpressionError::Unavailable`] where too much was asked before.
    pub(super) fn check(&self, catalog: &Catalog, program: &str) -> Result<(), ExpressionError> {
        let left = &*self.0;
        if left.misfortunes.get() == 0 {
            return Err(ExpressionError::Unavailable(format!("{MISFORTUNES} other programs of this change do not end in time")));
        }
        if !left.seen.borrow().contains(program) {
            let length = u64::try_from(program.len()).unwrap_or(u64::MAX);
            let cost = length.saturating_mul(length).max(LEAST);
            let Some(rest) = left.budget.get().checked_sub(cost) else {
                return Err(ExpressionError::Unavailable("this change holds more programs than one judgement compiles".into()));
            };
            left.budget.set(rest);
            left.seen.borrow_mut().insert(program.into());
        }
        let answer = catalog.expressions().check(program);
        if matches!(answer, Err(ExpressionError::TimedOut | ExpressionError::Crashed)) {
            left.misfortunes.set(left.misfortunes.get().saturating_sub(1));
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::model::{Expressions, Value};

    /// Counts what it is asked; a program that says so never ends.
    #[derive(Debug, Default)]
    struct Counting(AtomicUsize);

    impl Expressions for Counting {
        fn check(&self, program: &str) -> Result<(), ExpressionError> {
            self.0.fetch_add(1, Ordering::Relaxed);
            if program.starts_with("loop") { Err(ExpressionError::TimedOut) } else { Ok(()) }
        }

        fn evaluate(&self, _: &str, _: &Value) -> Result<Vec<Value>, ExpressionError> {
            Ok(Vec::new())
        }
    }

    /// How many of these programs are really tried.
    fn tried(programs: impl Iterator<Item = String>) -> usize {
        let counting = Arc::new(Counting::default());
        let catalog = Catalog::with_expressions(counting.clone());
        let left = Programs::default();
        for program in programs {
            let _ = left.clone().check(&catalog, &program);
        }
        counting.0.load(Ordering::Relaxed)
    }

    #[test]
    fn a_change_cannot_bring_so_many_programs_that_judging_it_never_ends() {
        assert_eq!(tried((0..1000).map(|n| format!("loop {n}"))), 3, "those that do not end");
        assert_eq!(tried((0..1000).map(|n| format!("{n:016384}"))), 16, "long ones");
        assert!(tried((0..100_000).map(|n| n.to_string())) < 25_000, "and short ones");
        assert_eq!(tried((0..100_000).map(|_| ".a".to_owned())), 100_000, "what was compiled costs nothing again");
    }

    #[test]
    fn what_is_not_tried_is_not_let_through() {
        let catalog = Catalog::with_expressions(Arc::new(Counting::default()));
        let left = Programs::default();
        for n in 0..3 {
            assert_eq!(left.check(&catalog, &format!("loop {n}")), Err(ExpressionError::TimedOut));
        }
        assert!(matches!(left.check(&catalog, "."), Err(ExpressionError::Unavailable(_))));
    }
}
