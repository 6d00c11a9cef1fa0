//! Repositories made of a script for `git fast-import`.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// A bare repository, removed with the value.
pub(super) fn imported(script: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let git = |words: &[&str]| {
        let mut git = Command::new("git");
        git.arg("-C").arg(home.path()).args(words).envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")]);
        git
    };
    assert!(git(&["init", "-q", "--bare", "."]).status().unwrap().success());
    let mut import = git(&["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    import.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    home
}

/// The beginning of a commit on `branch`, which goes on where `from` stands, or else where it stands itself.
pub(super) fn commit(script: &mut String, branch: &str, from: Option<&str>) {
    let from = from.map(|from| format!("from refs/heads/{from}\n")).unwrap_or_default();
    write!(script, "commit refs/heads/{branch}\ncommitter a <a@x> 1800000000 +0000\ndata 1\nx\n{from}").unwrap();
}

/// A file of the commit that was begun last; its mode as git writes it.
pub(super) fn file(script: &mut String, mode: &str, path: &str, text: &str) {
    writeln!(script, "M {mode} inline {path}\ndata {}\n{text}", text.len()).unwrap();
}
