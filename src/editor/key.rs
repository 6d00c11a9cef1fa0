//! The words of the table of keys: what may stand in a document, said once for schemas and for the reference.

/// A mapping with fixed keys: a document, or a part of one.
#[derive(Debug)]
pub struct Section {
    /// What it is called in the reference.
    pub title: &'static str,
    /// What it is, in a sentence or two of Markdown.
    pub meaning: &'static str,
    /// Its keys, in the order in which people write them.
    pub keys: &'static [Key],
    /// Further keys, which it shares with other sections.
    pub beside: &'static [&'static [Key]],
}

impl Section {
    /// All of its keys.
    pub fn all(&self) -> impl Iterator<Item = &'static Key> + use<> {
        self.keys.iter().chain(self.beside.iter().copied().flatten())
    }
}

/// One key of a section.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// The key itself.
    pub name: &'static str,
    /// What its value may be.
    pub wants: &'static Wants,
    /// Whether it must be there.
    pub required: bool,
    /// Whether `null` means the same as leaving it out.
    pub nullable: bool,
    /// What holds where it is left out; empty where there is nothing to say.
    pub default: &'static str,
    /// What it means, in Markdown.
    pub meaning: &'static str,
    /// A value as somebody would write it, in YAML's flow style.
    pub example: &'static str,
}

/// What a value may be.
#[derive(Debug)]
pub enum Wants {
    /// Anything.
    Any,
    /// `null`.
    Null,
    /// Any text.
    Text,
    /// `true` or `false`.
    Flag,
    /// A whole number within bounds.
    Whole(u64, u64),
    /// A number.
    Number,
    /// One of some words.
    Word(&'static [&'static str]),
    /// A name from the set of characters that identifiers have.
    Identifier,
    /// The name of something in the catalog.
    Name(Names),
    /// The name of one of Port's icons.
    Icon,
    /// `14d` and the like.
    Duration,
    /// A date, or a time with its offset.
    Moment,
    /// A mapping, whatever its keys.
    Mapping,
    /// A list of these.
    List(&'static Wants),
    /// A mapping with fixed keys.
    Part(&'static Section),
    /// A mapping from names that the author chooses.
    Named(Named, &'static Wants),
    /// One of several shapes.
    Either(&'static [&'static Wants]),
    /// One of several mappings, told apart by one of their keys.
    ByWord(&'static str, &'static [(&'static str, &'static Section)]),
    /// A JSON Schema.
    Schema(Keywords),
    /// A search in Port's rules.
    Search,
    /// One rule of a search.
    Comparison,
}

/// Things in a catalog that a value may name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Names {
    /// Blueprints; another name is an error.
    Blueprint,
    /// Users; another name is an error.
    User,
    /// Users; another name is a warning.
    AnyUser,
    /// Teams; another name is an error.
    Team,
    /// Teams; another name is a warning.
    AnyTeam,
    /// Roles; one of a blueprint that does not exist is a warning.
    Role,
    /// Actions; another name is an error.
    Action,
}

/// What the keys of a mapping name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named {
    /// Properties or relations that the document itself defines: identifiers without a dot.
    Member,
    /// Inputs, actions and other identifiers.
    Identifier,
    /// Properties of the blueprint at hand, and `$title`, `$icon`, `$team`.
    Property,
    /// Relations of the blueprint at hand.
    Relation,
    /// Actions of the blueprint at hand.
    Action,
    /// Anything.
    Free,
}

/// Which keywords a JSON Schema may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Keywords {
    /// Those of a blueprint's property.
    Property,
    /// Those of an action's input.
    Input,
    /// Those of a schema over inputs.
    Condition,
}

/// A key that may be left out.
pub(super) const fn key(name: &'static str, wants: &'static Wants, meaning: &'static str) -> Key {
    Key { name, wants, required: false, nullable: true, default: "", meaning, example: "" }
}

impl Key {
    /// It must be there, with a value.
    pub(super) const fn required(self) -> Self {
        Self { required: true, nullable: false, ..self }
    }

    /// It may be left out, and `null` is an error.
    pub(super) const fn never_null(self) -> Self {
        Self { nullable: false, ..self }
    }

    /// What holds where it is left out.
    pub(super) const fn or(self, default: &'static str) -> Self {
        Self { default, ..self }
    }

    /// A value as somebody would write it.
    pub(super) const fn like(self, example: &'static str) -> Self {
        Self { example, ..self }
    }
}
