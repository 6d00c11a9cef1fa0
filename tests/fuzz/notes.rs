//! Notes in the format of git-appraise, in a real repository: requests, comments, statuses and analyses that anybody may write.

use std::sync::Arc;

use git2::{Oid, Signature, Time};
use portcullis::forge::{Asking, Forge as _, GitForge, GitForgeOptions};
use portcullis::model::{CommitId, Timestamp};
use portcullis::store::{RepositoryKey, SqliteStore};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::engine::Target;

/// The first byte of an input says under which ref the note stands.
const REFS: [&str; 4] = ["reviews", "discuss", "ci", "analyses"];

pub(crate) struct Notes {
    _directory: TempDir,
    repository: git2::Repository,
    runtime: Runtime,
    store: Arc<SqliteStore>,
    commit: Oid,
}

impl Notes {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let repository = git2::Repository::init_bare(directory.path().join("server.git")).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let store = Arc::new(runtime.block_on(SqliteStore::open(&directory.path().join("store.db"))).unwrap());
        let who = somebody();
        let tree = repository.treebuilder(None).unwrap().write().unwrap();
        let commit = {
            let tree = repository.find_tree(tree).unwrap();
            let base = repository.commit(Some("refs/heads/main"), &who, &who, "base", &tree, &[]).unwrap();
            let base = repository.find_commit(base).unwrap();
            repository.commit(Some("refs/heads/topic"), &who, &who, "topic", &tree, &[&base]).unwrap()
        };
        let notes = Self { _directory: directory, repository, runtime, store, commit };
        notes.write(REFS[0], &notes.request());
        notes
    }

    fn request(&self) -> Vec<u8> {
        let request =
            r#"{"timestamp":"1700000000","reviewRef":"refs/heads/topic","targetRef":"refs/heads/main","requester":"bob","v":0,"#;
        [request.as_bytes(), br#""reviewers":["alice"],"description":"A topic","baseCommit":""}"#, b"\n"].concat()
    }

    fn write(&self, name: &str, text: &[u8]) {
        let blob = self.repository.blob(text).unwrap();
        let mut builder = self.repository.treebuilder(None).unwrap();
        builder.insert(self.commit.to_string(), blob, 0o100_644).unwrap();
        let tree = self.repository.find_tree(builder.write().unwrap()).unwrap();
        let who = somebody();
        let name = format!("refs/notes/devtools/{name}");
        let commit = self.repository.commit(None, &who, &who, "note", &tree, &[]).unwrap();
        self.repository.reference(&name, commit, true, "").unwrap();
    }
}

fn somebody() -> Signature<'static> {
    Signature::new("Bob", "bob@acme.dev", &Time::new(1_700_000_000, 0)).unwrap()
}

impl Target for Notes {
    fn name(&self) -> &'static str {
        "notes"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let commit = self.commit;
        let comments = format!(
            concat!(
                "{{\"timestamp\":\"1700000001\",\"author\":\"alice\",\"location\":{{\"commit\":\"{0}\",\"path\":\"a\",\"range\":{{\"startLine\":1}}}},",
                "\"description\":\"no\",\"resolved\":false,\"v\":0}}\n",
                "{{\"timestamp\":\"1700000002\",\"author\":\"alice\",\"parent\":\"{1}\",\"location\":{{\"commit\":\"{0}\"}},\"resolved\":true}}\n",
            ),
            commit, "0123456789abcdef0123456789abcdef01234567"
        );
        let status = "{\"timestamp\":\"1700000003\",\"url\":\"https://a.example\",\"status\":\"success\",\"agent\":\"portcullis/catalog\",\"v\":0}\n";
        let analysis =
            "{\"timestamp\":\"1700000004\",\"url\":\"https://a.example\",\"status\":\"lgtm\",\"agent\":\"portcullis\",\"v\":0}\n";
        let texts = [self.request(), comments.into_bytes(), status.into(), analysis.into()];
        texts.into_iter().enumerate().map(|(i, text)| [vec![b'0' + i as u8], text].concat()).collect()
    }

    fn dictionary(&self) -> &'static [&'static str] {
        &[
            "\"timestamp\":\"",
            "\"v\":0",
            "\"v\":1",
            "\"resolved\":true",
            "\"resolved\":false",
            "\"location\":{\"commit\":\"",
            "\"parent\":\"",
            "\"original\":\"",
            "\"alias\":\"",
            "refs/heads/main",
            "refs/heads/topic",
            "refs/notes/devtools/reviews",
            "\"reviewRef\":\"",
            "\"status\":",
            "\"agent\":\"portcullis\"",
            "\"targetRef\":\"\"",
            "failure",
            "{}\n",
            "null\n",
            "[]",
            "\n",
            "\"",
            "99999999999999999999",
            "-1",
            "\\u0000",
        ]
    }

    fn head(&self, _: &[u8]) -> usize {
        1
    }

    fn execute(&self, input: &[u8]) -> String {
        let Some((which, text)) = input.split_first() else { return String::new() };
        let name = REFS[usize::from(which & 3)];
        self.write(name, text);
        let commit = CommitId::from_hex(&self.commit.to_string()).unwrap();
        let options = GitForgeOptions {
            path: self.repository.path().to_owned(),
            repository: RepositoryKey::new("r"),
            watched: "refs/heads/main".into(),
            name: "Portcullis".into(),
            email: "portcullis@acme.dev".into(),
            agent: "portcullis".into(),
            keeps_tips: false,
        };
        let forge = GitForge::new(options, self.store.clone());
        let told = self.runtime.block_on(async {
            let asking = Asking { keys: &[], signed: &[], now: Timestamp::from_second(1_700_000_100).unwrap() };
            let open = forge.open_pull_requests().await.unwrap();
            let mut told = format!("{name}: {} open", open.len());
            for pull_request in &open {
                let details = forge.details(pull_request, asking).await.unwrap();
                let states: Vec<String> = details.reviews.iter().map(|review| format!("{:?}", review.state)).collect();
                told += &format!(", {:?} {states:?} {}", details.state, pull_request.title.is_empty());
            }
            let statuses = forge.statuses(&[commit]).await.unwrap();
            let conclusions: Vec<&str> = statuses.iter().map(|status| status.conclusion.as_str()).collect();
            let analysis = forge.analysis_document(commit).await.unwrap().is_some();
            format!("{told}, {conclusions:?}, {analysis}")
        });
        // What this input spoiled is mended for the next one.
        match name {
            "reviews" => self.write(name, &self.request()),
            _ => drop(self.repository.find_reference(&format!("refs/notes/devtools/{name}")).map(|mut r| r.delete())),
        }
        told
    }
}
