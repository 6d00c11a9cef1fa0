//! Where it plays: a repository that people push to, the copy of it that the daemon keeps, its store, and the daemon itself.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use portcullis::store::{RepositoryKey, SqliteStore};

use super::receiver::Receiver;

pub(crate) const ALICE: &str = "alice@acme.dev";
pub(crate) const CAROL: &str = "carol@acme.dev";
pub(crate) const ROBOT: &str = "portcullis@acme.dev";
/// The name of the place that others are copies of.
pub(crate) const TEMPLATE: &str = "template";
/// Nothing here takes this long; it is where a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);

/// Who performs a run, and what they can say about it afterwards.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Kind {
    /// A receiver that performs what carries one key once.
    Dedupes,
    /// A receiver that performs whatever it hears.
    Once,
    /// Git, which tells whether the run's commit is there.
    Entity,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Dedupes, Self::Once, Self::Entity];

    /// The name of its action.
    pub(crate) fn action(self) -> &'static str {
        match self {
            Self::Dedupes => "dedupes",
            Self::Once => "once",
            Self::Entity => "resize",
        }
    }

    pub(crate) fn of(run: &str) -> Self {
        Self::ALL.into_iter().find(|kind| run.starts_with(kind.action())).unwrap()
    }
}

/// Whether the daemon keeps a copy of the repository, or is beside it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Where {
    Elsewhere,
    Beside,
}

/// A place, below a directory that is removed by whoever made it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub dir: PathBuf,
    pub name: String,
}

impl Place {
    /// A catalog with an action of each kind, which need approval or do not, and nobody who watches it yet.
    pub(crate) fn new(dir: &Path, name: &str, receiver: &Receiver, at: Where, approval: bool) -> Self {
        let place = Self { dir: dir.to_owned(), name: name.to_owned() };
        git(dir, ALICE, &["init", "--quiet", "--bare", "--initial-branch=main", "origin.git"]);
        git(dir, ALICE, &["clone", "--quiet", "origin.git", "work"]);
        git(&place.work(), ALICE, &["checkout", "--quiet", "-b", "main"]);
        let policy =
            "identity: declared\nnotifications:\n  - {channel: sink, on: [granted, started, succeeded, failed], to: everybody}\n";
        place.write("catalog.yaml", policy);
        for (who, more) in [(ALICE, "roles: [Admin]"), (CAROL, "roles: [Admin]"), (ROBOT, "roles: [Member]\nbot: true")] {
            place.write(&format!("users/{}.yaml", who.split('@').next().unwrap()), &format!("identifier: {who}\n{more}\n"));
        }
        place.write("blueprints/Env.yaml", "identifier: Env\nschema:\n  properties:\n    size: {type: number}\n");
        place.write("entities/Env/prod.yaml", "identifier: prod\nproperties: {size: 1}\n");
        for kind in Kind::ALL {
            let address = receiver.address;
            let webhook = format!(
                "{{type: WEBHOOK, url: 'http://{address}/run', synchronized: true, idempotent: {}, headers: {{X-Case: '{{{{ .secrets.case }}}}'}}}}",
                kind == Kind::Dedupes
            );
            let entity = "{type: UPSERT_ENTITY, blueprintIdentifier: Env, mapping: {identifier: '{{ .run.identifier }}', properties: {size: '{{ .inputs.size }}'}}}";
            let (name, invocation) = (kind.action(), if kind == Kind::Entity { entity } else { webhook.as_str() });
            place.write(
                &format!("actions/{name}.yaml"),
                &format!(
                    "identifier: {name}\ntrigger:\n  type: self-service\n  operation: DAY-2\n  blueprintIdentifier: Env\n  \
                     userInputs: {{properties: {{size: {{type: number}}}}, required: [size]}}\n\
                     invocationMethod: {invocation}\nrequiredApproval: {approval}\n"
                ),
            );
        }
        place.commit("the catalog");
        git(&place.work(), ALICE, &["push", "--quiet", "origin", "main"]);
        if at == Where::Elsewhere {
            git(dir, ALICE, &["init", "--quiet", "--bare", "copy.git"]);
        }
        place.configure(receiver, at);
        place
    }

    /// The daemon's configuration: it stands here, whoever it was copied from.
    pub(crate) fn configure(&self, receiver: &Receiver, at: Where) {
        let (dir, name, address) = (self.dir.display(), &self.name, receiver.address);
        std::fs::write(self.dir.join("case"), name).unwrap();
        std::fs::write(self.dir.join("signing"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let place = match at {
            Where::Elsewhere => format!("{{name: catalog, path: {dir}/copy.git, remote: {dir}/origin.git}}"),
            Where::Beside => format!("{{name: catalog, path: {dir}/origin.git}}"),
        };
        let text = format!(
            "repositories:\n  - {place}\nstore: {dir}/state/portcullis.db\nlisten: none\npollInterval: 150ms\nlogFormat: json\n\
             author: Portcullis <{ROBOT}>\nexecutionHosts: ['{address}']\nexecutionPrivate: [127.0.0.1]\nexecutionPlainHttp: true\n\
             secrets:\n  case: {{file: {dir}/case}}\n\
             channels:\n  sink: {{type: webhook, url: 'http://{address}/told/{name}', secretFile: {dir}/signing}}\n"
        );
        std::fs::write(self.dir.join("portcullis.yaml"), text).unwrap();
    }

    /// The same place once more, under a name of its own.
    pub(crate) fn copy(&self, to: &Path, name: &str, receiver: &Receiver) -> Self {
        let copied = Command::new("cp").arg("-r").arg(&self.dir).arg(to).status().unwrap();
        assert!(copied.success());
        let place = Self { dir: to.to_owned(), name: name.to_owned() };
        place.configure(receiver, Where::Elsewhere);
        place
    }

    pub(crate) fn work(&self) -> PathBuf {
        self.dir.join("work")
    }

    pub(crate) fn origin(&self) -> PathBuf {
        self.dir.join("origin.git")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.dir.join("state/portcullis.db")
    }

    pub(crate) fn key(&self) -> RepositoryKey {
        let config = portcullis::config::Config::load(&portcullis::config::Sources {
            flags: [("config", self.dir.join("portcullis.yaml").display().to_string())].into_iter().collect(),
            env: None,
            directory: None,
            secrets: false,
            store_alone: false,
        });
        RepositoryKey::new(config.unwrap().repositories[0].key())
    }

    pub(crate) async fn store(&self) -> SqliteStore {
        SqliteStore::open(&self.database()).await.unwrap()
    }

    pub(crate) fn write(&self, file: &str, text: &str) {
        let path = self.work().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub(crate) fn commit(&self, message: &str) -> String {
        git(&self.work(), ALICE, &["add", "--all"]);
        git(&self.work(), ALICE, &["commit", "--quiet", "-m", message]);
        git(&self.work(), ALICE, &["rev-parse", "HEAD"])
    }

    /// Asks for a run by a file in the working tree.
    pub(crate) fn ask(&self, run: &str) {
        let action = Kind::of(run).action();
        self.write(&format!("runs/{run}.yaml"), &format!("action: {action}\nentity: prod\ninputs: {{size: 7}}\n"));
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.current_dir(&self.dir).stdin(Stdio::null()).env_remove("PORTCULLIS_ABORT_AT");
        command
    }

    /// Starts the daemon, which dies at `abort_at`, or else lives.
    pub(crate) fn serve(&self, abort_at: Option<&str>) -> Daemon {
        let mut command = self.program();
        command.args(["serve", "--config", "portcullis.yaml"]);
        self.start(command, abort_at)
    }

    /// Starts the daemon by a shell that does something before it becomes the daemon.
    pub(crate) fn serve_after(&self, shell: &str) -> Daemon {
        let mut command = Command::new("sh");
        command.current_dir(&self.dir).stdin(Stdio::null());
        command.args(["-c", &format!("{shell}; exec \"$0\" serve --config portcullis.yaml"), env!("CARGO_BIN_EXE_portcullis")]);
        self.start(command, None)
    }

    fn start(&self, mut command: Command, abort_at: Option<&str>) -> Daemon {
        let number = std::fs::read_dir(&self.dir).unwrap().filter(|f| is_log(f.as_ref().unwrap())).count();
        let log = self.dir.join(format!("life-{number:04}.log"));
        command.envs(abort_at.map(|point| ("PORTCULLIS_ABORT_AT", point)));
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        // Copied by whom no limit binds that the daemon has.
        let (mut says, mut kept) = (child.stderr.take().unwrap(), std::fs::File::create(&log).unwrap());
        let copying = std::thread::spawn(move || drop(std::io::copy(&mut says, &mut kept)));
        Daemon { child, log, copying: Some(copying) }
    }

    /// `portcullis runs …`, as a person says it.
    pub(crate) fn runs(&self, args: &[&str]) -> Output {
        self.program().arg("runs").args(args).args(["--config", "portcullis.yaml"]).output().unwrap()
    }

    /// Everything that any daemon said here.
    pub(crate) fn logs(&self) -> String {
        let mut logs: Vec<_> =
            std::fs::read_dir(&self.dir).unwrap().map(Result::unwrap).filter(is_log).map(|f| f.path()).collect();
        logs.sort();
        logs.into_iter()
            .rev()
            .take(3)
            .map(|log| std::fs::read_to_string(log).unwrap_or_default())
            .collect::<Vec<_>>()
            .join("----\n")
    }
}

fn is_log(file: &std::fs::DirEntry) -> bool {
    file.file_name().to_string_lossy().starts_with("life-")
}

/// A daemon; killed when dropped.
pub(crate) struct Daemon {
    pub child: Child,
    log: PathBuf,
    copying: Option<std::thread::JoinHandle<()>>,
}

impl Daemon {
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until a line holds all of these words.
    pub(crate) async fn says(&mut self, words: &[&str]) {
        let until = Instant::now() + PATIENCE;
        while !self.said().lines().any(|line| words.iter().all(|word| line.contains(word))) {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < until, "never heard {words:?} ({ended:?}), but:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits until it is gone; how it ended, as the system tells it.
    pub(crate) async fn ends(&mut self) -> std::process::ExitStatus {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.copying.take().into_iter().for_each(|copying| copying.join().unwrap());
                return status;
            }
            assert!(Instant::now() < until, "it does not end; it said:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Has it stop in peace.
    pub(crate) async fn stop(mut self) {
        assert!(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status().unwrap().success());
        assert!(self.ends().await.success(), "{}", self.said());
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What git says, or why it does not.
pub(crate) fn try_git(dir: &Path, who: &str, args: &[&str]) -> Result<String, String> {
    let out = Command::new("git")
        .current_dir(dir)
        .args(args)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .envs(["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"].map(|name| (name, who)))
        .output()
        .unwrap();
    if out.status.success() {
        Ok(String::from_utf8(out.stdout).unwrap().trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&out.stderr).into_owned())
    }
}

pub(crate) fn git(dir: &Path, who: &str, args: &[&str]) -> String {
    try_git(dir, who, args).unwrap_or_else(|why| panic!("git {args:?}: {why}"))
}
