//! SARIF 2.1.0, for code scanning and editors.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::model::{Severity, Span};

use super::json::pretty;
use super::{PlacedFinding, Report, Restricted};

/// The findings as one SARIF run, ending in a line break.
pub fn sarif(report: &Report<'_>) -> String {
    let ids: Vec<&str> = report.findings.iter().map(|p| p.finding.rule).collect::<BTreeSet<_>>().into_iter().collect();
    let mut seen = BTreeMap::new();
    let results: Vec<Value> = report.findings.iter().map(|placed| result(placed, &ids, &mut seen)).collect();
    let mut properties = json!({
        "conclusion": report.verdict.conclusion.as_str(),
        "base": report.verdict.base.to_string(),
        "head": report.verdict.head.map(|id| id.to_string()),
    });
    if let (Some(restricted), Some(properties)) = (&report.restricted, properties.as_object_mut()) {
        properties.insert("restricted".to_owned(), restriction(restricted));
    }
    pretty(&json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "Portcullis",
                "version": env!("CARGO_PKG_VERSION"),
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules(&ids),
            } },
            "automationDetails": { "id": "portcullis/" },
            // Whatever was found, the judgement itself was carried through: where it is not, nothing is printed.
            "invocations": [{ "executionSuccessful": true }],
            "originalUriBaseIds": { "%SRCROOT%": { "description": { "text": "The top of the repository." } } },
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": properties,
        }],
    }))
}

/// What is known of the rules that were broken.
fn rules(ids: &[&str]) -> Vec<Value> {
    let known = crate::check::rules::all();
    let describe = |id: &&str| match known.iter().find(|rule| rule.id == *id) {
        None => json!({ "id": id }),
        Some(rule) => json!({
            "id": id,
            "shortDescription": { "text": message_text(rule.summary) },
            "fullDescription": { "text": message_text(&format!("{} {}", rule.summary, rule.remedy)) },
            "help": { "text": message_text(rule.remedy) },
            "properties": { "tags": [id.split('/').next().unwrap_or_default()] },
        }),
    };
    ids.iter().map(describe).collect()
}

fn restriction(restricted: &Restricted) -> Value {
    json!({ "paths": restricted.paths, "conclusion": restricted.elsewhere.conclusion.as_str() })
}

fn result(placed: &PlacedFinding<'_>, rules: &[&str], seen: &mut BTreeMap<String, u32>) -> Value {
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
    let about = finding.subject.as_ref().map(ToString::to_string);
    let mut location = json!({});
    if let (Some(file), Some(object)) = (&placed.file, location.as_object_mut()) {
        object.insert("physicalLocation".to_owned(), physical(file, placed.span));
    }
    if let (Some(name), Some(object)) = (&about, location.as_object_mut()) {
        object.insert("logicalLocations".to_owned(), json!([{ "fullyQualifiedName": name, "kind": "resource" }]));
    }
    let locations = if location.as_object().is_some_and(|object| !object.is_empty()) { vec![location] } else { Vec::new() };
    let related = placed.related.iter().enumerate().map(|(id, related)| {
        json!({
            "id": id,
            "message": { "text": message_text(related.message) },
            "physicalLocation": physical(&related.file, related.span),
        })
    });
    json!({
        "ruleId": finding.rule,
        "ruleIndex": rules.binary_search(&finding.rule).ok(),
        "level": level,
        "message": { "text": message_text(&said) },
        "locations": locations,
        "relatedLocations": related.collect::<Vec<_>>(),
        "partialFingerprints": { "portcullisFinding/v1": fingerprint(placed, seen) },
        "properties": {
            "subject": about,
            "commit": finding.commit.map(|id| id.to_string()),
        },
    })
}

/// What stays the same while lines and commits come and go: rule, file, subject, the way inside the document, and the
/// sentence. Equal ones are counted, so that each has its own.
fn fingerprint(placed: &PlacedFinding<'_>, seen: &mut BTreeMap<String, u32>) -> String {
    let finding = placed.finding;
    let mut hash = Sha256::new();
    let way = finding.place.as_ref().map(|place| place.pointer.to_string());
    let subject = finding.subject.as_ref().map(ToString::to_string);
    for part in [Some(finding.rule), placed.file.as_deref(), subject.as_deref(), way.as_deref(), Some(&finding.message)] {
        hash.update(part.unwrap_or_default().as_bytes());
        hash.update([0]);
    }
    let hash: String = hash.finalize().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let count = seen.entry(hash.clone()).or_default();
    *count += 1;
    format!("{hash}:{count}")
}

fn physical(file: &str, span: Option<Span>) -> Value {
    let artifact = json!({ "uri": uri(file), "uriBaseId": "%SRCROOT%" });
    let Some(span) = span else { return json!({ "artifactLocation": artifact }) };
    let (line, column) = (span.line.max(1), span.column.max(1));
    // An end before its beginning is none.
    let (end_line, end_column) = (span.end_line, span.end_column.max(1)).max((line, column));
    json!({
        "artifactLocation": artifact,
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    })
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
    use crate::model::{FilePath, Finding, Place};
    use crate::report::sample;

    #[test]
    fn a_message_makes_no_links_and_a_path_is_a_reference() {
        assert_eq!(message_text("see [here](http://evil) {0} \\"), "see \\[here\\](http://evil) {{0}} \\\\");
        assert_eq!(uri("entities/a b/é#?.yaml"), "entities/a%20b/%C3%A9%23%3F.yaml");
    }

    fn published() -> jsonschema::Validator {
        // One of its patterns, for languages, has a bracket too many, which a strict engine wants escaped.
        let text = include_str!("../../tests/schemas/sarif-2.1.0.json").replace("{2}]?$", "{2}\\\\]?$");
        let schema: Value = serde_json::from_str(&text).unwrap();
        jsonschema::options().should_validate_formats(true).build(&schema).unwrap()
    }

    fn of(report: &Report<'_>) -> Value {
        serde_json::from_str(&sarif(report)).unwrap()
    }

    #[test]
    fn every_verdict_obeys_the_published_schema() {
        let validator = published();
        let all = [
            sample::success(),
            sample::pending(),
            sample::failure(),
            sample::working_tree(),
            sample::hostile(),
            sample::documented(),
            sample::collision(),
        ];
        for verdict in all {
            let mut report = Report::new(&verdict, "catalog dir", &sample::sources);
            report.restricted = Some(sample::restricted());
            let printed = of(&report);
            let wrong: Vec<String> = validator.iter_errors(&printed).map(|e| format!("{} at {}", e, e.instance_path())).collect();
            assert!(wrong.is_empty(), "{wrong:#?}");
            // What a schema cannot say.
            let run = &printed["runs"][0];
            for result in run["results"].as_array().unwrap() {
                let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
                assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
                for location in result["locations"].as_array().unwrap() {
                    let region = &location["physicalLocation"]["region"];
                    let at = |name: &str| region[name].as_u64();
                    assert!((at("startLine"), at("startColumn")) <= (at("endLine"), at("endColumn")), "{region}");
                }
            }
        }
    }

    #[test]
    fn the_schema_that_is_tested_against_refuses_what_is_wrong() {
        let validator = published();
        let verdict = sample::failure();
        let mut printed = of(&Report::new(&verdict, "", &sample::sources));
        assert!(validator.is_valid(&printed));
        printed["runs"][0]["results"][0]["level"] = "bad".into();
        assert!(!validator.is_valid(&printed));
    }

    #[test]
    fn a_fingerprint_outlives_moved_lines_and_is_unique() {
        let fingerprints = |line: u32| {
            let mut verdict = sample::success();
            let finding = Finding::error("schema/type", "wrong").at(sample::at("entities/a.yaml", line, 1..3));
            let other = Finding::error("schema/type", "wrong").at(Place::file(&FilePath::new("entities/b.yaml")));
            verdict.findings = vec![finding.clone(), finding, other];
            let printed = of(&Report::new(&verdict, "", &|_: &FilePath| None));
            let results = printed["runs"][0]["results"].as_array().unwrap().clone();
            results
                .iter()
                .map(|r| r["partialFingerprints"]["portcullisFinding/v1"].as_str().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(fingerprints(3), fingerprints(30));
        assert_eq!(fingerprints(3).iter().collect::<BTreeSet<_>>().len(), 3);
    }
}
