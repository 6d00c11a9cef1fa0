//! Where something stands and what it is about: files, positions, commits, subjects.

use std::fmt;
use std::sync::Arc;

use super::{EntityKey, Identifier};

/// A path inside the catalog's directory, with `/` between its parts; never absolute, never with `.` or `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FilePath(Arc<str>);

impl FilePath {
    /// Takes a path as git's tree spells it, relative to the catalog's root.
    pub fn new(path: &str) -> Self {
        Self(Arc::from(path))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The file name without its last extension.
    pub fn stem(&self) -> &str {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        name.rsplit_once('.').map_or(name, |(stem, _)| stem)
    }
}

impl fmt::Display for FilePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A commit, by its SHA-1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub [u8; 20]);

impl CommitId {
    /// Reads forty hexadecimal digits.
    pub fn from_hex(text: &str) -> Option<Self> {
        // Digits alone: `from_str_radix` would also take a sign.
        if text.len() != 40 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let mut out = [0u8; 20];
        for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
            *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
        }
        Some(Self(out))
    }

    /// The first ten digits: enough for a reader.
    pub fn short(&self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl serde::Serialize for CommitId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for CommitId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("not a commit's id"))
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// One step into a document.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// A key of a mapping.
    Key(Box<str>),
    /// A position in a sequence, from zero.
    Index(usize),
}

/// The way from a file's root to a node, as JSON Pointer means it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Pointer(Vec<Part>);

impl Pointer {
    /// The root of the file.
    pub fn root() -> Self {
        Self::default()
    }

    /// This way and one key more.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        let mut parts = self.0.clone();
        parts.push(Part::Key(key.into()));
        Self(parts)
    }

    /// This way and one index more.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        let mut parts = self.0.clone();
        parts.push(Part::Index(index));
        Self(parts)
    }

    /// The steps, outermost first.
    pub fn parts(&self) -> &[Part] {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Key(key) => write!(f, "/{}", key.replace('~', "~0").replace('/', "~1"))?,
                Part::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

/// A stretch of text: lines and columns count from one, columns in characters; the end is exclusive.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// Line of the first character.
    pub line: u32,
    /// Column of the first character.
    pub column: u32,
    /// Line of the end.
    pub end_line: u32,
    /// Column after the last character.
    pub end_column: u32,
}

/// A place in a file: a way that [`crate::catalog::locate`] turns into line and column when a person is to see it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Place {
    /// The file.
    pub file: FilePath,
    /// The node in it.
    pub pointer: Pointer,
    /// Whether the key is meant rather than its value.
    pub on_key: bool,
    /// The text's own position, where known already (syntax errors have nothing else).
    pub span: Option<Span>,
}

impl Place {
    /// The file as a whole.
    pub fn file(file: &FilePath) -> Self {
        Self { file: file.clone(), pointer: Pointer::root(), on_key: false, span: None }
    }

    /// The value at `pointer`.
    pub fn value(file: &FilePath, pointer: Pointer) -> Self {
        Self { file: file.clone(), pointer, on_key: false, span: None }
    }

    /// The key that `pointer` ends in.
    pub fn key(file: &FilePath, pointer: Pointer) -> Self {
        Self { file: file.clone(), pointer, on_key: true, span: None }
    }

    /// A place whose position is known.
    pub fn span(file: &FilePath, span: Span) -> Self {
        Self { file: file.clone(), pointer: Pointer::root(), on_key: false, span: Some(span) }
    }
}

/// The kinds of document, one for each managed directory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// `catalog.yaml`
    Policy,
    /// `blueprints/`
    Blueprint,
    /// `entities/`
    Entity,
    /// `permissions/`
    Permissions,
    /// `actions/`
    Action,
    /// `runs/`
    Run,
    /// `users/`
    User,
    /// `teams/`
    Team,
}

impl Kind {
    /// Every kind that has a directory.
    pub const WITH_DIRECTORY: [Kind; 7] =
        [Kind::Blueprint, Kind::Entity, Kind::Permissions, Kind::Action, Kind::Run, Kind::User, Kind::Team];

    /// The directory, or the file for the policy.
    pub fn directory(self) -> &'static str {
        match self {
            Self::Policy => "catalog.yaml",
            Self::Blueprint => "blueprints",
            Self::Entity => "entities",
            Self::Permissions => "permissions",
            Self::Action => "actions",
            Self::Run => "runs",
            Self::User => "users",
            Self::Team => "teams",
        }
    }

    /// The word for one document of this kind.
    pub fn word(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Blueprint => "blueprint",
            Self::Entity => "entity",
            Self::Permissions => "permissions",
            Self::Action => "action",
            Self::Run => "run",
            Self::User => "user",
            Self::Team => "team",
        }
    }
}

/// What a change or a finding is about. Written `Env/prod` for an entity and `users/alice@acme.dev` for the rest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Subject {
    /// `catalog.yaml`
    Policy,
    /// An entity.
    Entity(EntityKey),
    /// A blueprint.
    Blueprint(Identifier),
    /// The permissions of a blueprint.
    Permissions(Identifier),
    /// An action.
    Action(Identifier),
    /// A run.
    Run(Identifier),
    /// A user.
    User(Identifier),
    /// A team.
    Team(Identifier),
}

impl Subject {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Policy => Kind::Policy,
            Self::Entity(_) => Kind::Entity,
            Self::Blueprint(_) => Kind::Blueprint,
            Self::Permissions(_) => Kind::Permissions,
            Self::Action(_) => Kind::Action,
            Self::Run(_) => Kind::Run,
            Self::User(_) => Kind::User,
            Self::Team(_) => Kind::Team,
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Policy => f.write_str("catalog.yaml"),
            Self::Entity(key) => write!(f, "{key}"),
            Self::Blueprint(id) | Self::Permissions(id) | Self::Action(id) | Self::Run(id) | Self::User(id) | Self::Team(id) => {
                write!(f, "{}/{id}", self.kind().directory())
            }
        }
    }
}
