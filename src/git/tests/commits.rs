//! The strict commit parser, against commits made by git and by hand.

use super::sandbox::Sandbox;
use crate::git::{GitError, RawCommit, SignatureKind};
use crate::model::CommitId;

const TREE: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
const WHO: &str = "Alice <alice@acme.dev> 1700000000 +0000";

fn parse(raw: &str) -> Result<RawCommit, String> {
    RawCommit::parse(CommitId([7; 20]), raw.as_bytes()).map_err(|e| match e {
        GitError::Malformed { why, .. } => why,
        other => panic!("{other}"),
    })
}

fn plain(extra: &str, message: &str) -> String {
    format!("tree {TREE}\nparent {TREE}\nauthor {WHO}\ncommitter {WHO}\n{extra}\n{message}")
}

#[test]
fn reads_a_commit_of_gits() {
    let sandbox = Sandbox::new();
    let one = sandbox.commit("one");
    sandbox.git(&["commit", "-q", "--allow-empty", "-m", "  Två rader\n\nmore\n"]);
    let two = sandbox.rev("HEAD");
    let commit = sandbox.open().commit(two).unwrap();
    assert_eq!(commit.parents, [one]);
    assert_eq!(commit.summary, "Två rader");
    assert_eq!(commit.author.email, "alice@acme.dev");
    assert_eq!(commit.tree, sandbox.object("HEAD^{tree}"));
    assert_eq!(commit.signature, None);
    assert_eq!(commit.message, "  Två rader\n\nmore\n");
}

#[test]
fn the_header_has_one_order() {
    assert!(parse(&plain("", "x\n")).is_ok());
    assert!(parse(&plain("encoding latin-1\nchange-id abc\n", "x\n")).is_ok());
    for (raw, why) in [
        (format!("author {WHO}\ntree {TREE}\ncommitter {WHO}\n\nx"), "first header is not `tree`"),
        (format!("tree {TREE}\ntree {TREE}\nauthor {WHO}\ncommitter {WHO}\n\nx"), "`author` does not follow"),
        (format!("tree {TREE}\ncommitter {WHO}\nauthor {WHO}\n\nx"), "`author` does not follow"),
        (plain(&format!("parent {TREE}\n"), "x"), "`parent` stands where it does not belong"),
        (plain(&format!("committer {WHO}\n"), "x"), "`committer` stands where it does not belong"),
        (plain(&format!("author {WHO}\n"), "x"), "`author` stands where it does not belong"),
        (plain("gpgsig a\ngpgsig b\n", "x"), "`gpgsig` stands in it twice"),
        (plain("encoding a\nencoding b\n", "x"), "`encoding` stands in it twice"),
        (plain("gpgsigx a\n", "x"), "is no header of git's"),
        (plain("oddity\n", "x"), "a header line has no value"),
        (plain("odd\0ity x\n", "x"), "NUL"),
        (format!("tree {TREE}\nauthor {WHO}\ncommitter {WHO}"), "ends within its header"),
        (format!("tree {}\nauthor {WHO}\ncommitter {WHO}\n\nx", TREE.to_uppercase()), "`tree` is not an object id"),
        (format!(" x\ntree {TREE}\n\n"), "continuation line follows no header"),
    ] {
        let error = parse(&raw).unwrap_err();
        assert!(error.contains(why), "{error} — {raw}");
    }
}

#[test]
fn a_signature_in_the_message_is_words() {
    let armour = "-----BEGIN SSH SIGNATURE-----\nAAAA\n-----END SSH SIGNATURE-----";
    let commit = parse(&plain("", &format!("trust me\n\ngpgsig {}\n", armour.replace('\n', "\n ")))).unwrap();
    assert_eq!(commit.signature, None);
    let commit = parse(&plain(&format!("gpgsig {}\n", armour.replace('\n', "\n ")), "x\n")).unwrap();
    let signature = commit.signature.unwrap();
    assert_eq!(signature.kind, SignatureKind::Ssh);
    assert_eq!(signature.text, armour.as_bytes());
    assert_eq!(commit.signed_payload, plain("", "x\n").into_bytes());
}

#[test]
fn every_signature_header_is_taken_out_of_what_is_signed() {
    let commit = parse(&plain("mergetag object x\n type commit\ngpgsig-sha256 B\n more\ngpgsig A\n more\n", "x\n")).unwrap();
    assert_eq!(commit.signed_payload, plain("mergetag object x\n type commit\n", "x\n").into_bytes());
    assert_eq!(commit.signature.unwrap().text, b"A\nmore");
    let commit = parse(&plain("gpgsig-sha256 B\n", "x\n")).unwrap();
    assert_eq!(commit.signature, None, "a signature of the SHA-256 form signs nothing here");
}

#[test]
fn a_merge_tag_keeps_its_own_signature_to_itself() {
    let tag = "mergetag object 1\n type commit\n tag v1\n \n -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n";
    let commit = parse(&plain(tag, "x\n")).unwrap();
    assert_eq!(commit.signature, None);
}

mod never_panics {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn on_any_bytes(raw in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = RawCommit::parse(CommitId([0; 20]), &raw);
        }

        #[test]
        fn on_shuffled_headers(lines in proptest::collection::vec(0usize..8, 0..10)) {
            let raw: String = lines.iter().map(|i| match i {
                0 => format!("tree {TREE}\n"), 1 => format!("parent {TREE}\n"), 2 => format!("author {WHO}\n"),
                3 => format!("committer {WHO}\n"), 4 => "gpgsig x\n".to_owned(), 5 => " continued\n".to_owned(),
                6 => "\n".to_owned(), _ => "other x\n".to_owned(),
            }).collect();
            if let Ok(commit) = RawCommit::parse(CommitId([0; 20]), raw.as_bytes()) {
                prop_assert!(raw.starts_with("tree "));
                prop_assert!(commit.signed_payload.len() <= raw.len());
            }
        }
    }
}
