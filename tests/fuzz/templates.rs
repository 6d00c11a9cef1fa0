//! Templates: in searches and webhooks, as the formula of a blueprint, and searches as a whole.

use portcullis::catalog::derive::{Derivation, Derived, NoProvenance};
use portcullis::catalog::search::{SearchContext, matches};
use portcullis::catalog::{Catalog, FileDelta, SeesAll, parse_file, search_of};
use portcullis::model::{EntityKey, FilePath, Identifier, Limits, Template, Value};
use serde_json::json;

use crate::engine::Target;

/// A text that is a template, a formula, the value of a search, and, where it is JSON, a search.
pub(crate) struct Templates {
    root: Value,
    key: EntityKey,
}

impl Templates {
    pub(crate) fn new() -> Self {
        let root = json!({
            "inputs": {"a": [1, {"b": "x"}], "ttl": "1 day", "n": 1.5}, "user": {"email": "alice@acme.dev", "properties": {"age": 7}},
            "entity": {"identifier": "x", "properties": {"p": "one", "q": null}}, "trigger": {"at": "2026-01-01T00:00:00Z"},
        });
        let id = |text: &str| Identifier::new(text).unwrap();
        Self { root: Value::from_json(&root), key: EntityKey { blueprint: id("A"), identifier: id("x") } }
    }

    fn catalog(&self, formula: &str) -> (Catalog, String) {
        let blueprint = json!({
            "identifier": "A", "schema": {"properties": {"p": {"type": "string"}, "q": {"type": "number"}, "l": {"type": "array"}}},
            "relations": {"r": {"target": "A"}}, "mirrorProperties": {"m": {"path": "r.p"}},
            "formulaProperties": {"f": {"formula": formula}, "g": {"formula": "{{f}}{{m}}{{f}}"}},
        });
        let entity = json!({
            "identifier": "x", "blueprint": "A", "properties": {"p": "one", "q": 2, "l": ["a", "b"]}, "relations": {"r": "x"},
        });
        let files = [("blueprints/A.json", blueprint), ("entities/A/x.json", entity)]
            .map(|(path, json)| parse_file(&FilePath::new(path), json.to_string().as_bytes(), &Limits::default()));
        let told = files.iter().flat_map(|file| &file.findings).map(|finding| finding.rule).collect::<Vec<_>>().join(",");
        (Catalog::default().apply(files.map(FileDelta::put)), told)
    }

    fn search(&self, catalog: &Catalog, search: &Value) -> String {
        match search_of(search) {
            Err(why) => why.split('`').step_by(2).collect(),
            Ok(search) => {
                let context = SearchContext {
                    user: Some(self.root.clone()),
                    root: self.root.clone(),
                    roster: true,
                    ..SearchContext::default()
                };
                let found = matches(catalog, &search, &self.key, &context, &|_, name| Some(Value::from(name)));
                found.map_or_else(|fault| fault.to_string().split('`').step_by(2).collect(), |found| found.to_string())
            }
        }
    }
}

impl Target for Templates {
    fn name(&self) -> &'static str {
        "templates"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let rule = |property: &str, operator: &str, value: serde_json::Value| json!({"property": property, "operator": operator, "value": value});
        let search = json!({"combinator": "and", "rules": [
            rule("p", "=", json!("{{.inputs.ttl}}")), rule("q", "between", json!({"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"})),
            {"combinator": "or", "rules": [rule("$identifier", "in", json!(["x", "y"])), rule("p", "beginsWith", json!("o"))]},
            {"operator": "relatedTo", "blueprint": "A", "value": "x", "direction": "downstream"},
            rule("$createdAt", "between", json!({"preset": "lastWeek"})), {"property": "p", "operator": "isNotEmpty"},
            {"property": {"context": "user", "property": "email"}, "operator": "=", "value": "alice@acme.dev"},
            {"property": "p", "operator": "=", "value": {"jqQuery": ".inputs.ttl"}},
        ]});
        ["{{ .inputs.ttl }}", "{{$identifier}}-{{p}}", "{{ .entity.properties.p }} and {{.inputs[\"a\"]}}", "{{q}}{{l}}", "plain"]
            .iter()
            .map(|text| text.as_bytes().to_vec())
            .chain([search.to_string().into_bytes(), b"{\"combinator\": \"or\", \"rules\": []}".to_vec()])
            .collect()
    }

    fn dictionary(&self) -> &'static [&'static str] {
        &[
            "{{",
            "}}",
            "{{{",
            ".inputs",
            ".entity",
            ".user",
            "[\"",
            "\"]",
            "[0]",
            "$identifier",
            "$title",
            "$team",
            "{{f}}",
            "{{g}}",
            "{{p}}",
            "\"combinator\":\"and\",\"rules\":[",
            "\"operator\":\"",
            "relatedTo",
            "\"direction\":\"upstream\"",
            "containsAny",
            "notIn",
            "isEmpty",
            "\"value\":",
            "\"property\":",
            "\"preset\":\"today\"",
            "\"blueprint\":\"A\"",
            "\"depth\":99999",
            "\"property\":\"$updatedAt\"",
            "endsWith",
            "\"jqQuery\":\".\"",
            "matchAny",
            "doesNotContains",
            ">=",
            "<",
            "!=",
            "null",
            "1e308",
            "\"path\":[\"r\"]",
            "{{.user.properties.age}}",
        ]
    }

    fn execute(&self, input: &[u8]) -> String {
        let text = String::from_utf8_lossy(input);
        let template = match Template::parse(&text) {
            Err(error) => error.to_string().split('`').step_by(2).collect(),
            Ok(None) => "no template".to_owned(),
            Ok(Some(template)) => {
                assert!(template.paths().all(|path| path.to_string().len() <= text.len() * 4 + 16));
                let filled = template.fill(&self.root);
                filled.map_or_else(|error| error.to_string().split('`').step_by(2).collect(), |_| "filled".to_owned())
            }
        };
        let (catalog, told) = self.catalog(&text);
        let derivation = Derivation::new(&catalog, &SeesAll, &NoProvenance);
        let derived = ["f", "g"].map(|name| match derivation.value(&self.key, name) {
            Derived::Value(_) => "value",
            Derived::Absent => "absent",
            Derived::Error(_) => "error",
        });
        let alone = json!({"combinator": "and", "rules": [{"property": "p", "operator": "=", "value": text}]});
        let alone = self.search(&catalog, &Value::from_json(&alone));
        let whole =
            serde_json::from_slice(input).map_or("no JSON".into(), |json| self.search(&catalog, &Value::from_json(&json)));
        format!("{template} | {told} {derived:?} | {alone} | {whole}")
    }
}
