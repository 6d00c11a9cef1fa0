//! Commits that say they are somebody's.

use std::process::Command;

use crate::harness::{Judged, Key, Story};

const PROD: &str = "entities/Env/prod.yaml";

struct Signers {
    story: Story,
    alice: Key,
    bob: Key,
    mallory: Key,
}

fn signers() -> Signers {
    let dir = tempfile::tempdir().unwrap();
    let home = Story::keys(&dir);
    let [alice, bob, mallory] = ["alice", "bob", "mallory"].map(|name| Key::generate(&home, name, "ed25519"));
    let mut story = Story::signed(&[("alice@acme.dev", &alice), ("bob@acme.dev", &bob)]);
    story.keep(dir);
    Signers { story, alice, bob, mallory }
}

fn edit(s: &Signers, key: Option<&Key>, committer: &str) -> Judged {
    let topic = s.story.topic("edit").replace(PROD, "slack.example/prod", "slack.example/new");
    match key {
        Some(key) => topic.signed_with(key).commit_as(committer),
        None => topic.commit_as(committer),
    };
    s.story.judge("edit")
}

#[test]
fn every_kind_of_ssh_key_is_believed_when_the_roster_has_it() {
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let dir = tempfile::tempdir().unwrap();
        let bob = Key::generate(&Story::keys(&dir), "bob", kind);
        let story = Story::signed(&[("bob@acme.dev", &bob)]);
        story.topic("edit").replace(PROD, "slack.example/prod", "slack.example/new").signed_with(&bob).commit_as("bob@acme.dev");
        story.judge("edit").succeeds();
    }
}

#[test]
fn an_unsigned_commit_is_nobodys() {
    let s = signers();
    edit(&s, None, "alice@acme.dev").fails_by("identity/unsigned").refuses("Env/prod", "slackChannelUrl");
}

#[test]
fn a_key_outside_the_roster_is_nobodys() {
    let s = signers();
    edit(&s, Some(&s.mallory), "alice@acme.dev").fails_by("identity/unknown-key");
}

#[test]
fn a_signature_under_another_committers_name_is_refused() {
    let s = signers();
    edit(&s, Some(&s.bob), "alice@acme.dev").fails_by("identity/email-mismatch");
}

#[test]
fn the_author_line_gives_no_right() {
    let s = signers();
    s.story
        .topic("edit")
        .replace(PROD, "note: careful", "note: careful\n  size: 9")
        .authored_by("alice@acme.dev")
        .signed_with(&s.bob)
        .commit_as("bob@acme.dev");
    s.story.judge("edit").refuses("Env/prod", "size");
}

#[test]
fn a_key_added_by_the_change_does_not_sign_it() {
    let s = signers();
    s.story
        .topic("edit")
        .append("users/alice@acme.dev.yaml", "")
        .replace("users/alice@acme.dev.yaml", "signingKeys: [", &format!("signingKeys: [{:?}, ", s.mallory.public()))
        .signed_with(&s.mallory)
        .commit_as("alice@acme.dev");
    s.story.judge("edit").fails_by("identity/unknown-key").refuses("users/alice@acme.dev", "");
}

#[test]
fn a_key_past_its_time_is_refused_whatever_date_the_commit_names() {
    let mut s = signers();
    let path = "users/bob@acme.dev.yaml";
    let entry = format!("{{ key: {}, from: 2026-01-01, until: 2026-06-30 }}", s.bob.public());
    let text = s.story.git.show("main", path).replace(&format!("{:?}", s.bob.public()), &entry);
    s.story.main().write(path, &text).signed_with(&s.alice).commit_as("alice@acme.dev");
    s.story
        .topic("edit")
        .replace(PROD, "slack.example/prod", "slack.example/new")
        .dated("2026-03-01T00:00:00Z")
        .signed_with(&s.bob)
        .commit_as("bob@acme.dev");
    s.story.judge("edit").fails_by("identity/key-not-valid");
    s.story.now("2026-05-01T00:00:00Z");
    s.story.judge("edit").succeeds();
}

#[test]
fn a_signature_moved_to_another_commit_is_refused() {
    let s = signers();
    s.story
        .topic("honest")
        .replace(PROD, "slack.example/prod", "slack.example/new")
        .signed_with(&s.alice)
        .commit_as("alice@acme.dev");
    let honest = s.story.git.run(&["cat-file", "commit", "honest"]);
    s.story.topic("edit").replace(PROD, "note: careful", "size: 9").commit_as("alice@acme.dev");
    let tree = s.story.git.run(&["rev-parse", "edit^{tree}"]);
    let first = honest.lines().next().unwrap();
    let forged = honest.replace(first, &format!("tree {tree}")) + "\n";
    put_commit(&s.story, "edit", &forged);
    s.story.judge("edit").fails_by("identity/bad-signature").refuses("Env/prod", "size");
}

#[test]
fn a_signature_in_the_message_is_only_text() {
    let s = signers();
    s.story
        .topic("honest")
        .replace(PROD, "slack.example/prod", "slack.example/new")
        .signed_with(&s.alice)
        .commit_as("alice@acme.dev");
    let honest = s.story.git.run(&["cat-file", "commit", "honest"]);
    let block: Vec<&str> = honest.lines().skip_while(|l| !l.starts_with("gpgsig")).take_while(|l| !l.is_empty()).collect();
    let unsigned: Vec<&str> = honest.lines().filter(|l| !block.contains(l)).collect();
    put_commit(&s.story, "edit", &format!("{}\n\n{}\n", unsigned.join("\n"), block.join("\n")));
    s.story.judge("edit").fails_by("identity/unsigned");
}

#[test]
fn two_signatures_on_one_commit_are_refused() {
    let s = signers();
    s.story
        .topic("honest")
        .replace(PROD, "slack.example/prod", "slack.example/new")
        .signed_with(&s.alice)
        .commit_as("alice@acme.dev");
    let honest = s.story.git.run(&["cat-file", "commit", "honest"]);
    let block: Vec<&str> = honest.lines().skip_while(|l| !l.starts_with("gpgsig")).take_while(|l| !l.is_empty()).collect();
    let block = block.join("\n");
    put_commit(&s.story, "edit", &(honest.replacen(&block, &format!("{block}\n{block}"), 1) + "\n"));
    s.story.refuses_to_judge("edit");
}

#[test]
fn a_signature_made_for_something_else_is_refused() {
    let s = signers();
    s.story.topic("edit").replace(PROD, "slack.example/prod", "slack.example/new").commit_as("alice@acme.dev");
    let raw = s.story.git.run(&["cat-file", "commit", "edit"]) + "\n";
    let file = s.story.home.path().join("payload");
    std::fs::write(&file, &raw).unwrap();
    let signed = Command::new("ssh-keygen")
        .args(["-q", "-Y", "sign", "-n", "file", "-f"])
        .arg(s.alice.path())
        .arg(&file)
        .status()
        .unwrap();
    assert!(signed.success());
    let signature = std::fs::read_to_string(file.with_extension("sig")).unwrap();
    let header = format!("gpgsig {}", signature.trim_end().replace('\n', "\n "));
    let (head, body) = raw.split_once("\n\n").unwrap();
    put_commit(&s.story, "edit", &format!("{head}\n{header}\n\n{body}"));
    s.story.judge("edit").fails_by("identity/bad-signature");
}

#[test]
fn a_key_that_two_users_share_is_nobodys() {
    let dir = tempfile::tempdir().unwrap();
    let key = Key::generate(&Story::keys(&dir), "shared", "ed25519");
    let story = Story::signed(&[("alice@acme.dev", &key), ("bob@acme.dev", &key)]);
    story.topic("edit").replace(PROD, "slack.example/prod", "slack.example/new").signed_with(&key).commit_as("alice@acme.dev");
    story.judge("edit").refuses("Env/prod", "slackChannelUrl");
}

#[test]
fn an_unsigned_commit_hidden_between_signed_ones_is_found() {
    let s = signers();
    s.story.topic("edit").replace(PROD, "slack.example/prod", "slack.example/a").signed_with(&s.bob).commit_as("bob@acme.dev");
    s.story.topic("edit").write("README.md", "nothing to see\n").commit_as("bob@acme.dev");
    s.story.topic("edit").replace(PROD, "slack.example/a", "slack.example/b").signed_with(&s.bob).commit_as("bob@acme.dev");
    s.story.judge("edit").fails_only_by("identity/unsigned");
}

fn put_commit(story: &Story, branch: &str, raw: &str) {
    let id = story.git.feed(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], raw.as_bytes());
    story.git.run(&["update-ref", &format!("refs/heads/{branch}"), &id]);
}
