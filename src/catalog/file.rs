//! One file of the catalog, read: its documents and everything that is wrong with it.

use crate::model::{Action, Blueprint, CatalogPolicy, Entity, FilePath, Finding, Permissions, RunRequest, Team, User};

use super::Located;

/// A document of any kind, as a valid noun.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // short-lived: moved into an `Arc` of its own kind at once
pub enum Document {
    /// `catalog.yaml`
    Policy(Located<CatalogPolicy>),
    /// `blueprints/`
    Blueprint(Located<Blueprint>),
    /// `entities/`
    Entity(Located<Entity>),
    /// `permissions/`
    Permissions(Located<Permissions>),
    /// `actions/`
    Action(Located<Action>),
    /// `runs/`
    Run(Located<RunRequest>),
    /// `users/`
    User(Located<User>),
    /// `teams/`
    Team(Located<Team>),
}

/// A file, read.
#[derive(Clone, PartialEq, Debug)]
pub struct ParsedFile {
    /// Its path.
    pub path: FilePath,
    /// Its documents; those that could not be built are missing here and stand in `findings`.
    pub documents: Vec<Document>,
    /// Everything wrong in it, in order of position, each with its span.
    pub findings: Vec<Finding>,
}
