//! Comments on a pull request, and reactions to them.

use serde::{Deserialize, Serialize};

use super::Account;

/// A comment.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Comment {
    pub(crate) id: Option<u64>,
    pub(crate) user: Option<Account>,
    pub(crate) body: Option<String>,
    pub(crate) reactions: Option<Rollup>,
}

/// How many reactions of each kind it has; whose they are is not told here.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Rollup {
    pub(crate) eyes: Option<u64>,
}

/// One reaction.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Reaction {
    pub(crate) user: Option<Account>,
    pub(crate) content: Option<String>,
}

/// What a comment is to say.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct CommentBody<'a> {
    pub(crate) body: &'a str,
}

/// A reaction to be added.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct ReactionBody {
    pub(crate) content: &'static str,
}
