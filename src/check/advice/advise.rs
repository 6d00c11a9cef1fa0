//! Finds what would have to change so that somebody may: the fewest edits, each list of them tried before it is told.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, user_of};
use crate::check::Base;
use crate::model::{Identifier, Role, Subject};

use super::edit::{Addition, Edit, Slot};
use super::question::{Need, Question, is_allowed, is_barred, may, needs};

/// How many ways are told.
const TOLD: usize = 6;
/// How many are tried before we give up: each is one more question to the rules.
const TRIED: usize = 200;

/// Edits that together would let somebody do what they asked about; asked again after them, the answer is yes.
#[derive(Clone, PartialEq, Debug)]
pub struct Proposal {
    /// The edits, at least one.
    pub edits: Vec<Edit>,
}

/// What would have to change so that the answer is yes, the fewest edits first, and of as many those that give the least:
/// a team, a role (Admin last), a rule widened for one, a rule widened for all who share a role.
///
/// Empty where the answer is yes already, and where no edit of roster and rules that we know of helps. Each proposal was
/// tried: made in memory, and the question asked again.
pub fn advise(base: &Base<Catalog>, question: &Question) -> Vec<Proposal> {
    let Ok(needs) = needs(base, question) else { return Vec::new() };
    let refused: Vec<&Need> = needs.iter().filter(|need| !may(base, &question.user, need)).collect();
    if refused.is_empty() {
        return Vec::new();
    }
    let mut trials = Trials { base, question, left: TRIED, found: Vec::new() };
    let (personal, first) = personal(base, &question.user, &refused);
    for edit in &personal {
        trials.attempt(first.iter().chain([edit]).cloned().collect());
    }
    trials.attempt(first.clone());
    if trials.found.is_empty() {
        for (i, one) in personal.iter().enumerate() {
            for other in personal.iter().skip(i + 1) {
                trials.attempt(first.iter().chain([one, other]).cloned().collect());
            }
        }
    }
    for widened in widened(base, question, &refused) {
        trials.attempt(first.iter().cloned().chain(widened).collect());
    }
    let mut found = trials.found;
    found.sort_by_key(|proposal| proposal.edits.len());
    // Beside one edit nobody reads a list of eight.
    let least = found.first().map_or(0, |proposal| proposal.edits.len());
    found.retain(|proposal| proposal.edits.len() <= least.saturating_add(1));
    found.truncate(TOLD);
    found
}

struct Trials<'a> {
    base: &'a Base<Catalog>,
    question: &'a Question,
    left: usize,
    found: Vec<Proposal>,
}

impl Trials<'_> {
    fn attempt(&mut self, edits: Vec<Edit>) {
        if edits.is_empty() || self.left == 0 {
            return;
        }
        self.left -= 1;
        let after = edits.iter().fold(self.base.0.clone(), |catalog, edit| edit.apply(&catalog));
        if is_allowed(&Base(after), self.question) {
            self.found.push(Proposal { edits });
        }
    }
}

/// Edits of the person's standing, one of which may be enough; and those that are needed before any other.
fn personal(base: &Base<Catalog>, user: &Identifier, refused: &[&Need]) -> (Vec<Edit>, Vec<Edit>) {
    let catalog = &base.0;
    let requirements = || refused.iter().flat_map(|need| &need.requirements);
    let roles: BTreeSet<&Role> = requirements().flat_map(|one| &one.rule.roles).collect();
    // Member before moderators before Admin: who asks for little is not offered everything first.
    let mut roles: Vec<&Role> = roles.into_iter().collect();
    roles.sort_by_key(|role| match role {
        Role::Member => 0,
        Role::Moderator(_) => 1,
        Role::Admin => 2,
    });
    let owners = requirements().filter(|one| one.rule.owned_by_team).flat_map(|one| &one.owner);
    let teams: BTreeSet<&Identifier> = requirements().flat_map(|one| &one.rule.teams).chain(owners).collect();
    if user_of(catalog, user).is_none() {
        // A stranger comes into the roster with the role; or by itself, before a team or a rule names them.
        let enrolled = roles.iter().filter_map(|role| Edit::enrol(catalog, user, Some(role)));
        return (enrolled.collect(), Vec::new());
    }
    let first = match refused.iter().any(|need| is_barred(base, user, need.rule)) {
        true => Edit::person(catalog, user).into_iter().collect(),
        false => Vec::new(),
    };
    let teams = teams.into_iter().filter_map(|team| Edit::member(catalog, user, team));
    let roles = roles.into_iter().filter_map(|role| Edit::role(catalog, user, role));
    (teams.chain(roles).collect(), first)
}

/// The refused rules, widened: for the one who asks, and for everybody with a role that they have.
fn widened(base: &Base<Catalog>, question: &Question, refused: &[&Need]) -> Vec<Vec<Edit>> {
    let catalog = &base.0;
    let Some(blueprint) = blueprint_of(catalog, &question.subject) else { return Vec::new() };
    let user = user_of(catalog, &question.user);
    let enrolled = match user {
        Some(_) => None,
        None => match Edit::enrol(catalog, &question.user, None) {
            Some(edit) => Some(edit),
            None => return Vec::new(),
        },
    };
    let mut additions = vec![Addition::User(question.user.clone())];
    let roles = user.map(|user| user.roles.as_slice()).unwrap_or_default();
    additions.extend(roles.iter().filter(|role| **role != Role::Admin).cloned().map(Addition::Role));
    let mut out = Vec::new();
    for addition in additions {
        // Edits of one document build on each other, so each is made on the catalog that the last one leaves.
        let (mut edits, mut after): (Vec<Edit>, Catalog) = match &enrolled {
            Some(edit) => (vec![edit.clone()], edit.apply(catalog)),
            None => (Vec::new(), catalog.clone()),
        };
        let mut slots = BTreeSet::new();
        let mut complete = true;
        let unmet = refused.iter().flat_map(|need| &need.requirements).filter(|one| !grants(base, question, one));
        for requirement in unmet {
            let Some(slot) = Slot::of(&requirement.right) else {
                complete = false;
                break;
            };
            if !slots.insert(slot.clone()) {
                continue;
            }
            match Edit::grant(&after, &blueprint, &slot, &requirement.rule, &addition) {
                Some(edit) => {
                    after = edit.apply(&after);
                    edits.push(edit);
                }
                None => complete = false,
            }
        }
        if complete && !slots.is_empty() {
            out.push(edits);
        }
    }
    out
}

fn grants(base: &Base<Catalog>, question: &Question, requirement: &crate::check::permissions::Requirement) -> bool {
    let need = Need { field: None, rule: "", requirements: vec![requirement.clone()] };
    may(base, &question.user, &need)
}

/// The blueprint whose permissions decide.
fn blueprint_of(catalog: &Catalog, subject: &Subject) -> Option<Identifier> {
    match subject {
        Subject::Entity(key) => Some(key.blueprint.clone()),
        Subject::Action(id) => catalog.actions().get(id).map(|action| action.value.blueprint.clone()),
        _ => None,
    }
}
