//! Opening repositories of every kind, and what their refs name.

use super::sandbox::Sandbox;
use crate::git::{Blob, GitError, ObjectId, Repository};
use crate::model::CommitId;

#[test]
fn opens_work_trees_bare_repositories_and_linked_worktrees() {
    let sandbox = Sandbox::new();
    sandbox.write("users/alice.yaml", "identifier: alice@acme.dev\n");
    let head = sandbox.commit("one");
    sandbox.git(&["clone", "-q", "--bare", ".", "../bare.git"]);
    sandbox.git(&["worktree", "add", "-q", "../linked"]);
    for path in ["repository", "repository/.git", "bare.git", "linked"] {
        let repository = Repository::open(&sandbox.home().join(path)).unwrap();
        assert_eq!(repository.resolve("HEAD").unwrap(), head, "{path}");
        assert_eq!(repository.workdir().is_some(), path != "bare.git", "{path}");
    }
    let deep = sandbox.dir().join("users");
    assert!(matches!(Repository::open(&deep), Err(GitError::NotARepository(_))));
    assert_eq!(Repository::discover(&deep).unwrap().resolve("HEAD").unwrap(), head);
    assert!(matches!(Repository::discover(sandbox.home()), Err(GitError::NotARepository(_))));
}

#[test]
fn says_what_to_do_with_formats_that_cannot_be_read() {
    for (arguments, advice) in [
        (&["init", "-q", "--ref-format=reftable", "."][..], "git refs migrate"),
        (&["init", "-q", "--object-format=sha256", "."][..], "--object-format=sha1"),
    ] {
        let sandbox = Sandbox::bare_home();
        sandbox.git(arguments);
        for error in [Repository::open(&sandbox.dir()).unwrap_err(), Repository::discover(&sandbox.dir()).unwrap_err()] {
            assert!(matches!(error, GitError::Unsupported { .. }), "{error}");
            assert!(error.to_string().contains(advice), "{error}");
            assert!(!error.is_retryable());
        }
    }
}

#[test]
fn a_partial_clone_is_refused() {
    let sandbox = Sandbox::new();
    sandbox.commit("one");
    sandbox.git(&["config", "core.repositoryformatversion", "1"]);
    sandbox.git(&["config", "extensions.partialClone", "origin"]);
    let error = Repository::open(&sandbox.dir()).unwrap_err();
    assert!(error.to_string().contains("--filter"), "{error}");
}

#[test]
fn resolves_revisions_and_says_what_is_unknown() {
    let sandbox = Sandbox::new();
    let one = sandbox.commit("one");
    let two = sandbox.commit("two");
    sandbox.git(&["tag", "-a", "-m", "x", "v1"]);
    let repository = sandbox.open();
    for (rev, expected) in [("HEAD", two), ("main~1", one), ("v1", two), (&one.to_string(), one), ("refs/heads/main", two)] {
        assert_eq!(repository.resolve(rev).unwrap(), expected, "{rev}");
    }
    assert_eq!(repository.resolve(&sandbox.rev("v1").to_string()).unwrap(), two, "a tag's own id");
    for rev in ["nope", "HEAD^{tree}", "--help", "", "main..", &"1".repeat(40), &sandbox.object("HEAD^{tree}").to_string()] {
        let error = repository.resolve(rev).unwrap_err();
        assert!(matches!(error, GitError::UnknownRevision { .. }), "{rev}: {error}");
    }
}

#[test]
fn lists_refs_and_survives_broken_ones() {
    let sandbox = Sandbox::new();
    let one = sandbox.commit("one");
    sandbox.git(&["branch", "feature/a"]);
    let blob = sandbox.raw_object("blob", b"x");
    std::fs::write(sandbox.dir().join(".git/refs/heads/blob"), format!("{blob}\n")).unwrap();
    std::fs::write(sandbox.dir().join(".git/refs/heads/broken"), "not an id\n").unwrap();
    std::fs::write(sandbox.dir().join(".git/refs/heads/missing"), format!("{}\n", "1".repeat(40))).unwrap();
    let repository = sandbox.open();
    let names = repository.references("refs/heads/").unwrap();
    assert_eq!(names, [("refs/heads/feature/a".to_owned(), one), ("refs/heads/main".to_owned(), one)]);
    assert_eq!(repository.reference("refs/heads/main").unwrap(), Some(one));
    assert_eq!(repository.reference("refs/heads/none").unwrap(), None);
    assert_eq!(repository.reference("not a ref").unwrap(), None);
    assert!(matches!(repository.reference("refs/heads/missing"), Err(GitError::Missing { .. })));
    let unborn = Sandbox::new();
    assert_eq!(unborn.open().reference("HEAD").unwrap(), None);
}

#[test]
fn replaced_objects_are_not_followed() {
    let sandbox = Sandbox::new();
    sandbox.write("users/a.yaml", "honest\n");
    let honest = sandbox.commit("honest");
    sandbox.write("users/a.yaml", "evil\n");
    let evil = sandbox.commit("evil");
    sandbox.git(&["replace", &honest.to_string(), &evil.to_string()]);
    assert_eq!(sandbox.git(&["log", "-1", "--format=%s", &honest.to_string()]), "evil", "git itself is fooled");
    let repository = sandbox.open();
    assert_eq!(repository.commit(honest).unwrap().summary, "honest");
    assert_eq!(repository.resolve(&honest.to_string()).unwrap(), honest);
    assert_eq!(repository.range(honest, evil, 10).unwrap().commits, [evil]);
}

#[test]
fn grafts_are_not_followed() {
    let sandbox = Sandbox::new();
    let one = sandbox.commit("one");
    let two = sandbox.commit("two");
    let three = sandbox.commit("three");
    std::fs::create_dir_all(sandbox.dir().join(".git/info")).unwrap();
    std::fs::write(sandbox.dir().join(".git/info/grafts"), format!("{three} {one}\n")).unwrap();
    assert_eq!(sandbox.open().range(one, three, 10).unwrap().commits, [two, three]);
}

#[test]
fn blobs_are_measured_before_they_are_read() {
    let sandbox = Sandbox::new();
    let id = sandbox.raw_object("blob", &[b'x'; 1000]);
    let repository = sandbox.open();
    assert_eq!(repository.blob(id, 999).unwrap(), Blob::TooLarge(1000));
    assert_eq!(repository.blob(id, 1000).unwrap(), Blob::Content(vec![b'x'; 1000]));
    let missing = repository.blob(ObjectId([1; 20]), 10).unwrap_err();
    assert!(matches!(missing, GitError::Missing { .. }) && missing.is_retryable());
    sandbox.commit("one");
    let tree = sandbox.object("HEAD^{tree}");
    let error = repository.blob(tree, 10).unwrap_err();
    assert!(matches!(error, GitError::Malformed { .. }) && !error.is_retryable(), "{error}");
}

#[test]
fn a_corrupt_object_is_an_error_and_not_a_retry() {
    let sandbox = Sandbox::new();
    let id = sandbox.raw_object("blob", b"content that is long enough to be damaged");
    let hex = id.to_string();
    let path = sandbox.dir().join(".git/objects").join(&hex[..2]).join(&hex[2..]);
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 5;
    bytes[last] ^= 0xff;
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    #[allow(clippy::permissions_set_readonly_false)]
    permissions.set_readonly(false);
    std::fs::set_permissions(&path, permissions).unwrap();
    std::fs::write(&path, bytes).unwrap();
    let error = sandbox.open().blob(id, 1000).unwrap_err();
    assert!(!matches!(error, GitError::Missing { .. }), "{error:?}");
}

#[test]
fn a_shallow_clone_says_that_it_is_shallow() {
    let sandbox = Sandbox::new();
    let one = sandbox.commit("one");
    sandbox.commit("two");
    let url = format!("file://{}", sandbox.dir().display());
    sandbox.git(&["clone", "-q", "--depth=1", &url, "../shallow"]);
    let repository = Repository::open(&sandbox.home().join("shallow")).unwrap();
    let head = repository.resolve("HEAD").unwrap();
    let error = repository.range(one, head, 10).unwrap_err();
    assert!(error.to_string().contains("--unshallow"), "{error}");
}

#[test]
fn the_users_address_comes_from_the_configuration() {
    let sandbox = Sandbox::new();
    sandbox.git(&["config", "user.email", " bob@acme.dev "]);
    assert_eq!(sandbox.open().current_user_email().as_deref(), Some("bob@acme.dev"));
}

#[test]
fn ids_are_written_as_git_writes_them() {
    let id = CommitId::from_hex("0123456789abcdef0123456789abcdef01234567").unwrap();
    assert_eq!(ObjectId(id.0).to_string(), id.to_string());
    assert_eq!(format!("{:?}", ObjectId(id.0)), id.to_string());
}

/// What a hook sees: objects in a directory of their own are read beside the repository's, and symbolic refs are followed.
#[test]
fn objects_in_quarantine_are_seen_by_who_is_told_where_they_lie() {
    let directory = tempfile::tempdir().unwrap();
    let (ours, other) = (directory.path().join("ours.git"), directory.path().join("other.git"));
    let repo = git2::Repository::init_bare(&ours).unwrap();
    let blob = git2::Repository::init_bare(&other).unwrap().blob(b"pushed\n").unwrap();
    let id = ObjectId::try_from(blob).unwrap();
    let seen = |repository: &Repository| repository.blob(id, 100).is_ok();
    assert!(!seen(&Repository::open(&ours).unwrap()));
    let quarantine = [other.join("objects")];
    let told = Repository::open_with(&ours, &quarantine).unwrap();
    assert!(seen(&told) && seen(&told.again().unwrap()));
    assert!(repo.find_blob(blob).is_err(), "nothing was written");
    assert!(Repository::open_with(&ours, &[directory.path().join("gone")]).is_ok_and(|repository| !seen(&repository)));

    repo.reference_symbolic("refs/heads/alias", "refs/heads/unborn", true, "").unwrap();
    repo.reference_symbolic("refs/heads/a", "refs/heads/b", true, "").unwrap();
    repo.reference_symbolic("refs/heads/b", "refs/heads/a", true, "").unwrap();
    assert_eq!(told.leads_to("refs/heads/alias").unwrap(), "refs/heads/unborn");
    assert_eq!(told.leads_to("refs/heads/none").unwrap(), "refs/heads/none");
    assert!(told.leads_to("refs/heads/a").is_err(), "in circles");
}
