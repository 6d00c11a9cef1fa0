//! Whether the bytes of a file are text at all: UTF-8 without surprises, so that everybody sees the same lines.

use crate::model::{Limits, RuleDoc, Span};

use super::node::{Problem, point};

/// The rules for the text of a file, whatever its syntax.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "limit/file-bytes",
        summary: "A file has no more bytes than `limits.fileBytes` of catalog.yaml (256 KiB where unsaid).",
        remedy: "Divide the file into several, or have an Admin raise `limits.fileBytes`.",
    },
    RuleDoc {
        id: "document/lfs-pointer",
        summary: "A document stands in the repository itself, not in Git LFS.",
        remedy: "Take the path out of .gitattributes (`git lfs untrack`) and commit the file itself.",
    },
    RuleDoc {
        id: "document/not-utf8",
        summary: "A file is valid UTF-8.",
        remedy: "Save the file as UTF-8 without a byte order mark.",
    },
    RuleDoc {
        id: "document/byte-order-mark",
        summary: "A file holds no byte order mark (U+FEFF).",
        remedy: "Save the file as UTF-8 without a byte order mark.",
    },
    RuleDoc {
        id: "document/line-break",
        summary: "Lines end in LF or CRLF, and in nothing else.",
        remedy: "Convert the line endings; inside a quoted text write the character as an escape (`\\r`, `\\u2028`).",
    },
    RuleDoc {
        id: "document/control-character",
        summary: "A file holds no control characters but tab, LF and CRLF.",
        remedy: "Remove the character, or write it as an escape in a quoted text.",
    },
];

/// How many of one kind of character fault are told one by one.
const TOLD: usize = 10;

/// The text of a file, and what is wrong with its characters.
pub(super) struct Text<'a> {
    /// The text without a leading byte order mark; `None` where no reader may be let near it.
    pub(super) text: Option<&'a str>,
    pub(super) problems: Vec<Problem>,
}

/// Checks the bytes of a file.
pub(super) fn read_text<'a>(bytes: &'a [u8], limits: &Limits) -> Text<'a> {
    let refuse = |problem| Text { text: None, problems: vec![problem] };
    if bytes.len() > limits.file_bytes {
        return refuse(Problem::new(
            "limit/file-bytes",
            point(1, 1),
            format!("the file has {} bytes; at most {} are allowed", bytes.len(), limits.file_bytes),
            "divide it into several files, or ask an Admin to raise `limits.fileBytes` in catalog.yaml",
        ));
    }
    if bytes.starts_with(b"version https://git-lfs.github.com/spec/")
        || bytes.starts_with(b"version https://hawser.github.com/spec/")
    {
        return refuse(Problem::new(
            "document/lfs-pointer",
            point(1, 1),
            "this is a pointer to Git LFS, not the document itself",
            "take the path out of .gitattributes (`git lfs untrack`) and commit the file itself",
        ));
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => return refuse(not_utf8(bytes, error)),
    };
    if !bytes.iter().any(|b| SUSPICIOUS.get(usize::from(*b)).copied().unwrap_or(true)) {
        return Text { text: Some(text), problems: Vec::new() };
    }
    survey(text)
}

/// Bytes that begin, or are, a character worth a closer look.
#[allow(clippy::indexing_slicing)] // in a constant: an index out of bounds would not compile
static SUSPICIOUS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x20 {
        table[byte] = byte != 0x09 && byte != 0x0A;
        byte += 1;
    }
    table[0x7F] = true;
    table[0xC2] = true; // U+0080..U+00BF
    table[0xE2] = true; // U+2028, U+2029
    table[0xEF] = true; // U+FEFF, U+FFFE, U+FFFF
    table
};

fn not_utf8(bytes: &[u8], error: std::str::Utf8Error) -> Problem {
    let good = bytes.get(..error.valid_up_to()).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default();
    let line = good.matches('\n').count() + 1;
    let column = good.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
    let help = match bytes {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "this looks like UTF-16: save the file as UTF-8 without a byte order mark",
        _ => "save the file as UTF-8; if it is not text at all, take it out of this directory",
    };
    let at = point(u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX));
    Problem::new("document/not-utf8", at, format!("the byte 0x{byte:02X} is not valid UTF-8 here"), help)
}

/// Goes through the text by character.
fn survey(text: &str) -> Text<'_> {
    let mut faults = Faults::default();
    let mut readable = true;
    let (mut line, mut column) = (1, 1);
    let mut chars = text.char_indices().peekable();
    while let Some((offset, c)) = chars.next() {
        let span = Span { line, column, end_line: line, end_column: column + 1 };
        column += 1;
        match c {
            '\n' => (line, column) = (line + 1, 1),
            '\r' if chars.peek().is_none_or(|(_, next)| *next != '\n') => {
                faults.line_break(c, span);
                readable = false; // readers of YAML count it as a line, everybody else does not
                (line, column) = (line + 1, 1);
            }
            '\u{85}' | '\u{2028}' | '\u{2029}' => faults.line_break(c, span),
            '\u{FEFF}' => {
                faults.byte_order_mark(span);
                readable &= offset == 0;
            }
            '\t' | '\r' => {} // a CR that reaches here has its LF
            '\u{FFFE}' | '\u{FFFF}' => {
                faults.control(c, span);
                readable = false;
            }
            c if c.is_control() => {
                faults.control(c, span);
                readable = false; // a NUL would end the text for some readers
            }
            _ => {}
        }
    }
    let body = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    Text { text: readable.then_some(body), problems: faults.told() }
}

#[derive(Default)]
struct Faults {
    problems: Vec<Problem>,
    line_breaks: usize,
    controls: usize,
    marks: usize,
}

impl Faults {
    fn line_break(&mut self, c: char, span: Span) {
        self.line_breaks += 1;
        if self.line_breaks > TOLD {
            return;
        }
        let (name, help) = match c {
            '\r' => ("a lone carriage return (U+000D)", "end lines in LF or CRLF; inside a quoted text write \\r"),
            '\u{85}' => ("a next-line character (U+0085)", "end lines in LF or CRLF; inside a quoted text write \\u0085"),
            '\u{2028}' => ("a line separator (U+2028)", "end lines in LF or CRLF; inside a quoted text write \\u2028"),
            _ => ("a paragraph separator (U+2029)", "end lines in LF or CRLF; inside a quoted text write \\u2029"),
        };
        self.problems.push(Problem::new(
            "document/line-break",
            span,
            format!("{name} breaks the line for some readers only"),
            help,
        ));
    }

    fn control(&mut self, c: char, span: Span) {
        self.controls += 1;
        if self.controls <= TOLD {
            let code = u32::from(c);
            self.problems.push(Problem::new(
                "document/control-character",
                span,
                format!("the control character U+{code:04X} may not stand in a file"),
                format!("remove it; if it is meant, write it as \\u{code:04x} in a double-quoted text"),
            ));
        }
    }

    fn byte_order_mark(&mut self, span: Span) {
        self.marks += 1;
        if self.marks <= TOLD {
            self.problems.push(Problem::new(
                "document/byte-order-mark",
                span,
                "a byte order mark (U+FEFF) stands here",
                "save the file as UTF-8 without a byte order mark",
            ));
        }
    }

    /// The faults, with a word on the last of each kind about those left out.
    fn told(mut self) -> Vec<Problem> {
        let counts = [
            ("document/line-break", self.line_breaks),
            ("document/control-character", self.controls),
            ("document/byte-order-mark", self.marks),
        ];
        for (rule, count) in counts {
            if let Some(last) = self.problems.iter_mut().rfind(|p| p.rule == rule).filter(|_| count > TOLD) {
                last.message.push_str(&format!(" (and {} more in this file)", count - TOLD));
            }
        }
        self.problems
    }
}
