//! Paths with braces in them.

use std::collections::BTreeMap;

/// A path such as `/repos/{owner}/{repo}/contents/{path}`.
pub(super) struct Template {
    pieces: Vec<Piece>,
}

enum Piece {
    Written(String),
    /// One segment.
    One(String),
    /// One or more.
    Many(String),
}

impl Template {
    /// `many` says of which names the description allows slashes.
    pub(super) fn of(path: &str, many: impl Fn(&str) -> bool) -> Self {
        let piece = |segment: &str| match segment.strip_prefix('{').and_then(|s| s.strip_suffix('}')) {
            // `{base}...{head}` is two in one; no operation that we use is written so.
            Some(name) if name.contains('{') => Piece::One(name.to_owned()),
            Some(name) if many(name) => Piece::Many(name.to_owned()),
            Some(name) => Piece::One(name.to_owned()),
            None => Piece::Written(segment.to_owned()),
        };
        Self { pieces: path.split('/').map(piece).collect() }
    }

    /// Lower goes before higher: where the first brace of the one is, the other has it written out.
    pub(super) fn rank(&self) -> Vec<u8> {
        let rank = |piece: &Piece| match piece {
            Piece::Written(_) => 0,
            Piece::One(_) => 1,
            Piece::Many(_) => 2,
        };
        // What goes on after a piece of many segments is better than what ends with it.
        self.pieces.iter().map(rank).chain([3]).collect()
    }

    /// What stands in place of the braces, where the path is of this form.
    pub(super) fn arguments(&self, path: &str) -> Option<BTreeMap<String, String>> {
        let segments: Vec<&str> = path.split('/').collect();
        let mut found = BTreeMap::new();
        matches(&self.pieces, &segments, &mut found).then_some(found)
    }
}

fn matches(pieces: &[Piece], segments: &[&str], found: &mut BTreeMap<String, String>) -> bool {
    let Some((piece, pieces)) = pieces.split_first() else { return segments.is_empty() };
    let Some((first, rest)) = segments.split_first() else { return false };
    match piece {
        Piece::Written(written) => written == first && matches(pieces, rest, found),
        Piece::One(name) => !first.is_empty() && matches(pieces, rest, found) && decoded(first, name, found),
        Piece::Many(name) => (1..=segments.len()).rev().any(|taken| {
            let (mine, rest) = segments.split_at(taken);
            mine.iter().all(|s| !s.is_empty()) && matches(pieces, rest, found) && decoded(&mine.join("/"), name, found)
        }),
    }
}

fn decoded(text: &str, name: &str, found: &mut BTreeMap<String, String>) -> bool {
    let Some(decoded) = decode(text) else { return false };
    found.insert(name.to_owned(), decoded);
    true
}

/// Undoes percent-encoding; `None` where it is broken.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let digits = [bytes.next()?, bytes.next()?];
        out.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(out).ok()
}
