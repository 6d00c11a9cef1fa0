//! What an attacker would try; `docs/threat-model.md` links each attack to its story.

mod approvals;
mod forge_identity;
mod forge_teams;
mod forms;
mod git_objects;
mod identifiers;
mod merges;
mod notes;
mod ownership;
mod policies;
mod same_pull_request;
mod signatures;
mod yaml;
