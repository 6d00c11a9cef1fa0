//! Changes a part of somebody's settings and leaves every other character of them: JSON with comments, as editors keep it.

use std::ops::Range;

/// Why settings cannot be changed without doing harm.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SettingsError {
    /// It is not what it should be.
    #[error("it is no JSON that an editor could read (at byte {0})")]
    Syntax(usize),
    /// It nests deeper than settings do.
    #[error("it nests too deeply")]
    Deep,
    /// Something else stands where the wiring belongs.
    #[error("`{0}` is there, and is not what editors keep there")]
    Shape(&'static str),
}

/// How deep settings nest at most.
const DEPTH: usize = 64;

/// A collection in a text: its brackets, and what lies between them.
#[derive(Debug)]
pub(super) struct Collection {
    /// From the opening bracket to behind the closing one.
    pub(super) span: Range<usize>,
    pub(super) elements: Vec<Element>,
}

/// A pair of an object, or an item of a list.
#[derive(Debug)]
pub(super) struct Element {
    /// The key; empty for an item.
    pub(super) key: String,
    pub(super) whole: Range<usize>,
    pub(super) value: Range<usize>,
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn wrong<T>(&self) -> Result<T, SettingsError> {
        Err(SettingsError::Syntax(self.at))
    }

    /// White space and comments.
    fn skip(&mut self) {
        loop {
            let rest = self.text.get(self.at..).unwrap_or_default();
            let blank = rest.len() - rest.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
            self.at += blank;
            let rest = self.text.get(self.at..).unwrap_or_default();
            let length = if rest.starts_with("//") {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end + 2)
            } else {
                return;
            };
            self.at += length;
        }
    }

    fn string(&mut self) -> Result<String, SettingsError> {
        let start = self.at;
        if self.peek() != Some(b'"') {
            return self.wrong();
        }
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => self.at += 2,
                Some(_) => self.at += 1,
                None => return self.wrong(),
            }
        }
        self.at += 1;
        let text = self.text.get(start..self.at).and_then(|text| serde_json::from_str(text).ok());
        text.map_or_else(|| Err(SettingsError::Syntax(start)), Ok)
    }

    fn value(&mut self, depth: usize) -> Result<Range<usize>, SettingsError> {
        let start = self.at;
        match self.peek() {
            Some(b'{' | b'[') => {
                self.collection(depth + 1)?;
            }
            Some(b'"') => {
                self.string()?;
            }
            _ => {
                let rest = self.text.get(start..).unwrap_or_default();
                let word =
                    rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))).unwrap_or(rest.len());
                let good = rest.get(..word).is_some_and(|word| serde_json::from_str::<serde_json::Value>(word).is_ok());
                if !good {
                    return self.wrong();
                }
                self.at += word;
            }
        }
        Ok(start..self.at)
    }

    fn collection(&mut self, depth: usize) -> Result<Collection, SettingsError> {
        if depth > DEPTH {
            return Err(SettingsError::Deep);
        }
        let start = self.at;
        let close = match self.peek() {
            Some(b'{') => b'}',
            Some(b'[') => b']',
            _ => return self.wrong(),
        };
        self.at += 1;
        let mut elements = Vec::new();
        loop {
            self.skip();
            if self.peek() == Some(close) {
                self.at += 1;
                return Ok(Collection { span: start..self.at, elements });
            }
            let begin = self.at;
            let mut key = String::new();
            if close == b'}' {
                key = self.string()?;
                self.skip();
                if self.peek() != Some(b':') {
                    return self.wrong();
                }
                self.at += 1;
                self.skip();
            }
            let value = self.value(depth)?;
            elements.push(Element { key, whole: begin..self.at, value });
            self.skip();
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(found) if found == close => {}
                _ => return self.wrong(),
            }
        }
    }
}

/// The collection that begins at `at`.
pub(super) fn collection(text: &str, at: usize) -> Result<Collection, SettingsError> {
    Scanner { text, at }.collection(0)
}

/// The object that a whole file is.
pub(super) fn root(text: &str) -> Result<Collection, SettingsError> {
    let mut scanner = Scanner { text, at: 0 };
    scanner.skip();
    let root = scanner.collection(0)?;
    scanner.skip();
    if scanner.peek().is_some() { scanner.wrong() } else { Ok(root) }
}

/// The text with our elements at the head of a collection, instead of those that were ours before.
pub(super) fn with_ours(
    text: &str,
    at: &Collection,
    is_ours: impl Fn(&Element) -> bool,
    ours: &[String],
    indent: &str,
) -> Result<String, SettingsError> {
    let wrong = || SettingsError::Syntax(at.span.start);
    let kept: Vec<&Element> = at.elements.iter().filter(|element| !is_ours(element)).collect();
    let separator = format!(",\n{indent}  ");
    let mut inner = String::new();
    if !ours.is_empty() {
        inner.push_str(&format!("\n{indent}  {}", ours.join(&separator)));
    }
    if kept.is_empty() {
        if !ours.is_empty() {
            inner.push_str(&format!("\n{indent}"));
        }
    } else {
        if !ours.is_empty() {
            inner.push(',');
        }
        // From the opening bracket to the closing one, without our own elements and what follows each of them.
        let mut from = at.span.start + 1;
        let close = at.span.end.saturating_sub(1);
        for (index, element) in at.elements.iter().enumerate() {
            if !is_ours(element) {
                continue;
            }
            let mut piece = text.get(from..element.whole.start).ok_or_else(wrong)?;
            from = element.whole.end;
            if at.elements.len() == index + 1 {
                // The last one goes with the comma before it; one behind it would be left alone.
                piece = piece.trim_end().strip_suffix(',').unwrap_or(piece);
                let rest = text.get(from..close).ok_or_else(wrong)?;
                from += rest.len() - rest.trim_start().strip_prefix(',').unwrap_or(rest).len();
            } else {
                // It goes with the comma behind it; a remark on what follows stays.
                let mut behind = Scanner { text, at: from };
                behind.skip();
                from = behind.at + usize::from(behind.peek() == Some(b','));
                let rest = text.get(from..close).ok_or_else(wrong)?;
                if rest.trim_start_matches([' ', '\t']).starts_with(['\n', '\r']) {
                    piece = piece.trim_end();
                }
            }
            inner.push_str(piece);
        }
        inner.push_str(text.get(from..close).ok_or_else(wrong)?);
    }
    let (before, after) =
        (text.get(..=at.span.start).ok_or_else(wrong)?, text.get(at.span.end.saturating_sub(1)..).ok_or_else(wrong)?);
    Ok(format!("{before}{inner}{after}"))
}
