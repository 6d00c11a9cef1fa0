//! What parent and child say to each other: frames of JSON, each with its length before it.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// What a child says first, so that a program which is none of ours is not taken for one. The version counts changes here.
pub(super) const GREETING: &[u8; 16] = b"portcullis-jq 1\n";

/// What a child is asked.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum Question {
    /// Does it compile?
    Check {
        /// The jq program.
        program: String,
    },
    /// What does it yield?
    Evaluate {
        /// The jq program.
        program: String,
        /// Its input.
        input: serde_json::Value,
    },
}

/// What it answers. A child that is killed or aborts answers nothing.
#[derive(Serialize, Deserialize, Debug)]
pub(super) enum Answer {
    /// It compiles.
    Compiles,
    /// Everything it yields.
    Outputs(Vec<serde_json::Value>),
    /// It does not compile, and why.
    Syntax(String),
    /// It ended in an error, and in which.
    Failed(String),
    /// It yields more than it may.
    TooMuch,
}

/// Writes one frame.
pub(super) fn write_frame(to: &mut impl Write, body: &[u8]) -> io::Result<()> {
    let length = u32::try_from(body.len()).map_err(io::Error::other)?;
    to.write_all(&length.to_be_bytes())?;
    to.write_all(body)?;
    to.flush()
}

/// Reads one frame of at most `most` bytes; a longer one is an error before a byte of it is read.
pub(super) fn read_frame(from: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
    if length > most {
        return Err(io::Error::new(io::ErrorKind::InvalidData, format!("a frame of {length} bytes is too long")));
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body)?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let mut wire = Vec::new();
        write_frame(&mut wire, b"one").unwrap();
        write_frame(&mut wire, b"").unwrap();
        let mut wire = wire.as_slice();
        assert_eq!(read_frame(&mut wire, 3).unwrap(), b"one");
        assert_eq!(read_frame(&mut wire, 3).unwrap(), b"");
        assert_eq!(read_frame(&mut wire, 3).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_long_frame_is_refused_before_memory_is_taken_for_it() {
        let error = read_frame(&mut [0xff, 0xff, 0xff, 0xff, 0].as_slice(), 1024).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
