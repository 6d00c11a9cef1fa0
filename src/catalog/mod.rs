//! The catalog: documents with positions, the tables they fill, and the difference of two catalogs by meaning.

mod complaint;
mod decode;
mod diff;
mod document;
mod file;
mod grant;
mod json;
mod locate;
mod meaning;
mod node;
mod owner;
mod quote;
mod revision;
mod rules;
mod scalar;
mod table;
mod text;

#[cfg(test)]
mod tests;

pub use diff::{Change, ChangeSet, Field, Operation, diff};
pub use file::{Document, ParsedFile, kind_of, parse_file};
pub use grant::{Grant, WrittenPermissions, approve_rule, execute_rule, grants, is_member, permissions_of, user_of};
pub use locate::locate;
pub use meaning::Meaning;
pub use owner::Owner;
pub use revision::{Catalog, FileDelta};
pub use rules::rules;
pub use table::{Located, Table};
