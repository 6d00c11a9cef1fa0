//! A clone on somebody's machine: files are written, commits are made, branches are pushed.

use std::collections::BTreeMap;

use git2::Oid;

use super::merging::Method;
use super::objects::{self, Draft, Named};
use super::people::Person;

/// Commits of it are in the server's object store from the start, but on no branch until they are pushed.
pub struct Checkout {
    pub person: Person,
    /// What it was cloned from.
    repository: u64,
    /// Where its pull requests go.
    upstream: u64,
    branch: String,
    branches: BTreeMap<String, Oid>,
    written: Vec<(String, Option<String>)>,
    author: Option<Named>,
    committer: Option<Named>,
    signs: bool,
}

impl Checkout {
    pub(super) fn new(person: &Person, repository: u64, upstream: u64) -> Self {
        let state = person.github.state();
        let it = &state.repositories[&repository];
        let heads = objects::heads(&it.path).into_iter();
        let branches = heads.map(|(name, id)| (name.trim_start_matches("refs/heads/").to_owned(), id)).collect();
        let branch = it.default_branch.clone();
        let (person, written) = (person.clone(), Vec::new());
        Self { person, repository, upstream, branch, branches, written, author: None, committer: None, signs: false }
    }

    fn path(&self) -> std::path::PathBuf {
        self.person.github.state().repositories[&self.repository].path.clone()
    }

    fn upstream_name(&self) -> String {
        self.person.github.state().full_name(self.upstream)
    }

    /// What it was cloned from, as it is called now.
    pub fn name(&self) -> String {
        self.person.github.state().full_name(self.repository)
    }

    /// The commit a branch is at here.
    pub fn tip(&self, branch: &str) -> Oid {
        self.branches[branch]
    }

    /// Goes on with a branch, or begins one where the present one is.
    pub fn on(&mut self, branch: &str) -> &mut Self {
        if let Some(tip) = self.branches.get(&self.branch).copied() {
            self.branches.entry(branch.into()).or_insert(tip);
        }
        self.branch = branch.into();
        self
    }

    /// Begins a branch anew at a commit.
    pub fn resets(&mut self, branch: &str, to: Oid) -> &mut Self {
        self.branches.insert(branch.into(), to);
        self.branch = branch.into();
        self
    }

    /// Takes over what others have pushed to a branch.
    pub fn pulls(&mut self, branch: &str) -> &mut Self {
        let tip = objects::tip(&self.path(), &format!("refs/heads/{branch}")).unwrap();
        self.branches.insert(branch.into(), tip);
        self.branch = branch.into();
        self
    }

    pub fn writes(&mut self, file: &str, text: &str) -> &mut Self {
        self.written.push((file.into(), Some(text.into())));
        self
    }

    pub fn removes(&mut self, file: &str) -> &mut Self {
        self.written.push((file.into(), None));
        self
    }

    /// From now on commits carry another author.
    pub fn authored_by(&mut self, name: &str, email: &str) -> &mut Self {
        self.author = Some(Named { name: name.into(), email: email.into() });
        self
    }

    /// From now on commits carry another committer.
    pub fn committed_by(&mut self, name: &str, email: &str) -> &mut Self {
        self.committer = Some(Named { name: name.into(), email: email.into() });
        self
    }

    /// From now on commits carry a signature; GitHub finds it good where it knows the person's key.
    pub fn signs(&mut self, signs: bool) -> &mut Self {
        self.signs = signs;
        self
    }

    /// Commits what was written to the present branch.
    pub fn commits(&mut self, message: &str) -> Oid {
        let parent = self.branches.get(&self.branch).copied();
        let tree = objects::edit(&self.path(), parent, &std::mem::take(&mut self.written));
        self.commits_tree(&parent.into_iter().collect::<Vec<_>>(), tree, message)
    }

    /// Merges a commit into the present branch.
    pub fn merges_commit(&mut self, other: Oid, message: &str) -> Oid {
        let ours = self.branches[&self.branch];
        let tree = objects::merged_tree(&self.path(), ours, other).expect("no conflict");
        self.commits_tree(&[ours, other], tree, message)
    }

    /// Puts the commits of the present branch that are not in another commit on top of it; authors stay.
    pub fn rebases(&mut self, onto: Oid) -> Oid {
        let (path, head) = (self.path(), self.branches[&self.branch]);
        let kept = self.author.take();
        let mut tip = onto;
        for commit in objects::range(&path, Some(onto), head) {
            let tree = objects::picked_tree(&path, commit, tip).expect("no conflict");
            let (author, message) = objects::authorship(&path, commit);
            self.author = Some(author);
            tip = self.commits_tree(&[tip], tree, &message);
        }
        self.author = kept;
        self.branches.insert(self.branch.clone(), tip);
        tip
    }

    fn commits_tree(&mut self, parents: &[Oid], tree: Oid, message: &str) -> Oid {
        let (path, mut state) = (self.path(), self.person.github.state());
        state.deed();
        let own = state.named_in_commits(self.person.id);
        let (author, committer) = (self.author.as_ref().unwrap_or(&own), self.committer.as_ref().unwrap_or(&own));
        let armour = format!("-----BEGIN SSH SIGNATURE-----\n{:064}\n-----END SSH SIGNATURE-----", self.person.id);
        let signature = self.signs.then_some(armour.as_str());
        let sha = objects::commit(&path, &Draft { parents, tree, message, author, committer, time: state.now(), signature });
        if self.signs && state.known_keys.contains(&self.person.id) {
            state.verified.insert(sha, self.person.id);
        }
        drop(state);
        self.branches.insert(self.branch.clone(), sha);
        sha
    }

    /// Pushes a branch, and fails where that would throw away what is there.
    pub fn pushes(&self, branch: &str) -> Oid {
        self.push(branch, false)
    }

    pub fn force_pushes(&self, branch: &str) -> Oid {
        self.push(branch, true)
    }

    fn push(&self, branch: &str, force: bool) -> Oid {
        let (path, reference, after) = (self.path(), format!("refs/heads/{branch}"), self.branches[branch]);
        let mut state = self.person.github.state();
        state.deed();
        let before = objects::tip(&path, &reference);
        let forward = before.is_none_or(|before| objects::contains(&path, after, before));
        assert!(force || forward, "{branch} cannot be pushed: it is not a fast-forward");
        objects::set(&path, &reference, after);
        if before != Some(after) {
            state.moved(self.repository, &reference, before, Some(after), self.person.id, None);
        }
        after
    }

    /// Deletes a branch on the server.
    pub fn deletes_branch(&self, branch: &str) {
        let (path, reference) = (self.path(), format!("refs/heads/{branch}"));
        let mut state = self.person.github.state();
        state.deed();
        let before = objects::tip(&path, &reference);
        objects::delete(&path, &reference);
        state.moved(self.repository, &reference, before, None, self.person.id, None);
    }

    pub fn opens_pull_request(&self, branch: &str, base: &str) -> u64 {
        self.person.opens((self.repository, branch), (self.upstream, base), branch, false)
    }

    pub fn opens_draft(&self, branch: &str, base: &str) -> u64 {
        self.person.opens((self.repository, branch), (self.upstream, base), branch, true)
    }

    pub fn reviews(&self, number: u64, state: &str) -> u64 {
        self.person.reviews(&self.upstream_name(), number, state)
    }

    pub fn comments(&self, number: u64, text: &str) -> u64 {
        self.person.comments(&self.upstream_name(), number, text)
    }

    pub fn merges(&self, number: u64, method: Method) -> Oid {
        self.person.merges(&self.upstream_name(), number, method)
    }

    pub fn closes(&self, number: u64) {
        self.person.closes(&self.upstream_name(), number);
    }

    pub fn retargets(&self, number: u64, base: &str) {
        self.person.retargets(&self.upstream_name(), number, base);
    }

    pub fn updates_branch(&self, number: u64) -> Oid {
        self.person.updates_branch(&self.upstream_name(), number)
    }
}
