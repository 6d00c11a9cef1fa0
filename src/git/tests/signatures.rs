//! Signatures by `git commit -S` with real keys, and every way to forge one that comes to mind.

use std::path::PathBuf;
use std::process::Command;

use super::sandbox::Sandbox;
use crate::git::{RawCommit, verify};
use crate::model::{CommitId, KeyFingerprint, SignatureFact, SigningKey, Timestamp};

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// An SSH key of this kind: where it lies, and how the roster has it.
fn ssh_key(sandbox: &Sandbox, name: &str, kind: &[&str]) -> (PathBuf, SigningKey) {
    let path = sandbox.home().join(name);
    run(sandbox.command("ssh-keygen").args(["-q", "-N", "", "-C", "alice@acme.dev", "-f"]).arg(&path).args(kind));
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    let list = run(sandbox.command("ssh-keygen").arg("-lf").arg(&path));
    let fingerprint = list.split(' ').nth(1).unwrap().to_owned();
    (path, roster(public, fingerprint))
}

fn roster(public: String, fingerprint: String) -> SigningKey {
    SigningKey { public, fingerprint: KeyFingerprint(fingerprint), from: None, until: None }
}

fn sign_with(sandbox: &Sandbox, format: &str, key: &str, message: &str) -> CommitId {
    let (format, key) = (format!("gpg.format={format}"), format!("user.signingKey={key}"));
    sandbox.git(&["-c", &format, "-c", &key, "commit", "-q", "-S", "--allow-empty", "-m", message]);
    sandbox.rev("HEAD")
}

fn later() -> Timestamp {
    Timestamp::from_second(4_000_000_000).unwrap()
}

fn fact(sandbox: &Sandbox, commit: CommitId, keys: &[SigningKey]) -> SignatureFact {
    verify(&sandbox.open().commit(commit).unwrap(), keys, now())
}

fn now() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

#[track_caller]
fn invalid(fact: SignatureFact, why: &str) {
    match fact {
        SignatureFact::Invalid(said) => assert!(said.contains(why), "{said}"),
        other => panic!("{other:?}, not: {why}"),
    }
}

#[track_caller]
fn unknown(fact: SignatureFact) {
    assert!(matches!(fact, SignatureFact::UnknownKey(_)), "{fact:?}");
}

fn raw(sandbox: &Sandbox, commit: CommitId) -> String {
    sandbox.git(&["cat-file", "commit", &commit.to_string()]) + "\n"
}

fn parsed(raw: &str) -> RawCommit {
    RawCommit::parse(CommitId([1; 20]), raw.as_bytes()).unwrap()
}

/// The signature's lines in a raw commit, as they stand.
fn signature_header(raw: &str) -> String {
    let from = raw.find("gpgsig ").unwrap();
    let until = from + raw[from..].find("-----END").unwrap();
    let until = until + raw[until..].find('\n').unwrap() + 1;
    raw[from..until].to_owned()
}

#[test]
fn ssh_signatures_of_every_usual_kind_are_taken() {
    let sandbox = Sandbox::new();
    for (name, kind) in [
        ("ed25519", &["-t", "ed25519"][..]),
        ("p256", &["-t", "ecdsa", "-b", "256"]),
        ("p384", &["-t", "ecdsa", "-b", "384"]),
        ("p521", &["-t", "ecdsa", "-b", "521"]),
        ("rsa", &["-t", "rsa", "-b", "2048"]),
    ] {
        let (path, key) = ssh_key(&sandbox, name, kind);
        let commit = sign_with(&sandbox, "ssh", path.to_str().unwrap(), name);
        let by = SignatureFact::By(key.fingerprint.clone());
        assert_eq!(fact(&sandbox, commit, std::slice::from_ref(&key)), by, "{name}");
        // git agrees.
        let allowed = sandbox.home().join("allowed");
        std::fs::write(&allowed, format!("alice@acme.dev {}", key.public)).unwrap();
        sandbox.git(&["-c", &format!("gpg.ssh.allowedSignersFile={}", allowed.display()), "verify-commit", "HEAD"]);
    }
}

#[test]
fn an_unsigned_commit_is_unsigned() {
    let sandbox = Sandbox::new();
    let (_, key) = ssh_key(&sandbox, "k", &["-t", "ed25519"]);
    let commit = sandbox.commit("plain");
    assert_eq!(fact(&sandbox, commit, &[key]), SignatureFact::Unsigned);
}

#[test]
fn a_key_outside_the_roster_is_nobodys() {
    let sandbox = Sandbox::new();
    let (mine, _) = ssh_key(&sandbox, "mine", &["-t", "ed25519"]);
    let (_, other) = ssh_key(&sandbox, "other", &["-t", "ed25519"]);
    let commit = sign_with(&sandbox, "ssh", mine.to_str().unwrap(), "x");
    unknown(fact(&sandbox, commit, &[other]));
    unknown(fact(&sandbox, commit, &[]));
}

#[test]
fn a_weak_rsa_key_does_not_count_even_in_the_roster() {
    let sandbox = Sandbox::new();
    let (path, key) = ssh_key(&sandbox, "weak", &["-t", "rsa", "-b", "1024"]);
    let commit = sign_with(&sandbox, "ssh", path.to_str().unwrap(), "x");
    invalid(fact(&sandbox, commit, &[key]), "1024 bits");
}

#[test]
fn a_signed_commit_that_was_touched_is_invalid() {
    let sandbox = Sandbox::new();
    let (path, key) = ssh_key(&sandbox, "k", &["-t", "ed25519"]);
    let commit = sign_with(&sandbox, "ssh", path.to_str().unwrap(), "honest");
    let honest = raw(&sandbox, commit);
    let keys = [key];
    assert!(matches!(verify(&parsed(&honest), &keys, now()), SignatureFact::By(_)));
    for (from, to) in [("honest\n", "hostile\n"), ("author Alice <alice", "author Alice <bob"), ("tree ", "tree 0")] {
        let mut touched = honest.replacen(from, to, 1);
        if from == "tree " {
            let zero = touched.find("tree 0").unwrap();
            touched.remove(zero + 45);
        }
        invalid(verify(&parsed(&touched), &keys, now()), "does not match");
    }
    let added = honest.replacen("gpgsig", "extra header\ngpgsig", 1);
    invalid(verify(&parsed(&added), &keys, now()), "does not match");
}

#[test]
fn a_signature_for_something_else_is_not_one_for_git() {
    let sandbox = Sandbox::new();
    let (path, key) = ssh_key(&sandbox, "k", &["-t", "ed25519"]);
    let commit = sandbox.commit("x");
    let payload = raw(&sandbox, commit);
    let file = sandbox.home().join("payload");
    std::fs::write(&file, &payload).unwrap();
    for (namespace, holds) in [("file", false), ("git", true), ("gitx", false)] {
        let _ = std::fs::remove_file(file.with_extension("sig"));
        run(sandbox.command("ssh-keygen").args(["-q", "-Y", "sign", "-n", namespace, "-f"]).arg(&path).arg(&file));
        let armour = std::fs::read_to_string(file.with_extension("sig")).unwrap();
        let header = format!("gpgsig {}\n", armour.trim_end().replace('\n', "\n "));
        let signed = parsed(&payload.replacen("\n\n", &format!("\n{header}\n"), 1));
        match (verify(&signed, std::slice::from_ref(&key), now()), holds) {
            (SignatureFact::By(by), true) => assert_eq!(by, key.fingerprint),
            (other, false) => invalid(other, "not for `git`"),
            (other, true) => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_signature_moved_to_another_commit_or_into_its_message_counts_for_nothing() {
    let sandbox = Sandbox::new();
    let (path, key) = ssh_key(&sandbox, "k", &["-t", "ed25519"]);
    let keys = [key];
    let signed = raw(&sandbox, sign_with(&sandbox, "ssh", path.to_str().unwrap(), "signed"));
    let header = signature_header(&signed);
    let other = raw(&sandbox, sandbox.commit("other"));
    let moved = other.replacen("\n\n", &format!("\n{header}\n"), 1);
    invalid(verify(&parsed(&moved), &keys, now()), "does not match");
    let quoted = format!("{other}\n{header}");
    assert_eq!(verify(&parsed(&quoted), &keys, now()), SignatureFact::Unsigned);
    // libgit2 is fooled by a message; that is why it is not asked.
    let unsigned = signed.replacen(&header, "", 1);
    let in_body = format!("{unsigned}\n{header}");
    assert_eq!(verify(&parsed(&in_body), &keys, now()), SignatureFact::Unsigned);
}

#[test]
fn two_signatures_are_none() {
    let sandbox = Sandbox::new();
    let (path, key) = ssh_key(&sandbox, "k", &["-t", "ed25519"]);
    let signed = raw(&sandbox, sign_with(&sandbox, "ssh", path.to_str().unwrap(), "signed"));
    let header = signature_header(&signed);
    let twice = signed.replacen(&header, &format!("{header}{header}"), 1);
    assert!(RawCommit::parse(CommitId([1; 20]), twice.as_bytes()).is_err(), "two headers");
    let block = header.strip_prefix("gpgsig ").unwrap();
    let doubled = signed.replacen(&header, &format!("{header} {block}"), 1);
    invalid(verify(&parsed(&doubled), &[key], now()), "more than one signature");
}

#[test]
fn garbage_is_invalid_with_a_reason() {
    let sandbox = Sandbox::new();
    let (path, key) = ssh_key(&sandbox, "k", &["-t", "ed25519"]);
    let keys = [key];
    let signed = raw(&sandbox, sign_with(&sandbox, "ssh", path.to_str().unwrap(), "signed"));
    let header = signature_header(&signed);
    let with = |text: &str| {
        let header_text = format!("gpgsig {}\n", text.replace('\n', "\n "));
        verify(&parsed(&signed.replacen(&header, &header_text, 1)), &keys, now())
    };
    let block = |label: &str, body: &str| format!("-----BEGIN {label}-----\n{body}\n-----END {label}-----");
    invalid(with("rubbish"), "no kind that git knows");
    invalid(with(&block("SSH SIGNATURE", "AAAA")), "cannot be read");
    invalid(with(&block("SSH SIGNATURE", "!!!!")), "cannot be read");
    invalid(with("-----BEGIN SSH SIGNATURE-----"), "not one armoured block");
    invalid(with(&block("PGP SIGNATURE", "\nAAAA")), "cannot be read");
    invalid(with(&block("PGP SIGNATURE", "")), "");
    invalid(with(&block("PGP MESSAGE", "\nAAAA")), "not one armoured block");
    invalid(with(&block("SIGNED MESSAGE", "AAAA")), "X.509");
    invalid(with(&block("SSH SIGNATURE", &"A".repeat(100_000))), "bytes long");
}

#[test]
fn an_unreadable_key_in_the_roster_spoils_no_other() {
    let sandbox = Sandbox::new();
    let (path, key) = ssh_key(&sandbox, "k", &["-t", "ed25519"]);
    let commit = sign_with(&sandbox, "ssh", path.to_str().unwrap(), "x");
    let broken = ["", "ssh-ed25519 AAAA", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----"];
    let mut keys: Vec<SigningKey> = broken.iter().map(|b| roster((*b).to_owned(), "x".to_owned())).collect();
    keys.push(key);
    assert!(matches!(fact(&sandbox, commit, &keys), SignatureFact::By(_)));
}

/// A GnuPG home with one key that signs.
fn gpg(sandbox: &Sandbox, arguments: &[&str]) -> String {
    run(sandbox.command("gpg").args(["--batch", "--quiet", "--passphrase", "", "--pinentry-mode", "loopback"]).args(arguments))
}

fn new_gpg_home(sandbox: &Sandbox) {
    use std::os::unix::fs::PermissionsExt;
    let home = sandbox.home().join("gnupg");
    std::fs::create_dir(&home).unwrap();
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o700)).unwrap();
}

fn gpg_fingerprint(sandbox: &Sandbox, user: &str) -> String {
    let list = gpg(sandbox, &["--with-colons", "--fingerprint", user]);
    list.lines().find(|l| l.starts_with("fpr:")).unwrap().split(':').nth(9).unwrap().to_owned()
}

fn gpg_roster(sandbox: &Sandbox, user: &str) -> SigningKey {
    roster(gpg(sandbox, &["--armor", "--export", user]), gpg_fingerprint(sandbox, user))
}

#[test]
fn openpgp_signatures_by_primary_keys_and_subkeys_are_taken() {
    let sandbox = Sandbox::new();
    new_gpg_home(&sandbox);
    for (user, algorithm) in [("ed@acme.dev", "ed25519"), ("rsa@acme.dev", "rsa2048"), ("p256@acme.dev", "nistp256")] {
        gpg(&sandbox, &["--quick-generate-key", user, algorithm, "sign", "never"]);
        let key = gpg_roster(&sandbox, user);
        let commit = sign_with(&sandbox, "openpgp", user, user);
        sandbox.git(&["verify-commit", &commit.to_string()]);
        assert_eq!(fact(&sandbox, commit, std::slice::from_ref(&key)), SignatureFact::By(key.fingerprint.clone()), "{user}");
        let touched = raw(&sandbox, commit).replacen(&format!("\n\n{user}"), "\n\nhostile", 1);
        invalid(verify(&parsed(&touched), &[key], now()), "does not match");
    }
    gpg(&sandbox, &["--quick-generate-key", "sub@acme.dev", "ed25519", "cert", "never"]);
    let primary = gpg_fingerprint(&sandbox, "sub@acme.dev");
    gpg(&sandbox, &["--quick-add-key", &primary, "ed25519", "sign", "never"]);
    let commit = sign_with(&sandbox, "openpgp", "sub@acme.dev", "by a subkey");
    let key = gpg_roster(&sandbox, "sub@acme.dev");
    assert_eq!(fact(&sandbox, commit, &[key]), SignatureFact::By(KeyFingerprint(primary)), "the primary key's fingerprint");
}

#[test]
fn openpgp_keys_that_are_unknown_expired_or_revoked_do_not_count() {
    let sandbox = Sandbox::new();
    new_gpg_home(&sandbox);
    gpg(&sandbox, &["--quick-generate-key", "a@acme.dev", "ed25519", "sign", "1y"]);
    gpg(&sandbox, &["--quick-generate-key", "b@acme.dev", "ed25519", "sign", "never"]);
    let commit = sign_with(&sandbox, "openpgp", "a@acme.dev", "x");
    let key = gpg_roster(&sandbox, "a@acme.dev");
    let other = gpg_roster(&sandbox, "b@acme.dev");
    let parsed = sandbox.open().commit(commit).unwrap();
    let soon = Timestamp::now();
    assert!(matches!(verify(&parsed, std::slice::from_ref(&key), soon), SignatureFact::By(_)));
    unknown(verify(&parsed, std::slice::from_ref(&other), soon));
    invalid(verify(&parsed, std::slice::from_ref(&key), later()), "has expired");
    // A roster entry whose fingerprint names another key than its block holds verifies nothing.
    let swapped = roster(key.public.clone(), other.fingerprint.0.clone());
    unknown(verify(&parsed, &[swapped], soon));

    let certificate = sandbox.home().join("gnupg/openpgp-revocs.d").join(format!("{}.rev", key.fingerprint));
    let revocation = std::fs::read_to_string(certificate).unwrap().replace(":-----BEGIN", "-----BEGIN");
    let file = sandbox.home().join("revocation.asc");
    std::fs::write(&file, revocation).unwrap();
    gpg(&sandbox, &["--import", file.to_str().unwrap()]);
    let revoked = gpg_roster(&sandbox, "a@acme.dev");
    assert_ne!(revoked.public, key.public);
    invalid(verify(&parsed, &[revoked], soon), "revoked");
}

#[test]
fn a_revoked_subkey_does_not_count() {
    let sandbox = Sandbox::new();
    new_gpg_home(&sandbox);
    gpg(&sandbox, &["--quick-generate-key", "s@acme.dev", "ed25519", "cert", "never"]);
    let primary = gpg_fingerprint(&sandbox, "s@acme.dev");
    gpg(&sandbox, &["--quick-add-key", &primary, "ed25519", "sign", "never"]);
    let commit = sign_with(&sandbox, "openpgp", "s@acme.dev", "x");
    let mut child = sandbox
        .command("gpg")
        .args(["--batch", "--quiet", "--command-fd", "0", "--no-tty", "--pinentry-mode", "loopback", "--passphrase", ""])
        .args(["--edit-key", &primary])
        .stdin(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), b"key 1\nrevkey\ny\n0\n\ny\nsave\n").unwrap();
    child.wait().unwrap();
    invalid(fact(&sandbox, commit, &[gpg_roster(&sandbox, "s@acme.dev")]), "the subkey is revoked");
}

#[test]
fn a_weak_hash_does_not_count() {
    let sandbox = Sandbox::new();
    new_gpg_home(&sandbox);
    gpg(&sandbox, &["--quick-generate-key", "w@acme.dev", "rsa2048", "sign", "never"]);
    let key = gpg_roster(&sandbox, "w@acme.dev");
    let payload = raw(&sandbox, sandbox.commit("weak"));
    let file = sandbox.home().join("payload");
    for (hash, holds) in [("SHA1", false), ("SHA512", true)] {
        std::fs::write(&file, &payload).unwrap();
        let output = file.with_extension("asc");
        let _ = std::fs::remove_file(&output);
        let arguments = ["--allow-weak-digest-algos", "--digest-algo", hash, "--armor", "--detach-sign", "-u", "w@acme.dev"];
        gpg(&sandbox, &[&arguments[..], &[file.to_str().unwrap()]].concat());
        let armour = std::fs::read_to_string(&output).unwrap();
        let header = format!("gpgsig {}\n", armour.trim_end().replace('\n', "\n "));
        let signed = parsed(&payload.replacen("\n\n", &format!("\n{header}\n"), 1));
        match (verify(&signed, std::slice::from_ref(&key), now()), holds) {
            (SignatureFact::By(_), true) => {}
            (other, _) => invalid(other, "SHA1"),
        }
    }
}
