//! What the YAML parser's complaints mean to the person who wrote the file.

use crate::model::Span;

use super::node::Problem;
use super::quote;

/// The text of a line, counted from one; for messages only, as finding it costs the whole way there.
pub(super) fn line(text: &str, line: u32) -> &str {
    let index = usize::try_from(line.saturating_sub(1)).unwrap_or(usize::MAX);
    text.lines().nth(index).unwrap_or_default()
}

/// Words what the parser reports, and adds what to write instead.
pub(super) fn explain(info: &str, at: Span, text: &str) -> Problem {
    let line = line(text, at.line);
    let index = usize::try_from(at.column.saturating_sub(1)).unwrap_or(usize::MAX);
    let here = line.chars().nth(index);
    let span = if here.is_some() { Span { end_column: at.column.saturating_add(1), ..at } } else { at };
    let problem = |rule, message: &str, help: &str| Problem::new(rule, span, message, help);
    let tab = line.chars().take_while(|c| c.is_whitespace()).position(|c| c == '\t');
    if (info.contains("tab") && !info.contains("table")) || (tab.is_some() && !info.contains("quoted scalar")) {
        let at = tab.and_then(|before| u32::try_from(before).ok()).map_or(span, |before| {
            let column = before.saturating_add(1);
            Span { line: at.line, column, end_line: at.line, end_column: column.saturating_add(1) }
        });
        return Problem::new("yaml/tab", at, "a tab stands where YAML wants spaces", "indent with spaces: two for each step");
    }
    if info.contains("recursion limit") {
        return problem("limit/depth", "collections are nested too deeply here", "flatten the document");
    }
    if info.contains("unknown anchor") {
        return problem("yaml/alias", "aliases are not allowed", "write the value out; put a text that begins with * in quotes");
    }
    if info.contains("anchor or alias") {
        return problem("yaml/anchor", "anchors and aliases are not allowed", "put a text that begins with & or * in quotes");
    }
    if line.starts_with('%') || info.contains("irective") || info.contains("while scanning TAG") {
        return problem("yaml/directive", "directives are not allowed", "remove the line that begins with %");
    }
    if info.contains(" tag") || info.contains("handle wasn't declared") {
        return problem("yaml/tag", "explicit tags are not allowed", "remove `!…`; put a text that begins with ! in quotes");
    }
    if line.contains(quote::is_double) || line.contains(quote::is_single) {
        return problem(
            "document/typographic-quote",
            "this line cannot be read, and it has typographic quotes in it",
            "replace “ and ” by the straight quote \"",
        );
    }
    let (message, help) = words(info, here);
    Problem::new("yaml/syntax", span, message, help)
}

fn words(info: &str, here: Option<char>) -> (String, &'static str) {
    let fixed = |message: &str, help| (message.to_owned(), help);
    if info.contains("unexpected character") {
        let found = here.map(|c| c.to_string()).unwrap_or_default();
        return (format!("a text may not begin with {found}"), "put the text in quotes");
    }
    match info {
        "mapping values are not allowed in this context" | "illegal placement of ':' indicator" => fixed(
            "a colon makes a mapping here, where none can stand",
            "put a text that holds `: ` in quotes, or check the indentation of this line",
        ),
        "while parsing a block mapping, did not find expected key" => fixed(
            "a key was expected here",
            "check that this line is indented like its neighbours, and that quotes and brackets above it are closed",
        ),
        "while parsing a block collection, did not find expected '-' indicator" => {
            fixed("an item `- …` was expected here", "check that this line is indented like the other items of its list")
        }
        "while parsing a flow mapping, did not find expected ',' or '}'" => {
            fixed("a comma or the closing `}` was expected here", "separate the entries by commas, and close the brace")
        }
        "while parsing a flow sequence, expected ',' or ']'" => {
            fixed("a comma or the closing `]` was expected here", "separate the items by commas, and close the bracket")
        }
        "simple key expected" | "simple key expect ':'" => {
            fixed("a colon was expected after this key", "write `key: value`; a long text wants quotes or a `|` block")
        }
        "invalid indentation"
        | "invalid indentation in flow construct"
        | "invalid indentation in quoted scalar"
        | "wrongly indented line in block scalar" => {
            fixed("this line is indented too little", "indent it deeper than the key it belongs to")
        }
        "while scanning a quoted scalar, found unexpected end of stream" => fixed(
            "a quoted text is never closed",
            "close the quote; inside '…' write '' for an apostrophe, inside \"…\" write \\\"",
        ),
        "while parsing a quoted scalar, found unknown escape character"
        | "while parsing a quoted scalar, did not find expected hexadecimal number"
        | "while parsing a quoted scalar, found invalid Unicode character escape code" => {
            fixed("this escape is not known", "write \\\\ for a backslash, or use single quotes, which know no escapes")
        }
        "did not find expected <document start>" => fixed(
            "the document is over before this",
            "check the indentation of this line, and that a bracket or quote above it does not close too early",
        ),
        "while parsing a node, did not find expected node content" => {
            fixed("a value was expected here", "write the value; close every bracket and quote above")
        }
        "misplaced bracket" => fixed("this bracket closes nothing", "remove it, or put the text in quotes"),
        "':' must be followed by a valid YAML whitespace" | "'-' must be followed by a valid YAML whitespace" => {
            fixed("a space is missing after the colon or dash", "write `key: value` and `- item`, each with a space")
        }
        "block sequence entries are not allowed in this context" | "\"-\" is only valid inside a block" => fixed(
            "a list item cannot begin here",
            "put the list on lines of its own below its key, or put a text that begins with `- ` in quotes",
        ),
        other => {
            (format!("this is not well-formed YAML: {other}"), "check indentation, quotes and brackets in and above this line")
        }
    }
}
