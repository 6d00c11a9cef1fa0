//! Decides who may approve a run, and why others may not (spec 7, `approval/*`).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::catalog::{About, AboutRun, Catalog, Grant, Owner, approve_rule, grants_statically, policy_grants, user_of};
use crate::model::{Action, EntityKey, Identifier, Value};

/// Who had a hand in what is proposed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hands {
    /// Whom the commit that adds the run is attributed to.
    pub requesters: BTreeSet<Identifier>,
    /// Everyone who may have authored, committed or pushed anything on the pull request, by whatever line or fact.
    pub contributors: BTreeSet<Identifier>,
    /// Those among the two whom a fact names that nobody else can write: a signature, the forge's word, a push, or under
    /// `declared` the committer line.
    pub proven: BTreeSet<Identifier>,
    /// Whether somebody pushed of whom nobody knows who it was.
    pub unknown_pusher: bool,
}

impl Hands {
    /// With those of another telling of the same story: whoever had a hand in it by either had one.
    pub fn with(mut self, other: Self) -> Self {
        self.requesters.extend(other.requesters);
        self.contributors.extend(other.contributors);
        self.proven.extend(other.proven);
        self.unknown_pusher |= other.unknown_pusher;
        self
    }
}

/// Why somebody's word does not count.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Ineligible {
    /// The action's approve rule does not grant them, or they are not in the roster.
    NotInRule,
    /// The policy of the approve rule has no answer, so nobody knows whether it grants them.
    PolicyFailed,
    /// A bot never approves.
    Bot,
    /// They asked for the run themselves.
    Requester,
    /// They authored, committed or pushed something on the pull request.
    Contributor,
    /// A line that anyone can write, or a key that is not believed, says that they did.
    Named,
    /// Somebody pushed of whom nobody knows who it was, so it may have been they.
    UnknownPusher,
}

impl fmt::Display for Ineligible {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInRule => "the action's approve rule on the watched branch does not name them",
            Self::PolicyFailed => "the policy of the approve rule on the watched branch has no answer, and so grants nobody",
            Self::Bot => "a bot never approves",
            Self::Requester => "they asked for the run themselves",
            Self::Contributor => "they authored, committed or pushed something on this pull request",
            Self::Named => "a commit on this pull request names them, so they may have had a hand in it",
            Self::UnknownPusher => "who pushed to this pull request is not known, so it may have been them",
        })
    }
}

/// Everyone whom the approve rule grants: those who may approve this run, and those who may not all the same.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Panel {
    /// Who may approve, and what part of the rule says so.
    pub eligible: BTreeMap<Identifier, Grant>,
    /// Whom the rule grants in vain, and why.
    pub barred: BTreeMap<Identifier, Ineligible>,
    /// Who may say no, and whom `ALL` means: those who may approve, and those who are barred by nothing but words that
    /// anyone can write. A line takes nobody's no away, and makes `ALL` no smaller.
    pub heard: BTreeSet<Identifier>,
}

impl Panel {
    /// Why this user may not approve; `None` where they may.
    pub fn why_not(&self, user: &Identifier) -> Option<Ineligible> {
        if self.eligible.contains_key(user) {
            return None;
        }
        Some(self.barred.get(user).copied().unwrap_or(Ineligible::NotInRule))
    }
}

/// The run that is to be approved, as its approve rule may ask about it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// The entity that the run is about.
    pub target: Option<&'a EntityKey>,
    /// Its effective owner.
    pub owner: Option<&'a Owner>,
    /// The inputs, with defaults filled in.
    pub inputs: Option<&'a Value>,
}

/// Who may approve a run of `action`: whom its approve rule in `base` grants, who is no bot, did not ask for the run and
/// contributed nothing, nor may have. `selfApproval`, of the action or else of base's policy, lifts the last three.
///
/// The whole roster is asked, as often as there are requesters. Of whom a policy has no answer nobody knows whether they may:
/// they do not, they may say no, and `ALL` waits for them.
pub fn approvers(base: &Catalog, action: &Action, subject: &Subject<'_>, hands: &Hands) -> Panel {
    let rule = approve_rule(base, action);
    let run = AboutRun {
        action: action.identifier.clone(),
        inputs: subject.inputs.cloned(),
        requesters: Some(hands.requesters.clone()),
    };
    let target = subject.target.and_then(|key| base.entities().get(key));
    let about = About { owner: subject.owner, entity: target.as_ref().map(|found| &found.value), run: Some(&run) };
    let lenient = allows_self_approval(base, action);
    let mut panel = Panel::default();
    for (identifier, user) in base.users().iter() {
        let mut failed = false;
        let by_policy =
            || match user_of(base, identifier).zip(rule.policy.as_ref()).map(|(u, p)| policy_grants(base, p, u, &about)) {
                Some(Ok(true)) => Some(Grant::Policy),
                Some(Err(_)) => {
                    failed = true;
                    Some(Grant::Policy)
                }
                Some(Ok(false)) | None => None,
            };
        let Some(grant) = grants_statically(base, &rule, &user.value, &about).or_else(by_policy) else { continue };
        let bar = if user.value.bot {
            Some(Ineligible::Bot)
        } else if failed {
            Some(Ineligible::PolicyFailed)
        } else if lenient {
            None
        } else if hands.requesters.contains(identifier) {
            Some(Ineligible::Requester)
        } else if hands.proven.contains(identifier) {
            Some(Ineligible::Contributor)
        } else if hands.contributors.contains(identifier) {
            Some(Ineligible::Named)
        } else if hands.unknown_pusher {
            Some(Ineligible::UnknownPusher)
        } else {
            None
        };
        if !user.value.bot && (lenient || failed || !hands.proven.contains(identifier)) {
            panel.heard.insert(identifier.clone());
        }
        match bar {
            Some(why) => panel.barred.insert(identifier.clone(), why).map(|_| ()),
            None => panel.eligible.insert(identifier.clone(), grant).map(|_| ()),
        };
    }
    panel
}

/// Whether requester and contributors may approve: the action's own word, or else the policy's; a policy that is written twice must say so
/// each time.
pub fn allows_self_approval(base: &Catalog, action: &Action) -> bool {
    action.self_approval.unwrap_or_else(|| {
        base.policy().self_approval && base.policies().duplicates_of(&()).iter().all(|policy| policy.value.self_approval)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::fixture::{World, id, rule, user};

    fn set(names: &[&str]) -> BTreeSet<Identifier> {
        names.iter().map(|name| id(&format!("{name}@acme.dev"))).collect()
    }

    fn panel(world: &World, requesters: &[&str], contributors: &[&str]) -> Panel {
        let (requesters, contributors) = (set(requesters), set(contributors));
        let proven = &requesters | &contributors;
        panel_of(world, &Hands { requesters, contributors, proven, unknown_pusher: false })
    }

    fn panel_of(world: &World, hands: &Hands) -> Panel {
        let base = world.base();
        let target = world.run.target(&world.action.blueprint).unwrap();
        let owner = base.owner_of(&target);
        let subject = Subject { target: Some(&target), owner: Some(&owner), inputs: Some(&world.run.inputs) };
        approvers(&base, &world.action, &subject, hands)
    }

    fn eligible(panel: &Panel) -> Vec<&str> {
        panel.eligible.keys().map(|id| id.as_str().trim_end_matches("@acme.dev")).collect()
    }

    #[test]
    fn without_a_written_rule_admins_and_moderators_may() {
        let world = World::new().with_user(user("root", "Admin"));
        assert_eq!(eligible(&panel(&world, &["alice"], &[])), ["carol", "dave", "root"]);
    }

    #[test]
    fn each_part_of_a_rule_grants() {
        let approvers = |rule| panel(&World::new().with_approve(rule), &[], &[]);
        assert_eq!(eligible(&approvers(rule("Member", "", ""))), ["alice", "bob", "carol"]);
        assert_eq!(eligible(&approvers(rule("", "dave@acme.dev", ""))), ["dave"]);
        assert_eq!(eligible(&approvers(rule("", "", "platform"))), ["bob", "carol"]);
        let owned = crate::model::Rule { owned_by_team: true, ..Default::default() };
        assert_eq!(eligible(&approvers(owned.clone())), ["bob", "carol"]);
        assert!(panel(&World::new().with_approve(owned).with_owner(None), &[], &[]).eligible.is_empty());
        assert!(approvers(rule("", "", "")).eligible.is_empty(), "an empty rule grants nobody, Admin neither");
    }

    #[test]
    fn requester_contributors_and_bots_may_not() {
        let world = World::new().with_user(crate::model::User { bot: true, ..user("ci", "Env-moderator Admin") });
        let panel = panel(&world, &["carol"], &["dave", "carol"]);
        assert_eq!(eligible(&panel), Vec::<&str>::new());
        assert_eq!(panel.why_not(&id("carol@acme.dev")), Some(Ineligible::Requester));
        assert_eq!(panel.why_not(&id("dave@acme.dev")), Some(Ineligible::Contributor));
        assert_eq!(panel.why_not(&id("ci@acme.dev")), Some(Ineligible::Bot));
        assert_eq!(panel.why_not(&id("alice@acme.dev")), Some(Ineligible::NotInRule));
        assert_eq!(panel.why_not(&id("nobody@else.example")), Some(Ineligible::NotInRule));
    }

    #[test]
    fn whom_only_a_line_names_may_not_approve_and_is_heard() {
        let hands = Hands {
            requesters: set(&["alice"]),
            contributors: set(&["alice", "carol", "dave"]),
            proven: set(&["alice", "dave"]),
            unknown_pusher: false,
        };
        let panel = panel_of(&World::new(), &hands);
        assert_eq!(eligible(&panel), Vec::<&str>::new());
        assert_eq!(panel.heard, set(&["carol"]));
        assert_eq!(panel.why_not(&id("carol@acme.dev")), Some(Ineligible::Named));
        assert_eq!(panel.why_not(&id("dave@acme.dev")), Some(Ineligible::Contributor));
        let lenient = panel_of(&World::new().with_action(|a| a.self_approval = Some(true)), &hands);
        assert_eq!(eligible(&lenient), ["carol", "dave"]);
        assert_eq!(lenient.heard, set(&["carol", "dave"]));
    }

    #[test]
    fn an_unknown_pusher_may_be_any_approver_unless_self_approval_is_allowed() {
        let hands = Hands { requesters: set(&["alice"]), proven: set(&["alice"]), unknown_pusher: true, ..Hands::default() };
        let panel = panel_of(&World::new(), &hands);
        assert_eq!(eligible(&panel), Vec::<&str>::new());
        assert_eq!(panel.why_not(&id("carol@acme.dev")), Some(Ineligible::UnknownPusher));
        assert_eq!(panel.heard, set(&["carol", "dave"]), "yet anyone may say no");
        let lenient = World::new().with_action(|a| a.self_approval = Some(true));
        assert_eq!(eligible(&panel_of(&lenient, &hands)), ["carol", "dave"]);
    }

    #[test]
    fn self_approval_lifts_requester_and_contributor_but_never_bot() {
        let world = World::new().with_user(crate::model::User { bot: true, ..user("ci", "Env-moderator") });
        let lenient = world.clone().with_action(|a| a.self_approval = Some(true));
        assert_eq!(eligible(&panel(&lenient, &["carol"], &["dave"])), ["carol", "dave"]);

        let mut by_policy = world;
        by_policy.policy.self_approval = true;
        assert_eq!(eligible(&panel(&by_policy, &["carol"], &["dave"])), ["carol", "dave"]);
        let strict = by_policy.with_action(|a| a.self_approval = Some(false));
        assert_eq!(eligible(&panel(&strict, &["carol"], &[])), ["dave"], "the action's word goes before the policy's");
    }
}
