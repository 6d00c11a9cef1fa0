//! What a document means, as a JSON document. (Placeholder until the real one lands.)

use crate::model::{Action, Blueprint, CatalogPolicy, Entity, Permissions, RunRequest, Team, User, Value};

/// The JSON document of a noun.
pub trait Meaning {
    /// The JSON document that reads back to an equal noun.
    fn meaning(&self) -> Value;
}

macro_rules! by_debug {
    ($($noun:ty),*) => {$(
        impl Meaning for $noun {
            fn meaning(&self) -> Value {
                Value::from(format!("{self:?}").as_str())
            }
        }
    )*};
}
by_debug!(CatalogPolicy, Blueprint, Entity, Permissions, Action, RunRequest, User, Team);
