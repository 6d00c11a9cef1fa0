//! The simplest YAML, read line by line in one pass; whatever else stands in a text is left to the full reader.
//!
//! A catalog of a hundred thousand files is read in half the time so. It never decides anything by itself: it takes only what has one
//! meaning to every reader, gives the tree that the full reader gives, and steps back from the first line that it is not sure of, and from
//! everything that there would be a word to say about.

use std::borrow::Cow;

use crate::model::{Limits, Span};

use super::builder::Builder;
use super::node::{NodeKind, Tree};
use super::scalar;

/// Longer keys are legal up to a thousand characters, and rare.
const LONGEST_KEY: usize = 128;

/// Reads a text; `None` leaves it to the full reader.
pub(super) fn read_simple<'a>(text: &'a str, limits: &Limits) -> Option<Tree<'a>> {
    let mut reader = Reader { builder: Builder::new(limits), open: Vec::new(), awaits: false };
    let (mut rest, mut number) = (Some(text.strip_suffix('\n').unwrap_or(text)), 0);
    while let Some(text) = rest {
        // Byte by byte: lines and keys are too short for a search that has to be set up.
        let end = text.bytes().position(|byte| byte == b'\n');
        let (line, below) = text.split_at_checked(end.unwrap_or(text.len()))?;
        rest = below.strip_prefix('\n');
        number += 1;
        reader.line(line, number)?;
    }
    let Reader { builder, open, awaits } = reader;
    if awaits || open.is_empty() || !builder.problems.is_empty() {
        return None;
    }
    let tree = builder.finish(true);
    tree.problems.is_empty().then_some(tree)
}

#[derive(Clone, Copy, PartialEq)]
enum Body {
    Map,
    List,
}

struct Reader<'a> {
    builder: Builder<'a>,
    /// The collections around, each with its indentation.
    open: Vec<(Body, usize)>,
    /// A key stands without its value, which begins in a later line.
    awaits: bool,
}

impl<'a> Reader<'a> {
    fn line(&mut self, line: &'a str, number: u32) -> Option<()> {
        let content = line.trim_start_matches(' ');
        let indentation = line.len() - content.len();
        if line.is_empty() {
            return Some(());
        }
        if content.starts_with('#') {
            return content.bytes().all(is_printable).then_some(());
        }
        let item = content.strip_prefix("- ");
        let body = if item.is_some() { Body::List } else { Body::Map };
        self.settle(body, indentation, number)?;
        match item {
            None => self.entry(content, indentation, number),
            Some(item) => {
                let at = indentation + 2;
                if key_of(item).is_none() {
                    return self.scalar(item, at, number);
                }
                self.open(Body::Map, at, number)?;
                self.entry(item, at, number)
            }
        }
    }

    /// Opens or closes collections until a line of this kind and indentation belongs to the innermost.
    fn settle(&mut self, body: Body, indentation: usize, number: u32) -> Option<()> {
        let Some((_, around)) = self.open.last().copied() else {
            return if indentation == 0 { self.open(body, 0, number) } else { None };
        };
        if std::mem::take(&mut self.awaits) {
            // A list may stand as far left as the key that it belongs to.
            let inside = indentation > around || body == Body::List && indentation == around;
            // Of such a list the full reader says that it begins behind its first dash.
            let begins = if indentation == around { indentation + 2 } else { indentation };
            return if inside { self.open_at(body, indentation, begins, number) } else { None };
        }
        loop {
            let (innermost, around) = self.open.last().copied()?;
            if indentation > around {
                return None; // a text that goes on, or an error
            }
            if indentation == around && innermost == body {
                return Some(());
            }
            if indentation == around && body == Body::List {
                return None;
            }
            self.open.pop();
            self.builder.close(None);
        }
    }

    fn open(&mut self, body: Body, indentation: usize, number: u32) -> Option<()> {
        self.open_at(body, indentation, indentation, number)
    }

    fn open_at(&mut self, body: Body, indentation: usize, begins: usize, number: u32) -> Option<()> {
        let at = span(number, begins, 0)?;
        match body {
            Body::Map => self.builder.open_map(at),
            Body::List => self.builder.open_list(at),
        }
        .ok()?;
        self.open.push((body, indentation));
        Some(())
    }

    /// `key:` or `key: value`.
    fn entry(&mut self, content: &'a str, at: usize, number: u32) -> Option<()> {
        let (key, rest) = key_of(content)?;
        if scalar::other_key(key).is_some() {
            return None;
        }
        self.builder.key(Cow::Borrowed(key), span(number, at, key.len())?).ok()?;
        if rest.is_empty() {
            self.awaits = true;
            return Some(());
        }
        self.scalar(rest.strip_prefix(' ')?, at + key.len() + 2, number)
    }

    fn scalar(&mut self, text: &'a str, at: usize, number: u32) -> Option<()> {
        let kind = match text.as_bytes().first()? {
            quote @ (b'"' | b'\'') => NodeKind::Text(Cow::Borrowed(quoted(text, *quote)?)),
            _ if is_plain(text.as_bytes()) => scalar::resolve(Cow::Borrowed(text)).ok()?,
            _ => return None,
        };
        self.builder.scalar(kind, span(number, at, text.len())?).ok()
    }
}

/// A key that nobody would put in quotes, and what stands behind its colon.
fn key_of(content: &str) -> Option<(&str, &str)> {
    let goes_on = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'-' | b'.' | b'/');
    let (key, rest) = content.split_at_checked(content.bytes().position(|byte| !goes_on(byte))?)?;
    let rest = rest.strip_prefix(':')?;
    let begins = key.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || matches!(first, b'_' | b'$'));
    let ends = rest.is_empty() || rest.starts_with(' ');
    (begins && ends && key.len() <= LONGEST_KEY).then_some((key, rest))
}

/// Whether a text without quotes has no character in it that could mean something else where it stands.
fn is_plain(text: &[u8]) -> bool {
    let begins = match text {
        [first, ..] if first.is_ascii_alphanumeric() => true,
        [b'-', second, ..] => second.is_ascii_alphanumeric(),
        [first, ..] => matches!(first, b'/' | b'.' | b'_' | b'+' | b'(' | b'$'),
        [] => false,
    };
    let mut before = b' ';
    for byte in text {
        let means = match byte {
            // Behind a colon a value, and behind a space a comment.
            b' ' => before == b':',
            b'#' => before == b' ',
            _ => !is_printable(*byte),
        };
        if means {
            return false;
        }
        before = *byte;
    }
    begins && !matches!(before, b':' | b' ')
}

/// What stands in quotes, without any that would have to be written otherwise.
fn quoted(text: &str, quote: u8) -> Option<&str> {
    let inside = text.get(1..text.len().checked_sub(1)?).filter(|_| text.len() > 1 && text.as_bytes().last() == Some(&quote))?;
    let plain = |byte: u8| is_printable(byte) && byte != quote && byte != b'\\';
    inside.bytes().all(plain).then_some(inside)
}

/// Of ASCII alone, so that a byte is a column.
fn is_printable(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

fn span(line: u32, at: usize, width: usize) -> Option<Span> {
    let column = u32::try_from(at).ok()?.checked_add(1)?;
    Some(Span { line, column, end_line: line, end_column: column.checked_add(u32::try_from(width).ok()?)? })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalog::document::read_in_full;

    /// Whether it was read at a glance; if so, as the full reader reads it.
    fn agrees(text: &str) -> bool {
        let limits = Limits { depth: 4, nodes: 24, scalar_bytes: 24, ..Limits::default() };
        for limits in [Limits::default(), limits] {
            let Some(simple) = read_simple(text, &limits) else { continue };
            assert_eq!(format!("{simple:#?}"), format!("{:#?}", read_in_full(text, &limits)), "{text}");
        }
        read_simple(text, &Limits::default()).is_some()
    }

    #[test]
    fn what_people_write_most_is_read_so() {
        for text in [
            "identifier: a\ntitle: A service\nproperties:\n  replicas: 7\n  cpu: 1.17\n  url: https://a.example.com/x?y=1#z\nrelations:\n  on: b\n",
            "team:\n  - a\n  - b\n",
            "team:\n- a\n- b\ntitle: c",
            "- identifier: a\n  team:\n    - b\n- identifier: c\n",
            "# a comment\n\na: 'it is'\nb: \"x: y # z\"\n  # another\nc: -5\n",
            "a:\n  b:\n    c: d\ne: f\n",
        ] {
            assert!(agrees(text), "{text}");
        }
    }

    #[test]
    fn what_might_mean_something_else_is_left_to_the_full_reader() {
        let mut taken: Vec<&str> = Vec::new();
        for text in [
            "",
            "\n",
            "a",
            "a:\n",
            "a:\nb: c\n",
            "a: b\n  c\n",
            "a: b # c\n",
            "a: b: c\n",
            "a: [b]\n",
            "a: {b: c}\n",
            "a: &x b\n",
            "a: *x\n",
            "a: !t b\n",
            "a: |\n  b\n",
            "a: >\n  b\n",
            "? a\n",
            "- - a\n",
            "-\n",
            "a: b \n",
            "a:  b\n",
            "a: b\r\n",
            "a:\tb\n",
            "a: \u{e4}\n",
            "\"a\": b\n",
            "1: a\n",
            "null: a\n",
            "a: 1\na: 2\n",
            "--- \na: b\n",
            "---\na: b\n",
            "a: b\n---\nc: d\n",
            "a: b\n...\n",
            "%YAML 1.2\n",
            " a: b\n",
            "a: 'it''s'\n",
            "a: \"\\n\"\n",
            "a: 'b' c\n",
            "a: 'b\n  c'\n",
            "a: .inf\n",
            "a: 99999999999999999999\n",
            "a: @b\n",
            "a: `b\n",
            "a: %b\n",
            "a: ,b\n",
            "a: - b\n",
            "a: b\n  # c\n  d: e\n",
            "a: b\n - c\n",
            "- a\nb: c\n",
            "a: b:\n",
            "a: b\n\u{0}",
            "<<: a\n",
            "a: '\n",
            "a: \"\n",
            "a: -\n",
        ] {
            if agrees(text) {
                taken.push(text);
            }
        }
        assert_eq!(taken, [""; 0]);
    }

    /// Lines that are nearly right, put together at random.
    fn text() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            8 => "[a-c]{1,3}",
            1 => "[ -~]{0,6}",
            1 => "[a-c:# '\"\\-\\[\\]{},&*!|>?%@`.0-9~\t\u{e4}]{1,5}",
            1 => prop_oneof!["true", "null", "~", "yes", "0x1f", "1e3", "-1", "\\.5", "'a b'", "\"a\"", "\"a\\\\n\"", "https://a\\.b", "\\[a, b\\]", "\\{\\}"],
        ];
        let lead =
            prop_oneof![6 => Just(""), 2 => Just("- "), 1 => Just("-"), 1 => Just("# "), 1 => Just("- - "), 1 => Just("? ")];
        let between =
            prop_oneof![10 => Just(": "), 3 => Just(":"), 1 => Just(""), 1 => Just(" : "), 1 => Just(":  "), 1 => Just(" ")];
        let end = prop_oneof![20 => Just("\n"), 1 => Just(""), 1 => Just(" \n"), 1 => Just("\r\n"), 1 => Just(" # c\n"), 1 => Just("\n\n"), 1 => Just(":\n")];
        let line = (0usize..4, lead, word.clone(), between, word, end, any::<bool>());
        let line = line.prop_map(|(deep, lead, key, between, value, end, odd)| {
            let indentation = " ".repeat(deep * 2 + usize::from(odd && deep == 3));
            let value = if between == ":" { "" } else { value.as_str() };
            format!("{indentation}{lead}{key}{between}{value}{end}")
        });
        proptest::collection::vec(line, 1..7).prop_map(|lines| lines.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 4000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn says_what_the_full_reader_says(text in text()) {
            agrees(&text);
        }

        #[test]
        fn says_of_anything_what_the_full_reader_says(text in "[a-b:#\\- \n'\"]{0,24}") {
            agrees(&text);
        }
    }
}
