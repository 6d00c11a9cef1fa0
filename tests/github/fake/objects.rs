//! Commits, trees and refs of the fake's repositories, written directly into their object stores.

use std::path::Path;

use git2::{Commit, FileMode, ObjectType, Oid, Repository, RepositoryInitOptions, Signature, Time};
use portcullis::model::Timestamp;

/// Makes a bare repository; a fork has its parent's objects, as a network of repositories does on GitHub.
pub fn create(path: &Path, branch: &str, parent: Option<&Path>) {
    let mut options = RepositoryInitOptions::new();
    options.bare(true).initial_head(branch).no_reinit(true);
    let repository = Repository::init_opts(path, &options).unwrap();
    let mut config = repository.config().unwrap();
    config.set_bool("http.receivepack", true).unwrap();
    config.set_bool("uploadpack.allowAnySHA1InWant", true).unwrap();
    config.set_bool("receive.autogc", false).unwrap();
    if let Some(parent) = parent {
        std::fs::remove_dir_all(path.join("objects")).unwrap();
        std::os::unix::fs::symlink(parent.join("objects"), path.join("objects")).unwrap();
        for (name, id) in heads(parent) {
            set(path, &name, id);
        }
    }
}

/// The branches, `refs/heads/…`, and where they are.
pub fn heads(path: &Path) -> Vec<(String, Oid)> {
    let repository = Repository::open(path).unwrap();
    let references = repository.references_glob("refs/heads/*").unwrap();
    references.map(|reference| reference.unwrap()).map(|it| (it.name().unwrap().to_owned(), it.target().unwrap())).collect()
}

pub fn tip(path: &Path, reference: &str) -> Option<Oid> {
    Repository::open(path).unwrap().refname_to_id(reference).ok()
}

pub fn set(path: &Path, reference: &str, to: Oid) {
    Repository::open(path).unwrap().reference(reference, to, true, "fake").unwrap();
}

pub fn delete(path: &Path, reference: &str) {
    if let Ok(mut reference) = Repository::open(path).unwrap().find_reference(reference) {
        reference.delete().unwrap();
    }
}

/// Who is named in a commit.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub email: String,
}

impl Named {
    pub fn at(&self, time: Timestamp) -> Signature<'static> {
        Signature::new(&self.name, &self.email, &Time::new(time.as_second(), 0)).unwrap()
    }
}

/// A commit to be made.
pub struct Draft<'a> {
    pub parents: &'a [Oid],
    pub tree: Oid,
    pub message: &'a str,
    pub author: &'a Named,
    pub committer: &'a Named,
    pub time: Timestamp,
    /// The text of its signature, if it gets one.
    pub signature: Option<&'a str>,
}

pub fn commit(path: &Path, draft: &Draft<'_>) -> Oid {
    let repository = Repository::open(path).unwrap();
    let tree = repository.find_tree(draft.tree).unwrap();
    let parents: Vec<Commit<'_>> = draft.parents.iter().map(|id| repository.find_commit(*id).unwrap()).collect();
    let parents: Vec<&Commit<'_>> = parents.iter().collect();
    let (author, committer) = (draft.author.at(draft.time), draft.committer.at(draft.time));
    let content = repository.commit_create_buffer(&author, &committer, draft.message, &tree, &parents).unwrap();
    let content = std::str::from_utf8(&content).unwrap();
    match draft.signature {
        Some(signature) => repository.commit_signed(content, signature, Some("gpgsig")).unwrap(),
        None => repository.odb().unwrap().write(ObjectType::Commit, content.as_bytes()).unwrap(),
    }
}

/// The tree of a commit with some files written, and those without a text removed.
pub fn edit(path: &Path, onto: Option<Oid>, files: &[(String, Option<String>)]) -> Oid {
    let repository = Repository::open(path).unwrap();
    let tree = match onto {
        Some(commit) => repository.find_commit(commit).unwrap().tree().unwrap(),
        None => repository.find_tree(repository.treebuilder(None).unwrap().write().unwrap()).unwrap(),
    };
    let mut updates = git2::build::TreeUpdateBuilder::new();
    for (file, text) in files {
        match text {
            Some(text) => updates.upsert(file.as_str(), repository.blob(text.as_bytes()).unwrap(), FileMode::Blob),
            None => updates.remove(file.as_str()),
        };
    }
    updates.create_updated(&repository, &tree).unwrap()
}

pub fn tree(path: &Path, commit: Oid) -> Oid {
    Repository::open(path).unwrap().find_commit(commit).unwrap().tree_id()
}

/// The text of a file as of a commit.
pub fn file(path: &Path, commit: Oid, name: &str) -> Option<Vec<u8>> {
    let repository = Repository::open(path).unwrap();
    let tree = repository.find_commit(commit).ok()?.tree().ok()?;
    let entry = tree.get_path(Path::new(name)).ok()?;
    repository.find_blob(entry.id()).ok().map(|blob| blob.content().to_vec())
}

/// The tree of the clean merge of two commits; `None` where they conflict.
pub fn merged_tree(path: &Path, ours: Oid, theirs: Oid) -> Option<Oid> {
    let repository = Repository::open(path).unwrap();
    let (ours, theirs) = (repository.find_commit(ours).unwrap(), repository.find_commit(theirs).unwrap());
    let mut index = repository.merge_commits(&ours, &theirs, None).unwrap();
    if index.has_conflicts() { None } else { Some(index.write_tree_to(&repository).unwrap()) }
}

/// The tree of a commit's change put on top of another; `None` where that conflicts.
pub fn picked_tree(path: &Path, commit: Oid, onto: Oid) -> Option<Oid> {
    let repository = Repository::open(path).unwrap();
    let (commit, onto) = (repository.find_commit(commit).unwrap(), repository.find_commit(onto).unwrap());
    let mut index = repository.cherrypick_commit(&commit, &onto, 0, None).unwrap();
    if index.has_conflicts() { None } else { Some(index.write_tree_to(&repository).unwrap()) }
}

/// Those commits of `head` that are not in `base`, oldest first.
pub fn range(path: &Path, base: Option<Oid>, head: Oid) -> Vec<Oid> {
    let repository = Repository::open(path).unwrap();
    let mut walk = repository.revwalk().unwrap();
    walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE).unwrap();
    walk.push(head).unwrap();
    if let Some(base) = base {
        walk.hide(base).unwrap();
    }
    walk.map(|id| id.unwrap()).collect()
}

pub fn contains(path: &Path, tip: Oid, commit: Oid) -> bool {
    tip == commit || Repository::open(path).unwrap().graph_descendant_of(tip, commit).unwrap_or(false)
}

/// The commit that a sha or a branch or tag names.
pub fn resolve(path: &Path, name: &str) -> Option<Oid> {
    let repository = Repository::open(path).unwrap();
    if let Ok(id) = Oid::from_str(name)
        && name.len() == 40
    {
        return repository.find_commit(id).ok().map(|commit| commit.id());
    }
    let name = name.strip_prefix("refs/").unwrap_or(name);
    ["", "heads/", "tags/"].iter().find_map(|kind| repository.refname_to_id(&format!("refs/{kind}{name}")).ok())
}

/// The author and the message of a commit.
pub fn authorship(path: &Path, commit: Oid) -> (Named, String) {
    let repository = Repository::open(path).unwrap();
    let commit = repository.find_commit(commit).unwrap();
    let author = commit.author();
    let named = Named { name: author.name().unwrap().to_owned(), email: author.email().unwrap().to_owned() };
    (named, commit.message().unwrap().to_owned())
}
