//! The one builder that both readers feed: it puts nodes together, keeps the limits and refuses duplicate keys.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::model::{Limits, RuleDoc, Span};

use super::node::{MOST_PROBLEMS, Node, NodeKind, Pair, Problem, Tree, point};
use super::shown::shown;

/// The rules that the builder applies, whatever the syntax.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "document/duplicate-key",
        summary: "A mapping has each key once, however it is spelled.",
        remedy: "Remove one of the two entries, or rename it.",
    },
    RuleDoc {
        id: "limit/depth",
        summary: "Collections are nested no deeper than `limits.depth` of catalog.yaml (32 where unsaid).",
        remedy: "Flatten the document, or have an Admin raise `limits.depth`.",
    },
    RuleDoc {
        id: "limit/nodes",
        summary: "A file holds no more keys and values than `limits.nodes` of catalog.yaml (20,000 where unsaid).",
        remedy: "Divide the file into several, or have an Admin raise `limits.nodes`.",
    },
    RuleDoc {
        id: "limit/findings",
        summary: "After a hundred problems in one file the rest is not told.",
        remedy: "Mend the first ones, then look again.",
    },
    RuleDoc {
        id: "limit/scalar-bytes",
        summary: "One text has no more bytes than `limits.scalarBytes` of catalog.yaml (64 KiB where unsaid).",
        remedy: "Keep long texts elsewhere and link to them, or have an Admin raise `limits.scalarBytes`.",
    },
];

/// Reading cannot go on; the last problem says why.
#[derive(Debug)]
pub(super) struct Fatal;

/// Puts nodes together as a reader meets them; never recurses, and stops at the limits.
#[derive(Debug)]
pub(super) struct Builder<'a> {
    limits: Limits,
    nodes: usize,
    open: Vec<Open<'a>>,
    root: Option<Node<'a>>,
    pub(super) problems: Vec<Problem>,
}

#[derive(Debug)]
struct Open<'a> {
    start: Span,
    body: Body<'a>,
    /// It stands where a key should: it is read to its end and thrown away, and so is its value.
    as_key: bool,
}

#[derive(Debug)]
enum Body<'a> {
    List(Vec<Node<'a>>),
    /// `spoiled`: a key of it could not be used.
    Map {
        pairs: Vec<Pair<'a>>,
        key: PendingKey<'a>,
        spoiled: bool,
    },
}

#[derive(Debug)]
enum PendingKey<'a> {
    None,
    Some(Cow<'a, str>, Span),
    /// An unusable key; its value is thrown away.
    Skip,
}

impl<'a> Builder<'a> {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { limits: *limits, nodes: 0, open: Vec::new(), root: None, problems: Vec::new() }
    }

    pub(super) fn problem(&mut self, rule: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.problems.push(Problem::new(rule, span, message, help));
    }

    /// Whether what comes next in the text is a key.
    pub(super) fn wants_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { body: Body::Map { key: PendingKey::None, .. }, .. }))
    }

    /// Whether the innermost collection has nothing in it yet.
    pub(super) fn is_empty_collection(&self) -> bool {
        match self.open.last().map(|open| &open.body) {
            Some(Body::List(items)) => items.is_empty(),
            Some(Body::Map { pairs, .. }) => pairs.is_empty(),
            None => true,
        }
    }

    /// Gives up once there are more problems than anybody reads.
    pub(super) fn patience(&mut self) -> Result<(), Fatal> {
        if self.problems.len() < MOST_PROBLEMS {
            return Ok(());
        }
        let last = self.problems.last().map_or(point(1, 1), |p| p.span);
        self.problem(
            "limit/findings",
            last,
            format!("more than {MOST_PROBLEMS} things are wrong in this file; the rest is not read"),
            "mend these first, then look again",
        );
        Err(Fatal)
    }

    /// Where the pending key ends: an empty value stands there.
    pub(super) fn pending_key_end(&self) -> Option<Span> {
        match self.open.last() {
            Some(Open { body: Body::Map { key: PendingKey::Some(_, span), .. }, .. }) => {
                Some(point(span.end_line, span.end_column))
            }
            _ => None,
        }
    }

    pub(super) fn key(&mut self, text: Cow<'a, str>, span: Span) -> Result<(), Fatal> {
        self.count(span)?;
        let text = self.bounded(text, span);
        if let Some(Open { body: Body::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = text.map_or(PendingKey::Skip, |text| PendingKey::Some(text, span));
        }
        Ok(())
    }

    /// The next value belongs to a key that cannot be used.
    pub(super) fn skip_key(&mut self) {
        if let Some(Open { body: Body::Map { key, spoiled, .. }, .. }) = self.open.last_mut() {
            (*key, *spoiled) = (PendingKey::Skip, true);
        }
    }

    pub(super) fn scalar(&mut self, kind: NodeKind<'a>, span: Span) -> Result<(), Fatal> {
        self.count(span)?;
        let kind = match kind {
            NodeKind::Text(text) => self.bounded(text, span).map_or(NodeKind::Broken, NodeKind::Text),
            other => other,
        };
        self.place(Node { span, kind });
        Ok(())
    }

    pub(super) fn open_list(&mut self, start: Span) -> Result<(), Fatal> {
        self.open_body(start, Body::List(Vec::new()))
    }

    pub(super) fn open_map(&mut self, start: Span) -> Result<(), Fatal> {
        self.open_body(start, Body::Map { pairs: Vec::new(), key: PendingKey::None, spoiled: false })
    }

    /// Closes the innermost collection, at the end of its bracket where it has one.
    pub(super) fn close(&mut self, bracket: Option<Span>) {
        let Some(Open { start, body, as_key }) = self.open.pop() else { return };
        let (last, kind) = match body {
            Body::List(items) => (items.last().map(|n| n.span), NodeKind::List(items)),
            Body::Map { mut pairs, key, spoiled } => {
                if let PendingKey::Some(key, key_span) = key {
                    // The text ended between a key and its value.
                    let value = Node { span: point(key_span.end_line, key_span.end_column), kind: NodeKind::Broken };
                    pairs.push(Pair { key, key_span, value });
                }
                self.refuse_duplicates(&mut pairs);
                // `{{ name }}` was hardly meant to be a mapping: what is left of it is not worth a second complaint.
                let nothing_left = spoiled && pairs.is_empty();
                let last = pairs.last().map(|p| p.value.span);
                (last, if nothing_left { NodeKind::Broken } else { NodeKind::Map(pairs) })
            }
        };
        let end = bracket.or(last).unwrap_or(start);
        let span = Span { end_line: end.end_line, end_column: end.end_column, ..start };
        if as_key {
            self.skip_key();
        } else {
            self.place(Node { span, kind });
        }
    }

    /// Closes whatever is open and hands over the tree.
    pub(super) fn finish(mut self, complete: bool) -> Tree<'a> {
        while !self.open.is_empty() {
            self.close(None);
        }
        Tree { root: self.root, problems: self.problems, complete }
    }

    fn open_body(&mut self, start: Span, body: Body<'a>) -> Result<(), Fatal> {
        self.count(start)?;
        if self.open.len() >= self.limits.depth {
            self.problem(
                "limit/depth",
                start,
                format!("collections are nested deeper than {} here", self.limits.depth),
                "flatten the document, or ask an Admin to raise `limits.depth` in catalog.yaml",
            );
            return Err(Fatal);
        }
        let as_key = self.wants_key();
        self.open.push(Open { start, body, as_key });
        Ok(())
    }

    fn place(&mut self, node: Node<'a>) {
        match self.open.last_mut().map(|open| &mut open.body) {
            None => {
                self.root.get_or_insert(node);
            }
            Some(Body::List(items)) => items.push(node),
            Some(Body::Map { pairs, key, .. }) => {
                if let PendingKey::Some(key, key_span) = std::mem::replace(key, PendingKey::None) {
                    pairs.push(Pair { key, key_span, value: node });
                }
            }
        }
    }

    fn count(&mut self, span: Span) -> Result<(), Fatal> {
        self.patience()?;
        self.nodes += 1;
        if self.nodes <= self.limits.nodes {
            return Ok(());
        }
        self.problem(
            "limit/nodes",
            span,
            format!("the file holds more than {} keys and values", self.limits.nodes),
            "divide the file into several, or ask an Admin to raise `limits.nodes` in catalog.yaml",
        );
        Err(Fatal)
    }

    fn bounded(&mut self, text: Cow<'a, str>, span: Span) -> Option<Cow<'a, str>> {
        if text.len() <= self.limits.scalar_bytes {
            return Some(text);
        }
        self.problem(
            "limit/scalar-bytes",
            span,
            format!("this text has {} bytes; at most {} are allowed", text.len(), self.limits.scalar_bytes),
            "keep long texts elsewhere and link to them, or ask an Admin to raise `limits.scalarBytes` in catalog.yaml",
        );
        None
    }

    /// Keeps the first of equal keys and complains of the others.
    fn refuse_duplicates(&mut self, pairs: &mut Vec<Pair<'a>>) {
        const FEW: usize = 12; // below this, comparing each with each is quicker than hashing
        let mut repeated: Vec<(usize, u32)> = Vec::new();
        if pairs.len() <= FEW {
            for (i, pair) in pairs.iter().enumerate() {
                if let Some(first) = pairs.iter().take(i).find(|earlier| earlier.key == pair.key) {
                    repeated.push((i, first.key_span.line));
                }
            }
        } else {
            let mut seen: HashMap<&str, u32> = HashMap::with_capacity(pairs.len());
            for (i, pair) in pairs.iter().enumerate() {
                match seen.get(pair.key.as_ref()) {
                    Some(line) => repeated.push((i, *line)),
                    None => {
                        seen.insert(&pair.key, pair.key_span.line);
                    }
                }
            }
        }
        for &(i, line) in &repeated {
            if let Some(pair) = pairs.get(i) {
                let message = format!("the key `{}` stands here a second time; the first is in line {line}", shown(&pair.key));
                self.problems.push(Problem::new(
                    "document/duplicate-key",
                    pair.key_span,
                    message,
                    "remove one of the two, or rename it: a reader must not have to guess which one counts",
                ));
            }
        }
        if !repeated.is_empty() {
            let mut i = 0;
            let mut next = repeated.iter().map(|(i, _)| *i).peekable();
            pairs.retain(|_| {
                let drop = next.next_if_eq(&i).is_some();
                i += 1;
                !drop
            });
        }
    }
}
