//! Finds the shortest list of who could: roles and teams whose every member could, and the people that are left.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, is_member, user_of};
use crate::check::Base;
use crate::check::permissions::{Requirement, who_meets};
use crate::model::{Identifier, Role};

use super::question::{Need, Right, is_barred};

/// Up to so many people are named one by one, whatever they have in common.
const FEW: usize = 5;

/// One or several who could.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Who {
    /// Everyone with this role, and how many that are.
    Role(Role, usize),
    /// Everyone of this team, and how many that are.
    Team(Identifier, usize),
    /// One person.
    User(Identifier),
}

/// Everyone who could.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WhoCould {
    /// Told shortly: together they are all of `people`, and nobody else.
    pub short: Vec<Who>,
    /// Each of them, in order.
    pub people: Vec<Identifier>,
}

impl WhoCould {
    /// The shortest telling of `people` by the roles and teams that `needs` speak of. Greedy, so that it takes one walk over
    /// the roster for each of them; it is the shortest but in made-up rosters.
    pub(super) fn of(base: &Base<Catalog>, needs: &[Requirement], people: Vec<Identifier>) -> Self {
        let mut left: BTreeSet<&Identifier> = people.iter().collect();
        let mut short = Vec::new();
        if people.len() > FEW {
            let mut groups = groups(base, needs, &left);
            while let Some((who, members)) = groups.iter().max_by_key(|(_, members)| members.intersection(&left).count()) {
                // A group that tells of one person only is longer than that person's name.
                if members.intersection(&left).count() < 2 {
                    break;
                }
                let who = who.clone();
                left = left.difference(members).copied().collect();
                groups.retain(|(other, _)| *other != who);
                short.push(who);
            }
        }
        short.extend(left.into_iter().cloned().map(Who::User));
        Self { short, people }
    }
}

/// The roles and teams that the rules name and whose every member could; those that come first are preferred last.
fn groups<'a>(
    base: &'a Base<Catalog>,
    needs: &[Requirement],
    people: &BTreeSet<&'a Identifier>,
) -> Vec<(Who, BTreeSet<&'a Identifier>)> {
    let users = || base.0.users().iter().filter(|(id, _)| user_of(&base.0, id).is_some());
    let roles: BTreeSet<&Role> = needs.iter().flat_map(|need| &need.rule.roles).collect();
    let owners = needs.iter().filter(|need| need.rule.owned_by_team).flat_map(|need| &need.owner);
    let teams: BTreeSet<&Identifier> = needs.iter().flat_map(|need| &need.rule.teams).chain(owners).collect();
    let teams = teams.into_iter().rev().map(|team| {
        let members: BTreeSet<&Identifier> = users().map(|(id, _)| id).filter(|id| is_member(&base.0, team, id)).collect();
        (Who::Team(team.clone(), members.len()), members)
    });
    let roles = roles.into_iter().rev().map(|role| {
        let members: BTreeSet<&Identifier> =
            users().filter(|(_, user)| user.value.roles.contains(role)).map(|(id, _)| id).collect();
        (Who::Role(role.clone(), members.len()), members)
    });
    // Only a group all of whose members could may be told as one.
    teams.chain(roles).filter(|(_, members)| members.iter().all(|id| people.contains(id))).collect()
}

/// Everyone who meets a need.
pub(super) fn who_meets_all(base: &Base<Catalog>, need: &Need) -> Vec<Identifier> {
    let mut people = who_meets(base, &need.requirements, usize::MAX);
    people.retain(|id| !is_barred(base, id, need.rule));
    people
}

/// Who could do all of it: everyone to whom each right is granted.
pub fn who_could(base: &Base<Catalog>, rights: &[Right]) -> WhoCould {
    let Some((first, rest)) = rights.split_first() else { return WhoCould::default() };
    let sets: Vec<BTreeSet<&Identifier>> = rest.iter().map(|right| right.who.people.iter().collect()).collect();
    let people = first.who.people.iter().filter(|id| sets.iter().all(|set| set.contains(id))).cloned().collect();
    let needs: Vec<Requirement> = rights.iter().flat_map(|right| right.needs.iter().cloned()).collect();
    WhoCould::of(base, &needs, people)
}
