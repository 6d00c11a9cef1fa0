//! Pull requests, their reviews, and what is asked of them.

use serde::{Deserialize, Serialize};

use super::Account;

/// A pull request, as it stands in a list and alone.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Pull {
    pub(crate) number: Option<u64>,
    pub(crate) state: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) user: Option<Account>,
    pub(crate) html_url: Option<String>,
    pub(crate) created_at: Option<String>,
    pub(crate) updated_at: Option<String>,
    pub(crate) merged_at: Option<String>,
    pub(crate) merged: Option<bool>,
    pub(crate) draft: Option<bool>,
    pub(crate) head: Option<End>,
    pub(crate) base: Option<End>,
    pub(crate) labels: Option<Vec<Label>>,
    pub(crate) requested_reviewers: Option<Vec<Option<Account>>>,
}

/// One end of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct End {
    #[serde(rename = "ref")]
    pub(crate) reference: Option<String>,
    pub(crate) sha: Option<String>,
    pub(crate) repo: Option<HeadRepository>,
}

/// The repository of one end; `null` where it was deleted.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct HeadRepository {
    pub(crate) id: Option<u64>,
    pub(crate) full_name: Option<String>,
    pub(crate) private: Option<bool>,
}

/// A label that stands on it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Label {
    pub(crate) name: Option<String>,
}

/// A review.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Review {
    pub(crate) id: Option<u64>,
    pub(crate) user: Option<Account>,
    pub(crate) state: Option<String>,
    pub(crate) submitted_at: Option<String>,
    pub(crate) commit_id: Option<String>,
}

/// What somebody may do in the repository, and who that is by number.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Permission {
    pub(crate) permission: Option<String>,
    pub(crate) role_name: Option<String>,
    pub(crate) user: Option<Account>,
}

/// Whose review is asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct ReviewersBody {
    pub(crate) reviewers: Vec<String>,
}

/// Labels to add.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct LabelsBody<'a> {
    pub(crate) labels: [&'a str; 1],
}

/// What is to be merged: this head and no other.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(crate) struct MergeBody {
    pub(crate) sha: String,
    pub(crate) merge_method: &'static str,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct MergeAnswer {
    pub(crate) merged: Option<bool>,
    pub(crate) message: Option<String>,
}

/// An answer of which nothing is needed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Asked;

impl<'de> Deserialize<'de> for Asked {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}
