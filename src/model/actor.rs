//! Who a change is attributed to.

use std::fmt;

use super::Identifier;

/// Somebody who acted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Actor {
    /// A user of base's roster, authenticated as the repository's identity mode demands.
    User(Identifier),
    /// Somebody who is not in the roster, or whose word was not believed; what is known of them is for display only.
    Stranger(String),
}

impl Actor {
    /// The user's identifier, unless a stranger.
    pub fn user(&self) -> Option<&Identifier> {
        match self {
            Self::User(id) => Some(id),
            Self::Stranger(_) => None,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "{id}"),
            Self::Stranger(who) => write!(f, "stranger:{who}"),
        }
    }
}

/// Whom a commit is judged as: every one of them must be allowed. Empty means nobody is known, and nothing is allowed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Attribution(pub Vec<Actor>);

impl Attribution {
    /// One actor alone.
    pub fn one(actor: Actor) -> Self {
        Self(vec![actor])
    }
}
