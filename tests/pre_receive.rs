//! A plain git server with the hook installed, and people who push to it: a real bare repository, real clones, and a
//! transport that, as sshd's forced command does, names the user and passes nothing of the client's environment on.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test that cannot go on says so

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

const GUIDE: &str = include_str!("../docs/pre-receive.md");

/// The hook as the guide says to install it, with these options.
fn hook(options: &str) -> String {
    let text = GUIDE.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(text.ends_with("hook pre-receive\n"));
    format!("{} {options}\n", text.trim_end())
}

/// What the client runs for ssh: the host's user is who the key belongs to. Nobody's key gives nobody's name.
const TRANSPORT: &str = r#"#!/bin/sh
user="${1%@*}"
if [ "$user" = nobody ]; then named=; else named="GL_USER=$user"; fi
exec env -i PATH="@PATH@" HOME="@HOME@" GIT_CONFIG_NOSYSTEM=1 $named sh -c "$2"
"#;

struct Server {
    directory: TempDir,
}

impl Server {
    /// With the hook, and nothing pushed yet.
    fn empty(options: &str) -> Self {
        let server = Self { directory: tempfile::tempdir().unwrap() };
        server.plain(&["init", "-q", "--bare", "-b", "main", "server.git"]);
        server.plain(&["-C", "server.git", "config", "receive.advertisePushOptions", "true"]);
        let program = Path::new(env!("CARGO_BIN_EXE_portcullis")).parent().unwrap();
        let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
        let transport = TRANSPORT.replace("@PATH@", &path).replace("@HOME@", &server.path("").display().to_string());
        executable(&server.path("transport"), &transport);
        executable(&server.path("server.git/hooks/pre-receive"), &hook(options));
        server
    }

    /// With the example catalog, pushed by its Admin.
    fn with_the_example() -> Self {
        let server = Self::empty("--domain acme.dev");
        let alice = server.person("alice");
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo"), &alice.clone);
        alice.commit("begin");
        let said = alice.pushes(&["main"]);
        assert!(said.status.success(), "{}", told(&said));
        assert!(told(&said).contains("let in refs/heads/main of alice@acme.dev as the first catalog"), "{}", told(&said));
        server
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.directory.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .stdin(Stdio::null())
            .current_dir(self.directory.path());
        command
    }

    fn plain(&self, args: &[&str]) -> String {
        let output = self.command("git").args(args).output().unwrap();
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn tip(&self, name: &str) -> Option<String> {
        let output = self.command("git").args(["-C", "server.git", "rev-parse", "-q", "--verify", name]).output().unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    }

    fn has_object(&self, id: &str) -> bool {
        self.command("git").args(["-C", "server.git", "cat-file", "-e", id]).stderr(Stdio::null()).status().unwrap().success()
    }

    /// Every file of the repository with its bytes.
    fn everything(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.path("server.git")];
        while let Some(directory) = open.pop() {
            found.insert(directory.clone(), Vec::new());
            for entry in std::fs::read_dir(directory).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    found.insert(path.clone(), std::fs::read(path).unwrap());
                }
            }
        }
        found
    }

    /// Somebody with a clone of what is there.
    fn person(&self, name: &str) -> Person<'_> {
        let clone = self.path(&format!("{name}-{}", std::fs::read_dir(self.directory.path()).unwrap().count()));
        let at = clone.display().to_string();
        if self.tip("main").is_some() {
            self.plain(&["clone", "-q", "server.git", &at]);
        } else {
            self.plain(&["init", "-q", "-b", "main", &at]);
            self.plain(&["-C", &at, "remote", "add", "origin", "/nowhere"]);
        }
        let person = Person { server: self, name: name.to_owned(), clone };
        let url = format!("ssh://{name}@server{}", self.path("server.git").display());
        person.git(&["remote", "set-url", "origin", &url]);
        person.git(&["config", "user.name", name]);
        person.git(&["config", "user.email", &format!("{name}@acme.dev")]);
        person
    }

    /// The hook itself, with these lines on standard input, as nobody's transport.
    fn told_by_hand(&self, lines: &[u8], user: &str, options: &[&str]) -> Output {
        let mut child = self
            .command(env!("CARGO_BIN_EXE_portcullis"))
            .args(["hook", "pre-receive"])
            .args(options)
            .current_dir(self.path("server.git"))
            .env("GIT_DIR", ".")
            .env("GL_USER", user)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses before it has read everything closes its end.
        let _ = child.stdin.take().unwrap().write_all(lines);
        child.wait_with_output().unwrap()
    }
}

struct Person<'a> {
    server: &'a Server,
    name: String,
    clone: PathBuf,
}

impl Person<'_> {
    fn command(&self, program: &str) -> Command {
        let mut command = self.server.command(program);
        command.current_dir(&self.clone).env("GIT_SSH_COMMAND", self.server.path("transport")).env("GIT_SSH_VARIANT", "simple");
        command
    }

    fn git(&self, args: &[&str]) -> String {
        let output = self.command("git").args(args).output().unwrap();
        assert!(output.status.success(), "{}: git {args:?}: {}", self.name, String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn writes(&self, file: &str, text: &str) {
        let path = self.clone.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn edits(&self, file: &str, from: &str, to: &str) {
        let before = std::fs::read_to_string(self.clone.join(file)).unwrap();
        assert!(before.contains(from), "{file}:\n{before}");
        self.writes(file, &before.replace(from, to));
    }

    fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn pushes(&self, args: &[&str]) -> Output {
        self.command("git").args(["push", "origin"]).args(args).output().unwrap()
    }

    /// Carol's one right over environments.
    fn moves_the_channel(&self, to: &str) -> String {
        self.edits("entities/Env/prod.yaml", "slackChannelUrl: ", &format!("slackChannelUrl: https://slack.com/{to} # "));
        self.commit("Move the channel")
    }

    /// What only an Admin and the moderator may.
    fn changes_the_kind(&self) -> String {
        self.edits("entities/Env/prod.yaml", "kind: production", "kind: testing");
        self.commit("Change the kind")
    }
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Refused, for this, and the branch is where it was.
fn refused(server: &Server, output: &Output, why: &[&str]) {
    let said = told(output);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("pre-receive hook declined"), "{said}");
    for why in why {
        assert!(said.contains(why), "`{why}` is not in:\n{said}");
    }
    assert!(!said.contains('\u{1b}'), "no colours: {said}");
    let _ = server;
}

fn let_in(server: &Server, output: &Output, commit: &str) {
    assert!(output.status.success(), "{}", told(output));
    assert_eq!(server.tip("main").as_deref(), Some(commit));
}

fn executable(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::write(target, std::fs::read(entry.path()).unwrap()).unwrap();
        }
    }
}

#[test]
fn what_one_may_change_is_let_in() {
    let server = Server::with_the_example();
    let carol = server.person("carol");
    let head = carol.moves_the_channel("new");
    let said = carol.pushes(&["main"]);
    let_in(&server, &said, &head);
    assert!(told(&said).contains("remote: portcullis: let in refs/heads/main of carol@acme.dev"), "{}", told(&said));
}

#[test]
fn what_one_may_not_is_refused_and_leaves_nothing_behind() {
    let server = Server::with_the_example();
    let before = server.everything();
    let carol = server.person("carol");
    let head = carol.changes_the_kind();
    let said = carol.pushes(&["main"]);
    refused(
        &server,
        &said,
        &[
            "remote: error[permission/update-property]: carol@acme.dev may not change property `kind` of Env/prod",
            "--> entities/Env/prod.yaml:6:9",
            "alice@acme.dev",
            "remote: portcullis: refused refs/heads/main of carol@acme.dev",
        ],
    );
    assert!(!server.has_object(&head), "the quarantine is gone");
    assert_eq!(server.everything(), before, "nothing was written");
}

#[test]
fn what_is_wrong_is_refused_whoever_pushes_it() {
    let server = Server::with_the_example();
    for (file, text, why) in [
        ("entities/Env/broken.yaml", "identifier: [\n", "error[yaml/"),
        ("entities/Env/typed.yaml", "identifier: typed\nblueprint: Env\nproperties: { kind: 7 }\n", "error[schema/"),
        ("teams/ghosts.yaml", "identifier: ghosts\nmembers: [ghost@acme.dev]\n", "ghost@acme.dev"),
    ] {
        let alice = server.person("alice");
        alice.writes(file, text);
        alice.commit("break it");
        refused(&server, &alice.pushes(&["main"]), &[why, file]);
    }
}

#[test]
fn a_run_that_waits_may_land() {
    let server = Server::with_the_example();
    let carol = server.person("carol");
    carol.writes("runs/keep.yaml", "action: extend_env_ttl\nentity: env-42\ninputs: { ttl: 10 days }\nreason: load tests\n");
    let head = carol.commit("keep it");
    let said = carol.pushes(&["main"]);
    let_in(&server, &said, &head);
    assert!(told(&said).contains("1 run waits for approval"), "{}", told(&said));
}

#[test]
fn one_ref_that_is_refused_keeps_the_whole_push_out() {
    let server = Server::with_the_example();
    let carol = server.person("carol");
    let bad = carol.changes_the_kind();
    carol.git(&["branch", "topic"]);
    carol.git(&["tag", "v1"]);
    refused(&server, &carol.pushes(&["topic", "v1", "main"]), &["permission/update-property"]);
    assert_eq!((server.tip("topic"), server.tip("v1"), server.has_object(&bad)), (None, None, false));
    // By themselves they are nobody's business.
    let said = carol.pushes(&["topic", "v1"]);
    assert!(said.status.success(), "{}", told(&said));
    assert_eq!(server.tip("topic").as_deref(), Some(bad.as_str()));
}

#[test]
fn nobody_becomes_somebody_else_by_saying_so() {
    let server = Server::with_the_example();
    let carol = server.person("carol");
    carol.git(&["config", "user.email", "alice@acme.dev"]);
    carol.changes_the_kind();
    let said = carol
        .command("git")
        .args(["push", "-o", "GL_USER=alice@acme.dev", "-o", "--as=alice@acme.dev", "origin", "main"])
        .envs([("GL_USER", "alice"), ("GL_USERNAME", "alice"), ("REMOTE_USER", "alice"), ("PORTCULLIS_AS", "alice@acme.dev")])
        .output()
        .unwrap();
    refused(&server, &said, &["carol@acme.dev may not change property `kind`"]);
}

#[test]
fn strangers_and_the_nameless_are_refused_on_a_watched_branch_alone() {
    let server = Server::with_the_example();
    for (who, why) in [("mallory", "mallory@acme.dev pushes, who is no user"), ("nobody", "the server does not say who pushes")] {
        let person = server.person(who);
        let head = person.commit("nothing at all");
        refused(&server, &person.pushes(&["main"]), &["error[push/unknown-pusher]", why]);
        assert!(!server.has_object(&head));
        assert!(person.pushes(&[&format!("main:refs/heads/of-{who}")]).status.success());
    }
}

#[test]
fn merges_are_judged_by_what_they_bring() {
    let server = Server::with_the_example();
    let (alice, carol) = (server.person("alice"), server.person("carol"));
    alice.edits("entities/Env/staging.yaml", "title: ", "title: The ");
    alice.commit("Rename");
    assert!(alice.pushes(&["main"]).status.success());
    // Carol's own work, brought up to date: what Alice pushed is not Carol's.
    carol.moves_the_channel("merged");
    carol.git(&["fetch", "-q", "origin"]);
    carol.git(&["merge", "-q", "--no-edit", "origin/main"]);
    let merged = carol.git(&["rev-parse", "HEAD"]);
    let_in(&server, &carol.pushes(&["main"]), &merged);
    // A merge that brings something of its own.
    carol.git(&["switch", "-q", "-c", "side", "HEAD~1"]);
    carol.commit("side");
    carol.git(&["switch", "-q", "main"]);
    carol.git(&["merge", "-q", "--no-commit", "--no-ff", "side"]);
    carol.edits("entities/Env/prod.yaml", "kind: production", "kind: testing");
    let evil = carol.commit("Merge side");
    assert_eq!(carol.git(&["rev-list", "--parents", "-1", "HEAD"]).split(' ').count(), 3, "a merge");
    refused(&server, &carol.pushes(&["main"]), &["carol@acme.dev may not change property `kind`"]);
    assert!(!server.has_object(&evil));
}

#[test]
fn history_is_not_dropped_and_the_branch_not_deleted_by_anybody() {
    let server = Server::with_the_example();
    let alice = server.person("alice");
    let stands = server.tip("main").unwrap();
    alice.git(&["commit", "-q", "--amend", "-m", "begin again"]);
    refused(&server, &alice.pushes(&["--force", "main"]), &["error[push/rewritten]"]);
    server.plain(&["-C", "server.git", "config", "receive.denyDeleteCurrent", "ignore"]);
    refused(&server, &alice.pushes(&["--delete", "main"]), &["error[push/deleted]"]);
    refused(&server, &alice.pushes(&["main:refs/heads/MAIN"]), &["error[push/look-alike]"]);
    assert_eq!(server.tip("main"), Some(stands));
}

#[test]
fn a_symbolic_ref_is_no_back_door() {
    let server = Server::with_the_example();
    server.plain(&["-C", "server.git", "symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
    let carol = server.person("carol");
    carol.changes_the_kind();
    refused(&server, &carol.pushes(&["main:refs/heads/alias"]), &["carol@acme.dev may not change property `kind`"]);
}

#[test]
fn the_first_catalog_is_sound_and_brought_by_its_admin() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo");
    let server = Server::empty("--domain acme.dev");
    let carol = server.person("carol");
    copy(&example, &carol.clone);
    carol.commit("begin");
    refused(
        &server,
        &carol.pushes(&["main"]),
        &["error[push/first]", "carol@acme.dev pushes the first catalog, and is no Admin"],
    );
    carol.edits("users/alice.yaml", "roles: [Admin]", "roles: [Member]");
    carol.commit("nobody is Admin");
    refused(&server, &carol.pushes(&["main"]), &["error[push/first]", "has no Admin"]);
    let mallory = server.person("mallory");
    mallory.writes("README.md", "nothing here\n");
    mallory.commit("no catalog at all");
    refused(&server, &mallory.pushes(&["main"]), &["error[push/first]"]);
    assert_eq!(server.tip("main"), None);
}

#[test]
fn where_signatures_decide_they_do_and_the_pusher_is_known_besides() {
    let server = Server::with_the_example();
    let key = |person: &Person<'_>| {
        let key = server.path(&format!("key-of-{}", person.name));
        let made = server.command("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(&key).status().unwrap();
        assert!(made.success());
        for (name, value) in [("gpg.format", "ssh"), ("user.signingKey", key.to_str().unwrap())] {
            person.git(&["config", name, value]);
        }
        let public = std::fs::read_to_string(key.with_extension("pub")).unwrap();
        public.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
    };
    let (alice, carol) = (server.person("alice"), server.person("carol"));
    let keys = [("alice", key(&alice)), ("carol", key(&carol))];
    for (name, key) in keys {
        let file = format!("users/{name}.yaml");
        let text = std::fs::read_to_string(alice.clone.join(&file)).unwrap();
        alice.writes(&file, &format!("{text}signingKeys:\n  - {key}\n"));
    }
    alice.edits("catalog.yaml", "identity: declared", "identity: signature");
    alice.commit("Sign from now on");
    assert!(alice.pushes(&["main"]).status.success());

    carol.git(&["pull", "-q", "--rebase", "origin", "main"]);
    carol.moves_the_channel("unsigned");
    refused(&server, &carol.pushes(&["main"]), &["error[identity/unsigned]"]);
    carol.git(&["commit", "-q", "--amend", "--no-edit", "-S"]);
    let signed = carol.git(&["rev-parse", "HEAD"]);
    // Bob may bring what Carol signed; a stranger may not, and an Admin's push does not make hers what she may not.
    let url = |who: &str| format!("ssh://{who}@server{}", server.path("server.git").display());
    carol.git(&["remote", "set-url", "origin", &url("mallory")]);
    refused(&server, &carol.pushes(&["main"]), &["error[push/unknown-pusher]"]);
    carol.git(&["remote", "set-url", "origin", &url("bob")]);
    let_in(&server, &carol.pushes(&["main"]), &signed);
    carol.git(&["remote", "set-url", "origin", &url("alice")]);
    carol.git(&["config", "commit.gpgSign", "true"]);
    carol.changes_the_kind();
    refused(&server, &carol.pushes(&["main"]), &["carol@acme.dev may not change property `kind`"]);
}

#[test]
fn a_catalog_below_the_top_is_judged_where_it_is() {
    let server = Server::empty("--domain acme.dev --root platform --branch trunk");
    let alice = server.person("alice");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo"), &alice.clone.join("platform"));
    alice.commit("begin");
    let said = alice.pushes(&["main:trunk", "main"]);
    assert!(said.status.success(), "{}", told(&said));
    let carol = server.person("carol");
    carol.edits("platform/entities/Env/prod.yaml", "kind: production", "kind: testing");
    carol.commit("Change the kind");
    refused(&server, &carol.pushes(&["main:trunk"]), &["--> platform/entities/Env/prod.yaml:6:9"]);
    assert!(carol.pushes(&["main"]).status.success(), "main is not watched here");
}

/// Whatever is wrong with the question, the answer is no.
#[test]
fn what_cannot_be_judged_is_refused() {
    let server = Server::with_the_example();
    let stands = server.tip("main").unwrap();
    let gone = "1".repeat(40);
    let by_alice = |lines: &str| server.told_by_hand(lines.as_bytes(), "alice@acme.dev", &[]);
    for lines in
        ["", "\n", "garbage\n", &format!("{stands} {gone} refs/heads/main"), &format!("{stands} {gone} refs/heads/main\n")]
    {
        let said = by_alice(lines);
        assert_eq!(said.status.code(), Some(2), "{lines:?}: {}", told(&said));
        assert!(said.stdout.is_empty() && told(&said).starts_with("error: "), "{}", told(&said));
    }
    // What judges is where the branch stands, not where the pusher says that it stands.
    let head = server.person("carol").commit("nothing");
    let none = "0".repeat(40);
    for before in [&none, &gone] {
        let said = by_alice(&format!("{before} {stands} refs/heads/main\n"));
        assert_eq!(said.status.code(), Some(1), "{}", told(&said));
        assert!(told(&said).contains("error[push/stale]"), "{}", told(&said));
    }
    assert!(!server.has_object(&head));
    let late =
        server.told_by_hand(format!("{stands} {stands} refs/heads/main\n").as_bytes(), "alice@acme.dev", &["--timeout", "0"]);
    assert_eq!(late.status.code(), Some(2), "{}", told(&late));
    let nowhere = server.told_by_hand(b"x", "alice@acme.dev", &["--repo", "/nowhere"]);
    assert_eq!(nowhere.status.code(), Some(2));
}
