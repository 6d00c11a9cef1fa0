//! What a document means: the one JSON document that is read back to an equal noun, whatever its author's spelling.

use crate::model::{
    Action, ActionPermissions, Blueprint, CatalogPolicy, Entity, EntityPermissions, Identifier, Limits, Ownership, Permissions,
    Role, Route, Rule, RunRequest, SigningKey, Team, User, Value,
};

use super::Document;
use super::decode::duration_text;

/// Every noun as the JSON document that [`super::parse_file`] would read back to an equal noun.
pub trait Meaning {
    /// The document; keys that would say nothing are left out.
    fn meaning(&self) -> Value;
}

/// Collects the entries of a mapping.
#[derive(Default)]
struct Pairs(Vec<(Box<str>, Value)>);

impl Pairs {
    fn put(mut self, key: &str, value: Value) -> Self {
        self.0.push((key.into(), value));
        self
    }

    fn maybe(self, key: &str, value: Option<Value>) -> Self {
        match value {
            Some(value) => self.put(key, value),
            None => self,
        }
    }

    fn text(self, key: &str, text: Option<&str>) -> Self {
        self.maybe(key, text.map(Value::from))
    }

    /// Left out where there is nothing in it.
    fn some(self, key: &str, value: Value) -> Self {
        match &value {
            Value::Map(pairs) if pairs.is_empty() => self,
            Value::List(items) if items.is_empty() => self,
            _ => self.put(key, value),
        }
    }

    fn done(self) -> Value {
        Value::from_pairs(self.0)
    }
}

fn map<K: AsRef<str>>(entries: impl IntoIterator<Item = (K, Value)>) -> Value {
    Value::from_pairs(entries.into_iter().map(|(key, value)| (key.as_ref().into(), value)))
}

fn texts<T: AsRef<str>>(items: impl IntoIterator<Item = T>) -> Value {
    Value::List(items.into_iter().map(|item| Value::from(item.as_ref())).collect())
}

fn number(n: usize) -> Value {
    Value::Int(i128::try_from(n).unwrap_or(i128::MAX))
}

impl Meaning for Entity {
    fn meaning(&self) -> Value {
        Pairs::default()
            .put("identifier", Value::from(self.key.identifier.as_str()))
            .put("blueprint", Value::from(self.key.blueprint.as_str()))
            .text("title", self.title.as_deref())
            .text("icon", self.icon.as_deref())
            .maybe("team", self.team.as_ref().map(texts))
            .some("properties", map(self.properties.iter().map(|(name, value)| (name, value.clone()))))
            .some("relations", map(self.relations.iter().map(|(name, value)| (name, value.to_value()))))
            .done()
    }
}

impl Meaning for Blueprint {
    fn meaning(&self) -> Value {
        let properties = map(self.properties.iter().map(|(name, property)| (name, property.definition.clone())));
        let schema = Pairs::default().put("properties", properties).put("required", texts(&self.required)).done();
        let relations = map(self.relations.iter().map(|(name, relation)| {
            let meaning = Pairs::default()
                .text("title", relation.title.as_deref())
                .text("description", relation.description.as_deref())
                .put("target", Value::from(relation.target.as_str()))
                .put("required", relation.required.into())
                .put("many", relation.many.into());
            (name, meaning.done())
        }));
        let mut pairs = Pairs::default()
            .put("identifier", Value::from(self.identifier.as_str()))
            .text("title", self.title.as_deref())
            .text("icon", self.icon.as_deref())
            .text("description", self.description.as_deref())
            .put("schema", schema)
            .some("relations", relations);
        for family in ["mirrorProperties", "formulaProperties", "calculationProperties", "aggregationProperties"] {
            let of_family = self.derived.iter().filter(|(_, derived)| derived.family() == family);
            pairs = pairs.some(family, map(of_family.map(|(name, derived)| (name, derived.definition.clone()))));
        }
        if let Ownership::Inherited(path) = &self.ownership {
            pairs = pairs.put("teamInheritance", map([("path", Value::from(path.to_string().as_str()))]));
        }
        pairs.done()
    }
}

impl Meaning for Rule {
    fn meaning(&self) -> Value {
        Pairs::default()
            .put("roles", texts(self.roles.iter().map(Role::to_string)))
            .put("users", texts(&self.users))
            .put("teams", texts(&self.teams))
            .put("ownedByTeam", self.owned_by_team.into())
            .maybe("policy", self.policy.as_ref().map(|policy| policy.written.clone()))
            .done()
    }
}

impl Meaning for EntityPermissions {
    fn meaning(&self) -> Value {
        let rule = |rule: &Option<Rule>| rule.as_ref().map(Rule::meaning);
        let rules =
            |rules: &std::collections::BTreeMap<Box<str>, Rule>| map(rules.iter().map(|(name, rule)| (name, rule.meaning())));
        Pairs::default()
            .maybe("read", rule(&self.read))
            .maybe("register", rule(&self.register))
            .maybe("unregister", rule(&self.unregister))
            .maybe("update", rule(&self.update))
            .some("updateProperties", rules(&self.update_properties))
            .some("updateRelations", rules(&self.update_relations))
            .some("readProperties", rules(&self.read_properties))
            .some("readRelations", rules(&self.read_relations))
            .done()
    }
}

impl Meaning for ActionPermissions {
    fn meaning(&self) -> Value {
        let rule = |rule: &Option<Rule>| rule.as_ref().map(Rule::meaning);
        Pairs::default().maybe("execute", rule(&self.execute)).maybe("approve", rule(&self.approve)).done()
    }
}

impl Meaning for Permissions {
    fn meaning(&self) -> Value {
        Pairs::default()
            .put("blueprint", Value::from(self.blueprint.as_str()))
            .some("entities", self.entities.meaning())
            .some("actions", map(self.actions.iter().map(|(name, action)| (name, action.meaning()))))
            .done()
    }
}

impl Meaning for Action {
    fn meaning(&self) -> Value {
        self.definition.clone()
    }
}

impl Meaning for RunRequest {
    fn meaning(&self) -> Value {
        Pairs::default()
            .put("identifier", Value::from(self.identifier.as_str()))
            .put("action", Value::from(self.action.as_str()))
            .text("entity", self.entity.as_ref().map(Identifier::as_str))
            .some("inputs", self.inputs.clone())
            .text("reason", self.reason.as_deref())
            .done()
    }
}

impl Meaning for SigningKey {
    fn meaning(&self) -> Value {
        if self.from.is_none() && self.until.is_none() {
            return Value::from(self.public.as_str());
        }
        Pairs::default()
            .put("key", Value::from(self.public.as_str()))
            .maybe("from", self.from.map(|at| Value::from(at.to_string().as_str())))
            .maybe("until", self.until.map(|at| Value::from(at.to_string().as_str())))
            .done()
    }
}

impl Meaning for User {
    fn meaning(&self) -> Value {
        let github = self
            .github_id
            .map(|id| Pairs::default().text("login", self.github_login.as_deref()).put("id", Value::Int(id.into())).done());
        Pairs::default()
            .put("identifier", Value::from(self.identifier.as_str()))
            .text("name", self.name.as_deref())
            .some("roles", texts(self.roles.iter().map(Role::to_string)))
            .some("emails", texts(&self.emails))
            .maybe("github", github)
            .some("signingKeys", Value::List(self.signing_keys.iter().map(SigningKey::meaning).collect()))
            .maybe("bot", self.bot.then(|| true.into()))
            .done()
    }
}

impl Meaning for Team {
    fn meaning(&self) -> Value {
        let github = self.github.as_ref().map(|team| {
            let name = format!("{}/{}", team.organization, team.slug);
            Pairs::default().text("team", Some(&name)).put("id", Value::Int(team.id.into())).done()
        });
        Pairs::default()
            .put("identifier", Value::from(self.identifier.as_str()))
            .text("title", self.title.as_deref())
            .some("members", texts(&self.members))
            .maybe("github", github)
            .done()
    }
}

impl Meaning for Limits {
    fn meaning(&self) -> Value {
        map([
            ("fileBytes", number(self.file_bytes)),
            ("depth", number(self.depth)),
            ("nodes", number(self.nodes)),
            ("scalarBytes", number(self.scalar_bytes)),
            ("commits", number(self.commits)),
            ("files", number(self.files)),
            ("runs", number(self.runs)),
        ])
    }
}

impl Meaning for CatalogPolicy {
    fn meaning(&self) -> Value {
        Pairs::default()
            .put("identity", Value::from(self.identity.as_str()))
            .put("selfApproval", self.self_approval.into())
            .put("expiry", Value::from(duration_text(self.expiry).as_str()))
            .put(
                "execution",
                Pairs::default().put("deadline", Value::from(duration_text(self.execution_deadline).as_str())).done(),
            )
            .put("limits", self.limits.meaning())
            .some("notifications", Value::List(self.notifications.iter().map(Meaning::meaning).collect()))
            .maybe("reminder", self.reminder.map(|reminder| Value::from(duration_text(reminder).as_str())))
            .done()
    }
}

impl Meaning for Route {
    fn meaning(&self) -> Value {
        Pairs::default()
            .put("channel", Value::from(self.channel.as_str()))
            .put("on", texts(self.on.iter().map(|occasion| occasion.as_str())))
            .put("to", Value::from(self.to.as_str()))
            .maybe("actions", self.actions.as_ref().map(|actions| texts(actions.iter().map(Identifier::as_str))))
            .done()
    }
}

impl Meaning for Document {
    fn meaning(&self) -> Value {
        match self {
            Self::Policy(d) => d.value.meaning(),
            Self::Blueprint(d) => d.value.meaning(),
            Self::Entity(d) => d.value.meaning(),
            Self::Permissions(d) => d.value.meaning(),
            Self::Action(d) => d.value.meaning(),
            Self::Run(d) => d.value.meaning(),
            Self::User(d) => d.value.meaning(),
            Self::Team(d) => d.value.meaning(),
        }
    }
}
