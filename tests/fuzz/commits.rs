//! Raw commits, and the signatures and public keys in them.

use std::path::Path;

use portcullis::catalog::{Document, parse_file};
use portcullis::git::{Keyring, RawCommit};
use portcullis::model::{CommitId, FilePath, Limits, SignatureFact, SigningKey, Timestamp};
use serde_json::json;

use crate::engine::Target;

fn parse(raw: &[u8]) -> Result<RawCommit, String> {
    RawCommit::parse(CommitId([7; 20]), raw).map_err(|error| kind(&error.to_string()))
}

/// An error without what it quotes, so that errors of one kind are one.
fn kind(text: &str) -> String {
    let quoted: String = text.split('`').step_by(2).collect();
    quoted.chars().filter(|c| c.is_ascii_alphabetic() || *c == ' ').take(60).collect()
}

/// The key as the roster reads it, with the fingerprint that it works out; none where it refuses it.
fn key(public: &str) -> Option<SigningKey> {
    let user = json!({"identifier": "alice@acme.dev", "signingKeys": [public]}).to_string();
    let file = parse_file(&FilePath::new("users/alice.json"), user.as_bytes(), &Limits::default());
    match file.documents.into_iter().next()? {
        Document::User(user) => user.value.signing_keys.into_iter().next(),
        _ => None,
    }
}

fn verified(ring: &Keyring, commit: &RawCommit) -> String {
    match ring.verify(commit, Timestamp::from_second(1_800_000_000).unwrap()) {
        SignatureFact::Unsigned => "unsigned".into(),
        SignatureFact::By(_) => "by".into(),
        SignatureFact::UnknownKey(_) => "unknown key".into(),
        SignatureFact::Invalid(why) => kind(&why),
    }
}

fn fixtures(directory: &str) -> Vec<Vec<u8>> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(directory);
    let mut paths: Vec<_> = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// The keys that made the signatures of the corpus.
fn roster() -> Keyring {
    let keys: Vec<SigningKey> = fixtures("keys").iter().filter_map(|public| key(std::str::from_utf8(public).unwrap())).collect();
    Keyring::new(&keys)
}

const WORDS: &[&str] = &[
    "tree ",
    "parent ",
    "author ",
    "committer ",
    "gpgsig ",
    "gpgsig-sha256 ",
    "encoding ISO-8859-1\n",
    "mergetag object ",
    "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "<alice@acme.dev>",
    " 1700000000 +0000",
    "-----BEGIN SSH SIGNATURE-----",
    "+9999",
    "-0000",
    "-----END SSH SIGNATURE-----",
    "-----BEGIN PGP SIGNATURE-----",
    "-----END PGP SIGNATURE-----",
    "-----BEGIN PGP MESSAGE-----",
    "-----BEGIN SIGNED MESSAGE-----",
    "\n\n",
    "\n ",
    "<",
    ">",
    "\0",
    "ssh-ed25519 ",
    "SSHSIG",
    "Version: 1\n",
    "=AAAA",
    "-----BEGIN PGP PUBLIC KEY BLOCK-----\n",
];

/// The raw bytes of a commit.
pub(crate) struct Commits;

impl Target for Commits {
    fn name(&self) -> &'static str {
        "commits"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    fn dictionary(&self) -> &'static [&'static str] {
        WORDS
    }

    fn execute(&self, input: &[u8]) -> String {
        match parse(input) {
            Err(why) => why,
            Ok(commit) => {
                // Whatever is not the signature is signed, byte for byte: nothing can be slipped in unsigned.
                if commit.signature.is_none() && !input.windows(6).any(|six| six == b"gpgsig") {
                    assert_eq!(commit.signed_payload, input);
                }
                // Most mutations spoil the signature; whether it holds is the matter of the other target.
                format!("{} parents, signed: {}", commit.parents.len().min(3), commit.signature.is_some())
            }
        }
    }

    fn memory(&self) -> usize {
        8 << 20
    }
}

/// A commit whose signature is verified by the roster; and what is no commit is taken as a public key of one.
pub(crate) struct Signatures {
    roster: Keyring,
    /// What was really signed.
    payloads: Vec<Vec<u8>>,
}

impl Signatures {
    pub(crate) fn new() -> Self {
        let ring = roster();
        let signed = fixtures("commits").iter().filter(|raw| verified(&ring, &parse(raw).unwrap()) == "by").count();
        assert_eq!(signed, 5, "each signature of the corpus holds before it is mutated");
        let payloads = fixtures("commits").iter().map(|raw| parse(raw).unwrap().signed_payload).collect();
        Self { roster: ring, payloads }
    }
}

impl Target for Signatures {
    fn name(&self) -> &'static str {
        "signatures"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        [fixtures("commits"), fixtures("keys")].concat()
    }

    fn dictionary(&self) -> &'static [&'static str] {
        WORDS
    }

    /// The beginning of a commit is seldom changed, as the signature comes after it.
    fn head(&self, input: &[u8]) -> usize {
        input.windows(7).position(|seven| seven == b"gpgsig ").map_or(0, |at| at + 7)
    }

    fn execute(&self, input: &[u8]) -> String {
        if let Ok(commit) = parse(input) {
            let fact = verified(&self.roster, &commit);
            assert!(fact != "by" || self.payloads.contains(&commit.signed_payload), "a signature holds over what nobody signed");
            return fact;
        }
        let Ok(public) = std::str::from_utf8(input) else { return "no text".into() };
        let ring = Keyring::new(&key(public));
        let signed = fixtures("commits")
            .iter()
            .filter_map(|raw| parse(raw).ok())
            .map(|commit| verified(&ring, &commit))
            .collect::<Vec<_>>();
        format!("{ring:?} {}", signed.join(","))
    }
}
