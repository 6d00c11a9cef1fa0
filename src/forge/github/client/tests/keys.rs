//! Keys of an App, made for one run of the tests.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

static KEYS: OnceLock<(String, String)> = OnceLock::new();

/// As GitHub hands it out.
pub(in crate::forge::github::client) fn pkcs1() -> &'static str {
    &KEYS.get_or_init(make).0
}

/// The same key, as other tools turn it.
pub(in crate::forge::github::client) fn pkcs8() -> &'static str {
    &KEYS.get_or_init(make).1
}

fn make() -> (String, String) {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("app.pem");
    let run = |arguments: &[&str]| {
        let ran = Command::new("ssh-keygen").args(arguments).arg("-f").arg(&file).stdout(Stdio::null()).status();
        assert!(ran.unwrap().success(), "ssh-keygen {arguments:?}");
        std::fs::read_to_string(&file).unwrap()
    };
    (run(&["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", ""]), run(&["-q", "-p", "-m", "PKCS8", "-P", "", "-N", ""]))
}
