//! Parts a file into its documents, each read as strictly as a document of the catalog.

use crate::catalog::parse_value;
use crate::import::draft::text_at;
use crate::import::{Input, Notes};
use crate::model::{FilePath, Limits, Value};

/// One document of Backstage.
#[derive(Clone, Debug)]
pub(super) struct Descriptor {
    /// `component`, `api` and so on, in small letters.
    pub(super) kind: String,
    /// `default` where unsaid.
    pub(super) namespace: String,
    /// `metadata.name`
    pub(super) name: String,
    pub(super) metadata: Value,
    pub(super) spec: Value,
    /// Where it stands, for the notes.
    pub(super) source: String,
}

impl Descriptor {
    /// What it is called here: its name, with its namespace before it where that is not `default`.
    pub(super) fn identifier(&self) -> String {
        if self.namespace.eq_ignore_ascii_case("default") {
            self.name.clone()
        } else {
            format!("{}/{}", self.namespace, self.name)
        }
    }
}

/// The documents of a file.
pub(super) fn read(input: &Input, notes: &mut Notes) -> Vec<Descriptor> {
    let Ok(text) = std::str::from_utf8(&input.bytes) else {
        notes.kept_out(&input.name, "the file is not UTF-8", "save it as UTF-8");
        return Vec::new();
    };
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    parts(text).into_iter().filter_map(|(line, part)| descriptor(input, line, &part, notes)).collect()
}

/// The documents of a text and the lines they begin in. A line that begins with `---` parts documents wherever it stands: YAML allows
/// it inside of no text.
fn parts(text: &str) -> Vec<(usize, String)> {
    let mut out: Vec<(usize, String)> = vec![(1, String::new())];
    for (number, line) in (1..).zip(text.lines()) {
        let marker =
            |mark: &str| line.strip_prefix(mark).is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r']));
        if marker("---") || marker("...") {
            let rest = line.get(3..).unwrap_or_default().trim();
            let begins = if rest.is_empty() || rest.starts_with('#') { String::new() } else { format!("{rest}\n") };
            out.push((if begins.is_empty() { number + 1 } else { number }, begins));
        } else if let Some((_, part)) = out.last_mut() {
            part.push_str(line);
            part.push('\n');
        }
    }
    let blank = |part: &str| part.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with(['#', '%']));
    out.retain(|(_, part)| !blank(part));
    out
}

fn descriptor(input: &Input, line: usize, part: &str, notes: &mut Notes) -> Option<Descriptor> {
    let source = if line == 1 { input.name.clone() } else { format!("{}:{line}", input.name) };
    let value = match parse_value(&FilePath::new("input.yaml"), part.as_bytes(), &Limits::MOST) {
        Ok(value) => value,
        Err(findings) => {
            let finding = findings.into_iter().next()?;
            let at =
                finding.place.as_ref().and_then(|place| place.span).and_then(|span| usize::try_from(span.line).ok()).unwrap_or(1);
            let place = format!("{}:{}", input.name, at + line - 1);
            notes.kept_out(place, format!("it cannot be read: {}", finding.message), finding.help.unwrap_or_default());
            return None;
        }
    };
    let metadata = value.get("metadata").cloned().unwrap_or(Value::Null);
    let (Some(kind), Some(name)) = (text_at(&value, "kind"), text_at(&metadata, "name")) else {
        let help = "a document of Backstage has `apiVersion`, `kind`, `metadata.name` and `spec`";
        notes.kept_out(source, "it is no document of Backstage: it has no `kind` or no `metadata.name`", help);
        return None;
    };
    let backstage = text_at(&value, "apiVersion")
        .is_some_and(|version| version.split('/').next().is_some_and(|group| group.ends_with("backstage.io")));
    if !backstage {
        notes.kept_out(source, "it is no document of Backstage: its `apiVersion` is another", "backstage.io/v1alpha1 is read");
        return None;
    }
    Some(Descriptor {
        kind: kind.to_lowercase(),
        namespace: text_at(&metadata, "namespace").unwrap_or("default").to_owned(),
        name: name.to_owned(),
        spec: value.get("spec").cloned().unwrap_or(Value::Null),
        metadata,
        source,
    })
}
