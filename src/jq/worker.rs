//! The child: bounds itself, greets, and answers one question after another until nobody asks any more.

use std::io::{self, Write as _};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::{ClockId, clock_gettime};

use super::engine::Engine;
use super::protocol::{Answer, GREETING, Question, read_frame, write_frame};

/// What the program is told to be a child: `portcullis jq-worker`.
pub const SUBCOMMAND: &str = "jq-worker";

/// The stack of a child, in bytes: the same on every machine, so that a deep recursion ends alike.
const STACK: u64 = 32 * 1024 * 1024;
/// The processor time of a child's whole life, in seconds: it ends one whose parent is gone.
const LIFETIME: u64 = 120;

/// Bounds this very process for good, and answers questions from standard input on standard output.
///
/// `memory` is the address space in bytes, `seconds` the processor time of one question, `output` the most bytes a program may
/// yield, `question` the longest question.
///
/// # Errors
/// Whatever keeps it from being bounded, or from talking to its parent.
pub fn work(memory: u64, seconds: u64, output: usize, question: usize) -> io::Result<()> {
    confine(memory)?;
    let (mut from, mut to) = (io::stdin().lock(), io::stdout().lock());
    to.write_all(GREETING)?;
    to.flush()?;
    let mut engine = Engine::new(output);
    loop {
        let asked = match read_frame(&mut from, question) {
            Ok(asked) => asked,
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error),
        };
        grant(seconds)?;
        let answer = match serde_json::from_slice(&asked) {
            Ok(Question::Check { program }) => engine.check(&program),
            Ok(Question::Evaluate { program, input }) => engine.evaluate(&program, input),
            Err(error) => Answer::Failed(error.to_string()),
        };
        write_frame(&mut to, &serde_json::to_vec(&answer)?)?;
    }
}

/// Takes from this process what an expression has no use for.
fn confine(memory: u64) -> io::Result<()> {
    bound(Resource::As, memory, memory)?;
    bound(Resource::Stack, STACK, STACK)?;
    bound(Resource::Cpu, LIFETIME, LIFETIME)?;
    // No file is written or opened, no core is dumped, and nothing is started (root is exempt from the last).
    bound(Resource::Core, 0, 0)?;
    bound(Resource::Fsize, 0, 0)?;
    bound(Resource::Nproc, 0, 0)?;
    bound(Resource::Nofile, 3, 3)
}

/// Grants processor time for one more question.
fn grant(seconds: u64) -> io::Result<()> {
    let used = clock_gettime(ClockId::ProcessCPUTime).tv_sec;
    let used = u64::try_from(used).unwrap_or(LIFETIME);
    bound(Resource::Cpu, used.saturating_add(seconds).saturating_add(1), LIFETIME)
}

/// Sets a limit, below one that was set from outside.
fn bound(resource: Resource, current: u64, maximum: u64) -> io::Result<()> {
    let maximum = getrlimit(resource).maximum.map_or(maximum, |outside| outside.min(maximum));
    setrlimit(resource, Rlimit { current: Some(current.min(maximum)), maximum: Some(maximum) }).map_err(Into::into)
}
