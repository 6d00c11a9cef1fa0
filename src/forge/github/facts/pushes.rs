//! Who moved a branch, by the activity that GitHub keeps of it.

use crate::forge::ForgeError;
use crate::model::{CommitId, Push, Timestamp};

use super::super::Client;
use super::super::asking::readable;
use super::super::wire::{self, Activity, Pull};
use super::super::{path, words};

/// Entries of one branch that are told one by one. What came before them is told as one push by nobody known that may have brought anything.
const MOST: usize = 1_000;

/// Somebody, at some time, moved the branch from anywhere to anywhere.
const ANYBODY: Push = Push { actor: None, before: None, after: None };

/// What is known of the pushes to a branch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Pushes {
    /// Oldest first.
    pub(crate) pushes: Vec<Push>,
    /// That the push which brought the branch to where it stands is not among them yet.
    pub(crate) pending: Option<String>,
}

impl Pushes {
    /// That nothing is known: a push by somebody unknown, and not no push at all, which would keep nobody from approving what they pushed.
    fn unknown() -> Self {
        Self { pushes: vec![ANYBODY], pending: None }
    }
}

/// The pushes to the head of a pull request. Where its repository is gone, or does not tell, anybody may have pushed anything.
pub(crate) async fn of_head(client: &Client, pull: &Pull, head: CommitId) -> Result<Pushes, ForgeError> {
    let end = pull.head.as_ref();
    let Some(branch) = end.and_then(|end| end.reference.as_deref()) else { return Ok(Pushes::unknown()) };
    let base = if pull.is_from_fork() {
        let name = end.and_then(|end| end.repo.as_ref()).and_then(|repository| repository.full_name.as_deref());
        let Some(repository) = name.and_then(path::repository) else { return Ok(Pushes::unknown()) };
        format!("/repos/{repository}/activity")
    } else {
        "activity".to_owned()
    };
    let reference = format!("refs/heads/{branch}");
    let asked = client.list_first::<Activity>(&format!("{base}?ref={}&per_page=100", path::query(&reference)), MOST / 100).await;
    match readable(asked)? {
        Ok((newest_first, more)) => {
            let mut pushes = told(&newest_first, &reference, wire::timestamp(pull.created_at.as_ref()), head);
            if more && pushes.pushes.first() != Some(&ANYBODY) {
                pushes.pushes.insert(0, ANYBODY);
            }
            Ok(pushes)
        }
        Err(why) => {
            tracing::warn!(repository = %client.name(), pull_request = pull.number, "who pushed {reference} is not known: {why}");
            Ok(Pushes::unknown())
        }
    }
}

/// The last hundred pushes to a branch of the repository itself, which stands at `tip`.
///
/// Whatever a branch took in before that was brought by nobody known, and judged so.
pub(crate) async fn of_branch(client: &Client, branch: &str, tip: CommitId) -> Result<Pushes, ForgeError> {
    let reference = format!("refs/heads/{branch}");
    let asked = client.get::<Vec<Activity>>(&format!("activity?ref={}&per_page=100", path::query(&reference))).await;
    match readable(asked)? {
        Ok(newest_first) => Ok(told(&newest_first, &reference, None, tip)),
        Err(why) => {
            tracing::warn!(repository = %client.name(), "who pushed {reference} is not known: {why}");
            Ok(Pushes::unknown())
        }
    }
}

/// GitHub's entries, newest first, as pushes, oldest first.
///
/// A branch's name may have been used before. What happened under it until it was deleted is no part of a pull request that was opened
/// after that; within its life, every push counts, also one whose commits were forced away again.
fn told(newest_first: &[Activity], reference: &str, opened: Option<Timestamp>, head: CommitId) -> Pushes {
    let of_branch = newest_first.iter().filter(|entry| entry.reference.as_deref() == Some(reference));
    let mut pushes = Vec::new();
    for entry in of_branch {
        if pushes.len() == MOST {
            pushes.push(ANYBODY);
            break;
        }
        let Some(after) = wire::commit_id(entry.after.as_ref()) else {
            let deleted = entry.after.as_ref().is_some_and(|after| after.bytes().all(|digit| digit == b'0') && after.len() == 40);
            if !deleted {
                pushes.push(Push { actor: wire::account(entry.actor.as_ref()), ..ANYBODY });
                continue;
            }
            let at = wire::timestamp(entry.timestamp.as_ref());
            if at.zip(opened).is_some_and(|(at, opened)| at < opened) {
                break;
            }
            continue;
        };
        pushes.push(Push {
            actor: wire::account(entry.actor.as_ref()),
            before: wire::commit_id(entry.before.as_ref()),
            after: Some(after),
        });
    }
    pushes.reverse();
    let known = pushes.iter().any(|push| push.after == Some(head));
    if known {
        return Pushes { pushes, pending: None };
    }
    pushes.push(Push { after: Some(head), ..ANYBODY });
    Pushes { pushes, pending: Some(words::PUSHER_NOT_KNOWN_YET.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "refs/heads/topic";

    fn id(n: u8) -> CommitId {
        CommitId([n; 20])
    }

    fn entry(who: Option<u64>, before: u8, after: u8, second: u8) -> Activity {
        let actor = who.map_or_else(|| "null".to_owned(), |id| format!(r#"{{"login":"u{id}","id":{id}}}"#));
        let json = format!(
            r#"{{"id":1,"node_id":"x","before":"{}","after":"{}","ref":"{HEAD}","timestamp":"2024-01-01T00:00:{second:02}Z",
                "activity_type":"push","actor":{actor}}}"#,
            id(before),
            id(after)
        );
        serde_json::from_str(&json).unwrap()
    }

    fn opened(second: u8) -> Option<Timestamp> {
        format!("2024-01-01T00:00:{second:02}Z").parse().ok()
    }

    fn actors(pushes: &Pushes) -> Vec<Option<u64>> {
        pushes.pushes.iter().map(|push| push.actor.as_ref().map(|user| user.id)).collect()
    }

    #[test]
    fn pushes_are_told_oldest_first_forced_ones_included() {
        let told = told(&[entry(Some(3), 1, 3, 9), entry(Some(2), 1, 2, 8), entry(Some(1), 0, 1, 7)], HEAD, opened(7), id(3));
        assert_eq!(actors(&told), [Some(1), Some(2), Some(3)]);
        assert_eq!((told.pushes[0].before, told.pushes[0].after), (None, Some(id(1))), "zeros: the branch was new");
        assert_eq!(told.pending, None);
    }

    #[test]
    fn another_branch_says_nothing() {
        let mut other = entry(Some(1), 0, 1, 7);
        other.reference = Some("refs/heads/topic2".into());
        let told = told(&[other], HEAD, None, id(1));
        assert_eq!(told.pushes, [Push { after: Some(id(1)), ..ANYBODY }], "whoever brought it is unknown");
        assert!(told.pending.is_some());
    }

    #[test]
    fn a_head_that_no_push_brought_yet_may_be_told_soon() {
        assert!(told(&[entry(Some(1), 0, 1, 7)], HEAD, None, id(2)).pending.is_some());
    }

    #[test]
    fn a_deleted_account_is_nobody_known() {
        assert_eq!(actors(&told(&[entry(None, 0, 1, 7)], HEAD, None, id(1))), [None]);
    }

    #[test]
    fn an_earlier_life_of_the_branch_is_none_of_the_pull_request() {
        let life = [entry(Some(2), 0, 2, 5), entry(Some(1), 1, 0, 4), entry(Some(1), 0, 1, 3)];
        assert_eq!(actors(&told(&life, HEAD, opened(5), id(2))), [Some(2)]);
        assert_eq!(actors(&told(&life, HEAD, opened(4), id(2))), [Some(1), Some(2)], "deleted within its life, or nobody knows");
        assert_eq!(actors(&told(&life, HEAD, None, id(2))), [Some(1), Some(2)]);
    }

    #[test]
    fn an_entry_that_cannot_be_read_may_have_brought_anything() {
        let mut odd = entry(Some(1), 1, 2, 5);
        odd.after = None;
        assert_eq!(told(&[odd], HEAD, None, id(2)).pushes[0].after, None);
    }

    #[test]
    fn beyond_a_thousand_pushes_anybody_may_have_pushed_anything() {
        let many = vec![entry(Some(1), 1, 2, 5); MOST + 7];
        let told = told(&many, HEAD, None, id(2));
        assert_eq!(told.pushes.len(), MOST + 1);
        assert_eq!(told.pushes[0], ANYBODY, "the oldest");
        assert_eq!(super::told(&many[..MOST], HEAD, None, id(2)).pushes.len(), MOST);
    }
}
