//! Measures whole pieces of work on a repository that `generate` wrote, each beside its floor, and prints JSON: `benches/compare` makes a
//! table of it. `cargo bench --bench whole -- warm DIR`, and so for `cold`, `held` and `moved`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod asking;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use asking::{git, judged, open, refs};
use clap::{Parser, Subcommand};
use portcullis::check::{self, Conclusion};
use portcullis::model::CommitId;
use serde_json::json;

/// As the program's.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[derive(Parser)]
struct Args {
    #[command(subcommand)]
    what: What,
    /// Cargo says this to every bench.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

#[derive(Subcommand)]
enum What {
    /// The verdict on a commit of one file, where the catalog before it is held; beside `git diff-tree` of the same commit.
    Warm { dir: PathBuf },
    /// Everything read, put together and validated; beside `git cat-file` of the same blobs. And the memory that it takes.
    Cold { dir: PathBuf },
    /// The memory of a process that holds a catalog.
    Held { dir: PathBuf },
    /// All open pull requests judged anew after the base has moved by one commit.
    Moved { dir: PathBuf },
}

fn main() {
    let said = match Args::parse().what {
        What::Warm { dir } => warm(&dir),
        What::Cold { dir } => cold(&dir),
        What::Held { dir } => held(&dir),
        What::Moved { dir } => moved(&dir),
    };
    println!("{said}");
}

fn warm(dir: &Path) -> serde_json::Value {
    let workspace = open(dir);
    let steps: Vec<CommitId> = refs(dir, "refs/heads/step/");
    let mut base = refs(dir, "refs/heads/main")[0];
    workspace.snapshot(base).unwrap();
    let (mut ours, mut floor) = (Vec::new(), Vec::new());
    for step in steps {
        let started = Instant::now();
        let verdict = judged(&workspace, base, step);
        ours.push(started.elapsed());
        assert_eq!(verdict.conclusion, Conclusion::Success, "{:?}", verdict.checks);
        let started = Instant::now();
        let told = git(dir, &["diff-tree", "-r", "--raw", &base.to_string(), &step.to_string()]);
        floor.push(started.elapsed());
        assert_eq!(told.lines().count(), 1);
        base = step;
    }
    let (ours, floor) = (median(ours), median(floor));
    json!({ "verdict_us": micros(ours), "diff_tree_us": micros(floor), "ratio": ratio(ours, floor) })
}

fn cold(dir: &Path) -> serde_json::Value {
    let tip = refs(dir, "refs/heads/main")[0];
    // Once, so that both find the pages of the pack in memory.
    let floors: Vec<Duration> = (0..3).map(|_| cat_file(dir)).collect();
    let mut ours = Vec::new();
    for _ in 0..3 {
        let started = Instant::now();
        let workspace = open(dir);
        let snapshot = workspace.snapshot(tip).unwrap();
        let read = started.elapsed();
        let findings = check::validate(&snapshot.catalog);
        assert!(findings.is_empty(), "{:?}", findings.first());
        ours.push((started.elapsed(), read));
    }
    ours.sort();
    let (whole, read) = ours[1];
    let floor = median(floors);
    json!({
        "judged_ms": millis(whole), "read_ms": millis(read), "cat_file_ms": millis(floor), "ratio": ratio(whole, floor),
        "peak_mb": status("VmHWM") / 1024,
    })
}

fn held(dir: &Path) -> serde_json::Value {
    let before = status("VmRSS");
    let tip = refs(dir, "refs/heads/main")[0];
    let workspace = open(dir);
    let snapshot = workspace.snapshot(tip).unwrap();
    let read = status("VmRSS");
    assert!(check::validate(&snapshot.catalog).is_empty());
    let after = status("VmRSS");
    json!({ "entities": snapshot.catalog.entities().len(), "empty_kb": before, "read_kb": read, "held_kb": after, "peak_kb": status("VmHWM") })
}

fn moved(dir: &Path) -> serde_json::Value {
    let workspace = open(dir);
    let main = refs(dir, "refs/heads/main")[0];
    let open = refs(dir, "refs/heads/pr/");
    let next = refs(dir, "refs/heads/step/")[0];
    workspace.snapshot(main).unwrap();
    let all = |base: CommitId| {
        let started = Instant::now();
        let at = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
                scope.spawn(|| {
                    while let Some(head) = open.get(at.fetch_add(1, Ordering::Relaxed)) {
                        judged(&workspace, base, *head);
                    }
                });
            }
        });
        started.elapsed()
    };
    let first = all(main);
    let again = all(next);
    json!({ "open": open.len(), "first_ms": millis(first), "moved_ms": millis(again) })
}

/// How long git takes to read what there is to judge.
fn cat_file(dir: &Path) -> Duration {
    let started = Instant::now();
    let mut listing = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(["ls-tree", "-r", "--format=%(objectname)", "main"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let reading = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(["cat-file", "--batch", "--buffer"])
        .stdin(listing.stdout.take().unwrap())
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(listing.wait().unwrap().success() && reading.success());
    started.elapsed()
}

/// A number of `/proc/self/status`, in kibibytes; zero where there is none.
fn status(name: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

fn ratio(ours: Duration, floor: Duration) -> f64 {
    (ours.as_secs_f64() / floor.as_secs_f64() * 100.0).round() / 100.0
}
