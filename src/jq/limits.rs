//! How much an expression may take before it is ended.

use std::time::Duration;

/// The bounds of one evaluation, and of the children that evaluate.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// The longest program, in bytes.
    pub program_bytes: usize,
    /// The largest input, in bytes of JSON.
    pub input_bytes: usize,
    /// The most that a program may yield, in bytes, over all its outputs.
    pub output_bytes: usize,
    /// The address space of a child, in bytes: the program itself, its stack, and what the expression makes.
    pub memory_bytes: u64,
    /// The processor time of one evaluation, in whole seconds; at least one. A child is granted up to one second more.
    pub seconds: u64,
    /// How many children evaluate at a time.
    pub children: usize,
}

impl Default for Limits {
    /// 16 KiB of program, 4 MiB of input, 1 MiB of output, 512 MiB of address space, 1 s, two at a time.
    fn default() -> Self {
        Self {
            program_bytes: 16 * 1024,
            input_bytes: 4 * 1024 * 1024,
            output_bytes: 1024 * 1024,
            memory_bytes: 512 * 1024 * 1024,
            seconds: 1,
            children: 2,
        }
    }
}

impl Limits {
    /// How long the parent waits for an answer before it kills the child.
    ///
    /// What is counted is processor time, which the kernel bounds. This is longer, so that a busy machine turns no sound program
    /// into a refusal; it ends what waits without computing.
    pub fn patience(&self) -> Duration {
        Duration::from_secs(self.seconds.max(1).saturating_mul(5))
    }

    /// The most that a question comes to: the program may double when written as JSON.
    pub(super) fn question_bytes(&self) -> usize {
        self.input_bytes.saturating_add(self.program_bytes.saturating_mul(2)).saturating_add(1024)
    }

    /// The most that an answer comes to: text may grow sixfold when written as JSON.
    pub(super) fn answer_bytes(&self) -> usize {
        self.output_bytes.saturating_mul(6).saturating_add(1024)
    }
}
