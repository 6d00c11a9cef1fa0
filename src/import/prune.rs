//! Holds a document against the decoder that will read it, and takes out what no document may say.

use crate::catalog::{Document, ParsedFile, parse_file};
use crate::model::{FilePath, Limits, Part, Subject, Value};

use super::draft::Draft;
use super::{Notes, Weight, yaml};

/// How often it is looked at again: a key that is gone may have hidden another.
const ROUNDS: usize = 8;

/// What is told of keys that the catalog or git know better.
const COMPUTED: &str = "what Port computes is left out: here git's history and the catalog tell it";

/// Rules by which a document is nothing that this catalog could hold at all; others leave something to mend in place.
const HOPELESS: &[&str] = &["action/automation", "action/invocation-method", "action/missing-blueprint", "document/empty"];

/// How far below the top of a document keys are taken out: as far as the keys of a relation. Deeper stand schemas, searches and
/// rules, which would say something else without one of their keys.
const DEEPEST: usize = 3;

/// The document without keys that it may not have; none where it is of a sort that is not supported.
pub(super) fn prune(mut draft: Draft, notes: &mut Notes) -> Option<Draft> {
    for _ in 0..ROUNDS {
        let parsed = decode(&draft.subject, &draft.value);
        if let Some(finding) = parsed.findings.iter().find(|f| HOPELESS.contains(&f.rule)) {
            let help = finding.help.clone().unwrap_or_default();
            notes.kept_out(draft.subject.to_string(), format!("{} ({})", finding.message, draft.source), help);
            return None;
        }
        let unknown = |rule: &str| matches!(rule, "document/unknown-key" | "blueprint/unsupported");
        let mut gone = false;
        for finding in parsed.findings.iter().filter(|finding| unknown(finding.rule)) {
            let Some(place) = &finding.place else { continue };
            if !may_go(&draft.subject, place.pointer.parts()) || !remove(&mut draft.value, place.pointer.parts()) {
                continue;
            }
            gone = true;
            let help = finding.help.clone().unwrap_or_default();
            if help.contains("it is computed") {
                let key = place.pointer.parts().last();
                notes.count(Weight::Told, COMPUTED, key.map(shown).unwrap_or_default());
            } else {
                let why = format!("`{}` is left out: {}", place.pointer, finding.message);
                notes.left_out(draft.subject.to_string(), why, help);
            }
        }
        if !gone {
            break;
        }
    }
    if let Some(value) = normalised(&draft) {
        draft.value = value;
    }
    Some(draft)
}

/// How the catalog would read it.
pub(super) fn decode(subject: &Subject, value: &Value) -> ParsedFile {
    let directory = subject.kind().directory();
    // The name of the file supplies nothing: what a document is must stand in it.
    let path = FilePath::new(&format!("{directory}/_.yaml"));
    parse_file(&path, yaml::emit(value, subject.kind()).as_bytes(), &Limits::MOST)
}

/// An action of Port's first version is written in the second.
fn normalised(draft: &Draft) -> Option<Value> {
    let first_version = matches!(draft.subject, Subject::Action(_)) && draft.value.get("trigger")?.as_str().is_some();
    match decode(&draft.subject, &draft.value).documents.into_iter().next()? {
        Document::Action(action) if first_version => Some(action.value.definition),
        _ => None,
    }
}

fn shown(part: &Part) -> String {
    match part {
        Part::Key(key) => key.to_string(),
        Part::Index(index) => index.to_string(),
    }
}

/// A rule without one of its keys may grant more, and an approval be easier: what decides stays, and is found wrong.
fn may_go(subject: &Subject, way: &[Part]) -> bool {
    let decides = |part: &Part| matches!(part, Part::Key(key) if matches!(&**key, "requiredApproval" | "userInputs"));
    !matches!(subject, Subject::Permissions(_)) && way.len() <= DEEPEST && !way.iter().any(decides)
}

/// Takes out what stands at the end of a way.
fn remove(value: &mut Value, way: &[Part]) -> bool {
    match (value, way) {
        (Value::Map(pairs), [Part::Key(key)]) => {
            let before = pairs.len();
            let mut kept = std::mem::take(pairs).into_vec();
            kept.retain(|(name, _)| name != key);
            *pairs = kept.into_boxed_slice();
            pairs.len() != before
        }
        (Value::Map(pairs), [Part::Key(key), rest @ ..]) => {
            pairs.iter_mut().find(|(name, _)| name == key).is_some_and(|(_, inner)| remove(inner, rest))
        }
        (Value::List(items), [Part::Index(index), rest @ ..]) if !rest.is_empty() => {
            items.get_mut(*index).is_some_and(|inner| remove(inner, rest))
        }
        _ => false,
    }
}
