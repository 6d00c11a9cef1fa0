//! One child process: started with nothing of ours, asked within a deadline, killed with all it started.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::Path;
use std::process::{Child as Process, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::model::ExpressionError;

use super::Limits;
use super::protocol::{Answer, GREETING, read_frame, write_frame};
use super::worker::SUBCOMMAND;

/// How long a child may take to come up; a machine under load takes a while to load a program.
const START: Duration = Duration::from_secs(20);
/// How long one child is kept at work in all: well below the processor time that it is granted for its life.
const WORN: Duration = Duration::from_secs(20);

/// A child that has greeted, and waits for a question.
#[derive(Debug)]
pub(super) struct Child {
    process: Process,
    wire: UnixStream,
    worked: Duration,
}

impl Child {
    /// Starts one, and waits for its greeting.
    ///
    /// # Errors
    /// [`ExpressionError::Unavailable`] where it cannot be started, or is no evaluator.
    pub(super) fn start(program: &Path, limits: &Limits) -> Result<Self, ExpressionError> {
        let unavailable =
            |what: &dyn std::fmt::Display| ExpressionError::Unavailable(format!("cannot start `{}`: {what}", program.display()));
        let (wire, theirs) = UnixStream::pair().map_err(|error| unavailable(&error))?;
        let input: OwnedFd = theirs.into();
        let output = input.try_clone().map_err(|error| unavailable(&error))?;
        let process = Command::new(program)
            .arg(SUBCOMMAND)
            .args(["--memory", &limits.memory_bytes.to_string()])
            .args(["--seconds", &limits.seconds.max(1).to_string()])
            .args(["--output", &limits.output_bytes.to_string()])
            .args(["--question", &limits.question_bytes().to_string()])
            .env_clear()
            .current_dir("/")
            .stdin(Stdio::from(input))
            .stdout(Stdio::from(output))
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| unavailable(&error))?;
        let mut child = Self { process, wire, worked: Duration::ZERO };
        let mut greeting = [0; GREETING.len()];
        let read = Timed { wire: &child.wire, until: Instant::now() + START }.read_exact(&mut greeting);
        match read {
            Ok(()) if greeting == *GREETING => Ok(child),
            Ok(()) => Err(unavailable(&"it is another program, or another version of it")),
            Err(error) if is_late(&error) => Err(unavailable(&"it does not come up")),
            Err(_) => Err(unavailable(&format!("it ends at once ({})", child.end()))),
        }
    }

    /// Asks, and waits for the answer. After an error the child is spent.
    ///
    /// # Errors
    /// [`ExpressionError::TimedOut`] or [`ExpressionError::Crashed`].
    pub(super) fn ask(&mut self, question: &[u8], limits: &Limits) -> Result<Answer, ExpressionError> {
        let begun = Instant::now();
        let until = begun + limits.patience();
        let exchange = write_frame(&mut Timed { wire: &self.wire, until }, question)
            .and_then(|()| read_frame(&mut Timed { wire: &self.wire, until }, limits.answer_bytes()));
        self.worked += begun.elapsed();
        match exchange {
            // What does not read as an answer was not written by a child in its right mind.
            Ok(answer) => serde_json::from_slice(&answer).map_err(|_| ExpressionError::Crashed),
            Err(error) if is_late(&error) => Err(ExpressionError::TimedOut),
            Err(_) => match self.end().signal() {
                Some(signal) if signal == Signal::XCPU.as_raw() => Err(ExpressionError::TimedOut),
                _ => Err(ExpressionError::Crashed),
            },
        }
    }

    /// Whether it has worked long enough to be replaced.
    pub(super) fn is_worn(&self) -> bool {
        self.worked >= WORN
    }

    /// Sees it to its end, and says how it ended. One that closed the wire ends of itself; one that lingers is killed.
    fn end(&mut self) -> ExitStatus {
        const LINGER: Duration = Duration::from_secs(2);
        let until = Instant::now() + LINGER;
        while Instant::now() < until {
            if let Ok(Some(status)) = self.process.try_wait() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        self.kill();
        self.process.wait().unwrap_or_default()
    }

    fn kill(&mut self) {
        // The process group has the child's own id; it is not reaped yet, so the id is nobody else's.
        if let Some(group) = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.process.kill();
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !matches!(self.process.try_wait(), Ok(Some(_))) {
            self.kill();
            let _ = self.process.wait();
        }
    }
}

fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}

/// The wire, until a deadline: neither a child that writes nothing nor one that reads nothing holds us longer.
struct Timed<'a> {
    wire: &'a UnixStream,
    until: Instant,
}

impl Timed<'_> {
    fn left(&self) -> io::Result<Option<Duration>> {
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(Some(left)) }
    }
}

impl Read for Timed<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.wire.set_read_timeout(self.left()?)?;
        self.wire.read(buffer)
    }
}

impl Write for Timed<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.wire.set_write_timeout(self.left()?)?;
        self.wire.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(program: &str) -> Result<Child, ExpressionError> {
        Child::start(Path::new(program), &Limits::default())
    }

    #[test]
    fn what_is_no_evaluator_is_told_apart() {
        for (program, why) in [("/does/not/exist", "No such file"), ("/bin/false", "ends at once"), ("/bin/echo", "ends at once")]
        {
            let error = start(program).unwrap_err();
            let ExpressionError::Unavailable(message) = &error else { panic!("{error}") };
            assert!(message.contains(why) || message.contains("another program"), "{program}: {message}");
        }
    }

    #[test]
    fn a_wire_that_nobody_serves_is_given_up() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let soon = || Instant::now() + Duration::from_millis(20);
        let read = read_frame(&mut Timed { wire: &ours, until: soon() }, 10).unwrap_err();
        assert!(is_late(&read), "{read}");
        let write = write_frame(&mut Timed { wire: &ours, until: soon() }, &vec![0; 16 * 1024 * 1024]).unwrap_err();
        assert!(is_late(&write), "{write}");
        drop(theirs);
    }
}
