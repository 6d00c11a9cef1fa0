//! `portcullis init` as a person meets it: what it lays is clean, its hook holds, and nothing of theirs is written over.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // a test may fail loudly

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Parser as _;
use portcullis::cli::Cli;

/// Somebody's home, with git set up to sign by SSH.
struct Home(tempfile::TempDir);

impl Home {
    fn of_somebody_who_signs() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        let key = home.path("key");
        let made =
            Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-C", "alice", "-f"]).arg(&key).status().unwrap();
        assert!(made.success());
        let config = format!(
            "[user]\n\tname = Alice \\\"Al\\\" Liddell\n\temail = alice@acme.dev\n\tsigningkey = {}\n[gpg]\n\tformat = ssh\n[commit]\n\tgpgSign = true\n",
            key.display()
        );
        fs::write(home.path(".gitconfig"), config).unwrap();
        home
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, at: &Path, program: &str, args: &[&str]) -> Output {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        let binary = Path::new(env!("CARGO_BIN_EXE_portcullis")).parent().unwrap().to_owned();
        let path =
            std::env::join_paths([binary].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap()))).unwrap();
        command
            .args(args)
            .current_dir(at)
            .env("PATH", path)
            .env("HOME", self.0.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("SSH_AUTH_SOCK");
        command.output().unwrap()
    }

    fn portcullis(&self, at: &Path, args: &[&str]) -> (Option<i32>, String, String) {
        let output = self.run(at, "portcullis", args);
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    }

    fn git(&self, at: &Path, args: &[&str]) -> Output {
        self.run(at, "git", args)
    }

    fn committed(&self, at: &Path, message: &str) {
        for args in [&["add", "-A"][..], &["commit", "-q", "-m", message]] {
            let done = self.git(at, args);
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    }
}

/// What pre-commit would run, put where git itself runs it.
fn install_hook(at: &Path, config: &str) {
    let config: serde_yaml::Value = serde_yaml::from_str(config).unwrap();
    let hook = &config["repos"][0]["hooks"][0];
    assert_eq!((hook["language"].as_str(), hook["pass_filenames"].as_bool()), (Some("system"), Some(false)));
    let path = at.join(".git/hooks/pre-commit");
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, format!("#!/bin/sh\nexec {}\n", hook["entry"].as_str().unwrap())).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_new_repository_is_clean_before_and_after_its_first_commit_and_its_hook_holds() {
    let home = Home::of_somebody_who_signs();
    let at = home.path("catalog");
    let (code, told, complained) = home.portcullis(home.0.path(), &["init", "catalog"]);
    assert_eq!((code, complained.as_str()), (Some(0), ""), "{told}");
    insta::assert_snapshot!("told_of_a_new_repository", told);

    let (code, told, _) = home.portcullis(&at, &["check"]);
    assert_eq!(code, Some(0), "{told}");
    assert!(!told.contains("warning") && !told.contains("error"), "{told}");
    install_hook(&at, &fs::read_to_string(at.join(".pre-commit-config.yaml")).unwrap());
    home.committed(&at, "Begin the catalog");
    let (code, told, _) = home.portcullis(&at, &["check"]);
    assert_eq!(code, Some(0), "{told}");

    fs::write(at.join("entities/Service/hello.yaml"), "identifier: hello\nteam: platfrom\n").unwrap();
    home.git(&at, &["add", "-A"]);
    let refused = home.git(&at, &["commit", "-q", "-m", "Slip"]);
    assert!(!refused.status.success());
    let said = format!("{}{}", String::from_utf8_lossy(&refused.stdout), String::from_utf8_lossy(&refused.stderr));
    assert!(said.contains("platfrom"), "{said}");
    fs::write(
        at.join("entities/Service/hello.yaml"),
        "identifier: hello\nteam: platform\nproperties:\n  lifecycle: production\n",
    )
    .unwrap();
    home.committed(&at, "Mend");
    let (code, told, _) = home.portcullis(&at, &["check", "--base", "HEAD~1", "--head", "HEAD"]);
    assert_eq!(code, Some(0), "signed by the key that init found: {told}");
}

#[test]
fn the_hook_also_refuses_a_first_commit_that_is_wrong() {
    let home = Home::of_somebody_who_signs();
    let at = home.path("catalog");
    home.portcullis(home.0.path(), &["init", "catalog"]);
    install_hook(&at, &fs::read_to_string(at.join(".pre-commit-config.yaml")).unwrap());
    fs::write(at.join("entities/Service/bad.yaml"), "identifier: bad\nrelations: { dependsOn: [nobody] }\n").unwrap();
    home.git(&at, &["add", "-A"]);
    assert!(!home.git(&at, &["commit", "-q", "-m", "Begin"]).status.success());
}

#[test]
fn the_workflow_is_yaml_and_its_command_line_is_ours() {
    let home = Home::of_somebody_who_signs();
    home.portcullis(home.0.path(), &["init", "catalog"]);
    let text = fs::read_to_string(home.path("catalog/.github/workflows/portcullis.yml")).unwrap();
    let workflow: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    assert_eq!(workflow["permissions"]["contents"].as_str(), Some("read"));
    let step = &workflow["jobs"]["check"]["steps"][1];
    let script = step["run"].as_str().unwrap();
    assert!(!script.contains("${{"), "nothing that a stranger names goes into the script itself: {script}");
    let line = script.replace("\\\n", " ");
    let ours = line.split("\"$IMAGE\"").nth(1).unwrap().replace("\"$BASE\"", "origin/main");
    Cli::try_parse_from(["portcullis"].into_iter().chain(ours.split_whitespace())).unwrap();
    // Without an image it fails, and says why.
    let output = Command::new("bash").args(["-ec", script]).env("IMAGE", "").env("BASE", "origin/main").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("PORTCULLIS_IMAGE"));
}

#[test]
fn without_a_key_signatures_are_not_promised() {
    let home = Home::of_somebody_who_signs();
    fs::write(home.path(".gitconfig"), "[user]\n\temail = alice@acme.dev\n").unwrap();
    let (code, told, complained) = home.portcullis(home.0.path(), &["init", "catalog"]);
    assert_eq!((code, told.as_str()), (Some(2), ""));
    assert!(complained.contains("there is no key") && complained.contains("--identity declared"), "{complained}");
    assert!(!home.path("catalog/catalog.yaml").exists());
    let key = home.path("key.pub");
    let (code, _, complained) =
        home.portcullis(home.0.path(), &["init", "catalog", "--admin", "root@acme.dev", "--signing-key", key.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{complained}");
    assert!(fs::read_to_string(home.path("catalog/users/root@acme.dev.yaml")).unwrap().contains("ssh-ed25519 "));
    for identity in ["declared", "forge"] {
        let (code, _, complained) = home.portcullis(home.0.path(), &["init", identity, "--identity", identity]);
        assert_eq!(code, Some(0), "{complained}");
        assert_eq!(home.portcullis(&home.path(identity), &["check"]).0, Some(0));
    }
    fs::write(home.path(".gitconfig"), "").unwrap();
    assert!(home.portcullis(home.0.path(), &["init", "x"]).2.contains("git does not know who you are"));
}

/// A private key named by mistake must never end up in a repository.
#[test]
fn a_private_key_is_never_laid() {
    let home = Home::of_somebody_who_signs();
    fs::rename(home.path("key.pub"), home.path("elsewhere.pub")).unwrap();
    let (code, _, complained) = home.portcullis(home.0.path(), &["init", "catalog"]);
    assert_eq!(code, Some(2));
    assert!(complained.contains("this is no public key"), "{complained}");
    assert!(!complained.contains("OPENSSH PRIVATE"), "{complained}");
    assert!(!home.path("catalog/users").exists());
}

#[test]
fn nothing_is_written_over_and_a_catalog_may_lie_in_a_subdirectory() {
    let home = Home::of_somebody_who_signs();
    let at = home.path("mono");
    fs::create_dir_all(&at).unwrap();
    home.git(&at, &["init", "-q", "-b", "main"]);
    fs::write(at.join("README.md"), "mine\n").unwrap();
    home.committed(&at, "Begin");
    let (code, told, complained) = home.portcullis(&at, &["init", "ops/catalog"]);
    assert_eq!(code, Some(0), "{complained}");
    assert!(told.contains("portcullis check --root ops/catalog"), "{told}");
    let config = fs::read_to_string(at.join(".pre-commit-config.yaml")).unwrap();
    assert!(config.contains("entry: portcullis check --root ops/catalog\n"), "{config}");
    assert!(fs::read_to_string(at.join(".github/workflows/portcullis.yml")).unwrap().contains("check --root ops/catalog --base"));

    // The repository has commits, and none of them holds the catalog yet.
    let (code, told, complained) = home.portcullis(&at, &["check", "--root", "ops/catalog"]);
    assert_eq!(code, Some(0), "{told}{complained}");
    let (code, _, complained) = home.portcullis(&at, &["check", "--root", "ops/catalogue"]);
    assert_eq!(code, Some(2));
    assert!(complained.contains("there is no catalog under `ops/catalogue`"), "{complained}");

    let (code, told, complained) = home.portcullis(&at, &["init", "ops/catalog"]);
    assert_eq!((code, told.as_str()), (Some(2), ""));
    assert!(complained.contains("is there already, and is not written over"), "{complained}");
    let (_, _, complained) = home.portcullis(&at, &["init", "sub dir"]);
    assert!(complained.contains("would have to be quoted"), "{complained}");
    assert_eq!(fs::read_to_string(at.join("README.md")).unwrap(), "mine\n");
}

#[cfg(unix)]
#[test]
fn nothing_is_laid_through_a_link() {
    let home = Home::of_somebody_who_signs();
    let at = home.path("catalog");
    fs::create_dir_all(&at).unwrap();
    home.git(&at, &["init", "-q", "-b", "main"]);
    std::os::unix::fs::symlink(home.path("elsewhere"), at.join("users")).unwrap();
    let (code, _, complained) = home.portcullis(&at, &["init"]);
    assert_eq!(code, Some(2));
    assert!(complained.contains("is a symbolic link") && !home.path("elsewhere").exists(), "{complained}");
}

/// The commands of `docs/getting-started.md`, one after the other, by somebody with an SSH key.
#[test]
fn the_guide_can_be_followed_word_by_word() {
    let home = Home::of_somebody_who_signs();
    fs::create_dir_all(home.path(".ssh")).unwrap();
    for (from, to) in [("key", ".ssh/id_ed25519"), ("key.pub", ".ssh/id_ed25519.pub")] {
        fs::rename(home.path(from), home.path(to)).unwrap();
    }
    fs::write(home.path(".gitconfig"), "[user]\n\tname = Alice\n\temail = alice@acme.dev\n").unwrap();
    let guide = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/getting-started.md")).unwrap();
    let blocks: Vec<&str> = guide.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 5);
    let done = home.run(home.0.path(), "bash", &["-euc", &blocks.concat()]);
    let (told, complained) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{told}\n{complained}");
    assert!(told.contains("has no signing key"), "{told}");
}
