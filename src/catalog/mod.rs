//! The catalog: documents with positions, the tables they fill, and the difference of two catalogs by meaning.

mod diff;
mod file;
mod grant;
mod owner;
mod revision;
mod table;

pub use diff::{Change, ChangeSet, Field, Operation, diff};
pub use file::{Document, ParsedFile};
pub use grant::{Grant, WrittenPermissions, approve_rule, execute_rule, grants, is_member, permissions_of, user_of};
pub use owner::Owner;
pub use revision::{Catalog, FileDelta};
pub use table::{Located, Table};
