//! Texts with places to be filled in, `{{ .inputs.ttl }}`: the place is a path, and what fills it is a value.

use super::Value;

/// A text of pieces, at least one of which is a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template(Vec<Piece>);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Piece {
    Text(Box<str>),
    Path(TemplatePath),
}

/// A path of keys: `.trigger.user.email`, `.inputs["a name"]`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TemplatePath(Vec<Box<str>>);

impl std::fmt::Display for TemplatePath {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|key| write!(f, ".{key}"))
    }
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
}

impl Template {
    /// Reads a text; `None` where it holds no `{{`.
    ///
    /// # Errors
    /// [`TemplateError::Open`] and [`TemplateError::NotAPath`].
    pub fn parse(text: &str) -> Result<Option<Self>, TemplateError> {
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
        if pieces.is_empty() {
            return Ok(None);
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.into()));
        }
        Ok(Some(Self(pieces)))
    }

    /// Its paths.
    pub fn paths(&self) -> impl Iterator<Item = &TemplatePath> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Path(path) => Some(path),
            Piece::Text(_) => None,
        })
    }

    /// The value: of a path alone what stands there, whatever its type; of a text with paths in it a text.
    ///
    /// # Errors
    /// [`TemplateError::Absent`], and [`TemplateError::NotText`] where a list or a mapping would have to become text.
    pub fn fill(&self, root: &Value) -> Result<Value, TemplateError> {
        if let [Piece::Path(path)] = self.0.as_slice() {
            return path.find(root).cloned();
        }
        let mut out = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Path(path) => match path.find(root)? {
                    Value::String(text) => out.push_str(text),
                    scalar @ (Value::Bool(_) | Value::Int(_) | Value::Float(_)) => out.push_str(&scalar.canonical()),
                    _ => return Err(TemplateError::NotText(path.to_string())),
                },
            }
        }
        Ok(Value::from(out.as_str()))
    }
}

impl TemplatePath {
    fn parse(inside: &str) -> Result<Self, TemplateError> {
        let wrong = || TemplateError::NotAPath(inside.trim().chars().take(60).collect());
        let mut rest = inside.trim();
        let mut keys = Vec::new();
        while !rest.is_empty() {
            let after_dot = rest.strip_prefix('.');
            if let Some(quoted) = after_dot.unwrap_or(rest).strip_prefix("[\"") {
                let (key, behind) = quoted.split_once("\"]").ok_or_else(wrong)?;
                keys.push(key.into());
                rest = behind;
                continue;
            }
            let word = after_dot.ok_or_else(wrong)?;
            let end = word.find(['.', '[']).unwrap_or(word.len());
            let (key, behind) = word.split_at_checked(end).ok_or_else(wrong)?;
            let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '$' | '@');
            if key.is_empty() || !key.chars().all(plain) {
                return Err(wrong());
            }
            keys.push(key.into());
            rest = behind;
        }
        if keys.is_empty() { Err(wrong()) } else { Ok(Self(keys)) }
    }

    /// Its first key: what is asked for, `inputs`, `user`…
    pub fn first(&self) -> &str {
        self.0.first().map_or("", |key| key)
    }

    fn find<'v>(&self, root: &'v Value) -> Result<&'v Value, TemplateError> {
        let found = self.0.iter().try_fold(root, |value, key| value.get(key));
        found.filter(|value| !value.is_null()).ok_or_else(|| TemplateError::Absent(self.to_string()))
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
        assert_eq!(Template::parse("plain } text"), Ok(None));
    }

    #[test]
    fn what_is_not_there_is_an_error_and_never_empty() {
        for text in ["{{ .inputs.none }}", "{{ .user }}", "{{ .user.email }}", "a {{ .inputs.list }}"] {
            assert!(fill(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_paths_stand_between_braces() {
        for text in
            ["{{", "{{ }}", "{{ . }}", "{{ inputs }}", "{{ .a | env }}", "{{getUserTeams()}}", "{{ .a[0 }}", "{{ .a[\"b }}"]
        {
            assert!(Template::parse(text).is_err(), "{text}");
        }
    }
}
