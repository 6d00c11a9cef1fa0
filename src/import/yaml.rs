//! Writes a value as YAML that people like to read and diff: block style, keys in one order, quotes only where they are needed.

use crate::catalog::parse_value;
use crate::model::{FilePath, Kind, Limits, Value, is_invisible};

/// The keys that people look for first, in that order; all others follow, sorted.
fn first_keys(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Blueprint => &[
            "identifier",
            "title",
            "icon",
            "description",
            "ownership",
            "teamInheritance",
            "schema",
            "relations",
            "mirrorProperties",
            "formulaProperties",
            "calculationProperties",
            "aggregationProperties",
        ],
        Kind::Entity => &["identifier", "title", "icon", "blueprint", "team", "properties", "relations"],
        Kind::Permissions => &["blueprint", "entities", "actions"],
        Kind::Action => &[
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
        ],
        Kind::User => &["identifier", "name", "roles", "emails", "github", "signingKeys", "bot"],
        Kind::Team => &["identifier", "title", "members"],
        Kind::Policy => &["identity", "expiry", "selfApproval", "limits", "reminder", "notifications"],
        Kind::Run => &["identifier", "action", "entity", "inputs", "reason"],
    }
}

/// The text of a document, ending in a line break. A list is taken for a list of documents.
pub(super) fn emit(value: &Value, kind: Kind) -> String {
    let mut out = String::new();
    let first = first_keys(kind);
    match value {
        Value::List(items) if !items.is_empty() => list(&mut out, items, 0, first),
        Value::Map(pairs) if !pairs.is_empty() => map(&mut out, pairs, 0, first),
        other => {
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
    out
}

/// The same as JSON, for a file that is JSON already.
pub(super) fn emit_json(value: &Value, kind: Kind) -> String {
    let mut out = String::new();
    json(&mut out, value, 0, first_keys(kind));
    out.push('\n');
    out
}

/// Pairs in the order they are written in.
fn ordered<'v>(pairs: &'v [(Box<str>, Value)], first: &[&str]) -> Vec<&'v (Box<str>, Value)> {
    let rank = |key: &str| first.iter().position(|known| *known == key).unwrap_or(first.len());
    let mut out: Vec<_> = pairs.iter().collect();
    out.sort_by_key(|(key, _)| rank(key)); // stable: the rest stays sorted
    out
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

fn map(out: &mut String, pairs: &[(Box<str>, Value)], depth: usize, first: &[&str]) {
    for (at, (key, value)) in ordered(pairs, first).into_iter().enumerate() {
        if at > 0 || out.is_empty() || out.ends_with('\n') {
            indent(out, depth);
        }
        out.push_str(&text(key));
        out.push(':');
        below(out, value, depth);
    }
}

fn list(out: &mut String, items: &[Value], depth: usize, first: &[&str]) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 || out.is_empty() || out.ends_with('\n') {
            indent(out, depth);
        }
        match item {
            Value::Map(pairs) if !pairs.is_empty() => {
                out.push_str("- ");
                map(out, pairs, depth + 1, first);
            }
            Value::List(items) if !items.is_empty() => {
                out.push_str("- ");
                list(out, items, depth + 1, &[]);
            }
            scalar => {
                out.push('-');
                below(out, scalar, depth);
            }
        }
    }
}

/// What stands after a colon or a dash.
fn below(out: &mut String, value: &Value, depth: usize) {
    match value {
        Value::Map(pairs) if !pairs.is_empty() => {
            out.push('\n');
            map(out, pairs, depth + 1, &[]);
        }
        Value::List(items) if !items.is_empty() => {
            out.push('\n');
            list(out, items, depth + 1, &[]);
        }
        Value::String(written) if is_block(written) => block(out, written, depth + 1),
        other => {
            out.push(' ');
            out.push_str(&inline(other));
            out.push('\n');
        }
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(written) => text(written),
        Value::List(_) => "[]".to_owned(),
        Value::Map(_) => "{}".to_owned(),
        other => other.canonical(),
    }
}

/// A text without quotes where it reads as itself, and in double quotes otherwise.
fn text(written: &str) -> String {
    if is_plain(written) { written.to_owned() } else { quoted(written) }
}

fn is_plain(written: &str) -> bool {
    let begins =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '.' | '+' | '-' | '(' | '$' | '^' | '<' | ';' | '=' | '\\');
    let Some(first) = written.chars().next() else { return false };
    let harmless = |c: char| !is_invisible(c) && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}');
    if !begins(first)
        || written.len() > 1000
        || written.ends_with([' ', ':'])
        || written.contains(": ")
        || written.contains(" #")
        || !written.chars().all(harmless)
        || matches!(written, "null" | "Null" | "NULL" | "true" | "True" | "TRUE" | "false" | "False" | "FALSE" | "<<")
    {
        return false;
    }
    // What looks like a number, a marker or a dash is asked of the reader itself.
    !matches!(first, '0'..='9' | '.' | '+' | '-' | '=') || reads_as_itself(written)
}

fn reads_as_itself(written: &str) -> bool {
    let file = FilePath::new("_.yaml");
    parse_value(&file, written.as_bytes(), &Limits::MOST).is_ok_and(|value| value.as_str() == Some(written))
}

fn quoted(written: &str) -> String {
    let mut out = String::from("\"");
    for c in written.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c if is_invisible(c) => match u32::from(c) {
                code @ 0..=0xFF => out.push_str(&format!("\\x{code:02X}")),
                code @ 0x100..=0xFFFF => out.push_str(&format!("\\u{code:04X}")),
                code => out.push_str(&format!("\\U{code:08X}")),
            },
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Whether a text of several lines can stand as it is: nothing at its ends that an indentation would swallow.
fn is_block(written: &str) -> bool {
    let body = written.strip_suffix('\n').unwrap_or(written);
    let line =
        |line: &str| !line.ends_with(' ') && !line.chars().any(|c| is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}'));
    body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.split('\n').all(line)
        && !body.contains(['\u{FFFE}', '\u{FFFF}'])
}

fn block(out: &mut String, written: &str, depth: usize) {
    out.push_str(if written.ends_with('\n') { " |\n" } else { " |-\n" });
    for line in written.strip_suffix('\n').unwrap_or(written).split('\n') {
        if !line.is_empty() {
            indent(out, depth);
            out.push_str(line);
        }
        out.push('\n');
    }
}

fn json(out: &mut String, value: &Value, depth: usize, first: &[&str]) {
    let deeper = |out: &mut String, comma: bool| {
        out.push_str(if comma { ",\n" } else { "\n" });
        indent(out, depth + 1);
    };
    match value {
        Value::List(items) if !items.is_empty() => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                deeper(out, at > 0);
                json(out, item, depth + 1, first);
            }
            out.push('\n');
            indent(out, depth);
            out.push(']');
        }
        Value::Map(pairs) if !pairs.is_empty() => {
            out.push('{');
            for (at, (key, inner)) in ordered(pairs, first).into_iter().enumerate() {
                deeper(out, at > 0);
                out.push_str(&visible(&Value::from(&**key).canonical()));
                out.push_str(": ");
                json(out, inner, depth + 1, &[]);
            }
            out.push('\n');
            indent(out, depth);
            out.push('}');
        }
        scalar => out.push_str(&visible(&scalar.canonical())),
    }
}

/// JSON in which nothing hides and no reader sees a line break: in a text alone such characters stand, so an escape is the same.
fn visible(json: &str) -> String {
    let hidden = |c: char| is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}' | '\u{FFFE}' | '\u{FFFF}');
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if hidden(c) {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().for_each(|unit| out.push_str(&format!("\\u{unit:04x}")));
        } else {
            out.push(c);
        }
    }
    out
}
