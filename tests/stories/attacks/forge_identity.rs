//! Whose a commit is where a forge knows people, and its lines can be written by anyone.

use portcullis::model::{IdentityMode, ReviewState, RunState};

use crate::harness::Story;

const PROD: &str = "entities/Env/prod.yaml";

/// A pull request with one commit that says to be by this address.
fn opened(opener: &str, pusher: &str, committer: &str, note: &str) -> Story {
    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    let before = story.git.id("main");
    let tip = story.topic("edit").replace(PROD, "note: careful", note).commit_as(committer);
    story.opened_by(opener).pushed_by(pusher, Some(before), tip);
    story
}

#[test]
fn an_admins_name_in_the_lines_of_a_commit_lends_no_right() {
    opened("bob", "bob", "alice@acme.dev", "note: careful\n  size: 9").judge("edit").refuses("Env/prod", "size");
    opened("alice", "bob", "alice@acme.dev", "note: careful\n  size: 9").judge("edit").refuses("Env/prod", "size");
    opened("bob", "alice", "alice@acme.dev", "note: careful\n  size: 9").judge("edit").refuses("Env/prod", "size");
    opened("alice", "alice", "alice@acme.dev", "note: careful\n  size: 9").judge("edit").succeeds();
}

#[test]
fn a_stranger_in_any_place_is_nobody_and_not_passed_over() {
    opened("mallory", "alice", "alice@acme.dev", "note: careful\n  size: 9").judge("edit").refuses("Env/prod", "size");
    opened("alice", "mallory", "alice@acme.dev", "note: careful\n  size: 9").judge("edit").refuses("Env/prod", "size");
    opened("alice", "alice", "mallory@evil.example", "note: careful\n  size: 9").judge("edit").refuses("Env/prod", "size");
}

#[test]
fn what_the_forge_does_not_know_is_nobodys() {
    opened("nobody", "alice", "alice@acme.dev", "note: careful\n  size: 9")
        .judge("edit")
        .refuses("Env/prod", "size")
        .says("unknown opener");
    opened("alice", "nobody", "alice@acme.dev", "note: careful\n  size: 9")
        .judge("edit")
        .refuses("Env/prod", "size")
        .says("unknown pusher");
}

#[test]
fn a_commit_that_the_forge_has_verified_is_its_signers_alone() {
    let mut story = opened("bob", "bob", "alice@acme.dev", "note: careful\n  size: 9");
    let tip = story.git.id("edit");
    story.verified_as(tip, "alice");
    story.judge("edit").succeeds();
    story.verified_as(tip, "mallory");
    story.judge("edit").refuses("Env/prod", "size");
}

#[test]
fn the_lines_of_an_unverified_commit_take_nobodys_no_away() {
    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    let before = story.git.id("main");
    let ask = "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n";
    let tip = story.topic("ask").write("runs/more.yaml", ask).authored_by("carol@acme.dev").commit_as("bob@acme.dev");
    story.opened_by("bob").pushed_by("bob", Some(before), tip);
    story.approve("ask", "alice").approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::Approved);
    story.review("ask", "carol", ReviewState::ChangesRequested);
    story.judge("ask").run_is("more", RunState::Declined);
}

#[test]
fn a_push_that_was_forced_away_is_not_forgotten() {
    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    let main = story.git.id("main");
    let first = story.topic("edit").append(PROD, "# a word\n").commit_as("alice@acme.dev");
    let second = story.topic("edit").replace(PROD, "note: careful", "note: careful\n  size: 9").commit_as("alice@acme.dev");
    let junk = portcullis::model::CommitId([0xdd; 20]);
    story.opened_by("alice").pushed_by("alice", Some(main), first).pushed_by("bob", Some(first), junk);
    story.pushed_by("alice", Some(junk), second);
    story.judge("edit").refuses("Env/prod", "size");
}
