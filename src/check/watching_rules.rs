//! The rules that only whoever watches a branch can apply; the controller does, and they are listed here.

use crate::model::RuleDoc;

/// What cannot be judged.
pub const UNJUDGED: &str = "limit/judgement";
/// More findings than a commit is told.
pub const REMARKS: &str = "limit/remarks";
/// A watched branch that no longer leads on from its accepted revision.
pub const HISTORY_REWRITTEN: &str = "git/history-rewritten";

/// An entry of a merge queue that is not what it says it is.
pub const MERGE_GROUP: &str = "git/merge-group";

/// `limit/judgement`, `limit/remarks`, `git/history-rewritten` and `git/merge-group`.
pub const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: UNJUDGED,
        summary: "A commit that cannot be read, or not be judged within the deadline, is set aside and fails every check.",
        remedy: "Push another commit; an operator can raise `judgeDeadline`.",
    },
    RuleDoc {
        id: REMARKS,
        summary: "Of very many findings on one commit only the first are posted.",
        remedy: "Run `portcullis check` to see them all.",
    },
    RuleDoc {
        id: HISTORY_REWRITTEN,
        summary: "The watched branch leads on from its accepted revision; rewritten history is not applied.",
        remedy: "Restore the branch, or look at the new tip and run `portcullis accept` on it.",
    },
    RuleDoc {
        id: MERGE_GROUP,
        summary: "An entry of the merge queue is the clean merge of its pull request into the accepted revision, or into an entry before it that is green.",
        remedy: "Take the pull request out of the queue, bring its branch up to date, and queue it again.",
    },
];
