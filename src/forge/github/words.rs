//! The few words of ours that stand on GitHub and are recognised there again; all prose comes in from outside.

use crate::run::life::RunHandle;

/// The name of the check run. It differs from the contexts of the statuses, so that a rule of the branch can require one, the other or both.
pub const CHECK_RUN: &str = "Portcullis";

/// What our one comment on a pull request begins with. Anybody can write it; only together with our account does it make a comment ours.
pub const COMMENT_MARKER: &str = "<!-- portcullis -->";

/// What our one comment about a run begins with, the run's handle within. The same holds for it.
pub(super) fn run_marker(handle: &RunHandle) -> String {
    format!("<!-- portcullis run {handle} -->")
}

/// The labels that say how a pull request stands: refused, waiting for somebody, nothing against it.
pub const LABELS: [&str; 3] = ["portcullis/refused", "portcullis/waiting", "portcullis/passed"];

/// What a line that asks us for something begins with.
pub(super) const COMMAND: &str = "/portcullis";

/// The reaction by which we acknowledge a command.
pub(super) const SEEN: &str = "eyes";

/// The account in whose name GitHub commits what people do in the browser.
pub(super) const WEB_FLOW: &str = "web-flow";

/// Why a pull request is looked at again soon: GitHub tells of a push at once, and who made it a moment later.
pub(super) const PUSHER_NOT_KNOWN_YET: &str = "GitHub does not say yet who pushed the head";
