//! Notes, read and written beside the real `git notes`.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::sandbox::Sandbox;
use crate::git::{Appended, GitError, Ident, Repository, Swapped};
use crate::model::{CommitId, Timestamp};

const REF: &str = "refs/notes/devtools/ci";

fn author() -> Ident {
    let when = Some(Timestamp::from_second(1_700_000_000).unwrap());
    Ident { name: "Port <cullis>\n".to_owned(), email: "bot@acme.dev".to_owned(), when, offset: 90 }
}

fn lines(list: &[&str]) -> Vec<String> {
    list.iter().map(|l| (*l).to_owned()).collect()
}

fn shown(sandbox: &Sandbox, target: CommitId) -> BTreeSet<String> {
    let text = sandbox.git(&["notes", "--ref", REF, "show", &target.to_string()]);
    text.lines().filter(|l| !l.is_empty()).map(str::to_owned).collect()
}

#[test]
fn what_is_appended_is_what_git_notes_shows() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one");
    let repository = sandbox.open();
    assert_eq!(repository.note(REF, head).unwrap(), None);
    let first = repository.append_note_lines(REF, head, &lines(&["{\"a\":1}", "{\"b\":2}", "{\"a\":1}"]), &author()).unwrap();
    assert!(matches!(first, Appended::Written(_)));
    assert_eq!(sandbox.git(&["notes", "--ref", REF, "show"]), "{\"a\":1}\n{\"b\":2}");
    sandbox.git(&["notes", "--ref", REF, "append", "-m", "from git"]);
    assert_eq!(
        repository.append_note_lines(REF, head, &lines(&["{\"b\":2}", "from git"]), &author()).unwrap(),
        Appended::Unchanged
    );
    repository.append_note_lines(REF, head, &lines(&["{\"c\":3}"]), &author()).unwrap();
    assert_eq!(
        shown(&sandbox, head),
        ["{\"a\":1}", "{\"b\":2}", "from git", "{\"c\":3}"].iter().map(|s| (*s).to_owned()).collect()
    );
    let commit = repository.commit(repository.reference(REF).unwrap().unwrap()).unwrap();
    assert_eq!(
        (commit.author.name.as_str(), commit.author.email.as_str(), commit.author.offset),
        ("Port cullis", "bot@acme.dev", 90)
    );
    sandbox.git(&["fsck", "--strict"]);
    assert_eq!(repository.notes_history(REF, 10).unwrap().commits.len(), 3);
}

#[test]
fn a_line_with_a_line_break_is_refused() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one");
    let error = sandbox.open().append_note_lines(REF, head, &lines(&["a\nb"]), &author()).unwrap_err();
    assert!(matches!(error, GitError::Refused(_)));
}

#[test]
fn fanned_out_notes_of_gits_are_read_and_kept() {
    let sandbox = Sandbox::new();
    let mut stream = String::new();
    let mut targets = Vec::new();
    for i in 0..600u32 {
        let mut id = [0u8; 20];
        id[..4].copy_from_slice(&i.wrapping_mul(2_654_435_761).to_be_bytes());
        id[19] = 1;
        targets.push(CommitId(id));
    }
    stream.push_str(&format!("commit {REF}\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\n"));
    for target in &targets {
        let hex = target.to_string();
        let (path, text) = (format!("{}/{}/{}", &hex[..2], &hex[2..4], &hex[4..]), format!("note {hex}\n"));
        stream.push_str(&format!("M 100644 inline {path}\ndata {}\n{text}\n", text.len()));
    }
    stream.push_str("M 100644 inline README\ndata 1\nx\n");
    sandbox.git_with(&["fast-import", "--quiet"], stream.as_bytes());
    let repository = sandbox.open();
    let found: BTreeSet<CommitId> = repository.notes(REF).unwrap().into_iter().map(|(target, _)| target).collect();
    assert_eq!(found, targets.iter().copied().collect());
    let new = sandbox.commit("new");
    repository.append_note_lines(REF, targets[7], &lines(&["more"]), &author()).unwrap();
    repository.append_note_lines(REF, new, &lines(&["status"]), &author()).unwrap();
    assert_eq!(shown(&sandbox, targets[7]).len(), 2);
    assert_eq!(shown(&sandbox, new).len(), 1);
    let list = sandbox.git(&["ls-tree", "-r", "--name-only", REF]);
    let hex = targets[7].to_string();
    assert!(list.lines().any(|l| l == format!("{}/{}/{}", &hex[..2], &hex[2..4], &hex[4..])), "spelled as before");
    assert!(list.lines().any(|l| l == "README"));
    assert_eq!(list.lines().count(), 602);
    assert_eq!(sandbox.git(&["notes", "--ref", REF, "list"]).lines().count(), 601);
    sandbox.git(&["fsck", "--strict"]);
}

#[test]
fn crowded_notes_fan_out() {
    let sandbox = Sandbox::new();
    sandbox.commit("one");
    let repository = sandbox.open();
    let notes: Vec<(CommitId, Vec<String>)> = (0..300u32)
        .map(|i| {
            let mut id = [0u8; 20];
            id[..4].copy_from_slice(&i.wrapping_mul(2_654_435_761).to_be_bytes());
            (CommitId(id), lines(&["x"]))
        })
        .collect();
    repository.append_notes(REF, &notes, &author()).unwrap();
    assert_eq!(repository.notes(REF).unwrap().len(), 300);
    assert_eq!(sandbox.git(&["notes", "--ref", REF, "list"]).lines().count(), 300);
    assert!(sandbox.git(&["ls-tree", REF]).lines().any(|l| l.starts_with("040000")));
    assert_eq!(repository.append_notes(REF, &notes, &author()).unwrap(), Appended::Unchanged);
}

#[test]
fn both_spellings_of_one_commit_are_read() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one");
    let hex = head.to_string();
    let stream = format!(
        "commit {REF}\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\nM 100644 inline {hex}\ndata 5\nflat\n\nM 100644 inline {}/{}\ndata 4\nfan\n\n",
        &hex[..2],
        &hex[2..]
    );
    sandbox.git_with(&["fast-import", "--quiet"], stream.as_bytes());
    let repository = sandbox.open();
    let text = String::from_utf8(repository.note(REF, head).unwrap().unwrap()).unwrap();
    assert!(text.contains("flat") && text.contains("fan"));
    assert_eq!(repository.append_note_lines(REF, head, &lines(&["fan"]), &author()).unwrap(), Appended::Unchanged);
}

#[test]
fn a_note_that_only_moved_did_not_change() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one");
    let hex = head.to_string();
    let blob = sandbox.raw_object("blob", b"x\n");
    let tree = |path: &str| {
        sandbox.git(&["read-tree", "--empty"]);
        sandbox.git_with(&["update-index", "--index-info"], format!("100644 {blob}\t{path}\n").as_bytes());
        crate::git::ObjectId(CommitId::from_hex(&sandbox.git(&["write-tree"])).unwrap().0)
    };
    let (flat, fanned) = (tree(&hex), tree(&format!("{}/{}", &hex[..2], &hex[2..])));
    let repository = sandbox.open();
    assert_eq!(repository.notes_between(Some(flat), Some(fanned)).unwrap(), []);
    let new = repository.notes_between(None, Some(fanned)).unwrap();
    assert_eq!((new[0].target, new[0].before.len(), new[0].after.as_slice()), (head, 0, &[blob][..]));
}

#[test]
fn a_swap_that_comes_too_late_changes_nothing() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one");
    let repository = sandbox.open();
    let Swapped::Done(first) = repository.write_note(REF, None, head, b"one\n", &author()).unwrap() else { panic!() };
    assert_eq!(repository.write_note(REF, None, head, b"two\n", &author()).unwrap(), Swapped::Conflict);
    assert!(matches!(repository.write_note(REF, Some(first), head, b"three\n", &author()).unwrap(), Swapped::Done(_)));
    assert_eq!(repository.write_note(REF, Some(first), head, b"four\n", &author()).unwrap(), Swapped::Conflict);
    assert_eq!(repository.note(REF, head).unwrap().unwrap(), b"three\n");
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let sandbox = Arc::new(Sandbox::new());
    let target = sandbox.commit("one");
    let dir = sandbox.dir();
    let ours: Vec<std::thread::JoinHandle<()>> = (0..3)
        .map(|writer| {
            let dir = dir.clone();
            std::thread::spawn(move || {
                let repository = Repository::open(&dir).unwrap();
                for i in 0..15 {
                    repository.append_note_lines(REF, target, &[format!("{{\"ours\":\"{writer}-{i}\"}}")], &author()).unwrap();
                }
            })
        })
        .collect();
    // A person with a clone of their own, who pushes and merges as people do.
    let theirs = {
        let sandbox = Arc::clone(&sandbox);
        std::thread::spawn(move || {
            sandbox.git(&["clone", "-q", ".", "../clone"]);
            let clone = sandbox.home().join("clone");
            let git = |args: &[&str]| sandbox.command("git").current_dir(&clone).args(args).output().unwrap();
            for i in 0..8 {
                loop {
                    let fetched = git(&["fetch", "-q", "origin", &format!("+{REF}:refs/notes/theirs")]);
                    if fetched.status.success() {
                        git(&["update-ref", REF, "refs/notes/theirs"]);
                    }
                    let text = format!("{{\"theirs\":{i}}}");
                    assert!(git(&["notes", "--ref", REF, "append", "-m", &text, &target.to_string()]).status.success());
                    if git(&["push", "-q", "origin", REF]).status.success() {
                        break;
                    }
                }
            }
        })
    };
    for writer in ours {
        writer.join().unwrap();
    }
    theirs.join().unwrap();
    let found = shown(&sandbox, target);
    for writer in 0..3 {
        for i in 0..15 {
            assert!(found.contains(&format!("{{\"ours\":\"{writer}-{i}\"}}")), "{writer}-{i}");
        }
    }
    for i in 0..8 {
        assert!(found.contains(&format!("{{\"theirs\":{i}}}")), "theirs {i}");
    }
    assert_eq!(found.len(), 53, "each once");
}

#[test]
fn a_held_lock_is_waited_for_and_then_reported() {
    let sandbox = Sandbox::new();
    let head = sandbox.commit("one");
    let lock = sandbox.dir().join(format!(".git/{REF}.lock"));
    std::fs::create_dir_all(lock.parent().unwrap()).unwrap();
    std::fs::write(&lock, "").unwrap();
    let repository = sandbox.open();
    let error = repository.append_note_lines(REF, head, &lines(&["x"]), &author()).unwrap_err();
    assert!(matches!(error, GitError::Contended { .. }) && error.is_retryable());
    std::fs::remove_file(lock).unwrap();
    assert!(matches!(repository.append_note_lines(REF, head, &lines(&["x"]), &author()), Ok(Appended::Written(_))));
}
