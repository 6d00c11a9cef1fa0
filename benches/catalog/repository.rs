//! The made-up catalog as a real git repository, written by `git fast-import`.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::{File, Generated};

/// The time of the first commit, in seconds since 1970; each later one comes a minute after the one before.
const FIRST: u64 = 1_790_000_000;

/// How many pull requests there are beside the watched branch, `main`.
#[derive(Clone, Copy, Default)]
pub(crate) struct Proposals {
    /// Branches `pr/00000` and so on, each with one commit that changes one entity, proposed in git-appraise's notes.
    pub(crate) open: usize,
    /// Branches `step/00000` and so on, each one commit after the one before, the first after `main`: what `main` is to move to.
    pub(crate) steps: usize,
}

/// Writes a repository of `entities` into `dir`, which is made; its `main` is two commits: the whole, and then a change of one entity.
pub(crate) fn write_repository(entities: usize, dir: &Path, proposals: Proposals) {
    let _ = std::fs::remove_dir_all(dir);
    std::fs::create_dir_all(dir).unwrap();
    git(dir, &["init", "-q", "--bare", "-b", "main"]);
    git(dir, &["config", "gc.auto", "0"]);
    let mut importer =
        Command::new("git").arg("-C").arg(dir).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut out = Import { to: BufWriter::new(importer.stdin.take().unwrap()), mark: 0 };
    let mut generated = Generated::new(entities);
    let frame = generated.frame();
    let first = out.commit("refs/heads/main", None, "root@example.com", frame.into_iter().chain(generated.entities()));
    let (who, file) = generated.edit();
    let tip = out.commit("refs/heads/main", Some(first), &who, [file]);
    let mut last = tip;
    for step in 0..proposals.steps {
        let (who, file) = generated.edit();
        last = out.commit(&format!("refs/heads/step/{step:05}"), Some(last), &who, [file]);
    }
    let mut opened = Vec::new();
    for number in 0..proposals.open {
        let (who, file) = generated.edit();
        let branch = format!("refs/heads/pr/{number:05}");
        opened.push((out.commit(&branch, Some(tip), &who, [file]), branch, who));
    }
    out.requests(&opened);
    out.to.flush().unwrap();
    drop(out);
    assert!(importer.wait().unwrap().success());
    git(dir, &["repack", "-adfq"]);
    git(dir, &["commit-graph", "write", "--reachable"]);
}

struct Import<W: Write> {
    to: BufWriter<W>,
    mark: u64,
}

impl<W: Write> Import<W> {
    fn commit(&mut self, branch: &str, parent: Option<u64>, who: &str, files: impl IntoIterator<Item = File>) -> u64 {
        let mark = self.header(branch, parent, who, "entities: a change\n");
        for (path, text) in files {
            write!(self.to, "M 100644 inline {path}\ndata {}\n{text}\n", text.len()).unwrap();
        }
        mark
    }

    fn header(&mut self, branch: &str, parent: Option<u64>, who: &str, message: &str) -> u64 {
        self.mark += 1;
        let at = FIRST + 60 * self.mark;
        write!(
            self.to,
            "commit {branch}\nmark :{}\ncommitter {who} <{who}> {at} +0000\ndata {}\n{message}",
            self.mark,
            message.len()
        )
        .unwrap();
        if let Some(parent) = parent {
            writeln!(self.to, "from :{parent}").unwrap();
        }
        self.mark
    }

    /// One commit of notes, each on the first commit of its branch.
    fn requests(&mut self, opened: &[(u64, String, String)]) {
        if opened.is_empty() {
            return;
        }
        self.header("refs/notes/devtools/reviews", None, "root@example.com", "reviews\n");
        for (commit, branch, who) in opened {
            let mut request = String::new();
            write!(
                request,
                r#"{{"timestamp":"{FIRST}","requester":"{who}","reviewRef":"{branch}","targetRef":"refs/heads/main","description":"a change","v":0}}"#
            )
            .unwrap();
            write!(self.to, "N inline :{commit}\ndata {}\n{request}\n", request.len()).unwrap();
        }
    }
}

fn git(dir: &Path, words: &[&str]) {
    assert!(Command::new("git").arg("-C").arg(dir).args(words).status().unwrap().success(), "git {words:?}");
}
