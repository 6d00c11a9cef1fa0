//! The evaluator of jq that a catalog carries along, so that whoever judges by it can ask.

use std::sync::Arc;

use crate::model::{Expressions, NoExpressions};

use super::Catalog;

/// The evaluator of one catalog and of every catalog made from it.
#[derive(Clone, Debug)]
pub(super) struct Evaluator(Arc<dyn Expressions>);

impl Default for Evaluator {
    /// Evaluates nothing, so that what depends on an expression is refused.
    fn default() -> Self {
        Self(Arc::new(NoExpressions))
    }
}

impl Catalog {
    /// An empty catalog whose expressions `evaluator` evaluates; every catalog made from it by [`Self::apply`] keeps it.
    pub fn with_expressions(evaluator: Arc<dyn Expressions>) -> Self {
        let mut empty = Self::default();
        empty.evaluator = Evaluator(evaluator);
        empty
    }

    /// Who evaluates jq here. Where nobody was given, every question ends in an error.
    pub fn expressions(&self) -> &dyn Expressions {
        &*self.evaluator.0
    }
}
