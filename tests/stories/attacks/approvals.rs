//! Approvals that should not count.

use portcullis::model::{ReviewState, RunState};

use crate::harness::{COMPANY, Story};

const RUN: &str = "runs/more.yaml";
const ASK: &str = "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n";

/// bob asks for ten days.
fn asked() -> Story {
    let story = Story::begin();
    story.topic("ask").write(RUN, ASK).commit_as("bob@acme.dev");
    story
}

#[test]
fn a_moderator_approves_and_the_run_flips() {
    let mut story = asked();
    story.judge("ask").waits().run_is("more", RunState::WaitingForApproval);
    story.approve("ask", "carol");
    story.judge("ask").succeeds().run_is("more", RunState::Approved);
}

#[test]
fn the_requesters_own_approval_does_not_count() {
    let mut story = Story::begin();
    story.topic("ask").write(RUN, ASK).commit_as("carol@acme.dev");
    story.approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
    story.approve("ask", "alice");
    story.judge("ask").run_is("more", RunState::Approved);
}

#[test]
fn an_approver_who_committed_under_a_second_address_is_a_contributor() {
    let mut story = asked();
    story.topic("ask").append("entities/Env/prod.yaml", "# a word\n").commit_as("carol@home.example");
    story.approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_approver_who_only_authored_a_commit_is_a_contributor() {
    let mut story = asked();
    story.topic("ask").append("entities/Env/prod.yaml", "# a word\n").authored_by("carol@acme.dev").commit_as("bob@acme.dev");
    story.approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_author_line_takes_nobodys_no_away() {
    let mut story = asked();
    story.approve("ask", "alice").review("ask", "carol", ReviewState::ChangesRequested);
    story.topic("ask").append("entities/Env/prod.yaml", "# thanks\n").authored_by("carol@acme.dev").commit_as("bob@acme.dev");
    story.judge("ask").fails().run_is("more", RunState::Declined);
    let tip = story.git.id("ask");
    story.pushed_by("carol", None, tip);
    story.judge("ask").run_is("more", RunState::Approved);
}

#[test]
fn an_author_line_makes_all_no_smaller() {
    let mut story = Story::begin();
    story.topic("ask").write("runs/audit.yaml", "action: audit_env\nentity: prod\n").commit_as("bob@acme.dev");
    story.topic("ask").append("entities/Env/prod.yaml", "# thanks\n").authored_by("carol@acme.dev").commit_as("bob@acme.dev");
    story.approve("ask", "alice").approve("ask", "frank");
    let judged = story.judge("ask").fails_by("approval/too-few-approvers").run_is("audit", RunState::WaitingForApproval);
    assert!(judged.run("audit").reason.contains("carol@acme.dev: a commit on this pull request names them"), "{judged}");
    story.approve("ask", "carol");
    story.judge("ask").run_is("audit", RunState::WaitingForApproval);
}

#[test]
fn where_a_pusher_is_unknown_no_approval_counts() {
    let mut story = asked();
    let tip = story.git.id("ask");
    story.pushed_by("nobody", None, tip).approve("ask", "carol");
    let judged = story.judge("ask").fails_by("approval/no-approver").run_is("more", RunState::WaitingForApproval);
    assert!(judged.run("more").reason.contains("who pushed to this pull request is not known"), "{judged}");
    story.review("ask", "frank", ReviewState::ChangesRequested);
    story.judge("ask").run_is("more", RunState::Declined);
}

#[test]
fn an_approver_who_only_pushed_is_a_contributor() {
    let mut story = asked();
    let tip = story.git.id("ask");
    story.pushed_by("carol", None, tip).approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_bot_never_approves() {
    let mut story = asked();
    story.approve("ask", "robot");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn somebody_without_the_right_approves_nothing() {
    let mut story = asked();
    story.approve("ask", "dave").approve("ask", "mallory").approve("ask", "nobody");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_changed_request_takes_the_approval_back() {
    let mut story = asked();
    story.approve("ask", "carol");
    story.topic("ask").replace(RUN, "10 days", "5 days").commit_as("bob@acme.dev");
    story.judge("ask").waits().run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_unrelated_push_and_a_comment_keep_the_approval() {
    let mut story = asked();
    story.approve("ask", "carol");
    story.topic("ask").append(RUN, "# please\n").commit_as("bob@acme.dev");
    story.topic("ask").replace("entities/Env/prod.yaml", "slack.example/prod", "slack.example/x").commit_as("bob@acme.dev");
    story.judge("ask").run_is("more", RunState::Approved);
}

#[test]
fn an_action_changed_on_the_watched_branch_voids_the_approval_and_says_so() {
    let mut story = asked();
    story.approve("ask", "carol");
    story.main().replace("actions/extend_env_ttl.yaml", "hooks.acme.dev/ttl", "hooks.acme.dev/other").commit_as("alice@acme.dev");
    let judged = story.judge("ask").run_is("more", RunState::WaitingForApproval);
    assert!(judged.run("more").reason.contains("changed on the watched branch"), "{judged}");
}

#[test]
fn an_approver_who_lost_the_role_approves_no_longer() {
    let mut story = asked();
    story.approve("ask", "carol");
    story.main().replace("users/carol@acme.dev.yaml", "[Member, Env-moderator]", "[Member]").commit_as("alice@acme.dev");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_target_that_changed_hands_voids_the_approval() {
    let mut story = asked();
    story.approve("ask", "carol");
    story.main().replace("entities/System/shop.yaml", "team: platform", "team: payments").commit_as("alice@acme.dev");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_review_of_no_commit_or_an_unknown_one_counts_for_nothing() {
    let mut story = asked();
    story.review_on("ask", "carol", ReviewState::Approved, None);
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
    let unknown = portcullis::model::CommitId([7; 20]);
    story.review_on("ask", "carol", ReviewState::Approved, Some(unknown));
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_review_of_another_branch_without_the_run_counts_for_nothing() {
    let mut story = asked();
    let main = story.git.id("main");
    story.review_on("ask", "carol", ReviewState::Approved, Some(main));
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_dismissal_revives_nothing_older() {
    let mut story = asked();
    story.approve("ask", "carol").review("ask", "carol", ReviewState::ChangesRequested);
    story.judge("ask").fails().run_is("more", RunState::Declined);
    story.review("ask", "carol", ReviewState::Dismissed);
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
    story.review("ask", "carol", ReviewState::Commented);
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn one_no_outweighs_every_yes() {
    let mut story = asked();
    story.approve("ask", "alice").review("ask", "carol", ReviewState::ChangesRequested).approve("ask", "frank");
    story.judge("ask").fails().run_is("more", RunState::Declined);
}

#[test]
fn a_no_by_somebody_without_the_right_declines_nothing() {
    let mut story = asked();
    story.review("ask", "dave", ReviewState::ChangesRequested).approve("ask", "carol");
    story.judge("ask").run_is("more", RunState::Approved);
}

#[test]
fn two_approvals_are_of_two_people() {
    let mut story = Story::begin();
    story.topic("ask").write("runs/gone.yaml", "action: delete_env\nentity: prod\n").commit_as("bob@acme.dev");
    story.approve("ask", "carol").approve("ask", "carol");
    story.judge("ask").run_is("gone", RunState::WaitingForApproval);
    story.approve("ask", "frank");
    story.judge("ask").run_is("gone", RunState::Approved);
}

#[test]
fn all_means_everyone_who_may_at_the_time() {
    let mut story = Story::begin();
    story.topic("ask").write("runs/audit.yaml", "action: audit_env\nentity: prod\n").commit_as("bob@acme.dev");
    story.approve("ask", "carol").approve("ask", "frank");
    story.judge("ask").run_is("audit", RunState::WaitingForApproval);
    story.approve("ask", "alice");
    story.judge("ask").run_is("audit", RunState::Approved);
}

#[test]
fn where_nobody_may_approve_it_is_an_error_and_never_approved() {
    let story = Story::with(&[(
        "permissions/Env.yaml",
        "actions:\n  extend_env_ttl:\n    execute: { roles: [Member] }\n    approve: { users: [robot@acme.dev] }\n",
    )]);
    story.topic("ask").write(RUN, ASK).commit_as("bob@acme.dev");
    story.judge("ask").fails_by("approval/no-approver").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_run_that_waited_too_long_is_past_saving() {
    let mut story = asked();
    story.first_seen("2026-11-01T00:00:00Z").approve("ask", "dave");
    story.judge("ask").fails().run_is("more", RunState::Expired);
}

#[test]
fn a_closed_request_is_cancelled() {
    let mut story = asked();
    story.approve("ask", "carol").closed();
    story.judge("ask").run_is("more", RunState::Cancelled);
}

#[test]
fn a_finished_run_cannot_be_edited_or_asked_again() {
    let story = Story::with(&[(RUN, ASK)]);
    story.topic("edit").replace(RUN, "10 days", "5 days").commit_as("alice@acme.dev");
    story.judge("edit").fails_by("run/immutable");
    story.main().remove(RUN).commit_as("alice@acme.dev");
    story.topic("again").write("runs/other-file.yaml", &format!("identifier: more\n{ASK}")).commit_as("alice@acme.dev");
    story.judge("again").fails_by("run/identifier-used");
}

#[test]
fn only_an_admin_removes_a_run() {
    let story = Story::with(&[(RUN, ASK)]);
    story.topic("tidy").remove(RUN).commit_as("carol@acme.dev");
    story.judge("tidy").refuses("runs/more", "");
    story.topic("sweep").remove(RUN).commit_as("alice@acme.dev");
    story.judge("sweep").succeeds();
}

#[test]
fn three_days_are_free_and_ten_are_not() {
    let story = Story::begin();
    story.topic("free").write("runs/three.yaml", "action: create_env\ninputs: { ttl: 3 days }\n").commit_as("bob@acme.dev");
    story.judge("free").succeeds().run_is("three", RunState::Approved);
    story.topic("default").write("runs/unsaid.yaml", "action: create_env\n").commit_as("bob@acme.dev");
    story.judge("default").succeeds().run_is("unsaid", RunState::Approved);
    story.topic("ten").write("runs/ten.yaml", "action: create_env\ninputs: { ttl: 10 days }\n").commit_as("bob@acme.dev");
    story.judge("ten").waits().run_is("ten", RunState::WaitingForApproval);
}

#[test]
fn naming_another_target_takes_the_approval_back() {
    let mut story = asked();
    story.approve("ask", "carol");
    story.topic("ask").replace(RUN, "entity: prod", "entity: staging").commit_as("bob@acme.dev");
    story.judge("ask").run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_copy_of_an_approved_run_is_not_approved() {
    let mut story = asked();
    story.approve("ask", "carol");
    story.topic("ask").write("runs/again.yaml", ASK).commit_as("bob@acme.dev");
    story.judge("ask").run_is("more", RunState::Approved).run_is("again", RunState::WaitingForApproval);
}

#[test]
fn leaving_out_an_input_does_not_escape_approval() {
    let action = COMPANY.iter().find(|(path, _)| *path == "actions/create_env.yaml").unwrap().1;
    let action = action.replace(", default: 3 days", "").replace(", required: [ttl] }\ninvocation", " }\ninvocation");
    assert!(action.contains("when: { properties: { ttl: { const: 10 days } } }"), "{action}");
    let story = Story::with(&[("actions/create_env.yaml", &action)]);
    story.topic("ask").write("runs/unsaid.yaml", "action: create_env\n").commit_as("bob@acme.dev");
    story.judge("ask").waits().run_is("unsaid", RunState::WaitingForApproval);
}

#[test]
fn a_run_cannot_name_its_requester() {
    let story = Story::begin();
    story.topic("ask").write(RUN, &format!("{ASK}requester: dave@acme.dev\n")).commit_as("bob@acme.dev");
    story.judge("ask").fails_by("run/status-in-file").says("requester");
}
