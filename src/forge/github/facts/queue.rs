//! The refs of merge queues: `gh-readonly-queue/BRANCH/pr-N-BASE`.

use crate::forge::MergeGroup;
use crate::model::CommitId;

/// What the refs of the watched branch's queue begin with.
pub(crate) fn prefix(branch: &str) -> String {
    format!("refs/heads/gh-readonly-queue/{branch}/")
}

/// What the rest of such a ref says.
pub(crate) fn merge_group(rest: &str) -> Option<MergeGroup> {
    let (number, onto) = rest.strip_prefix("pr-")?.split_once('-')?;
    let number = super::number(number)?;
    Some(MergeGroup { pull_request: number.to_string(), onto: CommitId::from_hex(onto)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_names_its_pull_request_and_what_it_comes_onto() {
        let base = "ab".repeat(20);
        let group = merge_group(&format!("pr-104-{base}")).unwrap();
        assert_eq!((group.pull_request.as_str(), group.onto), ("104", CommitId([0xab; 20])));
        for odd in [
            format!("next/pr-104-{base}"),
            format!("pr--{base}"),
            format!("pr-+1-{base}"),
            "pr-104-main".into(),
            format!("pr-1-{base}-x"),
        ] {
            assert_eq!(merge_group(&odd), None, "{odd}");
        }
        assert_eq!(prefix("main"), "refs/heads/gh-readonly-queue/main/");
    }
}
