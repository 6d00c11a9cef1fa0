//! Nodes become nouns: one file for each noun, and a cursor that knows where it stands.

mod action;
mod aggregation;
mod blueprint;
mod cursor;
mod derived;
mod entity;
mod form;
mod invocation;
mod key;
mod keyword;
pub(in crate::catalog) mod look;
mod notification;
mod permission;
mod policy;
mod policy_rule;
mod roster;
mod rules;
mod run;
mod schema;
mod search;
pub(super) mod suggest;
pub(super) mod time;

pub(super) use action::action;
pub(super) use blueprint::blueprint;
pub(super) use cursor::{Cursor, Decoder, shown_span};
pub(super) use entity::entity;
pub(super) use permission::permissions;
pub(super) use policy::policy;
pub(super) use roster::{team, user};
pub(super) use rules::RULES;
pub(super) use run::run;
pub use search::search_of;
pub(super) use time::duration_text;
