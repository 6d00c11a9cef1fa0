//! Fetching and pushing with the real `git`, and killing it.

use std::time::{Duration, Instant};

use super::sandbox::Sandbox;
use crate::git::{GitError, Repository, fetch, fetch_keeping, push};

const LONG: Duration = Duration::from_secs(60);

fn refspec(text: &str) -> Vec<String> {
    vec![text.to_owned()]
}

fn origin_and_mirror() -> (Sandbox, std::path::PathBuf) {
    let sandbox = Sandbox::new();
    sandbox.commit("one");
    sandbox.git(&["init", "-q", "--bare", "../mirror.git"]);
    let mirror = sandbox.home().join("mirror.git");
    (sandbox, mirror)
}

#[tokio::test]
async fn fetches_what_is_new_and_forgets_what_is_gone() {
    let (sandbox, mirror) = origin_and_mirror();
    let head = sandbox.rev("HEAD");
    sandbox.git(&["branch", "topic"]);
    sandbox.git(&["tag", "v1"]);
    let remote = sandbox.dir().display().to_string();
    let all = refspec("+refs/heads/*:refs/heads/*");
    let first = fetch(&mirror, &remote, &all, LONG).await.unwrap();
    let names: Vec<&str> = first.updated.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["refs/heads/main", "refs/heads/topic"], "no tags");
    assert_eq!(first.updated[0].after.map(|id| id.0), Some(head.0));
    assert_eq!(fetch(&mirror, &remote, &all, LONG).await.unwrap().updated, []);
    sandbox.git(&["branch", "-D", "topic"]);
    assert_eq!(fetch_keeping(&mirror, &remote, &all, LONG).await.unwrap().updated, []);
    let pruned = fetch(&mirror, &remote, &all, LONG).await.unwrap();
    assert_eq!(pruned.updated.len(), 1);
    assert_eq!(pruned.updated[0].after, None);
    assert!(!mirror.join("FETCH_HEAD").exists());
    assert_eq!(Repository::open(&mirror).unwrap().resolve("main").unwrap(), head);
}

#[tokio::test]
async fn pushes_without_overwriting() {
    let (sandbox, mirror) = origin_and_mirror();
    let remote = mirror.display().to_string();
    let notes = refspec("refs/heads/main:refs/heads/main");
    push(&sandbox.dir(), &remote, &notes, LONG).await.unwrap();
    sandbox.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "rewritten"]);
    let error = push(&sandbox.dir(), &remote, &notes, LONG).await.unwrap_err();
    assert!(error.is_retryable(), "{error}");
}

#[tokio::test]
async fn refuses_what_git_would_take_for_an_option_or_a_program() {
    let (sandbox, mirror) = origin_and_mirror();
    let marker = sandbox.home().join("pwned");
    let helper = format!("ext::touch {}", marker.display());
    let option = format!("--upload-pack=touch {}", marker.display());
    for remote in [option.as_str(), helper.as_str(), "fd::7", "", "-x"] {
        let error = fetch(&mirror, remote, &refspec("main"), LONG).await.unwrap_err();
        assert!(matches!(error, GitError::Refused(_)), "{remote}: {error}");
    }
    let error = fetch(&mirror, "origin", &refspec("--upload-pack=x"), LONG).await.unwrap_err();
    assert!(matches!(error, GitError::Refused(_)));
    // Behind a configured name the transport is off too.
    sandbox.command("git").args(["-C", mirror.to_str().unwrap(), "config", "remote.evil.url", &helper]).status().unwrap();
    let error = fetch(&mirror, "evil", &refspec("main"), LONG).await.unwrap_err();
    assert!(matches!(error, GitError::Program { .. }), "{error}");
    assert!(!marker.exists());
}

#[tokio::test]
async fn says_why_a_fetch_failed() {
    let (sandbox, mirror) = origin_and_mirror();
    let error = fetch(&mirror, &sandbox.home().join("nowhere").display().to_string(), &refspec("main"), LONG).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("nowhere"), "{error}");
}

/// A remote whose other side starts, writes down its process id, and then hangs.
#[cfg(unix)]
fn hanging(sandbox: &Sandbox, mirror: &std::path::Path) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let (script, pid) = (sandbox.home().join("hang"), sandbox.home().join("pid"));
    std::fs::write(&script, format!("#!/bin/sh\necho $$ > {0}.new && mv {0}.new {0}\nexec sleep 600\n", pid.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    for (name, value) in
        [("remote.slow.url", sandbox.dir().display().to_string()), ("remote.slow.uploadpack", script.display().to_string())]
    {
        assert!(
            sandbox.command("git").args(["-C", mirror.to_str().unwrap(), "config", name, &value]).status().unwrap().success()
        );
    }
    pid
}

/// Waits until the process that wrote this file is gone; a zombie is gone.
#[cfg(unix)]
async fn gone(pid: &std::path::Path) -> bool {
    let start = Instant::now();
    let Ok(text) = std::fs::read_to_string(pid) else { return false };
    let status = std::path::PathBuf::from(format!("/proc/{}/status", text.trim()));
    while start.elapsed() < LONG {
        match std::fs::read_to_string(&status) {
            Ok(text) if !text.contains("State:\tZ") => tokio::time::sleep(Duration::from_millis(5)).await,
            _ => return true,
        }
    }
    false
}

#[cfg(unix)]
#[tokio::test]
async fn a_fetch_that_hangs_is_killed_at_its_deadline_with_all_it_started() {
    let (sandbox, mirror) = origin_and_mirror();
    let pid = hanging(&sandbox, &mirror);
    let start = Instant::now();
    let error = fetch(&mirror, "slow", &refspec("main"), Duration::from_secs(2)).await.unwrap_err();
    assert!(matches!(error, GitError::Program { retryable: true, .. }), "{error}");
    assert!(start.elapsed() < LONG);
    assert!(gone(&pid).await);
}

#[cfg(unix)]
#[tokio::test]
async fn a_fetch_that_nobody_waits_for_is_killed() {
    let (sandbox, mirror) = origin_and_mirror();
    let pid = hanging(&sandbox, &mirror);
    let task = tokio::spawn({
        let mirror = mirror.clone();
        async move { fetch(&mirror, "slow", &refspec("main"), LONG).await }
    });
    let start = Instant::now();
    while !pid.exists() && start.elapsed() < LONG {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    task.abort();
    assert!(task.await.is_err());
    assert!(gone(&pid).await);
}
