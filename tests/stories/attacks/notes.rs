//! Notes from strangers: what `git appraise` keeps in `refs/notes/devtools`, written by anyone who can push.

use std::sync::Arc;

use portcullis::forge::{Asking, Forge, GitForge, GitForgeOptions};
use portcullis::model::{CommitId, RunState};
use portcullis::store::{RepositoryKey, SqliteStore};
use serde_json::json;

use crate::harness::{COMPANY, Judged, Key, Story, at};

const DISCUSS: &str = "refs/notes/devtools/discuss";
const REVIEWS: &str = "refs/notes/devtools/reviews";
const ASK: &str = "action: extend_env_ttl\nentity: prod\ninputs: { ttl: 10 days }\n";

/// A repository that is its own forge, and the first commit of the review of its branch `ask`.
struct Office {
    story: Story,
    ask: CommitId,
}

impl Office {
    /// bob asks for ten days, and for a review of that.
    fn asked(story: Story, key: Option<&Key>) -> Self {
        let topic = story.topic("ask").write("runs/more.yaml", ASK);
        let ask = match key {
            Some(key) => topic.signed_with(key).commit_as("bob@acme.dev"),
            None => topic.commit_as("bob@acme.dev"),
        };
        let office = Self { story, ask };
        office.request("bob@acme.dev", ask, "refs/heads/ask");
        office
    }

    fn request(&self, who: &str, first: CommitId, head: &str) {
        let line = json!({"timestamp": "1700000000", "reviewRef": head, "targetRef": "refs/heads/main", "requester": who});
        self.note(who, REVIEWS, first, &line.to_string());
    }

    fn note(&self, who: &str, notes: &str, on: CommitId, line: &str) {
        self.story.git.run_as(who, &["notes", "--ref", notes, "append", "-m", line, &on.to_string()]);
    }

    /// A comment on the ask: who pushes it, whom its line names, on which commit, and whether it is a yes.
    fn comment(&self, who: &str, named: &str, on: CommitId, resolved: bool) -> String {
        let line =
            json!({"timestamp": "1700000000", "author": named, "location": {"commit": on.to_string()}, "resolved": resolved});
        self.note(who, DISCUSS, self.ask, &line.to_string());
        line.to_string()
    }

    /// What `git notes` itself cannot do: the last commit of the comments again, signed, in its place.
    fn sign_as(&self, who: &str, key: &Key) {
        let tree = self.story.git.run(&["rev-parse", &format!("{DISCUSS}^{{tree}}")]);
        let signer = format!("user.signingkey={}", key.path().display());
        let mut args = vec!["-c", "gpg.format=ssh", "-c", &signer, "commit-tree", "-S", "-m", "signed", &tree];
        let parents = self.story.git.run(&["log", "-1", "--format=%P", DISCUSS]);
        args.extend(parents.split_whitespace().flat_map(|parent| ["-p", parent]));
        let signed = self.story.git.run_as(who, &args);
        self.story.git.run(&["update-ref", DISCUSS, &signed]);
    }

    /// The verdict, with the reviews that the forge reads in the notes.
    fn judge(&mut self) -> Judged {
        let path = self.story.git.dir.clone();
        let store = self.story.home.path().join("store.db");
        let ask = self.ask.to_string();
        let keys = self.story.roster_keys();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let details = runtime.block_on(async {
            let options = GitForgeOptions {
                path,
                repository: RepositoryKey::new("catalog"),
                watched: "refs/heads/main".to_owned(),
                name: "Portcullis".to_owned(),
                email: "portcullis@acme.dev".to_owned(),
                agent: "portcullis".to_owned(),
                keeps_tips: true,
            };
            let forge = GitForge::new(options, Arc::new(SqliteStore::open(&store).await.unwrap()));
            let request = forge.pull_request(&ask).await.unwrap().unwrap();
            forge.details(&request, Asking { keys: &keys, signed: &[], now: at("2026-11-21T11:00:00Z") }).await.unwrap()
        });
        assert_eq!(details.head, self.story.git.id("ask"));
        self.story.reviewed("ask", details.reviews);
        self.story.judge("ask")
    }
}

#[test]
fn an_approval_pushed_by_who_may_flips_the_run() {
    let mut office = Office::asked(Story::begin(), None);
    office.judge().waits().run_is("more", RunState::WaitingForApproval);
    office.comment("carol@acme.dev", "carol@acme.dev", office.ask, true);
    office.judge().succeeds().run_is("more", RunState::Approved);
    office.comment("carol@acme.dev", "carol@acme.dev", office.ask, false);
    office.judge().fails().run_is("more", RunState::Declined);
}

#[test]
fn the_author_that_a_line_names_is_only_shown() {
    let mut office = Office::asked(Story::begin(), None);
    office.comment("dave@acme.dev", "carol@acme.dev", office.ask, true);
    office.comment("mallory@evil.example", "alice@acme.dev", office.ask, true);
    office.judge().run_is("more", RunState::WaitingForApproval);
}

#[test]
fn the_requester_does_not_approve_by_note_either() {
    let mut office = Office::asked(Story::begin(), None);
    office.comment("bob@home.example", "carol@acme.dev", office.ask, true);
    office.judge().run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_approval_copied_from_another_review_is_the_copiers() {
    let mut office = Office::asked(Story::begin(), None);
    let harmless = office.story.topic("harmless").write("README.md", "words\n").commit_as("bob@acme.dev");
    office.request("bob@acme.dev", harmless, "refs/heads/harmless");
    let line = json!({"timestamp": "1700000000", "author": "carol@acme.dev", "location": {"commit": harmless.to_string()}, "resolved": true});
    office.note("carol@acme.dev", DISCUSS, harmless, &line.to_string());
    let [from, to] = [harmless, office.ask].map(|id| id.to_string());
    office.story.git.run_as("bob@acme.dev", &["notes", "--ref", DISCUSS, "copy", &from, &to]);
    office.judge().run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_approval_of_an_unknown_commit_counts_for_nothing() {
    let mut office = Office::asked(Story::begin(), None);
    office.comment("carol@acme.dev", "carol@acme.dev", CommitId([7; 20]), true);
    office.judge().run_is("more", RunState::WaitingForApproval);
}

#[test]
fn an_approval_does_not_outlive_a_change_of_the_request() {
    let mut office = Office::asked(Story::begin(), None);
    office.comment("carol@acme.dev", "carol@acme.dev", office.ask, true);
    office.story.topic("ask").replace("runs/more.yaml", "10 days", "5 days").commit_as("bob@acme.dev");
    office.judge().run_is("more", RunState::WaitingForApproval);
}

#[test]
fn a_rejection_that_somebody_takes_out_of_the_notes_still_stands() {
    let mut office = Office::asked(Story::begin(), None);
    office.comment("carol@acme.dev", "carol@acme.dev", office.ask, false);
    office.judge().run_is("more", RunState::Declined);
    office.story.git.run_as("bob@acme.dev", &["notes", "--ref", DISCUSS, "remove", &office.ask.to_string()]);
    office.comment("alice@acme.dev", "alice@acme.dev", office.ask, true);
    office.judge().run_is("more", RunState::Declined);
}

#[test]
fn an_unsigned_approval_counts_for_nothing_where_commits_are_signed() {
    let dir = tempfile::tempdir().unwrap();
    let home = Story::keys(&dir);
    let [alice, bob, mallory] = ["alice", "bob", "mallory"].map(|name| Key::generate(&home, name, "ed25519"));
    let mut office = Office::asked(Story::signed(&[("alice@acme.dev", &alice), ("bob@acme.dev", &bob)]), Some(&bob));
    office.story.keep(dir);
    office.comment("alice@acme.dev", "alice", office.ask, true);
    office.judge().run_is("more", RunState::WaitingForApproval);
    // Signed, but by a key that nobody in the roster has; then by the requester's, under her name.
    for (key, named) in [(&mallory, "alice@acme.dev"), (&bob, "Alice Liddell")] {
        office.comment("alice@acme.dev", named, office.ask, true);
        office.sign_as("alice@acme.dev", key);
        office.judge().run_is("more", RunState::WaitingForApproval);
    }
    office.comment("alice@acme.dev", "Alice", office.ask, true);
    office.sign_as("alice@acme.dev", &alice);
    office.judge().succeeds().run_is("more", RunState::Approved);
}

#[test]
fn one_person_with_two_keys_is_one_approver() {
    let dir = tempfile::tempdir().unwrap();
    let home = Story::keys(&dir);
    let [first, second, bob] = ["first", "second", "bob"].map(|name| Key::generate(&home, name, "ed25519"));
    let story = Story::with(&[
        ("catalog.yaml", "identity: signature\n"),
        (
            "users/alice@acme.dev.yaml",
            &format!("identifier: alice@acme.dev\nroles: [Admin]\nsigningKeys: [{:?}, {:?}]\n", first.public(), second.public()),
        ),
        ("users/bob@acme.dev.yaml", &format!("identifier: bob@acme.dev\nroles: [Member]\nsigningKeys: [{:?}]\n", bob.public())),
        ("actions/extend_env_ttl.yaml", &story_action("requiredApproval: { type: ANY, count: 2 }")),
    ]);
    let mut office = Office::asked(story, Some(&bob));
    office.story.keep(dir);
    for (key, time) in [(&first, "1"), (&second, "2")] {
        let line = json!({"timestamp": time, "author": "alice@acme.dev", "location": {"commit": office.ask.to_string()}, "resolved": true});
        office.note("alice@acme.dev", DISCUSS, office.ask, &line.to_string());
        office.sign_as("alice@acme.dev", key);
    }
    let judged = office.judge().run_is("more", RunState::WaitingForApproval);
    assert_eq!(judged.run("more").approvals.len(), 1, "{judged}");
}

/// The action that extends an environment, with another need of approval.
fn story_action(required: &str) -> String {
    let (_, text) = COMPANY.iter().find(|(path, _)| *path == "actions/extend_env_ttl.yaml").unwrap();
    text.replace("requiredApproval: true", required)
}
