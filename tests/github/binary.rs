//! The program as people run it, with the fake for its GitHub: served to, asked for its opinion, stopped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use portcullis::model::Timestamp;

use crate::clock::ManualClock;
use crate::fake::{GitHub, Level, Role, post, signature};
use crate::faults::{canaries, sings};
use crate::world::{CATALOG, PERMISSIONS, found_catalog};

/// Nothing here takes this long; it is where a test gives up.
const PATIENCE: Duration = Duration::from_secs(90);
const SECRET: &str = "a-canary-in-the-webhook";
const CONTEXTS: [&str; 3] = ["portcullis/catalog", "portcullis/permissions", "portcullis/approval"];
const GOOD: &str = "identifier: dev\nproperties: {size: 2}\n";

/// A GitHub at the time of day, an App on it, and a directory for a daemon.
struct Stage {
    github: GitHub,
    clock: Arc<ManualClock>,
    app: u64,
    installation: u64,
    dir: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let clock = ManualClock::at(Timestamp::now());
        let github = GitHub::start(clock.clone());
        github.freezes();
        found_catalog(&github);
        let more = [("merge_queues", Level::Read)];
        let permissions: Vec<(&str, Level)> = PERMISSIONS.iter().copied().chain(more).collect();
        let app = github.app("portcullis", &permissions);
        let installation = github.installs(app, &[CATALOG]);
        github.drops_deliveries();
        let stage = Self { github, clock, app, installation, dir: tempfile::tempdir().unwrap() };
        stage.keeps("key.pem", stage.github.app_key());
        stage.keeps("hook", SECRET);
        stage.configures("repositories:\n  - { name: catalog, github: acme/catalog }\n");
        stage.watches_git();
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A file that nobody else reads.
    fn keeps(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// The configuration of an App on an Enterprise Server, and this.
    fn configures(&self, more: &str) {
        let text = format!(
            "store: {}\nlisten: 127.0.0.1:0\nlogFormat: json\nlogLevel: trace\ngithubUrl: {}\ngithubApp: {}\n\
             githubPrivateKeyFile: key.pem\ngithubWebhookSecretFile: hook\n{more}",
            self.path("state/portcullis.db").display(),
            self.github.enterprise_api(),
            self.app
        );
        std::fs::write(self.path("portcullis.yaml"), text).unwrap();
    }

    /// Whatever git is told on its command line is written down.
    fn watches_git(&self) {
        let found = Command::new("sh").args(["-c", "command -v git"]).output().unwrap();
        let git = String::from_utf8(found.stdout).unwrap();
        std::fs::create_dir(self.path("bin")).unwrap();
        let log = self.path("git-arguments");
        let script = format!("#!/bin/sh\nprintf '%s\\n' \"$*\" >> {}\nexec {} \"$@\"\n", log.display(), git.trim());
        std::fs::write(self.path("bin/git"), script).unwrap();
        std::fs::set_permissions(self.path("bin/git"), std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        let path = std::env::var("PATH").unwrap();
        command.args(arguments).current_dir(self.dir.path()).env_clear().stdin(Stdio::null());
        command.env("PATH", format!("{}:{path}", self.path("bin").display())).env("HOME", self.dir.path());
        command
    }

    fn runs(&self, arguments: &[&str]) -> (i32, String) {
        // It is as late as it is, as far as the fake is concerned too.
        let late = Timestamp::now().duration_since(self.clock.time());
        if late.is_positive() {
            self.clock.advance(late.try_into().unwrap());
        }
        let Output { status, stdout, stderr } = self.command(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        sings("what it prints", &said, &self.canaries());
        (status.code().unwrap_or(-1), said)
    }

    fn canaries(&self) -> Vec<String> {
        canaries(&self.github, &[SECRET])
    }

    fn serves(&self, more: &[&str]) -> Serving {
        let mut command = self.command(&[&["serve"], more].concat());
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let (said, says) = mpsc::channel();
        let all = Arc::new(Mutex::new(String::new()));
        let (lines, heard) = (BufReader::new(child.stderr.take().unwrap()).lines(), all.clone());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut heard = heard.lock().unwrap();
                heard.push_str(&line);
                heard.push('\n');
                // Nobody may be listening any more.
                let _ = said.send(line);
            }
        });
        Serving { child, says, all }
    }

    /// A change that is as it should be; the pull request's number.
    fn proposes(&self, repository: &str, branch: &str) -> u64 {
        let mut clone = self.github.user("alice").clones(repository);
        clone.on(branch).writes(&format!("entities/Env/{branch}.yaml"), &GOOD.replace("dev", branch)).commits("Add one");
        clone.pushes(branch);
        clone.opens_pull_request(branch, "main")
    }

    /// Waits until the three contexts of a head are green.
    fn turns_green(&self, repository: &str, number: u64, daemon: &Serving) {
        let until = Instant::now() + PATIENCE;
        let green = |context| {
            let head = self.github.head(repository, number);
            self.github.status(repository, head, context).is_some_and(|(state, _)| state == "success")
        };
        while !CONTEXTS.into_iter().all(green) {
            assert!(Instant::now() < until, "#{number} of {repository} never turned green; it said:\n{}", daemon.told());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// A daemon that runs; killed when dropped.
struct Serving {
    child: Child,
    says: Receiver<String>,
    all: Arc<Mutex<String>>,
}

impl Serving {
    /// Waits for a line that holds all of these.
    fn says(&self, words: &[&str]) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.says.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) if words.iter().all(|word| line.contains(word)) => return line,
                Ok(_) => {}
                Err(_) => panic!("never heard {words:?}, but:\n{}", self.told()),
            }
        }
    }

    /// What it said beyond the finest of its words.
    fn told(&self) -> String {
        let all = self.all.lock().unwrap();
        all.lines().filter(|line| !line.contains("\"TRACE\"") && !line.contains("\"DEBUG\"")).collect::<Vec<_>>().join("\n")
    }

    fn address(&self) -> String {
        let event: serde_json::Value = serde_json::from_str(&self.says(&[r#""message":"ready""#])).unwrap();
        event["listen"].as_str().unwrap().to_owned()
    }

    /// Is told to end, and does; its exit code.
    fn ends(mut self) -> i32 {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(Instant::now() < until, "it does not end; it said:\n{}", self.told());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn page(address: &str, path: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn serve_is_woken_by_webhooks_tells_no_secret_and_ends_when_told() {
    let stage = Stage::new();
    let daemon = stage.serves(&["--poll-interval", "1h", "--resync-interval", "1h"]);
    let address = daemon.address();
    let url = format!("http://{address}/webhooks/github");
    assert!(page(&address, "/readyz").starts_with("HTTP/1.1 200"));
    let number = stage.proposes(CATALOG, "dev");
    let deliveries = stage.github.deliveries();
    for delivery in &deliveries {
        let body = delivery.body.to_string();
        assert_eq!(post(&url, delivery, &body, &signature("guessed", body.as_bytes())).await, 401);
    }
    for delivery in deliveries {
        assert_eq!(stage.github.deliver(delivery, &url, SECRET).await / 100, 2);
    }
    stage.turns_green(CATALOG, number, &daemon);
    let metrics = page(&address, "/metrics");
    assert!(metrics.contains("portcullis_webhook_deliveries_total"), "{metrics}");
    let all = daemon.all.clone();
    let arguments = std::fs::read_to_string(format!("/proc/{}/cmdline", daemon.child.id())).unwrap_or_default();
    assert_eq!(daemon.ends(), 0);
    let (said, canaries) = (all.lock().unwrap().clone(), stage.canaries());
    assert!(said.contains("\"TRACE\""), "nothing was traced");
    sings("standard error", &said, &canaries);
    sings("the metrics", &metrics, &canaries);
    sings("its arguments", &arguments, &canaries);
    let git = std::fs::read_to_string(stage.path("git-arguments")).unwrap();
    assert!(git.contains("fetch"), "git was not watched: {git}");
    sings("git's arguments", &git, &canaries);
    sings("GitHub", &stage.github.end_state(CATALOG).to_string(), &canaries);
}

#[tokio::test]
async fn serve_polls_with_a_token_where_there_are_no_webhooks() {
    let stage = Stage::new();
    stage.github.bot("portcullis-bot");
    stage.github.collaborator(CATALOG, "portcullis-bot", Role::Write);
    stage.keeps("token", &stage.github.token("portcullis-bot"));
    std::fs::remove_file(stage.path("portcullis.yaml")).unwrap();
    let (api, store) = (stage.github.enterprise_api(), stage.path("state/portcullis.db").display().to_string());
    let polls = ["--github", CATALOG, "--github-url", &api, "--github-token-file", "token", "--store", &store];
    let more = ["--poll-interval", "1s", "--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "trace"];
    let daemon = stage.serves(&[&polls[..], &more[..]].concat());
    daemon.address();
    let number = stage.proposes(CATALOG, "dev");
    stage.turns_green(CATALOG, number, &daemon);
    let all = daemon.all.clone();
    assert_eq!(daemon.ends(), 0);
    sings("standard error", &all.lock().unwrap(), &stage.canaries());
}

#[tokio::test]
async fn a_repository_is_found_when_the_app_is_installed_on_it() {
    let stage = Stage::new();
    stage.configures("githubDiscover: true\nresyncInterval: 1s\npollInterval: 1s\n");
    let daemon = stage.serves(&[]);
    daemon.says(&["found a catalog", "acme.catalog"]);
    let mut alice = stage.github.user("alice").clones("acme/second");
    alice.writes("catalog.yaml", "identity: forge\n");
    let id = stage.github.user("alice").id;
    alice.writes(
        "users/alice.yaml",
        &format!("identifier: alice@acme.dev\nroles: [Admin]\ngithub: {{ login: alice, id: {id} }}\n"),
    );
    alice.writes("blueprints/Env.yaml", "identifier: Env\nschema:\n  properties:\n    size: {type: number}\n");
    alice.commits("Found another");
    alice.pushes("main");
    stage.github.collaborator("acme/second", "alice", Role::Admin);
    stage.github.adds(stage.installation, "acme/second");
    daemon.says(&["found a catalog", "acme.second"]);
    let number = stage.proposes("acme/second", "dev");
    stage.turns_green("acme/second", number, &daemon);
    assert_eq!(daemon.ends(), 0);
}

const DOCTOR: [&str; 4] = ["github", "doctor", "--url", "https://portcullis.example"];

/// Everything as it should be.
fn protected() -> Stage {
    let stage = Stage::new();
    let bound = CONTEXTS.map(|context| (context, Some(stage.app)));
    stage.github.protects(CATALOG, "main", &bound, true);
    stage
}

#[tokio::test]
async fn the_doctor_finds_nothing_wrong_where_nothing_is() {
    let stage = protected();
    let (code, said) = stage.runs(&DOCTOR);
    assert_eq!(code, 0, "{said}");
    for well in ["knows the App `portcullis`", "grants everything", "count from this App alone", "3 users are the accounts"] {
        assert!(said.contains(well), "{well}: {said}");
    }
    let (code, said) = stage.runs(&[&DOCTOR[..], &["--format", "json"]].concat());
    assert_eq!(code, 0, "{said}");
    let _: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(stage.github.writes().is_empty(), "a doctor changes nothing");
}

#[tokio::test]
async fn the_doctor_says_what_is_wrong() {
    type Plant = fn(&Stage);
    let cases: [(&str, Plant, i32, &str); 11] = [
        (
            "a permission is missing",
            |stage| {
                let kept: Vec<_> = PERMISSIONS.iter().copied().filter(|(name, _)| *name != "checks").collect();
                stage.github.grants(stage.installation, &kept);
            },
            1,
            "`checks: write`",
        ),
        (
            "the catalog has actions, and what becomes of their runs cannot be written down",
            |stage| {
                let kept: Vec<_> = PERMISSIONS
                    .iter()
                    .map(|(name, level)| (*name, if *name == "contents" { Level::Read } else { *level }))
                    .collect();
                stage.github.grants(stage.installation, &kept);
            },
            1,
            "`contents: write`",
        ),
        ("no context is required", |stage| stage.github.unprotects(CATALOG, "main"), 1, "need not be green"),
        (
            "contexts of another App",
            |stage| {
                let bound = CONTEXTS.map(|context| (context, Some(stage.app + 1)));
                stage.github.protects(CATALOG, "main", &bound, true);
            },
            1,
            "must come from another App",
        ),
        (
            "contexts of anybody",
            |stage| {
                stage.github.protects(CATALOG, "main", &CONTEXTS.map(|context| (context, None)), true);
            },
            1,
            "may be posted by anybody",
        ),
        ("somebody has another login", |stage| stage.github.renames_account("bob", "robert"), 0, "`robert` on GitHub now"),
        ("the clock is wrong", |stage| stage.github.clock_is_ahead(jiff::SignedDuration::from_mins(20)), 1, "behind GitHub's"),
        ("the installation is suspended", |stage| stage.github.suspends(stage.installation, true), 1, "suspended"),
        ("the App is not installed", |stage| stage.github.uninstalls(stage.installation), 1, "not installed"),
        ("the App is another", |stage| stage.configures_app(stage.app + 1), 1, "credentials"),
        ("nobody is there", |stage| stage.github.stops(), 2, "cannot be asked"),
    ];
    for (what, plant, code, words) in cases {
        let stage = protected();
        plant(&stage);
        let (ended, said) = stage.runs(&DOCTOR);
        assert!(ended == code && said.contains(words), "{what}: {ended}, {said}");
    }
    let stage = protected();
    let (code, said) = stage.runs(&["github", "doctor", "--url", "https://other.example"]);
    assert!(code == 1 && said.contains("https://other.example/webhooks/github"), "{code}, {said}");
}

impl Stage {
    fn configures_app(&self, app: u64) {
        let file = self.path("portcullis.yaml");
        let text = std::fs::read_to_string(&file).unwrap();
        let (own, other) = (format!("githubApp: {}\n", self.app), format!("githubApp: {app}\n"));
        std::fs::write(file, text.replace(&own, &other)).unwrap();
    }
}

#[tokio::test]
async fn setup_prints_and_asks_nobody() {
    let stage = Stage::new();
    let setup = ["github", "setup", "--org", "acme", "--url", "https://portcullis.example"];
    let (code, text) = stage.runs(&setup);
    assert!(code == 0 && text.contains("statuses") && text.contains("/webhooks/github"), "{text}");
    let (code, json) = stage.runs(&[&setup[..], &["--format", "json"]].concat());
    let manifest: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &manifest["default_permissions"]["statuses"]), (0, &serde_json::json!("write")));
    let (code, html) = stage.runs(&[&setup[..], &["--format", "html"]].concat());
    assert!(code == 0 && html.contains("<form") && html.contains("organizations/acme/settings/apps/new"), "{html}");
    assert!(stage.github.calls().is_empty());
}

#[tokio::test]
async fn without_secrets_or_with_broken_ones_it_says_so_and_tells_none() {
    let stage = Stage::new();
    stage.keeps("key.pem", &stage.github.app_key()[..400]);
    let (code, said) = stage.runs(&["serve"]);
    assert!(code == 2 && said.contains("githubPrivateKeyFile"), "{code}, {said}");
    stage.keeps("key.pem", "");
    let (code, said) = stage.runs(&["serve"]);
    assert!(code == 2 && said.contains("githubPrivateKeyFile"), "{code}, {said}");
    assert!(stage.github.calls().is_empty());
}
