//! The validated nouns: values that cannot be built invalid, shared by every other room.

mod action;
mod actor;
mod blueprint;
mod derived;
mod entity;
mod expression;
mod finding;
mod identifier;
mod invocation;
mod notification;
mod permission;
mod place;
mod policy;
mod review;
mod roster;
mod run;
mod search;
mod template;
mod template_path;
mod value;

pub use action::{Action, ApprovalKind, Operation as ActionOperation, RequiredApproval, Trigger};
pub use actor::{Actor, Attribution};
pub use blueprint::{Blueprint, Ownership, Property, Relation, RelationPath};
pub use derived::{
    Aggregation, Calculus, DerivedProperty, FormulaPart, Function, MetaProperty, Pace, PathFilter, Period, PropertyName, Recipe,
    Touch,
};
pub use entity::{Entity, EntityKey, RelationValue};
pub use expression::{ExpressionError, Expressions, NoExpressions};
pub use finding::{Finding, Related, RuleDoc, Severity};
pub(crate) use identifier::is_invisible;
pub use identifier::{Identifier, IdentifierError};
pub use invocation::{EntityMapping, EntityTemplate, Invocation, InvocationMethod, JsonTemplate, UrlTemplate, Webhook, Workflow};
pub use notification::{Audience, Occasion, Route};
pub use permission::{ActionPermissions, EntityPermissions, Permissions, Policy, PolicyTest, Role, Rule};
pub use place::{CommitId, FilePath, Kind, Part, Place, Pointer, Span, Subject};
pub use policy::{CatalogPolicy, IdentityMode, Limits};
pub use review::{ForgeTeam, ForgeUser, PullRequestState, Push, Review, ReviewState, Reviewer, SignatureFact, Vouched};
pub use roster::{KeyFingerprint, SigningKey, Team, User};
pub use run::{RunRequest, RunState};
pub use search::{
    Combinator, Comparison, Contextual, Direction, PathStep, Search, SearchRule, SearchSubject, SearchValue, Whose,
};
pub use template::{Allowance, Piece as TemplatePiece, Template, TemplateError};
pub use template_path::{TemplatePath, TemplateStep};
pub use value::Value;

/// A moment, passed in by whoever owns the clock; the core never reads one.
pub type Timestamp = jiff::Timestamp;
