//! Texts with places to be filled in, `{{ .inputs.ttl }}`: the place is a path, and what fills it is a value.

use super::{TemplatePath, Value};

/// A text of pieces, at least one of which is a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template(Vec<Piece>);

/// A piece of a template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Text that stands as it is.
    Text(Box<str>),
    /// A place that is filled in.
    Path(TemplatePath),
}

/// Why a text is no template, or cannot be filled in.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TemplateError {
    /// `{{` without `}}`.
    #[error("`{{{{` is not closed by `}}}}`")]
    Open,
    /// What stands between the braces is no path.
    #[error("`{0}` is not a path such as `.inputs.name`")]
    NotAPath(String),
    /// Nothing stands there.
    #[error("there is nothing at `{0}`")]
    Absent(String),
    /// A list or a mapping cannot stand within a text.
    #[error("`{0}` is no text, number or boolean, and cannot stand within a text")]
    NotText(String),
    /// Filled in, it would be larger than anybody takes.
    #[error("filled in, it would be too large")]
    TooLarge,
}

/// How many bytes may still be filled in: a short text that names a long input a thousand times is stopped before it is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Allowance(usize);

impl Allowance {
    /// So many bytes in all.
    pub fn of(bytes: usize) -> Self {
        Self(bytes)
    }

    /// Takes some of them.
    ///
    /// # Errors
    /// [`TemplateError::TooLarge`] where fewer are left.
    pub fn take(&mut self, bytes: usize) -> Result<(), TemplateError> {
        self.0 = self.0.checked_sub(bytes).ok_or(TemplateError::TooLarge)?;
        Ok(())
    }
}

impl Template {
    /// Reads a text; `None` where it holds no `{{`.
    ///
    /// # Errors
    /// [`TemplateError::Open`] and [`TemplateError::NotAPath`].
    pub fn parse(text: &str) -> Result<Option<Self>, TemplateError> {
        let template = Self::read(text)?;
        let has_places = template.paths().next().is_some();
        Ok(has_places.then_some(template))
    }

    /// Reads a text, with places to be filled in or without.
    ///
    /// # Errors
    /// [`TemplateError::Open`] and [`TemplateError::NotAPath`].
    pub fn read(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let (inside, behind) = after.split_once("}}").ok_or(TemplateError::Open)?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.into()));
            }
            pieces.push(Piece::Path(TemplatePath::parse(inside)?));
            rest = behind;
        }
        if !rest.is_empty() || pieces.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Self(pieces))
    }

    /// Its pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// Its paths.
    pub fn paths(&self) -> impl Iterator<Item = &TemplatePath> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Path(path) => Some(path),
            Piece::Text(_) => None,
        })
    }

    /// The path, where it is nothing else.
    pub fn lone(&self) -> Option<&TemplatePath> {
        match self.0.as_slice() {
            [Piece::Path(path)] => Some(path),
            _ => None,
        }
    }

    /// The value: of a path alone what stands there, whatever its type; of a text with paths in it a text.
    ///
    /// # Errors
    /// [`TemplateError::Absent`], and [`TemplateError::NotText`] where a list or a mapping would have to become text.
    pub fn fill(&self, root: &Value) -> Result<Value, TemplateError> {
        match self.lone() {
            Some(path) => path.find(root).cloned(),
            None => self.text(root, &mut Allowance::of(usize::MAX), str::to_owned).map(|text| Value::from(&*text)),
        }
    }

    /// The same, but of a path alone at which there is nothing `null`, and within what is allowed.
    ///
    /// # Errors
    /// [`TemplateError::Absent`] within a text, [`TemplateError::NotText`], [`TemplateError::TooLarge`].
    pub fn fill_or_null(&self, root: &Value, allowance: &mut Allowance) -> Result<Value, TemplateError> {
        let Some(path) = self.lone() else {
            return self.text(root, allowance, str::to_owned).map(|text| Value::from(&*text));
        };
        let Ok(found) = path.find(root) else { return Ok(Value::Null) };
        allowance.take(found.canonical().len())?;
        Ok(found.clone())
    }

    /// The text, with everything that is filled in led through `write`.
    ///
    /// # Errors
    /// [`TemplateError::Absent`], [`TemplateError::NotText`], [`TemplateError::TooLarge`].
    pub fn text(&self, root: &Value, allowance: &mut Allowance, write: impl Fn(&str) -> String) -> Result<String, TemplateError> {
        let mut out = String::new();
        for piece in &self.0 {
            let next = match piece {
                Piece::Text(text) => text.to_string(),
                Piece::Path(path) => write(&path.text(root)?),
            };
            allowance.take(next.len())?;
            out.push_str(&next);
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> Value {
        Value::from_json(&serde_json::json!({"inputs": {"name": "a}}b", "n": 3, "list": [1], "a b": true}, "user": null}))
    }

    fn fill(text: &str) -> Result<Value, TemplateError> {
        Template::parse(text).map(Option::unwrap).and_then(|template| template.fill(&root()))
    }

    #[test]
    fn a_path_alone_is_the_value_and_within_a_text_it_is_text() {
        assert_eq!(fill("{{ .inputs.n }}"), Ok(Value::Int(3)));
        assert_eq!(fill("{{.inputs.list}}"), Ok(Value::List([Value::Int(1)].into())));
        assert_eq!(fill("x-{{ .inputs.name }}-{{.inputs[\"a b\"]}}"), Ok(Value::from("x-a}}b-true")));
        assert_eq!(fill("{{ .inputs.\"a b\" }}{{ .inputs.list[0] }}"), Ok(Value::from("true1")));
        assert_eq!(Template::parse("plain } text"), Ok(None));
    }

    #[test]
    fn what_is_filled_in_is_never_a_template_again() {
        let root = Value::from_json(&serde_json::json!({"a": "{{ .b }}", "b": "secret"}));
        let filled = |text: &str| Template::read(text).unwrap().fill(&root).unwrap();
        assert_eq!(filled("{{ .a }}"), Value::from("{{ .b }}"));
        assert_eq!(filled("x {{ .a }}"), Value::from("x {{ .b }}"));
    }

    #[test]
    fn a_short_text_that_would_become_a_huge_one_is_stopped_on_the_way() {
        let root = Value::from_json(&serde_json::json!({"a": "x".repeat(1000), "list": ["y"]}));
        let bomb = Template::read(&"{{ .a }} ".repeat(10_000)).unwrap();
        assert_eq!(bomb.fill_or_null(&root, &mut Allowance::of(1 << 20)), Err(TemplateError::TooLarge));
        let lone = Template::read("{{ .a }}").unwrap();
        assert_eq!(lone.fill_or_null(&root, &mut Allowance::of(999)), Err(TemplateError::TooLarge));
        let nothing = Template::read("{{ .none }}").unwrap();
        assert_eq!(nothing.fill_or_null(&root, &mut Allowance::of(0)), Ok(Value::Null));
    }

    #[test]
    fn what_is_not_there_is_an_error_and_never_empty() {
        for text in ["{{ .inputs.none }}", "{{ .user }}", "{{ .user.email }}", "a {{ .inputs.list }}"] {
            assert!(fill(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_paths_stand_between_braces() {
        for text in [
            "{{",
            "{{ }}",
            "{{ . }}",
            "{{ .a[x] }}",
            "{{ .a[-1] }}",
            "{{ .a? }}",
            "{{ .\"a }}",
            "{{ .. }}",
            "{{ .a. }}",
            "{{ inputs }}",
            "{{ .a | env }}",
            "{{getUserTeams()}}",
            "{{ .a[0 }}",
            "{{ .a[\"b }}",
        ] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
