//! What the templates of an action may ask about: the run, who asked for it, and the entity that it works on.

use crate::model::{Action, Identifier, Value};
use crate::run::life::RunHandle;

/// Everything that is filled in, but for the action, which is given beside it.
#[derive(Clone, PartialEq, Debug)]
pub struct CallContext {
    /// `.inputs`: those of the run, with the action's defaults filled in.
    pub inputs: Value,
    /// `.entity`: `{identifier, title, icon, blueprint, team, properties, relations}`; `None` for an action that makes one.
    pub entity: Option<Value>,
    /// `.run.id`
    pub handle: RunHandle,
    /// `.run.identifier`
    pub run: Identifier,
    /// `.run.url`: where people see the run.
    pub link: Option<String>,
    /// `.requester`
    pub requester: Requester,
}

/// Who asked for a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Requester {
    /// `identifier`
    pub identifier: Identifier,
    /// `email`
    pub email: Option<String>,
    /// `name`
    pub name: Option<String>,
}

impl CallContext {
    /// The value that paths lead into: `{inputs, entity, action, run, requester}`. What is not there is `null`, so that it is absent for a
    /// template, and a receiver sees the same keys every time.
    pub fn root(&self, action: &Action) -> Value {
        let text = |text: &str| Value::from(text);
        let maybe = |text: Option<&str>| text.map_or(Value::Null, Value::from);
        let map = |pairs: Vec<(&str, Value)>| Value::from_pairs(pairs.into_iter().map(|(key, value)| (key.into(), value)));
        map(vec![
            ("inputs", self.inputs.clone()),
            ("entity", self.entity.clone().unwrap_or(Value::Null)),
            (
                "action",
                map(vec![
                    ("identifier", text(action.identifier.as_str())),
                    ("title", maybe(action.title.as_deref())),
                    ("blueprint", text(action.blueprint.as_str())),
                ]),
            ),
            (
                "run",
                map(vec![
                    ("id", text(self.handle.as_str())),
                    ("identifier", text(self.run.as_str())),
                    ("url", maybe(self.link.as_deref())),
                ]),
            ),
            (
                "requester",
                map(vec![
                    ("identifier", text(self.requester.identifier.as_str())),
                    ("email", maybe(self.requester.email.as_deref())),
                    ("name", maybe(self.requester.name.as_deref())),
                ]),
            ),
        ])
    }
}
