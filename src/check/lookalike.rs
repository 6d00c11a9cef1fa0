//! Identifiers of one kind that the eye takes for one another (spec 1).

use crate::catalog::{Catalog, Namespace};
use crate::model::{EntityKey, Finding, Identifier, Kind, Place, RuleDoc, Subject};

use super::scope::Scope;
use super::validate::Fault;

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: "lookalike/identifier",
    summary: "Two identifiers of one kind differ by more than case and by more than letters that look alike.",
    remedy: "Rename one of the two so that a reader can tell them apart.",
}];

/// How many of the others are pointed at.
const NAMED: usize = 3;

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for (space, name) in scope.names() {
        let alike = scope.catalog.look_alikes_of(&space, &name);
        if alike.is_empty() {
            continue;
        }
        let Some((subject, place)) = stands(scope.catalog, &space, &name) else { continue };
        let others: Vec<String> = alike.iter().map(|other| format!("`{other}`")).collect();
        let message = format!("`{name}` looks like {}: a reader cannot tell them apart", others.join(", "));
        let finding = Finding::error("lookalike/identifier", message)
            .at(place)
            .help("rename one of them; they may not differ by case or by look-alike letters alone");
        let theirs = alike.iter().take(NAMED).filter_map(|other| stands(scope.catalog, &space, other));
        let finding = theirs.fold(finding, |finding, (_, place)| finding.related(place, "the other one"));
        out.push(Fault::itself(subject, finding));
    }
}

fn stands(catalog: &Catalog, space: &Namespace, name: &Identifier) -> Option<(Subject, Place)> {
    let at = ["identifier"];
    let id = name.clone();
    Some(match space {
        Namespace::Entities(blueprint) => {
            let key = EntityKey { blueprint: blueprint.clone(), identifier: id };
            let place = catalog.entities().get(&key)?.value_at(&at);
            (Subject::Entity(key), place)
        }
        Namespace::Kind(Kind::Blueprint) => (Subject::Blueprint(id), catalog.blueprints().get(name)?.value_at(&at)),
        Namespace::Kind(Kind::Action) => (Subject::Action(id), catalog.actions().get(name)?.value_at(&at)),
        Namespace::Kind(Kind::Run) => (Subject::Run(id), catalog.runs().get(name)?.value_at(&at)),
        Namespace::Kind(Kind::User) => (Subject::User(id), catalog.users().get(name)?.value_at(&at)),
        Namespace::Kind(Kind::Team) => (Subject::Team(id), catalog.teams().get(name)?.value_at(&at)),
        Namespace::Kind(Kind::Policy | Kind::Entity | Kind::Permissions) => return None,
    })
}
