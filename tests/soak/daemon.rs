//! The program itself: started, stopped for a while, asked what it counts, and looked at from outside.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use crate::repository::Repository;

/// Nothing here takes this long; it is where a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// A daemon that runs; killed when dropped.
pub struct Daemon {
    child: Child,
    says: Receiver<String>,
    address: String,
    /// The repository and the head of each judgement of a pull request, in their order.
    judged: Vec<(String, String)>,
    log: PathBuf,
}

impl Daemon {
    /// Starts it on these repositories, and waits until it is ready.
    pub fn start(dir: &Path, repositories: &[&Repository], concurrency: usize) -> Self {
        let list: String =
            repositories.iter().map(|one| format!("  - path: {}\n    name: {}\n", one.path.display(), one.name)).collect();
        std::fs::write(dir.join("portcullis.yaml"), format!("repositories:\n{list}")).unwrap();
        let program = std::env::var_os("PORTCULLIS_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_portcullis").into());
        // Events alone wake it, and nothing but pushes has anything judged.
        let mut child = Command::new(program)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--log-format",
                "json",
                "--poll-interval",
                "1h",
                "--resync-interval",
                "12h",
            ])
            .args(["--judge-deadline", "10m", "--concurrency", &concurrency.to_string(), "--config", "portcullis.yaml"])
            .args(["--store".as_ref(), dir.join("state/portcullis.db").as_os_str()])
            .current_dir(dir)
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = dir.join("daemon.log");
        let mut copy = std::fs::File::create(&log).unwrap();
        let (said, says) = mpsc::channel();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = writeln!(copy, "{line}");
                let _ = said.send(line);
            }
        });
        let mut daemon = Self { child, says, address: String::new(), judged: Vec::new(), log };
        while daemon.address.is_empty() {
            daemon.hear(PATIENCE);
        }
        daemon
    }

    /// Hears one event, or none in this time. Says whether there was one.
    pub fn hear(&mut self, most: Duration) -> bool {
        let Ok(line) = self.says.recv_timeout(most) else {
            assert!(self.child.try_wait().unwrap().is_none(), "it has ended: {}", self.said());
            assert!(most < PATIENCE, "it says nothing: {}", self.said());
            return false;
        };
        let event: serde_json::Value = serde_json::from_str(&line).unwrap();
        let word = |key: &str| event[key].as_str().unwrap_or_default().to_owned();
        match word("message").as_str() {
            "ready" => self.address = word("listen"),
            "judged" => self.judged.push((word("repository"), word("head"))),
            _ => {}
        }
        assert_ne!(word("level"), "ERROR", "{line}");
        true
    }

    /// Hears all that was said until now.
    pub fn hear_all(&mut self) {
        while self.hear(Duration::ZERO) {}
    }

    /// The repository and the head of each judgement of a pull request so far, in their order.
    pub fn judged(&self) -> &[(String, String)] {
        &self.judged
    }

    /// The last of what it said.
    pub fn said(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(40)..].join("\n")
    }

    /// Lets it do nothing until it is told to go on.
    pub fn stop(&self) {
        self.signal("-STOP");
        let until = Instant::now() + PATIENCE;
        while self.status("State:") != "T" {
            assert!(Instant::now() < until, "it does not stop");
            std::thread::yield_now();
        }
    }

    pub fn go_on(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([name, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Resident memory, in KiB.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:").parse().unwrap()
    }

    /// Open descriptors.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap().count()
    }

    fn status(&self, key: &str) -> String {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(key)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    }

    /// What it counts, now.
    pub fn metrics(&self) -> Metrics {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        Metrics(text)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The page of metrics.
pub struct Metrics(String);

impl Metrics {
    /// The sum of a metric over those of its lines that hold all these labels.
    pub fn sum(&self, name: &str, labels: &[&str]) -> u64 {
        self.lines(name, labels).map(|(_, value)| value as u64).sum()
    }

    /// The bound below which so many of a hundred are, by the buckets of a histogram since it was as in `before`; and how many there are
    /// in all.
    pub fn quantile(&self, before: &Self, name: &str, repository: &str, percent: u64) -> (f64, u64) {
        let label = format!(r#"repository="{repository}""#);
        let of = |page: &Self| page.sum(&format!("{name}_count"), &[&label]);
        let count = of(self) - of(before);
        let bound =
            |line: &str| line.split_once(r#"le=""#).unwrap().1.split_once('"').unwrap().0.parse().unwrap_or(f64::INFINITY);
        let (name, labels) = (format!("{name}_bucket"), [label.as_str()]);
        let old: Vec<u64> = before.lines(&name, &labels).map(|(_, value)| value as u64).collect();
        // In their order; a histogram that was not there yet had nothing in any.
        let fresh =
            |(n, (line, value)): (usize, (&str, f64))| (bound(line), value as u64 - old.get(n).copied().unwrap_or_default());
        let enough = self.lines(&name, &labels).enumerate().map(fresh).filter(|(_, below)| below * 100 >= count * percent);
        (enough.map(|(bound, _)| bound).fold(f64::INFINITY, f64::min), count)
    }

    fn lines(&self, name: &str, labels: &[&str]) -> impl Iterator<Item = (&str, f64)> {
        let of_name = move |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with([' ', '{']));
        let fits = move |line: &&str| labels.iter().all(|label| line.contains(label));
        self.0.lines().filter(of_name).filter(fits).filter_map(|line| Some((line, line.rsplit_once(' ')?.1.parse().ok()?)))
    }
}
