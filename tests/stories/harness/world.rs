//! A small company: its roster, its catalog, and the questions a story asks of the judge.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use portcullis::check::{self, Performed, Target};
use portcullis::facts::{Ask, BranchInput, FactsError, Head, PullRequestInput, Workspace};
use portcullis::git::GitError;
use portcullis::jq::Jq;
use portcullis::model::{
    CommitId, ForgeUser, Identifier, IdentityMode, PullRequestState, Push, Review, ReviewState, Reviewer, SigningKey, Timestamp,
    Vouched,
};

use super::repo::{Files, Picture};
use super::{Git, Judged, Key, Topic};

/// A moment, as RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A repository with the company's catalog on `main`, and everything a story does to it.
pub struct Story {
    pub git: Git,
    pub home: tempfile::TempDir,
    now: Timestamp,
    first_seen: Option<Timestamp>,
    identity: Option<IdentityMode>,
    reviews: BTreeMap<String, Vec<Review>>,
    state: PullRequestState,
    pushes: Vec<Push>,
    opener: Option<ForgeUser>,
    verified: BTreeMap<CommitId, Vouched>,
    members: BTreeMap<Identifier, BTreeSet<u64>>,
    kept: Vec<tempfile::TempDir>,
}

impl Story {
    /// The company as it stands, in `declared` mode.
    pub fn begin() -> Self {
        Self::with(&[])
    }

    /// The company, and these files beside or instead of its own.
    pub fn with(more: &[(&str, &str)]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let git = Git::laid_from(company(), &home.path().join("catalog"), &home.path().join("home"));
        if !more.is_empty() {
            let files = more.iter().map(|(path, text)| file(path, text)).collect();
            git.commit_files("main", Some("main"), &files, &laid("Lay the rest"));
        }
        Self {
            git,
            home,
            now: at("2026-11-21T12:00:00Z"),
            first_seen: None,
            identity: None,
            reviews: BTreeMap::new(),
            state: PullRequestState::Open,
            pushes: Vec::new(),
            opener: None,
            verified: BTreeMap::new(),
            members: BTreeMap::new(),
            kept: Vec::new(),
        }
    }

    /// Keeps a directory for as long as the story lasts.
    pub fn keep(&mut self, dir: tempfile::TempDir) {
        self.kept.push(dir);
    }

    /// The company in `signature` mode: these users sign with these keys.
    pub fn signed(keys: &[(&str, &Key)]) -> Self {
        let mut files: Vec<(String, String)> = vec![("catalog.yaml".into(), "identity: signature\n".into())];
        for (path, text) in COMPANY {
            let Some((_, key)) = keys.iter().find(|(who, _)| *path == format!("users/{who}.yaml")) else { continue };
            files.push((path.to_string(), format!("{text}signingKeys: [{:?}]\n", key.public())));
        }
        let files: Vec<_> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        Self::with(&files)
    }

    pub fn keys(dir: &tempfile::TempDir) -> PathBuf {
        dir.path().join("keys")
    }

    /// Goes on with a branch, or begins it at `main`.
    pub fn topic(&self, branch: &str) -> Topic<'_> {
        if !self.git.has_branch(branch) {
            self.git.run(&["branch", branch, "main"]);
        }
        Topic::new(&self.git, branch)
    }

    /// Goes on with `main` itself: somebody pushed there.
    pub fn main(&self) -> Topic<'_> {
        Topic::new(&self.git, "main")
    }

    pub fn now(&mut self, moment: &str) -> &mut Self {
        self.now = at(moment);
        self
    }

    pub fn first_seen(&mut self, moment: &str) -> &mut Self {
        self.first_seen = Some(at(moment));
        self
    }

    pub fn identity(&mut self, mode: IdentityMode) -> &mut Self {
        self.identity = Some(mode);
        self
    }

    pub fn closed(&mut self) -> &mut Self {
        self.state = PullRequestState::Closed;
        self
    }

    pub fn opened_by(&mut self, login: &str) -> &mut Self {
        self.opener = account(login);
        self
    }

    pub fn pushed_by(&mut self, login: &str, before: Option<CommitId>, after: CommitId) -> &mut Self {
        self.pushes.push(Push { actor: account(login), before, after: Some(after) });
        self
    }

    pub fn verified_as(&mut self, commit: CommitId, login: &str) -> &mut Self {
        if let Some(user) = account(login) {
            self.verified.insert(commit, Vouched::Account(user));
        }
        self
    }

    /// The forge made this commit itself, in the browser or by a button.
    pub fn made_by_the_forge(&mut self, commit: CommitId) -> &mut Self {
        self.verified.insert(commit, Vouched::Forge);
        self
    }

    /// Who is in the team of the forge that this team of the roster names.
    pub fn forge_team(&mut self, team: &str, logins: &[&str]) -> &mut Self {
        let ids = logins.iter().filter_map(|login| account(login)).map(|user| user.id).collect();
        self.members.insert(Identifier::new(team).unwrap(), ids);
        self
    }

    /// A review of the branch's tip by the account of this login.
    pub fn review(&mut self, branch: &str, login: &str, state: ReviewState) -> &mut Self {
        let commit = self.git.id(branch);
        self.review_on(branch, login, state, Some(commit))
    }

    pub fn approve(&mut self, branch: &str, login: &str) -> &mut Self {
        self.review(branch, login, ReviewState::Approved)
    }

    /// The reviews that a forge tells of, instead of any before.
    pub fn reviewed(&mut self, branch: &str, reviews: Vec<Review>) -> &mut Self {
        self.reviews.insert(branch.to_owned(), reviews);
        self
    }

    pub fn review_on(&mut self, branch: &str, login: &str, state: ReviewState, commit: Option<CommitId>) -> &mut Self {
        let reviews = self.reviews.entry(branch.to_owned()).or_default();
        let reviewer = account(login).map_or(Reviewer::Unknown, Reviewer::Account);
        let id = format!("review-{}", reviews.len() + 1);
        reviews.push(Review { id, reviewer, state, commit, submitted_at: None });
        self
    }

    /// The verdict on a pull request from `branch` into `main`.
    pub fn judge(&self, branch: &str) -> Judged {
        self.judge_ask(&self.ask("main", branch))
    }

    /// The verdict on commits that are on the watched branch already.
    pub fn judge_pushed(&self, accepted: &str, tip: &str) -> Judged {
        self.judge_ask(&Ask { target: Target::WatchedBranch, pull_request: None, ..self.ask(accepted, tip) })
    }

    /// The same, where the forge tells who moved the branch.
    pub fn judge_told_push(&self, accepted: &str, tip: &str) -> Judged {
        let branch = Some(BranchInput { pushes: self.pushes.clone(), verified: self.verified.clone() });
        self.judge_ask(&Ask { target: Target::WatchedBranch, pull_request: None, branch, ..self.ask(accepted, tip) })
    }

    pub fn ask(&self, base: &str, head: &str) -> Ask {
        Ask {
            performed: Performed::default(),
            withdrawn: BTreeMap::new(),
            target: Target::PullRequest,
            base: self.git.id(base),
            base_is_valid: false,
            head: Head::Commit(self.git.id(head)),
            identity: self.identity,
            as_user: None,
            pull_request: Some(PullRequestInput {
                state: self.state,
                opener: self.opener.clone(),
                pushes: self.pushes.clone(),
                reviews: self.reviews.get(head).cloned().unwrap_or_default(),
                verified: self.verified.clone(),
            }),
            branch: None,
            members: self.members.clone(),
            received: BTreeMap::new(),
            first_seen: self.first_seen,
            now: self.now,
        }
    }

    /// The repository, whose expressions the program itself evaluates.
    pub fn workspace(&self, root: &str) -> Workspace {
        static EVALUATOR: OnceLock<Arc<Jq>> = OnceLock::new();
        let evaluator = EVALUATOR.get_or_init(|| Arc::new(Jq::new(env!("CARGO_BIN_EXE_portcullis").into())));
        Workspace::open(&self.git.dir, root, evaluator.clone()).unwrap()
    }

    /// Every key of the roster on `main`.
    pub fn roster_keys(&self) -> Vec<SigningKey> {
        let catalog = self.workspace("").snapshot(self.git.id("main")).unwrap().catalog;
        catalog.users().iter().flat_map(|(_, user)| user.value.signing_keys.clone()).collect()
    }

    /// A commit in the range cannot be read for certain, so that nothing is judged at all.
    #[track_caller]
    pub fn refuses_to_judge(&self, branch: &str) {
        let workspace = self.workspace("");
        let error = workspace.propose(&self.ask("main", branch)).err();
        assert!(matches!(error, Some(FactsError::Git(GitError::Malformed { .. }))), "{error:?}");
    }

    pub fn judge_ask(&self, ask: &Ask) -> Judged {
        let workspace = self.workspace("");
        let cold = check::judge(&workspace.propose(ask).unwrap().proposal);
        // The same question asked of a warm workspace that trusts its base must have the same answer.
        let base = check::validate(&workspace.snapshot(ask.base).unwrap().catalog);
        if base.iter().all(|finding| !finding.is_error()) {
            let warm = Judged(check::judge(&workspace.propose(&Ask { base_is_valid: true, ..ask.clone() }).unwrap().proposal));
            let cold = Judged(cold.clone());
            assert_eq!(warm.0.conclusion, cold.0.conclusion, "incremental:\n{warm}\nfull:\n{cold}");
        }
        Judged(cold)
    }
}

/// The forge's accounts: `alice` is 1, and so on; anyone else is a stranger with a number nobody in the roster has.
pub fn account(login: &str) -> Option<ForgeUser> {
    let id = match login {
        "nobody" => return None,
        "alice" => 1,
        "bob" => 2,
        "carol" => 3,
        "dave" => 4,
        "erin" => 5,
        "robot" => 6,
        "frank" => 7,
        _ => 666,
    };
    Some(ForgeUser { login: login.to_owned(), id })
}

/// The company's repository, made once for all stories of a process; each has a copy of its own.
fn company() -> &'static Picture {
    static PICTURE: OnceLock<Picture> = OnceLock::new();
    PICTURE.get_or_init(|| {
        let home = tempfile::tempdir().unwrap();
        let git = Git::init(&home.path().join("catalog"), &home.path().join("home"));
        let files: Files = COMPANY.iter().map(|(path, text)| file(path, text)).collect();
        git.commit_files("main", None, &files, &laid("Lay the catalog"));
        git.picture()
    })
}

fn laid(message: &str) -> super::repo::Signature<'_> {
    super::repo::Signature { committer: "alice@acme.dev", author: "alice@acme.dev", message, key: None, date: None }
}

fn file(path: &str, text: &str) -> (String, (String, Option<Vec<u8>>)) {
    (path.to_owned(), ("100644".to_owned(), Some(text.as_bytes().to_vec())))
}

/// alice is Admin; bob and dave are Members in the teams platform and payments; carol and frank moderate Env; erin is a
/// Member in no team; robot is a bot.
pub const COMPANY: &[(&str, &str)] = &[
    ("catalog.yaml", "identity: declared\nexpiry: 14d\n"),
    (
        "users/alice@acme.dev.yaml",
        "identifier: alice@acme.dev\nroles: [Admin]\nemails: [alice@home.example]\ngithub: { login: alice, id: 1 }\n",
    ),
    (
        "users/bob@acme.dev.yaml",
        "identifier: bob@acme.dev\nroles: [Member]\nemails: [bob@home.example]\ngithub: { login: bob, id: 2 }\n",
    ),
    (
        "users/carol@acme.dev.yaml",
        "identifier: carol@acme.dev\nroles: [Member, Env-moderator]\nemails: [carol@home.example]\ngithub: { login: carol, id: 3 }\n",
    ),
    ("users/dave@acme.dev.yaml", "identifier: dave@acme.dev\nroles: [Member]\ngithub: { login: dave, id: 4 }\n"),
    ("users/erin@acme.dev.yaml", "identifier: erin@acme.dev\nroles: [Member]\ngithub: { login: erin, id: 5 }\n"),
    (
        "users/robot@acme.dev.yaml",
        "identifier: robot@acme.dev\nroles: [Env-moderator]\ngithub: { login: robot, id: 6 }\nbot: true\n",
    ),
    ("users/frank@acme.dev.yaml", "identifier: frank@acme.dev\nroles: [Env-moderator]\ngithub: { login: frank, id: 7 }\n"),
    ("teams/platform.yaml", "identifier: platform\nmembers: [bob@acme.dev]\n"),
    ("teams/payments.yaml", "identifier: payments\nmembers: [dave@acme.dev]\n"),
    (
        "blueprints/System.yaml",
        "identifier: System\ntitle: System\nschema:\n  properties:\n    tier: { type: number }\nrelations: {}\n",
    ),
    (
        "blueprints/Service.yaml",
        "identifier: Service\ntitle: Service\nschema:\n  properties:\n    language: { type: string, enum: [go, rust] }\n    slo: { type: number, minimum: 0 }\n    repository: { type: string, format: url }\n  required: [language]\nrelations:\n  system: { target: System, required: true, many: false }\n  dependsOn: { target: Service, required: false, many: true }\nteamInheritance: { path: system }\n",
    ),
    (
        "blueprints/Env.yaml",
        "identifier: Env\ntitle: Environment\nschema:\n  properties:\n    slackChannelUrl: { type: string, format: url }\n    ttl: { type: string, enum: [3 days, 5 days, 10 days] }\n    note: { type: string, maxLength: 100 }\n    size: { type: number }\n  required: []\nrelations:\n  service: { target: Service, required: false, many: false }\n  deployedAt: { target: System, required: false, many: false }\nteamInheritance: { path: service.system }\n",
    ),
    (
        "blueprints/Deployment.yaml",
        "identifier: Deployment\nschema:\n  properties:\n    version: { type: string }\nrelations: {}\n",
    ),
    (
        "permissions/Service.yaml",
        "entities:\n  update: { roles: [Admin, Service-moderator], ownedByTeam: true }\n  register: { roles: [Admin, Member] }\n",
    ),
    (
        "permissions/Env.yaml",
        "entities:\n  register: { roles: [Admin, Env-moderator, Member] }\n  updateProperties:\n    slackChannelUrl: { roles: [Admin, Env-moderator, Member] }\n    note: { roles: [], ownedByTeam: true }\n    ttl: { roles: [Admin, Env-moderator, Member] }\n  updateRelations:\n    deployedAt: { roles: [Admin, Env-moderator], users: [erin@acme.dev], teams: [payments] }\nactions:\n  create_env:\n    execute: { roles: [Admin, Env-moderator, Member] }\n  extend_env_ttl:\n    execute: { roles: [Admin, Env-moderator, Member] }\n  delete_env:\n    execute: { roles: [Admin, Env-moderator], ownedByTeam: true }\n  audit_env:\n    execute: { roles: [Admin, Env-moderator, Member] }\n",
    ),
    (
        "permissions/Deployment.yaml",
        "entities:\n  register: { roles: [] }\n  unregister: { roles: [] }\n  update: { roles: [] }\n",
    ),
    ("entities/System/shop.yaml", "identifier: shop\nteam: platform\nproperties: { tier: 1 }\n"),
    ("entities/System/bank.yaml", "identifier: bank\nteam: payments\n"),
    ("entities/Service/cart.yaml", "identifier: cart\nproperties: { language: go }\nrelations: { system: shop }\n"),
    ("entities/Service/ledger.yaml", "identifier: ledger\nproperties: { language: rust }\nrelations: { system: bank }\n"),
    (
        "entities/Env/prod.yaml",
        "identifier: prod\ntitle: Production\nproperties:\n  slackChannelUrl: https://slack.example/prod\n  ttl: 10 days\n  note: careful\nrelations:\n  service: cart\n  deployedAt: shop\n",
    ),
    ("entities/Env/staging.yaml", "identifier: staging\nproperties: { ttl: 3 days }\nrelations: { service: ledger }\n"),
    ("entities/Deployment/first.yaml", "identifier: first\nproperties: { version: '1' }\n"),
    (
        "actions/create_env.yaml",
        "identifier: create_env\ntrigger:\n  type: self-service\n  operation: CREATE\n  blueprintIdentifier: Env\n  userInputs:\n    properties:\n      ttl: { type: string, enum: [3 days, 5 days, 10 days], default: 3 days }\n    required: []\n    order: [ttl]\nrequiredApproval:\n  when: { properties: { ttl: { const: 10 days } }, required: [ttl] }\ninvocationMethod: { type: WEBHOOK, url: 'https://hooks.acme.dev/env' }\n",
    ),
    (
        "actions/extend_env_ttl.yaml",
        "identifier: extend_env_ttl\ntrigger:\n  type: self-service\n  operation: DAY-2\n  blueprintIdentifier: Env\n  userInputs:\n    properties:\n      ttl: { type: string, enum: [3 days, 5 days, 10 days] }\n    required: [ttl]\nrequiredApproval: true\ninvocationMethod: { type: WEBHOOK, url: 'https://hooks.acme.dev/ttl' }\n",
    ),
    (
        "actions/delete_env.yaml",
        "identifier: delete_env\ntrigger:\n  type: self-service\n  operation: DELETE\n  blueprintIdentifier: Env\n  userInputs: { properties: {}, required: [] }\nrequiredApproval: { type: ANY, count: 2 }\ninvocationMethod: { type: WEBHOOK, url: 'https://hooks.acme.dev/delete' }\n",
    ),
    (
        "actions/audit_env.yaml",
        "identifier: audit_env\ntrigger:\n  type: self-service\n  operation: DAY-2\n  blueprintIdentifier: Env\n  userInputs: { properties: {}, required: [] }\nrequiredApproval: { type: ALL }\ninvocationMethod: { type: WEBHOOK, url: 'https://hooks.acme.dev/audit' }\n",
    ),
];
