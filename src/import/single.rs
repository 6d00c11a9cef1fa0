//! One document written into the file that holds it, or taken out of it: for whoever changes a catalog by a program.

use crate::catalog::parse_value;
use crate::model::{FilePath, Kind, Limits, Part, Pointer, Subject, Value};

use super::path::Names;
use super::yaml;

/// What becomes of a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rewritten {
    /// It has this text.
    Text(String),
    /// Nothing is left in it, so it goes.
    Gone,
}

/// The file, which now says `bytes`, with the document at `pointer` replaced, or taken out where `value` is `None`. Every other document of
/// the file means what it meant. `None` where it cannot be written so that it reads the same.
pub fn rewrite(file: &FilePath, bytes: &[u8], pointer: &Pointer, value: Option<&Value>, kind: Kind) -> Option<Rewritten> {
    let mut whole = parse_value(file, bytes, &Limits::MOST).ok()?;
    match (pointer.parts(), &mut whole, value) {
        ([], _, None) => return Some(Rewritten::Gone),
        ([], whole, Some(value)) => *whole = value.clone(),
        ([Part::Index(index)], Value::List(items), value) => {
            let mut kept = std::mem::take(items).into_vec();
            match value {
                Some(value) => *kept.get_mut(*index)? = value.clone(),
                None if *index < kept.len() => drop(kept.remove(*index)),
                None => return None,
            }
            if kept.is_empty() {
                return Some(Rewritten::Gone);
            }
            *items = kept.into_boxed_slice();
        }
        _ => return None,
    }
    written(file, &whole, kind).map(Rewritten::Text)
}

/// The text of a file with this document, or list of documents, alone; `None` where it cannot be written so that it reads the same.
pub fn written(file: &FilePath, value: &Value, kind: Kind) -> Option<String> {
    let text = if file.as_str().ends_with(".json") { yaml::emit_json(value, kind) } else { yaml::emit(value, kind) };
    parse_value(file, text.as_bytes(), &Limits::MOST).is_ok_and(|read| read == *value).then_some(text)
}

/// The file of its own for a new document, where these files stand already: no two names differ by case alone.
pub fn new_file<'a>(subject: &Subject, existing: impl IntoIterator<Item = &'a FilePath>) -> FilePath {
    let mut names = Names::default();
    existing.into_iter().for_each(|path| names.take(path));
    names.for_document(subject)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        parse_value(&FilePath::new("_.yaml"), text.as_bytes(), &Limits::MOST).unwrap()
    }

    #[test]
    fn a_document_of_a_list_is_replaced_and_its_neighbours_stay() {
        let file = FilePath::new("entities/all.yaml");
        let bytes = b"- identifier: a\n  blueprint: env\n- identifier: b\n  blueprint: env\n";
        let new = value("identifier: b\nblueprint: env\ntitle: B\n");
        let Some(Rewritten::Text(text)) = rewrite(&file, bytes, &Pointer::root().index(1), Some(&new), Kind::Entity) else {
            panic!("it can be written")
        };
        assert_eq!(value(&text), Value::List([value("identifier: a\nblueprint: env\n"), new].into()));
        let Some(Rewritten::Text(text)) = rewrite(&file, bytes, &Pointer::root().index(0), None, Kind::Entity) else {
            panic!("it can be written")
        };
        assert_eq!(value(&text), Value::List([value("identifier: b\nblueprint: env\n")].into()));
        assert_eq!(rewrite(&file, bytes, &Pointer::root().index(2), None, Kind::Entity), None);
    }

    #[test]
    fn the_last_document_takes_its_file_with_it() {
        let file = FilePath::new("entities/env/a.yaml");
        let bytes = b"identifier: a\nblueprint: env\n";
        assert_eq!(rewrite(&file, bytes, &Pointer::root(), None, Kind::Entity), Some(Rewritten::Gone));
        assert_eq!(rewrite(&file, b"[{identifier: a}]", &Pointer::root().index(0), None, Kind::Entity), Some(Rewritten::Gone));
    }

    #[test]
    fn a_new_file_is_beside_what_stands_there() {
        let key = crate::model::EntityKey {
            blueprint: crate::model::Identifier::new("env").unwrap(),
            identifier: crate::model::Identifier::new("Prod").unwrap(),
        };
        let there = [FilePath::new("entities/env/prod.yaml")];
        assert_eq!(new_file(&Subject::Entity(key.clone()), &there).as_str(), "entities/env/Prod~2.yaml");
        assert_eq!(new_file(&Subject::Entity(key), &[]).as_str(), "entities/env/Prod.yaml");
    }
}
