//! The table of keys: every kind of document, every key that its decoder takes, and what each means.
//!
//! `tests/reference.rs` asks the decoder about each key, so that neither knows one that the other does not.

mod action;
mod blueprint;
mod entity;
mod permission;
mod policy;
mod roster;
mod schema;
mod search;

use crate::model::Kind;

use super::key::Section;

pub(super) use schema::{Shape, TYPES, keywords};
pub(super) use search::{COMPARISON, SEARCH};

/// The sections of one kind of document: first the document itself, then its parts in the order of the reference.
pub fn sections(kind: Kind) -> &'static [&'static Section] {
    match kind {
        Kind::Policy => policy::SECTIONS,
        Kind::Blueprint => blueprint::SECTIONS,
        Kind::Entity => entity::ENTITY,
        Kind::Permissions => permission::SECTIONS,
        Kind::Action => action::SECTIONS,
        Kind::Run => entity::RUN,
        Kind::User => roster::USER,
        Kind::Team => roster::TEAM,
    }
}

/// The document itself.
pub(super) fn document(kind: Kind) -> Option<&'static Section> {
    sections(kind).first().copied()
}
