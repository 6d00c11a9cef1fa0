//! The forge, over the wire: what it tells of a repository that people work on, and what stands on GitHub after it spoke.

mod facts;
mod merging;
mod publishing;
mod troubles;

use std::sync::Arc;
use std::time::Duration;

use git2::Oid;
use portcullis::check::Conclusion;
use portcullis::forge::github::{Credentials, Github, GithubForge, GithubForgeOptions, GithubOptions, Secret};
use portcullis::forge::{Analysis, Asking, Forge, Publication, PullRequestDetails, Remark, Report, Status, Story};
use portcullis::model::{CommitId, ForgeUser, Severity};

use crate::clock::ManualClock;
use crate::fake::{Checkout, GitHub, Level, Role};

const CATALOG: &str = "acme/catalog";
const BOT: &str = "portcullis[bot]";
const CONTEXTS: [&str; 3] = ["portcullis/catalog", "portcullis/permissions", "portcullis/approval"];

/// acme/catalog, with alice who runs it, bob and carol who work on it, and our App.
struct World {
    github: GitHub,
    clock: Arc<ManualClock>,
    forge: GithubForge,
}

impl World {
    fn new() -> Self {
        let clock = ManualClock::start();
        let github = GitHub::start(clock.clone());
        github.collaborator(CATALOG, "alice", Role::Admin);
        for login in ["bob", "carol"] {
            github.collaborator(CATALOG, login, Role::Write);
        }
        let mut alice = github.user("alice").clones(CATALOG);
        alice.writes("catalog.yaml", "identity: forge\n").commits("Begin");
        alice.pushes("main");
        let needs = [
            ("contents", Level::Write),
            ("pull_requests", Level::Write),
            ("issues", Level::Write),
            ("statuses", Level::Write),
            ("checks", Level::Write),
            ("members", Level::Read),
        ];
        let app = github.app("portcullis", &needs);
        github.installs(app, &[CATALOG]);
        let credentials = Credentials::App { id: app.to_string(), key: Secret::new(github.app_key()) };
        let forge = connect(&github, &clock, credentials);
        Self { github, clock, forge }
    }

    /// The same repository, asked by a process that remembers nothing.
    fn again(&self) -> GithubForge {
        connect(&self.github, &self.clock, Credentials::Token(Secret::new(&self.github.token("alice"))))
    }

    /// A pull request of bob's with one commit.
    fn pull_request(&self) -> (Checkout, u64, Oid) {
        let mut bob = self.github.user("bob").clones(CATALOG);
        let head = bob.on("extend").writes("more", "1").commits("Extend");
        bob.pushes("extend");
        let number = bob.opens_pull_request("extend", "main");
        (bob, number, head)
    }

    async fn details(&self, number: u64, signed: &[Oid]) -> PullRequestDetails {
        let pull_request = self.forge.pull_request(&number.to_string()).await.unwrap().expect("it is there");
        let signed: Vec<CommitId> = signed.iter().map(|id| commit(*id)).collect();
        let asking = Asking { keys: &[], signed: &signed, now: self.clock.time() };
        self.forge.details(&pull_request, asking).await.unwrap()
    }

    /// The bodies of what was posted as statuses, `CONTEXT STATE`, in order.
    fn posted(&self) -> Vec<String> {
        let calls = self.github.calls_to("POST", "/statuses/");
        let word = |call: &crate::fake::Called, key: &str| call.body.as_ref().unwrap()[key].as_str().unwrap().to_owned();
        calls.iter().map(|call| format!("{} {}", word(call, "context"), word(call, "state"))).collect()
    }
}

fn connect(github: &GitHub, clock: &Arc<ManualClock>, credentials: Credentials) -> GithubForge {
    let options = GithubOptions { api: github.api(), git: github.git(), credentials, deadline: Duration::from_secs(10) };
    let client = Github::new(options, clock.clone(), fastrand::Rng::with_seed(4)).unwrap().repository(CATALOG);
    GithubForge::new(client, GithubForgeOptions { git: github.git(), ..GithubForgeOptions::default() })
}

fn commit(id: Oid) -> CommitId {
    CommitId::from_hex(&id.to_string()).unwrap()
}

fn account(github: &GitHub, login: &str) -> ForgeUser {
    ForgeUser { login: login.into(), id: github.user(login).id }
}

/// What is said of a head: one conclusion for each of the three checks, and so many findings on its lines.
fn publication(world: &World, head: Oid, conclusions: [Conclusion; 3], findings: u32) -> Publication {
    let head = commit(head);
    let status = |(context, conclusion): (&str, Conclusion)| Status {
        commit: head,
        context: context.into(),
        conclusion,
        summary: format!("{context} says {}", conclusion.as_str()),
        url: None,
    };
    let remark = |line| Remark {
        path: Some("more".into()),
        line: Some(line),
        column: Some(1),
        rule: "yaml/tag".into(),
        severity: Severity::Error,
        message: format!("finding {line}"),
    };
    let conclusion = conclusions.into_iter().max().unwrap();
    Publication {
        statuses: CONTEXTS.into_iter().zip(conclusions).map(status).collect(),
        analyses: vec![Analysis { commit: head, remarks: (1..=findings).map(remark).collect(), url: None }],
        report: Some(Report { commit: head, conclusion, title: "A title".into(), summary: "A summary.".into(), url: None }),
        story: None,
        at: world.clock.time(),
    }
}

fn story(number: u64, comment: &str) -> Story {
    Story {
        pull_request: number.to_string(),
        comment: Some(comment.into()),
        reviewers: Vec::new(),
        label: None,
        labels: Vec::new(),
        answered: Vec::new(),
    }
}
