//! Makes a counterexample small: whatever can be left out while it still is one, is.

use serde_json::Value as Json;

use crate::random::Files;

/// A smaller pair of catalogs for which `still` holds.
pub(crate) fn smaller(before: &Files, after: &Files, still: impl Fn(&Files, &Files) -> bool) -> (Files, Files) {
    let (mut before, mut after) = (before.clone(), after.clone());
    loop {
        let mut shrunk = false;
        let paths: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
        for path in paths {
            // The file unchanged, then no file at all.
            let mut same = after.clone();
            match before.get(&path) {
                Some(document) => drop(same.insert(path.clone(), document.clone())),
                None => drop(same.remove(&path)),
            }
            if same != after && still(&before, &same) {
                (after, shrunk) = (same, true);
            }
            let (mut fewer, mut less) = (before.clone(), after.clone());
            if (fewer.remove(&path).is_some() | less.remove(&path).is_some()) && still(&fewer, &less) {
                (before, after, shrunk) = (fewer, less, true);
            }
            for way in ways(before.get(&path)).into_iter().chain(ways(after.get(&path))) {
                let (mut fewer, mut less) = (before.clone(), after.clone());
                let cut = [fewer.get_mut(&path), less.get_mut(&path)]
                    .into_iter()
                    .flatten()
                    .map(|document| cut(document, &way))
                    .filter(|done| *done)
                    .count();
                if cut > 0 && still(&fewer, &less) {
                    (before, after, shrunk) = (fewer, less, true);
                }
            }
        }
        if !shrunk {
            return (before, after);
        }
    }
}

/// The ways to every key of a document, as JSON pointers to the mapping and the key in it.
fn ways(document: Option<&Json>) -> Vec<(String, String)> {
    fn walk(value: &Json, at: &str, out: &mut Vec<(String, String)>) {
        for (key, value) in value.as_object().into_iter().flatten() {
            out.push((at.to_owned(), key.clone()));
            walk(value, &format!("{at}/{key}"), out);
        }
    }
    let mut out = Vec::new();
    document.into_iter().for_each(|document| walk(document, "", &mut out));
    out
}

fn cut(document: &mut Json, (at, key): &(String, String)) -> bool {
    document.pointer_mut(at).and_then(Json::as_object_mut).is_some_and(|map| map.remove(key).is_some())
}
