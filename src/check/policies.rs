//! Policies of rules: their conditions compile, and the names in their queries are known (spec 4).

use crate::catalog::{Catalog, Located, nearest};
use crate::model::{
    Blueprint, Combinator, Comparison, ExpressionError, Finding, Identifier, MetaProperty, Permissions, Place, Pointer,
    PolicyTest, Rule, RuleDoc, Search, SearchRule, SearchSubject, SearchValue, Value,
};

use super::scope::Scope;

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "policy/condition",
        summary: "A condition of a policy is a jq program that compiles.",
        remedy: "Mend the program; try it with the jq command on `{\"results\": {…}, \"inputs\": {…}, \"entity\": {…}, \"user\": {…}}`.",
    },
    RuleDoc {
        id: "lint/policy-names",
        summary: "The queries of a policy name blueprints, properties and relations that there are.",
        remedy: "Mend the name: what is not there is never found, and a policy may hold for that reason.",
    },
    RuleDoc {
        id: "lint/policy-widens",
        summary: "A policy grants beside the roles, users and teams of its rule; it does not narrow them, as it does in Port.",
        remedy: "Leave in the rule whoever shall not need the policy, and say the rest in the policy.",
    },
];

/// What is wrong with the policy of one rule, which stands at `way` in its document.
pub(super) fn judge(scope: &Scope<'_>, document: &Located<Permissions>, way: &[&str], rule: &Rule) -> Vec<Finding> {
    let Some(policy) = &rule.policy else { return Vec::new() };
    let catalog = scope.catalog;
    let name = way.iter().skip(1).copied().collect::<Vec<_>>().join(".");
    let here = document.descend(way).key("policy");
    let at = |pointer: Pointer| Place::value(&document.file, pointer);
    let mut out = Vec::new();
    let of_action = way.first() == Some(&"actions");
    if of_action && !(rule.roles.is_empty() && rule.users.is_empty() && rule.teams.is_empty()) {
        let message = format!("the policy of `{name}` narrows nothing: whom roles, users or teams grant needs no policy");
        let help = "remove from `roles`, `users` and `teams` whoever shall need the policy; in Port they only see the action";
        out.push(Finding::warning("lint/policy-widens", message).at(Place::key(&document.file, here.clone())).help(help));
    }
    match &policy.test {
        PolicyTest::Entity(search) => {
            let own = catalog.blueprints().get(&document.value.blueprint).map(|found| &found.value);
            Names { catalog, at: &at, out: &mut out }.judge(search, own, &here);
        }
        PolicyTest::Catalog { queries, conditions } => {
            for (query, search) in queries {
                let named = blueprint_of(catalog, search);
                Names { catalog, at: &at, out: &mut out }.judge(search, named, &here.key("queries").key(query));
            }
            for (index, program) in conditions.iter().enumerate() {
                let place = at(here.key("conditions").index(index));
                out.extend(condition(scope, &name, index + 1, program).map(|finding| finding.at(place)));
            }
        }
    }
    out
}

fn condition(scope: &Scope<'_>, name: &str, number: usize, program: &str) -> Option<Finding> {
    let error = scope.programs.check(scope.catalog, program).err()?;
    let (message, help) = match error {
        // What nobody can judge is not let through.
        ExpressionError::Unavailable(why) => (
            format!("condition {number} of the policy of `{name}` could not be checked: {why}"),
            "check it where jq programs can be evaluated",
        ),
        error => (
            format!("condition {number} of the policy of `{name}` cannot be used: {error}"),
            "mend the program; it is given `.results.<query>.entities`, `.inputs`, `.entity`, `.user` and `.trigger.user`",
        ),
    };
    Some(Finding::error("policy/condition", message).help(help))
}

/// The one blueprint that a query asks for, where it says so in a rule that must hold.
fn blueprint_of<'a>(catalog: &'a Catalog, search: &Search) -> Option<&'a Blueprint> {
    let must = search.combinator == Combinator::And || search.rules.len() == 1;
    let named = search.rules.iter().filter(|_| must).find_map(|rule| match rule {
        SearchRule::Compare {
            subject: SearchSubject::Field(name),
            operator: Comparison::Equal,
            value: SearchValue::Literal(Value::String(blueprint)),
        } if &**name == "$blueprint" => Identifier::new(blueprint).ok(),
        _ => None,
    })?;
    catalog.blueprints().get(&named).map(|found| &found.value)
}

struct Names<'a> {
    catalog: &'a Catalog,
    at: &'a dyn Fn(Pointer) -> Place,
    out: &'a mut Vec<Finding>,
}

impl Names<'_> {
    /// `of` is the blueprint whose entities are asked about, where that is certain.
    fn judge(&mut self, search: &Search, of: Option<&Blueprint>, here: &Pointer) {
        for (index, rule) in search.rules.iter().enumerate() {
            let here = here.key("rules").index(index);
            match rule {
                SearchRule::Group(group) => self.judge(group, of, &here),
                SearchRule::Compare { subject, value, .. } => self.compare(subject, value, of, &here),
                SearchRule::RelatedTo { blueprint, .. } => self.blueprint(blueprint.as_str(), here.key("blueprint")),
                SearchRule::Path { path, from, .. } => {
                    if let Some(from) = from {
                        self.blueprint(from.as_str(), here.key("property").key("fromBlueprint"));
                    }
                    let first = from.as_ref().and_then(|id| self.catalog.blueprints().get(id)).map(|found| &found.value).or(of);
                    if let (Some(step), Some(start)) = (path.first(), first) {
                        self.relation(&step.relation, start, here.key("property").key("path").index(0));
                    }
                }
            }
        }
    }

    fn compare(&mut self, subject: &SearchSubject, value: &SearchValue, of: Option<&Blueprint>, here: &Pointer) {
        match (subject, of) {
            (SearchSubject::Field(name), _) if &**name == "$blueprint" => {
                if let SearchValue::Literal(literal) = value {
                    let items = match literal {
                        Value::List(items) => items,
                        one => std::slice::from_ref(one),
                    };
                    for item in items.iter().filter_map(Value::as_str) {
                        self.blueprint(item, here.key("value"));
                    }
                }
            }
            (SearchSubject::Field(name), _) if name.starts_with('$') => {
                if MetaProperty::parse(name).is_none() {
                    self.warn(&format!("`{name}` is not a meta-property"), here.key("property"), name, || {
                        MetaProperty::ALL.map(MetaProperty::as_str).into_iter().map(str::to_owned).collect()
                    });
                }
            }
            (SearchSubject::Field(name), Some(of)) => {
                if !of.properties.contains_key(name) && !of.derived.contains_key(name) {
                    let message = format!("`{name}` is not a property of `{}`", of.identifier);
                    self.warn(&message, here.key("property"), name, || {
                        of.properties.keys().chain(of.derived.keys()).map(ToString::to_string).collect()
                    });
                }
            }
            (SearchSubject::Relation(name), Some(of)) => self.relation(name, of, here.key("relation")),
            (SearchSubject::Field(_) | SearchSubject::Relation(_), None) | (SearchSubject::Context(_), _) => {}
        }
    }

    fn relation(&mut self, name: &str, of: &Blueprint, place: Pointer) {
        if !of.relations.contains_key(name) {
            let message = format!("`{name}` is not a relation of `{}`", of.identifier);
            self.warn(&message, place, name, || of.relations.keys().map(ToString::to_string).collect());
        }
    }

    fn blueprint(&mut self, name: &str, place: Pointer) {
        let known = Identifier::new(name).is_ok_and(|id| self.catalog.blueprints().contains(&id));
        if !known && !matches!(name, "_user" | "_team") {
            let catalog = self.catalog;
            self.warn(&format!("blueprint `{name}` does not exist"), place, name, || {
                catalog
                    .blueprints()
                    .iter()
                    .map(|(id, _)| id.to_string())
                    .chain(["_user".to_owned(), "_team".to_owned()])
                    .collect()
            });
        }
    }

    fn warn(&mut self, message: &str, place: Pointer, word: &str, known: impl FnOnce() -> Vec<String>) {
        let known = known();
        let help = match nearest(word, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None if known.is_empty() => "there are none".to_owned(),
            None => format!("there are {}", known.iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ")),
        };
        self.out.push(Finding::warning("lint/policy-names", message.to_owned()).at((self.at)(place)).help(help));
    }
}
