//! Our client against the fake: faults of every kind, and that each ends right without a call too many.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use portcullis::forge::github::{ApiError, Client, Credentials, Github, GithubOptions, Secret};
use serde_json::{Value, json};

use crate::clock::ManualClock;
use crate::fake::{GitHub, Level, Role, on};

/// What the App of these stories may do.
const PERMISSIONS: &[(&str, Level)] = &[
    ("contents", Level::Read),
    ("pull_requests", Level::Write),
    ("issues", Level::Write),
    ("statuses", Level::Write),
    ("checks", Level::Write),
    ("administration", Level::Read),
];

/// A repository with one commit, an App that is installed on it, and our client as that App.
struct Scene {
    github: GitHub,
    clock: Arc<ManualClock>,
    client: Client,
    app: u64,
    head: String,
}

impl Scene {
    fn set() -> Self {
        Self::at(GitHub::api)
    }

    fn at(api: impl Fn(&GitHub) -> String) -> Self {
        let clock = ManualClock::start();
        let github = GitHub::start(clock.clone());
        github.collaborator("acme/catalog", "alice", Role::Admin);
        let mut alice = github.user("alice").clones("acme/catalog");
        let head = alice.writes("README", "a catalog\n").commits("Begin").to_string();
        alice.pushes("main");
        let app = github.app("portcullis", PERMISSIONS);
        github.installs(app, &["acme/catalog"]);
        let credentials = Credentials::App { id: app.to_string(), key: Secret::new(github.app_key()) };
        let client = connect(&api(&github), credentials, &clock).repository("acme/catalog");
        Self { github, clock, client, app, head }
    }

    async fn posts(&self, state: &str) -> Result<Option<Value>, ApiError> {
        let body = json!({"state": state, "context": "portcullis/catalog", "description": "it reads"});
        self.client.write(Method::POST, &format!("statuses/{}", self.head), &body).await
    }

    async fn statuses(&self) -> Vec<String> {
        let path = format!("commits/{}/statuses?per_page=100", self.head);
        let all = self.client.list::<Value>(&path).await.unwrap().unwrap();
        all.iter().map(|status| status["state"].as_str().unwrap().to_owned()).collect()
    }

    fn lines(&self) -> Vec<String> {
        self.github.calls().iter().map(|call| format!("{} {} {}", call.method, call.path, call.status)).collect()
    }

    fn mints(&self) -> usize {
        self.github.calls_to("POST", "/access_tokens").len()
    }
}

fn connect(api: &str, credentials: Credentials, clock: &Arc<ManualClock>) -> Github {
    let options =
        GithubOptions { api: api.into(), git: "http://localhost".into(), credentials, deadline: Duration::from_secs(3) };
    Github::new(options, clock.clone(), fastrand::Rng::with_seed(7)).unwrap()
}

#[tokio::test]
async fn an_unchanged_list_costs_nothing() {
    let scene = Scene::set();
    let path = "pulls?state=open&base=main&sort=updated&direction=desc&per_page=100";
    assert_eq!(scene.client.list::<Value>(path).await, Ok(Some(Vec::new())));
    scene.github.forgets_calls();
    for _ in 0..5 {
        assert_eq!(scene.client.list::<Value>(path).await, Ok(Some(Vec::new())));
    }
    assert_eq!((scene.github.calls().len(), scene.github.cost()), (5, 0));
    assert_eq!(scene.client.github().counts().unchanged, 5);
}

#[tokio::test]
async fn three_at_once_mint_one_token_for_one_repository() {
    let scene = Scene::set();
    let get = || scene.client.get::<Value>("");
    let (one, two, three) = tokio::join!(get(), get(), get());
    assert!(one.is_ok() && two.is_ok() && three.is_ok());
    assert_eq!(scene.mints(), 1);
    assert_eq!(scene.github.calls_to("POST", "/access_tokens")[0].body, Some(json!({"repositories": ["catalog"]})));
}

#[tokio::test]
async fn a_write_that_failed_is_not_done_twice_whether_it_was_done_or_not() {
    for fault in [on("POST", "/statuses").answers(502), on("POST", "/statuses").breaks_off(), on("POST", "/statuses").hangs_up()]
    {
        for performed in [false, true] {
            let scene = Scene::set();
            let fault = if performed { fault.clone().performed() } else { fault.clone() };
            scene.github.fault(fault);
            assert!(matches!(scene.posts("success").await, Err(ApiError::Unknown { .. })));
            assert_eq!(scene.github.writes().len(), 1);
            // Whoever wants it still reads first.
            if scene.statuses().await.is_empty() {
                scene.posts("success").await.unwrap();
            }
            assert_eq!(scene.statuses().await, ["success"]);
        }
    }
}

#[tokio::test]
async fn limits_are_obeyed() {
    let scene = Scene::set();
    scene.github.fault(on("GET", "/pulls").retry_after(403, 5));
    scene.github.fault(on("GET", "/pulls").retry_after(429, 6));
    assert!(scene.client.get::<Value>("pulls?state=open").await.unwrap().is_some());
    assert_eq!(scene.clock.slept().iter().sum::<Duration>(), Duration::from_secs(11));
    scene.github.fault(on("POST", "/statuses").secondary_limit());
    let turned_away = scene.posts("success").await.unwrap_err();
    assert!(matches!(turned_away, ApiError::Later { after: Some(after), .. } if after == Duration::from_secs(60)));
    let calls = scene.github.calls().len();
    assert!(matches!(scene.posts("success").await, Err(ApiError::Later { .. })));
    assert_eq!(scene.github.calls().len(), calls, "nothing is asked while we are to wait");
    scene.clock.advance(Duration::from_secs(60));
    scene.posts("success").await.unwrap();
    let reset = scene.clock.time().as_second() + 900;
    scene.github.fault(on("GET", "/pulls").quota_gone(reset));
    let gone = scene.client.get::<Value>("pulls?state=open").await.unwrap_err();
    assert!(matches!(gone, ApiError::Later { after: Some(after), .. } if after == Duration::from_secs(901)), "{gone:?}");
}

#[tokio::test]
async fn a_truncated_answer_is_asked_for_again_and_never_remembered() {
    for fault in [on("GET", "/statuses").breaks_off(), on("GET", "/statuses").cut_short()] {
        let scene = Scene::set();
        scene.posts("pending").await.unwrap();
        scene.github.fault(fault.times(2));
        assert_eq!(scene.statuses().await, ["pending"]);
        assert_eq!(scene.statuses().await, ["pending"]);
        scene.github.fault(on("GET", "/statuses").answers(304));
        scene.posts("success").await.unwrap();
        assert_eq!(scene.statuses().await, ["pending"], "a 304 in answer to our own validator is believed");
        assert_eq!(scene.statuses().await, ["success", "pending"]);
        assert!(scene.github.faults_are_over());
    }
}

#[tokio::test]
async fn a_stray_304_is_no_answer() {
    let scene = Scene::set();
    scene.github.fault(on("GET", "/pulls").answers(304));
    assert_eq!(scene.client.list::<Value>("pulls?state=open").await, Ok(Some(Vec::new())));
    assert_eq!(scene.github.calls_to("GET", "/pulls").len(), 2);
}

#[tokio::test]
async fn a_rename_is_followed_by_reads_and_by_writes_and_remembered() {
    let scene = Scene::set();
    scene.posts("pending").await.unwrap();
    scene.github.renames("acme/catalog", "inventory");
    scene.github.forgets_calls();
    scene.posts("success").await.unwrap();
    assert_eq!(scene.client.name(), "acme/inventory");
    assert_eq!(scene.statuses().await, ["success", "pending"]);
    assert_eq!(scene.lines().iter().filter(|line| line.ends_with("307")).count(), 1, "{:?}", scene.lines());
    assert_eq!(scene.github.calls().len(), 4, "redirect, name, write, read: {:?}", scene.lines());
}

#[tokio::test]
async fn a_hung_server_is_left_and_asked_again() {
    let scene = Scene::set();
    scene.client.get::<Value>("").await.unwrap();
    let release = scene.github.hangs(on("GET", "/pulls"));
    assert_eq!(scene.client.list::<Value>("pulls?state=open").await, Ok(Some(Vec::new())));
    let hung = scene.github.hangs(on("POST", "/statuses"));
    assert!(matches!(scene.posts("success").await, Err(ApiError::Unknown { .. })));
    release.release();
    hung.release();
}

#[tokio::test]
async fn page_two_of_an_enterprise_server_is_asked_with_the_credentials() {
    let scene = Scene::at(GitHub::enterprise_api);
    scene.github.makes_private("acme/catalog");
    for state in ["pending", "failure", "success"] {
        scene.posts(state).await.unwrap();
    }
    let path = format!("commits/{}/statuses?per_page=1", scene.head);
    assert_eq!(scene.client.list::<Value>(&path).await.unwrap().unwrap().len(), 3);
    assert!(scene.github.calls().iter().all(|call| call.by != "nobody" && call.status < 400));
    scene.github.forgets_calls();
    assert_eq!(scene.client.list::<Value>(&path).await.unwrap().unwrap().len(), 3);
    assert_eq!((scene.github.calls().len(), scene.github.cost()), (3, 0));
}

#[tokio::test]
async fn a_clock_that_is_wrong_either_way_is_learned_once() {
    for minutes in [-30, 30] {
        let scene = Scene::set();
        scene.github.clock_is_ahead(jiff::SignedDuration::from_mins(minutes));
        assert_eq!(scene.client.github().app().await.unwrap().id, scene.app);
        scene.client.get::<Value>("").await.unwrap();
        let refused = scene.github.calls().iter().filter(|call| call.status == 401).count();
        assert_eq!((refused, scene.mints()), (1, 1), "{minutes}");
    }
}

#[tokio::test]
async fn tokens_are_late_revoked_and_outlived() {
    let scene = Scene::set();
    scene.github.tokens_are_late(2);
    scene.posts("pending").await.unwrap();
    assert_eq!(scene.mints(), 1, "shown again, not minted again");
    scene.github.tokens_are_late(0);
    scene.clock.advance(Duration::from_secs(600));
    scene.github.revokes_installation_tokens();
    scene.posts("failure").await.unwrap();
    assert_eq!(scene.mints(), 2);
    scene.clock.advance(Duration::from_secs(56 * 60));
    scene.posts("success").await.unwrap();
    assert_eq!(scene.mints(), 3, "renewed before it ended");
    assert_eq!(scene.statuses().await, ["success", "failure", "pending"]);
}

#[tokio::test]
async fn a_restart_in_the_middle_is_ridden_out() {
    let scene = Scene::set();
    scene.posts("pending").await.unwrap();
    scene.github.restarts();
    assert_eq!(scene.statuses().await, ["pending"]);
    scene.github.stops();
    assert!(matches!(scene.posts("success").await, Err(ApiError::Later { .. } | ApiError::Unknown { .. })));
    assert!(matches!(scene.client.get::<Value>("").await, Err(ApiError::Later { .. })));
    scene.github.starts_again();
    scene.posts("success").await.unwrap();
    assert_eq!(scene.statuses().await, ["success", "pending"]);
}

#[tokio::test]
async fn a_full_quota_is_not_spent_to_its_end_by_looking_around() {
    let scene = Scene::set();
    scene.github.quota(100);
    scene.client.get::<Value>("").await.unwrap();
    scene.github.used_up(91);
    scene.client.get::<Value>("pulls?state=open").await.unwrap();
    assert!(matches!(scene.client.patient().get::<Value>("activity").await, Err(ApiError::Later { after: Some(_), .. })));
    assert!(scene.client.github().slow_down() > 5.0);
    scene.posts("success").await.unwrap();
    scene.client.patient().get::<Value>("pulls?state=open").await.unwrap();
}

#[tokio::test]
async fn who_we_are_and_where_is_found() {
    let scene = Scene::set();
    assert_eq!(scene.client.ourselves().await.unwrap().login, "portcullis[bot]");
    let installations = scene.client.github().installations().await.unwrap();
    let repositories = scene.client.github().repositories(installations[0].id).await.unwrap();
    assert_eq!(repositories[0].full_name, "acme/catalog");
    let token = Credentials::Token(Secret::new(&scene.github.token("alice")));
    let alice = connect(&scene.github.api(), token, &scene.clock).repository("acme/catalog");
    assert_eq!(alice.ourselves().await.unwrap().login, "alice");
    assert!(alice.rate_limit().await.unwrap().unwrap().limit > 0);
}

#[tokio::test]
async fn an_app_that_may_not_says_so_and_no_secret() {
    let scene = Scene::set();
    let installation = scene.client.github().installations().await.unwrap()[0].id;
    scene.github.suspends(installation, true);
    let suspended = scene.client.get::<Value>("").await.unwrap_err();
    assert!(matches!(&suspended, ApiError::Refused { status: 403, what } if what.contains("suspended")), "{suspended:?}");
    scene.github.uninstalls(installation);
    let gone = scene.client.get::<Value>("").await.unwrap_err();
    assert!(gone.to_string().contains("not installed on acme/catalog"), "{gone}");
    let canary = Credentials::Token(Secret::new("github_pat_canary"));
    let nobody = connect(&scene.github.api(), canary, &scene.clock).repository("acme/catalog");
    let refused = nobody.get::<Value>("").await.unwrap_err();
    assert!(
        matches!(refused, ApiError::Refused { status: 401, .. }) && !format!("{refused:?}").contains("canary"),
        "{refused:?}"
    );
}
