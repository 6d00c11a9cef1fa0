//! A throw-away PostgreSQL: a directory of its own, a unix socket and no network; gone when the tests end, however they end.

use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

/// Who runs the server where the tests are run by root, whom it refuses: `nobody`.
const UNPRIVILEGED: u32 = 65534;

/// A server of our own.
pub struct Cluster {
    programs: PathBuf,
    directory: PathBuf,
    /// Waits until our end of its standard input is closed, which the kernel sees to also where we are killed; then it stops the server
    /// and deletes the directory. It is no part of our process group, so Ctrl-C does not reach it.
    keeper: Child,
}

impl Cluster {
    /// The one of this test binary.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// One that a story may stop and start.
    pub fn start() -> Self {
        let programs = programs();
        // Not below TMPDIR: the path of a socket has 107 bytes at most, and the directory of root may be closed to others.
        let directory = tempfile::Builder::new().prefix("portcullis-pg-").tempdir_in("/tmp").unwrap().keep();
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700)).unwrap();
        if is_root() {
            chown(&directory, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
        }
        let keeper = unprivileged(Command::new("/bin/sh"), &directory)
            .args(["-c", r#"cat >/dev/null; "$0/pg_ctl" -D "$1/data" -m immediate stop >/dev/null 2>&1; cd /; rm -rf "$1""#])
            .args([&programs, &directory])
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let cluster = Self { programs, directory, keeper };
        cluster.run("initdb", &["--username=portcullis", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"]);
        let settings = format!(
            "\nlisten_addresses = ''\nunix_socket_directories = '{}'\nmax_connections = 300\n\
             fsync = off # the machine does not lose its power in a test\n",
            cluster.directory.display()
        );
        cluster.append("postgresql.conf", &settings);
        cluster.resume();
        cluster
    }

    /// Starts the server and waits until it answers.
    pub fn resume(&self) {
        let log = self.directory.join("log");
        self.run("pg_ctl", &["start", "--wait", "--timeout=120", "--silent", "--log", log.to_str().unwrap()]);
    }

    /// Stops it: `fast` ends the sessions, `immediate` is as a crash.
    pub fn halt(&self, how: &str) {
        self.run("pg_ctl", &["stop", "--wait", "--silent", "--mode", how]);
    }

    /// Lets a user in by password alone, whatever else the server allows.
    pub fn demand_password_of(&self, user: &str) {
        let path = self.directory.join("data/pg_hba.conf");
        let rest = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("local all {user} scram-sha-256\n{rest}")).unwrap();
        self.run("pg_ctl", &["reload", "--silent"]);
    }

    /// Where it is, for a user, with parameters of the address.
    pub fn address(&self, user: &str, parameters: &str) -> String {
        format!("postgres://{user}@localhost/postgres?host={}&{parameters}", self.directory.display())
    }

    fn append(&self, file: &str, text: &str) {
        use std::io::Write;
        let path = self.directory.join("data").join(file);
        std::fs::OpenOptions::new().append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let output = unprivileged(Command::new(self.programs.join(program)), &self.directory)
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = [output.stdout, output.stderr].concat();
        let log = std::fs::read_to_string(self.directory.join("log")).unwrap_or_default();
        assert!(output.status.success(), "{program}: {}\n{log}", String::from_utf8_lossy(&said));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// The newest version that Debian's packages have put beside each other, or what the PATH leads to.
fn programs() -> PathBuf {
    let version = |path: &Path| path.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok());
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().map(|entry| entry.path());
    let newest = installed.filter(|path| version(path).is_some()).max_by_key(|path| version(path));
    let path = std::env::var_os("PATH").unwrap_or_default();
    newest
        .map(|path| path.join("bin"))
        .into_iter()
        .chain(std::env::split_paths(&path))
        .find(|directory| directory.join("initdb").is_file())
        .expect("PostgreSQL's initdb is needed: install the package `postgresql`")
}

fn unprivileged(mut command: Command, directory: &Path) -> Command {
    command.env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C").env("PGDATA", directory.join("data"));
    command.current_dir(directory);
    if is_root() {
        command.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
    }
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
