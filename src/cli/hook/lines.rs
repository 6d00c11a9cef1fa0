//! What git says on standard input: one line for each ref that a push would move.

use std::io::Read;

use crate::check::push::RefUpdate;
use crate::model::CommitId;

use super::CommandError;

/// The most that is read, in bytes: some ten thousand refs.
const MOST: u64 = 1 << 20;

/// Reads all of it. Anything that git would not write refuses the push.
pub(super) fn read(input: impl Read) -> Result<Vec<RefUpdate>, CommandError> {
    let mut bytes = Vec::new();
    let read = input.take(MOST + 1).read_to_end(&mut bytes);
    read.map_err(|error| CommandError::could_not_judge("standard input cannot be read").because(&error))?;
    if u64::try_from(bytes.len()).is_ok_and(|read| read > MOST) {
        return Err(CommandError::could_not_judge(format!("this push would move more refs than {MOST} bytes can name"))
            .hint("push fewer refs at once"));
    }
    let text = String::from_utf8(bytes).map_err(|_| wrong("a ref whose name is not UTF-8"))?;
    if text.is_empty() {
        return Err(wrong("nothing"));
    }
    let Some(lines) = text.strip_suffix('\n') else { return Err(wrong("a line that does not end")) };
    lines.split('\n').map(update).collect()
}

fn wrong(what: &str) -> CommandError {
    CommandError::could_not_judge(format!("standard input holds {what}, where git writes `OLD NEW REF` lines"))
        .hint("this command is for git to run, as hooks/pre-receive")
}

fn update(line: &str) -> Result<RefUpdate, CommandError> {
    let malformed = || wrong(&format!("`{}`", line.chars().take(200).collect::<String>()));
    let mut words = line.split(' ');
    let (Some(before), Some(after), Some(name), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(malformed());
    };
    if before.len() == 64 || after.len() == 64 {
        return Err(CommandError::could_not_judge("this repository names its objects by SHA-256, and only SHA-1 can be read"));
    }
    let commit = |hex: &str| {
        let lower = hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        CommitId::from_hex(hex).filter(|_| lower).ok_or_else(malformed)
    };
    let there = |commit: CommitId| (commit != CommitId([0; 20])).then_some(commit);
    if name.is_empty() || name.chars().any(char::is_control) {
        return Err(malformed());
    }
    Ok(RefUpdate { before: there(commit(before)?), after: there(commit(after)?), name: name.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "1111111111111111111111111111111111111111";
    const NONE: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn lines_of_git_are_read() {
        let text = format!("{NONE} {ONE} refs/heads/main\n{ONE} {NONE} refs/tags/ü\n");
        let updates = read(text.as_bytes()).unwrap();
        let one = Some(CommitId([0x11; 20]));
        assert_eq!(updates[0], RefUpdate { before: None, after: one, name: "refs/heads/main".into() });
        assert_eq!(updates[1], RefUpdate { before: one, after: None, name: "refs/tags/ü".into() });
    }

    #[test]
    fn whatever_git_would_not_write_is_refused() {
        for text in [
            String::new(),
            "\n".into(),
            format!("{ONE} {ONE} refs/heads/main"),
            format!("{ONE} {ONE}\n"),
            format!("{ONE} {ONE} \n"),
            format!("{ONE}  {ONE} refs/heads/main\n"),
            format!("{ONE} {ONE} refs/heads/main extra\n"),
            format!("{ONE} {ONE} refs/heads/main\r\n"),
            format!("{ONE} {ONE} refs/heads/main\n\n"),
            format!("{} {ONE} refs/heads/main\n", ONE.replace('1', "A")),
            format!("+{} {ONE} refs/heads/main\n", &ONE[1..]),
            format!("{} {ONE} refs/heads/main\n", "1".repeat(64)),
            format!("{} {ONE} refs/heads/main\n", &ONE[2..]),
            "x".repeat(2 << 20),
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text:.100}");
        }
        assert!(read(&b"\xff\xfe\n"[..]).is_err());
    }

    proptest::proptest! {
        #[test]
        fn no_input_is_a_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
            let _ = read(bytes.as_slice());
        }
    }
}
