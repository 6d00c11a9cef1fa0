//! `.idea/jsonSchemas.xml`: which schema is for which files, for the editors of JetBrains.

use super::file::Cover;
use super::jsonc::SettingsError;
use super::vscode::Wiring;

/// How our entries are called; others are never touched.
const OURS: &str = "Portcullis: ";

/// The mappings with the schemas wired in, and everything else as it is.
///
/// These editors take the first schema that fits a file, so each file gets one: permissions share one schema, and entities that lie in
/// `entities/` itself are listed.
///
/// # Errors
/// Where the file is not what these editors write.
pub fn jetbrains_mappings(old: Option<&str>, wiring: &Wiring<'_>) -> Result<String, SettingsError> {
    let entries: String = wiring.files.iter().filter_map(|file| entry(file, wiring)).collect();
    let Some(old) = old.filter(|text| !text.trim().is_empty()) else {
        return Ok(format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<project version=\"4\">\n  \
             <component name=\"JsonSchemaMappingsProjectConfiguration\">\n    <state>\n      <map>\n{entries}      </map>\n    \
             </state>\n  </component>\n</project>\n"
        ));
    };
    let kept = without_ours(old)?;
    let missing = SettingsError::Shape("JsonSchemaMappingsProjectConfiguration");
    let component = kept.find("name=\"JsonSchemaMappingsProjectConfiguration\"").ok_or(missing.clone())?;
    let (head, rest) = kept.split_at_checked(component).ok_or(missing.clone())?;
    let (before, after) = rest.split_once("<map>\n").ok_or(missing)?;
    Ok(format!("{head}{before}<map>\n{entries}{after}"))
}

/// The text without our entries, each of which is whole lines.
fn without_ours(text: &str) -> Result<String, SettingsError> {
    let mut kept = String::new();
    let mut ours = false;
    for line in text.split_inclusive('\n') {
        ours = ours || line.trim_start().starts_with(&format!("<entry key=\"{OURS}"));
        if !ours {
            kept.push_str(line);
        }
        if ours && line.trim_end().ends_with("</entry>") {
            ours = false;
        }
    }
    if ours { Err(SettingsError::Shape("entry")) } else { Ok(kept) }
}

fn entry(file: &super::SchemaFile, wiring: &Wiring<'_>) -> Option<String> {
    let mut items = String::new();
    let mut item = |kind: &str, path: &str| {
        let directory =
            if kind == "Directory" { "                    <option name=\"directory\" value=\"true\" />\n" } else { "" };
        items.push_str(&format!(
            "                  <Item>\n{directory}                    <option name=\"path\" value=\"{}\" />\n                    \
             <option name=\"mappingKind\" value=\"{kind}\" />\n                  </Item>\n",
            escaped(&wiring.path(path))
        ));
    };
    for cover in &file.covers {
        match cover {
            Cover::File(path) => item("File", path),
            Cover::Below(directory, _) => item("Directory", directory),
            Cover::Directly(_, files) => files.iter().for_each(|file| item("File", file)),
            Cover::Stem(..) => {}
        }
    }
    if items.is_empty() {
        return None;
    }
    let name = escaped(&format!("{OURS}{}", file.name.trim_end_matches(".json")));
    let path = escaped(&format!("{}/{}", wiring.schemas, file.name));
    Some(format!(
        "        <entry key=\"{name}\">\n          <value>\n            <SchemaInfo>\n              <option name=\"name\" value=\"{name}\" />\n              \
         <option name=\"relativePathToSchema\" value=\"{path}\" />\n              <option name=\"schemaVersion\" value=\"JSON Schema version 7\" />\n              \
         <option name=\"patterns\">\n                <list>\n{items}                </list>\n              </option>\n            \
         </SchemaInfo>\n          </value>\n        </entry>\n"
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::editor::SchemaFile;

    #[test]
    fn entries_of_others_stay_and_ours_are_renewed() {
        let file = |name: &str| SchemaFile {
            name: name.to_owned(),
            schema: serde_json::json!({}),
            covers: vec![Cover::Below("blueprints".to_owned(), Vec::new())],
        };
        let wire = |old: Option<&str>, files: &[SchemaFile]| {
            jetbrains_mappings(old, &Wiring { schemas: ".portcullis/schemas", root: "catalog", files }).unwrap()
        };
        let new = wire(None, &[file("blueprint.json")]);
        insta::assert_snapshot!(new);
        let theirs = new.replace("Portcullis: blueprint", "Mine");
        let both = wire(Some(&theirs), &[file("blueprint.json")]);
        assert!(both.contains("<entry key=\"Mine\">") && both.contains("<entry key=\"Portcullis: blueprint\">"), "{both}");
        assert_eq!(wire(Some(&both), &[file("blueprint.json")]), both);
        assert_eq!(wire(Some(&both), &[]), theirs);
        let strange = jetbrains_mappings(Some("<project/>"), &Wiring { schemas: "x", root: "", files: &[] });
        assert!(strange.is_err());
    }
}
