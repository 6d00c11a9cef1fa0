//! What the loop does with facts that only a forge with accounts tells: git's own forge, with a few more words put into its mouth.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::story_tests::*;
use super::*;
use crate::forge::{
    Asking, Command, CommandWord, Forge, ForgeError, GitForge, Merge, MergeGroup, MergeMethod, Merged, Publication, Published,
    PullRequest, PullRequestDetails, Remote, Status,
};
use crate::model::{CommitId, ForgeUser, Identifier, RunState};
use crate::store::{SqliteStore, Standing, Store as _};

/// Git's own forge, and what else it is to say.
pub(super) struct Accounts {
    git: GitForge,
    pub(super) told: Mutex<Told>,
}

#[derive(Default)]
pub(super) struct Told {
    pub(super) pending: Option<String>,
    pub(super) elsewhere: bool,
    pub(super) draft: bool,
    pub(super) commands: Vec<Command>,
    /// Where it is fetched from.
    pub(super) remote: Option<PathBuf>,
    /// Pull requests whose ref does not exist.
    pub(super) lost: Vec<String>,
    /// Where it merges; it refuses where there is none.
    pub(super) merges_in: Option<PathBuf>,
    /// How often it was asked what, and what it was told.
    pub(super) details: usize,
    pub(super) asked_to_merge: Vec<Merge>,
    pub(super) published: Vec<Publication>,
}

impl Accounts {
    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap()
    }

    fn with_ref(&self, mut pull_request: PullRequest) -> PullRequest {
        let told = self.told();
        if told.remote.is_some() {
            let lost = told.lost.contains(&pull_request.id);
            pull_request.fetched_ref = Some(if lost { "refs/pull/404/head".to_owned() } else { pull_request.head_ref.clone() });
        }
        pull_request
    }
}

#[async_trait]
impl Forge for Accounts {
    async fn open_pull_requests(&self) -> Result<Vec<PullRequest>, ForgeError> {
        if self.told().elsewhere {
            return Ok(Vec::new());
        }
        Ok(self.git.open_pull_requests().await?.into_iter().map(|pull_request| self.with_ref(pull_request)).collect())
    }

    async fn pull_request(&self, id: &str) -> Result<Option<PullRequest>, ForgeError> {
        Ok(self.git.pull_request(id).await?.map(|pull_request| self.with_ref(pull_request)))
    }

    async fn details(&self, pull_request: &PullRequest, asking: Asking<'_>) -> Result<PullRequestDetails, ForgeError> {
        let details = self.git.details(pull_request, asking).await?;
        let mut told = self.told();
        told.details += 1;
        let (onto_watched, pending, commands) = (!told.elsewhere, told.pending.clone(), told.commands.clone());
        Ok(PullRequestDetails { draft: told.draft, onto_watched, commands, pending, ..details })
    }

    async fn publish(&self, publication: &Publication) -> Result<Published, ForgeError> {
        self.told().published.push(publication.clone());
        self.git.publish(publication).await
    }

    async fn statuses(&self, commits: &[CommitId]) -> Result<Vec<Status>, ForgeError> {
        self.git.statuses(commits).await
    }

    async fn remote(&self) -> Result<Option<Remote>, ForgeError> {
        let url = self.told().remote.as_ref().map(|path| path.to_str().unwrap().to_owned());
        Ok(url.map(|url| Remote { url, authorization: None }))
    }

    fn queue(&self) -> Option<String> {
        Some("refs/heads/gh-readonly-queue/main/".to_owned())
    }

    fn merge_group(&self, rest: &str) -> Option<MergeGroup> {
        let (id, onto) = rest.strip_prefix("pr-")?.split_once('-')?;
        Some(MergeGroup { pull_request: id.to_owned(), onto: CommitId::from_hex(onto)? })
    }

    async fn merge(&self, merge: &Merge) -> Result<Merged, ForgeError> {
        self.told().asked_to_merge.push(merge.clone());
        let Some(path) = self.told().merges_in.clone() else {
            return Ok(Merged::Refused("a rule of the branch".to_owned()));
        };
        git(&path, ALICE, &["merge", "--quiet", "--no-ff", "-m", "merged", &merge.head.to_string()]);
        Ok(Merged::Done)
    }
}

/// A daemon on such a forge; what it says is read from git's own.
pub(super) async fn daemon_on(story: &Story, outward: Outward) -> (Daemon, Arc<Accounts>) {
    let store = story.store().await;
    let forge = accounts(story, &store);
    let mut watched = story.watched(&story.path(), None, &store);
    (watched.forge, watched.outward) = (forge.clone(), outward);
    (story.daemon_watching(watched, store, Judge::of_core()), forge)
}

fn accounts(story: &Story, store: &Arc<SqliteStore>) -> Arc<Accounts> {
    Arc::new(Accounts { git: story.forge(&story.path(), store), told: Mutex::default() })
}

/// A run that needs nobody, proposed by Alice.
fn ask_for_a_run(story: &Story) -> CommitId {
    story.change(ALICE, "actions/extend.yaml", &ACTION.replace("requiredApproval: true", "requiredApproval: false"));
    story.propose(ALICE, "extend", "runs/extend-1.yaml", "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n")
}

fn merging() -> Outward {
    Outward { merge: Some(MergeMethod::Merge), ..Outward::default() }
}

#[tokio::test]
async fn a_green_request_for_a_run_is_merged_by_its_head_and_nothing_else_is() {
    let story = Story::new();
    let head = ask_for_a_run(&story);
    story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\n");
    story.propose(BOB, "grab", "runs/extend-2.yaml", "action: extend\nentity: prod\ninputs: {}\n");
    let (daemon, forge) = daemon_on(&story, merging()).await;
    forge.told().merges_in = Some(story.path());
    daemon.looks().await;
    let merge = Merge { pull_request: head.to_string(), head, method: MergeMethod::Merge };
    assert_eq!(forge.told().asked_to_merge, [merge]);
    assert_eq!(daemon.accepted().await, Some(story.at("main")), "the merge is recognised in the same look");
    assert!(daemon.reason().await.starts_with("tree of pull request"));
}

#[tokio::test]
async fn a_draft_is_judged_and_not_merged_and_a_refusal_is_not_tried_again_before_something_changes() {
    let mut story = Story::new();
    story.settings.resync_interval = Duration::from_secs(600);
    let head = ask_for_a_run(&story);
    let (daemon, forge) = daemon_on(&story, merging()).await;
    forge.told().draft = true;
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, GREEN);
    assert_eq!(forge.told().asked_to_merge, []);

    forge.told().draft = false;
    daemon.controller.waker().wake_pull_request("catalog", &head.to_string());
    daemon.looks().await;
    daemon.looks().await;
    assert_eq!(forge.told().asked_to_merge.len(), 1);
    story.clock.advance(Duration::from_secs(601));
    daemon.looks().await;
    assert_eq!(forge.told().asked_to_merge.len(), 2, "once more when all is looked at anew");
}

#[tokio::test]
async fn a_pull_request_onto_another_branch_loses_its_runs_and_is_not_spoken_of() {
    let story = Story::new();
    let head = ask_for_a_run(&story);
    story.change(ALICE, "actions/extend.yaml", ACTION);
    let (daemon, forge) = daemon_on(&story, Outward::default()).await;
    daemon.looks().await;
    let run = Identifier::new("extend-1").unwrap();
    let standing = || async { daemon.store.run(&key(), &run).await.unwrap().map(|record| record.standing) };
    assert_eq!(standing().await, Some(Standing::Decided(RunState::WaitingForApproval)));
    let published = forge.told().published.len();

    forge.told().elsewhere = true;
    daemon.controller.waker().wake_pull_request("catalog", &head.to_string());
    daemon.looks().await;
    assert_eq!(standing().await, Some(Standing::Decided(RunState::Cancelled)));
    assert_eq!(forge.told().published.len(), published);
    let record = daemon.store.run(&key(), &run).await.unwrap().unwrap();
    assert_eq!(record.decision["reason"], "the pull request wants to become part of another branch");
}

#[tokio::test]
async fn what_is_not_known_yet_is_asked_again_soon_without_any_event() {
    let story = Story::new();
    story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\n");
    let (daemon, forge) = daemon_on(&story, Outward::default()).await;
    forge.told().pending = Some("who pushed the head".to_owned());
    daemon.looks().await;
    assert_eq!(forge.told().details, 1);
    let comment = forge.told().published.last().unwrap().story.clone().unwrap().comment.unwrap();
    assert!(comment.contains("who pushed the head"), "{comment}");
    for (after, times) in [(4, 1), (1, 2), (14, 2), (1, 3), (59, 3), (1, 4)] {
        story.clock.advance(Duration::from_secs(after));
        daemon.looks().await;
        assert_eq!(forge.told().details, times, "after {after} seconds more");
    }
    forge.told().pending = None;
    story.clock.advance(Duration::from_secs(120));
    daemon.looks().await;
    story.clock.advance(Duration::from_secs(300));
    daemon.looks().await;
    assert_eq!(forge.told().details, 5);
}

#[tokio::test]
async fn what_somebody_took_away_is_put_back_at_the_next_resync_or_when_asked_to() {
    let story = Story::new();
    story.change(ALICE, "users/alice.yaml", "identifier: alice@acme.dev\nroles: [Admin]\ngithub: {id: 1, login: alice}\n");
    let head = story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\n");
    let (daemon, forge) = daemon_on(&story, Outward::default()).await;
    daemon.looks().await;
    let take_away = || story.git(ALICE, &["notes", "--ref=refs/notes/devtools/ci", "remove", &head.to_string()]);
    take_away();
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, Vec::<String>::new(), "nothing says that it is gone");
    story.clock.advance(Duration::from_secs(601));
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, GREEN);

    take_away();
    let recheck = |id| Command {
        comment: "31".to_owned(),
        by: Some(ForgeUser { login: "alice".to_owned(), id }),
        word: CommandWord::Recheck,
        answered: false,
    };
    for (who, heard) in [(99, false), (1, true)] {
        forge.told().commands = vec![recheck(who)];
        // A review arrives; the note is what makes the input differ.
        story.git(ALICE, &["notes", "--ref=refs/notes/devtools/discuss", "append", "-m", &format!("{who}"), &head.to_string()]);
        daemon.looks().await;
        assert_eq!(daemon.says(head).await == GREEN, heard, "by {who}");
    }
    let answered = forge.told().published.last().unwrap().story.clone().unwrap().answered;
    assert_eq!(answered, ["31"]);
}

#[tokio::test]
async fn heads_are_fetched_by_the_forge_s_word_and_one_that_is_lost_keeps_no_other_away() {
    let story = Story::new();
    let lost = story.propose(ALICE, "lost", "entities/Env/a.yaml", "identifier: a\n");
    let found = story.propose(ALICE, "found", "entities/Env/b.yaml", "identifier: b\n");
    let copy = story.dir.path().join("copy.git");
    story.git(ALICE, &["init", "--quiet", "--bare", copy.to_str().unwrap()]);
    let store = story.store().await;
    let forge = accounts(&story, &store);
    (forge.told().remote, forge.told().lost) = (Some(story.path()), vec![lost.to_string()]);
    let mut watched = story.watched(&copy, None, &store);
    watched.forge = forge.clone();
    let daemon = story.daemon_watching(watched, store, Judge::of_core());
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(story.at("main")));
    assert_eq!(daemon.says(found).await, GREEN);
    assert_eq!(daemon.says(lost).await, Vec::<String>::new());

    forge.told().lost.clear();
    story.clock.advance(Duration::from_secs(60));
    daemon.looks().await;
    assert_eq!(daemon.says(lost).await, GREEN);
}
