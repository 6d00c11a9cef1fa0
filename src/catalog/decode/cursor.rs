//! Where a decoder stands in a document, and how it complains: with file, way, position and what to write instead.

use crate::catalog::node::{MOST_PROBLEMS, Node, NodeKind, Pair};
use crate::catalog::shown::shown;
use crate::model::{FilePath, Finding, Identifier, IdentifierError, Place, Pointer, Span, Subject};

use super::suggest;

/// A node and the way to it. Copies nothing: the way is put together only when somebody complains.
#[derive(Clone, Copy)]
pub(in crate::catalog) struct Cursor<'c, 'n> {
    pub(super) node: &'n Node<'n>,
    parent: Option<&'c Cursor<'c, 'n>>,
    step: Step<'n>,
    key_span: Option<Span>,
}

#[derive(Clone, Copy)]
enum Step<'n> {
    Root,
    Key(&'n str),
    Index(usize),
}

impl<'c, 'n> Cursor<'c, 'n> {
    pub(in crate::catalog) fn root(node: &'n Node<'n>) -> Self {
        Self { node, parent: None, step: Step::Root, key_span: None }
    }

    fn pair(&'c self, pair: &'n Pair<'n>) -> Cursor<'c, 'n> {
        Cursor { node: &pair.value, parent: Some(self), step: Step::Key(&pair.key), key_span: Some(pair.key_span) }
    }

    /// The way from the root of the file.
    pub(in crate::catalog) fn pointer(&self) -> Pointer {
        let parent = self.parent.map(Cursor::pointer).unwrap_or_default();
        match self.step {
            Step::Root => parent,
            Step::Key(key) => parent.key(key),
            Step::Index(index) => parent.index(index),
        }
    }

    /// The last key of the way; empty at the root and for items of lists.
    pub(super) fn name(&self) -> &'n str {
        match self.step {
            Step::Key(key) => key,
            Step::Root | Step::Index(_) => "",
        }
    }

    /// The key that the text stands under, in quotes for a message.
    fn called(&self) -> String {
        match (self.step, self.parent) {
            (Step::Key(key), _) => format!("`{}`", shown(key)),
            (Step::Index(_), Some(parent)) if !parent.name().is_empty() => {
                format!("each item of `{}`", shown(parent.name()))
            }
            (Step::Index(_), _) => "each item of the list".to_owned(),
            (Step::Root, _) => "the document".to_owned(),
        }
    }

    /// The entries of a mapping; nothing where it is none.
    pub(super) fn pairs(&'c self) -> impl Iterator<Item = Cursor<'c, 'n>> {
        let pairs: &'n [Pair<'n>] = match &self.node.kind {
            NodeKind::Map(pairs) => pairs,
            _ => &[],
        };
        pairs.iter().map(|pair| self.pair(pair))
    }

    /// The items of a list; nothing where it is none.
    pub(in crate::catalog) fn items(&'c self) -> impl Iterator<Item = Cursor<'c, 'n>> {
        let items: &'n [Node<'n>] = match &self.node.kind {
            NodeKind::List(items) => items,
            _ => &[],
        };
        items.iter().enumerate().map(|(i, node)| Cursor { node, parent: Some(self), step: Step::Index(i), key_span: None })
    }

    /// The value under `key`, null or not.
    pub(super) fn get(&'c self, key: &str) -> Option<Cursor<'c, 'n>> {
        self.node.get(key).map(|pair| self.pair(pair))
    }

    /// The value under `key`, where it is there and not null.
    pub(super) fn given(&'c self, key: &str) -> Option<Cursor<'c, 'n>> {
        self.get(key).filter(|value| !matches!(value.node.kind, NodeKind::Null))
    }
}

/// A collection that fills more columns than this is not shown as a whole, though it stands in one line: in minified JSON
/// that line is the file.
const WIDEST: u32 = 80;

/// What a person is shown of a node: itself where it stands in one line, else its key, else its first key or item.
pub(in crate::catalog) fn shown_span(node: &Node<'_>, key_span: Option<Span>) -> Span {
    let long = node.span.line != node.span.end_line || node.span.end_column.saturating_sub(node.span.column) > WIDEST;
    match (&node.kind, key_span) {
        (NodeKind::Map(_) | NodeKind::List(_), Some(key)) if long => key,
        (NodeKind::Map(pairs), None) if long => pairs.first().map_or(node.span, |p| p.key_span),
        (NodeKind::List(items), None) if long => items.first().map_or(node.span, |item| shown_span(item, None)),
        _ => node.span,
    }
}

/// Collects everything that is wrong with the documents of one file.
pub(in crate::catalog) struct Decoder<'f> {
    pub(in crate::catalog) file: &'f FilePath,
    /// What the findings are about, once known.
    pub(in crate::catalog) subject: Option<Subject>,
    pub(in crate::catalog) findings: Vec<Finding>,
    /// How many errors there were, told or not.
    pub(in crate::catalog) errors: usize,
}

impl<'f> Decoder<'f> {
    pub(in crate::catalog) fn new(file: &'f FilePath) -> Self {
        Self { file, subject: None, findings: Vec::new(), errors: 0 }
    }

    /// Complains of a value.
    pub(in crate::catalog) fn error(
        &mut self,
        rule: &'static str,
        at: Cursor<'_, '_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.complain(rule, at, false, message.into(), help.into());
    }

    /// Complains of a key.
    pub(super) fn key_error(
        &mut self,
        rule: &'static str,
        at: Cursor<'_, '_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.complain(rule, at, true, message.into(), help.into());
    }

    /// Whether a further complaint would still be told; advice that costs something is sought only then.
    pub(super) fn listens(&self) -> bool {
        self.findings.len() < MOST_PROBLEMS
    }

    /// What to write instead of a word that is not among the known ones.
    pub(super) fn choices<'k>(&self, written: &str, known: impl IntoIterator<Item = &'k str> + Clone) -> String {
        if self.listens() { suggest::choices(written, known) } else { String::new() }
    }

    fn complain(&mut self, rule: &'static str, at: Cursor<'_, '_>, on_key: bool, message: String, help: String) {
        self.errors += 1;
        if !self.listens() {
            return;
        }
        let span = match at.key_span {
            Some(key) if on_key => key,
            key => shown_span(at.node, key),
        };
        let place = Place { file: self.file.clone(), pointer: at.pointer(), on_key, span: Some(span) };
        let mut finding = Finding::error(rule, message).at(place).help(help);
        finding.subject = self.subject.clone();
        self.findings.push(finding);
    }

    fn wrong_type(&mut self, at: Cursor<'_, '_>, wanted: &str, help: String) {
        if matches!(at.node.kind, NodeKind::Broken) {
            return; // told already by whoever read the text
        }
        self.error("document/wrong-type", at, format!("{} wants {wanted}, not {}", at.called(), at.node.kind.word()), help);
    }

    /// Demands a mapping with these keys and no others.
    pub(super) fn fields(&mut self, at: Cursor<'_, '_>, known: &[&'static str]) -> bool {
        self.fields_except(at, known, |_| None)
    }

    /// The same, with a special word of advice for some of the unknown keys.
    pub(super) fn fields_except(
        &mut self,
        at: Cursor<'_, '_>,
        known: &[&'static str],
        advice: impl Fn(&str) -> Option<(&'static str, String)>,
    ) -> bool {
        if !self.mapping(at) {
            return false;
        }
        for pair in at.pairs().filter(|pair| !known.contains(&pair.name())) {
            match advice(pair.name()) {
                Some((rule, help)) => self.key_error(rule, pair, format!("`{}` may not stand here", shown(pair.name())), help),
                None => {
                    let help = self.choices(pair.name(), known.iter().copied());
                    self.key_error(
                        "document/unknown-key",
                        pair,
                        format!("`{}` is not a known key here", shown(pair.name())),
                        help,
                    );
                }
            }
        }
        true
    }

    /// Demands a mapping, whatever its keys.
    pub(super) fn mapping(&mut self, at: Cursor<'_, '_>) -> bool {
        let good = matches!(at.node.kind, NodeKind::Map(_));
        if !good {
            self.wrong_type(at, "a mapping", "write `key: value` entries below it, or {} for none".to_owned());
        }
        good
    }

    /// Demands a list.
    pub(super) fn list(&mut self, at: Cursor<'_, '_>) -> bool {
        let good = matches!(at.node.kind, NodeKind::List(_));
        if !good {
            self.wrong_type(at, "a list", "write `- item` lines below it, or [] for none".to_owned());
        }
        good
    }

    /// Demands that a key is there, with a value.
    pub(super) fn required<'c, 'n>(&mut self, at: &'c Cursor<'c, 'n>, key: &str, example: &str) -> Option<Cursor<'c, 'n>> {
        let found = at.given(key);
        if found.is_none() {
            let place = at.get(key).unwrap_or(*at);
            self.error("document/missing-key", place, format!("`{key}` is missing"), format!("add `{key}: {example}`"));
        }
        found
    }

    pub(super) fn text<'n>(&mut self, at: Cursor<'_, 'n>) -> Option<&'n str> {
        if let NodeKind::Text(text) = &at.node.kind {
            return Some(text);
        }
        let help = match &at.node.kind {
            NodeKind::Null => "write a text, or remove the key".to_owned(),
            NodeKind::Bool(_) | NodeKind::Int(_) | NodeKind::Float(_) => {
                format!("put it in quotes: \"{}\"", at.node.to_value().canonical())
            }
            _ => "write a text".to_owned(),
        };
        self.wrong_type(at, "a text", help);
        None
    }

    /// A text that may be absent or null.
    pub(super) fn optional_text(&mut self, at: &Cursor<'_, '_>, key: &str) -> Option<String> {
        at.given(key).and_then(|value| self.text(value)).map(str::to_owned)
    }

    pub(super) fn boolean(&mut self, at: Cursor<'_, '_>) -> Option<bool> {
        match &at.node.kind {
            NodeKind::Bool(b) => Some(*b),
            NodeKind::Text(text) => {
                let help = match text.to_lowercase().as_str() {
                    "yes" | "on" | "y" | "true" => "write true, without quotes: `yes` and `on` are texts in YAML 1.2",
                    "no" | "off" | "n" | "false" => "write false, without quotes: `no` and `off` are texts in YAML 1.2",
                    _ => "write true or false",
                };
                self.wrong_type(at, "true or false", help.to_owned());
                None
            }
            _ => {
                self.wrong_type(at, "true or false", "write true or false".to_owned());
                None
            }
        }
    }

    /// A boolean that may be absent or null, and is false then.
    pub(super) fn flag(&mut self, at: &Cursor<'_, '_>, key: &str) -> bool {
        at.given(key).and_then(|value| self.boolean(value)).unwrap_or(false)
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, at: Cursor<'_, '_>, least: u64, most: u64) -> Option<u64> {
        if let crate::model::Value::Int(i) = at.node.to_value() {
            if let Some(number) = u64::try_from(i).ok().filter(|n| (least..=most).contains(n)) {
                return Some(number);
            }
            let help = format!("write a whole number from {least} to {most}");
            self.error("document/out-of-range", at, format!("{} is out of range", at.called()), help);
            return None;
        }
        self.wrong_type(at, "a whole number", format!("write a whole number from {least} to {most}, without quotes"));
        None
    }

    /// One of some fixed words.
    pub(super) fn choice<'k>(&mut self, at: Cursor<'_, '_>, known: &[&'k str]) -> Option<&'k str> {
        let text = self.text(at)?;
        let found = known.iter().find(|word| **word == text).copied();
        if found.is_none() {
            let message = format!("`{}` is not a value of {}", shown(text), at.called());
            let help = self.choices(text, known.iter().copied());
            self.error("document/unknown-value", at, message, help);
        }
        found
    }

    pub(super) fn identifier(&mut self, at: Cursor<'_, '_>) -> Option<Identifier> {
        let text = self.text(at)?;
        self.identifier_of(at, text, false)
    }

    /// A key that must be an identifier.
    pub(super) fn key_identifier(&mut self, at: Cursor<'_, '_>) -> Option<Identifier> {
        self.identifier_of(at, at.name(), true)
    }

    fn identifier_of(&mut self, at: Cursor<'_, '_>, text: &str, on_key: bool) -> Option<Identifier> {
        match Identifier::new(text) {
            Ok(identifier) => Some(identifier),
            Err(error) => {
                let (rule, help) = identifier_rule(&error);
                self.complain(rule, at, on_key, error.to_string(), help.to_owned());
                None
            }
        }
    }

    /// The identifiers of a list; sorted, each once, as their order means nothing.
    pub(super) fn identifiers(&mut self, at: Cursor<'_, '_>) -> Vec<Identifier> {
        if !self.list(at) {
            return Vec::new();
        }
        let mut all: Vec<_> = at.items().filter_map(|item| self.identifier(item)).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// The rule that an unusable identifier breaks, and the advice.
pub(super) fn identifier_rule(error: &IdentifierError) -> (&'static str, &'static str) {
    match error {
        IdentifierError::Empty => ("identifier/empty", "write a name of 1 to 100 characters"),
        IdentifierError::TooLong { .. } => ("identifier/too-long", "shorten it; a longer name can stand in `title`"),
        IdentifierError::Dots(_) => ("identifier/dots", "write a name"),
        IdentifierError::Invisible(_) => ("identifier/invisible", "remove the character; typing the name anew is the surest way"),
        IdentifierError::NotNormal => {
            ("identifier/not-normal", "write the letters composed, or without accents; any text can stand in `title`")
        }
        IdentifierError::Character(_) => {
            ("identifier/character", "use letters, digits and @ _ . + : \\ / = - only; any text can stand in `title`")
        }
    }
}
