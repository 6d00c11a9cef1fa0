//! The inheritance paths of blueprints: every step is a single relation, and nobody inherits from himself (spec 3).

use crate::catalog::{InheritanceFault, nearest};
use crate::model::{Finding, RuleDoc, Subject};

use super::scope::Scope;
use super::validate::Fault;

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "ownership/unknown-hop",
        summary: "Every step of an inheritance path is a relation of the blueprint it starts from.",
        remedy: "Write the chain of relation names, `service.system`, from this blueprint to the one whose teams own.",
    },
    RuleDoc {
        id: "ownership/many-hop",
        summary: "No step of an inheritance path is a relation that holds a list.",
        remedy: "Go by a relation with `many: false`, or write `team` on the entities.",
    },
    RuleDoc {
        id: "ownership/cycle",
        summary: "A blueprint does not inherit its owners from itself, not even by way of others.",
        remedy: "Let one of the blueprints own directly.",
    },
];

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    for blueprint in scope.blueprints() {
        let id = &blueprint.value.identifier;
        let place = blueprint.value_at(&["teamInheritance", "path"]);
        let subject = Subject::Blueprint(id.clone());
        let finding = match scope.catalog.inheritance_of(id) {
            Err(InheritanceFault::UnknownHop { hop, blueprint }) => {
                let found = scope.catalog.blueprints().get(&blueprint);
                let names = found.iter().flat_map(|b| b.value.relations.keys().map(|name| &**name));
                let help = match nearest(&hop, names) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("name a single relation of `{blueprint}`"),
                };
                Finding::error("ownership/unknown-hop", format!("`{hop}` is not a relation of blueprint `{blueprint}`"))
                    .help(help)
            }
            // The relation itself is at fault, and found where relations are judged.
            Err(InheritanceFault::MissingBlueprint { .. }) => continue,
            Err(InheritanceFault::ManyHop { hop, blueprint }) => {
                let message =
                    format!("relation `{hop}` of blueprint `{blueprint}` holds a list, so it has no one owner to inherit");
                Finding::error("ownership/many-hop", message).help("go by a relation with `many: false`")
            }
            Ok(_) => {
                let chain = scope.catalog.inheritance_chain(id);
                if chain.len() < 2 || chain.last() != Some(id) {
                    continue;
                }
                let way: Vec<&str> = chain.iter().map(|b| b.as_str()).collect();
                let message = format!("`{id}` inherits its owners from itself: {}", way.join(" from "));
                Finding::error("ownership/cycle", message)
                    .help("let one of these blueprints own directly, without teamInheritance")
            }
        };
        out.push(Fault::itself(subject, finding.at(place)));
    }
}
