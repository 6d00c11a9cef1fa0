//! The working tree as a person left it.

use super::sandbox::Sandbox;
use crate::git::{Blob, GitError, Repository, WorktreeChanges};

fn changes(sandbox: &Sandbox) -> WorktreeChanges {
    sandbox.open().worktree_changes(Some(sandbox.object("HEAD^{tree}")), "", 1000).unwrap()
}

/// Path, and the text now.
fn summary(changes: &WorktreeChanges) -> Vec<(&str, Option<String>)> {
    let text = |blob: &Blob| match blob {
        Blob::Content(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Blob::TooLarge(size) => format!("({size} bytes)"),
    };
    changes.files.iter().map(|f| (f.path.as_str(), f.after.as_ref().map(text))).collect()
}

#[test]
fn sees_what_was_written_changed_and_removed_and_nothing_else() {
    let sandbox = Sandbox::new();
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("users/{name}.yaml"), "x: 1\n");
    }
    sandbox.write("README.md", "hello\n");
    sandbox.commit("one");
    assert_eq!(changes(&sandbox), WorktreeChanges::default());
    sandbox.write("users/a.yaml", "x: 2\n");
    std::fs::remove_file(sandbox.dir().join("users/b.yaml")).unwrap();
    sandbox.write("entities/deep/new.json", "{}");
    sandbox.write("entities/notes.txt", "no document\n");
    sandbox.write("src/main.yaml", "elsewhere\n");
    sandbox.write("catalog.yaml", "identity: declared\n");
    sandbox.write("users/large.yaml", &"x".repeat(1001));
    let found = changes(&sandbox);
    assert_eq!(
        summary(&found),
        [
            ("catalog.yaml", Some("identity: declared\n".to_owned())),
            ("entities/deep/new.json", Some("{}".to_owned())),
            ("users/a.yaml", Some("x: 2\n".to_owned())),
            ("users/b.yaml", None),
            ("users/large.yaml", Some("(1001 bytes)".to_owned())),
        ]
    );
    assert_eq!(found.findings, []);
    assert_eq!(found.files[2].before, Some(sandbox.object("HEAD:users/a.yaml")));
    sandbox.git(&["add", "-A"]);
    assert_eq!(changes(&sandbox), found, "the index is not what is judged");
}

#[test]
fn a_change_of_the_same_size_in_the_same_moment_is_seen() {
    let sandbox = Sandbox::new();
    for round in 0..20 {
        sandbox.write("users/a.yaml", &format!("x: {}\n", round % 2));
        sandbox.commit("x");
        sandbox.write("users/a.yaml", &format!("x: {}\n", (round + 1) % 2));
        assert_eq!(changes(&sandbox).files.len(), 1);
    }
}

#[test]
fn ignored_files_are_left_out_unless_they_are_known() {
    let sandbox = Sandbox::new();
    sandbox.write(".gitignore", "*.local.yaml\n/users/private/\n");
    sandbox.write("users/a.local.yaml", "x: 1\n");
    sandbox.git(&["add", "-f", "users/a.local.yaml"]);
    sandbox.commit("one");
    sandbox.write("users/a.local.yaml", "x: 2\n");
    sandbox.write("users/b.local.yaml", "x: 1\n");
    sandbox.write("users/private/c.yaml", "x: 1\n");
    sandbox.write("users/d.yaml", "x: 1\n");
    let found = changes(&sandbox);
    let paths: Vec<&str> = found.files.iter().map(|f| f.path.as_str()).collect();
    assert_eq!(paths, ["users/a.local.yaml", "users/d.yaml"]);
}

#[cfg(unix)]
#[test]
fn links_and_executable_bits_are_found_and_never_followed() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let sandbox = Sandbox::new();
    sandbox.write("users/a.yaml", "x: 1\n");
    sandbox.commit("one");
    std::fs::create_dir(sandbox.home().join("outside")).unwrap();
    std::fs::write(sandbox.home().join("outside/secret.yaml"), "x: secret\n").unwrap();
    symlink(sandbox.home().join("outside"), sandbox.dir().join("teams")).unwrap();
    symlink(sandbox.home().join("outside/secret.yaml"), sandbox.dir().join("users/link.yaml")).unwrap();
    sandbox.write("users/run.yaml", "x: 1\n");
    std::fs::set_permissions(sandbox.dir().join("users/run.yaml"), std::fs::Permissions::from_mode(0o755)).unwrap();
    sandbox.command("mkfifo").arg("users/pipe.yaml").status().unwrap();
    std::fs::create_dir_all(sandbox.dir().join("entities/module/.git")).unwrap();
    let found = changes(&sandbox);
    let mut rules: Vec<&str> = found.findings.iter().map(|f| f.rule).collect();
    rules.sort_unstable();
    assert_eq!(rules, ["git/mode", "git/submodule", "git/symlink", "git/symlink"]);
    assert_eq!(summary(&found), []);
    let linked = sandbox.open().worktree_changes(None, "teams", 1000).unwrap();
    assert_eq!(linked.findings[0].rule, "git/root");
    assert_eq!(linked.files, []);
}

#[test]
fn the_catalog_may_live_in_a_subdirectory() {
    let sandbox = Sandbox::new();
    sandbox.write("sub/users/a.yaml", "x: 1\n");
    sandbox.commit("one");
    sandbox.write("sub/users/b.yaml", "x: 1\n");
    sandbox.write("users/c.yaml", "x: 1\n");
    let found = sandbox.open().worktree_changes(Some(sandbox.object("HEAD^{tree}")), "sub", 1000).unwrap();
    assert_eq!(summary(&found), [("users/b.yaml", Some("x: 1\n".to_owned()))]);
}

#[test]
fn what_a_sparse_checkout_leaves_out_is_not_gone() {
    let sandbox = Sandbox::new();
    sandbox.write("users/a.yaml", "x: 1\n");
    sandbox.write("teams/b.yaml", "x: 1\n");
    sandbox.commit("one");
    sandbox.git(&["sparse-checkout", "set", "users"]);
    assert!(!sandbox.dir().join("teams").exists());
    assert_eq!(changes(&sandbox), WorktreeChanges::default());
}

#[test]
fn a_bare_repository_has_no_working_tree() {
    let sandbox = Sandbox::new();
    sandbox.commit("one");
    sandbox.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    let bare = Repository::open(&sandbox.home().join("bare.git")).unwrap();
    assert!(matches!(bare.worktree_changes(None, "", 1000), Err(GitError::Refused(_))));
}
