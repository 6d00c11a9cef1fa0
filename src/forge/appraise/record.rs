//! The records of git-appraise's published format, read leniently: a line that is not one is no line.

use serde::Deserialize;

use crate::model::CommitId;

/// Where review requests stand, on the first commit of each review.
pub(super) const REQUESTS: &str = "refs/notes/devtools/reviews";
/// Where comments stand, on the same commit.
pub(super) const COMMENTS: &str = "refs/notes/devtools/discuss";
/// Where statuses stand, on the commit they judge.
pub(super) const STATUSES: &str = "refs/notes/devtools/ci";
/// Where findings stand, on the commit they judge.
pub(super) const ANALYSES: &str = "refs/notes/devtools/analyses";

/// A request for review. Who wrote it is anybody's word.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request {
    #[serde(default)]
    pub(super) timestamp: String,
    #[serde(default)]
    pub(super) requester: String,
    #[serde(default)]
    pub(super) review_ref: String,
    #[serde(default)]
    pub(super) target_ref: String,
    #[serde(default)]
    pub(super) description: String,
    #[serde(default)]
    pub(super) alias: String,
    #[serde(default)]
    v: i64,
}

impl Request {
    fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok().filter(|r: &Self| r.v == 0)
    }

    /// The request that stands: the latest, as its own timestamp says, because that is the one git-appraise shows.
    pub(super) fn latest(lines: &[String]) -> Option<Self> {
        // The last of equals, as a stable sort would have it; timestamps are compared as text, as git-appraise does.
        lines.iter().filter_map(|l| Self::parse(l)).max_by(|a, b| a.timestamp.cmp(&b.timestamp))
    }

    /// The commit the review starts from today: a rebase names a new one.
    pub(super) fn start(&self, id: CommitId) -> CommitId {
        CommitId::from_hex(&self.alias).unwrap_or(id)
    }

    /// The ref under review. Notes are no commits to review, and what is no full name of a ref names nothing.
    pub(super) fn review_ref(&self) -> Option<&str> {
        let name = self.review_ref.as_str();
        (name.starts_with("refs/") && !name.starts_with("refs/notes/") && !name.starts_with("refs/portcullis/")).then_some(name)
    }

    /// The first line of the description, for display.
    pub(super) fn title(&self) -> String {
        let line = self.description.lines().find(|l| !l.trim().is_empty()).unwrap_or_default().trim();
        line.chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

/// What a comment says about the review as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Opinion {
    Approves,
    Rejects,
    Remarks,
}

/// A comment. Its author and timestamp are anybody's word and are not read.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
pub(super) struct Comment {
    #[serde(default)]
    parent: String,
    #[serde(default)]
    original: String,
    #[serde(default)]
    location: Option<Location>,
    #[serde(default)]
    resolved: Option<bool>,
    #[serde(default)]
    v: i64,
}

#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
struct Location {
    #[serde(default)]
    commit: String,
    #[serde(default)]
    path: String,
}

impl Comment {
    pub(super) fn parse(line: &str) -> Option<Self> {
        serde_json::from_str(line).ok().filter(|c: &Self| c.v == 0)
    }

    /// A reply speaks of the comment it answers, not of the change. Praise of one file, or an edit of an older comment, is not
    /// an approval of the whole; a rejection, however narrow, is one.
    pub(super) fn opinion(&self) -> Opinion {
        let narrow = !self.original.is_empty() || self.location.as_ref().is_some_and(|l| !l.path.is_empty());
        match self.resolved {
            Some(false) if self.parent.is_empty() => Opinion::Rejects,
            Some(true) if self.parent.is_empty() && !narrow => Opinion::Approves,
            _ => Opinion::Remarks,
        }
    }

    /// The commit it was given on.
    pub(super) fn commit(&self) -> Option<CommitId> {
        self.location.as_ref().and_then(|l| CommitId::from_hex(&l.commit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opinion(rest: &str) -> Option<Opinion> {
        Comment::parse(&format!(r#"{{"timestamp":"1700000000","author":"bob"{rest}}}"#)).map(|c| c.opinion())
    }

    #[test]
    fn only_a_plain_yes_to_the_whole_approves() {
        assert_eq!(opinion(r#","resolved":true"#), Some(Opinion::Approves));
        assert_eq!(opinion(r#","resolved":true,"parent":"abc""#), Some(Opinion::Remarks));
        assert_eq!(opinion(r#","resolved":true,"original":"abc""#), Some(Opinion::Remarks));
        assert_eq!(opinion(r#","resolved":true,"location":{"commit":"aa","path":"README"}"#), Some(Opinion::Remarks));
        assert_eq!(opinion(r#","resolved":true,"v":1"#), None);
        assert_eq!(opinion(r#","resolved":"true""#), None);
        assert_eq!(opinion(r#","resolved":null"#), Some(Opinion::Remarks));
        assert_eq!(opinion(""), Some(Opinion::Remarks));
    }

    #[test]
    fn a_no_is_a_no_however_narrow() {
        assert_eq!(opinion(r#","resolved":false,"location":{"commit":"aa","path":"README"}"#), Some(Opinion::Rejects));
        assert_eq!(opinion(r#","resolved":false,"original":"abc""#), Some(Opinion::Rejects));
        assert_eq!(opinion(r#","resolved":false,"parent":"abc""#), Some(Opinion::Remarks));
    }

    #[test]
    fn a_review_is_given_on_a_whole_commit_id_or_on_none() {
        let commit = |text: &str| Comment::parse(&format!(r#"{{"location":{{"commit":"{text}"}}}}"#)).and_then(|c| c.commit());
        assert!(commit(&"ab".repeat(20)).is_some());
        assert_eq!(commit("abcdef"), None);
        assert_eq!(commit("refs/heads/main"), None);
    }

    #[test]
    fn the_latest_request_stands_and_the_last_of_equals() {
        let lines = [
            r#"{"timestamp":"1700000002","requester":"a","targetRef":"refs/heads/b"}"#,
            r#"{"timestamp":"1700000001","requester":"a","targetRef":"refs/heads/a"}"#,
            r#"{"timestamp":"1700000002","requester":"a","targetRef":"refs/heads/c","surprise":[1]}"#,
            r#"{"timestamp":"1700000009","v":7}"#,
            r#"{"timestamp":1700000010}"#,
        ]
        .map(str::to_owned);
        assert_eq!(Request::latest(&lines).unwrap().target_ref, "refs/heads/c");
    }

    #[test]
    fn refs_of_notes_and_half_names_are_not_under_review() {
        let of = |name: &str| Request::parse(&format!(r#"{{"reviewRef":"{name}"}}"#)).unwrap().review_ref().is_some();
        assert!(of("refs/heads/feature"));
        assert!(!of("feature") && !of("refs/notes/devtools/ci") && !of(""));
    }
}
