//! `.vscode/settings.json`: which schema is for which files, for VS Code and for every editor that reads its settings.

use serde_json::{Value, json};

use super::file::{Cover, SchemaFile};
use super::jsonc::{Collection, SettingsError, collection, root, with_ours};

/// What is to be wired, and where it lies.
#[derive(Clone, Copy, Debug)]
pub struct Wiring<'w> {
    /// The directory of schemas, from the top of the work tree, with slashes.
    pub schemas: &'w str,
    /// The catalog's directory inside the work tree; empty where it is the top.
    pub root: &'w str,
    /// The schemas.
    pub files: &'w [SchemaFile],
}

impl Wiring<'_> {
    /// A path inside the catalog, from the top of the work tree.
    pub(super) fn path(&self, inner: &str) -> String {
        if self.root.is_empty() { inner.to_owned() } else { format!("{}/{inner}", self.root) }
    }

    fn address(&self, file: &SchemaFile) -> String {
        format!("./{}/{}", self.schemas, file.name)
    }

    /// The globs of what a schema is for, among files of these extensions.
    fn globs(&self, file: &SchemaFile, extensions: &[&str]) -> Vec<String> {
        let mut globs = Vec::new();
        for cover in &file.covers {
            match cover {
                Cover::File(path) => {
                    globs.extend(extensions.iter().filter(|e| path.ends_with(&format!(".{e}"))).map(|_| self.path(path)));
                }
                Cover::Stem(directory, stem) => {
                    globs.extend(extensions.iter().map(|e| self.path(&format!("{directory}/**/{stem}.{e}"))));
                }
                Cover::Below(directory, except) => {
                    globs.extend(extensions.iter().map(|e| self.path(&format!("{directory}/**/*.{e}"))));
                    for stem in except {
                        globs.extend(extensions.iter().map(|e| format!("!{}", self.path(&format!("{directory}/**/{stem}.{e}")))));
                    }
                }
                Cover::Directly(directory, _) => {
                    globs.extend(extensions.iter().map(|e| self.path(&format!("{directory}/*.{e}"))));
                }
            }
        }
        globs
    }
}

/// The settings with the schemas wired in, and everything else as it is. `None` for the text is a file that is not there yet.
///
/// # Errors
/// Where the file is not what an editor could read; it is best left alone then.
pub fn vscode_settings(old: Option<&str>, wiring: &Wiring<'_>) -> Result<String, SettingsError> {
    let old = old.filter(|text| !text.trim().is_empty()).unwrap_or("{}\n");
    let prefix = format!("./{}/", wiring.schemas);
    let wired = |extensions: &[&str]| -> Vec<(String, Vec<String>)> {
        let all = wiring.files.iter().map(|file| (wiring.address(file), wiring.globs(file, extensions)));
        all.filter(|(_, globs)| !globs.is_empty()).collect()
    };
    let yaml: Vec<String> = wired(&["yaml", "yml"])
        .into_iter()
        .map(|(address, globs)| format!("{}: {}", json!(address), Value::from(globs)))
        .collect();
    let json: Vec<String> =
        wired(&["json"]).into_iter().map(|(address, globs)| json!({ "fileMatch": globs, "url": address }).to_string()).collect();
    let text = member(old, "yaml.schemas", '{', &yaml, |_, key| key.starts_with(&prefix))?;
    member(&text, "json.schemas", '[', &json, |raw, _| {
        let item: Option<Value> = serde_json::from_str(raw).ok();
        item.is_some_and(|item| item.get("url").and_then(Value::as_str).is_some_and(|url| url.starts_with(&prefix)))
    })
}

/// Puts our elements into the collection under `key`, which is made where it is missing.
fn member(
    text: &str,
    key: &'static str,
    open: char,
    ours: &[String],
    is_ours: impl Fn(&str, &str) -> bool,
) -> Result<String, SettingsError> {
    let all = root(text)?;
    let Some(found) = all.elements.iter().rfind(|element| element.key == key) else {
        return if ours.is_empty() { Ok(text.to_owned()) } else { append(text, &all, key, open, ours) };
    };
    if !text.get(found.value.clone()).is_some_and(|value| value.starts_with(open)) {
        return Err(SettingsError::Shape(key));
    }
    let inner = collection(text, found.value.start)?;
    let raw = |range: std::ops::Range<usize>| text.get(range).unwrap_or_default();
    with_ours(text, &inner, |element| is_ours(raw(element.whole.clone()), &element.key), ours, "  ")
}

fn append(text: &str, all: &Collection, key: &str, open: char, ours: &[String]) -> Result<String, SettingsError> {
    let close = if open == '{' { '}' } else { ']' };
    let rendered = format!("\"{key}\": {open}\n    {}\n  {close}", ours.join(",\n    "));
    let wrong = || SettingsError::Syntax(all.span.start);
    let Some(last) = all.elements.last() else {
        let before = text.get(..=all.span.start).ok_or_else(wrong)?;
        let inner = text.get(all.span.start + 1..all.span.end - 1).ok_or_else(wrong)?;
        let after = text.get(all.span.end - 1..).ok_or_else(wrong)?;
        let inner = inner.trim_end();
        return Ok(format!("{before}{inner}\n  {rendered}\n{after}"));
    };
    let (before, after) = (text.get(..last.whole.end).ok_or_else(wrong)?, text.get(last.whole.end..).ok_or_else(wrong)?);
    match after.trim_start().strip_prefix(',') {
        Some(rest) => Ok(format!("{before},\n  {rendered}{rest}")),
        None => Ok(format!("{before},\n  {rendered}{after}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Vec<SchemaFile> {
        let file = |name: &str, covers: Vec<Cover>| SchemaFile { name: name.to_owned(), schema: json!({}), covers };
        vec![
            file("catalog.json", vec![Cover::File("catalog.yaml".to_owned())]),
            file("permissions.json", vec![Cover::Below("permissions".to_owned(), vec!["Env".to_owned()])]),
            file("run.deploy.json", Vec::new()),
        ]
    }

    fn wired(old: Option<&str>, files: &[SchemaFile]) -> Result<String, SettingsError> {
        let new = vscode_settings(old, &Wiring { schemas: ".portcullis/schemas", root: "", files })?;
        let again = vscode_settings(Some(&new), &Wiring { schemas: ".portcullis/schemas", root: "", files })?;
        assert_eq!(new, again, "a second time changes nothing");
        Ok(new)
    }

    #[test]
    fn settings_are_made_where_there_are_none() {
        insta::assert_snapshot!(wired(None, &files()).unwrap(), @r#"
        {
          "yaml.schemas": {
            "./.portcullis/schemas/catalog.json": ["catalog.yaml"],
            "./.portcullis/schemas/permissions.json": ["permissions/**/*.yaml","permissions/**/*.yml","!permissions/**/Env.yaml","!permissions/**/Env.yml"]
          },
          "json.schemas": [
            {"fileMatch":["permissions/**/*.json","!permissions/**/Env.json"],"url":"./.portcullis/schemas/permissions.json"}
          ]
        }
        "#);
    }

    #[test]
    fn what_a_person_wrote_stays_as_it_is() {
        let old = r#"// mine
{
  "editor.tabSize": 2, // two
  "yaml.schemas": {
    // Compose
    "https://example.com/compose.json": "compose*.yml", /* here */
    "./.portcullis/schemas/gone.json": ["gone/**"]
  },
  "files.exclude": { "**/x": true },
}
"#;
        let new = wired(Some(old), &files()).unwrap();
        for kept in [
            "// mine",
            "\"editor.tabSize\": 2, // two",
            "// Compose",
            "\"https://example.com/compose.json\": \"compose*.yml\"",
            "\"files.exclude\": { \"**/x\": true }",
        ] {
            assert!(new.contains(kept), "{kept} in\n{new}");
        }
        assert!(!new.contains("gone"), "{new}");
        assert!(new.contains("\"./.portcullis/schemas/catalog.json\": [\"catalog.yaml\"]"));
        let none = wired(Some(&new), &[]).unwrap();
        assert!(!none.contains(".portcullis"), "{none}");
        assert!(none.contains("compose.json"));
    }

    #[test]
    fn what_cannot_be_read_is_left_alone() {
        assert_eq!(wired(Some("{ \"a\": "), &files()), Err(SettingsError::Syntax(7)));
        assert_eq!(wired(Some("{ \"yaml.schemas\": [] }"), &files()), Err(SettingsError::Shape("yaml.schemas")));
        assert_eq!(wired(Some(&format!("{{\"a\": {}", "[".repeat(100_000))), &files()), Err(SettingsError::Deep));
    }
}
