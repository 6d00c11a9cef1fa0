//! Every word said outward, as pure functions: text, JSON, SARIF, GitHub workflow commands, Markdown.
//!
//! A [`Report`] is a verdict whose findings have been given line and column; each renderer is a function of it.
//! Whatever a stranger wrote (names, values, paths) goes out through [`defuse`](self::defuse_inline) and never raw.

mod answer;
mod answer_matrix;
mod app_manifest;
mod comment;
mod defuse;
mod difference;
#[cfg(test)]
mod difference_tests;
mod doctor;
mod entity;
mod excerpt;
mod fold;
mod format;
mod github;
mod journey;
mod json;
mod markdown;
pub mod notice;
mod place;
mod pushed;
mod run_comment;
mod runs;
#[cfg(test)]
mod sample;
mod sarif;
#[cfg(test)]
mod snapshot_tests;
mod snippet;
mod status;
mod summary;
mod text;
mod whole;
mod words;

pub use answer::{Answer, AnswerEdit, AnswerPart, Spot, answer_json, answer_text};
pub use answer_matrix::{AnswerMatrix, MatrixRow, matrix_json, matrix_text};
pub use app_manifest::{
    AppNeed, AppWishes, WEBHOOK_PATH, app_events, app_manifest, app_manifest_html, app_manifest_json, app_manifest_text,
    app_permissions,
};
pub use comment::{CheckSummary, CommentOptions, ForeignWord, check_summary, comment, comment_unjudged};
pub use defuse::{json_safe, line as defuse_line, paragraphs as defuse_paragraphs, prose as defuse_inline};
pub use difference::{Differing, difference_json, difference_markdown, difference_text};
pub use doctor::{Checkup, Wellness, doctor_json, doctor_text};
pub use entity::{EntityView, PropertyView, entity_json, entity_text, entity_yaml};
pub use excerpt::Excerpt;
pub use format::{Format, render};
pub use github::github;
pub use journey::{
    DeadLetter, Entry, Hand, Journey, log_json, log_text, moved_text, outbox_json, outbox_text, replayed_text, unmoved, why,
    why_json, why_text,
};
pub use json::{VerdictJson, json};
pub use markdown::markdown;
pub use place::{PlacedFinding, PlacedRelated, Sources, line_and_column, place_findings};
pub use pushed::{PushedRef, push_adopted, push_refused, pushed};
pub use run_comment::{RunShown, run_comment};
pub use runs::{RunEntry, RunOrigin, run_text, runs_json, runs_text};
pub use sarif::sarif;
pub use status::{check_description, commit_description, fit_description};
pub use text::text;
pub use whole::{Measured, Report, Restricted};
