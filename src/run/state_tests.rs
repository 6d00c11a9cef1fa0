//! Stories and properties of the derived state.

use proptest::prelude::{any as arbitrary, *};

use super::fixture::{World, day, id, inputs, rule, user};
use super::*;
use crate::catalog::Catalog;
use crate::model::{ApprovalKind, Identifier, PullRequestState, ReviewState, RunState, User};
use ReviewState::{Approved, ChangesRequested, Commented, Dismissed};

/// A world and the reviews given in it; alice asked for the run.
#[derive(Clone, Debug)]
struct Story {
    world: World,
    words: Vec<Word>,
    pull_request: PullRequestState,
    contributors: Vec<Identifier>,
    now: i64,
}

impl Story {
    fn new(world: World) -> Self {
        Self { world, words: Vec::new(), pull_request: PullRequestState::Open, contributors: Vec::new(), now: 1 }
    }

    fn of(kind: ApprovalKind, count: u32) -> Self {
        let approval = crate::model::RequiredApproval::Always { kind, count };
        Self::new(World::new().with_action(|a| a.required_approval = approval))
    }

    /// A review on the run as the world has it now.
    fn says(self, who: &str, state: ReviewState) -> Self {
        let on = ReviewedOn::Run { request: digest_request(&self.world.run), run: Some(self.world.digest()) };
        self.says_on(who, state, on)
    }

    fn says_on(mut self, who: &str, state: ReviewState, on: ReviewedOn) -> Self {
        let review = format!("r{}", self.words.len());
        self.words.push(Word { review, by: Some(id(&format!("{who}@acme.dev"))), state, on, at: Some(day(0)) });
        self
    }

    fn then(mut self, change: impl FnOnce(World) -> World) -> Self {
        self.world = change(self.world);
        self
    }

    fn facts(&self) -> RunFacts {
        let base: Catalog = self.world.base();
        let owner = base.owner_of(&self.world.run.target(&self.world.action.blueprint).unwrap());
        let (requesters, contributors) = ([id("alice@acme.dev")].into(), self.contributors.iter().cloned().collect());
        let proven = &requesters | &contributors;
        let hands = Hands { requesters, contributors, proven, unknown_pusher: false };
        RunFacts {
            pull_request: Some(self.pull_request),
            withdrawn: None,
            blocked: None,
            requirement: requirement(&self.world.action, &self.world.run.inputs),
            digest: digest_run(&self.world.run, &base),
            request: digest_request(&self.world.run),
            panel: approvers(&base, &self.world.action, &ApprovalSubject { owner: Some(&owner), ..Default::default() }, &hands),
            words: self.words.clone(),
            first_seen: day(0),
            expiry: self.world.policy.expiry,
            now: day(self.now),
        }
    }

    fn decision(&self) -> Decision {
        derive(&self.facts())
    }

    fn state(&self) -> RunState {
        self.decision().state
    }
}

fn plain() -> Story {
    Story::of(ApprovalKind::Any, 1)
}

#[test]
fn a_moderator_approves_and_the_run_flips() {
    assert_eq!(plain().state(), RunState::WaitingForApproval);
    let decision = plain().says("carol", Approved).decision();
    assert_eq!(decision.state, RunState::Approved);
    assert_eq!(decision.approvals, [id("carol@acme.dev")]);
    assert_eq!(decision.reason, "approved by carol@acme.dev");
}

#[test]
fn the_requesters_own_approval_does_not_count() {
    let story = plain().then(|w| w.edit_user("alice", |u| u.roles.push(crate::model::Role::Admin)));
    let decision = story.says("alice", Approved).decision();
    assert_eq!(decision.state, RunState::WaitingForApproval);
    assert_eq!(
        decision.reason,
        "needs one more approval of: carol@acme.dev, dave@acme.dev; the approval of alice@acme.dev does not count: they asked for \
         the run themselves"
    );
}

#[test]
fn a_member_and_a_bot_approve_in_vain() {
    let story = plain().then(|w| w.with_user(User { bot: true, ..user("ci", "Admin") }));
    assert_eq!(story.says("bob", Approved).says("ci", Approved).state(), RunState::WaitingForApproval);
}

#[test]
fn a_contributor_approves_in_vain() {
    let mut story = plain().says("carol", Approved);
    story.contributors.push(id("carol@acme.dev"));
    assert_eq!(story.state(), RunState::WaitingForApproval);
    assert_eq!(story.says("dave", Approved).state(), RunState::Approved);
}

#[test]
fn a_changed_request_takes_the_approval_back() {
    let story = plain().says("carol", Approved).then(|w| w.with_run(|r| r.inputs = inputs(r#"{"ttl":"5 days"}"#)));
    let decision = story.decision();
    assert_eq!(decision.state, RunState::WaitingForApproval);
    assert_eq!(decision.uncounted, [Uncounted { by: id("carol@acme.dev"), why: Void::RequestChanged }]);
    assert_eq!(story.says("carol", Approved).state(), RunState::Approved, "approved again, on what it says now");
}

#[test]
fn an_action_that_changed_on_the_watched_branch_takes_it_back_and_says_so() {
    let story = plain().says("carol", Approved).then(|w| w.with_action(|a| a.definition = inputs(r#"{"v":2}"#)));
    let decision = story.decision();
    assert_eq!(decision.state, RunState::WaitingForApproval);
    assert!(decision.reason.ends_with("bring the branch up to date and approve again"), "{}", decision.reason);
    let moved = plain().says("carol", Approved).then(|w| w.with_owner(Some("payments")));
    assert_eq!(moved.decision().uncounted[0].why, Void::ActionChanged);
}

#[test]
fn an_approver_who_loses_the_role_no_longer_counts() {
    let story = plain().says("carol", Approved).then(|w| w.edit_user("carol", |u| u.roles.clear()));
    assert_eq!(story.state(), RunState::WaitingForApproval);
}

#[test]
fn approvals_on_no_commit_and_on_unknown_ones_count_for_nothing() {
    assert_eq!(plain().says_on("carol", Approved, ReviewedOn::Unknown).state(), RunState::WaitingForApproval);
    assert_eq!(plain().says_on("carol", Approved, ReviewedOn::WithoutRun).state(), RunState::WaitingForApproval);
    let replaced = plain().says("carol", Approved).says_on("carol", Approved, ReviewedOn::Unknown);
    assert_eq!(replaced.state(), RunState::WaitingForApproval, "the last word counts, even where it counts for nothing");
}

#[test]
fn a_no_declines_whatever_it_was_given_on_and_until_taken_back() {
    let story = plain().says("dave", Approved).says_on("carol", ChangesRequested, ReviewedOn::Unknown);
    assert_eq!(story.state(), RunState::Declined);
    assert_eq!(story.clone().says("carol", Commented).state(), RunState::Declined);
    assert_eq!(story.clone().says("dave", Approved).state(), RunState::Declined, "another's yes does not outweigh it");
    assert_eq!(story.clone().says("carol", Dismissed).state(), RunState::Approved, "dave's stands");
    assert_eq!(story.says("carol", Approved).state(), RunState::Approved);
    assert_eq!(plain().says("carol", Approved).says("carol", ChangesRequested).state(), RunState::Declined);
}

#[test]
fn a_no_of_somebody_who_may_not_approve_declines_nothing() {
    let story = plain().says("bob", ChangesRequested).says("alice", ChangesRequested);
    assert_eq!(story.clone().state(), RunState::WaitingForApproval);
    assert_eq!(story.says("carol", Approved).state(), RunState::Approved);
}

#[test]
fn a_dismissed_approval_is_gone() {
    assert_eq!(plain().says("carol", Approved).says("carol", Dismissed).state(), RunState::WaitingForApproval);
}

#[test]
fn two_approvals_are_two_people() {
    let story = Story::of(ApprovalKind::Any, 2).says("carol", Approved).says("carol", Approved);
    assert_eq!(story.state(), RunState::WaitingForApproval);
    assert_eq!(story.decision().footing, Footing::Short(1));
    assert_eq!(story.says("dave", Approved).state(), RunState::Approved);
}

#[test]
fn all_means_everyone_who_may_at_the_time_of_the_decision() {
    let story = Story::of(ApprovalKind::All, 1).says("carol", Approved);
    assert_eq!(story.state(), RunState::WaitingForApproval);
    assert_eq!(story.clone().says("dave", Approved).state(), RunState::Approved);
    let grown = story.clone().says("dave", Approved).then(|w| w.with_user(user("erin", "Admin")));
    assert_eq!(grown.state(), RunState::WaitingForApproval, "erin joined since");
    let with_requester = story.then(|w| w.with_approve(rule("", "alice@acme.dev carol@acme.dev", "")));
    assert_eq!(with_requester.clone().state(), RunState::WaitingForApproval, "the rule changed on the watched branch");
    assert_eq!(with_requester.says("carol", Approved).state(), RunState::Approved, "the requester is not one of all");
}

#[test]
fn where_nobody_or_too_few_may_approve_nothing_is_ever_approved() {
    let nobody = plain().then(|w| w.with_approve(rule("", "", "")));
    assert_eq!(nobody.says("carol", Approved).decision().footing, Footing::NobodyMay);
    let all_of_nobody = Story::of(ApprovalKind::All, 1).then(|w| w.with_approve(rule("", "alice@acme.dev", "")));
    let decision = all_of_nobody.says("alice", Approved).decision();
    assert_eq!((decision.state, decision.footing), (RunState::WaitingForApproval, Footing::NobodyMay));
    assert!(
        decision.reason.starts_with("needs approval, and nobody may give it (alice@acme.dev: they asked"),
        "{}",
        decision.reason
    );
    let three = Story::of(ApprovalKind::Any, 3).says("carol", Approved).says("dave", Approved);
    assert_eq!(three.decision().footing, Footing::TooFewMay { needed: 3 });
    assert_eq!(three.state(), RunState::WaitingForApproval);
}

#[test]
fn a_run_that_waits_too_long_expires_and_a_late_approval_does_not_wake_it() {
    let mut story = plain();
    story.now = 14;
    assert_eq!(story.state(), RunState::WaitingForApproval, "to the day");
    story.now = 15;
    assert_eq!(story.state(), RunState::Expired);
    let mut late = story.clone().says("carol", Approved);
    late.words[0].at = Some(day(15));
    assert_eq!(late.state(), RunState::Expired);
    late.words[0].at = None;
    assert_eq!(late.state(), RunState::Expired, "nobody knows when it came");
    late.words[0].at = Some(day(13));
    assert_eq!(late.state(), RunState::Approved, "it was approved in time, and an approved run does not wait");
    let mut free = Story::new(World::new().with_action(|a| a.required_approval = crate::model::RequiredApproval::Never));
    free.now = 1000;
    assert_eq!(free.state(), RunState::Approved);
}

#[test]
fn closing_the_pull_request_cancels() {
    let mut story = plain().says("carol", Approved);
    story.pull_request = PullRequestState::Closed;
    assert_eq!(story.state(), RunState::Cancelled);
    story.pull_request = PullRequestState::Merged;
    assert_eq!(story.state(), RunState::Approved);
}

#[test]
fn what_is_blocked_is_never_approved() {
    let mut facts = plain().says("carol", Approved).facts();
    facts.blocked = Some("its inputs do not fit".into());
    assert_eq!(derive(&facts).state, RunState::WaitingForApproval);
    facts.requirement = Requirement::None;
    assert_eq!(derive(&facts).state, RunState::WaitingForApproval);
    facts.blocked = None;
    facts.digest = None;
    assert_eq!(derive(&facts).state, RunState::WaitingForApproval);
}

#[test]
fn what_was_approved_and_is_declined_passes_through_waiting() {
    let declined = plain().says("carol", ChangesRequested).decision();
    assert_eq!(way(Some(RunState::Approved), declined.state), [RunState::WaitingForApproval, RunState::Declined]);
    assert_eq!(way(None, declined.state), [RunState::WaitingForApproval, RunState::Declined]);
    assert_eq!(way(Some(RunState::InProgress), declined.state), []);
    assert_eq!(way(Some(RunState::Declined), plain().says("carol", Approved).state()), []);
}

const REVIEWERS: [&str; 6] = ["alice", "bob", "carol", "dave", "erin", "ci"];
const STATES: [RunState; 8] = [
    RunState::WaitingForApproval,
    RunState::Approved,
    RunState::Declined,
    RunState::Expired,
    RunState::Cancelled,
    RunState::InProgress,
    RunState::Success,
    RunState::Failure,
];

fn stories() -> impl Strategy<Value = Story> {
    let review = (0..REVIEWERS.len(), 0..4usize, 0..4usize, -1..20i64);
    let kind = prop_oneof![Just(ApprovalKind::Any), Just(ApprovalKind::All)];
    (kind, 1..4u32, prop::collection::vec(review, 0..12), 0..3usize, 0..20i64, arbitrary::<bool>()).prop_map(
        |(kind, count, reviews, pull_request, now, contributes)| {
            let mut story = Story::of(kind, count)
                .then(|w| w.with_user(user("erin", "Admin")).with_user(User { bot: true, ..user("ci", "Admin") }));
            for (who, state, on, at) in reviews {
                let state = [Approved, ChangesRequested, Dismissed, Commented][state];
                story = match on {
                    0 => story.says_on(REVIEWERS[who], state, ReviewedOn::Unknown),
                    1 => story.says_on(REVIEWERS[who], state, ReviewedOn::WithoutRun),
                    _ => story.says(REVIEWERS[who], state),
                };
                story.words.last_mut().unwrap().at = (at >= 0).then(|| day(at));
            }
            story.pull_request = [PullRequestState::Open, PullRequestState::Closed, PullRequestState::Merged][pull_request];
            story.now = now;
            if contributes {
                story.contributors.push(id("erin@acme.dev"));
            }
            story
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn order_between_reviewers_loss_of_comments_and_repetition_mean_nothing(
        story in stories(), keys in prop::collection::vec(arbitrary::<u16>(), 12), again in prop::collection::vec(0..12usize, 0..6),
    ) {
        let before = story.decision();
        let mut told = story.clone();
        // Any interleaving that keeps each reviewer's own order: a stable sort by a key of the reviewer.
        told.words.sort_by_key(|w| {
            let who = REVIEWERS.iter().position(|r| w.by.as_ref().is_some_and(|by| by.as_str().starts_with(r))).unwrap();
            keys[who]
        });
        told.words.retain(|w| w.state != Commented);
        for index in again {
            if let Some(word) = told.words.get(index).cloned() {
                told.words.push(word);
            }
        }
        prop_assert_eq!(told.decision(), before);
    }

    #[test]
    fn interleaving_reviewers_means_nothing(story in stories(), picks in prop::collection::vec(arbitrary::<prop::sample::Index>(), 12)) {
        let mut left: Vec<Vec<Word>> = REVIEWERS
            .iter()
            .map(|r| story.words.iter().filter(|w| w.by.as_ref().unwrap().as_str().starts_with(r)).cloned().collect())
            .collect();
        let mut told = story.clone();
        told.words.clear();
        for pick in picks {
            left.retain(|words| !words.is_empty());
            if left.is_empty() {
                break;
            }
            let chosen = pick.index(left.len());
            told.words.push(left[chosen].remove(0));
        }
        prop_assert_eq!(told.decision(), story.decision());
    }

    #[test]
    fn who_may_not_approve_never_changes_the_state(story in stories(), who in 0..REVIEWERS.len(), state in 0..4usize) {
        let name = REVIEWERS[who];
        let before = story.decision();
        prop_assume!(!before.approvers.contains(&id(&format!("{name}@acme.dev"))));
        let after = story.says(name, [Approved, ChangesRequested, Dismissed, Commented][state]).decision();
        prop_assert_eq!((after.state, after.approvals), (before.state, before.approvals));
    }

    #[test]
    fn anothers_approval_never_undoes_a_decline(story in stories(), who in 0..REVIEWERS.len()) {
        let declined = story.says("carol", ChangesRequested);
        prop_assert_ne!(declined.state(), RunState::Approved);
        prop_assume!(REVIEWERS[who] != "carol");
        prop_assert_eq!(declined.clone().says(REVIEWERS[who], Approved).state(), declined.state());
    }

    #[test]
    fn approved_means_enough_distinct_people_who_may(story in stories()) {
        let decision = story.decision();
        let distinct: std::collections::BTreeSet<_> = decision.approvals.iter().collect();
        prop_assert_eq!(distinct.len(), decision.approvals.len());
        prop_assert!(decision.approvals.iter().all(|who| decision.approvers.contains(who)));
        if decision.state == RunState::Approved {
            let Requirement::Approvals { kind, count } = story.facts().requirement else { unreachable!() };
            prop_assert!(decision.approvals.len() >= count as usize);
            prop_assert!(kind == ApprovalKind::Any || decision.approvals == decision.approvers);
            prop_assert!(decision.declined_by.is_empty());
        }
    }
}

#[test]
fn every_way_is_made_of_legal_steps_and_ends_where_it_should() {
    for (from, to) in STATES.iter().flat_map(|from| STATES.map(|to| (*from, to))) {
        let steps: Vec<RunState> = std::iter::once(from).chain(way(Some(from), to)).collect();
        assert!(steps.windows(2).all(|pair| may_become(pair[0], pair[1])), "{steps:?}");
        assert!(steps.len() == 1 || steps.last() == Some(&to), "{steps:?}");
        assert!(!is_terminal(from) || steps.len() == 1, "{steps:?}");
        let first = way(None, to);
        assert!(
            first.first().is_none_or(|first| matches!(first, RunState::WaitingForApproval | RunState::Approved)),
            "{first:?}"
        );
    }
}

#[test]
fn a_terminal_state_becomes_nothing() {
    for from in STATES {
        assert_eq!(is_terminal(from), !STATES.iter().any(|to| may_become(from, *to)), "{from}");
    }
}

#[test]
fn what_was_taken_back_is_cancelled_whatever_else_speaks_for_it() {
    let withdrawn = Some("alice@acme.dev".to_owned());
    let decision = derive(&RunFacts { withdrawn, ..plain().says("carol", Approved).facts() });
    let reason = "alice@acme.dev withdrew it, and that is final; ask again in a new run";
    assert_eq!((decision.state, decision.reason.as_str()), (RunState::Cancelled, reason));
}
