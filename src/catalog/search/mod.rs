//! Finds what a search means: three-valued, so that what cannot be answered is a fault and never a yes or a no.

mod compare;
mod graph;
mod prepared;
#[cfg(test)]
mod tests;

use crate::model::{Comparison, EntityKey, Search, TemplateError, Value};

use super::{Catalog, SeesAll, Sight};

pub(crate) use prepared::field_of;
pub use prepared::{Prepared, Read};

/// How many entities one search may yield; Port's own limit.
pub const MOST_FOUND: usize = 1000;

/// Who searches, and what the search may ask about.
pub struct SearchContext<'a> {
    /// Who asks, as an entity (`{identifier, title, properties, …}`); `None` where nobody in particular does.
    pub user: Option<Value>,
    /// The teams of who asks, as entities.
    pub teams: Vec<Value>,
    /// What templates read: `{inputs, entity, user, trigger, …}`.
    pub root: Value,
    /// What whoever asks may see of entities and relations; properties are the matter of the `read` function.
    pub sight: &'a dyn Sight,
    /// Whether users and teams of the roster are searched too, as entities of `_user` and `_team`.
    pub roster: bool,
}

impl Default for SearchContext<'_> {
    /// Nobody asks, about nothing, and sees everything.
    fn default() -> Self {
        Self { user: None, teams: Vec::new(), root: Value::Null, sight: &SeesAll, roster: false }
    }
}

impl std::fmt::Debug for SearchContext<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SearchContext").field("user", &self.user).field("root", &self.root).finish_non_exhaustive()
    }
}

/// Why a search has no answer. Whoever asks treats it as "no", also where the search asks what does not hold.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SearchFault {
    /// A rule asks about the user, and nobody in particular asks.
    #[error("it asks about the user, and nobody in particular asks")]
    NobodyAsks,
    /// The user has no such property, and without it nothing can be compared.
    #[error("whoever asks has no `{0}` to compare with")]
    NoSuchContext(Box<str>),
    /// A template cannot be filled in.
    #[error("a template cannot be filled in: {0}")]
    Template(#[from] TemplateError),
    /// Two values that the operator cannot compare.
    #[error("`{property}` holds what `{}` cannot compare", .operator.as_str())]
    Incomparable {
        /// What was looked at.
        property: Box<str>,
        /// What should have been compared.
        operator: Comparison,
    },
    /// What is looked at is not known where the search is made.
    #[error("{0}")]
    Unknown(String),
    /// Too much would have to be looked at.
    #[error("too much would have to be looked at; name the blueprint, or a nearer entity")]
    TooMuch,
    /// More is found than a search may yield.
    #[error("it finds more than {MOST_FOUND} entities")]
    TooMany,
}

/// Whether an entity is meant by a search. `read` yields the values of properties and of `$` meta-properties.
///
/// A property that is absent or null satisfies `!=`, `notIn`, `isEmpty` and the other denials, and no other operator.
///
/// # Errors
/// Why nobody can tell. A rule without an answer counts only where the other rules do not decide without it.
pub fn matches(
    catalog: &Catalog,
    search: &Search,
    key: &EntityKey,
    context: &SearchContext<'_>,
    read: &dyn Fn(&EntityKey, &str) -> Option<Value>,
) -> Result<bool, SearchFault> {
    let read = |key: &EntityKey, name: &str| Ok(read(key, name));
    Prepared::new(catalog, search, context, &read).matches(key)
}
