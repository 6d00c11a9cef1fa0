//! Fetches and pushes with the `git` program, which, unlike a library call, can be killed when it takes too long.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};

use super::access::Access;
use super::{GitError, ObjectId, Repository};

/// The most that is kept of what git says, in bytes.
const MAX_OUTPUT: u64 = 64 * 1024;

/// Variables of git's that say how to reach a remote and not which repository is meant: those an operator may set.
const KEPT: [&str; 11] = [
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_SSH_VARIANT",
    "GIT_SSL_CAINFO",
    "GIT_SSL_CAPATH",
    "GIT_SSL_CERT",
    "GIT_SSL_KEY",
    "GIT_EXEC_PATH",
    "GIT_CONFIG_GLOBAL",
    "GIT_CONFIG_SYSTEM",
    "GIT_CONFIG_NOSYSTEM",
];

/// What a fetch did.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FetchOutcome {
    /// The refs that moved, appeared (`before` is `None`) or went (`after` is `None`), in order of name.
    pub updated: Vec<FetchedRef>,
}

/// One ref that a fetch moved; the ids are those of what it names, tags not peeled.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FetchedRef {
    /// Its local name.
    pub name: String,
    /// What it named before.
    pub before: Option<ObjectId>,
    /// What it names now.
    pub after: Option<ObjectId>,
}

/// Fetches `refspecs` from `remote` (a remote's name, a path or a URL) into the repository at `dir`. Refs that are gone on
/// the other side go here too, within the destinations of `refspecs`: for refs that belong to the other side alone.
///
/// Tags come only where a refspec names them. Hooks, prompts and the `ext` transport are off, and variables that would
/// lead git to another repository are not passed on. git and all it started are killed when the deadline passes or the
/// future is dropped.
///
/// # Errors
/// [`GitError::Refused`] for arguments that git would take for options; [`GitError::Program`] otherwise.
pub async fn fetch(dir: &Path, remote: &str, refspecs: &[String], deadline: Duration) -> Result<FetchOutcome, GitError> {
    fetch_with(dir, Access::free(remote), refspecs, deadline, "--prune").await
}

/// As [`fetch`], by what right the other side demands: `access` is told to git by its environment alone, and given to no other
/// address than this one: redirects are not followed, and no other credentials are looked for.
///
/// # Errors
/// As [`fetch`]. The authorization is in none of them.
pub async fn fetch_by(dir: &Path, access: Access<'_>, refspecs: &[String], deadline: Duration) -> Result<FetchOutcome, GitError> {
    fetch_with(dir, access, refspecs, deadline, "--prune").await
}

/// As [`fetch`], but refs that are gone on the other side stay: for refs that are written on this side too, as notes are.
///
/// # Errors
/// As [`fetch`].
pub async fn fetch_keeping(dir: &Path, remote: &str, refspecs: &[String], deadline: Duration) -> Result<FetchOutcome, GitError> {
    fetch_with(dir, Access::free(remote), refspecs, deadline, "--no-prune").await
}

async fn fetch_with(
    dir: &Path,
    access: Access<'_>,
    refspecs: &[String],
    deadline: Duration,
    prune: &str,
) -> Result<FetchOutcome, GitError> {
    let remote = access.remote;
    refuse_options(remote, refspecs)?;
    let before = refs(dir).await?;
    let mut command = git(dir);
    access.give_to(&mut command)?;
    command
        .args(["fetch", "--quiet", "--no-tags", prune, "--no-write-fetch-head", "--no-auto-maintenance"])
        .args(["--no-recurse-submodules", "--", remote])
        .args(refspecs);
    run(command, "fetch", deadline).await.map_err(|error| access.keep_secret(error))?;
    let after = refs(dir).await?;
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let moved = names.into_iter().filter(|n| before.get(*n) != after.get(*n));
    let updated =
        moved.map(|n| FetchedRef { name: n.clone(), before: before.get(n).copied(), after: after.get(n).copied() }).collect();
    Ok(FetchOutcome { updated })
}

/// Pushes `refspecs` to `remote`, under the same restraints as [`fetch`]. Without a `+` in the refspec nothing is
/// overwritten: a push that lost a race fails, and may be tried again after a fetch.
///
/// # Errors
/// As [`fetch`].
pub async fn push(dir: &Path, remote: &str, refspecs: &[String], deadline: Duration) -> Result<(), GitError> {
    refuse_options(remote, refspecs)?;
    let mut command = git(dir);
    command.args(["push", "--quiet", "--no-verify", "--no-follow-tags", "--recurse-submodules=no", "--", remote]).args(refspecs);
    run(command, "push", deadline).await.map(drop)
}

/// Every ref by name, as it stands in the repository.
async fn refs(dir: &Path) -> Result<BTreeMap<String, ObjectId>, GitError> {
    let dir = dir.to_path_buf();
    let read = move || {
        let repository = Repository::open(&dir)?;
        let mut found = BTreeMap::new();
        for reference in repository.repo.references()?.flatten() {
            if let (Ok(name), Some(oid)) = (reference.name(), reference.target()) {
                found.insert(name.to_owned(), ObjectId::try_from(oid)?);
            }
        }
        Ok(found)
    };
    tokio::task::spawn_blocking(read).await.map_err(|e| GitError::Refused(format!("the refs could not be read: {e}")))?
}

pub(super) fn refuse_options(remote: &str, refspecs: &[String]) -> Result<(), GitError> {
    if remote.is_empty() || remote.starts_with('-') || remote.contains(['\0', '\n']) {
        return Err(GitError::Refused(format!("`{}` is no remote", remote.escape_debug())));
    }
    // `ext::` runs any program; `fd::` reads any descriptor.
    if let Some((helper, _)) = remote.split_once("::")
        && helper.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.'))
    {
        return Err(GitError::Refused(format!("remote helper `{helper}` is not used; name a path or an https or ssh URL")));
    }
    match refspecs.iter().find(|r| r.is_empty() || r.starts_with('-') || r.contains(['\0', '\n'])) {
        Some(bad) => Err(GitError::Refused(format!("`{}` is no refspec", bad.escape_debug()))),
        None => Ok(()),
    }
}

/// A `git` that does what it is told and nothing that its surroundings tell it.
pub(super) fn git(dir: &Path) -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("GIT_") && !KEPT.contains(&name.as_str()) {
            command.env_remove(name);
        }
    }
    command
        .env_remove("SSH_ASKPASS")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("LC_ALL", "C")
        .arg("-C")
        .arg(dir);
    for setting in [
        "core.hooksPath=/dev/null",
        "core.askPass=",
        "core.fsmonitor=false",
        "credential.interactive=false",
        "protocol.ext.allow=never",
        "protocol.fd.allow=never",
        "fetch.recurseSubmodules=false",
        "gc.auto=0",
        "maintenance.auto=false",
    ] {
        command.args(["-c", setting]);
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    command
}

/// Kills git and everything it started, however the wait for it ends.
struct Leash {
    child: Child,
    done: bool,
}

impl Drop for Leash {
    fn drop(&mut self) {
        #[cfg(unix)]
        if !self.done {
            // The group is git's own, and lives as long as git has not been waited for.
            if let Some(group) = self.child.id().and_then(|id| i32::try_from(id).ok()).and_then(rustix::process::Pid::from_raw) {
                let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
            }
        }
    }
}

async fn run(command: Command, name: &'static str, deadline: Duration) -> Result<(), GitError> {
    let ended = ended(command, name, deadline).await?;
    if ended.success { Ok(()) } else { Err(GitError::Program { command: name, why: ended.why(), retryable: true }) }
}

/// A git that has come to its end.
pub(super) struct Ended {
    pub(super) success: bool,
    /// What it printed; passwords in URLs are not repeated.
    pub(super) out: String,
    /// What it complained of, likewise.
    err: String,
    status: String,
}

impl Ended {
    /// What it complained of, in a line.
    pub(super) fn why(&self) -> String {
        let why = self.err.lines().filter(|l| !l.trim().is_empty()).take(5).collect::<Vec<_>>().join("; ");
        if why.is_empty() { self.status.clone() } else { why }
    }
}

pub(super) async fn ended(mut command: Command, name: &'static str, deadline: Duration) -> Result<Ended, GitError> {
    /// How long output is waited for once git itself is gone: something it left behind may hold the pipe open.
    const GRACE: Duration = Duration::from_millis(500);
    let failed = |why: String, retryable: bool| GitError::Program { command: name, why, retryable };
    let child = command.spawn().map_err(|e| failed(format!("the `git` program cannot be run: {e}"), false))?;
    let mut leash = Leash { child, done: false };
    let (stdout, stderr) = (leash.child.stdout.take(), leash.child.stderr.take());
    let work = async {
        let output = async { tokio::join!(read(stdout), read(stderr)) };
        tokio::pin!(output);
        tokio::select! {
            read = &mut output => (leash.child.wait().await, read),
            status = leash.child.wait() => (status, tokio::time::timeout(GRACE, &mut output).await.unwrap_or_default()),
        }
    };
    let ended = tokio::time::timeout(deadline, work).await;
    let Ok((status, (out, err))) = ended else {
        return Err(failed(format!("it did not end within {} seconds", deadline.as_secs_f32()), true));
    };
    leash.done = true;
    let status = status.map_err(|e| failed(e.to_string(), true))?;
    let (out, err) = (without_passwords(&out), without_passwords(&err));
    Ok(Ended { success: status.success(), out, err, status: status.to_string() })
}

/// What git says may quote a URL, and a URL may hold a password.
fn without_passwords(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let host = after.find(|c: char| c == '/' || c == '\'' || c.is_whitespace()).unwrap_or(after.len());
        let (authority, tail) = after.split_at_checked(host).unwrap_or((after, ""));
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str("***@");
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// Reads a stream to its end, so that git never waits for a reader, and keeps the beginning.
async fn read(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let Some(mut stream) = stream else { return String::new() };
    let mut kept = Vec::new();
    let _ = (&mut stream).take(MAX_OUTPUT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_in_urls_are_not_repeated() {
        let said = "fatal: unable to access 'https://bot:s3cr3t@git.acme.dev/x.git/': no\nssh://git@host/x https://plain/y";
        let told = without_passwords(said);
        assert_eq!(told, "fatal: unable to access 'https://***@git.acme.dev/x.git/': no\nssh://***@host/x https://plain/y");
    }
}
