//! The form as one who asks would have it before them: which inputs it offers, which it demands, and what it fills in.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Value;

use super::context::Context;
use super::definition::{fill, is_computed, pairs, program, resolve, texts};

/// A form with nothing left to compute.
#[derive(Debug)]
pub(super) struct Form {
    /// Given and default values together.
    pub(super) filled: Value,
    /// The inputs, by name.
    pub(super) fields: BTreeMap<Box<str>, Field>,
    /// What is demanded of what is offered.
    pub(super) required: BTreeSet<Box<str>>,
    /// What could not be told, of the form as a whole or of an input, and why.
    pub(super) unknown: Vec<Unknown>,
}

/// One input of a form.
#[derive(Debug)]
pub(super) struct Field {
    /// What its value has to be; `None` where that cannot be told, which matters where it has a value.
    pub(super) definition: Option<Value>,
    /// Why whoever asks may not fill it in.
    pub(super) closed: Option<&'static str>,
    /// What it has where nobody fills it in.
    pub(super) default: Option<Value>,
}

/// Something of a form that could not be told.
#[derive(Debug)]
pub(super) struct Unknown {
    /// The input, or the form as a whole.
    pub(super) input: Option<Box<str>>,
    /// What could not be told.
    pub(super) what: String,
    /// Why not.
    pub(super) why: String,
}

/// Keys of one input that say how it is shown.
const OF_THE_FIELD: [&str; 8] = ["title", "icon", "description", "visible", "disabled", "dependsOn", "sort", "tooltip"];

const HIDDEN: &str = "it is not shown to whoever asks";
const DISABLED: &str = "it is disabled for whoever asks";
const WAITS: &str = "it depends on an input that is not filled in";

impl Form {
    /// The form `asked` for who asks, with what is given.
    pub(super) fn new(asked: &Value, given: &Value, context: &Context<'_>) -> Self {
        let filled = fill(asked, given);
        let mut form = Self { filled, fields: BTreeMap::new(), required: BTreeSet::new(), unknown: Vec::new() };
        form.fill_in(asked, context);
        let steps = form.hidden_by_steps(asked, context);
        for (name, definition) in pairs(asked.get("properties")) {
            let closed = form.closed(asked, name, definition, &steps, context);
            let field = form.field(asked, name, definition, closed, given, context);
            form.fields.insert(name.into(), field);
        }
        form.demand(asked, context);
        form
    }

    /// Computed defaults, each over the form so far; an input comes after those that it depends on.
    fn fill_in(&mut self, asked: &Value, context: &Context<'_>) {
        for name in in_order(asked) {
            let Some(definition) = asked.get("properties").and_then(|properties| properties.get(name)) else { continue };
            let Some(default) = definition.get("default").filter(|default| is_computed(default)) else { continue };
            if self.filled.get(name).is_some() {
                continue;
            }
            match resolve(default, &mut |program| context.ask(program, asked, &self.filled)) {
                Ok(Value::Null) => {}
                Ok(value) => {
                    let value = fill(definition, &value);
                    let others = pairs(Some(&self.filled)).map(|(name, value)| (name.into(), value.clone()));
                    self.filled = Value::from_pairs(others.chain([(name.into(), value)]).collect::<Vec<_>>());
                }
                Err(why) => self.unknown(Some(name), format!("the default of `{name}`"), why),
            }
        }
    }

    /// The inputs that stand in steps which are not shown, and in no other.
    fn hidden_by_steps(&mut self, asked: &Value, context: &Context<'_>) -> BTreeSet<Box<str>> {
        let steps = match asked.get("steps") {
            Some(Value::List(steps)) => &**steps,
            _ => return BTreeSet::new(),
        };
        let (mut hidden, mut shown) = (BTreeSet::new(), BTreeSet::new());
        for step in steps {
            let names = texts(step.get("order")).map(Box::<str>::from);
            match self.flag(asked, step.get("visible"), true, context) {
                Ok(true) => shown.extend(names),
                Ok(false) => hidden.extend(names),
                Err(why) => {
                    let title = step.get("title").and_then(Value::as_str).unwrap_or_default().to_owned();
                    self.unknown(None, format!("whether the step `{title}` is shown"), why);
                }
            }
        }
        &hidden - &shown
    }

    /// Why whoever asks may not fill an input in, if so.
    fn closed(
        &mut self,
        asked: &Value,
        name: &str,
        definition: &Value,
        steps: &BTreeSet<Box<str>>,
        context: &Context<'_>,
    ) -> Option<&'static str> {
        if steps.contains(name) {
            return Some(HIDDEN);
        }
        let mut closed = None;
        for (key, otherwise, closes) in [("visible", true, HIDDEN), ("disabled", false, DISABLED)] {
            match self.flag(asked, definition.get(key), otherwise, context) {
                Ok(flag) if flag != otherwise => closed = closed.or(Some(closes)),
                Ok(_) => {}
                Err(why) => self.unknown(Some(name), format!("`{key}` of `{name}`"), why),
            }
        }
        let waits = || texts(definition.get("dependsOn")).any(|other| is_empty(self.filled.get(other)));
        closed.or_else(|| waits().then_some(WAITS))
    }

    /// A flag that is written or computed.
    fn flag(&self, asked: &Value, flag: Option<&Value>, otherwise: bool, context: &Context<'_>) -> Result<bool, String> {
        match flag {
            None | Some(Value::Null) => Ok(otherwise),
            Some(Value::Bool(flag)) => Ok(*flag),
            Some(computed) => match program(computed).map(|program| context.ask(program, asked, &self.filled)) {
                Some(Ok(Value::Bool(flag))) => Ok(flag),
                Some(Ok(_)) => Err("it yields neither true nor false".into()),
                Some(Err(why)) => Err(why),
                None => Err("it is neither true nor false".into()),
            },
        }
    }

    /// What an input has to be, with everything computed in it told.
    fn field(
        &mut self,
        asked: &Value,
        name: &str,
        definition: &Value,
        closed: Option<&'static str>,
        given: &Value,
        context: &Context<'_>,
    ) -> Field {
        let demands = super::definition::without(definition, |key, value| {
            OF_THE_FIELD.contains(&key)
                || matches!(key, "default" | "dataset")
                || (key == "required" && matches!(value, Value::Bool(_)))
        });
        let definition = match resolve(&demands, &mut |program| context.ask(program, asked, &self.filled)) {
            Ok(demands) => Some(demands),
            Err(why) => {
                if self.filled.get(name).is_some() {
                    self.unknown(Some(name), format!("what `{name}` may be"), why);
                }
                None
            }
        };
        let default = if given.get(name).is_none() { self.filled.get(name).cloned() } else { self.default(asked, name, context) };
        Field { definition, closed, default }
    }

    /// What a given input would have been otherwise; only for one that may not be given, to see that it is no other.
    fn default(&self, asked: &Value, name: &str, context: &Context<'_>) -> Option<Value> {
        let definition = asked.get("properties")?.get(name)?;
        let value = resolve(definition.get("default")?, &mut |program| context.ask(program, asked, &self.filled)).ok()?;
        Some(fill(definition, &value))
    }

    /// Which inputs are demanded: those that are required, and that whoever asks can fill in.
    fn demand(&mut self, asked: &Value, context: &Context<'_>) {
        let listed = match asked.get("required") {
            None | Some(Value::Null) => Ok(Value::List(Box::default())),
            Some(written @ Value::List(_)) => Ok(written.clone()),
            Some(computed) => match program(computed) {
                Some(program) => context.ask(program, asked, &self.filled),
                None => Err("it is no list of inputs".into()),
            },
        };
        let listed = listed.and_then(|listed| match &listed {
            Value::List(names) if names.iter().all(|name| name.as_str().is_some_and(|name| self.fields.contains_key(name))) => {
                Ok(texts(Some(&listed)).map(Box::<str>::from).collect::<Vec<_>>())
            }
            _ => Err("it is no list of inputs that the action asks for".into()),
        });
        match listed {
            Ok(names) => self.required.extend(names),
            Err(why) => self.unknown(None, "which inputs are required".into(), why),
        }
        let by_themselves = pairs(asked.get("properties"))
            .filter(|(_, definition)| definition.get("required") == Some(&Value::Bool(true)))
            .map(|(name, _)| Box::<str>::from(name));
        self.required.extend(by_themselves);
        let Self { required, fields, .. } = self;
        // An input that waits for another is still demanded: whoever asks fills in both.
        required.retain(|name| fields.get(name).is_none_or(|field| field.closed.is_none_or(|why| why == WAITS)));
    }

    fn unknown(&mut self, input: Option<&str>, what: String, why: String) {
        self.unknown.push(Unknown { input: input.map(Box::from), what, why });
    }
}

/// Whether an input counts as not filled in.
fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::String(text)) => text.is_empty(),
        Some(Value::List(items)) => items.is_empty(),
        Some(_) => false,
    }
}

/// The names of the inputs, each after those that it depends on, as far as there is no circle; else by name.
fn in_order(asked: &Value) -> Vec<&str> {
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> =
        pairs(asked.get("properties")).map(|(name, definition)| (name, texts(definition.get("dependsOn")).collect())).collect();
    let mut out = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let ready: Vec<&str> = waiting
            .iter()
            .filter(|(name, others)| others.iter().all(|other| other == *name || !waiting.contains_key(other)))
            .map(|(name, _)| *name)
            .collect();
        // In a circle nobody is first.
        let ready = if ready.is_empty() { waiting.keys().copied().collect() } else { ready };
        for name in ready {
            waiting.remove(name);
            out.push(name);
        }
    }
    out
}
