//! Query parameters: none unknown, none missing, each of its type.

use serde_json::Value;

use super::path::decode;
use super::{parameter, parameters, resolved};

/// Everything that is wrong with a query.
pub(super) fn check(document: &Value, operation: &Value, query: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut given = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (Some(name), Some(value)) = (decode(name), decode(&value.replace('+', " "))) else {
            wrong.push(format!("the query has broken percent-encoding: {pair}"));
            continue;
        };
        match parameter(document, operation, "query", &name) {
            None => wrong.push(format!("there is no query parameter `{name}`")),
            Some(parameter) => {
                wrong.extend(unfit(document, parameter, &value).map(|why| format!("?{name}: {why}")));
                // GitHub takes 100 where more is asked for, and says nothing; whoever counts on more loses what is behind.
                if name == "per_page" && value.parse().is_ok_and(|n: u64| n > 100) {
                    wrong.push("?per_page: at most 100 are given".to_owned());
                }
            }
        }
        if given.contains(&name) {
            wrong.push(format!("the query parameter `{name}` is given twice"));
        }
        given.push(name);
    }
    for required in parameters(document, operation, "query").filter(|p| p["required"] == true) {
        let name = required["name"].as_str().unwrap();
        if !given.iter().any(|given| given == name) {
            wrong.push(format!("the query parameter `{name}` is missing"));
        }
    }
    wrong
}

/// Why the text is no value of a parameter.
pub(super) fn unfit(document: &Value, parameter: &Value, text: &str) -> Option<String> {
    let schema = resolved(document, &parameter["schema"]);
    let branches = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    match branches {
        Some(branches) if branches.iter().any(|branch| unfit_one(resolved(document, branch), text).is_none()) => None,
        Some(_) => Some(format!("`{text}` is none of what is allowed")),
        None => unfit_one(schema, text),
    }
}

fn unfit_one(schema: &Value, text: &str) -> Option<String> {
    let kind = schema["type"].as_str().unwrap_or("string");
    let fits = match kind {
        "integer" => text.parse::<i64>().is_ok(),
        "number" => text.parse::<f64>().is_ok(),
        "boolean" => matches!(text, "true" | "false"),
        _ => true,
    };
    if !fits {
        return Some(format!("`{text}` is no {kind}"));
    }
    let listed = schema["enum"].as_array()?;
    let among = listed.iter().any(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned) == text);
    (!among).then(|| format!("`{text}` is not among {}", Value::Array(listed.clone())))
}
