//! A path into a value, as jq writes it: keys and indices alone, so that what a place is filled with is known by reading it.

use std::borrow::Cow;
use std::fmt;

use super::{TemplateError, Value};

/// `.requester.email`, `.inputs["a name"]`, `.inputs."a name"`, `.inputs.regions[0]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplatePath(Vec<TemplateStep>);

/// A step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TemplateStep {
    /// Of a mapping.
    Key(Box<str>),
    /// Of a list, from 0.
    Index(usize),
}

impl fmt::Display for TemplatePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|step| match step {
            TemplateStep::Key(key) => write!(f, ".{key}"),
            TemplateStep::Index(index) => write!(f, "[{index}]"),
        })
    }
}

impl TemplatePath {
    /// Reads what stands between the braces.
    ///
    /// # Errors
    /// [`TemplateError::NotAPath`].
    pub(super) fn parse(inside: &str) -> Result<Self, TemplateError> {
        let wrong = || TemplateError::NotAPath(inside.trim().chars().take(60).collect());
        let mut rest = inside.trim();
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let (step, behind) = next(rest, steps.is_empty()).ok_or_else(wrong)?;
            steps.push(step);
            rest = behind;
        }
        match steps.first() {
            Some(TemplateStep::Key(_)) => Ok(Self(steps)),
            _ => Err(wrong()),
        }
    }

    /// Its first key: what is asked for, `inputs`, `user`…
    pub fn first(&self) -> &str {
        self.key(0).unwrap_or_default()
    }

    /// Its key at a depth, from 0, where that is one.
    pub fn key(&self, depth: usize) -> Option<&str> {
        match self.0.get(depth) {
            Some(TemplateStep::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Its steps: at least one, and the first is a key.
    pub fn steps(&self) -> &[TemplateStep] {
        &self.0
    }

    /// What stands there, as text.
    ///
    /// # Errors
    /// [`TemplateError::Absent`], and [`TemplateError::NotText`] for a list or a mapping.
    pub fn text<'v>(&self, root: &'v Value) -> Result<Cow<'v, str>, TemplateError> {
        match self.find(root)? {
            Value::String(text) => Ok(Cow::Borrowed(text)),
            scalar @ (Value::Bool(_) | Value::Int(_) | Value::Float(_)) => Ok(Cow::Owned(scalar.canonical())),
            _ => Err(TemplateError::NotText(self.to_string())),
        }
    }

    /// What stands there.
    ///
    /// # Errors
    /// [`TemplateError::Absent`] where there is nothing, or `null`.
    pub(super) fn find<'v>(&self, root: &'v Value) -> Result<&'v Value, TemplateError> {
        let found = self.0.iter().try_fold(root, |value, step| match (step, value) {
            (TemplateStep::Key(key), _) => value.get(key),
            (TemplateStep::Index(index), Value::List(items)) => items.get(*index),
            (TemplateStep::Index(_), _) => None,
        });
        found.filter(|value| !value.is_null()).ok_or_else(|| TemplateError::Absent(self.to_string()))
    }
}

/// The next step, and what is behind it.
fn next(text: &str, is_first: bool) -> Option<(TemplateStep, &str)> {
    let after_dot = text.strip_prefix('.');
    if let Some(quoted) = after_dot.unwrap_or(text).strip_prefix("[\"") {
        let (key, behind) = quoted.split_once("\"]")?;
        return Some((TemplateStep::Key(key.into()), behind));
    }
    if let Some(bracket) = text.strip_prefix('[').filter(|_| !is_first) {
        let (digits, behind) = bracket.split_once(']')?;
        let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        return plain.then(|| digits.parse().ok().map(|index| (TemplateStep::Index(index), behind))).flatten();
    }
    let word = after_dot?;
    if let Some(quoted) = word.strip_prefix('"') {
        let (key, behind) = quoted.split_once('"')?;
        let ends = behind.is_empty() || behind.starts_with(['.', '[']);
        return (ends && !key.contains('\\')).then(|| (TemplateStep::Key(key.into()), behind));
    }
    let end = word.find(['.', '[']).unwrap_or(word.len());
    let (key, behind) = word.split_at_checked(end)?;
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@');
    (!key.is_empty() && key.chars().all(plain) && behind != ".").then(|| (TemplateStep::Key(key.into()), behind))
}
