//! Port's search rules, `{combinator, rules}`.

use crate::catalog::json::read_json;
use crate::catalog::node::NodeKind;
use crate::catalog::shown::shown;
use crate::model::{
    Combinator, Comparison, Contextual, Direction, FilePath, Identifier, Limits, PathStep, RuleDoc, Search, SearchRule,
    SearchSubject, SearchValue, Template, Value, Whose,
};

use super::cursor::{Cursor, Decoder};
use super::time;

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "search/value",
        summary: "A search rule compares with a value that its operator can compare with.",
        remedy: "Write a value of the kind that the finding names.",
    },
    RuleDoc {
        id: "search/template",
        summary: "Between `{{` and `}}` stands a path to something that is known where the search is made.",
        remedy: "Write a path such as `{{ .inputs.name }}`.",
    },
    RuleDoc {
        id: "search/unsupported",
        summary: "Some of Port's search rules need a clock, scorecards or a page that is being looked at, which are not there.",
        remedy: "Write the rule in the way that the finding names.",
    },
    RuleDoc {
        id: "search/too-deep",
        summary: "Groups of search rules are nested at most eight deep, and hold at most 100 rules each.",
        remedy: "Divide the query, or write it flatter.",
    },
];

/// How deep groups are nested.
const DEEPEST: usize = 8;

/// How many rules a group has.
const MOST_RULES: usize = 100;

/// What a search may ask of whoever makes it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asks {
    /// The first keys of templates: `inputs`, `user`…
    pub(super) roots: &'static [&'static str],
    /// Whether there is somebody who asks, so that `context` means something.
    pub(super) user: bool,
}

impl Asks {
    /// Nothing: the search means the same for everyone.
    pub(super) const NOTHING: Self = Self { roots: &[], user: false };
}

/// Reads a search.
pub(super) fn search(d: &mut Decoder<'_>, at: Cursor<'_, '_>, asks: Asks) -> Option<Search> {
    group(d, at, asks, 0)
}

/// Reads a search that was put together rather than written in a file of its own: the filter of a form, with what is
/// computed in it filled in. Port marks it `type: SEARCH`.
///
/// # Errors
/// What is wrong with it, in one sentence.
pub fn search_of(rules: &Value) -> Result<Search, String> {
    let rules = match rules {
        Value::Map(pairs) => Value::Map(pairs.iter().filter(|(key, _)| &**key != "type").cloned().collect()),
        other => other.clone(),
    };
    let text = rules.canonical();
    let tree = read_json(&text, &Limits::default());
    let file = FilePath::new("");
    let mut decoder = Decoder::new(&file);
    let root = tree.root.as_ref().filter(|_| tree.problems.is_empty()).ok_or("it is too large")?;
    let read = search(&mut decoder, Cursor::root(root), Asks::NOTHING);
    match decoder.findings.first() {
        Some(finding) => Err(finding.message.clone()),
        None => read.ok_or_else(|| "it is no list of search rules".to_owned()),
    }
}

fn group(d: &mut Decoder<'_>, at: Cursor<'_, '_>, asks: Asks, depth: usize) -> Option<Search> {
    if !d.fields(at, &["combinator", "rules"]) {
        return None;
    }
    let combinator = d.required(&at, "combinator", "and").and_then(|word| d.choice(word, &["and", "or"]));
    let rules = d.required(&at, "rules", "[]").filter(|rules| d.list(*rules))?;
    if depth > DEEPEST || rules.items().count() > MOST_RULES {
        let help = "divide the query, or write it flatter";
        d.error("search/too-deep", rules, "these rules are nested too deeply, or are too many", help);
        return None;
    }
    let wanted = rules.items().count();
    let read: Vec<SearchRule> = rules.items().filter_map(|item| rule(d, item, asks, depth)).collect();
    let combinator = if combinator? == "or" { Combinator::Or } else { Combinator::And };
    // A rule that cannot be read leaves no search behind that means less, or more, than what was written.
    (read.len() == wanted).then_some(Search { combinator, rules: read })
}

fn rule(d: &mut Decoder<'_>, at: Cursor<'_, '_>, asks: Asks, depth: usize) -> Option<SearchRule> {
    if at.get("combinator").is_some() || at.get("rules").is_some() {
        return group(d, at, asks, depth + 1).map(SearchRule::Group);
    }
    const KEYS: &[&str] = &["property", "relation", "operator", "value", "blueprint", "direction", "required"];
    let advice = |key: &str| match key {
        "propertySchema" => Some("name the property: `property: <name>`"),
        "scorecard" | "scorecardRule" => Some("there are no scorecards; ask for a property"),
        _ => None,
    };
    if !d.fields_except(at, KEYS, |key| advice(key).map(|help| ("search/unsupported", help.to_owned()))) {
        return None;
    }
    if at.pairs().any(|pair| !KEYS.contains(&pair.name())) {
        return None;
    }
    let operator = d.required(&at, "operator", "\"=\"")?;
    let word = d.text(operator)?;
    if word == "relatedTo" {
        return related_to(d, at, asks);
    }
    let Some(comparison) = Comparison::parse(word) else {
        let message = format!("`{}` is no operator", shown(word));
        let help = d.choices(word, Comparison::SPELLINGS.iter().map(|(word, _)| *word).chain(["relatedTo"]));
        d.error("document/unknown-value", operator, message, help);
        return None;
    };
    for key in ["blueprint", "direction", "required"] {
        if let Some(stray) = at.get(key) {
            let message = format!("`{key}` means something with `relatedTo` alone");
            d.key_error("document/unknown-key", stray, message, "remove it, or write `operator: relatedTo`");
            return None;
        }
    }
    if let Some(property) = at.given("property").filter(|p| p.get("path").is_some()) {
        return along_path(d, at, property, word, asks);
    }
    let subject = subject(d, at, asks)?;
    let value = compared(d, at, comparison, word, asks)?;
    Some(SearchRule::Compare { subject, operator: comparison, value })
}

fn subject(d: &mut Decoder<'_>, at: Cursor<'_, '_>, asks: Asks) -> Option<SearchSubject> {
    if let Some(relation) = at.given("relation") {
        if let Some(second) = at.get("property") {
            let help = "keep one of the two";
            d.key_error("document/unknown-key", second, "a rule looks at a `property` or at a `relation`, not at both", help);
            return None;
        }
        return d.text(relation).map(|name| SearchSubject::Relation(name.into()));
    }
    let property = d.required(&at, "property", "$identifier")?;
    if matches!(property.node.kind, NodeKind::Map(_)) {
        return contextual(d, property, asks).map(SearchSubject::Context);
    }
    d.text(property).map(|name| SearchSubject::Field(name.into()))
}

/// `{context, property}`
fn contextual(d: &mut Decoder<'_>, at: Cursor<'_, '_>, asks: Asks) -> Option<Contextual> {
    if !d.fields(at, &["context", "property"]) {
        return None;
    }
    let whose = d.required(&at, "context", "user").and_then(|word| d.choice(word, &["user", "userTeams"]));
    let property = d.required(&at, "property", "$identifier").and_then(|name| d.text(name))?;
    if !asks.user {
        let help = "compare with a value; what is computed here is the same for everyone";
        d.error("search/unsupported", at, "nobody in particular asks here, so there is no `context`", help);
        return None;
    }
    let whose = if whose? == "user" { Whose::User } else { Whose::UserTeams };
    Some(Contextual { whose, property: property.into() })
}

/// What a comparison compares with: of the kind that its operator wants.
fn compared(d: &mut Decoder<'_>, at: Cursor<'_, '_>, operator: Comparison, word: &str, asks: Asks) -> Option<SearchValue> {
    use Comparison as C;
    if matches!(operator, C::IsEmpty | C::IsNotEmpty) {
        if let Some(stray) = at.given("value") {
            d.key_error("search/value", stray, format!("`{word}` compares with nothing"), "remove the value");
            return None;
        }
        return Some(SearchValue::Literal(Value::Null));
    }
    // `= null` asks for what is not set, so a written null is a value; a missing one is a mistake.
    let written = match at.get("value") {
        Some(written) => written,
        None => d.required(&at, "value", "<value>")?,
    };
    if matches!(operator, C::Between | C::NotBetween) {
        return range(d, written);
    }
    let value = value(d, written, asks)?;
    let SearchValue::Literal(literal) = &value else { return Some(value) };
    let scalar = |value: &Value| matches!(value, Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::String(_));
    let (good, wants) = match operator {
        C::Equal | C::NotEqual => (!matches!(literal, Value::Map(_)), "a text, a number, true, false or null"),
        C::Greater | C::GreaterOrEqual | C::Less | C::LessOrEqual => {
            let moment = |text: &str| time::exact(text).is_some();
            let good = matches!(literal, Value::Int(_) | Value::Float(_)) || literal.as_str().is_some_and(moment);
            (good, "a number, or a time such as \"2026-01-01T09:00:00Z\"")
        }
        C::Contains | C::DoesNotContain => (scalar(literal), "a text, a number, true or false"),
        C::BeginsWith | C::DoesNotBeginWith | C::EndsWith | C::DoesNotEndWith => (literal.as_str().is_some(), "a text"),
        _ => {
            let list = |value: &Value| matches!(value, Value::List(items) if items.iter().all(scalar));
            (list(literal) || (word == "matchAny" && scalar(literal)), "a list of texts or numbers")
        }
    };
    if !good {
        let message = format!("`{word}` compares with {wants}");
        d.error("search/value", written, message, format!("write {wants}"));
        return None;
    }
    if literal_items(literal).any(|item| item.as_str() == Some("My Teams")) {
        let help = "write `value: { context: userTeams, property: $identifier }` with `containsAny`";
        d.error("search/unsupported", written, "`My Teams` is known to Port's pages alone", help);
        return None;
    }
    Some(value)
}

fn literal_items(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::List(items) => items,
        other => std::slice::from_ref(other),
    }
    .iter()
}

fn range(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<SearchValue> {
    if let Some(preset) = at.get("preset") {
        let help = "write `value: { from: 2026-01-01, to: 2026-12-31 }`";
        d.key_error("search/unsupported", preset, "a preset depends on the day it is looked at, and no verdict may", help);
        return None;
    }
    if !d.fields(at, &["from", "to"]) {
        return None;
    }
    let from = d.required(&at, "from", "2026-01-01").and_then(|from| time::moment(d, from, false));
    let to = d.required(&at, "to", "2026-12-31").and_then(|to| time::moment(d, to, true));
    Some(SearchValue::Range { from: from?, to: to? })
}

/// A value, a template, a list of them, or `{context, property}`.
fn value(d: &mut Decoder<'_>, at: Cursor<'_, '_>, asks: Asks) -> Option<SearchValue> {
    match &at.node.kind {
        NodeKind::Map(_) => contextual(d, at, asks).map(SearchValue::Context),
        NodeKind::List(items) => {
            let read: Vec<SearchValue> = at.items().filter_map(|item| value(d, item, asks)).collect();
            if read.len() != items.len() {
                return None;
            }
            let plain = |value: &SearchValue| match value {
                SearchValue::Literal(value) => Some(value.clone()),
                _ => None,
            };
            let literal: Option<Vec<Value>> = read.iter().map(plain).collect();
            Some(literal.map_or(SearchValue::List(read), |all| SearchValue::Literal(Value::List(all.into()))))
        }
        NodeKind::Text(text) => template(d, at, text, asks),
        NodeKind::Broken => None,
        _ => Some(SearchValue::Literal(at.node.to_value())),
    }
}

fn template(d: &mut Decoder<'_>, at: Cursor<'_, '_>, text: &str, asks: Asks) -> Option<SearchValue> {
    match Template::parse(text) {
        Ok(None) => Some(SearchValue::Literal(Value::from(text))),
        Ok(Some(template)) => {
            if let Some(unknown) = template.paths().find(|path| !asks.roots.contains(&path.first())) {
                let message = format!("`{}` is not known here", shown(&unknown.to_string()));
                let help = d.choices(unknown.first(), asks.roots.iter().copied());
                d.error("search/template", at, message, help);
                return None;
            }
            Some(SearchValue::Template(template))
        }
        Err(error) => {
            let help = match text.contains("getUser") || text.contains("{{blueprint}}") {
                true => "Port's functions are for its pages; write `value: { context: user, property: $identifier }`",
                false => "write a path such as `{{ .inputs.name }}`",
            };
            d.error("search/template", at, shown(&error.to_string()), help);
            None
        }
    }
}

/// One identifier or several, in whatever way a value may be given.
fn identifiers(d: &mut Decoder<'_>, at: Cursor<'_, '_>, asks: Asks) -> Option<SearchValue> {
    let written = d.required(&at, "value", "<identifier>")?;
    let value = value(d, written, asks)?;
    if let SearchValue::Literal(literal) = &value
        && !literal_items(literal).all(|item| item.as_str().is_some())
    {
        d.error(
            "search/value",
            written,
            "an entity is named by its identifier, a text",
            "write one identifier, or a list of them",
        );
        return None;
    }
    Some(value)
}

fn related_to(d: &mut Decoder<'_>, at: Cursor<'_, '_>, asks: Asks) -> Option<SearchRule> {
    for key in ["property", "relation"] {
        if let Some(stray) = at.get(key) {
            let help = "remove it; for a path of relations write `operator: matchAny`";
            d.key_error("document/unknown-key", stray, format!("`{key}` means nothing with `relatedTo`"), help);
            return None;
        }
    }
    let blueprint: Option<Identifier> = d.required(&at, "blueprint", "<Blueprint>").and_then(|it| d.identifier(it));
    let value = identifiers(d, at, asks);
    let direction = match at.given("direction") {
        None => None,
        Some(word) => match d.choice(word, &["upstream", "downstream"])? {
            "upstream" => Some(Direction::Upstream),
            _ => Some(Direction::Downstream),
        },
    };
    let required = match at.given("required") {
        None => None,
        Some(flag) => Some(d.boolean(flag)?),
    };
    Some(SearchRule::RelatedTo { blueprint: blueprint?, value: value?, direction, required })
}

fn along_path(d: &mut Decoder<'_>, at: Cursor<'_, '_>, property: Cursor<'_, '_>, word: &str, asks: Asks) -> Option<SearchRule> {
    if !d.fields(property, &["path", "fromBlueprint"]) {
        return None;
    }
    if word != "matchAny" {
        let message = format!("`{word}` does not follow a path");
        d.error("search/value", property, message, "write `operator: matchAny`");
        return None;
    }
    let from = match property.given("fromBlueprint") {
        None => None,
        Some(written) => Some(d.identifier(written)?),
    };
    let steps = d.required(&property, "path", "[<relation>]").filter(|steps| d.list(*steps))?;
    let path: Vec<PathStep> = steps.items().filter_map(|item| step(d, item)).collect();
    let wanted = steps.items().count();
    if path.len() != wanted {
        return None;
    }
    if wanted == 0 || wanted > 15 || path.iter().filter(|step| step.hops > 1).count() > 1 {
        let help = "write 1 to 15 relations; `maxHops` may stand at one of them";
        d.error("search/value", steps, "this is no path that can be followed", help);
        return None;
    }
    Some(SearchRule::Path { path, from, value: identifiers(d, at, asks)? })
}

fn step(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<PathStep> {
    if !matches!(at.node.kind, NodeKind::Map(_)) {
        return d.text(at).map(|relation| PathStep { relation: relation.into(), hops: 1 });
    }
    if !d.fields(at, &["relation", "maxHops"]) {
        return None;
    }
    let relation = d.required(&at, "relation", "<relation>").and_then(|name| d.text(name))?;
    let hops = d.required(&at, "maxHops", "3").and_then(|hops| d.number(hops, 1, 15))?;
    Some(PathStep { relation: relation.into(), hops: u8::try_from(hops).ok()? })
}
