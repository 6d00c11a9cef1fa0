//! A made-up repository to which somebody pushes, and what is said there of the heads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::build::TreeUpdateBuilder;
use git2::{FileMode, Oid, Signature, Time};

use crate::catalog::{Generated, Proposals, write_repository};

const STATUSES: &str = "refs/notes/devtools/ci";
const ROOT: &str = "root@example.com";

/// What is pushed, by what is to be said of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// A change by somebody who may.
    Fine,
    /// The same by somebody of another team.
    Stranger,
    /// A change that names a team that is not there.
    Broken,
}

impl Kind {
    pub const ALL: [Self; 3] = [Self::Fine, Self::Stranger, Self::Broken];

    /// Whether these statuses are what is to be said of such a push.
    fn fits(self, said: &BTreeMap<String, String>) -> bool {
        let says = |check: &str, word: &str| said.get(&format!("portcullis/{check}")).is_some_and(|status| status == word);
        let approved = says("approval", "success");
        match self {
            Self::Fine => approved && says("catalog", "success") && says("permissions", "success"),
            Self::Stranger => approved && says("catalog", "success") && says("permissions", "failure"),
            Self::Broken => approved && says("catalog", "failure"),
        }
    }
}

/// A bare repository of which every pull request is a branch `pr/00000` and so on.
pub struct Repository {
    pub name: String,
    pub path: PathBuf,
    git: git2::Repository,
    /// The commit that every pull request begins at.
    base: Oid,
    edits: Generated,
    pushes: i64,
    /// The head of each pull request that was pushed to, and what it is.
    pub heads: BTreeMap<usize, (Oid, Kind)>,
}

impl Repository {
    pub fn new(dir: &Path, name: &str, entities: usize, open: usize) -> Self {
        let path = dir.join(format!("{name}.git"));
        write_repository(entities, &path, Proposals { open, steps: 0 });
        let git = git2::Repository::open(&path).unwrap();
        let base = git.refname_to_id("refs/heads/main").unwrap();
        let heads = (0..open).map(|n| (n, (git.refname_to_id(&branch(n)).unwrap(), Kind::Fine))).collect();
        Self { name: name.to_owned(), path, git, base, edits: Generated::new(entities), pushes: 0, heads }
    }

    /// Pushes one change of one entity to a pull request, over what was there.
    pub fn push(&mut self, number: usize, kind: Kind) -> Oid {
        let (owner, (path, mut text)) = self.edits.edit();
        let who = match kind {
            Kind::Fine | Kind::Broken => owner,
            Kind::Stranger if owner.starts_with("dev-00") => "dev-01@example.com".to_owned(),
            Kind::Stranger => "dev-00@example.com".to_owned(),
        };
        if kind == Kind::Broken {
            text = text.replace("team: team-", "team: nobody-");
        }
        self.propose(number, &who, &[(path, text)], kind)
    }

    /// Pushes so many new entities at once to a pull request.
    pub fn push_files(&mut self, number: usize, files: usize) -> Oid {
        let files: Vec<_> = (0..files).map(|n| cluster(&format!("bulk-{n:05}"))).collect();
        self.propose(number, ROOT, &files, Kind::Fine)
    }

    /// Moves the watched branch on by one new entity.
    pub fn move_main(&mut self) -> Oid {
        let tip = self.main();
        let file = cluster(&format!("extra-{:05}", self.pushes));
        self.commit("refs/heads/main", tip, ROOT, &[file])
    }

    pub fn main(&self) -> Oid {
        self.git.refname_to_id("refs/heads/main").unwrap()
    }

    /// Where the notes with the statuses stand; another place means that something was said.
    pub fn notes(&self) -> Option<Oid> {
        self.git.refname_to_id(STATUSES).ok()
    }

    /// The statuses of a commit, by context.
    pub fn said(&self, head: Oid) -> BTreeMap<String, String> {
        let Ok(note) = self.git.find_note(Some(STATUSES), head) else { return BTreeMap::new() };
        let lines = note.message().unwrap_or_default().lines().map(str::to_owned).collect::<Vec<_>>();
        let word = |line: &String| {
            let line: serde_json::Value = serde_json::from_str(line).ok()?;
            Some((line["agent"].as_str()?.to_owned(), line["status"].as_str()?.to_owned()))
        };
        lines.iter().filter_map(word).collect()
    }

    /// Whether a head has all its statuses.
    pub fn is_answered(&self, head: Oid) -> bool {
        self.said(head).len() == 3
    }

    /// The pull requests of whose heads something else is said than is to be.
    pub fn wrong(&self) -> Vec<String> {
        let wrong = self.heads.iter().filter_map(|(number, (head, kind))| {
            let said = self.said(*head);
            (!kind.fits(&said)).then(|| format!("{} {number} at {head} is {kind:?}: {said:?}", self.name))
        });
        wrong.collect()
    }

    fn propose(&mut self, number: usize, who: &str, files: &[(String, String)], kind: Kind) -> Oid {
        let head = self.commit(&branch(number), self.base, who, files);
        self.heads.insert(number, (head, kind));
        head
    }

    /// A commit of these files onto `parent`, to which a branch is then moved: what a push comes to.
    fn commit(&mut self, branch: &str, parent: Oid, who: &str, files: &[(String, String)]) -> Oid {
        self.pushes += 1;
        let parent = self.git.find_commit(parent).unwrap();
        let mut update = TreeUpdateBuilder::new();
        for (path, text) in files {
            update.upsert(path.as_str(), self.git.blob(text.as_bytes()).unwrap(), FileMode::Blob);
        }
        let tree = update.create_updated(&self.git, &parent.tree().unwrap()).unwrap();
        let tree = self.git.find_tree(tree).unwrap();
        let by = Signature::new(who, who, &Time::new(1_795_000_000 + self.pushes, 0)).unwrap();
        let commit = self.git.commit(None, &by, &by, &format!("push {}\n", self.pushes), &tree, &[&parent]).unwrap();
        self.git.reference(branch, commit, true, "push").unwrap();
        commit
    }
}

fn branch(number: usize) -> String {
    format!("refs/heads/pr/{number:05}")
}

fn cluster(name: &str) -> (String, String) {
    let text = format!(
        "identifier: {name}\nblueprint: Cluster\nteam: team-00\nproperties:\n  provider: aws\n  region: north\n  nodes: 3\n"
    );
    (format!("entities/Cluster/soak/{name}.yaml"), text)
}
