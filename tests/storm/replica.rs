//! The real program as one of several replicas, in a directory of its own.

use std::fs::File;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::company::{Company, ROBOT};

/// A place for a replica: its configuration, its copies of repositories, and what it says. It may be started in it again and again.
pub struct Place {
    directory: PathBuf,
    store: String,
}

impl Place {
    pub fn new(directory: PathBuf, company: &Company, store: &str, receiver: SocketAddr) -> Self {
        std::fs::create_dir_all(&directory).unwrap();
        let repository = |name: &String| format!("  - name: {name}\n    remote: {}\n", company.remote(name).display());
        let repositories: String = company.names().iter().map(repository).collect();
        let text = format!(
            "listen: none\npollInterval: 2s\nlogFormat: json\nauthor: Robot <{ROBOT}>\n\
             executionHosts: ['{receiver}']\nexecutionPrivate: ['127.0.0.1']\nexecutionPlainHttp: true\n\
             channels:\n  hook: {{type: webhook, url: 'http://{receiver}/notify', secretEnv: HOOK_SECRET}}\n\
             repositories:\n{repositories}"
        );
        std::fs::write(directory.join("portcullis.yaml"), text).unwrap();
        Self { directory, store: store.to_owned() }
    }

    fn program(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command
            .args(args)
            .current_dir(&self.directory)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", &self.directory)
            .env("XDG_STATE_HOME", self.directory.join("state"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("HOOK_SECRET", "the-secret-of-the-hook")
            // The address carries no password; it stands in the environment as an operator's would.
            .env("PORTCULLIS_STORE", &self.store)
            .stdin(Stdio::null());
        command
    }

    pub fn start(&self) -> Replica {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        Replica { child: self.program(&["serve"]).stdout(Stdio::null()).stderr(log).spawn().unwrap() }
    }

    fn log(&self) -> PathBuf {
        self.directory.join("log")
    }

    /// Everything that the replicas of this place have said.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }

    /// A command of a person's.
    pub fn run(&self, args: &[&str]) -> Output {
        self.program(args).output().unwrap()
    }
}

/// One that runs; killed when dropped.
pub struct Replica {
    child: Child,
}

impl Replica {
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// `-STOP`, `-CONT`, `-TERM`
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.process().to_string()]).status().unwrap().success());
    }

    /// `kill -9`: no word, and nothing given back.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Its exit code.
    pub fn ends(mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.kill();
    }
}
