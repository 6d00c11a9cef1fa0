//! Members of teams that are written nowhere in the catalog: those whom the forge's own teams have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Identifier, Team};

use super::Catalog;

/// Who is known to be a member of which team, for as long as one judgement takes.
#[derive(Clone, Default, Debug)]
pub(super) struct OutsideMembers(Arc<BTreeMap<Identifier, BTreeSet<Identifier>>>);

impl Catalog {
    /// The same catalog, of whose teams these users are members too: those that name a team of the forge, and only those.
    ///
    /// It is no part of what the catalog means, and differs from nothing: every catalog made from this one by [`Self::apply`] keeps it.
    #[must_use]
    pub fn with_outside_members(&self, members: BTreeMap<Identifier, BTreeSet<Identifier>>) -> Self {
        let mut next = self.clone();
        next.outside = OutsideMembers(Arc::new(members));
        next
    }

    /// Whether the team names one of the forge, and this user is known to be in it.
    pub(super) fn has_outside_member(&self, team: &Team, user: &Identifier) -> bool {
        team.github.is_some() && self.outside.0.get(&team.identifier).is_some_and(|members| members.contains(user))
    }

    /// Every member of a team, in order: those that are written, and those who are known from outside.
    pub fn members_of<'a>(&'a self, team: &'a Team) -> BTreeSet<&'a Identifier> {
        let outside = self.outside.0.get(&team.identifier).filter(|_| team.github.is_some());
        team.members.iter().chain(outside.into_iter().flatten()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Document, FileDelta, Located, ParsedFile, diff, is_member, team_value};
    use crate::model::{FilePath, ForgeTeam, Pointer, Value};

    fn id(text: &str) -> Identifier {
        Identifier::new(text).unwrap()
    }

    fn put(path: &str, name: &str, bound: bool) -> FileDelta {
        let file = FilePath::new(path);
        let github = bound.then(|| ForgeTeam { organization: "acme".into(), slug: name.into(), id: 42 });
        let team = Team { identifier: id(name), title: None, members: [id("alice")].into(), github };
        let documents = vec![Document::Team(Located { file: file.clone(), pointer: Pointer::root(), value: team })];
        FileDelta::put(ParsedFile { content: None, path: file, documents, findings: Vec::new() })
    }

    fn known() -> BTreeMap<Identifier, BTreeSet<Identifier>> {
        ["bound", "plain", "gone"].map(|team| (id(team), [id("bob")].into())).into()
    }

    #[test]
    fn only_a_team_that_names_one_of_the_forge_has_members_from_outside() {
        let written = Catalog::default().apply([put("teams/a.yaml", "bound", true), put("teams/b.yaml", "plain", false)]);
        let catalog = written.with_outside_members(known());
        let member = |team: &str, user: &str| is_member(&catalog, &id(team), &id(user));
        assert!(member("bound", "alice") && member("bound", "bob") && member("plain", "alice"));
        assert!(!member("plain", "bob") && !member("gone", "bob") && !member("bound", "carol"));
        assert!(!is_member(&written, &id("bound"), &id("bob")), "what is written is as it was");
        assert!(diff(&written, &catalog).0.is_empty() && written.shares_all_with(&catalog), "and means the same");
        let members =
            |catalog: &Catalog| team_value(catalog, &id("bound")).unwrap().get("properties").unwrap().get("members").cloned();
        assert_eq!(members(&catalog), Some(Value::List([Value::from("alice"), Value::from("bob")].into())), "policies see them");
    }

    #[test]
    fn what_is_made_of_it_keeps_them_and_a_team_declared_twice_has_none() {
        let catalog = Catalog::default().apply([put("teams/a.yaml", "bound", true)]).with_outside_members(known());
        let later = catalog.apply([put("teams/b.yaml", "plain", false)]);
        assert!(is_member(&later, &id("bound"), &id("bob")));
        let twice = catalog.apply([put("teams/b.yaml", "bound", true)]);
        assert!(!is_member(&twice, &id("bound"), &id("bob")));
    }
}
