//! SARIF 2.1.0, for code scanning and editors.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::model::{Severity, Span};

use super::json::pretty;
use super::{PlacedFinding, Report};

/// The findings as one SARIF run, ending in a line break.
pub fn sarif(report: &Report<'_>) -> String {
    let ids: Vec<&str> = report.findings.iter().map(|p| p.finding.rule).collect::<BTreeSet<_>>().into_iter().collect();
    let known = crate::check::rules::all();
    let rules: Vec<Value> = ids
        .iter()
        .map(|id| match known.iter().find(|rule| rule.id == *id) {
            None => json!({ "id": id }),
            Some(rule) => json!({
                "id": id,
                "shortDescription": { "text": message_text(rule.summary) },
                "help": { "text": message_text(rule.remedy) },
            }),
        })
        .collect();
    let results: Vec<Value> = report.findings.iter().map(|placed| result(placed, &ids)).collect();
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "Portcullis", "version": env!("CARGO_PKG_VERSION"), "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {
                "conclusion": report.verdict.conclusion.as_str(),
                "base": report.verdict.base.to_string(),
                "head": report.verdict.head.map(|id| id.to_string()),
            },
        }],
    }))
}

fn result(placed: &PlacedFinding<'_>, rules: &[&str]) -> Value {
    let finding = placed.finding;
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    };
    let said = match &finding.help {
        Some(help) => format!("{}\n{help}", finding.message),
        None => finding.message.clone(),
    };
    let locations: Vec<Value> = placed.file.iter().map(|file| location(file, placed.span)).collect();
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.iter().position(|id| *id == finding.rule),
        "level": level,
        "message": { "text": message_text(&said) },
        "locations": locations,
        "properties": {
            "subject": finding.subject.as_ref().map(ToString::to_string),
            "commit": finding.commit.map(|id| id.to_string()),
        },
    })
}

fn location(file: &str, span: Option<Span>) -> Value {
    let artifact = json!({ "uri": uri(file), "uriBaseId": "%SRCROOT%" });
    match span {
        None => json!({ "physicalLocation": { "artifactLocation": artifact } }),
        Some(span) => json!({ "physicalLocation": {
            "artifactLocation": artifact,
            "region": {
                "startLine": span.line,
                "startColumn": span.column,
                "endLine": span.end_line.max(span.line),
                "endColumn": span.end_column.max(1),
            },
        } }),
    }
}

/// A path as a relative reference of RFC 3986: everything but unreserved characters and `/` in percent.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// In a SARIF message, brackets make links and braces make placeholders: a stranger's shall make neither (3.11.5, 3.11.6).
fn message_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' | '[' | ']' => out.extend(['\\', c]),
            '{' | '}' => out.extend([c, c]),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_makes_no_links_and_a_path_is_a_reference() {
        assert_eq!(message_text("see [here](http://evil) {0} \\"), "see \\[here\\](http://evil) {{0}} \\\\");
        assert_eq!(uri("entities/a b/é#?.yaml"), "entities/a%20b/%C3%A9%23%3F.yaml");
    }
}
