//! What GitHub writes and reads, as far as we need it: every field may be missing or null, and unknown ones are passed over.

mod account;
mod activity;
mod check_run;
mod comment;
mod commit;
mod pull;
mod status;
mod team;

pub(super) use account::{Account, account, commit_id, timestamp};
pub(super) use activity::{Activity, Branch};
pub(super) use check_run::{Annotation, CheckOutput, CheckRun, CheckRunBody, CheckRuns};
pub(super) use comment::{Comment, CommentBody, Reaction, ReactionBody};
pub(super) use commit::Commit;
pub(super) use pull::{Asked, End, LabelsBody, MergeAnswer, MergeBody, Permission, Pull, Review, ReviewersBody};
pub(super) use status::{Status, StatusBody};
pub(super) use team::Team;
