//! Stories of runs in pull requests, most of them told by somebody who wants what is not theirs.

use super::story::{Story, commit_id, judge, put_run};
use super::{Base, Target};
use crate::catalog::{Document, FileDelta, ParsedFile};
use crate::model::{
    Action, Actor, ApprovalKind, FilePath, Finding, IdentityMode, KeyFingerprint, Limits, PullRequestState, RequiredApproval,
    Review, ReviewState, Reviewer, Role, RunState, SignatureFact, SigningKey, User,
};
use crate::run::fixture::{World, account, at, day, file, id, inputs, rule, user};
use ReviewState::{Approved, ChangesRequested, Dismissed};
use RunState::WaitingForApproval as Waiting;

fn asked() -> Story {
    Story::asked(World::new())
}

fn state(story: &Story) -> RunState {
    story.verdict().0.state
}

#[test]
fn a_moderator_flips_the_run() {
    let (verdict, rules) = asked().verdict();
    assert_eq!((verdict.state, rules), (Waiting, vec![]));
    assert_eq!(verdict.requester, Some(Actor::User(id("alice@acme.dev"))));
    assert_eq!(verdict.digest.len(), 64);
    assert_eq!(verdict.approvers, [id("carol@acme.dev"), id("dave@acme.dev")]);
    assert_eq!(verdict.reason, "needs one more approval of: carol@acme.dev, dave@acme.dev");
    let (verdict, rules) = asked().says("carol", Approved).verdict();
    assert_eq!((verdict.state, rules, verdict.approvals), (RunState::Approved, vec![], vec![id("carol@acme.dev")]));
}

#[test]
fn the_author_approves_the_own_request() {
    let admin = World::new().edit_user("alice", |u| u.roles.push(Role::Admin));
    let (verdict, rules) = Story::asked(admin.clone()).says("alice", Approved).verdict();
    assert_eq!((verdict.state, rules), (Waiting, vec!["approval/not-counted"]));
    let allowed = admin.with_action(|a| a.self_approval = Some(true));
    assert_eq!(state(&Story::asked(allowed).says("alice", Approved)), RunState::Approved);
}

#[test]
fn the_committer_approves_under_another_address() {
    let world = World::new().edit_user("carol", |u| u.emails.push("carol@home.example".into()));
    let story = Story::asked(world).edits("bob", |r| r.reason = Some("please".into()));
    let typed = story.clone().last_commit(|c| c.committer_email = "Carol@Home.example".into());
    assert_eq!(state(&typed.says("carol", Approved)), Waiting);
    let authored = story.clone().last_commit(|c| c.author_email = "carol@home.example".into());
    assert_eq!(state(&authored.says("carol", Approved)), Waiting);
    let noreply = story.clone().last_commit(|c| c.author_email = format!("{}+c@users.noreply.github.com", account("carol")));
    assert_eq!(state(&noreply.says("carol", Approved)), Waiting);
    assert_eq!(state(&story.says("carol", Approved)), RunState::Approved);
}

#[test]
fn who_only_pushed_approves() {
    let mut story = asked().says("carol", Approved);
    story.facts.pushes.push(super::story::push(Some("carol"), None, 9));
    assert_eq!(state(&story), Waiting, "also what was pushed away since");
}

#[test]
fn who_signed_the_commit_approves() {
    let key = KeyFingerprint("SHA256:carol".into());
    let signing = SigningKey { public: String::new(), fingerprint: key.clone(), from: None, until: Some(day(-9)) };
    let world = World::new().edit_user("carol", |u| u.signing_keys.push(signing));
    let story = Story::asked(world).last_commit(|c| c.signature = SignatureFact::By(key));
    assert_eq!(state(&story.says("carol", Approved)), Waiting, "the key is no longer valid, and it is still hers");
}

#[test]
fn a_bot_approves() {
    let world = World::new().with_user(User { bot: true, ..user("ci", "Admin Env-moderator") });
    let (verdict, rules) = Story::asked(world).says("ci", Approved).verdict();
    assert_eq!((verdict.state, rules), (Waiting, vec!["approval/not-counted"]));
}

#[test]
fn the_inputs_change_after_the_approval() {
    let story = Story::asked(World::new().with_run(|r| r.inputs = inputs(r#"{"ttl":"3 days"}"#))).says("carol", Approved);
    let story = story.edits("alice", |r| r.inputs = inputs(r#"{"ttl":"10 days"}"#));
    let (verdict, rules) = story.verdict();
    assert_eq!((verdict.state, rules), (Waiting, vec!["approval/outdated"]));
    assert_eq!(state(&story.says("carol", Approved)), RunState::Approved);
}

#[test]
fn another_commit_and_a_rewritten_comment_keep_the_approval() {
    let story = asked().says("carol", Approved);
    let digest = story.verdict().0.digest;
    let story = story.edits("alice", |_| {}).commits("bob", []);
    let (verdict, _) = story.verdict();
    assert_eq!((verdict.state, verdict.digest), (RunState::Approved, digest));
}

#[test]
fn the_approver_loses_the_role_on_the_watched_branch() {
    let story = asked().says("carol", Approved).base_moves(|w| w.edit_user("carol", |u| u.roles.clear()));
    assert_eq!(state(&story), Waiting);
}

#[test]
fn the_pull_request_makes_its_own_approver() {
    let mallory = file("users/mallory.yaml", |f| Document::User(at(f, user("mallory", "Admin"))));
    let bob = file("users/bob@acme.dev.yaml", |f| Document::User(at(f, user("bob", "Env-moderator"))));
    let story = asked().commits("alice", [FileDelta::put(mallory), FileDelta::put(bob)]);
    let (verdict, _) = story.says("mallory", Approved).says("bob", Approved).verdict();
    assert_eq!((verdict.state, verdict.approvals), (Waiting, vec![]));
}

#[test]
fn the_pull_request_widens_its_own_rule() {
    let strict = World::new().with_approve(rule("", "carol@acme.dev", ""));
    let lax = strict.clone().with_approve(rule("Member", "", "platform")).base();
    let permissions = lax.permissions().get("Env").unwrap().value.clone();
    let widened = file("permissions/Env.yaml", |f| Document::Permissions(at(f, permissions)));
    let free = Action { required_approval: RequiredApproval::Never, self_approval: Some(true), ..strict.action.clone() };
    let freed = file("actions/extend.yaml", |f| Document::Action(at(f, free)));
    let story = Story::asked(strict).commits("alice", [FileDelta::put(widened), FileDelta::put(freed)]);
    let (verdict, _) = story.clone().says("bob", Approved).says("alice", Approved).verdict();
    assert_eq!((verdict.state, verdict.approvers), (Waiting, vec![id("carol@acme.dev")]));
    assert_eq!(state(&story.says("carol", Approved)), RunState::Approved);
}

#[test]
fn two_keys_of_one_person_are_one_approval() {
    let key = |name: &str| KeyFingerprint(name.into());
    let signing = |name| SigningKey { public: String::new(), fingerprint: key(name), from: None, until: None };
    let two = RequiredApproval::Always { kind: ApprovalKind::Any, count: 2 };
    let world = World::new()
        .edit_user("carol", |u| u.signing_keys = vec![signing("SHA256:one"), signing("SHA256:two")])
        .with_action(|a| a.required_approval = two);
    let mut story = Story::asked(world);
    let alice = SignatureFact::By(key("SHA256:alice"));
    story = story.base_moves(|w| w.edit_user("alice", |u| u.signing_keys = vec![signing("SHA256:alice")])).updates("alice");
    story.commits.iter_mut().for_each(|c| c.signature = alice.clone());
    story.mode = IdentityMode::Signature;
    for name in ["SHA256:one", "SHA256:two"] {
        let signature = SignatureFact::By(key(name));
        let reviewer = Reviewer::Committer { signature, email: format!("{name}@x"), received_at: day(0) };
        let commit = Some(story.commits.last().unwrap().id);
        story.facts.reviews.push(Review { id: name.into(), reviewer, state: Approved, commit, submitted_at: None });
    }
    let (verdict, _) = story.verdict();
    assert_eq!((verdict.state, verdict.approvals), (Waiting, vec![id("carol@acme.dev")]));
}

#[test]
fn an_approval_is_dismissed_or_turned_round() {
    assert_eq!(state(&asked().says("carol", Approved).says("carol", Dismissed)), Waiting);
    let (verdict, rules) = asked().says("carol", Approved).says("carol", ChangesRequested).verdict();
    assert_eq!((verdict.state, rules), (RunState::Declined, vec!["approval/declined"]));
    let on_nothing = asked().says("dave", Approved).says_on("carol", ChangesRequested, None);
    assert_eq!(state(&on_nothing), RunState::Declined, "a no stands whatever it was given on");
}

#[test]
fn a_review_names_no_commit_or_one_that_git_does_not_know() {
    for commit in [None, Some(commit_id(99)), Some(commit_id(0))] {
        let (verdict, rules) = asked().says_on("carol", Approved, commit).verdict();
        assert_eq!((verdict.state, rules), (Waiting, vec!["approval/not-counted"]));
    }
}

#[test]
fn an_approval_from_before_the_run_was_there() {
    let run = put_run("runs/r1.yaml", &World::new().run);
    let story = Story::new(World::new()).commits("alice", []).says("carol", Approved).commits("alice", [run]);
    assert_eq!(state(&story), Waiting);
}

#[test]
fn an_approval_of_a_file_that_showed_something_else() {
    let path = FilePath::new("runs/r1.yaml");
    let world = World::new();
    let twofold = ParsedFile {
        content: None,
        path: path.clone(),
        documents: vec![Document::Run(at(path, world.run.clone()))],
        findings: vec![Finding::error("yaml/duplicate-key", "`ttl` stands twice")],
    };
    let story = Story::new(world.clone()).commits("alice", [FileDelta::put(twofold)]).says("carol", Approved);
    assert_eq!(state(&story), Waiting, "nothing is approved by a file with errors");
    let mended = story.edits("alice", |_| {});
    assert_eq!(state(&mended), Waiting, "nor by an approval that was given on one");
    assert_eq!(state(&mended.says("carol", Approved)), RunState::Approved);
}

#[test]
fn the_action_moves_on_and_the_branch_is_brought_up_to_date() {
    let story = asked().says("carol", Approved).base_moves(|w| w.with_action(|a| a.definition = inputs(r#"{"v":2}"#)));
    let (verdict, rules) = story.verdict();
    assert_eq!((verdict.state, rules), (Waiting, vec!["approval/outdated"]));
    assert!(verdict.reason.contains("bring the branch up to date and approve again"), "{}", verdict.reason);
    assert_eq!(state(&story.clone().says("carol", Approved)), Waiting, "approved again, yet on the old branch");
    assert_eq!(state(&story.updates("alice").says("carol", Approved)), RunState::Approved);
}

#[test]
fn an_unrelated_move_of_the_watched_branch_keeps_the_approval() {
    let story = asked().says("carol", Approved).base_moves(|w| w.with_user(user("zoe", "Member")));
    assert_eq!(state(&story), RunState::Approved);
}

#[test]
fn a_run_waits_too_long() {
    let mut story = asked();
    story.now = day(15);
    let (verdict, rules) = story.verdict();
    assert_eq!((verdict.state, rules), (RunState::Expired, vec!["approval/expired"]));
    let short = World::new().with_action(|a| a.expiry = Some(std::time::Duration::from_secs(3600)));
    let (verdict, _) = Story::asked(short).verdict();
    assert_eq!(verdict.reason, "waited longer than 1h for approval; ask again in a new run");
}

#[test]
fn first_seen_is_told_and_goes_before_the_commits_date() {
    let mut proposal = asked().last_commit(|c| c.committed_at = Some(day(1000))).proposal();
    (proposal.first_seen, proposal.now) = (Some(day(0)), day(20));
    assert_eq!(judge(&proposal).0[0].state, RunState::Expired);
}

#[test]
fn all_but_the_requester_must_agree() {
    let all = RequiredApproval::Always { kind: ApprovalKind::All, count: 1 };
    let world = World::new().with_action(|a| a.required_approval = all.clone()).edit_user("alice", |u| u.roles.push(Role::Admin));
    let story = Story::asked(world.clone()).says("alice", Approved).says("carol", Approved);
    assert_eq!(state(&story), Waiting);
    assert_eq!(state(&story.says("dave", Approved)), RunState::Approved);
    let alone = world.with_approve(rule("Admin", "", ""));
    let (verdict, rules) = Story::asked(alone).says("alice", Approved).verdict();
    assert_eq!(verdict.state, Waiting, "nobody is not everybody");
    assert_eq!(rules, ["approval/no-approver", "approval/not-counted"]);
}

#[test]
fn more_are_needed_than_there_are() {
    let three = RequiredApproval::Always { kind: ApprovalKind::Any, count: 3 };
    let story = Story::asked(World::new().with_action(|a| a.required_approval = three)).says("carol", Approved);
    let (verdict, rules) = story.says("dave", Approved).verdict();
    assert_eq!((verdict.state, rules), (Waiting, vec!["approval/too-few-approvers"]));
}

#[test]
fn a_broken_permissions_file_leaves_nobody_to_approve() {
    let mut proposal = asked().says("carol", Approved).proposal();
    let path = FilePath::new("permissions/Env.yaml");
    let broken = ParsedFile {
        content: None,
        path,
        documents: Vec::new(),
        findings: vec![Finding::error("yaml/syntax", "cannot be read")],
    };
    proposal.base = Base(proposal.base.0.apply([FileDelta::put(broken)]));
    let (verdicts, findings) = judge(&proposal);
    assert_eq!((verdicts[0].state, verdicts[0].approvers.len()), (Waiting, 0), "it does not fall back to the laxer default");
    assert!(findings.iter().any(|f| f.rule == "approval/no-approver"));
}

#[test]
fn ten_days_wait_and_the_default_of_three_does_not() {
    let when = RequiredApproval::When {
        schema: inputs(r#"{"properties":{"ttl":{"const":"10 days"}}}"#),
        kind: ApprovalKind::Any,
        count: 1,
    };
    let world = World::new().with_action(|a| a.required_approval = when);
    assert_eq!(state(&Story::asked(world.clone())), Waiting);
    let free = Story::asked(world.clone().with_run(|r| r.inputs = inputs("{}")));
    assert_eq!((state(&free), free.verdict().0.reason.as_str()), (RunState::Approved, "needs no approval"));
    let misspelt = Story::asked(world.with_run(|r| r.inputs = inputs(r#"{"ttl":"10  days"}"#)));
    let (verdict, rules) = misspelt.verdict();
    assert_eq!((verdict.state, rules), (Waiting, vec!["run/invalid-input"]), "what does not fit is not free either");
}

#[test]
fn a_stranger_asks() {
    let run = put_run("runs/r1.yaml", &World::new().run);
    let (verdict, _) = Story::new(World::new()).commits("mallory", [run]).says("carol", Approved).verdict();
    assert_eq!(verdict.state, Waiting);
    assert!(verdict.reason.contains("stranger:mallory@acme.dev"), "{}", verdict.reason);
    let free = World::new().with_action(|a| a.required_approval = RequiredApproval::Never);
    let run = put_run("runs/r1.yaml", &free.run);
    assert_eq!(state(&Story::new(free).commits("mallory", [run])), Waiting);
}

#[test]
fn the_requester_is_who_adds_it_last() {
    let run = put_run("runs/r1.yaml", &World::new().run);
    let removed = FileDelta::Remove(FilePath::new("runs/r1.yaml"));
    let story = asked().commits("bob", [removed]).commits("carol", [run]);
    let (verdict, _) = story.says("carol", Approved).says("dave", Approved).verdict();
    assert_eq!(verdict.requester, Some(Actor::User(id("carol@acme.dev"))));
    assert_eq!((verdict.state, verdict.approvals), (RunState::Approved, vec![id("dave@acme.dev")]));
}

#[test]
fn whoever_merges_with_a_conflict_does_not_become_the_requester() {
    let story = asked().commits("bob", []);
    // Bob's first parent is the watched branch; the run comes with the second.
    let merged = story.last_commit(|c| (c.before, c.sides) = (World::new().base(), vec![World::new().base(), c.after.clone()]));
    assert_eq!(merged.verdict().0.requester, Some(Actor::User(id("alice@acme.dev"))));
}

#[test]
fn closed_and_merged() {
    let mut story = asked().says("carol", Approved);
    story.facts.state = PullRequestState::Closed;
    assert_eq!(state(&story), RunState::Cancelled);
    story.facts.state = PullRequestState::Merged;
    assert_eq!(state(&story), RunState::Approved);
}

#[test]
fn a_range_without_a_pull_request_waits_by_the_rules_alone() {
    let mut proposal = asked().says("carol", Approved).proposal();
    (proposal.pull_request, proposal.target) = (None, Target::WatchedBranch);
    assert_eq!(judge(&proposal).0[0].state, Waiting);
}

#[test]
fn history_is_not_edited_and_names_are_not_used_again() {
    let mut proposal = Story::new(World::new()).edits("alice", |r| r.reason = Some("other".into())).proposal();
    proposal.base = Base(World::new().head());
    let (verdicts, findings) = judge(&proposal);
    assert!(verdicts.is_empty());
    assert_eq!(findings.iter().map(|f| f.rule).collect::<Vec<_>>(), ["run/immutable"]);

    let mut story = asked().says("carol", Approved);
    story.used_runs.insert(id("r1"));
    let (verdict, rules) = story.verdict();
    assert_eq!((verdict.state, rules), (Waiting, vec!["run/identifier-used"]));
}

#[test]
fn a_push_that_rewrites_the_file_but_not_its_meaning_keeps_the_approval() {
    let read = |text: &str| {
        let file = crate::catalog::parse_file(&FilePath::new("runs/r1.yaml"), text.as_bytes(), &Limits::default());
        assert_eq!(file.findings, [], "{text}");
        FileDelta::put(file)
    };
    let story = Story::new(World::new())
        .commits("alice", [read("action: extend_env_ttl\nentity: env-1\ninputs: { ttl: 10 days }\n")])
        .says("carol", Approved);
    let same = "# Until Monday.\nidentifier: r1\ninputs:\n  ttl: '10 days' # ten\nentity: \"env-1\"\naction: extend_env_ttl\n";
    assert_eq!(state(&story.clone().commits("alice", [read(same)])), RunState::Approved);
    let other = "action: extend_env_ttl\nentity: env-1\ninputs: { ttl: 10 days }\nreason: no reason\n";
    assert_eq!(state(&story.commits("alice", [read(other)])), Waiting);
}
