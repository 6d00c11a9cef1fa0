//! The command line as a shell sees it: arguments, exit codes, which stream says what.

#![allow(clippy::unwrap_used)] // a test that cannot start has failed

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

fn portcullis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    for (name, _) in std::env::vars() {
        if name.starts_with("PORTCULLIS_") {
            command.env_remove(name);
        }
    }
    command
}

fn run(args: &[&str]) -> Output {
    portcullis().args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Nothing was judged: exit 2, the reason on standard error, nothing on standard output.
fn refused(args: &[&str], why: &str) {
    let output = run(args);
    assert_eq!(output.status.code(), Some(2), "{args:?}: {output:?}");
    assert_eq!(text(&output.stdout), "", "{args:?}");
    assert!(text(&output.stderr).contains(why), "{args:?}: {}", text(&output.stderr));
}

#[test]
fn nothing_is_judged_where_the_question_makes_no_sense() {
    refused(&["chek"], "unrecognized subcommand");
    refused(&["check", "--format", "xml"], "invalid value 'xml'");
    refused(&["check", "--identity", "trust"], "invalid value 'trust'");
    refused(&["check", "--watch", "--head", "x"], "cannot be used with");
    refused(&["check", "--as", "a b"], "may not stand in an identifier");
    refused(&["can", "alice@acme.dev", "frobnicate", "Env/prod"], "invalid value 'frobnicate'");
    refused(&["can", "alice@acme.dev", "update", "Env"], "`Env` names nothing in a catalog");
    refused(&["can", "a@b", "update", "Env/prod", "--property", "x", "--relation", "y"], "cannot be used with");
    refused(&["can", "a@b", "update", "Env/prod", "--field", "owner"], "invalid value 'owner'");
}

#[test]
fn nothing_is_judged_where_there_is_no_repository() {
    let nowhere = tempfile::tempdir().unwrap();
    let nowhere = nowhere.path().to_str().unwrap();
    refused(&["check", "--repo", nowhere], nowhere);
    refused(&["check", "--repo", nowhere, "--format", "json"], nowhere);
    refused(&["runs", "list", "--repo", nowhere], nowhere);
    refused(&["can", "a@b", "update", "Env/prod", "--repo", nowhere], nowhere);
}

#[test]
fn facts_that_cannot_be_read_name_the_line() {
    let directory = tempfile::tempdir().unwrap();
    let facts = directory.path().join("facts.json");
    std::fs::write(&facts, "{\n  \"head\": 7\n}").unwrap();
    let facts = facts.to_str().unwrap();
    refused(&["simulate", facts], &format!("{facts}:2:11: invalid type: integer `7`, expected a string"));
    std::fs::write(facts, "{}").unwrap();
    refused(&["simulate", facts], "names no head");
    refused(&["simulate", "/nowhere/facts.json"], "/nowhere/facts.json cannot be read");
}

#[test]
fn facts_come_from_standard_input_too() {
    let mut child =
        portcullis().args(["simulate", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"{\"state\": \"ajar\"}").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("-:1:17: `ajar` is no state of a pull request"), "{}", text(&output.stderr));
}

#[test]
fn help_has_examples_and_version_is_told() {
    let help = text(&run(&["--help"]).stdout);
    assert!(help.contains("Exit codes:") && help.contains("portcullis check --head my-branch"), "{help}");
    for command in ["check", "simulate", "can", "runs", "completions"] {
        let output = run(&[command, "--help"]);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).contains("Example"), "{command}");
    }
    assert_eq!(text(&run(&["--version"]).stdout), format!("portcullis {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = run(&["completions", shell]);
        assert_eq!(output.status.code(), Some(0), "{shell}");
        assert!(text(&output.stdout).contains("simulate"), "{shell}");
    }
}

#[test]
fn a_reader_who_leaves_early_is_no_panic() {
    let mut child = portcullis().args(["completions", "zsh"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0), "{said}");
    assert_eq!(said, "");
}

#[test]
fn errors_have_colour_only_where_it_is_wanted() {
    let error = |args: &[&str]| text(&run(args).stderr);
    assert!(error(&["simulate", "/nowhere", "--color", "always"]).contains("\u{1b}[1;31merror:"));
    assert!(!error(&["simulate", "/nowhere"]).contains('\u{1b}'));
    assert!(!error(&["simulate", "/nowhere", "--color", "never"]).contains('\u{1b}'));
}

/// Green over nothing would hide a wrong directory.
#[test]
fn a_repository_without_a_catalog_is_not_judged_clean() {
    let dir = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let done = Command::new("git")
            .current_dir(dir.path())
            .args(["-c", "user.name=A", "-c", "user.email=a@acme.dev", "-c", "commit.gpgSign=false"])
            .args(args)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .status()
            .unwrap();
        assert!(done.success(), "git {args:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    std::fs::write(dir.path().join("README.md"), "nothing here\n").unwrap();
    git(&["add", "-A"]);
    git(&["commit", "-q", "-m", "No catalog"]);
    let check = portcullis().args(["check", "--as", "a@acme.dev", "--repo"]).arg(dir.path()).output().unwrap();
    assert_eq!(check.status.code(), Some(2), "{}", String::from_utf8_lossy(&check.stdout));
    assert!(String::from_utf8_lossy(&check.stderr).contains("--root"));
    assert!(check.stdout.is_empty());
}
