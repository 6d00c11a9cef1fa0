//! The stage of the stories: a catalog on the fake, the people of its roster, and a controller that watches it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use git2::Oid;
use portcullis::controller::{Controller, Judge, Outward, Parts, Settings, Waker, Watched};
use portcullis::execute::Performers;
use portcullis::facts::Workspace;
use portcullis::forge::Forge;
use portcullis::forge::github::{
    CHECK_RUN, COMMENT_MARKER, Credentials, Github, GithubForge, GithubForgeOptions, GithubOptions, Secret,
};
use portcullis::model::{CommitId, Identifier, NoExpressions};
use portcullis::run::life::RunHandle;
use portcullis::store::{RepositoryKey, SqliteStore, Store};
use serde_json::Value;

use crate::clock::ManualClock;
use crate::fake::{Checkout, GitHub, Level, Person, Role};

pub const CATALOG: &str = "acme/catalog";

/// What the App of the stories may do: all that the daemon can make use of.
pub const PERMISSIONS: &[(&str, Level)] = &[
    ("contents", Level::Write),
    ("pull_requests", Level::Write),
    ("issues", Level::Write),
    ("statuses", Level::Write),
    ("checks", Level::Write),
    ("administration", Level::Read),
    ("members", Level::Read),
];

/// Asks for an approval, whatever its input.
const EXTEND: &str = "\
identifier: extend
trigger:
  type: self-service
  operation: DAY-2
  blueprintIdentifier: Env
  userInputs: {properties: {ttl: {type: string}}, required: [ttl]}
invocationMethod: {type: WEBHOOK, url: 'https://example.com/extend'}
requiredApproval: true
";

/// A run of it, as a file says it.
pub const RUN: &str = "action: extend\nentity: prod\ninputs: {ttl: 10 days}\n";

/// As whom the daemon is known to GitHub.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Daemon {
    App,
    Token,
}

pub struct World {
    pub clock: Arc<ManualClock>,
    pub github: GitHub,
    pub known_as: Daemon,
    /// With an App: its installation on the catalog.
    pub installation: Option<u64>,
    pub client: Github,
    pub forge: Arc<GithubForge>,
    pub store: Arc<SqliteStore>,
    pub controller: Controller,
    pub outward: Outward,
    pub settings: Settings,
    /// Who performs runs; nobody unless a story says so.
    pub performers: Performers,
    /// How long a request may take, of a daemon that starts from now on.
    pub deadline: Duration,
    dir: tempfile::TempDir,
    credentials: Credentials,
}

impl World {
    /// A catalog judged by the forge's word: alice is Admin, bob Member, carol moderator of environments; dave is a stranger.
    pub async fn new(known_as: Daemon) -> Self {
        Self::with(known_as, Outward { labels: true, ..Outward::default() }, Settings::default()).await
    }

    pub async fn with(known_as: Daemon, outward: Outward, settings: Settings) -> Self {
        let clock = ManualClock::start();
        let github = GitHub::start(clock.clone());
        found_catalog(&github);
        let (credentials, installation) = match known_as {
            Daemon::App => {
                let app = github.app("portcullis", PERMISSIONS);
                let key = Secret::new(github.app_key());
                (Credentials::App { id: app.to_string(), key }, Some(github.installs(app, &[CATALOG])))
            }
            Daemon::Token => {
                github.bot("portcullis-bot");
                github.collaborator(CATALOG, "portcullis-bot", Role::Write);
                (Credentials::Token(Secret::new(&github.token("portcullis-bot"))), None)
            }
        };
        let dir = tempfile::tempdir().unwrap();
        git2::Repository::init_bare(dir.path().join("copy.git")).unwrap();
        let store = Arc::new(SqliteStore::open(&dir.path().join("store.db")).await.unwrap());
        let deadline = Duration::from_secs(20);
        let (client, forge, controller) = built(
            &clock,
            &github,
            &credentials,
            &store,
            dir.path().join("copy.git"),
            outward,
            &settings,
            &Performers::default(),
            deadline,
        );
        github.forgets_calls();
        github.drops_deliveries();
        Self {
            clock,
            github,
            known_as,
            installation,
            client,
            forge,
            store,
            controller,
            outward,
            settings,
            performers: Performers::default(),
            deadline,
            dir,
            credentials,
        }
    }

    /// The daemon stops, and a new one starts with the same store.
    pub fn restarts_daemon(&mut self) {
        let copy = self.dir.path().join("copy.git");
        let (client, forge, controller) = built(
            &self.clock,
            &self.github,
            &self.credentials,
            &self.store,
            copy,
            self.outward,
            &self.settings,
            &self.performers,
            self.deadline,
        );
        (self.client, self.forge, self.controller) = (client, forge, controller);
    }

    /// One of the roster, or a stranger, with a clone of the catalog as it is now.
    pub fn clone_of(&self, login: &str) -> Checkout {
        self.person(login).clones(CATALOG)
    }

    pub fn person(&self, login: &str) -> Person {
        self.github.user(login)
    }

    /// A branch with one commit that writes one file, pushed and proposed; the pull request's number.
    pub fn proposes(&self, login: &str, branch: &str, file: &str, text: &str) -> u64 {
        let mut clone = self.clone_of(login);
        clone.on(branch).writes(file, text).commits(&format!("Write {file}"));
        clone.pushes(branch);
        clone.opens_pull_request(branch, "main")
    }

    /// The controller looks, and does all that is due.
    pub async fn sweep(&self) {
        self.controller.reconcile_once().await;
    }

    /// Time passes, and the controller looks.
    pub async fn sweep_after(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
        self.sweep().await;
    }

    pub fn waker(&self) -> Waker {
        self.controller.waker()
    }

    pub fn head(&self, number: u64) -> Oid {
        self.github.head(CATALOG, number)
    }

    /// The state of a status on a pull request's head, `catalog` for `portcullis/catalog`.
    pub fn status(&self, number: u64, context: &str) -> Option<String> {
        self.status_of(self.head(number), context)
    }

    pub fn status_of(&self, sha: Oid, context: &str) -> Option<String> {
        let context = if context.contains('/') { context.to_owned() } else { format!("portcullis/{context}") };
        self.github.status(CATALOG, sha, &context).map(|(state, _)| state)
    }

    /// What a status on the head says.
    pub fn says(&self, number: u64, context: &str) -> String {
        let found = self.github.status(CATALOG, self.head(number), &format!("portcullis/{context}"));
        found.map(|(_, description)| description).unwrap_or_default()
    }

    /// The three statuses of a head: `catalog success, permissions success, approval pending`; `-` where one is missing.
    pub fn verdict(&self, number: u64) -> String {
        let one = |context: &str| format!("{context} {}", self.status(number, context).unwrap_or_else(|| "-".into()));
        ["catalog", "permissions", "approval"].map(one).join(", ")
    }

    /// Our comment on a pull request; there is at most one.
    pub fn comment(&self, number: u64) -> Option<String> {
        let own = self.own_login();
        let mut ours =
            self.github.comments(CATALOG, number).into_iter().filter(|(by, text)| *by == own && text.starts_with(COMMENT_MARKER));
        let first = ours.next().map(|(_, text)| text);
        assert!(ours.next().is_none(), "there are two comments of ours on #{number}");
        first
    }

    /// Our comment about a run on a pull request; there is at most one.
    pub fn run_comment(&self, number: u64, run: &str) -> Option<String> {
        let handle = RunHandle::of("catalog", &Identifier::new(run).unwrap());
        let (own, marker) = (self.own_login(), format!("<!-- portcullis run {handle} -->"));
        let all = self.github.comments(CATALOG, number);
        let mut ours = all.into_iter().filter(|(by, text)| *by == own && text.starts_with(&marker));
        let first = ours.next().map(|(_, text)| text);
        assert!(ours.next().is_none(), "there are two comments of ours about {run} on #{number}");
        first
    }

    /// Our check run on a pull request's head, as GitHub shows it: the latest, where another took the place of one that could not be changed.
    pub fn check_run(&self, number: u64) -> Option<Value> {
        self.github.check_run(CATALOG, self.head(number), CHECK_RUN)
    }

    /// The login under which the daemon writes.
    pub fn own_login(&self) -> String {
        if self.known_as == Daemon::App { "portcullis[bot]".into() } else { "portcullis-bot".into() }
    }

    /// The accepted revision.
    pub async fn accepted(&self) -> Option<CommitId> {
        self.store.accepted(&RepositoryKey::new("catalog")).await.unwrap().map(|acceptance| acceptance.commit)
    }

    /// The tip of the watched branch on GitHub.
    pub fn main(&self) -> CommitId {
        let tip = git2::Repository::open(self.github.path(CATALOG)).unwrap().refname_to_id("refs/heads/main").unwrap();
        CommitId::from_hex(&tip.to_string()).unwrap()
    }
}

/// The catalog of the stories, pushed by alice.
pub fn found_catalog(github: &GitHub) {
    github.collaborator(CATALOG, "alice", Role::Admin);
    github.collaborator(CATALOG, "bob", Role::Write);
    github.collaborator(CATALOG, "carol", Role::Write);
    let mut alice = github.user("alice").clones(CATALOG);
    alice.writes("catalog.yaml", "identity: forge\n");
    for (login, roles) in [("alice", "[Admin]"), ("bob", "[Member]"), ("carol", "[Member, Env-moderator]")] {
        let id = github.user(login).id;
        let user = format!("identifier: {login}@acme.dev\nroles: {roles}\ngithub: {{ login: {login}, id: {id} }}\n");
        alice.writes(&format!("users/{login}.yaml"), &user);
    }
    github.user("dave");
    alice.writes("blueprints/Env.yaml", "identifier: Env\nschema:\n  properties:\n    size: {type: number}\n");
    alice.writes("entities/Env/prod.yaml", "identifier: prod\nproperties: {size: 1}\n");
    alice.writes("actions/extend.yaml", EXTEND);
    let roles = "{roles: [Admin, Env-moderator, Member]}";
    let permissions =
        format!("blueprint: Env\nactions:\n  extend:\n    execute: {roles}\n    approve: {{roles: [Admin, Env-moderator]}}\n");
    alice.writes("permissions/Env.yaml", &permissions);
    alice.commits("Found the catalog");
    alice.pushes("main");
}

#[allow(clippy::too_many_arguments)] // all that a daemon is made of
fn built(
    clock: &Arc<ManualClock>,
    github: &GitHub,
    credentials: &Credentials,
    store: &Arc<SqliteStore>,
    copy: PathBuf,
    outward: Outward,
    settings: &Settings,
    performers: &Performers,
    deadline: Duration,
) -> (Github, Arc<GithubForge>, Controller) {
    let options = GithubOptions { api: github.api(), git: github.git(), credentials: credentials.clone(), deadline };
    let client = Github::new(options, clock.clone(), fastrand::Rng::with_seed(7)).unwrap();
    let options = GithubForgeOptions {
        comments: outward.comments,
        review_requests: outward.review_requests,
        git: github.git(),
        ..GithubForgeOptions::default()
    };
    let forge = Arc::new(GithubForge::new(client.repository(CATALOG), options));
    let watched = Watched {
        name: "catalog".into(),
        key: RepositoryKey::new("catalog"),
        branch: "main".into(),
        root: String::new(),
        path: copy.clone(),
        remote: None,
        workspace: Arc::new(Workspace::open(&copy, "", Arc::new(NoExpressions)).unwrap()),
        forge: forge.clone() as Arc<dyn Forge>,
        outward,
        performers: performers.clone(),
    };
    let controller = Controller::new(Parts {
        store: store.clone() as Arc<dyn Store>,
        repositories: vec![watched],
        clock: clock.clone(),
        rng: fastrand::Rng::with_seed(1),
        judge: Judge::of_core(),
        settings: settings.clone(),
    });
    (client, forge, controller)
}
