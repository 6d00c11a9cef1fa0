//! A self-service action: Port's v2, and v1 brought into the same shape.

use std::collections::BTreeSet;

use crate::catalog::node::NodeKind;
use crate::model::{Action, ActionOperation, ApprovalKind, Identifier, RequiredApproval, RuleDoc, Subject, Trigger, Value};

use super::cursor::{Cursor, Decoder};
use super::entity::computed;
use super::form;
use super::invocation::invocation;
use super::schema::{self, Use};
use super::time;

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "action/missing-blueprint",
        summary: "An action belongs to a blueprint.",
        remedy: "Add `blueprintIdentifier: <Blueprint>` below `trigger`.",
    },
    RuleDoc {
        id: "action/two-blueprints",
        summary: "An action belongs to one blueprint.",
        remedy: "Remove `blueprint` or `trigger.blueprintIdentifier`, or let them agree.",
    },
    RuleDoc {
        id: "action/automation",
        summary: "An action is asked for by a person: its trigger is `self-service`.",
        remedy: "Remove the automation; only self-service actions are run.",
    },
    RuleDoc {
        id: "action/required-approval",
        summary: "`requiredApproval` is true, false, or a mapping of `type`, `count` and `when`.",
        remedy: "Write it so: `requiredApproval: { type: ANY, count: 2 }`.",
    },
];

const KEYS: &[&str] = &[
    "identifier",
    "title",
    "icon",
    "description",
    "blueprint",
    "trigger",
    "userInputs",
    "invocationMethod",
    "requiredApproval",
    "approvalNotification",
    "publish",
    "allowAnyoneToViewRuns",
    "selfApproval",
    "expiry",
];

/// What the whole document comes to: sorted pairs of a JSON object.
type Pairs = Vec<(Box<str>, Value)>;

/// Reads an action.
pub(in crate::catalog) fn action(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Action> {
    if !d.fields_except(at, KEYS, computed) {
        return None;
    }
    let identifier = d.required(&at, "identifier", "<name>").and_then(|id| d.identifier(id));
    d.subject = identifier.clone().map(Subject::Action);
    let title = d.optional_text(&at, "title");
    let mut definition: Pairs = Vec::new();
    for key in ["icon", "description"] {
        definition.extend(d.optional_text(&at, key).map(|text| (Box::from(key), Value::from(text.as_str()))));
    }
    for key in ["publish", "allowAnyoneToViewRuns"] {
        let given = at.given(key).and_then(|given| d.boolean(given));
        definition.extend(given.map(|flag| (Box::from(key), Value::from(flag))));
    }
    definition.extend(at.given("approvalNotification").map(|given| ("approvalNotification".into(), given.node.to_value())));
    let trigger = d
        .required(&at, "trigger", "{ type: self-service, operation: DAY-2, … }")
        .and_then(|trigger| self::trigger(d, at, trigger));
    let invocation = d.required(&at, "invocationMethod", "{ type: WEBHOOK, url: … }").and_then(|method| invocation(d, method));
    let required_approval = at.given("requiredApproval").map_or(RequiredApproval::Never, |given| approval(d, given));
    let self_approval = at.given("selfApproval").and_then(|given| d.boolean(given));
    let expiry = at.given("expiry").and_then(|given| time::duration(d, given));
    let (identifier, invocation) = (identifier?, invocation?);
    let (blueprint, trigger, trigger_meaning) = trigger?;
    definition.push(("identifier".into(), Value::from(identifier.as_str())));
    definition.extend(title.as_deref().map(|title| ("title".into(), Value::from(title))));
    definition.push(("trigger".into(), trigger_meaning));
    definition.push(("invocationMethod".into(), invocation.definition.clone()));
    definition.extend(approval_meaning(&required_approval).map(|meaning| ("requiredApproval".into(), meaning)));
    definition.extend(self_approval.map(|flag| ("selfApproval".into(), Value::from(flag))));
    definition.extend(expiry.map(|expiry| ("expiry".into(), Value::from(time::duration_text(expiry).as_str()))));
    let definition = Value::from_pairs(definition);
    Some(Action { identifier, title, blueprint, trigger, invocation, required_approval, self_approval, expiry, definition })
}

/// The trigger of either version: the blueprint, the noun, and what it comes to in v2.
fn trigger(d: &mut Decoder<'_>, at: Cursor<'_, '_>, written: Cursor<'_, '_>) -> Option<(Identifier, Trigger, Value)> {
    const OPERATIONS: &[&str] = &["CREATE", "DAY-2", "DELETE"];
    let mut meaning: Pairs = vec![("type".into(), Value::from("self-service"))];
    let (operation, inputs, blueprint) = if matches!(written.node.kind, NodeKind::Text(_)) {
        (d.choice(written, OPERATIONS), at.given("userInputs"), None)
    } else {
        if let Some(misplaced) = at.get("userInputs") {
            d.key_error("document/unknown-key", misplaced, "`userInputs` may not stand here", "move it below `trigger`");
        }
        self_service(d, written)?;
        for key in ["condition", "actionCardButtonText", "executeActionButtonText"] {
            meaning.extend(written.given(key).map(|given| (Box::from(key), given.node.to_value())));
        }
        let operation = d.required(&written, "operation", "DAY-2").and_then(|operation| d.choice(operation, OPERATIONS));
        let blueprint = written.given("blueprintIdentifier").map(|given| (given, d.identifier(given)));
        (operation, written.given("userInputs"), blueprint)
    };
    let blueprint = self::blueprint(d, at, written, blueprint);
    let user_inputs = user_inputs(d, inputs, written.given("order"));
    let operation = [ActionOperation::Create, ActionOperation::Day2, ActionOperation::Delete]
        .into_iter()
        .find(|known| Some(known.as_str()) == operation)?;
    let blueprint = blueprint?;
    meaning.push(("operation".into(), Value::from(operation.as_str())));
    meaning.push(("blueprintIdentifier".into(), Value::from(blueprint.as_str())));
    meaning.push(("userInputs".into(), user_inputs.clone()));
    Some((blueprint, Trigger { operation, user_inputs }, Value::from_pairs(meaning)))
}

/// Demands a v2 trigger that a person pulls.
fn self_service(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<()> {
    const KEYS: &[&str] = &[
        "type",
        "blueprintIdentifier",
        "operation",
        "userInputs",
        "order",
        "condition",
        "actionCardButtonText",
        "executeActionButtonText",
        "event",
    ];
    if !d.fields(at, KEYS) {
        return None;
    }
    let kind = at.given("type");
    let automation =
        kind.filter(|kind| matches!(&kind.node.kind, NodeKind::Text(text) if text == "automation")).or_else(|| at.given("event"));
    if let Some(automation) = automation {
        let help = "only self-service actions are run: `type: self-service`, without `event`";
        d.error("action/automation", automation, "this is an automation", help);
        return None;
    }
    if let Some(kind) = kind {
        d.choice(kind, &["self-service"]);
    }
    Some(())
}

/// `trigger.blueprintIdentifier`, or `blueprint` beside it.
fn blueprint(
    d: &mut Decoder<'_>,
    at: Cursor<'_, '_>,
    trigger: Cursor<'_, '_>,
    in_trigger: Option<(Cursor<'_, '_>, Option<Identifier>)>,
) -> Option<Identifier> {
    let beside = at.given("blueprint").map(|given| (given, d.identifier(given)));
    match (in_trigger, beside) {
        (Some((_, inner)), Some((place, outer))) => {
            if inner != outer {
                let message = "`blueprint` and `trigger.blueprintIdentifier` differ";
                d.error("action/two-blueprints", place, message, "remove one of the two");
            }
            inner
        }
        (Some((_, only)), None) | (None, Some((_, only))) => only,
        (None, None) => {
            let help = match trigger.node.kind {
                NodeKind::Text(_) => "add `blueprint: <Blueprint>`",
                _ => "add `blueprintIdentifier: <Blueprint>` below `trigger`",
            };
            d.error("action/missing-blueprint", trigger, "the action does not say its blueprint", help);
            None
        }
    }
}

/// Port's form: properties, and what is required, in what order.
fn user_inputs(d: &mut Decoder<'_>, at: Option<Cursor<'_, '_>>, order_beside: Option<Cursor<'_, '_>>) -> Value {
    let mut pairs: Pairs = vec![("properties".into(), Value::Map(Box::default()))];
    let mut defined = BTreeSet::new();
    let mut order = order_beside;
    let keys = &["properties", "required", "order", "steps", "titles", "type", "additionalProperties"];
    let at = at.filter(|at| d.fields(*at, keys));
    if let Some(at) = &at {
        let properties = at.given("properties").filter(|p| d.mapping(*p));
        if let Some(properties) = &properties {
            for input in properties.pairs() {
                d.key_identifier(input);
                schema::definition(d, input, Use::Input);
                defined.insert(input.name());
            }
        }
        if let Some(kind) = at.given("type") {
            d.choice(kind, &["object"]);
        }
        for pair in at.pairs().filter(|pair| !matches!(pair.node.kind, NodeKind::Null)) {
            let value = match pair.name() {
                "required" if matches!(pair.node.kind, NodeKind::List(_)) => {
                    let names = schema::required_names(d, pair, &defined);
                    Value::List(names.iter().map(|name| Value::from(&**name)).collect())
                }
                "required" => {
                    if d.fields(pair, &["jqQuery"]) {
                        d.required(&pair, "jqQuery", "…").map(|query| d.text(query));
                    }
                    pair.node.to_value()
                }
                _ => pair.node.to_value(),
            };
            pairs.push((pair.name().into(), value));
        }
        form::arrangement(d, *at, &defined);
    }
    order = at.as_ref().and_then(|at| at.given("order")).or(order);
    if let Some(order) = order {
        form::order(d, order, at.as_ref(), &defined);
        pairs.push(("order".into(), order.node.to_value()));
    }
    Value::from_pairs(pairs)
}

fn approval(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> RequiredApproval {
    const HELP: &str = "write true, false, { type: ANY, count: 2 }, { type: ALL } or { when: <JSON Schema over the inputs> }";
    match &at.node.kind {
        NodeKind::Bool(true) => RequiredApproval::Always { kind: ApprovalKind::Any, count: 1 },
        NodeKind::Bool(false) => RequiredApproval::Never,
        NodeKind::Map(_) => {
            d.fields(at, &["type", "count", "when"]);
            let kind = at.given("type").and_then(|kind| d.choice(kind, &["ANY", "ALL"]));
            let kind = if kind == Some("ALL") { ApprovalKind::All } else { ApprovalKind::Any };
            let count = at.given("count").and_then(|count| d.number(count, 1, 100));
            let count = count.and_then(|count| u32::try_from(count).ok()).unwrap_or(1);
            if at.pairs().next().is_none() {
                d.error("action/required-approval", at, "this does not say whether approval is required", HELP);
            }
            match at.get("when").filter(|when| d.mapping(*when)) {
                Some(when) => {
                    schema::schema(d, when, Use::Condition);
                    RequiredApproval::When { schema: when.node.to_value(), kind, count }
                }
                None => RequiredApproval::Always { kind, count },
            }
        }
        NodeKind::Broken => RequiredApproval::Never,
        other => {
            d.error("action/required-approval", at, format!("`requiredApproval` cannot be {}", other.word()), HELP);
            RequiredApproval::Never
        }
    }
}

/// What [`approval`] reads back to the same; nothing where no approval is required.
fn approval_meaning(approval: &RequiredApproval) -> Option<Value> {
    let (schema, kind, count) = match approval {
        RequiredApproval::Never => return None,
        RequiredApproval::Always { kind, count } => (None, kind, count),
        RequiredApproval::When { schema, kind, count } => (Some(schema), kind, count),
    };
    let kind = match kind {
        ApprovalKind::Any => "ANY",
        ApprovalKind::All => "ALL",
    };
    let mut pairs: Pairs = vec![("type".into(), Value::from(kind)), ("count".into(), Value::Int((*count).into()))];
    pairs.extend(schema.map(|schema| ("when".into(), schema.clone())));
    Some(Value::from_pairs(pairs))
}
