//! Derived properties of blueprints: their paths lead somewhere, their names are known, their programs compile, and none is
//! computed from itself (spec 2).

use std::collections::BTreeMap;

use crate::catalog::derive::{Need, PathFault, circles, definition_fault, follow, shape_of};
use crate::catalog::{Catalog, Located, nearest};
use crate::model::{
    Blueprint, DerivedProperty, ExpressionError, Finding, FormulaPart, Identifier, MetaProperty, Place, PropertyName, Recipe,
    RuleDoc, Subject,
};

use super::aggregations;
use super::programs::Programs;
use super::scope::Scope;
use super::validate::Fault;

/// The rules of this family; those of aggregations are listed beside them.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "derived/unknown-hop",
        summary: "Every step of a mirror's path but the last is a relation of the blueprint it starts from.",
        remedy: "Write the chain of relation names from this blueprint on, and at its end the property: `service.tier`.",
    },
    RuleDoc {
        id: "derived/many-hop",
        summary: "No step of a mirror's path is a relation that holds a list.",
        remedy: "Go by a relation with `many: false`, or make an aggregation of it.",
    },
    RuleDoc {
        id: "derived/unknown-property",
        summary: "A property that a mirror, a formula or an aggregation reads is there, written or derived.",
        remedy: "Mend the name, or define the property in the blueprint it is read from.",
    },
    RuleDoc {
        id: "derived/cycle",
        summary: "A derived property is not computed from itself, not even by way of others.",
        remedy: "Let one of them read a written property instead.",
    },
    RuleDoc {
        id: "derived/calculation",
        summary: "A calculation is a jq program that compiles, with a definition that its result can be judged by.",
        remedy: "Mend the program, or its `type`, `format` and `items`; try it with the jq command.",
    },
];

pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    let mut circling: Option<BTreeMap<Need, Need>> = None;
    for blueprint in scope.blueprints() {
        for (name, property) in &blueprint.value.derived {
            let circling = circling.get_or_insert_with(|| circles(scope.catalog));
            let ask = Ask { catalog: scope.catalog, programs: &scope.programs, blueprint, name, property };
            let mut fault = |finding: Finding| {
                out.push(Fault::itself(Subject::Blueprint(blueprint.value.identifier.clone()), finding));
            };
            match &property.recipe {
                Recipe::Mirror { path, end } => mirror(&ask, path, end).into_iter().for_each(&mut fault),
                Recipe::Formula(parts) => formula(&ask, parts).into_iter().for_each(&mut fault),
                Recipe::Calculation(program) => calculation(&ask, program).into_iter().for_each(&mut fault),
                Recipe::Aggregation(spec) => aggregations::judge(&ask, spec).into_iter().for_each(&mut fault),
            }
            circle(&ask, circling).into_iter().for_each(&mut fault);
        }
    }
}

/// A derived property that is asked about.
pub(super) struct Ask<'a> {
    pub(super) catalog: &'a Catalog,
    programs: &'a Programs,
    pub(super) blueprint: &'a Located<Blueprint>,
    pub(super) name: &'a str,
    pub(super) property: &'a DerivedProperty,
}

impl Ask<'_> {
    /// The value under these keys of its definition.
    pub(super) fn at(&self, keys: &[&str]) -> Place {
        let way: Vec<&str> = [self.property.family(), self.name].into_iter().chain(keys.iter().copied()).collect();
        self.blueprint.value_at(&way)
    }

    /// Where its recipe is written.
    fn source(&self) -> Place {
        self.at(&[match self.property.recipe {
            Recipe::Mirror { .. } => "path",
            Recipe::Formula(_) => "formula",
            Recipe::Calculation(_) => "calculation",
            Recipe::Aggregation(_) => "target",
        }])
    }
}

/// A property that is read of `of`, and is not there.
pub(super) fn unknown(ask: &Ask<'_>, of: &Blueprint, name: &PropertyName, place: Place) -> Option<Finding> {
    if shape_of(ask.catalog, of, name).is_some() {
        return None;
    }
    let name = name.as_str();
    let known = of.properties.keys().chain(of.derived.keys()).map(|known| &**known);
    let metas = MetaProperty::ALL.map(MetaProperty::as_str);
    let help = match nearest(name, known.clone().chain(metas)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None if of.relations.contains_key(name) => {
            format!("`{name}` is a relation: write `{name}.$title` or the like in a mirror")
        }
        None if of.properties.is_empty() && of.derived.is_empty() => {
            format!("blueprint `{}` has no properties; there is `$identifier` and the like", of.identifier)
        }
        None => format!("its properties are {}", known.take(20).collect::<Vec<_>>().join(", ")),
    };
    let message = format!("`{}`: `{name}` is not a property of blueprint `{}`", ask.name, of.identifier);
    Some(Finding::error("derived/unknown-property", message).at(place).help(help))
}

/// What is wrong with a step of a path; nothing where the relation itself is at fault, and found where relations are judged.
pub(super) fn path_fault(ask: &Ask<'_>, rule: &'static str, fault: PathFault, place: Place) -> Option<Finding> {
    match fault {
        PathFault::UnknownHop { hop, blueprint, .. } => {
            let found = ask.catalog.blueprints().get(&blueprint);
            let names = || found.iter().flat_map(|b| b.value.relations.keys().map(|name| &**name));
            let help = match nearest(&hop, names()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None if names().next().is_none() => format!("blueprint `{blueprint}` has no relations"),
                None => format!("its relations are {}", names().take(20).collect::<Vec<_>>().join(", ")),
            };
            let message = format!("`{}`: `{hop}` is not a relation of blueprint `{blueprint}`", ask.name);
            Some(Finding::error(rule, message).at(place).help(help))
        }
        PathFault::ManyHop { hop, blueprint } => {
            let message = format!(
                "`{}`: relation `{hop}` of blueprint `{blueprint}` holds a list, so there is no one entity to mirror",
                ask.name
            );
            let help = "go by a relation with `many: false`, or write an aggregation";
            Some(Finding::error("derived/many-hop", message).at(place).help(help))
        }
        PathFault::MissingBlueprint { .. } => None,
    }
}

fn mirror(ask: &Ask<'_>, path: &[Box<str>], end: &PropertyName) -> Option<Finding> {
    match follow(ask.catalog, &ask.blueprint.value, path, true) {
        Ok(reached) => unknown(ask, reached, end, ask.source()),
        Err(fault) => path_fault(ask, "derived/unknown-hop", fault, ask.source()),
    }
}

fn formula(ask: &Ask<'_>, parts: &[FormulaPart]) -> Vec<Finding> {
    let names = parts.iter().filter_map(|part| match part {
        FormulaPart::Text(_) => None,
        FormulaPart::Name(name) => Some(name),
    });
    names.filter_map(|name| unknown(ask, &ask.blueprint.value, name, ask.source())).collect()
}

fn calculation(ask: &Ask<'_>, program: &str) -> Vec<Finding> {
    let mut out = Vec::new();
    match ask.programs.check(ask.catalog, program) {
        Ok(()) => {}
        // What nobody can judge is not let through.
        Err(ExpressionError::Unavailable(why)) => {
            let message = format!("`{}` could not be checked: {why}", ask.name);
            let help = "check it where jq programs can be evaluated";
            out.push(Finding::error("derived/calculation", message).at(ask.source()).help(help));
        }
        Err(error) => {
            let message = format!("the calculation of `{}` cannot be used: {error}", ask.name);
            let help = "mend the program; the entity is its input: `.properties.name`, `.identifier`, `.relations.name`";
            out.push(Finding::error("derived/calculation", message).at(ask.source()).help(help));
        }
    }
    if let Some(fault) = definition_fault(&ask.property.definition) {
        let message = format!("the result of `{}` cannot be judged: {fault}", ask.name);
        let help = "mend its `type`, `format` and `items`";
        out.push(Finding::error("derived/calculation", message).at(ask.at(&[])).help(help));
    }
    out
}

fn circle(ask: &Ask<'_>, circling: &BTreeMap<Need, Need>) -> Option<Finding> {
    const SHOWN: usize = 6;
    let start: Need = (ask.blueprint.value.identifier.clone(), ask.name.into());
    let mut here = circling.get(&start)?;
    let word = |(blueprint, name): &(Identifier, Box<str>)| format!("{blueprint}.{name}");
    let mut way = vec![word(&start)];
    while *here != start && way.len() < SHOWN {
        way.push(word(here));
        here = circling.get(here)?;
    }
    way.push(if *here == start { word(&start) } else { "…".to_owned() });
    let message = format!("`{}` is computed from itself: {}", ask.name, way.join(" from "));
    let help = "let one of them read a written property instead";
    Some(Finding::error("derived/cycle", message).at(ask.source()).help(help))
}
