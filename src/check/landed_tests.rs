//! Stories of runs that stand on the watched branch, and of what happened between the approval and the moment of execution.

use super::story::{Story, commit_id, forge_user, push, put_run};
use super::{Accepted, Base, Head, LandedDecision, Proposal, Target, decide_landed};
use crate::catalog::{Catalog, Document, FileDelta};
use crate::model::{
    ActionPermissions, ApprovalKind, EntityPermissions, FilePath, Finding, IdentityMode, Permissions, PullRequestState,
    RequiredApproval, ReviewState, Role, RunState, Timestamp,
};
use crate::run::fixture::{World, at, day, file, id, inputs, rule, user};
use crate::run::life::Landing;
use ReviewState::{Approved, ChangesRequested, Dismissed};
use RunState::WaitingForApproval as Waiting;

/// A run that came onto the watched branch by a pull request, and what is accepted now.
struct Landed {
    story: Story,
    landing: Landing,
    now: Catalog,
}

fn landing(pull_request: Option<&str>) -> Landing {
    Landing { from: commit_id(0), to: commit_id(50), pull_request: pull_request.map(Into::into), at: day(1) }
}

impl Landed {
    fn of(mut story: Story) -> Self {
        story.facts.state = PullRequestState::Merged;
        let now = story.proposal().merged.0;
        Self { story, landing: landing(Some("7")), now }
    }

    /// Alice asked, and carol approved.
    fn approved() -> Self {
        Self::of(Story::asked(world()).says("carol", Approved))
    }

    /// The watched branch is what this world describes, with the run.
    fn since(mut self, change: impl FnOnce(World) -> World) -> Self {
        self.now = change(self.story.world.clone()).head();
        self
    }

    fn decide_on(&self, change: impl FnOnce(&mut Proposal)) -> LandedDecision {
        let mut proposal = self.story.proposal();
        change(&mut proposal);
        let catalog = Base(self.now.clone());
        decide_landed(&proposal, &self.landing, Accepted { revision: commit_id(60), catalog: &catalog }, &id("r1"))
    }

    fn decide(&self) -> LandedDecision {
        self.decide_on(|_| {})
    }

    /// What it waits for; it is not to be executed.
    #[track_caller]
    fn waits(&self) -> String {
        waits(self.decide())
    }
}

#[track_caller]
fn waits(decided: LandedDecision) -> String {
    assert_eq!((decided.decision.state, &decided.grant), (Waiting, &None), "{}", decided.verdict.reason);
    decided.verdict.reason
}

/// Alice, who moderates `Env` too and so may ask; and people are believed by the lines of their commits.
fn world() -> World {
    let mut world = World::new().edit_user("alice", |u| u.roles.push(Role::parse("Env-moderator").unwrap()));
    world.policy.identity = IdentityMode::Declared;
    world
}

fn free() -> World {
    world().with_action(|a| a.required_approval = RequiredApproval::Never)
}

#[test]
fn what_was_approved_and_still_is_may_be_executed() {
    let decided = Landed::approved().decide();
    assert_eq!(decided.decision.state, RunState::Approved, "{}", decided.verdict.reason);
    let grant = decided.grant.unwrap();
    assert_eq!(grant.revision, commit_id(60));
    assert_eq!(grant.digest, world().digest().as_str());
    assert_eq!((grant.requesters, grant.approvals), (vec![id("alice@acme.dev")], vec![id("carol@acme.dev")]));
    assert_eq!((grant.contributors, grant.needed, grant.self_approval), (vec![id("alice@acme.dev")], 1, false));
    assert_eq!(decided.expires, day(14));
    assert_eq!(decided.inputs, inputs(r#"{"ttl":"10 days"}"#));
}

#[test]
fn an_approval_may_come_after_the_merge() {
    let landed = Landed::of(Story::asked(world()));
    assert!(landed.waits().contains("does not execute until it is"));
    let late = Landed { story: landed.story.clone().says("dave", Approved), ..landed };
    assert!(late.decide().grant.is_some());
}

#[test]
fn a_run_that_needs_no_approval_may_come_by_a_push() {
    let direct = |who: &str| {
        let mut landed = Landed::of(Story::new(free()).commits(who, [put_run("runs/r1.yaml", &free().run)]));
        landed.landing = landing(None);
        landed.decide_on(|p| (p.pull_request, p.target) = (None, Target::WatchedBranch))
    };
    let grant = direct("alice").grant.unwrap();
    assert_eq!((grant.needed, grant.approvals), (0, vec![]));
    assert!(waits(direct("mallory")).contains("mallory@acme.dev"));
}

#[test]
fn the_approver_has_lost_the_role() {
    let reason = Landed::approved().since(|w| w.edit_user("carol", |u| u.roles = vec![Role::Member])).waits();
    assert!(reason.contains("the action's approve rule on the watched branch does not name them"), "{reason}");
    let left = Landed::approved().since(|mut w| {
        w.users.retain(|u| u.identifier != id("carol@acme.dev"));
        w
    });
    left.waits();
}

#[test]
fn the_approvers_team_is_another_by_now() {
    let world = world().with_approve(rule("", "", "platform"));
    let landed = Landed::of(Story::asked(world).says("carol", Approved));
    assert!(landed.decide().grant.is_some());
    let since = landed.since(|mut w| {
        w.teams[0].members.retain(|member| *member != id("carol@acme.dev"));
        w
    });
    since.waits();
}

#[test]
fn the_action_the_rule_or_the_owner_has_changed_since() {
    let changed: [fn(World) -> World; 4] = [
        |w| w.with_action(|a| a.definition = inputs(r#"{"url":"https://elsewhere.example"}"#)),
        |w| w.with_owner(None),
        |w| w.with_approve(rule("Env-moderator", "", "")),
        |w| w.with_approve(rule("Admin", "", "")),
    ];
    for world in [world(), free()] {
        let landed = || Landed::of(Story::asked(world.clone()).says("carol", Approved));
        assert!(landed().decide().grant.is_some());
        for change in changed {
            let reason = landed().since(change).waits();
            assert!(reason.contains("has changed on the watched branch since it came there"), "{reason}");
        }
    }
}

#[test]
fn the_change_that_adds_the_run_frees_its_action() {
    let freed = world().with_action(|a| {
        a.required_approval = RequiredApproval::Never;
        a.definition = inputs(r#"{"requiredApproval":false}"#);
    });
    let action = file("actions/extend.yaml", |f| Document::Action(at(f, freed.action.clone())));
    let story = Story::asked(world()).commits("dave", [FileDelta::put(action)]);
    let reason = Landed::of(story).waits();
    assert!(reason.contains("has changed on the watched branch"), "{reason}");
}

#[test]
fn the_change_that_adds_the_run_widens_who_approves() {
    let permissions = Permissions {
        blueprint: id("Env"),
        entities: EntityPermissions::default(),
        actions: [(id("extend_env_ttl"), ActionPermissions { execute: None, approve: Some(rule("", "bob@acme.dev", "")) })]
            .into(),
    };
    let widened = file("permissions/Env.yaml", |f| Document::Permissions(at(f, permissions)));
    let story = Story::asked(world()).commits("dave", [FileDelta::put(widened)]).says("bob", Approved);
    Landed::of(story).waits();
}

#[test]
fn the_action_is_gone_or_claimed_twice() {
    let gone = FileDelta::Remove(FilePath::new("actions/extend.yaml"));
    let twice = FileDelta::put(file("actions/other.yaml", |f| Document::Action(at(f, world().action))));
    for delta in [gone, twice] {
        let mut landed = Landed::approved();
        landed.now = landed.now.apply([delta]);
        landed.waits();
    }
}

#[test]
fn the_target_is_gone() {
    let mut landed = Landed::approved();
    landed.now = landed.now.apply([FileDelta::Remove(FilePath::new("entities/env-1.yaml"))]);
    assert!(landed.waits().contains("Env/env-1"));
}

#[test]
fn the_approval_is_dismissed_or_turned_round() {
    let after = |state| Landed::of(Story::asked(world()).says("carol", Approved).says("carol", state));
    after(Dismissed).waits();
    let declined = after(ChangesRequested).decide();
    assert_eq!((declined.decision.state, declined.grant), (RunState::Declined, None));
}

#[test]
fn the_requester_has_left_or_may_not_ask_any_more() {
    let left = |landed: Landed| {
        landed.since(|mut w| {
            w.users.retain(|u| u.identifier != id("alice@acme.dev"));
            w
        })
    };
    assert!(left(Landed::approved()).waits().contains("the roster has changed"));
    left(Landed::of(Story::asked(free()))).waits();
    let executed_by = |who: &str| {
        let execute = Some(rule("", who, ""));
        let permissions = Permissions {
            blueprint: id("Env"),
            entities: EntityPermissions::default(),
            actions: [(id("extend_env_ttl"), ActionPermissions { execute, approve: None })].into(),
        };
        let mut landed = Landed::approved();
        let put = file("permissions/Env.yaml", |f| Document::Permissions(at(f, permissions)));
        landed.now = landed.now.apply([FileDelta::put(put)]);
        landed
    };
    assert!(executed_by("alice@acme.dev").decide().grant.is_some());
    assert_eq!(executed_by("bob@acme.dev").waits(), "cannot be decided: alice@acme.dev may not execute `extend_env_ttl`");
}

#[test]
fn the_roster_lays_the_request_to_somebody_else_by_now() {
    let moved = Landed::approved().since(|w| {
        w.edit_user("alice", |u| u.identifier = id("alina@acme.dev"))
            .edit_user("alina", |u| u.emails = vec!["alice@acme.dev".into()])
    });
    assert!(moved.waits().contains("would be alina@acme.dev now"));
}

#[test]
fn whoever_asked_or_had_a_hand_in_it_approves() {
    Landed::of(Story::asked(world()).says("alice", Approved)).waits();
    let mut pushed = Landed::approved();
    pushed.story.facts.pushes.push(push(Some("carol"), None, 9));
    let reason = pushed.waits();
    assert!(reason.contains("authored, committed or pushed"), "{reason}");
    let allowed = world().with_action(|a| a.self_approval = Some(true));
    assert!(Landed::of(Story::asked(allowed).says("alice", Approved)).decide().grant.unwrap().self_approval);
}

#[test]
fn a_hand_by_the_roster_of_then_is_one_whatever_the_roster_says_now() {
    let hers = world().edit_user("carol", |u| u.emails.push("carol@home.example".into()));
    let story = Story::asked(hers).last_commit(|c| c.author_email = "carol@home.example".into()).says("carol", Approved);
    let forgotten = Landed::of(story).since(|w| w.edit_user("carol", |u| u.emails.clear()));
    assert!(forgotten.waits().contains("names them"));
    let story = Story::asked(world()).last_commit(|c| c.author_email = "carol@home.example".into()).says("carol", Approved);
    let learnt = Landed::of(story).since(|w| w.edit_user("carol", |u| u.emails.push("carol@home.example".into())));
    assert!(learnt.waits().contains("names them"));
}

#[test]
fn the_run_on_the_watched_branch_is_not_the_one_that_was_brought() {
    for world in [world(), free()] {
        let landed = Landed::of(Story::asked(world).says("carol", Approved));
        let edited = landed.since(|w| w.with_run(|r| r.inputs = inputs(r#"{"ttl":"5 days"}"#)));
        assert!(edited.waits().contains("not the one that the change which brought it asks for"));
    }
}

#[test]
fn the_run_stands_in_two_files_or_in_none() {
    let mut landed = Landed::approved();
    landed.now = landed.now.apply([put_run("runs/again.yaml", &world().run)]);
    landed.waits();
    let mut landed = Landed::approved();
    landed.now = landed.now.apply([FileDelta::Remove(FilePath::new("runs/r1.yaml"))]);
    assert!(landed.waits().contains("no longer stands on the watched branch"));
    let unheard = landed.decide_on(|p| p.head = Head(Catalog::default()));
    assert_eq!((unheard.decision.state, unheard.grant), (Waiting, None));
}

#[test]
fn the_pull_request_cannot_be_asked_or_was_closed() {
    for world in [world(), free()] {
        let mut landed = Landed::of(Story::asked(world).says("carol", Approved));
        assert!(waits(landed.decide_on(|p| p.pull_request = None)).contains("nothing is known of the pull request"));
        landed.story.facts.state = PullRequestState::Closed;
        let closed = landed.decide();
        assert_eq!((closed.decision.state, closed.grant), (RunState::Cancelled, None));
    }
}

#[test]
fn the_facts_are_of_another_change_or_not_all_there() {
    let landed = Landed::of(Story::asked(free()));
    assert!(landed.decide().grant.is_some());
    waits(landed.decide_on(|p| p.base_id = commit_id(33)));
    waits(landed.decide_on(|p| p.as_user = Some(id("carol@acme.dev"))));
    waits(landed.decide_on(|p| p.commits.clear()));
    waits(landed.decide_on(|p| p.findings.push(Finding::error("limit/commits", "too many"))));
}

#[test]
fn identity_is_taken_more_strictly_by_now() {
    let since = |mode| {
        Landed::approved().since(move |mut w| {
            w.policy.identity = mode;
            w
        })
    };
    assert!(since(IdentityMode::Declared).decide().grant.is_some());
    since(IdentityMode::Signature).waits();
    since(IdentityMode::Forge).waits();
}

#[test]
fn nobody_is_lent_a_right_by_laxer_identity() {
    let mut landed = Landed::approved();
    landed.story.mode = IdentityMode::Signature; // unsigned, then
    landed.waits();
}

#[test]
fn in_forge_mode_whoever_pushed_is_known() {
    let mut story = Story::asked(world()).says("carol", Approved);
    story.mode = IdentityMode::Forge;
    (story.facts.opener, story.facts.pushes) = (Some(forge_user("alice")), vec![push(Some("alice"), None, 1)]);
    let by_forge = |mut w: World| {
        w.policy.identity = IdentityMode::Forge;
        w
    };
    let landed = Landed::of(story.clone()).since(by_forge);
    assert!(landed.decide().grant.is_some(), "{}", landed.decide().verdict.reason);
    story.facts.pushes[0].actor = None;
    Landed::of(story).since(by_forge).waits();
}

#[test]
fn inputs_that_no_longer_fit() {
    // The definition that the digest covers is the same; what the inputs refer to is not.
    let landed = Landed::approved().since(|w| w.with_action(|a| a.trigger.user_inputs = inputs(r#"{"properties":{}}"#)));
    landed.waits();
}

#[test]
fn all_means_all_who_may_now() {
    let world = world().with_action(|a| a.required_approval = RequiredApproval::Always { kind: ApprovalKind::All, count: 1 });
    let landed = Landed::of(Story::asked(world).says("carol", Approved).says("dave", Approved));
    assert_eq!(landed.decide().grant.unwrap().needed, 2);
    landed.since(|w| w.with_user(user("erin", "Env-moderator"))).waits();
}

#[test]
fn it_waits_too_long_and_expires_whatever_keeps_it_waiting() {
    let at_day = |landed: &Landed, now: Timestamp| {
        let decided = landed.decide_on(|p| (p.now, p.first_seen) = (now, Some(day(0))));
        (decided.decision.state, decided.grant.is_some(), decided.expires)
    };
    let mut landed = Landed::of(Story::asked(world()));
    assert_eq!(at_day(&landed, day(13)), (Waiting, false, day(14)));
    assert_eq!(at_day(&landed, day(15)), (RunState::Expired, false, day(14)));
    assert_eq!(at_day(&Landed::approved(), day(15)), (RunState::Approved, true, day(14)), "approved in time");
    landed.now = landed.now.apply([FileDelta::Remove(FilePath::new("runs/r1.yaml"))]);
    assert_eq!(at_day(&landed, day(15)).0, RunState::Expired);
}
