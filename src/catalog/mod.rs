//! The catalog: documents with positions, the tables they fill, and the difference of two catalogs by meaning.

mod cascade;
mod definition;
mod diff;
mod file;
mod grant;
mod index;
mod meaning;
mod owner;
mod revision;
mod schema;
mod suggest;
mod table;
mod violation;

pub use diff::{Change, ChangeSet, Field, Operation, diff};
pub use file::{Document, ParsedFile};
pub use grant::{Grant, WrittenPermissions, approve_rule, execute_rule, grants, is_member, permissions_of, user_of};
pub use definition::{DefinitionFault, KNOWN_FORMATS, check_definition};
pub use index::{Claim, Namespace};
pub use meaning::Meaning;
pub use owner::{Hop, InheritanceFault, Owner, Owners};
pub use revision::{Catalog, FileDelta};
pub use schema::{EntitySchema, SchemaSlot, Violation};
pub use suggest::nearest;
pub use table::{Located, Table};
