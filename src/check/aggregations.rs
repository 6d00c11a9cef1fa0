//! Aggregations of blueprints: one way leads to the entities, and what is made of them is made of numbers.

use crate::catalog::derive::{RouteFault, Shape, queried, routes, shape_of};
use crate::catalog::nearest;
use crate::model::{Aggregation, Blueprint, Calculus, Finding, Place, Pointer, PropertyName, RuleDoc, Value};

use super::derived::{Ask, path_fault, unknown};

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "derived/unknown-target",
        summary: "The target of an aggregation is a blueprint.",
        remedy: "Mend the name, or add the blueprint under `blueprints/`.",
    },
    RuleDoc {
        id: "derived/no-path",
        summary: "A chain of relations leads from the blueprint of an aggregation to its target, or from its target to it.",
        remedy: "Add the relation that ties them, or aggregate over another blueprint.",
    },
    RuleDoc {
        id: "derived/ambiguous-path",
        summary: "Where several chains of relations tie an aggregation to its target, `pathFilter` says which is meant.",
        remedy: "Add `pathFilter: [{ path: [relation] }]`, or with `fromBlueprint: Target` for relations that lead from the target.",
    },
    RuleDoc {
        id: "derived/path-filter",
        summary: "Every path of a `pathFilter` is a chain of relations from one of the two blueprints to the other.",
        remedy: "Name relations from the blueprint on to its target, or with `fromBlueprint` from the target on to the blueprint.",
    },
    RuleDoc {
        id: "derived/not-a-number",
        summary: "The property that an aggregation adds up or compares is a number.",
        remedy: "Name a property of type number, or count entities instead.",
    },
    RuleDoc {
        id: "derived/not-a-moment",
        summary: "`measureTimeBy` names a property that holds a moment.",
        remedy: "Name a property with format date-time, or `$createdAt` or `$updatedAt`.",
    },
];

/// Everything wrong with one aggregation.
pub(super) fn judge(ask: &Ask<'_>, spec: &Aggregation) -> Vec<Finding> {
    let mut out = Vec::new();
    if let Err(fault) = routes(ask.catalog, &ask.blueprint.value, spec) {
        out.extend(route(ask, spec, fault));
    }
    let Some(target) = ask.catalog.blueprints().get(&spec.target) else { return out };
    let target = &target.value;
    let spec_at = |key: &str| ask.at(&["calculationSpec", key]);
    let (number, pace) = match &spec.calculus {
        Calculus::Count => (None, None),
        Calculus::CountPer(pace) => (None, Some(pace)),
        Calculus::Of(_, property) => (Some(property), None),
        Calculus::SumPer(pace, property) => (Some(property), Some(pace)),
    };
    if let Some(property) = number {
        let wrong = (Shape::Number, "derived/not-a-number", "a number", "name a property with `type: number`");
        out.extend(shape(ask, target, property, spec_at("property"), wrong));
    }
    if let Some(pace) = pace {
        let help = "name a property with `format: date-time`, or `$createdAt`";
        let wrong = (Shape::Moment, "derived/not-a-moment", "a moment", help);
        out.extend(shape(ask, target, &pace.measured_by, spec_at("measureTimeBy"), wrong));
    }
    for name in spec.query.iter().flat_map(queried) {
        // A `$name` that there is not is as unknown as any other.
        let name = PropertyName::parse(name).unwrap_or_else(|| PropertyName::Own(name.into()));
        out.extend(unknown(ask, target, &name, queried_at(ask, name.as_str())));
    }
    out
}

/// Where a query names a property: the rule's own value.
fn queried_at(ask: &Ask<'_>, name: &str) -> Place {
    let way = ask.blueprint.descend(&[ask.property.family(), ask.name, "query"]);
    let mut open: Vec<(Pointer, Option<&Value>)> = vec![(way.clone(), ask.property.definition.get("query"))];
    while let Some((way, here)) = open.pop() {
        if here.and_then(|rule| rule.get("property")).and_then(Value::as_str) == Some(name) {
            return Place::value(&ask.blueprint.file, way.key("property"));
        }
        if let Some(Value::List(rules)) = here.and_then(|group| group.get("rules")) {
            let rules = rules.iter().enumerate().rev();
            open.extend(rules.map(|(index, rule)| (way.key("rules").index(index), Some(rule))));
        }
    }
    Place::value(&ask.blueprint.file, way)
}

fn shape(
    ask: &Ask<'_>,
    target: &Blueprint,
    property: &PropertyName,
    place: Place,
    (wanted, rule, word, help): (Shape, &'static str, &str, &str),
) -> Option<Finding> {
    match shape_of(ask.catalog, target, property) {
        None => unknown(ask, target, property, place),
        // What nobody can tell shows when it is computed.
        Some(found) if found == wanted || found == Shape::Unknown => None,
        Some(_) => {
            let message = format!("`{}`: `{}` of blueprint `{}` is not {word}", ask.name, property.as_str(), target.identifier);
            Some(Finding::error(rule, message).at(place).help(help))
        }
    }
}

fn route(ask: &Ask<'_>, spec: &Aggregation, fault: RouteFault) -> Option<Finding> {
    let (here, target) = (&ask.blueprint.value.identifier, &spec.target);
    let filter = |index: usize, key: &str| {
        let way = ask.blueprint.descend(&[ask.property.family(), ask.name, "pathFilter"]).index(index).key(key);
        Place::value(&ask.blueprint.file, way)
    };
    match fault {
        RouteFault::UnknownTarget => {
            let names = ask.catalog.blueprints().iter().map(|(id, _)| id.as_str());
            let help = match nearest(target.as_str(), names) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "add the blueprint under `blueprints/`".to_owned(),
            };
            let message = format!("`{}`: blueprint `{target}` does not exist", ask.name);
            Some(Finding::error("derived/unknown-target", message).at(ask.at(&["target"])).help(help))
        }
        RouteFault::NoWay => {
            let message = format!("`{}`: no chain of relations ties `{here}` to `{target}`", ask.name);
            let help = format!("add a relation from one to the other, or aggregate over a blueprint that is tied to `{here}`");
            Some(Finding::error("derived/no-path", message).at(ask.at(&["target"])).help(help))
        }
        RouteFault::Ambiguous(routes, more) => {
            let mut ways: Vec<String> = routes.iter().map(|route| format!("`{route}`")).collect();
            if more {
                ways.push("and more".to_owned());
            }
            let example = routes.first().map(|route| {
                let names: Vec<&str> = route.hops.iter().map(|(_, name)| &**name).collect();
                let from = if route.backwards { format!(", fromBlueprint: {target}") } else { String::new() };
                format!("{{ path: [{}]{from} }}", names.join(", "))
            });
            let message = format!("`{}`: several ways lead from `{here}` to `{target}`: {}", ask.name, ways.join(", "));
            let help = format!("say which is meant: `pathFilter: [{}]`", example.unwrap_or_default());
            Some(Finding::error("derived/ambiguous-path", message).at(ask.at(&["target"])).help(help))
        }
        RouteFault::Filter(index, fault) => path_fault(ask, "derived/path-filter", fault, filter(index, "path")),
        RouteFault::Start(index) => {
            let message = format!("`{}`: a path starts at `{here}` or at `{target}`, and nowhere else", ask.name);
            let help = format!("write `fromBlueprint: {target}`, or leave it out to start at `{here}`");
            Some(Finding::error("derived/path-filter", message).at(filter(index, "fromBlueprint")).help(help))
        }
        RouteFault::End(index, reached) => {
            let message = format!("`{}`: the path ends at `{reached}`, and not at the other end", ask.name);
            let help = format!("name relations until `{target}`, or with `fromBlueprint: {target}` relations until `{here}`");
            Some(Finding::error("derived/path-filter", message).at(filter(index, "path")).help(help))
        }
    }
}
