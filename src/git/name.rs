//! Names that a tree may carry but no checkout survives: `.git` in every disguise, separators, control characters.

use unicode_normalization::UnicodeNormalization;

use crate::model::is_invisible;

/// Whether a name is harmless at first sight, as nearly all are: letters, digits, `-` and `_`, and dots between them.
fn is_harmless(name: &[u8]) -> bool {
    let inside = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let ends = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'.');
    ends(name.first()) && ends(name.last()) && name.iter().all(inside)
}

/// Why a name is refused.
pub(super) fn unsafe_name(name: &[u8]) -> Option<&'static str> {
    if is_harmless(name) {
        return None;
    }
    let Ok(text) = std::str::from_utf8(name) else { return Some("it is not UTF-8") };
    if let Some(why) = dangerous_name(name) {
        return Some(why);
    }
    if text.contains('\\') {
        return Some("it has a backslash in it, which some systems take for a separator");
    }
    if text.chars().any(is_invisible) {
        return Some("it has an invisible or control character in it");
    }
    if !text.nfc().eq(text.chars()) {
        return Some("its letters are not in normal form (NFC), so that two names can look the same");
    }
    if text.ends_with(['.', ' ']) || text.starts_with(' ') {
        return Some("it begins or ends with a space, or ends with a dot, which some systems drop");
    }
    None
}

/// What is dangerous wherever it stands in a tree, and git itself refuses to check out.
pub(super) fn dangerous_name(name: &[u8]) -> Option<&'static str> {
    if is_harmless(name) {
        return None;
    }
    match name {
        b"" => return Some("it is empty"),
        b"." | b".." => return Some("it leads to another directory"),
        _ => {}
    }
    if name.contains(&b'/') {
        return Some("it has a slash in it");
    }
    let Ok(text) = std::str::from_utf8(name) else { return None };
    is_dot_git(text).then_some("some systems take it for `.git`")
}

/// Whether a file system may take the name for `.git`: without case, with what HFS+ ignores and NTFS drops, and by its
/// short name.
fn is_dot_git(name: &str) -> bool {
    // HFS+ ignores these; NTFS reads up to a colon (a stream) and drops dots and spaces at the end.
    let visible: String = name.chars().filter(|c| !is_ignored_by_hfs(*c)).collect();
    let until_stream = visible.split(':').next().unwrap_or_default();
    // Win32 takes a backslash for a separator, so `.git\config` begins with `.git`.
    let first = until_stream.split('\\').next().unwrap_or_default();
    let trimmed = first.trim_end_matches(['.', ' ']).to_lowercase();
    matches!(trimmed.as_str(), ".git" | "git~1")
}

fn is_ignored_by_hfs(c: char) -> bool {
    matches!(c, '\u{200C}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{206A}'..='\u{206F}' | '\u{FEFF}')
}

/// Whether a name is plainly what [`folded`] would make of it.
pub(super) fn is_folded(name: &[u8]) -> bool {
    name.iter().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
}

/// What a file system without case makes of a name.
pub(super) fn folded(name: &[u8]) -> Vec<u8> {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    match std::str::from_utf8(name) {
        Ok(text) => text.to_lowercase().nfc().collect::<String>().into_bytes(),
        Err(_) => name.to_ascii_lowercase(),
    }
}

/// A name as it may be shown to a person: nothing invisible, nothing that moves the cursor.
pub(super) fn shown(name: &[u8]) -> String {
    match std::str::from_utf8(name) {
        Ok(text) if !text.contains(is_invisible) => text.to_owned(),
        Ok(text) => {
            text.chars().flat_map(|c| if is_invisible(c) { c.escape_default().collect::<Vec<_>>() } else { vec![c] }).collect()
        }
        Err(_) => name.escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_disguise_of_dot_git_is_seen() {
        for name in [
            ".git",
            ".GIT",
            ".Git",
            ".git.",
            ".git ",
            ".git. .",
            "git~1",
            "GIT~1",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".git::$INDEX_ALLOCATION",
            ".git\\config",
        ] {
            assert!(dangerous_name(name.as_bytes()).is_some(), "{name:?}");
        }
        for name in [".gitignore", ".gitattributes", "git", "git~10", "a.git"] {
            assert!(dangerous_name(name.as_bytes()).is_none(), "{name:?}");
        }
    }

    #[test]
    fn first_sight_is_never_milder_than_a_closer_look() {
        for name in ["a", "a.b", "a-b_c.yaml", "git", "a..b", "A1"] {
            assert!(is_harmless(name.as_bytes()), "{name}");
        }
        for name in ["", ".", "..", ".git", "git~1", "a.", "a/b", "a b", "a\\b", "caf\u{e9}", ".g\u{200c}it", "a\u{7f}"] {
            assert!(!is_harmless(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn what_looks_folded_stays_as_it_is() {
        for name in ["a", "a-b_c.yaml", "0", "", "a b"] {
            assert!(is_folded(name.as_bytes()) && folded(name.as_bytes()) == name.as_bytes(), "{name:?}");
        }
        for name in ["A", "caf\u{e9}", "\u{130}"] {
            assert!(!is_folded(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn names_that_hide_or_move_are_refused() {
        for name in [
            &b""[..],
            b".",
            b"..",
            b"a/b",
            b"a\\b",
            b"a\x1bb",
            b"a\xffb",
            b"a ",
            b"a.",
            " \u{202e}b".as_bytes(),
            "cafe\u{301}".as_bytes(),
        ] {
            assert!(unsafe_name(name).is_some(), "{name:?}");
        }
        for name in ["a b.yaml", "café.yaml", "x@y.yaml", ".hidden"] {
            assert!(unsafe_name(name.as_bytes()).is_none(), "{name:?}");
        }
    }

    #[test]
    fn what_is_shown_moves_no_cursor() {
        assert_eq!(shown(b"a\x1b[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(shown(b"a\xff"), "a\\xff");
    }
}
