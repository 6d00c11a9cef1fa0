//! Whether somebody may make a change: by the roster, permissions and ownership of base, never by the change itself
//! (spec 4, the golden rule).

use crate::catalog::{Catalog, Change, Field, Grant, Operation, grants, grants_statically, policy_grants, user_of};
use crate::model::{Actor, EntityKey, Identifier, Place, Rule, RuleDoc, Subject, Value};

use super::Base;

pub use super::rights::{Requirement, requirements};

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "permission/register",
        summary: "Who registers an entity is granted `register` of its blueprint.",
        remedy: "Let somebody who may register it make the commit, or have the permissions changed first.",
    },
    RuleDoc {
        id: "permission/unregister",
        summary: "Who deletes an entity is granted `unregister` of its blueprint.",
        remedy: "Let somebody who may delete it make the commit, or have the permissions changed first.",
    },
    RuleDoc {
        id: "permission/update",
        summary: "Where permissions set the global `update`, it alone decides every property, relation, title, icon and team.",
        remedy: "Let somebody whom `update` grants make the commit, or have the permissions changed first.",
    },
    RuleDoc {
        id: "permission/update-property",
        summary: "Who sets a property, `$title` or `$icon` is granted its rule under `updateProperties`.",
        remedy: "Let somebody who may set it make the commit, or have the permissions changed first.",
    },
    RuleDoc {
        id: "permission/update-relation",
        summary: "Who sets a relation is granted its rule under `updateRelations`.",
        remedy: "Let somebody who may set it make the commit, or have the permissions changed first.",
    },
    RuleDoc {
        id: "permission/update-team",
        summary: "Who moves the owner of an entity, directly or by moving what it inherits from, is granted `$team` on it.",
        remedy: "Let somebody who may change `$team` of every entity that moves make the commit.",
    },
    RuleDoc {
        id: "permission/execute",
        summary: "Who asks for a run is granted `execute` of its action.",
        remedy: "Let somebody who may run the action ask for it.",
    },
    RuleDoc {
        id: "permission/blueprint",
        summary: "A blueprint is changed by Admin or its moderator, and created by Admin.",
        remedy: "Let an Admin or the blueprint's moderator make the commit.",
    },
    RuleDoc {
        id: "permission/permissions",
        summary: "The permissions of a blueprint are changed by Admin or its moderator.",
        remedy: "Let an Admin or the blueprint's moderator make the commit.",
    },
    RuleDoc {
        id: "permission/action",
        summary: "An action is changed by Admin or the moderator of its blueprint; moved to another, of both.",
        remedy: "Let an Admin or the moderator of the blueprints concerned make the commit.",
    },
    RuleDoc {
        id: "permission/roster",
        summary: "Users and teams are changed by Admin alone.",
        remedy: "Let an Admin make the commit.",
    },
    RuleDoc {
        id: "permission/policy",
        summary: "`catalog.yaml` is changed by Admin alone.",
        remedy: "Let an Admin make the commit.",
    },
    RuleDoc {
        id: "permission/run",
        summary: "A run on the watched branch is history: Admin alone removes its file.",
        remedy: "Ask for a new run under another identifier, or let an Admin remove the file.",
    },
    RuleDoc {
        id: "permission/bootstrap",
        summary: "Changes are judged by the roster of base; where base has none, nobody may change anything.",
        remedy: "Commit the first users, an Admin among them, to the watched branch and start the daemon, which adopts that revision.",
    },
];

/// How a requirement was met.
#[derive(Clone, PartialEq, Debug)]
pub struct Granted {
    /// The right that was granted.
    pub right: String,
    /// By which part of the rule.
    pub by: Grant,
    /// Where the rule is written in base; `None` for a default.
    pub place: Option<Place>,
}

/// Whether somebody may make a change, and why.
#[derive(Clone, PartialEq, Debug)]
pub struct Decision {
    /// Whether.
    pub allowed: bool,
    /// The rule id that decides: `permission/…`.
    pub rule: &'static str,
    /// What each requirement that is met is met by.
    pub granted: Vec<Granted>,
    /// The requirements that are not met. Empty for a stranger where nothing particular is asked.
    pub refused: Vec<Requirement>,
}

/// Decides whether `actor` may make `change`, which leads to `after`.
///
/// Base alone grants; `after` tells only what a new entity or run would be, and its owner.
pub fn decide(base: &Base<Catalog>, after: &Catalog, actor: &Actor, change: &Change) -> Decision {
    let (rule, needs) = requirements(base, after, change);
    decide_by(base, rule, &needs, actor)
}

/// The same, where the requirements are known already.
pub fn decide_by(base: &Base<Catalog>, rule: &'static str, needs: &[Requirement], actor: &Actor) -> Decision {
    let user = actor.user().and_then(|id| user_of(&base.0, id));
    let mut decision = Decision { allowed: user.is_some(), rule, granted: Vec::new(), refused: Vec::new() };
    for need in needs {
        match user.and_then(|user| grants(&base.0, &need.rule, user, &need.about())) {
            Some(by) => decision.granted.push(Granted { right: need.right.clone(), by, place: need.place.clone() }),
            None => {
                decision.allowed = false;
                decision.refused.push(need.clone());
            }
        }
    }
    decision
}

/// The users of base who could make the change, in order, at most `limit` of them.
pub fn who_could(base: &Base<Catalog>, after: &Catalog, change: &Change, limit: usize) -> Vec<Identifier> {
    who_meets(base, &requirements(base, after, change).1, limit)
}

/// How many people a policy is evaluated for when it is told who could.
const ASKED: usize = 50;

/// How many times policies are evaluated in one judgement only to tell who could: whoever is refused may have made thousands of
/// changes.
pub(super) const ADVICE: usize = 4 * ASKED;

/// The users of base who meet every requirement, in order, at most `limit` of them.
///
/// Where policies must be evaluated, only so many people are asked; [`who_meets_or_may`] tells whether some were not.
pub fn who_meets(base: &Base<Catalog>, needs: &[Requirement], limit: usize) -> Vec<Identifier> {
    who_meets_or_may(base, needs, limit).0
}

/// The same, and whether there are people of whom nobody asked, because a policy would have to be evaluated for each.
pub fn who_meets_or_may(base: &Base<Catalog>, needs: &[Requirement], limit: usize) -> (Vec<Identifier>, bool) {
    let mut left = ASKED;
    ask_around(base, needs, limit, &mut left)
}

/// The same, with so many people left to ask.
fn ask_around(base: &Base<Catalog>, needs: &[Requirement], limit: usize, left: &mut usize) -> (Vec<Identifier>, bool) {
    let mut found = Vec::new();
    for (id, _) in base.0.users().iter() {
        if found.len() == limit {
            break;
        }
        let Some(user) = user_of(&base.0, id) else { continue };
        let met = |need: &Requirement| grants_statically(&base.0, &need.rule, user, &need.about()).is_some();
        let (by_policy, hopeless) = needs.iter().filter(|need| !met(need)).fold((Vec::new(), false), |(mut some, none), need| {
            let policed = need.rule.policy.is_some();
            some.push(need);
            (some, none || !policed)
        });
        if hopeless || (!by_policy.is_empty() && *left == 0) {
            continue;
        }
        *left = left.saturating_sub(usize::from(!by_policy.is_empty()));
        if by_policy.iter().all(|need| grants(&base.0, &need.rule, user, &need.about()).is_some()) {
            found.push(id.clone());
        }
    }
    (found, *left == 0)
}

/// Why the policies of what was refused have no answer, where one has none: the reason that a person can mend.
pub fn policy_troubles(base: &Base<Catalog>, actor: &Actor, needs: &[Requirement]) -> Vec<String> {
    let Some(user) = actor.user().and_then(|id| user_of(&base.0, id)) else { return Vec::new() };
    let trouble = |need: &Requirement| {
        let fault = policy_grants(&base.0, need.rule.policy.as_ref()?, user, &need.about()).err()?;
        Some(format!("the policy of `{}` has no answer, and so grants nobody: {fault}", need.right))
    };
    needs.iter().filter_map(trouble).collect()
}

/// Who could, in words: by which parts of which rules, written where, and the first few users by name. Policies are evaluated
/// at most `advice` times, which is counted down.
pub(super) fn who_could_in_words(base: &Base<Catalog>, needs: &[Requirement], advice: &mut usize) -> String {
    const NAMED: usize = 5;
    let mut out: Vec<String> = Vec::new();
    for need in needs {
        if let Some(why) = &need.why {
            out.push(why.clone());
        }
        if !need.rule.grants_nobody() || need.why.is_none() {
            let place =
                need.place.as_ref().map(|place| format!(" ({})", place.file)).unwrap_or_else(|| " (the default)".to_owned());
            out.push(format!("`{}`{place} grants {}", need.right, rule_in_words(&need.rule, need)));
        }
    }
    let mut left = ASKED.min(*advice);
    let before = left;
    let (mut users, unasked) = ask_around(base, needs, NAMED + 1, &mut left);
    let asked = before.saturating_sub(left);
    *advice = advice.saturating_sub(asked);
    let more = users.len() > NAMED;
    users.truncate(NAMED);
    let names: Vec<&str> = users.iter().map(Identifier::as_str).collect();
    out.push(match (names.is_empty(), more) {
        (true, _) if unasked && asked == 0 => "whom its policy grants it was not asked: too much is refused at once".to_owned(),
        (true, _) if unasked => {
            format!("of the first {asked} people whom a policy could grant it, nobody could; the others were not asked")
        }
        (true, _) => "nobody in the roster could do it".to_owned(),
        (false, false) => format!("who could: {}", names.join(", ")),
        (false, true) => format!("who could: {} and others", names.join(", ")),
    });
    out.join("; ")
}

fn rule_in_words(rule: &Rule, need: &Requirement) -> String {
    let mut parts: Vec<String> = rule.roles.iter().map(ToString::to_string).collect();
    parts.extend(rule.users.iter().map(ToString::to_string));
    parts.extend(rule.teams.iter().map(|team| format!("team {team}")));
    if rule.owned_by_team {
        parts.push(match need.owner.is_empty() {
            true => "the owning team (there is none)".to_owned(),
            false => format!("the owning team ({})", need.owner.iter().map(Identifier::as_str).collect::<Vec<_>>().join(", ")),
        });
    }
    if rule.policy.is_some() {
        parts.push("whomever its policy grants it".to_owned());
    }
    match parts.split_last() {
        None => "nobody".to_owned(),
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
    }
}

/// What a change does, as the end of "may not …".
pub fn deed(change: &Change) -> String {
    let field = |what: String, key: &EntityKey| match (change.operation, &change.after) {
        (Operation::Register, _) => format!("register {key} with {what}"),
        (_, None) => format!("remove {what} of {key}"),
        _ => format!("change {what} of {key}"),
    };
    let verb = match change.operation {
        Operation::Create => "create",
        Operation::Delete => "delete",
        _ => "change",
    };
    match (&change.subject, &change.field) {
        (Subject::Entity(key), Some(Field::Property(name))) => field(format!("property `{name}`"), key),
        (Subject::Entity(key), Some(Field::Relation(name))) => field(format!("relation `{name}`"), key),
        (Subject::Entity(key), Some(Field::Title)) => field("its title".to_owned(), key).replace("its title of", "the title of"),
        (Subject::Entity(key), Some(Field::Icon)) => field("its icon".to_owned(), key).replace("its icon of", "the icon of"),
        (Subject::Entity(key), Some(Field::Team)) => field("`team`".to_owned(), key),
        (Subject::Entity(key), Some(Field::Owner)) => {
            format!("move the owner of {key} from {} to {}", teams(&change.before), teams(&change.after))
        }
        (Subject::Entity(key), None) if change.operation == Operation::Unregister => format!("unregister {key}"),
        (Subject::Entity(key), None) => format!("register {key}"),
        (Subject::Policy, _) => format!("{verb} catalog.yaml"),
        (Subject::Blueprint(id), _) => format!("{verb} blueprint `{id}`"),
        (Subject::Permissions(id), _) => format!("{verb} the permissions of `{id}`"),
        (Subject::Action(id), _) => format!("{verb} action `{id}`"),
        (Subject::User(id), _) => format!("{verb} user `{id}`"),
        (Subject::Team(id), _) => format!("{verb} team `{id}`"),
        (Subject::Run(id), _) if change.operation == Operation::Execute => format!("ask for run `{id}`"),
        (Subject::Run(id), _) => format!("{verb} run `{id}`"),
    }
}

fn teams(owner: &Option<Value>) -> String {
    match owner {
        Some(Value::List(teams)) if !teams.is_empty() => teams.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "),
        _ => "nobody".to_owned(),
    }
}
