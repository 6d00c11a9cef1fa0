//! GitHub's official description of its API, to which every request and every answer of the tests is held, with nothing unknown let by.
//!
//! It is `@octokit/openapi`, which `scripts/test` installs. Where the description is silent for all operations alike, these hold: a
//! `GET` may be answered 304; any may be redirected, refused (401, 403, 404, 429) in the words of `basic-error`, or fail with a 5xx.

mod instance;
mod path;
mod query;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use serde_json::Value;

use path::Template;

/// The description, read once.
pub(crate) struct Spec {
    document: Value,
    known: Vec<Known>,
    /// By place in the document.
    validators: Mutex<HashMap<String, Arc<Validator>>>,
}

struct Known {
    method: String,
    path: String,
    template: Template,
}

/// An operation that a request turned out to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operation {
    /// As `GET`.
    pub(crate) method: String,
    /// As `/repos/{owner}/{repo}`.
    pub(crate) path: String,
    /// As `repos/get`.
    pub(crate) id: String,
    /// What the request has in place of the braces, decoded.
    pub(crate) arguments: BTreeMap<String, String>,
}

static SPEC: LazyLock<Spec> = LazyLock::new(|| {
    let file = tools().join("node_modules/@octokit/openapi/generated/api.github.com.json");
    let text = std::fs::read(&file).unwrap_or_else(|_| panic!("GitHub's OpenAPI is not installed: run scripts/test"));
    Spec::of(serde_json::from_slice(&text).unwrap())
});

/// Where `scripts/test` puts what tests need.
pub(crate) fn tools() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(target).join("test-tools")
}

impl Spec {
    /// The description of api.github.com.
    pub(crate) fn load() -> &'static Self {
        &SPEC
    }

    fn of(document: Value) -> Self {
        let mut known = Vec::new();
        for (path, operations) in document["paths"].as_object().unwrap() {
            for (method, operation) in operations.as_object().unwrap() {
                let many =
                    |name: &str| parameter(&document, operation, "path", name).is_some_and(|p| p["x-multi-segment"] == true);
                known.push(Known { method: method.to_uppercase(), path: path.clone(), template: Template::of(path, many) });
            }
        }
        Self { document, known, validators: Mutex::default() }
    }

    /// Which operation a request means, or everything that is wrong with it. `path` begins with `/`, without the `/api/v3` of an
    /// Enterprise Server.
    pub(crate) fn check_request(
        &self,
        method: &str,
        path: &str,
        query: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Operation, Vec<String>> {
        let operation = self.find(method, path).map_err(|wrong| vec![wrong])?;
        let described = self.described(&operation);
        let mut wrong = query::check(&self.document, described, query.unwrap_or_default());
        for (name, argument) in &operation.arguments {
            let Some(parameter) = parameter(&self.document, described, "path", name) else { continue };
            if let Some(why) = query::unfit(&self.document, parameter, argument) {
                wrong.push(format!("{{{name}}} of the path: {why}"));
            }
        }
        let request = &described["requestBody"];
        match (request["content"]["application/json"].get("schema"), body) {
            (Some(_), Some(body)) => {
                let place = format!("{}/requestBody/content/application~1json/schema", place(&operation));
                wrong.extend(schema::errors(&self.validator(&place), body));
            }
            (Some(_), None) if request["required"] == true => wrong.push("the body is missing".to_owned()),
            (None, Some(_)) => wrong.push("there is a body, and the operation takes none".to_owned()),
            (_, None) => {}
        }
        if wrong.is_empty() { Ok(operation) } else { Err(wrong.into_iter().map(|w| format!("{method} {path}: {w}")).collect()) }
    }

    /// Everything that is wrong with an answer.
    pub(crate) fn check_response(&self, operation: &Operation, status: u16, body: Option<&Value>) -> Vec<String> {
        let wrong = match (self.response(operation, status), body) {
            (Answer::Json(place), Some(body)) => schema::errors(&self.validator(&place), body),
            (Answer::Json(_), None) => vec!["the body is missing".to_owned()],
            (Answer::Empty, Some(_)) => vec!["there is a body, and the description has none".to_owned()],
            (Answer::Unlisted, _) => vec!["the status is not listed".to_owned()],
            (Answer::Empty, None) | (Answer::Anything, _) => Vec::new(),
        };
        wrong.into_iter().map(|w| format!("{} {} → {status}: {w}", operation.method, operation.path)).collect()
    }

    /// A whole answer that the description allows: its own example, completed from the schema where it is incomplete. `None` where the
    /// answer has no JSON.
    pub(crate) fn example(&self, operation: &Operation, status: u16) -> Option<Value> {
        let Answer::Json(place) = self.response(operation, status) else { return None };
        Some(instance::mend(&self.document, self.at(&place), self.official_example(operation, status)))
    }

    /// The example that the document itself gives, as it is.
    pub(crate) fn official_example(&self, operation: &Operation, status: u16) -> Option<&Value> {
        let Answer::Json(place) = self.response(operation, status) else { return None };
        let content = self.at(place.strip_suffix("/schema")?);
        let named = || content["examples"].as_object()?.values().next();
        content.get("example").or_else(|| resolved(&self.document, named()?).get("value"))
    }

    /// A whole value of a schema of `components/schemas`, as `pull-request`; optional fields of its own are there too.
    pub(crate) fn component_example(&self, name: &str) -> Option<Value> {
        let schema = self.document["components"]["schemas"].get(name)?;
        let official = self.document["components"]["examples"].get(name).and_then(|example| example.get("value"));
        Some(instance::whole(&self.document, schema, official))
    }

    /// What is wrong with a value by a schema of `components/schemas`.
    pub(crate) fn check_component(&self, name: &str, value: &Value) -> Vec<String> {
        schema::errors(&self.validator(&format!("/components/schemas/{name}")), value)
    }

    fn find(&self, method: &str, path: &str) -> Result<Operation, String> {
        let fitting = self.known.iter().filter_map(|known| Some((known, known.template.arguments(path)?)));
        let mut fitting: Vec<_> = fitting.collect();
        // `/users/{username}/installation` and the like: what is written out goes before what is in braces.
        fitting.sort_by_key(|(known, _)| known.template.rank());
        let Some((known, arguments)) = fitting.iter().find(|(known, _)| known.method == method) else {
            return Err(match fitting.first() {
                Some((known, _)) => format!("{} is not an operation of {}", method, known.path),
                None => format!("there is no endpoint {method} {path}"),
            });
        };
        let mut operation =
            Operation { method: known.method.clone(), path: known.path.clone(), id: String::new(), arguments: arguments.clone() };
        operation.id = self.described(&operation)["operationId"].as_str().unwrap_or_default().to_owned();
        Ok(operation)
    }

    fn described(&self, operation: &Operation) -> &Value {
        self.at(&place(operation))
    }

    fn at(&self, place: &str) -> &Value {
        self.document.pointer(place).unwrap_or_else(|| panic!("the description has no {place}"))
    }

    fn response(&self, operation: &Operation, status: u16) -> Answer {
        let responses = &self.described(operation)["responses"];
        let Some(response) = responses.get(status.to_string()) else {
            return match status {
                304 if operation.method == "GET" => Answer::Empty,
                301 | 302 | 307 | 401 | 403 | 404 | 429 => Answer::Json("/components/schemas/basic-error".to_owned()),
                500.. => Answer::Anything,
                _ => Answer::Unlisted,
            };
        };
        let place = match response.get("$ref").and_then(Value::as_str) {
            Some(reference) => reference.trim_start_matches('#').to_owned(),
            None => format!("{}/responses/{status}", place(operation)),
        };
        let Some(content) = self.at(&place)["content"].as_object() else { return Answer::Empty };
        match content.get("application/json").and_then(|json| json.get("schema")) {
            Some(_) => Answer::Json(format!("{place}/content/application~1json/schema")),
            None => Answer::Anything,
        }
    }

    /// Compiled when first asked for.
    fn validator(&self, place: &str) -> Arc<Validator> {
        if let Some(known) = self.validators.lock().unwrap().get(place) {
            return known.clone();
        }
        let compiled = Arc::new(schema::compile(&self.document, self.at(place)));
        self.validators.lock().unwrap().insert(place.to_owned(), compiled.clone());
        compiled
    }
}

/// What the description says of an answer's body.
enum Answer {
    /// JSON of the schema at this place.
    Json(String),
    /// None.
    Empty,
    /// It does not say.
    Anything,
    /// There is no such answer.
    Unlisted,
}

fn place(operation: &Operation) -> String {
    format!("/paths/{}/{}", operation.path.replace('~', "~0").replace('/', "~1"), operation.method.to_lowercase())
}

/// What a reference names, or the thing itself.
fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => value,
    }
}

fn parameters<'a>(document: &'a Value, operation: &'a Value, kind: &'a str) -> impl Iterator<Item = &'a Value> {
    let all = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(|parameter| resolved(document, parameter)).filter(move |parameter| parameter["in"] == kind)
}

fn parameter<'a>(document: &'a Value, operation: &'a Value, kind: &'a str, name: &str) -> Option<&'a Value> {
    parameters(document, operation, kind).find(|parameter| parameter["name"] == name)
}
