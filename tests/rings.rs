//! Keeps the architecture: three rings whose imports point inward only, a pure core, no cycles between rooms, short files.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by ring, innermost first. A room that is not here fails the test: decide where it belongs.
const RINGS: [(&str, &[&str]); 3] = [
    ("core", &["model", "catalog", "check", "run", "report", "editor", "import"]),
    ("edges", &["git", "forge", "store", "jq", "outbound", "execute", "notify", "abort"]),
    ("drivers", &["facts", "config", "controller", "server", "cli", "demo", "main", "lib"]),
];

/// What the core must not touch: the outside world, the clock, the runtime.
const IMPURE: &[&str] = &[
    "git2",
    "sqlx",
    "tokio",
    "octocrab",
    "axum",
    "notify::",
    "async_trait",
    "async fn",
    ".await",
    "std::fs",
    "std::env",
    "std::net::Tcp",
    "std::net::Udp",
    "ToSocketAddrs",
    "std::process",
    "std::thread",
    "std::io::stdin",
    "SystemTime",
    "Instant::now",
    "Timestamp::now",
    "Zoned::now",
    "fastrand",
    "tempfile",
    "println!",
    "eprintln!",
    "tracing::",
];

/// The one place of the core that has threads: they end before it answers, and it answers what one thread would.
const PARALLEL: (&str, &str) = ("src/catalog/parallel.rs", "std::thread");

/// Lines a file may have, its tests included.
const LONGEST: usize = 400;

/// One source file: the room it belongs to, its path, and its code without comments and texts.
struct Source {
    room: String,
    path: PathBuf,
    /// Modules between the crate and this file: 1 in `src/check/mod.rs`, 2 in `src/check/rules.rs`.
    depth: usize,
    lines: usize,
    code: String,
}

#[test]
fn imports_point_inward() {
    let mut wrong = Vec::new();
    for source in sources() {
        let here = ring(&source.room).unwrap_or_else(|| panic!("{}: give room `{}` a ring", source.path.display(), source.room));
        for other in rooms_named_in(&source) {
            match ring(&other) {
                Some(there) if there > here => {
                    let (from, to) = (RINGS[here].0, RINGS[there].0);
                    wrong.push(format!("{}: {from} may not import {to}: crate::{other}", source.path.display()));
                }
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn rooms_do_not_depend_on_each_other_in_a_circle() {
    let mut arrows: BTreeMap<String, BTreeMap<String, PathBuf>> = BTreeMap::new();
    for source in sources() {
        let to = arrows.entry(source.room.clone()).or_default();
        for other in rooms_named_in(&source) {
            to.entry(other).or_insert_with(|| source.path.clone());
        }
    }
    for room in arrows.keys() {
        if let Some(circle) = circle_from(room, &arrows) {
            let shown: Vec<_> = circle
                .windows(2)
                .map(|pair| format!("{} -> {} in {}", pair[0], pair[1], arrows[&pair[0]][&pair[1]].display()))
                .collect();
            panic!("a circle of rooms:\n{}", shown.join("\n"));
        }
    }
}

#[test]
fn the_core_is_pure() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| ring(&s.room) == Some(0)) {
        for (number, line) in source.code.lines().enumerate() {
            let allowed = |word: &str| source.path.ends_with(PARALLEL.0) && word == PARALLEL.1;
            for word in IMPURE.iter().filter(|word| names(line, word) && !allowed(word)) {
                wrong.push(format!("{}:{}: `{word}` in the core", source.path.display(), number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_file_is_long() {
    let long: Vec<_> = sources()
        .iter()
        .filter(|s| s.lines > LONGEST)
        .map(|s| format!("{}: {} lines; divide it by idea", s.path.display(), s.lines))
        .collect();
    assert!(long.is_empty(), "more than {LONGEST} lines:\n{}", long.join("\n"));
}

#[test]
fn no_file_is_a_drawer() {
    let drawers = ["utils", "util", "helpers", "helper", "common", "misc", "types", "services"];
    let found: Vec<_> = sources()
        .into_iter()
        .filter(|s| s.path.with_extension("").components().any(|c| drawers.iter().any(|d| c.as_os_str() == *d)))
        .map(|s| s.path.display().to_string())
        .collect();
    assert!(found.is_empty(), "name these after what they decide: {found:?}");
}

#[test]
fn the_reader_of_sources_sees_what_it_should() {
    let source =
        |code: &str| Source { room: "check".into(), path: "src/check/a.rs".into(), depth: 2, lines: 1, code: code_of(code) };
    let named = |code: &str| rooms_named_in(&source(code)).into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(named("use crate::model::Value;"), "model");
    assert_eq!(named("use crate::{git::Repo, model::{A, B}, run};"), "git model run");
    assert_eq!(named("fn f() -> crate::forge::X { todo!() }"), "forge");
    assert_eq!(named("use super::super::git;"), "git");
    assert_eq!(named("use super::super::{forge::{A, B}, store};"), "forge store");
    assert_eq!(named("use super::git; use crate::check::Base;"), "");
    assert_eq!(named("// crate::git\nlet a = \"crate::store\"; /* crate::cli */ let b = r#\"crate::\"server\"#;"), "");
    assert_eq!(named("let quote = '\"'; use crate::git::A; let life: &'static str = \"\";"), "git");
    assert_eq!(named("pub(in crate::check) fn f() {}"), "");
    assert!(names("use std::fs;", "std::fs") && !names("let my_tokio_like = 1;", "tokio") && !names("std::fsx", "std::fs"));
}

fn ring(room: &str) -> Option<usize> {
    RINGS.iter().position(|(_, rooms)| rooms.contains(&room))
}

/// Every file under `src/`; code under `#[cfg(test)]` at the end of a file, and files of tests, count for their length alone.
fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root.join("src"), root, &mut found);
    found.sort_by(|a: &Source, b| a.path.cmp(&b.path));
    assert!(found.len() > 10, "the sources are found");
    found
}

fn collect(directory: &Path, root: &Path, found: &mut Vec<Source>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, root, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            let code = if is_for_tests(&path) {
                String::new()
            } else {
                code_of(text.split("\n#[cfg(test)]\nmod tests {").next().unwrap())
            };
            let path = path.strip_prefix(root).unwrap().to_owned();
            let mut modules: Vec<String> =
                path.with_extension("").components().skip(1).map(|c| c.as_os_str().to_string_lossy().into_owned()).collect();
            let room = modules.first().unwrap().clone();
            modules.retain(|m| m != "mod");
            found.push(Source { room, path, depth: modules.len(), lines: text.lines().count(), code });
        }
    }
}

/// Whether a file is a module that some file of its directory, or the one above, declares under `#[cfg(test)]`.
fn is_for_tests(path: &Path) -> bool {
    let directory = path.parent().unwrap();
    let stem = path.file_stem().unwrap().to_string_lossy();
    let parents = [directory.join("mod.rs"), directory.with_extension("rs")];
    let declared = |text: &str, how: &str| text.contains(&format!("#[cfg(test)]\n{how} {stem};"));
    let by_parent = parents
        .iter()
        .filter_map(|parent| fs::read_to_string(parent).ok())
        .any(|text| ["mod", "pub mod", "pub(crate) mod", "pub(super) mod"].iter().any(|how| declared(&text, how)));
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    by_parent || (directory != src && is_for_tests(directory))
}

/// The other rooms that a file's code names, through `crate::` or through `super::` up to the crate.
fn rooms_named_in(source: &Source) -> BTreeSet<String> {
    let up = "super::".repeat(source.depth);
    let mut rooms = BTreeSet::new();
    for start in ["crate::", up.as_str()] {
        for (at, _) in source.code.match_indices(start) {
            let before = source.code[..at].chars().next_back();
            if start == "crate::" && before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            rooms.extend(first_names(&source.code[at + start.len()..]));
        }
    }
    let known = |room: &String| *room != source.room && room.chars().next().is_some_and(char::is_lowercase);
    rooms.into_iter().filter(known).collect()
}

/// The first name of a path, or of every path in `{…}`.
fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = rest.strip_prefix('{') else { return vec![name(rest)] };
    let (mut depth, mut item, mut items) = (0, String::new(), Vec::new());
    for c in group.chars() {
        match c {
            '}' if depth == 0 => break,
            ',' if depth == 0 => items.push(std::mem::take(&mut item)),
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 0 => item.push(c),
            _ => {}
        }
    }
    items.push(item);
    items.iter().map(|item| name(item.trim())).filter(|item| !item.is_empty()).collect()
}

/// A circle that begins and ends with `room`, as a list of rooms.
fn circle_from(room: &str, arrows: &BTreeMap<String, BTreeMap<String, PathBuf>>) -> Option<Vec<String>> {
    let mut ways = vec![vec![room.to_owned()]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        for next in arrows.get(way.last()?).into_iter().flatten().map(|(next, _)| next) {
            let longer: Vec<String> = way.iter().chain([next]).cloned().collect();
            if next == room {
                return Some(longer);
            }
            if seen.insert(next.clone()) {
                ways.push(longer);
            }
        }
    }
    None
}

/// Whether a line holds `word` as a whole word.
fn names(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back().is_some_and(part) && word.starts_with(part);
        let after = line[at + word.len()..].chars().next().is_some_and(part) && word.ends_with(part);
        !before && !after
    })
}

/// The code alone: comments and the insides of texts are blanked, lines stay where they are.
fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut code, mut i) = (String::with_capacity(text.len()), 0);
    let starts = |i: usize, what: &str| what.chars().enumerate().all(|(k, c)| chars.get(i + k) == Some(&c));
    while i < chars.len() {
        let end = if starts(i, "//") {
            (i..chars.len()).find(|k| chars[*k] == '\n').unwrap_or(chars.len())
        } else if starts(i, "/*") {
            (i + 2..chars.len()).find(|k| starts(*k, "*/")).map_or(chars.len(), |k| k + 2)
        } else if starts(i, "r\"") || starts(i, "r#") && chars[i + 1..].iter().find(|c| **c != '#') == Some(&'"') {
            let hashes = chars[i + 1..].iter().take_while(|c| **c == '#').count();
            let close = format!("\"{}", "#".repeat(hashes));
            (i + hashes + 2..chars.len()).find(|k| starts(*k, &close)).map_or(chars.len(), |k| k + close.len())
        } else if chars[i] == '"' {
            end_of_text(&chars, i + 1, '"')
        } else if chars[i] == '\'' && (chars.get(i + 1) == Some(&'\\') || chars.get(i + 2) == Some(&'\'')) {
            end_of_text(&chars, i + 1, '\'')
        } else {
            code.push(chars[i]);
            i += 1;
            continue;
        };
        code.extend(chars[i..end].iter().filter(|c| **c == '\n'));
        code.push(' ');
        i = end;
    }
    code
}

/// Past the closing quote of a text that began before `from`.
fn end_of_text(chars: &[char], from: usize, quote: char) -> usize {
    let mut i = from;
    while i < chars.len() && chars[i] != quote {
        i += 1 + usize::from(chars[i] == '\\');
    }
    (i + 1).min(chars.len())
}
