//! A document as a tree of positioned nodes, whatever its syntax.

use std::borrow::Cow;

use crate::model::{Span, Value};

/// A value and the text it was read from.
#[derive(Debug)]
pub(super) struct Node<'a> {
    /// From its first character to after its last.
    pub(super) span: Span,
    pub(super) kind: NodeKind<'a>,
}

#[derive(Debug)]
pub(super) enum NodeKind<'a> {
    Null,
    Bool(bool),
    Int(i128),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Map(Vec<Pair<'a>>),
    /// Something that stands there and cannot be used; a problem says why, so nobody needs to complain again.
    Broken,
}

/// An entry of a mapping.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) key: Cow<'a, str>,
    pub(super) key_span: Span,
    pub(super) value: Node<'a>,
}

impl NodeKind<'_> {
    /// What a person calls it.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
            Self::Broken => "something unreadable",
        }
    }
}

impl<'a> Node<'a> {
    /// The value under `key`, where this is a mapping that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Pair<'a>> {
        match &self.kind {
            NodeKind::Map(pairs) => pairs.iter().find(|pair| pair.key == key),
            _ => None,
        }
    }

    /// The value by meaning; what is broken becomes null, and its problem keeps the document from being used.
    pub(super) fn to_value(&self) -> Value {
        match &self.kind {
            NodeKind::Null | NodeKind::Broken => Value::Null,
            NodeKind::Bool(b) => Value::Bool(*b),
            NodeKind::Int(i) => Value::Int(*i),
            NodeKind::Float(f) => Value::from_f64(*f),
            NodeKind::Text(text) => Value::String(text.as_ref().into()),
            NodeKind::List(items) => Value::List(items.iter().map(Node::to_value).collect()),
            NodeKind::Map(pairs) => Value::from_pairs(pairs.iter().map(|p| (p.key.as_ref().into(), p.value.to_value()))),
        }
    }
}

/// Something wrong with the text of a file, before anybody asks what it means.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Problem {
    pub(super) rule: &'static str,
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) help: String,
}

impl Problem {
    pub(super) fn new(rule: &'static str, span: Span, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { rule, span, message: message.into(), help: help.into() }
    }
}

/// What reading a text gave.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    /// The document, as far as it could be read; `None` where there is none at all.
    pub(super) root: Option<Node<'a>>,
    /// What is wrong with it.
    pub(super) problems: Vec<Problem>,
    /// Whether the end was reached: only then does a missing key mean anything.
    pub(super) complete: bool,
}

/// A span of no width.
pub(super) fn point(line: u32, column: u32) -> Span {
    Span { line, column, end_line: line, end_column: column }
}

/// After this many problems a reader gives up.
pub(super) const MOST_PROBLEMS: usize = 100;
