//! The children at hand: so many work at a time, the others' questions wait.

use std::path::PathBuf;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::model::ExpressionError;

use super::Limits;
use super::child::Child;
use super::protocol::Answer;

/// Children that wait for work, and how many are at it.
#[derive(Debug)]
pub(super) struct Pool {
    program: PathBuf,
    limits: Limits,
    state: Mutex<State>,
    freed: Condvar,
}

#[derive(Default, Debug)]
struct State {
    idle: Vec<Child>,
    busy: usize,
}

impl Pool {
    pub(super) fn new(program: PathBuf, limits: Limits) -> Self {
        Self { program, limits, state: Mutex::default(), freed: Condvar::new() }
    }

    /// Asks a child that waits, or a new one.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(super) fn ask(&self, question: &[u8]) -> Result<Answer, ExpressionError> {
        let seat = self.seat();
        let waiting = self.state().idle.pop(); // in a line of its own, so that nothing is locked while the child works
        if let Some(mut child) = waiting {
            match child.ask(question, &self.limits) {
                // It may have been spent by what came before, and this question is not to blame: ask a fresh one.
                Err(ExpressionError::Crashed) => drop(child),
                answer => return self.settle(seat, child, answer),
            }
        }
        let mut child = Child::start(&self.program, &self.limits)?;
        let answer = child.ask(question, &self.limits);
        self.settle(seat, child, answer)
    }

    /// Keeps a child that may be asked again, before its seat is given to the next.
    fn settle(&self, seat: Seat<'_>, child: Child, answer: Result<Answer, ExpressionError>) -> Result<Answer, ExpressionError> {
        if answer.is_ok() && !child.is_worn() {
            self.state().idle.push(child);
        }
        drop(seat);
        answer
    }

    /// Waits for a place to work in. Whoever holds one gives it back within the patience of the limits.
    fn seat(&self) -> Seat<'_> {
        let mut state = self.state();
        while state.busy >= self.limits.children.max(1) {
            state = self.freed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.busy += 1;
        Seat(self)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing is half done while it is held.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place to work in, given back when dropped, also when a thread panics.
struct Seat<'a>(&'a Pool);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy = state.busy.saturating_sub(1);
        drop(state);
        self.0.freed.notify_one();
    }
}
