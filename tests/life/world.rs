//! What the model checker's replicas act on: facts that change, a store that compares, a network that loses, and a receiver that counts.

use std::collections::HashMap;
use std::sync::LazyLock;
use std::time::Duration;

use portcullis::catalog::Grant as ByRule;
use portcullis::model::{
    ApprovalKind, CommitId, Identifier, PullRequestState, ReviewState, Role, RunRequest, RunState, Timestamp, Value,
};
use portcullis::run::life::{Grant, Landing};
use portcullis::run::{
    Decision, Digest, Hands, Ineligible, Panel, Requirement, ReviewedOn, RunFacts, Word, derive, digest_request,
};

pub(crate) fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    "2026-11-21T12:00:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds)
}

/// How long a run may wait.
pub(crate) const EXPIRY: i64 = 14 * 24 * 3600;
/// How long its execution may take.
pub(crate) const DEADLINE: i64 = 3600;

pub(crate) fn digest() -> Digest {
    Digest::parse(&"d".repeat(64)).unwrap()
}

pub(crate) fn landing() -> Landing {
    Landing { from: CommitId([1; 20]), to: CommitId([2; 20]), pull_request: Some("7".into()), at: at(0) }
}

/// What is true outside at one moment, and may be something else at the next.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct World {
    /// Carol's review approves.
    pub(crate) approves: bool,
    /// Carol may approve.
    pub(crate) role: bool,
    /// Carol pushed to the pull request.
    pub(crate) pushed: bool,
}

impl World {
    /// Whether the run may be executed, said again in the plainest words.
    pub(crate) fn allows(self) -> bool {
        self.approves && self.role && !self.pushed
    }

    /// What production derives of it. Of the time it matters only whether the run has waited too long, so that every answer is asked for once.
    pub(crate) fn decide(self, now: Timestamp) -> &'static Decision {
        static ALL: LazyLock<HashMap<(World, bool), Decision>> = LazyLock::new(|| {
            let worlds = (0..8).map(|n| World { approves: n & 1 > 0, role: n & 2 > 0, pushed: n & 4 > 0 });
            let told = |world: World, late| world.derive(at(if late { EXPIRY + 1 } else { 0 }));
            worlds.flat_map(|world| [false, true].map(|late| ((world, late), told(world, late)))).collect()
        });
        &ALL[&(self, now > at(EXPIRY))]
    }

    fn derive(self, now: Timestamp) -> Decision {
        let request = RunRequest { identifier: id("r1"), action: id("extend"), entity: None, inputs: Value::Null, reason: None };
        let mut panel = Panel::default();
        match (self.role, self.pushed) {
            (false, _) => {}
            (true, true) => drop(panel.barred.insert(id("carol"), Ineligible::Contributor)),
            (true, false) => {
                panel.heard.insert(id("carol"));
                panel.eligible.insert(id("carol"), ByRule::Role(Role::Admin));
            }
        }
        let request = digest_request(&request);
        let state = if self.approves { ReviewState::Approved } else { ReviewState::Dismissed };
        let on = ReviewedOn::Run { request: request.clone(), run: Some(digest()) };
        derive(&RunFacts {
            pull_request: Some(PullRequestState::Merged),
            withdrawn: None,
            blocked: None,
            requirement: Requirement::Approvals { kind: ApprovalKind::Any, count: 1 },
            digest: Some(digest()),
            request,
            panel,
            words: vec![Word { review: "1".into(), by: Some(id("carol")), state, on, at: Some(at(0)) }],
            first_seen: at(0),
            expiry: Duration::from_secs(EXPIRY.unsigned_abs()),
            now,
        })
    }

    /// What a claim rests on, where it is approved.
    pub(crate) fn grant(self, now: Timestamp) -> Option<Grant> {
        let decision = self.decide(now);
        let hands = Hands { requesters: [id("alice")].into(), ..Hands::default() };
        let pushed = self.pushed.then(|| id("carol"));
        (decision.state == RunState::Approved).then(|| Grant {
            revision: CommitId([2; 20]),
            digest: digest().to_string(),
            action: id("extend"),
            requesters: hands.requesters.into_iter().collect(),
            contributors: std::iter::once(id("alice")).chain(pushed).collect(),
            approvals: decision.approvals.clone(),
            needed: 1,
            self_approval: false,
        })
    }
}
