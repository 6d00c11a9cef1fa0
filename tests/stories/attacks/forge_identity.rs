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

const SIZE: &str = "note: careful\n  size: 9";
const ASK: &str = "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n";

/// A pull request of bob's that asks for ten days, by a commit with this message.
fn asked(message: &str) -> Story {
    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    let before = story.git.id("main");
    let tip = story.topic("ask").write("runs/more.yaml", ASK).saying(message).commit_as("bob@acme.dev");
    story.opened_by("bob").pushed_by("bob", Some(before), tip);
    story
}

#[test]
fn an_edit_in_the_browser_on_somebody_elses_branch_needs_both() {
    let edited = |opener: &str, pusher: &str, author: &str| {
        let mut story = Story::begin();
        story.identity(IdentityMode::Forge);
        let before = story.git.id("main");
        let tip = story.topic("edit").replace(PROD, "note: careful", SIZE).authored_by(author).commit_as("noreply@github.com");
        story.opened_by(opener).pushed_by(pusher, Some(before), tip).made_by_the_forge(tip);
        story
    };
    edited("alice", "alice", "1+alice@users.noreply.github.com").judge("edit").succeeds();
    edited("bob", "alice", "alice@acme.dev").judge("edit").refuses("Env/prod", "size");
    edited("alice", "bob", "2+bob@users.noreply.github.com").judge("edit").refuses("Env/prod", "size");
    edited("alice", "alice", "alice@users.noreply.github.com").judge("edit").refuses("Env/prod", "size");
}

#[test]
fn a_commit_that_only_claims_to_be_the_forges_own_is_a_strangers() {
    opened("alice", "alice", "noreply@github.com", SIZE).judge("edit").refuses("Env/prod", "size");
}

#[test]
fn a_co_author_lends_no_right_and_may_not_approve() {
    let mut story = asked("Ask\n\nCo-authored-by: Carol <CAROL@home.example>\n");
    story.approve("ask", "carol");
    let judged = story.judge("ask").run_is("more", RunState::WaitingForApproval).says("a commit on this pull request names them");
    assert!(judged.run("more").approvers.iter().all(|one| one != "carol@acme.dev"));
    story.approve("ask", "frank");
    story.judge("ask").run_is("more", RunState::Approved);
    story.review("ask", "carol", ReviewState::ChangesRequested);
    story.judge("ask").run_is("more", RunState::Declined);

    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    let before = story.git.id("main");
    let message = "Edit\n\nCo-authored-by: Alice <alice@acme.dev>\n";
    let tip = story.topic("edit").replace(PROD, "note: careful", SIZE).saying(message).commit_as("bob@acme.dev");
    story.opened_by("bob").pushed_by("bob", Some(before), tip);
    story.judge("edit").refuses("Env/prod", "size");
}

#[test]
fn where_nobody_knows_who_pushed_a_signed_commit_no_approval_counts() {
    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    let tip = story.topic("ask").write("runs/more.yaml", ASK).commit_as("bob@acme.dev");
    story.opened_by("bob").verified_as(tip, "bob").approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::WaitingForApproval).says("who pushed to this pull request is not known");
    let before = story.git.id("main");
    story.pushed_by("bob", Some(before), tip);
    story.judge("ask").run_is("more", RunState::Approved);
}

#[test]
fn a_deleted_reviewer_approves_nothing() {
    let mut story = asked("Ask");
    story.approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::Approved);
    let mut story = asked("Ask");
    story.approve("ask", "nobody");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_bot_edits_by_its_rights_and_approves_nothing() {
    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    let before = story.git.id("main");
    let tip = story.topic("edit").replace(PROD, "ttl: 10 days", "ttl: 5 days").commit_as("x@bots.example");
    story.opened_by("robot").pushed_by("robot", Some(before), tip).verified_as(tip, "robot");
    story.judge("edit").succeeds();
    let mut story = asked("Ask");
    story.approve("ask", "robot");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

/// Somebody pushed this commit to the watched branch.
fn pushed(pusher: &str, committer: &str) -> Story {
    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    story.git.run(&["branch", "accepted", "main"]);
    let before = story.git.id("main");
    let tip = story.main().replace(PROD, "note: careful", SIZE).commit_as(committer);
    story.pushed_by(pusher, Some(before), tip);
    story
}

#[test]
fn a_direct_push_is_the_pushers_and_everyones_whom_its_lines_name() {
    let judge = |story: &Story| story.judge_told_push("accepted", "main");
    judge(&pushed("alice", "alice@acme.dev")).succeeds();
    judge(&pushed("bob", "alice@acme.dev")).refuses("Env/prod", "size");
    judge(&pushed("alice", "bob@acme.dev")).refuses("Env/prod", "size");
    judge(&pushed("nobody", "alice@acme.dev")).refuses("Env/prod", "size").says("unknown pusher");
    pushed("alice", "alice@acme.dev").judge_pushed("accepted", "main").refuses("Env/prod", "size").says("unknown pusher");

    let mut signed = pushed("mallory", "alice@acme.dev");
    let tip = signed.git.id("main");
    signed.verified_as(tip, "alice");
    judge(&signed).succeeds();
}

#[test]
fn what_was_once_forced_away_from_the_watched_branch_taints_nothing_later() {
    let mut story = Story::begin();
    story.identity(IdentityMode::Forge);
    story.git.run(&["branch", "accepted", "main"]);
    let (old, accepted) = (story.git.id("main"), story.git.id("accepted"));
    let bad = story.topic("gone").replace(PROD, "note: careful", "note: mine").commit_as("mallory@evil.example");
    let good = story.main().replace(PROD, "note: careful", SIZE).commit_as("alice@acme.dev");
    story.pushed_by("erin", None, old).pushed_by("mallory", Some(accepted), bad).pushed_by("alice", Some(bad), accepted);
    story.pushed_by("alice", Some(accepted), good);
    story.judge_told_push("accepted", "main").succeeds();
}
