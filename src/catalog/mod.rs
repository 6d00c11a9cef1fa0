//! The catalog: documents with positions, the tables they fill, and the difference of two catalogs by meaning.

mod builder;
mod cascade;
mod complaint;
mod decode;
mod definition;
pub mod derive;
mod diff;
mod document;
mod expressions;
mod file;
mod format;
mod grant;
mod index;
mod json;
mod layered;
mod locate;
mod meaning;
mod mention;
mod node;
mod outside;
mod owner;
mod packed;
pub(crate) mod parallel;
mod person;
mod plain;
mod policy;
#[cfg(test)]
mod policy_tests;
mod quote;
mod revision;
mod rules;
mod scalar;
mod schema;
pub mod search;
mod shown;
mod sight;
mod simple;
mod table;
mod text;
mod violation;

#[cfg(test)]
mod tests;

pub(crate) use decode::look::COLORS;
pub use decode::search_of;
pub use decode::suggest::nearest;
pub(crate) use definition::shorten;
pub use definition::{DefinitionFault, check_definition};
pub use diff::{Change, ChangeSet, Field, Operation, diff};
pub use file::{Document, ParsedFile, kind_of, parse_file, parse_pasted, parse_value};
pub use grant::{
    Grant, WrittenPermissions, approve_rule, execute_rule, grants, grants_statically, is_member, permissions_of, user_of,
};
pub use index::{Claim, Namespace};
pub use locate::{locate, locate_all};
pub use meaning::Meaning;
pub use mention::{Mention, Named};
pub use owner::{Hop, InheritanceFault, Owner, Owners};
pub use packed::{EntityTable, Moved, PackedEntity, PackedFile, Packing};
pub use person::{entity_value, team_value, team_value_as_seen, user_value, user_value_as_seen};
pub use policy::{About, AboutRun, PolicyFault, policy_grants};
pub use revision::{Catalog, FileDelta};
pub use rules::rules;
pub use schema::{EntitySchema, SchemaSlot, Violation};
pub use sight::{SeesAll, Sight};
pub use table::{Declared, Located, Table};
