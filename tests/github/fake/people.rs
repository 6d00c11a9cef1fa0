//! People, and what they do to a pull request: stories are told in these words.

use git2::Oid;

use super::GitHub;
use super::checkout::Checkout;
use super::merging::Method;
use super::objects;
use super::state::{Kind, Pull, State};

/// Somebody with an account.
#[derive(Clone)]
pub struct Person {
    pub github: GitHub,
    pub id: u64,
    pub login: String,
}

impl GitHub {
    /// The person of that login, who joins GitHub if they have not yet; their address is `LOGIN@acme.dev`.
    pub fn user(&self, login: &str) -> Person {
        let id = self.state().account(login, Kind::User);
        Person { github: self.clone(), id, login: login.into() }
    }

    /// The same, with an address of their own.
    pub fn user_with_email(&self, login: &str, email: &str) -> Person {
        let person = self.user(login);
        self.state().accounts.get_mut(&person.id).unwrap().email = email.into();
        person
    }

    /// A bot.
    pub fn bot(&self, login: &str) -> Person {
        let id = self.state().account(login, Kind::Bot);
        Person { github: self.clone(), id, login: login.into() }
    }

    /// From now on deeds take no time, so that much happens within one second.
    pub fn freezes(&self) {
        self.state().deeds_take_time = false;
    }
}

impl Person {
    /// A clone of a repository, to commit in and to push from.
    pub fn clones(&self, full_name: &str) -> Checkout {
        let id = self.github.repository(full_name);
        Checkout::new(self, id, id)
    }

    /// A fork of a repository of their own, cloned.
    pub fn forks(&self, full_name: &str) -> Checkout {
        let parent = self.github.repository(full_name);
        let mut state = self.github.state();
        let name = format!("{}/{}", self.login, full_name.split('/').nth(1).unwrap());
        let fork = state.repository_id(&name).unwrap_or_else(|| state.create_repository(&name, Some(parent)));
        drop(state);
        Checkout::new(self, fork, parent)
    }

    fn on<T>(&self, full_name: &str, deed: impl FnOnce(&mut State, u64) -> T) -> T {
        let id = self.github.repository(full_name);
        let mut state = self.github.state();
        state.deed();
        deed(&mut state, id)
    }

    /// Opens a pull request from a branch of a repository, perhaps a fork.
    pub(super) fn opens(&self, head: (u64, &str), base: (u64, &str), title: &str, draft: bool) -> u64 {
        let mut state = self.github.state();
        state.deed();
        let tip = |id: u64, branch: &str| {
            let tip = objects::tip(&state.repositories[&id].path, &format!("refs/heads/{branch}"));
            tip.unwrap_or_else(|| panic!("there is no branch {branch}"))
        };
        let (head_sha, base_sha) = (tip(head.0, head.1), tip(base.0, base.1));
        let (pull_id, now) = (state.next_id(), state.now());
        let repository = state.repository(base.0);
        repository.last_number += 1;
        let number = repository.last_number;
        let pull = Pull {
            id: pull_id,
            number,
            title: title.into(),
            body: None,
            user: self.id,
            open: true,
            draft,
            head_repository: head.0,
            head_ref: head.1.into(),
            head: head_sha,
            base_ref: base.1.into(),
            base: base_sha,
            created_at: now,
            updated_at: now,
            closed_at: None,
            merged: None,
            reviews: Vec::new(),
            requested: Default::default(),
            labels: Default::default(),
        };
        repository.pulls.insert(number, pull);
        let path = repository.path.clone();
        objects::set(&path, &format!("refs/pull/{number}/head"), head_sha);
        state.pull_request_event(base.0, number, "opened", self.id);
        number
    }

    /// Reviews the head of a pull request: `APPROVED`, `CHANGES_REQUESTED` or `COMMENTED`; the review's id.
    pub fn reviews(&self, full_name: &str, number: u64, state: &str) -> u64 {
        let head = self.github.head(full_name, number);
        self.reviews_commit(full_name, number, state, head)
    }

    /// Reviews what they were looking at, which may not be the head any more.
    pub fn reviews_commit(&self, full_name: &str, number: u64, verdict: &str, commit: Oid) -> u64 {
        self.on(full_name, |state, id| state.submit_review(id, number, self.id, verdict, "", Some(commit)))
    }

    /// Comments on a pull request; the comment's id.
    pub fn comments(&self, full_name: &str, number: u64, text: &str) -> u64 {
        self.on(full_name, |state, id| state.add_comment(id, number, self.id, None, text))
    }

    /// Presses the button; the commit that the base is at then.
    pub fn merges(&self, full_name: &str, number: u64, method: Method) -> Oid {
        let merged = self.on(full_name, |state, id| state.merge(id, number, method, self.id));
        merged.unwrap_or_else(|refusal| panic!("#{number} was not merged: {:?}", refusal.body))
    }

    fn changes(&self, full_name: &str, number: u64, action: &str, change: impl FnOnce(&mut Pull)) {
        self.on(full_name, |state, id| {
            let now = state.now();
            let pull = state.pull(id, number);
            pull.updated_at = now;
            change(pull);
            state.pull_request_event(id, number, action, self.id);
        });
    }

    pub fn closes(&self, full_name: &str, number: u64) {
        self.changes(full_name, number, "closed", |pull| {
            pull.open = false;
            pull.closed_at = Some(pull.updated_at);
        });
    }

    pub fn reopens(&self, full_name: &str, number: u64) {
        self.changes(full_name, number, "reopened", |pull| {
            pull.open = true;
            pull.closed_at = None;
        });
    }

    /// Says that a pull request wants to become part of another branch.
    pub fn retargets(&self, full_name: &str, number: u64, base: &str) {
        let tip = objects::tip(&self.github.path(full_name), &format!("refs/heads/{base}")).unwrap();
        self.changes(full_name, number, "edited", |pull| {
            pull.base_ref = base.into();
            pull.base = tip;
        });
    }

    pub fn converts_to_draft(&self, full_name: &str, number: u64) {
        self.changes(full_name, number, "converted_to_draft", |pull| pull.draft = true);
    }

    pub fn marks_ready(&self, full_name: &str, number: u64) {
        self.changes(full_name, number, "ready_for_review", |pull| pull.draft = false);
    }

    pub fn renames_pull_request(&self, full_name: &str, number: u64, title: &str) {
        self.changes(full_name, number, "edited", |pull| pull.title = title.into());
    }

    /// Presses "Update branch": GitHub merges the base into the head, for them.
    pub fn updates_branch(&self, full_name: &str, number: u64) -> Oid {
        self.on(full_name, |state, id| {
            let pull = &state.repositories[&id].pulls[&number];
            let (head, branch, fork, base_ref) = (pull.head, pull.head_ref.clone(), pull.head_repository, pull.base_ref.clone());
            let path = state.repositories[&id].path.clone();
            let base = objects::tip(&path, &format!("refs/heads/{base_ref}")).unwrap();
            let tree = objects::merged_tree(&path, head, base).expect("no conflict");
            let author = state.named_in_commits(self.id);
            let message = format!("Merge branch '{base_ref}' into {branch}");
            let sha = state.web_commit(id, &[head, base], tree, &message, &author);
            state.web_push(fork, &branch, sha, self.id);
            sha
        })
    }

    /// Edits a file of a branch on the web.
    pub fn edits_on_web(&self, full_name: &str, branch: &str, file: &str, text: &str) -> Oid {
        self.on(full_name, |state, id| {
            let author = state.named_in_commits(self.id);
            state.web_edit(id, branch, file, text, &format!("Update {file}"), &author, self.id)
        })
    }

    /// Applies somebody's suggestion to a pull request: authored by who presses the button, co-authored by who suggested.
    pub fn applies_suggestion(&self, full_name: &str, number: u64, of: &str, file: &str, text: &str) -> Oid {
        self.on(full_name, |state, id| {
            let other = state.account_id(of).unwrap();
            let (author, other) = (state.named_in_commits(self.id), state.named_in_commits(other));
            let message = format!("Update {file}\n\nCo-authored-by: {} <{}>", other.name, other.email);
            let pull = &state.repositories[&id].pulls[&number];
            let (fork, branch) = (pull.head_repository, pull.head_ref.clone());
            state.web_edit(fork, &branch, file, text, &message, &author, self.id)
        })
    }
}

impl State {
    fn web_push(&mut self, id: u64, branch: &str, sha: Oid, by: u64) {
        let (path, reference) = (self.repositories[&id].path.clone(), format!("refs/heads/{branch}"));
        let before = objects::tip(&path, &reference);
        objects::set(&path, &reference, sha);
        self.moved(id, &reference, before, Some(sha), by, None);
    }

    #[allow(clippy::too_many_arguments)] // a commit has so many parts
    fn web_edit(
        &mut self,
        id: u64,
        branch: &str,
        file: &str,
        text: &str,
        message: &str,
        author: &objects::Named,
        by: u64,
    ) -> Oid {
        let path = self.repositories[&id].path.clone();
        let head = objects::tip(&path, &format!("refs/heads/{branch}")).unwrap();
        let tree = objects::edit(&path, Some(head), &[(file.to_owned(), Some(text.to_owned()))]);
        let sha = self.web_commit(id, &[head], tree, message, author);
        self.web_push(id, branch, sha, by);
        sha
    }
}
