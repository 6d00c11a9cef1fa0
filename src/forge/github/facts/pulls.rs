//! Pull requests as they are listed.

use crate::forge::{ForgeError, PullRequest};
use crate::model::{CommitId, PullRequestState};

use super::super::Client;
use super::super::path;
use super::super::wire::{Asked, End, Pull, account, commit_id};

/// A pull request's number, by our name for it.
pub(crate) fn number(id: &str) -> Option<u64> {
    // Digits alone: an id goes into addresses, and `parse` would also take a sign.
    let digits = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    id.parse().ok().filter(|_| digits)
}

/// The open ones onto the watched branch, by number.
pub(crate) async fn open_pull_requests(client: &Client, branch: &str) -> Result<Vec<PullRequest>, ForgeError> {
    let path = format!("pulls?state=open&base={}&sort=updated&direction=desc&per_page=100", path::query(branch));
    let listed: Vec<Pull> = client.list(&path).await?.ok_or_else(|| unseen(client))?;
    Ok(translate_list(&listed, branch))
}

fn translate_list(listed: &[Pull], branch: &str) -> Vec<PullRequest> {
    let mut known: Vec<(u64, PullRequest)> = listed
        .iter()
        .filter(|pull| pull.targets(branch) && pull.state() == PullRequestState::Open)
        .filter_map(|pull| Some((pull.number?, pull.translate()?)))
        .collect();
    // The list is ordered by the last change, so one that changes while its pages are read may stand on two of them.
    known.sort_by_key(|(number, _)| *number);
    known.dedup_by_key(|(number, _)| *number);
    known.into_iter().map(|(_, pull_request)| pull_request).collect()
}

/// One by its id, open or not.
pub(crate) async fn pull_request(client: &Client, id: &str) -> Result<Option<PullRequest>, ForgeError> {
    let Some(number) = number(id) else { return Ok(None) };
    Ok(pull(client, number).await?.and_then(|pull| pull.translate()))
}

/// One as GitHub has it; `None` only where the repository is to be seen and the pull request is not. What we may not see any more is
/// answered alike by GitHub, and must not be taken for gone.
pub(crate) async fn pull(client: &Client, number: u64) -> Result<Option<Pull>, ForgeError> {
    let found: Option<Pull> = client.get(&format!("pulls/{number}")).await?;
    if found.is_none() {
        let name = client.name();
        let repository = path::repository(&name).ok_or_else(|| unseen(client))?;
        client.get::<Asked>(&format!("/repos/{repository}")).await?.ok_or_else(|| unseen(client))?;
    }
    Ok(found)
}

fn unseen(client: &Client) -> ForgeError {
    ForgeError::permanent(format!(
        "GitHub does not show us the repository {}: it is not there, or the App is not installed on it, or the token may not read it",
        client.name()
    ))
}

impl Pull {
    /// Whether it wants to become part of this branch.
    pub(crate) fn targets(&self, branch: &str) -> bool {
        self.base.as_ref().and_then(|base| base.reference.as_deref()) == Some(branch)
    }

    /// Open, closed or merged; a word that nobody knows is not open.
    pub(crate) fn state(&self) -> PullRequestState {
        if self.merged == Some(true) || self.merged_at.is_some() {
            PullRequestState::Merged
        } else if self.state.as_deref() == Some("open") {
            PullRequestState::Open
        } else {
            PullRequestState::Closed
        }
    }

    /// The proposed commit.
    pub(crate) fn head(&self) -> Option<CommitId> {
        commit_id(self.head.as_ref()?.sha.as_ref())
    }

    fn translate(&self) -> Option<PullRequest> {
        let (number, head) = (self.number?, self.head()?);
        let name = |end: &Option<End>| end.as_ref().and_then(|end| end.reference.clone()).unwrap_or_default();
        let full = |name: String| if name.is_empty() { name } else { format!("refs/heads/{name}") };
        let version = [
            self.updated_at.clone().unwrap_or_default(),
            head.to_string(),
            name(&self.base),
            self.draft.unwrap_or_default().to_string(),
            format!("{:?}", self.state()),
        ];
        Some(PullRequest {
            id: number.to_string(),
            title: self.title.clone().unwrap_or_default(),
            head,
            // In a fork the branch is no ref of this repository, though one may be called like it.
            head_ref: if self.is_from_fork() { String::new() } else { full(name(&self.head)) },
            base_ref: full(name(&self.base)),
            requester: account(self.user.as_ref()).map(|user| user.login).unwrap_or_default(),
            url: self.html_url.clone().filter(|url| url.starts_with("https://") || url.starts_with("http://")),
            version: version.join(" "),
            fetched_ref: Some(format!("refs/pull/{number}/head")),
        })
    }

    /// Whether its head is not certainly in the repository itself.
    pub(crate) fn is_from_fork(&self) -> bool {
        let id = |end: &Option<End>| end.as_ref()?.repo.as_ref()?.id;
        id(&self.head).is_none() || id(&self.head) != id(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cut from the official example of a pull request.
    const OCTO: &str = r#"{"number":1347,"state":"open","title":"Amazing new feature","draft":false,"merged_at":null,
        "html_url":"https://github.com/octocat/Hello-World/pull/1347","created_at":"2011-01-26T19:01:12Z","updated_at":"2011-01-26T19:01:12Z",
        "user":{"login":"octocat","id":1,"type":"User"},"labels":[{"id":208045946,"name":"bug"}],"unheard_of":{"x":[1]},
        "head":{"ref":"new-topic","sha":"6dcb09b5b57875f334f61aebed695e2e4193db5e","repo":{"id":1296269,"full_name":"octocat/Hello-World"}},
        "base":{"ref":"master","sha":"6dcb09b5b57875f334f61aebed695e2e4193db5e","repo":{"id":1296269,"full_name":"octocat/Hello-World"}}}"#;

    fn octo() -> Pull {
        serde_json::from_str(OCTO).unwrap()
    }

    #[test]
    fn a_pull_request_is_told_by_its_number_and_head() {
        let told = octo().translate().unwrap();
        assert_eq!((told.id.as_str(), told.requester.as_str()), ("1347", "octocat"));
        assert_eq!((told.head_ref.as_str(), told.base_ref.as_str()), ("refs/heads/new-topic", "refs/heads/master"));
        assert_eq!(told.fetched_ref.as_deref(), Some("refs/pull/1347/head"));
    }

    #[test]
    fn its_version_changes_with_whatever_is_told() {
        let before = octo().translate().unwrap().version;
        let changed = |change: &dyn Fn(&mut Pull)| {
            let mut pull = octo();
            change(&mut pull);
            pull.translate().unwrap().version
        };
        assert_eq!(changed(&|_| ()), before);
        let sha = Some("ab".repeat(20));
        assert_ne!(changed(&|p| p.head.as_mut().unwrap().sha = sha.clone()), before);
        assert_ne!(changed(&|p| p.base.as_mut().unwrap().reference = Some("next".into())), before);
        assert_ne!(changed(&|p| p.updated_at = Some("2011-01-26T19:01:13Z".into())), before);
        assert_ne!(changed(&|p| p.draft = Some(true)), before);
        assert_ne!(changed(&|p| p.state = Some("closed".into())), before);
    }

    #[test]
    fn the_branch_of_a_fork_is_no_branch_of_ours() {
        let mut fork = octo();
        fork.head.as_mut().unwrap().repo.as_mut().unwrap().id = Some(7);
        fork.head.as_mut().unwrap().reference = Some("master".into());
        assert_eq!(fork.translate().unwrap().head_ref, "");
        fork.head.as_mut().unwrap().repo = None;
        assert!(fork.is_from_fork(), "one that was deleted neither");
    }

    #[test]
    fn a_list_holds_each_open_one_once_by_number() {
        let with = |number, state: &str, base: &str| {
            let mut pull = octo();
            (pull.number, pull.state) = (Some(number), Some(state.into()));
            pull.base.as_mut().unwrap().reference = Some(base.into());
            pull
        };
        let list = [
            with(10, "open", "main"),
            with(9, "open", "main"),
            with(10, "open", "main"),
            with(3, "closed", "main"),
            with(4, "open", "x"),
        ];
        let ids: Vec<String> = translate_list(&list, "main").into_iter().map(|p| p.id).collect();
        assert_eq!(ids, ["9", "10"]);
        assert_eq!(translate_list(&[Pull::default()], "main"), [], "one without number or head cannot be told");
    }

    #[test]
    fn merged_is_merged_whatever_else_it_says() {
        let mut pull = octo();
        (pull.state, pull.merged_at) = (Some("closed".into()), Some("2011-01-26T19:01:12Z".into()));
        assert_eq!(pull.state(), PullRequestState::Merged);
        pull.merged_at = None;
        assert_eq!(pull.state(), PullRequestState::Closed);
        pull.state = Some("frozen".into());
        assert_eq!(pull.state(), PullRequestState::Closed, "an unknown word");
    }

    #[test]
    fn only_digits_name_a_pull_request() {
        assert_eq!(number("7"), Some(7));
        for odd in ["", "+7", "-7", "7/merge", "0x7", " 7", "99999999999999999999999"] {
            assert_eq!(number(odd), None, "{odd}");
        }
    }
}
