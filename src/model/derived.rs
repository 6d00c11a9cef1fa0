//! Properties that are computed for readers: what each of the four families is computed from.

use super::{Identifier, Search, Timestamp, Value};

/// Something every entity has besides its properties, written with a dollar sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum MetaProperty {
    /// `$identifier`
    Identifier,
    /// `$title`
    Title,
    /// `$icon`
    Icon,
    /// `$blueprint`
    Blueprint,
    /// `$team`: the effective owner (spec 3).
    Team,
    /// `$createdAt`
    CreatedAt,
    /// `$updatedAt`
    UpdatedAt,
    /// `$createdBy`
    CreatedBy,
    /// `$updatedBy`
    UpdatedBy,
}

impl MetaProperty {
    /// All of them, in the order in which readers are shown them.
    pub const ALL: [Self; 9] = [
        Self::Identifier,
        Self::Title,
        Self::Icon,
        Self::Blueprint,
        Self::Team,
        Self::CreatedAt,
        Self::UpdatedAt,
        Self::CreatedBy,
        Self::UpdatedBy,
    ];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Identifier => "$identifier",
            Self::Title => "$title",
            Self::Icon => "$icon",
            Self::Blueprint => "$blueprint",
            Self::Team => "$team",
            Self::CreatedAt => "$createdAt",
            Self::UpdatedAt => "$updatedAt",
            Self::CreatedBy => "$createdBy",
            Self::UpdatedBy => "$updatedBy",
        }
    }

    /// Reads it with its dollar sign.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|meta| meta.as_str() == text)
    }
}

/// A property's name as paths and templates write it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PropertyName {
    /// A property of the blueprint, written or derived.
    Own(Box<str>),
    /// A meta-property.
    Meta(MetaProperty),
}

impl PropertyName {
    /// Reads a name; `None` for a `$name` that there is not.
    pub fn parse(text: &str) -> Option<Self> {
        if text.starts_with('$') { MetaProperty::parse(text).map(Self::Meta) } else { Some(Self::Own(text.into())) }
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Own(name) => name,
            Self::Meta(meta) => meta.as_str(),
        }
    }
}

/// A piece of a formula.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FormulaPart {
    /// Text as it stands.
    Text(Box<str>),
    /// `{{name}}`
    Name(PropertyName),
}

/// Stretches of time that an average is taken over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Period {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// 7 days.
    Week,
    /// 30 days.
    Month,
}

impl Period {
    /// How many seconds it has.
    pub fn seconds(self) -> u32 {
        match self {
            Self::Hour => 3_600,
            Self::Day => 86_400,
            Self::Week => 604_800,
            Self::Month => 2_592_000,
        }
    }
}

/// How many there are, or how much, in each period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pace {
    /// `averageOf`
    pub period: Period,
    /// `measureTimeBy`: the moment that each entity counts at.
    pub measured_by: PropertyName,
}

/// What is made of the numbers of one property.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Function {
    /// Their sum; 0 of none.
    Sum,
    /// The smallest.
    Min,
    /// The greatest.
    Max,
    /// The middle one, or the mean of the two in the middle.
    Median,
    /// Their mean.
    Average,
}

/// What an aggregation makes of the entities it found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Calculus {
    /// How many there are.
    Count,
    /// How many there are in each period.
    CountPer(Pace),
    /// A function over one property of theirs.
    Of(Function, PropertyName),
    /// The sum of one property of theirs, shared out over the periods.
    SumPer(Pace, PropertyName),
}

/// A way that related entities are reached by: `pathFilter`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathFilter {
    /// Relations, one after the other.
    pub path: Vec<Box<str>>,
    /// Where the path starts; the blueprint of the aggregation itself where it is left out.
    pub from: Option<Identifier>,
}

/// A number made of related entities.
#[derive(Clone, PartialEq, Debug)]
pub struct Aggregation {
    /// The blueprint of the entities it is made of.
    pub target: Identifier,
    /// What is made of them.
    pub calculus: Calculus,
    /// Which of them count; all where it is left out.
    pub query: Option<Search>,
    /// By which ways they are reached; where there is none, the only way there is.
    pub paths: Vec<PathFilter>,
}

/// What a derived property is computed from.
#[derive(Clone, PartialEq, Debug)]
pub enum Recipe {
    /// `mirrorProperties`: a property of the entity that a chain of single relations leads to.
    Mirror {
        /// The relations.
        path: Vec<Box<str>>,
        /// The property at its end.
        end: PropertyName,
    },
    /// `formulaProperties`: a text with values put in.
    Formula(Vec<FormulaPart>),
    /// `calculationProperties`: a jq program over the entity.
    Calculation(Box<str>),
    /// `aggregationProperties`
    Aggregation(Box<Aggregation>),
}

/// A property that is computed for readers and that nobody writes.
#[derive(Clone, PartialEq, Debug)]
pub struct DerivedProperty {
    /// What it is computed from.
    pub recipe: Recipe,
    /// The whole definition, as written.
    pub definition: Value,
}

impl DerivedProperty {
    /// The key of the blueprint that it stands under.
    pub fn family(&self) -> &'static str {
        match self.recipe {
            Recipe::Mirror { .. } => "mirrorProperties",
            Recipe::Formula(_) => "formulaProperties",
            Recipe::Calculation(_) => "calculationProperties",
            Recipe::Aggregation(_) => "aggregationProperties",
        }
    }

    /// What it is computed from as its author wrote it: the path, the formula, the program, the target.
    pub fn source(&self) -> &str {
        let key = match self.recipe {
            Recipe::Mirror { .. } => "path",
            Recipe::Formula(_) => "formula",
            Recipe::Calculation(_) => "calculation",
            Recipe::Aggregation(_) => "target",
        };
        self.definition.get(key).and_then(Value::as_str).unwrap_or_default()
    }
}

/// When something happened to an entity, and by whom.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Touch {
    /// The committer's date: a text that whoever made the commit could choose.
    pub at: Option<Timestamp>,
    /// The user of the roster it is laid to; `None` where that is not certain.
    pub by: Option<Identifier>,
}
