//! Teams of an organisation.

use serde::Deserialize;

/// A team.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: Option<u64>,
}
