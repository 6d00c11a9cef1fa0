//! A real git user's session: people with keys of their own, each in a clone of their own, and the daemon beside the bare
//! repository. Nobody here calls anything but git, and what docs/git-forge.md says to paste is pasted.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test that cannot go on says so

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Nothing here takes this long; it is where a test gives up.
const PATIENCE: Duration = Duration::from_secs(90);
const GUIDE: &str = include_str!("../docs/git-forge.md");
const AUDIT: &str = include_str!("../docs/audit.md");
/// Whose commits and notes the daemon's are, where it executes runs.
const ROBOT: &str = "portcullis@acme.dev";
const CATALOG: &str = "portcullis/catalog";
const PERMISSIONS: &str = "portcullis/permissions";
const APPROVAL: &str = "portcullis/approval";

/// What the guide says to paste under a heading.
fn pasted(heading: &str) -> String {
    pasted_from(GUIDE, heading)
}

fn pasted_from(page: &str, heading: &str) -> String {
    let section = page.split(&format!("\n## {heading}\n")).nth(1).unwrap().split("\n## ").next().unwrap();
    section.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap()).collect()
}

/// What the repository asks of its users before they begin.
fn preparations() -> String {
    pasted("Once: sign what you commit")
}

/// Somebody with a home, a key and a clone.
struct Person {
    email: String,
    home: PathBuf,
    clone: PathBuf,
}

impl Person {
    fn enrol(company: &Path, name: &str) -> Self {
        let home = company.join(name);
        std::fs::create_dir_all(home.join(".ssh")).unwrap();
        let email = format!("{name}@acme.dev");
        std::fs::write(home.join(".gitconfig"), format!("[user]\n\tname = {name}\n\temail = {email}\n")).unwrap();
        let person = Self { email, clone: home.join("catalog"), home };
        let key = person.home.join(".ssh/id_ed25519");
        let made = Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(key).status().unwrap();
        assert!(made.success());
        person
    }

    fn public_key(&self) -> String {
        let line = std::fs::read_to_string(self.home.join(".ssh/id_ed25519.pub")).unwrap();
        line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    }

    /// A program in the clone, with this person's home and nothing of anybody else's.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        command.env_remove("XDG_CONFIG_HOME").env_remove("SSH_AUTH_SOCK").env("HOME", &self.home);
        command.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").stdin(Stdio::null());
        command.current_dir(if self.clone.exists() { &self.clone } else { &self.home });
        command
    }

    fn clones(&self, origin: &Path) {
        self.git(&["clone", "--quiet", &origin.display().to_string(), "catalog"]);
        self.shell(&preparations());
    }

    fn try_git(&self, args: &[&str]) -> Output {
        self.command("git").args(args).output().unwrap()
    }

    fn git(&self, args: &[&str]) -> String {
        let output = self.try_git(args);
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn shell(&self, script: &str) -> String {
        let output = self.command("sh").args(["-eu", "-c", script]).output().unwrap();
        assert!(output.status.success(), "{script}\n{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn edits(&self, file: &str, from: &str, to: &str) {
        let before = std::fs::read_to_string(self.clone.join(file)).unwrap();
        assert!(before.contains(from), "{file}:\n{before}");
        std::fs::write(self.clone.join(file), before.replace(from, to)).unwrap();
    }

    /// Commits what was edited, signed, and pushes it; the commit.
    fn commits_and_pushes(&self, branch: &str) -> String {
        self.git(&["commit", "--quiet", "--all", "-S", "-m", "A change"]);
        self.git(&["push", "--quiet", "origin", branch]);
        self.head()
    }

    fn head(&self) -> String {
        self.git(&["rev-parse", "HEAD"])
    }

    /// The guide's way to approve, in these words; what `sign_notes` does is up to the caller.
    fn approves(&self, sign_notes: &str, words: &str) {
        let script = pasted("Approve, or ask for changes").replace("fine by me", words);
        assert!(script.contains(words));
        self.shell(&format!("{sign_notes}\n{script}"));
    }

    fn fetches_notes(&self) {
        self.git(&["fetch", "--quiet", "origin", "+refs/notes/devtools/*:refs/notes/devtools/*"]);
    }

    /// The statuses of a commit, as this clone has them after a fetch: check to (status, text).
    fn statuses(&self, commit: &str) -> BTreeMap<String, (String, String)> {
        self.fetches_notes();
        let shown = self.try_git(&["notes", "--ref=devtools/ci", "show", commit]).stdout;
        let lines = String::from_utf8(shown).unwrap();
        let mut out = BTreeMap::new();
        for line in lines.lines().filter(|line| !line.trim().is_empty()) {
            let line: Value = serde_json::from_str(line).unwrap();
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            let status = line["status"].as_str().unwrap_or("pending").to_owned();
            assert!(out.insert(text("agent"), (status, text("output"))).is_none(), "two statuses of one check:\n{lines}");
        }
        out
    }

    /// Fetches until these checks of the commit stand so, each with a text that holds these words. Where approval is not yet
    /// asked to succeed it must not have succeeded at any time.
    fn reads(&self, commit: &str, wanted: &[(&str, &str, &str)]) {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.statuses(commit);
            for (check, status, _) in wanted.iter().filter(|(check, status, _)| *check == APPROVAL && *status == "pending") {
                assert!(found.get(*check).is_none_or(|(now, _)| now == status), "{found:?}");
            }
            let stands = |(check, status, words): &(&str, &str, &str)| {
                found.get(*check).is_some_and(|(now, text)| now == status && text.contains(words))
            };
            if wanted.iter().all(stands) {
                return;
            }
            assert!(Instant::now() < until, "{commit} should have {wanted:?} and has {found:?}");
            std::thread::sleep(Duration::from_millis(50)); // between two looks
        }
    }
}

/// The company: a bare origin with the example catalog under `identity: signature`, and the daemon on it.
struct Company {
    dir: tempfile::TempDir,
    alice: Person,
    bob: Person,
    carol: Person,
    daemon: Daemon,
}

impl Company {
    fn opens() -> Self {
        Self::opens_with(false)
    }

    /// The same where the daemon has a key and is a bot of the roster, as docs/audit.md has it: it executes what writes entities.
    fn that_executes() -> Self {
        Self::opens_with(true)
    }

    fn opens_with(executes: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(|name| Person::enrol(dir.path(), name));
        let origin = dir.path().join("catalog.git");
        alice.git(&["init", "--quiet", "--bare", "--initial-branch=main", &origin.display().to_string()]);
        alice.clones(&origin);
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo");
        alice.shell(&format!("cp -R '{}/.' .", example.display()));
        alice.edits("catalog.yaml", "\nidentity: declared", "\nidentity: signature");
        for person in [&alice, &bob, &carol] {
            let (email, key) = (format!("identifier: {}\n", person.email), person.public_key());
            let file = format!("users/{}.yaml", person.email.split('@').next().unwrap());
            alice.edits(&file, &email, &format!("{email}signingKeys: [{key}]\n"));
        }
        let mut more: Vec<OsString> = Vec::new();
        if executes {
            let robot = Person::enrol(dir.path(), "portcullis");
            let bot = format!("identifier: {ROBOT}\nbot: true\nroles: [Member]\nsigningKeys: [{}]\n", robot.public_key());
            std::fs::write(alice.clone.join("users/portcullis.yaml"), bot).unwrap();
            more = vec!["--author".into(), format!("Portcullis <{ROBOT}>").into()];
            more.extend(["--signing-key-file".into(), robot.home.join(".ssh/id_ed25519").into_os_string()]);
        }
        alice.git(&["add", "--all"]);
        alice.commits_and_pushes("main");
        bob.clones(&origin);
        carol.clones(&origin);
        let mut daemon = Daemon::starts(&origin, &dir.path().join("state/portcullis.db"), &more);
        daemon.says(&[r#""message":"ready""#]);
        daemon.says(&["adopted the branch as it stands", &alice.head()]);
        Self { dir, alice, bob, carol, daemon }
    }

    /// The program itself, asked by somebody on the server.
    fn portcullis(&self, args: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args(args).arg("--repo").arg(self.dir.path().join("catalog.git"));
        command.arg("--store").arg(self.dir.path().join("state/portcullis.db")).output().unwrap()
    }

    /// Where a run stands, as `portcullis runs list` has it, and in which review; no review means on the watched branch.
    fn run(&self, id: &str) -> (String, bool) {
        let output = self.portcullis(&["runs", "list", "--format", "json"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let runs: Value = serde_json::from_slice(&output.stdout).unwrap();
        let run = runs.as_array().unwrap().iter().find(|run| run["id"] == id).unwrap_or_else(|| panic!("no {id} in {runs}"));
        (run["state"].as_str().unwrap().to_owned(), run["review"].is_string())
    }

    /// Every line of every note is what git-appraise's published schemas ask of one.
    fn every_note_is_by_the_format(&self) {
        self.bob.fetches_notes();
        for (notes, required, statuses) in [
            ("reviews", ["requester", "timestamp"], None),
            ("discuss", ["author", "timestamp"], None),
            ("ci", ["agent", "timestamp"], Some(&["success", "failure"][..])),
            ("analyses", ["url", "timestamp"], Some(&["lgtm", "fyi", "nmw"][..])),
        ] {
            let list = self.bob.try_git(&["notes", &format!("--ref=devtools/{notes}"), "list"]);
            let list = String::from_utf8(list.stdout).unwrap();
            for entry in list.lines() {
                let blob = self.bob.git(&["cat-file", "blob", entry.split(' ').next().unwrap()]);
                for line in blob.lines().filter(|line| !line.trim().is_empty()) {
                    let read: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{notes}: {error}: {line}"));
                    for key in required {
                        assert!(read[key].as_str().is_some_and(|text| !text.is_empty()), "{notes}: no {key}: {line}");
                    }
                    let timestamp = read["timestamp"].as_str().unwrap();
                    assert!(timestamp.len() == 10 && timestamp.bytes().all(|b| b.is_ascii_digit()), "{notes}: {line}");
                    if let (Some(status), Some(known)) = (read.get("status"), statuses) {
                        assert!(known.iter().any(|known| status == known), "{notes}: {line}");
                    }
                    assert!(read.get("url").is_none_or(Value::is_string), "{notes}: {line}");
                    assert!(read.get("v").is_none_or(|v| v.as_u64() == Some(0)), "{notes}: {line}");
                }
            }
            let ours = ["ci", "analyses"].contains(&notes);
            assert!(!ours || !list.is_empty(), "there are notes in {notes}");
        }
    }
}

/// The daemon as a process of its own; killed when dropped.
struct Daemon {
    child: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Daemon {
    fn starts(origin: &Path, store: &Path, more: &[OsString]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_portcullis"))
            .args(["serve", "--listen", "none", "--log-format", "json", "--poll-interval", "1s"])
            .args(["--repo".as_ref(), origin.as_os_str(), "--store".as_ref(), store.as_os_str()])
            .args(more)
            .current_dir(origin.parent().unwrap())
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (said, lines) = mpsc::channel();
        let read = BufReader::new(child.stderr.take().unwrap()).lines();
        std::thread::spawn(move || read.map_while(Result::ok).for_each(|line| drop(said.send(line))));
        Self { child, lines, heard: Vec::new() }
    }

    /// Waits until it has logged an event that holds all of these.
    fn says(&mut self, words: &[&str]) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(line) = self.heard.iter().find(|line| words.iter().all(|word| line.contains(word))) {
                return serde_json::from_str(line).unwrap();
            }
            match self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok(line) => self.heard.push(line),
                Err(_) => panic!("never said {words:?}, but:\n{}", self.heard.join("\n")),
            }
        }
    }

    /// Whether it has ever said so, up to now.
    fn has_said(&mut self, words: &[&str]) -> bool {
        self.heard.extend(self.lines.try_iter());
        self.heard.iter().any(|line| words.iter().all(|word| line.contains(word)))
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_run_is_asked_for_approved_and_merged_by_what_the_guide_says_to_paste() {
    let mut company = Company::opens();
    let (alice, bob) = (&company.alice, &company.bob);
    let run = "2026-11-23-extend-env";

    // alice is Admin: she could approve what somebody else asks for. Ten days want a second person.
    alice.shell(&pasted("Propose a change"));
    let head = alice.head();
    assert!(alice.git(&["cat-file", "commit", "HEAD"]).contains("-----BEGIN SSH SIGNATURE-----"));
    alice.reads(&head, &[(CATALOG, "success", ""), (PERMISSIONS, "success", ""), (APPROVAL, "pending", "bob@acme.dev")]);
    let shown = alice.shell(&pasted("Read what Portcullis says"));
    assert!([CATALOG, PERMISSIONS, APPROVAL].iter().all(|check| shown.contains(check)), "{shown}");
    assert_eq!(company.run(run), ("WAITING_FOR_APPROVAL".to_owned(), true));

    // bob may approve, but a line that no signature vouches for is nobody's. And alice's own is not a second person's. Hers
    // comes after his in the notes: where it has been read, his has been too.
    bob.approves("sign_notes() { :; }", "fine, says bob");
    assert!(!bob.git(&["cat-file", "commit", "refs/notes/devtools/discuss"]).contains("gpgsig"));
    alice.approves(&preparations(), "mine, and fine");
    assert!(alice.git(&["cat-file", "commit", "refs/notes/devtools/discuss"]).contains("gpgsig"));
    assert!(alice.git(&["notes", "--ref=devtools/discuss", "show", &head]).contains("fine, says bob"));
    alice.reads(&head, &[(APPROVAL, "pending", "the approval of alice@acme.dev does not count: they asked")]);
    assert_eq!(company.run(run), ("WAITING_FOR_APPROVAL".to_owned(), true));

    // Said again and signed, bob's word flips the check.
    bob.approves(&preparations(), "fine by bob");
    bob.reads(&head, &[(CATALOG, "success", ""), (PERMISSIONS, "success", ""), (APPROVAL, "success", "")]);
    assert_eq!(company.run(run), ("APPROVED".to_owned(), true));

    alice.shell(&pasted("Merge"));
    let merge = alice.head();
    assert_eq!(alice.git(&["rev-parse", "HEAD^2"]), head);
    bob.reads(&merge, &[(CATALOG, "success", "judged as pull request"), (PERMISSIONS, "success", "judged as pull request")]);
    company.daemon.says(&[r#""message":"accepted""#, &merge]);
    assert_eq!(company.run(run), ("APPROVED".to_owned(), false));
    company.every_note_is_by_the_format();
}

#[test]
fn an_approved_run_writes_its_entity_by_a_signed_commit_that_is_judged_like_any_other() {
    let mut company = Company::that_executes();
    let (alice, bob, carol) = (&company.alice, &company.bob, &company.carol);
    let run = "2026-11-23-extend-env";
    assert!(!alice.git(&["show", "main:entities/Env/env-42.yaml"]).contains("ttl: 10 days"));
    alice.shell(&pasted("Propose a change"));
    let asked = alice.head();
    alice.reads(&asked, &[(APPROVAL, "pending", "bob@acme.dev")]);
    bob.approves(&preparations(), "fine by bob");
    bob.reads(&asked, &[(CATALOG, "success", ""), (PERMISSIONS, "success", ""), (APPROVAL, "success", "")]);
    alice.shell(&pasted("Merge"));
    let merge = alice.head();
    company.daemon.says(&[r#""message":"accepted""#, &merge]);
    company.daemon.says(&[r#""message":"run""#, run, r#""to":"SUCCESS""#]);

    // The controller's own commit stands on the branch: signed by its key, naming the run, and doing what the action says.
    bob.git(&["fetch", "--quiet", "origin"]);
    let written = bob.git(&["rev-parse", "origin/main"]);
    assert_eq!(bob.git(&["rev-parse", "origin/main^"]), merge);
    assert_eq!(bob.git(&["diff", "--name-only", "origin/main^", "origin/main"]), "entities/Env/env-42.yaml");
    assert!(bob.git(&["show", "origin/main:entities/Env/env-42.yaml"]).contains("ttl: 10 days"));
    let key = bob.git(&["show", "origin/main:users/portcullis.yaml"]);
    let key = key.rsplit('[').next().unwrap().trim_end_matches(']');
    std::fs::write(bob.home.join("signers"), format!("{ROBOT} {key}\n")).unwrap();
    let signers = format!("gpg.ssh.allowedSignersFile={}", bob.home.join("signers").display());
    assert_eq!(
        bob.git(&["-c", &signers, "log", "-1", "--format=%G? %GS %ae %ce", "origin/main"]),
        format!("G {ROBOT} {ROBOT} {ROBOT}")
    );
    let trailers = bob.git(&["log", "-1", "--format=%(trailers:only)", "origin/main"]);
    let handle = trailers.lines().find_map(|line| line.strip_prefix("Portcullis-Run: ")).unwrap().to_owned();

    // It is judged like any other commit, and is the accepted revision.
    bob.reads(&written, &[(CATALOG, "success", ""), (PERMISSIONS, "success", "")]);
    company.daemon.says(&[r#""message":"accepted""#, &written]);
    assert_eq!(company.run(run), ("SUCCESS".to_owned(), false));
    let shown = company.portcullis(&["runs", "show", run]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let told = ["asked for by alice@acme.dev", "approved by bob@acme.dev", &handle, &written[..10]];
    assert!(told.iter().all(|word| shown.contains(word)), "{shown}");

    // What became of it is in every clone that fetches the notes.
    let until = Instant::now() + PATIENCE;
    let note = loop {
        let log =
            carol.shell(&pasted_from(AUDIT, "Notes on the commit that added a run").replace("git fetch", "git fetch --quiet"));
        let note = carol.try_git(&["notes", "--ref=portcullis/runs", "show", &asked]).stdout;
        let note = String::from_utf8(note).unwrap();
        if note.contains("SUCCESS") {
            break note;
        }
        assert!(Instant::now() < until, "no audit note says SUCCESS, but:\n{log}\n{note}");
        std::thread::sleep(Duration::from_millis(50)); // between two looks
    };
    let lines: Vec<Value> = note.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let claimed = lines.iter().find(|line| line["event"] == "claimed").unwrap();
    assert_eq!(claimed["approvals"], serde_json::json!(["bob@acme.dev"]));
    assert_eq!((&claimed["requester"], &claimed["revision"]), (&Value::from("alice@acme.dev"), &Value::from(merge.as_str())));
    let last = lines.last().unwrap();
    assert_eq!((&last["state"], &last["handle"]), (&Value::from("SUCCESS"), &Value::from(handle)));
    assert!(last["says"].as_str().unwrap().contains(&written[..10]), "{last}");
    company.every_note_is_by_the_format();
}

#[test]
fn a_forbidden_push_to_main_is_refused_until_it_is_reverted() {
    let mut company = Company::opens();
    let good = company.alice.head();
    company.carol.edits("entities/Env/staging.yaml", "monthlyCost: 900.5", "monthlyCost: 1");
    let bad = company.carol.commits_and_pushes("main");
    company.carol.reads(&bad, &[(CATALOG, "success", ""), (PERMISSIONS, "failure", "")]);
    let analyses = company.carol.git(&["notes", "--ref=devtools/analyses", "show", &bad]);
    assert!(["monthlyCost", "alice@acme.dev", "bob@acme.dev"].iter().all(|word| analyses.contains(word)), "{analyses}");
    let refusal = company.daemon.says(&["the tip is not applied", &bad]);
    assert_eq!(refusal["accepted"], *good);

    // Meanwhile others go on, judged by what was accepted last.
    company.bob.git(&["switch", "--quiet", "-c", "channel", "origin/main"]);
    company.bob.edits("entities/Env/prod.yaml", "archives/prod", "archives/prod-2");
    let head = company.bob.commits_and_pushes("channel");
    let request =
        pasted("Propose a change").split("git push origin extend-env\n").nth(1).unwrap().replace("extend-env", "channel");
    company.bob.shell(&request);
    company.bob.reads(&head, &[(CATALOG, "success", ""), (PERMISSIONS, "success", ""), (APPROVAL, "success", "")]);
    assert_eq!(company.daemon.says(&[r#""message":"judged""#, &head])["base"], *good);

    // She may not have made the change; taking it back needs nobody.
    company.carol.git(&["revert", "--no-edit", "HEAD"]);
    company.carol.git(&["push", "--quiet", "origin", "main"]);
    let healed = company.carol.head();
    company.bob.reads(&healed, &[(CATALOG, "success", ""), (PERMISSIONS, "success", "")]);
    let accepted = company.daemon.says(&[r#""message":"accepted""#, &healed]);
    assert_eq!(accepted["from"], *good, "the forbidden tip was never accepted");
    company.carol.reads(&bad, &[(PERMISSIONS, "failure", "")]);
    company.every_note_is_by_the_format();
}

#[test]
fn rewritten_history_stops_everything_until_a_person_accepts_it() {
    let mut company = Company::opens();
    company.alice.edits("entities/Env/prod.yaml", "archives/prod", "archives/prod-2");
    let first = company.alice.commits_and_pushes("main");
    company.daemon.says(&[r#""message":"accepted""#, &first]);

    // alice may change everything; that what was accepted is gone is not hers to say in passing.
    company.alice.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    company.alice.edits("entities/Env/prod.yaml", "archives/prod", "archives/prod-3");
    let rewritten = company.alice.commits_and_pushes("+main");
    company.bob.reads(&rewritten, &[(PERMISSIONS, "failure", "history was rewritten")]);
    let halt = company.daemon.says(&["history was rewritten", &rewritten]);
    assert_eq!(halt["accepted"], *first);

    // Nor is it healed by another commit on top, and only the tip that was seen can be accepted.
    company.alice.edits("entities/Env/prod.yaml", "archives/prod-3", "archives/prod-4");
    let tip = company.alice.commits_and_pushes("main");
    company.bob.reads(&tip, &[(PERMISSIONS, "failure", "history was rewritten")]);
    assert!(!company.portcullis(&["accept", &first, "--by", "alice"]).status.success());
    let said = company.portcullis(&["accept", &tip, "--by", "alice"]);
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    assert!(!company.daemon.has_said(&[r#""message":"accepted""#, &tip]), "no judgement accepted it");
    let by_alice = "rewritten history accepted by alice";
    company.bob.reads(&tip, &[(CATALOG, "success", by_alice), (PERMISSIONS, "success", by_alice)]);
    let analyses = company.bob.git(&["notes", "--ref=devtools/analyses", "show", &tip]);
    assert!(!analyses.contains("rewritten"), "the alert is answered: {analyses}");

    company.alice.edits("entities/Env/prod.yaml", "archives/prod-4", "archives/prod-5");
    let next = company.alice.commits_and_pushes("main");
    company.bob.reads(&next, &[(CATALOG, "success", ""), (PERMISSIONS, "success", "")]);
    let accepted = company.daemon.says(&[r#""message":"accepted""#, &next]);
    assert_eq!(accepted["from"], *tip);
    company.every_note_is_by_the_format();
}
