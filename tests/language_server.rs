//! The real yaml-language-server, wired by what `portcullis schema` writes: what it shows, offers and tells while somebody types.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long any one answer may take. Ample: the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(120);

/// The example catalog in a repository of its own, with schemas written.
fn repository() -> tempfile::TempDir {
    // Not below a hidden directory, which the globs of the server pass over.
    let directory = tempfile::Builder::new().prefix("catalog").tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/catalog-repo"), directory.path());
    let run = |program: &str, args: &[&str]| {
        let output = Command::new(program)
            .args(args)
            .current_dir(directory.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    run("git", &["init", "-q", "-b", "main"]);
    run("git", &["add", "-A"]);
    run("git", &["-c", "user.name=A", "-c", "user.email=alice@acme.dev", "-c", "commit.gpgSign=false", "commit", "-qm", "Begin"]);
    run(env!("CARGO_BIN_EXE_portcullis"), &["schema"]);
    directory
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

fn server_program() -> PathBuf {
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("target"), PathBuf::from);
    let program = target.join("test-tools/node_modules/yaml-language-server/bin/yaml-language-server");
    assert!(program.exists(), "{} is not there: run scripts/test, which installs it", program.display());
    program
}

/// A language server over its standard streams.
struct Server {
    child: Child,
    input: ChildStdin,
    told: Receiver<Value>,
    root: PathBuf,
    next: i64,
    settings: Value,
}

impl Server {
    fn start(root: &Path) -> Self {
        let mut child = Command::new("node")
            .arg(server_program())
            .arg("--stdio")
            .current_dir(root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts: run scripts/test, which sees to it");
        let (sender, told) = channel();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            while let Some(message) = read_message(&mut output) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        // What VS Code's extension would hand on of the settings that the command wrote.
        let written: Value = serde_json::from_str(&fs::read_to_string(root.join(".vscode/settings.json")).unwrap()).unwrap();
        let settings = json!({
            "schemas": written["yaml.schemas"], "validate": true, "completion": true, "hover": true,
            "schemaStore": { "enable": false, "url": "" }, "format": { "enable": false },
        });
        let input = child.stdin.take().unwrap();
        let mut server = Self { child, input, told, root: root.canonicalize().unwrap(), next: 0, settings };
        let uri = server.uri("");
        let id = server.send("initialize", json!({
            "processId": null, "rootUri": uri, "workspaceFolders": [{ "uri": uri, "name": "catalog" }],
            "capabilities": { "workspace": { "configuration": true, "didChangeConfiguration": {} }, "textDocument": {
                "completion": { "completionItem": { "documentationFormat": ["markdown"] } }, "hover": { "contentFormat": ["markdown"] },
                "publishDiagnostics": {} } },
        }));
        server.answer(id);
        server.notify("initialized", json!({}));
        server.wait("question for settings", |message| (message["method"] == "workspace/configuration").then_some(()));
        // The settings count once something that only a schema can know is shown.
        let canary = server.uri("teams/canary.yaml");
        let opened = json!({ "uri": canary, "languageId": "yaml", "version": 1, "text": "identifier: canary\nsong: true\n" });
        server.notify("textDocument/didOpen", json!({ "textDocument": opened }));
        server.wait("complaint about the canary", |message| {
            let of_it = message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == json!(canary);
            (of_it && message["params"]["diagnostics"].as_array().is_some_and(|found| !found.is_empty())).then_some(())
        });
        server
    }

    fn uri(&self, path: &str) -> String {
        format!("file://{}/{path}", self.root.display()).trim_end_matches('/').to_owned()
    }

    fn write(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn send(&mut self, method: &str, params: Value) -> i64 {
        self.next += 1;
        let id = self.next;
        self.write(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.write(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// The next message for which `wanted` has an answer; what the server asks meanwhile is answered.
    fn wait<T>(&mut self, what: &str, mut wanted: impl FnMut(&Value) -> Option<T>) -> T {
        let until = Instant::now() + DEADLINE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self.told.recv_timeout(left).unwrap_or_else(|_| panic!("no {what} within {DEADLINE:?}"));
            if let (Some(method), Some(id)) = (message["method"].as_str(), message.get("id")) {
                let result = match method {
                    "workspace/configuration" => {
                        let items = message["params"]["items"].as_array().cloned().unwrap_or_default();
                        let of = |item: &Value| if item["section"] == "yaml" { self.settings.clone() } else { json!({}) };
                        Value::Array(items.iter().map(of).collect())
                    }
                    _ => Value::Null,
                };
                self.write(&json!({ "jsonrpc": "2.0", "id": id, "result": result }));
            }
            if let Some(found) = wanted(&message) {
                return found;
            }
        }
    }

    fn answer(&mut self, id: i64) -> Value {
        self.wait("answer", |message| {
            (message["id"] == json!(id) && message.get("method").is_none()).then(|| message["result"].clone())
        })
    }

    /// Opens a document, and waits for what the server thinks of it.
    fn open(&mut self, path: &str, text: &str) -> Vec<Value> {
        let uri = self.uri(path);
        self.notify(
            "textDocument/didOpen",
            json!({ "textDocument": { "uri": uri, "languageId": "yaml", "version": 1, "text": text } }),
        );
        self.wait(&format!("diagnostics of {path}"), |message| {
            let of_it = message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == json!(uri);
            of_it.then(|| message["params"]["diagnostics"].as_array().unwrap().clone())
        })
    }

    /// What is offered at `|` in the text.
    fn completions(&mut self, path: &str, text: &str) -> BTreeSet<String> {
        let (before, _) = text.split_once('|').unwrap();
        let position = json!({ "line": before.matches('\n').count(), "character": before.rsplit('\n').next().unwrap().len() });
        self.open(path, &text.replace('|', ""));
        let uri = self.uri(path);
        let id = self.send("textDocument/completion", json!({ "textDocument": { "uri": uri }, "position": position }));
        let answer = self.answer(id);
        let items = answer.get("items").unwrap_or(&answer).as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }

    fn hover(&mut self, path: &str, line: u32, character: u32) -> String {
        let uri = self.uri(path);
        let id = self.send(
            "textDocument/hover",
            json!({ "textDocument": { "uri": uri }, "position": { "line": line, "character": character } }),
        );
        self.answer(id).to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn read_message(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

#[test]
fn the_example_catalog_is_clean_in_an_editor() {
    let directory = repository();
    let mut server = Server::start(directory.path());
    let mut seen = 0;
    let mut directories = vec![directory.path().to_owned()];
    while let Some(here) = directories.pop() {
        for path in fs::read_dir(here).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.strip_prefix(directory.path()).unwrap().to_str().unwrap().to_owned();
            if path.is_dir() && !name.starts_with('.') {
                directories.push(path);
            } else if name.ends_with(".yaml") {
                let diagnostics = server.open(&name, &fs::read_to_string(&path).unwrap());
                assert!(diagnostics.is_empty(), "{name}: {diagnostics:#?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 30, "only {seen} files");
}

#[test]
fn what_is_wrong_is_shown_at_its_place() {
    let directory = repository();
    let mut server = Server::start(directory.path());
    for (path, text, line, said) in [
        ("entities/Env/new.yaml", "identifier: new\nproperties:\n  kind: stagin\n", 2, "production"),
        ("entities/Env/relation.yaml", "identifier: new\nrelations:\n  microservice: cart-backnd\n", 2, "cart-backend"),
        ("entities/Env/key.yaml", "identifier: new\npropertis: {}\n", 1, "propertis"),
        ("entities/loose.yaml", "- identifier: a\n  blueprint: Env\n  properties:\n    ttl: 9 days\n", 3, "10 days"),
        ("runs/r.yaml", "action: extend_env_ttl\nentity: env-42\ninputs: { ttl: 9 days }\n", 2, "10 days"),
        ("teams/t.yaml", "identifier: t\nmembers:\n  - nobody@acme.dev\n", 2, "alice@acme.dev"),
        ("permissions/Env.yaml", "entities:\n  registr: {}\n", 1, "registr"),
        (
            "actions/a.yaml",
            "identifier: a\ntrigger: { operation: DAY2, blueprintIdentifier: Env }\ninvocationMethod: { type: WEBHOOK, url: https://a.b }\n",
            1,
            "",
        ),
        ("blueprints/B.yaml", "identifier: B\nschema:\n  properties:\n    x: { type: strin }\n", 3, "string"),
        ("catalog.yaml", "identity: signatures\n", 0, "signature"),
    ] {
        let diagnostics = server.open(path, text);
        let here = diagnostics
            .iter()
            .any(|d| d["range"]["start"]["line"] == json!(line) && d["message"].as_str().unwrap().contains(said));
        assert!(here, "{path}: {diagnostics:#?}");
    }
}

#[test]
fn names_properties_and_words_are_offered() {
    let directory = repository();
    let mut server = Server::start(directory.path());
    for (path, text, offered) in [
        ("entities/Env/a.yaml", "identifier: a\nrelations:\n  microservice: |\n", &["cart-backend", "storefront"][..]),
        ("entities/Env/b.yaml", "identifier: b\nrelations:\n  |\n", &["deployedAt", "microservice"]),
        ("entities/Env/c.yaml", "identifier: c\nproperties:\n  |\n", &["kind", "ttl", "slackChannelUrl", "monthlyCost"]),
        ("entities/Env/d.yaml", "identifier: d\nproperties:\n  kind: |\n", &["production", "staging", "ephemeral"]),
        ("entities/Env/e.yaml", "identifier: e\nteam: |\n", &["platform", "checkout"]),
        ("entities/loose.yaml", "- identifier: f\n  blueprint: |\n", &["Env", "Microservice"]),
        ("entities/loose2.yaml", "- identifier: f\n  blueprint: Env\n  properties:\n    |\n", &["kind", "ttl"]),
        ("permissions/Env.yaml", "entities:\n  updateProperties:\n    |\n", &["slackChannelUrl", "$team"]),
        ("permissions/System.yaml", "entities:\n  register:\n    roles:\n      - |\n", &["Admin", "Member", "Env-moderator"]),
        ("permissions/Domain.yaml", "entities:\n  register:\n    users:\n      - |\n", &["alice@acme.dev"]),
        ("runs/r.yaml", "action: |\n", &["extend_env_ttl", "deploy"]),
        ("runs/s.yaml", "action: extend_env_ttl\nentity: |\n", &["env-42", "prod"]),
        ("runs/t.yaml", "action: extend_env_ttl\nentity: env-42\ninputs:\n  ttl: |\n", &["3 days", "10 days"]),
        ("users/u.yaml", "identifier: a@b.c\nroles:\n  - |\n", &["Admin", "Cluster-moderator"]),
        ("catalog.yaml", "identity: |\n", &["signature", "forge", "declared"]),
    ] {
        let found = server.completions(path, text);
        for word in offered {
            assert!(found.contains(*word), "{path}: `{word}` is not among {found:?}");
        }
    }
    let derived = server.completions("entities/Component/x.yaml", "identifier: x\n|\n");
    assert!(derived.contains("relations") && !derived.contains("createdAt"), "{derived:?}");
}

#[test]
fn a_key_and_a_property_say_what_they_are() {
    let directory = repository();
    let mut server = Server::start(directory.path());
    server.open("entities/Env/a.yaml", "identifier: a\nproperties:\n  ttl: 3 days\n");
    assert!(server.hover("entities/Env/a.yaml", 2, 3).contains("How long an ephemeral environment stands"));
    server.open("catalog.yaml", "selfApproval: false\n");
    assert!(server.hover("catalog.yaml", 0, 3).contains("may approve it too"));
    server.open("users/a.yaml", "identifier: a@b.c\nbot: true\n");
    assert!(server.hover("users/a.yaml", 1, 1).contains("never approves"));
}
