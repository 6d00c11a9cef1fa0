//! A real SMTP server: aiosmtpd in a Python process of its own, which does what a script says to recipients and writes down every mail.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// What the server is like.
#[derive(Clone, Copy, Debug, Default)]
pub struct Server {
    /// TLS is offered, and demanded.
    pub starttls: bool,
    /// Users are asked who they are: `daemon`, with the password `correct horse`.
    pub login: bool,
}

/// The server; it ends with its value.
pub struct Smtp {
    /// Its port on this machine.
    pub port: u16,
    /// The certificate in PEM that it shows for `localhost`; empty without TLS.
    pub authority: String,
    mails: PathBuf,
    _child: Child,
    _dir: TempDir,
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Whom the envelope is to.
    pub to: Vec<String>,
    /// The headers, unfolded, in order.
    pub headers: Vec<(String, String)>,
    /// Everything, as it came.
    pub raw: String,
    /// The decoded parts: their types, and what they say.
    pub parts: Vec<(String, String)>,
}

impl Mail {
    /// The value of a header that is there once.
    pub fn header(&self, name: &str) -> &str {
        let found: Vec<_> = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name)).collect();
        assert_eq!(found.len(), 1, "{name} in {}", self.raw);
        &found[0].1
    }
}

impl Smtp {
    /// Starts a server. Addresses that begin with `refused` are refused for good, those with `later` once.
    pub async fn start(server: Server) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mails = dir.path().join("mails.jsonl");
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), |dir| root.join(dir));
        let python = target.join("test-tools/python/bin/python");
        assert!(python.exists(), "{} is not there: run scripts/test", python.display());
        let mut command = Command::new(python);
        command.arg(root.join("tests/notify/smtp_server.py")).arg(&mails);
        let mut authority = String::new();
        if server.starttls {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
            authority = made.cert.pem();
            let (certificate, key) = (dir.path().join("cert.pem"), dir.path().join("key.pem"));
            std::fs::write(&certificate, &authority).unwrap();
            std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
            command.arg("--tls").arg(certificate).arg(key);
        }
        if server.login {
            command.arg("--login");
        }
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        Self { port: line.trim().parse().unwrap(), authority, mails, _child: child, _dir: dir }
    }

    /// The mails that came so far.
    pub fn mails(&self) -> Vec<Mail> {
        let text = std::fs::read_to_string(&self.mails).unwrap_or_default();
        let mail = |line: &str| {
            let json: serde_json::Value = serde_json::from_str(line).unwrap();
            let pairs = |key: &str| serde_json::from_value(json[key].clone()).unwrap();
            Mail {
                to: serde_json::from_value(json["to"].clone()).unwrap(),
                headers: pairs("headers"),
                raw: json["raw"].as_str().unwrap().to_owned(),
                parts: pairs("parts"),
            }
        };
        text.lines().map(mail).collect()
    }
}
