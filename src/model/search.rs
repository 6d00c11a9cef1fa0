//! Port's search rules: which entities a query, a filter or a policy means.

use super::{Identifier, Template, Timestamp, Value};

/// Rules and how they are combined: `{combinator, rules}`.
#[derive(Clone, PartialEq, Debug)]
pub struct Search {
    /// `combinator`
    pub combinator: Combinator,
    /// `rules`
    pub rules: Vec<SearchRule>,
}

/// `combinator`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Combinator {
    /// Every rule holds; no rules at all hold.
    And,
    /// One of the rules holds; of no rules none does.
    Or,
}

/// One rule.
#[derive(Clone, PartialEq, Debug)]
pub enum SearchRule {
    /// Rules within rules.
    Group(Search),
    /// `{property, operator, value}`
    Compare {
        /// `property` or `relation`
        subject: SearchSubject,
        /// `operator`
        operator: Comparison,
        /// `value`; null where the operator wants none.
        value: SearchValue,
    },
    /// `{operator: relatedTo, blueprint, value, direction, required}`: reached from those entities over relations, however many.
    RelatedTo {
        /// `blueprint`: of the entities in `value`.
        blueprint: Identifier,
        /// `value`: one identifier or several.
        value: SearchValue,
        /// `direction`; `None` looks both ways.
        direction: Option<Direction>,
        /// `required`: over relations that are required, or that are not; `None` over all.
        required: Option<bool>,
    },
    /// `{operator: matchAny, property: {path, fromBlueprint}, value}`: reached by exactly these relations.
    Path {
        /// `path`
        path: Vec<PathStep>,
        /// `fromBlueprint`: the path starts at the entities in `value`; `None`: it starts here and ends at them.
        from: Option<Identifier>,
        /// `value`: one identifier or several.
        value: SearchValue,
    },
}

/// What a rule looks at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SearchSubject {
    /// `property: name`, `$identifier`, `$title`, `$icon`, `$blueprint`, `$team`, `$createdAt`…
    Field(Box<str>),
    /// `relation: name`: the identifiers it holds.
    Relation(Box<str>),
    /// `property: {context, property}`
    Context(Contextual),
}

/// A property of whoever asks, or of their teams: `{context, property}`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contextual {
    /// `context`
    pub whose: Whose,
    /// `property`
    pub property: Box<str>,
}

/// `context`
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// `user`: who asks.
    User,
    /// `userTeams`: every team of who asks; the property of each.
    UserTeams,
}

/// What a rule compares with.
#[derive(Clone, PartialEq, Debug)]
pub enum SearchValue {
    /// As written.
    Literal(Value),
    /// A text with `{{ .inputs.name }}` in it.
    Template(Template),
    /// A list with templates in it.
    List(Vec<SearchValue>),
    /// `{context, property}`
    Context(Contextual),
    /// `{from, to}`: both count as within.
    Range {
        /// `from`
        from: Timestamp,
        /// `to`
        to: Timestamp,
    },
}

/// `direction` of `relatedTo`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// What the named entities depend on: what their relations point at.
    Upstream,
    /// What depends on them: what points at them.
    Downstream,
}

/// One step of a path.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathStep {
    /// The relation.
    pub relation: Box<str>,
    /// How often it may be followed: once, or `maxHops`.
    pub hops: u8,
}

/// `operator` of a comparison.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `contains`: a text within the text, or an item of the list.
    Contains,
    /// `doesNotContains`
    DoesNotContain,
    /// `containsAny`: one of these is an item of the list.
    ContainsAny,
    /// `in`, and `matchAny` on a property.
    In,
    /// `notIn`
    NotIn,
    /// `beginsWith`
    BeginsWith,
    /// `doesNotBeginsWith`
    DoesNotBeginWith,
    /// `endsWith`
    EndsWith,
    /// `doesNotEndsWith`
    DoesNotEndWith,
    /// `isEmpty`
    IsEmpty,
    /// `isNotEmpty`
    IsNotEmpty,
    /// `between`
    Between,
    /// `notBetween`
    NotBetween,
}

impl Comparison {
    /// Every spelling; the first of each operator is the one of Port's documentation.
    pub const SPELLINGS: &'static [(&'static str, Comparison)] = &[
        ("=", Self::Equal),
        ("!=", Self::NotEqual),
        (">", Self::Greater),
        (">=", Self::GreaterOrEqual),
        ("<", Self::Less),
        ("<=", Self::LessOrEqual),
        ("contains", Self::Contains),
        ("doesNotContains", Self::DoesNotContain),
        ("doesNotContain", Self::DoesNotContain),
        ("notContains", Self::DoesNotContain),
        ("containsAny", Self::ContainsAny),
        ("in", Self::In),
        ("matchAny", Self::In),
        ("notIn", Self::NotIn),
        ("beginsWith", Self::BeginsWith),
        ("doesNotBeginsWith", Self::DoesNotBeginWith),
        ("doesNotBeginWith", Self::DoesNotBeginWith),
        ("endsWith", Self::EndsWith),
        ("doesNotEndsWith", Self::DoesNotEndWith),
        ("doesNotEndWith", Self::DoesNotEndWith),
        ("isEmpty", Self::IsEmpty),
        ("isNotEmpty", Self::IsNotEmpty),
        ("between", Self::Between),
        ("notBetween", Self::NotBetween),
    ];

    /// Reads an operator, in any of its spellings.
    pub fn parse(text: &str) -> Option<Self> {
        Self::SPELLINGS.iter().find(|(word, _)| *word == text).map(|(_, operator)| *operator)
    }

    /// As Port's documentation spells it.
    pub fn as_str(self) -> &'static str {
        Self::SPELLINGS.iter().find(|(_, operator)| *operator == self).map_or("", |(word, _)| word)
    }

    /// The operator that holds exactly where this one does not, for those that are written as a denial.
    pub fn denied(self) -> Option<Self> {
        Some(match self {
            Self::NotEqual => Self::Equal,
            Self::DoesNotContain => Self::Contains,
            Self::NotIn => Self::In,
            Self::DoesNotBeginWith => Self::BeginsWith,
            Self::DoesNotEndWith => Self::EndsWith,
            Self::IsNotEmpty => Self::IsEmpty,
            Self::NotBetween => Self::Between,
            _ => return None,
        })
    }
}

impl Search {
    /// Every rule, those within groups too.
    pub fn each_rule<'a>(&'a self, visit: &mut impl FnMut(&'a SearchRule)) {
        for rule in &self.rules {
            visit(rule);
            if let SearchRule::Group(group) = rule {
                group.each_rule(visit);
            }
        }
    }
}
