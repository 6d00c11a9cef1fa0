//! The catalog: documents with positions, the tables they fill, and the difference of two catalogs by meaning.

mod diff;
mod file;
mod owner;
mod revision;
mod table;

pub use diff::{Change, ChangeSet, Field, Operation, diff};
pub use file::{Document, ParsedFile};
pub use owner::Owner;
pub use revision::{Catalog, FileDelta};
pub use table::{Located, Table};
