//! One repository to watch: where it is, what it is called, and how its pull requests are answered.

use std::path::{Path, PathBuf};

use crate::forge::MergeMethod;

use super::value::{self, ForgeKind, RemoteUrl};
use super::{ConfigError, Reader, Texts};

/// One repository to watch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RepositoryConfig {
    /// `name`
    pub name: String,
    /// Whether somebody gave the name; else it was made of the path or the address.
    pub named: bool,
    /// `path`: the local repository, or where the copy of `remote` or `github` is kept.
    pub path: PathBuf,
    /// `remote`
    pub remote: Option<RemoteUrl>,
    /// `branch`, its short name.
    pub branch: String,
    /// `root`; empty for the repository's top.
    pub root: String,
    /// `forge`
    pub forge: ForgeKind,
    /// `github`
    pub github: Option<GithubRepository>,
    /// `merge`, `comments`, `reviewRequests`, `labels`.
    pub answers: Answers,
}

/// A repository on GitHub.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GithubRepository {
    /// `owner/name`
    pub name: String,
    /// Its number, which outlives a rename; `None` where only the name was said.
    pub id: Option<u64>,
    /// The address of the GitHub that it is on: `https://github.com`.
    pub git: String,
}

/// How pull requests are answered, beyond statuses.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answers {
    /// `merge`; `None` where it is `off`.
    pub merge: Option<MergeMethod>,
    /// `comments`
    pub comments: bool,
    /// `reviewRequests`
    pub review_requests: bool,
    /// `labels`
    pub labels: bool,
}

impl Default for Answers {
    fn default() -> Self {
        Self { merge: None, comments: true, review_requests: true, labels: false }
    }
}

impl RepositoryConfig {
    /// What the store calls it: a name that somebody gave, or else where it is; with the branch and the root.
    pub fn key(&self) -> String {
        let place = if self.named { self.name.clone() } else { self.place() };
        self.with_branch_and_root(&place)
    }

    /// Where the watched branch is, whatever it is called: two of one place would each perform the same runs.
    pub(super) fn watched(&self) -> String {
        self.with_branch_and_root(&self.place())
    }

    fn place(&self) -> String {
        match (&self.github, &self.remote) {
            // By number, so that renaming it on GitHub does not make it a repository of which nothing has been accepted yet.
            (Some(GithubRepository { id: Some(id), git, .. }), _) => format!("{git}/#{id}"),
            (Some(github), _) => format!("{}/{}", github.git, github.name.to_ascii_lowercase()),
            (None, Some(remote)) => remote.shown(),
            // Links are followed, so that another way to the same place is the same repository.
            (None, None) => std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone()).display().to_string(),
        }
    }

    fn with_branch_and_root(&self, place: &str) -> String {
        let root = if self.root.is_empty() { String::new() } else { format!(":{}", self.root) };
        format!("{place}#{}{root}", self.branch)
    }

    /// Whether a copy of it is kept here, rather than it standing here itself.
    pub fn is_copy(&self) -> bool {
        self.remote.is_some() || self.github.is_some()
    }
}

/// Reads how pull requests are answered.
pub(super) fn answers(read: &mut Reader<'_>) -> Answers {
    let default = Answers::default();
    Answers {
        merge: read.get("merge", value::merge).unwrap_or(default.merge),
        comments: read.get("comments", value::yes_or_no).unwrap_or(default.comments),
        review_requests: read.get("reviewRequests", value::yes_or_no).unwrap_or(default.review_requests),
        labels: read.get("labels", value::yes_or_no).unwrap_or(default.labels),
    }
}

/// The options that only a forge with accounts has a use for.
pub(super) const ANSWERS: [&str; 4] = ["merge", "comments", "reviewRequests", "labels"];

/// Reads one repository; copies are kept below `state`, and repositories of GitHub are on the one at `git`.
pub(super) fn repository(
    place: &str,
    texts: &Texts,
    (state, git): (&Path, &str),
    errors: &mut Vec<ConfigError>,
) -> Option<RepositoryConfig> {
    let before = errors.len();
    let mut read = Reader { texts, errors };
    let path = read.get("path", |text| Ok(PathBuf::from(text)));
    let remote = read.get("remote", RemoteUrl::parse);
    let github = read.get("github", value::full_name);
    let branch = read.get("branch", value::branch).unwrap_or_else(|| "main".to_owned());
    let root = read.get("root", value::root).unwrap_or_default();
    let forge = read.get("forge", value::forge);
    let answers = answers(&mut read);
    let given = read.get("name", value::name);
    let named = given.is_some();
    let name = given.or_else(|| {
        let address = remote.as_ref().map(RemoteUrl::shown);
        let absolute = path.as_ref().and_then(|path| std::path::absolute(path).ok()).map(|p| p.display().to_string());
        let source = github.clone().or(absolute).or(address)?;
        let source = source.trim_end_matches(['/', '.']).trim_end_matches("/.git").trim_end_matches(".git");
        let last = source.rsplit(['/', ':']).next().unwrap_or_default();
        let plain: String = last.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
        value::name(plain.trim_start_matches(['.', '-'])).ok()
    });
    let said = |key: &str| texts.contains_key(key);
    let mut wrong = |message: &str| errors.push(ConfigError::new(place, message));
    match (said("github"), forge) {
        (true, Some(ForgeKind::Git)) => {
            wrong("`github` says that the forge is GitHub, and `forge` says `git`: leave `forge` out")
        }
        (false, Some(ForgeKind::Github)) => wrong("say which repository on GitHub it is: `github: acme/catalog`"),
        (false, _) => {
            if let Some(key) = ANSWERS.into_iter().find(|key| said(key)) {
                wrong(&format!("`{key}` is about pull requests on GitHub: it needs `github`"));
            }
        }
        (true, _) => {}
    }
    if said("github") && said("remote") {
        wrong("`github` says where it is fetched from: leave `remote` out");
    }
    if !said("path") && !said("remote") && !said("github") {
        wrong("give a `path`, a `remote`, or both; or `github`");
    }
    if errors.len() > before {
        return None;
    }
    let Some(name) = name else {
        errors.push(ConfigError::new(place, "no name can be made of the path: give a `name`"));
        return None;
    };
    let path = path.unwrap_or_else(|| state.join("repositories").join(format!("{name}.git")));
    let forge = if github.is_some() { ForgeKind::Github } else { ForgeKind::Git };
    let github = github.map(|name| GithubRepository { name, id: None, git: git.to_owned() });
    Some(RepositoryConfig { name, named, path, remote, branch, root, forge, github, answers })
}
