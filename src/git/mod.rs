//! The edge to git: reads commits, trees, blobs, notes and signatures from the object store, and decides nothing.
//!
//! Everything a judgement rests on is parsed by our own readers of raw objects ([`RawCommit`], the tree walk behind
//! [`Repository::changes`]): libgit2 is trusted to find and inflate objects and to compare lines of text, not to
//! interpret what a stranger has pushed. `refs/replace`, grafts, filters and checkouts play no part.

mod access;
mod budget;
mod changes;
mod commit;
mod error;
mod graph;
mod history;
mod hygiene;
mod ident;
mod in_step;
mod listing;
mod lookup;
mod managed;
mod merge;
mod name;
mod notes;
mod object;
mod openpgp;
mod packs;
mod program;
mod push;
mod recent;
mod repository;
mod search;
mod sign;
mod signature;
mod ssh;
mod trailers;
mod tree;
mod worktree;
mod write;

#[cfg(test)]
mod tests;

pub use access::Access;
pub use changes::{FileChange, TreeChanges};
pub use commit::{RawCommit, Signature, SignatureKind};
pub use error::GitError;
pub use graph::Range;
pub use ident::Ident;
pub use merge::Merge;
pub use object::{Blob, ObjectId};
pub use packs::{PackReader, Packs};
pub use program::{FetchOutcome, FetchedRef, fetch, fetch_by, fetch_keeping, push};
pub use push::{Pushed, push_from};
pub use repository::Repository;
pub use search::Found;
pub use sign::SshSigner;
pub use signature::{Keyring, verify};
pub use trailers::trailer;
pub use worktree::{WorktreeChanges, WorktreeFile};
pub use write::{Moved, NewCommit, Writer};
