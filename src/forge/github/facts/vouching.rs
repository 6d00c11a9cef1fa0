//! For whose signature on a commit GitHub vouches.
//!
//! GitHub verifies a signature only where the committer's address belongs to the account whose key it is; so the account that it maps the
//! committer to is the signer. It is asked anew each time: an unchanged answer costs nothing, and a word that GitHub takes back counts at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::ForgeError;
use crate::model::{CommitId, Vouched};

use super::super::asking::readable;
use super::super::wire::{self, Commit};
use super::super::{Client, words};

/// From how many commits on they are read as pages of the history instead of one by one.
const FEW: usize = 3;
/// Commits that are read one by one at most, where pages do not hold them. The rest is not vouched for, and judged as everyone's.
const MOST: usize = 100;
/// Commits on a page.
const PAGE: usize = 100;

/// GitHub's word on these commits, all in the history of `head`. A commit that is missing is not vouched for.
pub(crate) async fn vouched(
    client: &Client,
    head: CommitId,
    signed: &[CommitId],
) -> Result<BTreeMap<CommitId, Vouched>, ForgeError> {
    let mut open: BTreeSet<CommitId> = signed.iter().copied().collect();
    let mut verified = BTreeMap::new();
    if open.len() > FEW {
        // The history of the head begins with what it proposes, but for what it has merged from the branch meanwhile.
        for page in 1..=(open.len() / PAGE + 2) {
            let asked = client.get::<Vec<Commit>>(&format!("commits?sha={head}&per_page={PAGE}&page={page}")).await;
            let Ok(commits) = readable(asked)? else { break };
            let last = commits.len() < PAGE;
            for commit in commits {
                note(&commit, &mut open, &mut verified);
            }
            if last || open.is_empty() {
                break;
            }
        }
    }
    let rest: Vec<CommitId> = open.iter().copied().take(MOST).collect();
    for id in rest {
        // Its files are not our business: one a page is the least that can be asked for.
        if let Ok(commit) = readable(client.get::<Commit>(&format!("commits/{id}?per_page=1")).await)? {
            note(&commit, &mut open, &mut verified);
        }
    }
    Ok(verified)
}

/// Keeps what is said of a commit that was asked about.
fn note(commit: &Commit, open: &mut BTreeSet<CommitId>, verified: &mut BTreeMap<CommitId, Vouched>) {
    let Some(id) = wire::commit_id(commit.sha.as_ref()).filter(|id| open.remove(id)) else { return };
    if let Some(word) = word(commit) {
        verified.insert(id, word);
    }
}

fn word(commit: &Commit) -> Option<Vouched> {
    let committer = wire::account(commit.committer.as_ref()).filter(|_| commit.is_verified())?;
    Some(if committer.login == words::WEB_FLOW { Vouched::Forge } else { Vouched::Account(committer) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ForgeUser;

    fn read(verified: &str, committer: &str) -> Option<Vouched> {
        let json = format!(
            r#"{{"sha":"6dcb09b5b57875f334f61aebed695e2e4193db5e","commit":{{"message":"Fix all the bugs",
                "verification":{{"verified":{verified},"reason":"valid","signature":"x","payload":"y","verified_at":null}}}},
                "author":{{"login":"mallory","id":66}},"committer":{committer}}}"#
        );
        word(&serde_json::from_str(&json).unwrap())
    }

    const OCTOCAT: &str = r#"{"login":"octocat","id":1,"type":"User"}"#;

    #[test]
    fn the_committer_of_a_verified_commit_signed_it() {
        assert_eq!(read("true", OCTOCAT), Some(Vouched::Account(ForgeUser { login: "octocat".into(), id: 1 })));
    }

    #[test]
    fn what_is_made_in_the_browser_is_the_forges_own() {
        assert_eq!(read("true", r#"{"login":"web-flow","id":19864447}"#), Some(Vouched::Forge));
    }

    #[test]
    fn nothing_less_than_verified_by_somebody_is_vouched_for() {
        for verified in ["false", "null"] {
            assert_eq!(read(verified, OCTOCAT), None);
            assert_eq!(read(verified, r#"{"login":"web-flow","id":19864447}"#), None);
        }
        assert_eq!(read("true", "null"), None, "a committer that is no account");
        assert_eq!(read("true", "{}"), None);
        assert_eq!(word(&serde_json::from_str(r#"{"sha":"x","commit":null}"#).unwrap()), None);
    }

    #[test]
    fn only_what_was_asked_about_is_told() {
        let id = CommitId::from_hex("6dcb09b5b57875f334f61aebed695e2e4193db5e").unwrap();
        let json = format!(r#"{{"sha":"{id}","commit":{{"verification":{{"verified":true}}}},"committer":{OCTOCAT}}}"#);
        let commit: Commit = serde_json::from_str(&json).unwrap();
        let (mut open, mut verified) = (BTreeSet::from([CommitId([1; 20])]), BTreeMap::new());
        note(&commit, &mut open, &mut verified);
        assert!(verified.is_empty());
        open.insert(id);
        note(&commit, &mut open, &mut verified);
        assert_eq!(verified.keys().collect::<Vec<_>>(), [&id]);
        assert_eq!(open, BTreeSet::from([CommitId([1; 20])]));
    }
}
