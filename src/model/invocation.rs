//! How an action's runs are performed (spec 8): each way with its templates read, so that filling them in cannot fail for how they are written.

use std::time::Duration;

use super::{Allowance, Identifier, Template, TemplateError, Value};

/// `invocationMethod`
#[derive(Clone, PartialEq, Debug)]
pub struct InvocationMethod {
    /// `type`, and what belongs to it.
    pub way: Invocation,
    /// `deadline`: how long a run may be under way until it is given up; where unsaid, the repository's policy decides.
    pub deadline: Option<Duration>,
    /// The whole definition, as written.
    pub definition: Value,
}

/// A way to perform a run; others of Port are refused by name.
#[derive(Clone, PartialEq, Debug)]
pub enum Invocation {
    /// `WEBHOOK`
    Webhook(Webhook),
    /// `GITHUB`
    Workflow(Workflow),
    /// `UPSERT_ENTITY` and `DELETE_ENTITY`
    Entity(EntityMapping),
}

/// A call of an address.
#[derive(Clone, PartialEq, Debug)]
pub struct Webhook {
    /// `url`
    pub url: UrlTemplate,
    /// `method`: `POST` unless said otherwise.
    pub method: Box<str>,
    /// `headers`, in the order of their names; values may name secrets of the daemon.
    pub headers: Vec<(Box<str>, Template)>,
    /// `body`; `None` for the whole context of the run.
    pub body: Option<JsonTemplate>,
    /// `synchronized`: the answer is the outcome. Otherwise the receiver reports.
    pub synchronized: bool,
    /// `idempotent`: what carries one key twice is performed once.
    pub idempotent: bool,
}

/// An address whose scheme and host stand for ever.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UrlTemplate {
    /// `https://deploy.acme.example:8443`
    pub origin: Box<str>,
    /// Path and query: empty, or from the first `/` or `?` on. Places stand in segments of the path and in values of the query alone.
    pub rest: Template,
}

/// A workflow of GitHub Actions.
#[derive(Clone, PartialEq, Debug)]
pub struct Workflow {
    /// `org`
    pub owner: Box<str>,
    /// `repo`
    pub repository: Box<str>,
    /// `workflow`: its file's name, or its number.
    pub workflow: Box<str>,
    /// `ref`: a branch or a tag; `None` for the repository's default branch.
    pub reference: Option<Box<str>>,
    /// `workflowInputs`; `None` where the inputs of the run are sent as they are.
    pub inputs: Option<Vec<(Box<str>, JsonTemplate)>>,
    /// `reportWorkflowStatus`: its conclusion is the outcome. Otherwise the workflow reports.
    pub report_status: bool,
    /// `idempotent`: a second dispatch with the same run among its inputs does nothing.
    pub idempotent: bool,
}

/// An entity that is written or removed by a commit.
#[derive(Clone, PartialEq, Debug)]
pub struct EntityMapping {
    /// `blueprintIdentifier`
    pub blueprint: Identifier,
    /// `mapping.identifier`
    pub identifier: Template,
    /// What is set; `None` where the entity is removed (`DELETE_ENTITY`).
    pub document: Option<EntityTemplate>,
}

/// What is set of an entity; what is left out stays as it is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct EntityTemplate {
    /// `title`, `icon`, `team`: those that are given.
    pub fields: Vec<(Box<str>, JsonTemplate)>,
    /// `properties`
    pub properties: Vec<(Box<str>, JsonTemplate)>,
    /// `relations`
    pub relations: Vec<(Box<str>, JsonTemplate)>,
}

/// A JSON value with places to be filled in; keys stand for ever.
#[derive(Clone, PartialEq, Debug)]
pub enum JsonTemplate {
    /// Nothing is filled in here.
    Plain(Value),
    /// A text with at least one place.
    Text(Template),
    /// A list.
    List(Vec<JsonTemplate>),
    /// A mapping.
    Map(Vec<(Box<str>, JsonTemplate)>),
}

impl JsonTemplate {
    /// The value: a place alone is what stands there, or `null` where nothing does; within a text it becomes text.
    ///
    /// # Errors
    /// Those of [`Template::fill_or_null`].
    pub fn fill(&self, root: &Value, allowance: &mut Allowance) -> Result<Value, TemplateError> {
        Ok(match self {
            Self::Plain(value) => {
                allowance.take(value.canonical().len())?;
                value.clone()
            }
            Self::Text(template) => template.fill_or_null(root, allowance)?,
            Self::List(items) => {
                Value::List(items.iter().map(|item| item.fill(root, allowance)).collect::<Result<Vec<_>, _>>()?.into())
            }
            Self::Map(pairs) => {
                let filled: Result<Vec<_>, TemplateError> = pairs
                    .iter()
                    .map(|(key, value)| {
                        allowance.take(key.len())?;
                        Ok((key.clone(), value.fill(root, allowance)?))
                    })
                    .collect();
                Value::from_pairs(filled?)
            }
        })
    }

    /// Every template in it.
    pub fn templates(&self) -> Vec<&Template> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Text(template) => vec![template],
            Self::List(items) => items.iter().flat_map(Self::templates).collect(),
            Self::Map(pairs) => pairs.iter().flat_map(|(_, value)| value.templates()).collect(),
        }
    }
}

impl InvocationMethod {
    /// `type`
    pub fn kind(&self) -> &'static str {
        match &self.way {
            Invocation::Webhook(_) => "WEBHOOK",
            Invocation::Workflow(_) => "GITHUB",
            Invocation::Entity(EntityMapping { document: Some(_), .. }) => "UPSERT_ENTITY",
            Invocation::Entity(EntityMapping { document: None, .. }) => "DELETE_ENTITY",
        }
    }

    /// Whether whoever performs a run performs it once, however often it is asked: by its own word, or since git tells what was done.
    pub fn dedupes(&self) -> bool {
        match &self.way {
            Invocation::Webhook(webhook) => webhook.idempotent,
            Invocation::Workflow(workflow) => workflow.idempotent,
            Invocation::Entity(_) => true,
        }
    }
}
