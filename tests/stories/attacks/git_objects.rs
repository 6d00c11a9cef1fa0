//! Objects that git stores and an honest git never makes.

use crate::harness::Story;

const PROD: &str = "entities/Env/prod.yaml";

#[test]
fn links_programs_and_submodules_are_refused() {
    let story = Story::begin();
    story.topic("link").write_mode("entities/Env/link.yaml", "120000", "prod.yaml").commit_as("alice@acme.dev");
    story.judge("link").fails_by("git/symlink");
    story.topic("exec").write_mode("entities/Env/exec.yaml", "100755", "identifier: exec\n").commit_as("alice@acme.dev");
    story.judge("exec").fails_by("git/mode");
    let tip = story.git.run(&["rev-parse", "main"]);
    let entry = format!("160000 commit {tip}\tmodule.yaml\n");
    let tree = graft(&story, "entities/Env", &entry);
    commit(&story, "module", &tree);
    story.judge("module").fails_by("git/submodule");
}

#[test]
fn paths_that_collide_by_case_are_refused() {
    let story = Story::begin();
    story.topic("case").write("entities/Env/PROD.yaml", "identifier: other\n").commit_as("alice@acme.dev");
    story.judge("case").fails_by("git/case-collision");
}

#[test]
fn a_tree_with_one_name_twice_is_refused() {
    let story = Story::begin();
    let blob = story.git.feed(&["hash-object", "-w", "--stdin"], b"identifier: twin\n");
    let other = story.git.feed(&["hash-object", "-w", "--stdin"], b"identifier: twin\nteam: platform\n");
    let mut raw = Vec::new();
    for id in [&blob, &other] {
        raw.extend_from_slice(b"100644 twin.yaml\0");
        raw.extend((0..40).step_by(2).map(|i| u8::from_str_radix(&id[i..i + 2], 16).unwrap()));
    }
    let env = story.git.feed(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &raw);
    let tree = graft_tree(&story, "Twin", &env);
    commit(&story, "twin", &tree);
    story.judge("twin").fails_by("git/duplicate-entry");
}

#[test]
fn names_that_escape_the_tree_are_refused() {
    let story = Story::begin();
    let blob = story.git.feed(&["hash-object", "-w", "--stdin"], b"identifier: x\n");
    for name in ["..", ".git", ".GIT", "git~1"] {
        let mut raw = format!("100644 {name}\0").into_bytes();
        raw.extend((0..40).step_by(2).map(|i| u8::from_str_radix(&blob[i..i + 2], 16).unwrap()));
        let env = story.git.feed(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &raw);
        let tree = graft_tree(&story, "Escape", &env);
        commit(&story, "escape", &tree);
        story.judge("escape").fails_by("git/name");
    }
}

#[test]
fn a_replaced_object_is_read_as_it_was() {
    let story = Story::begin();
    let innocent = story.git.id("main").to_string();
    story.topic("grab").replace(PROD, "note: careful", "size: 9").commit_as("bob@acme.dev");
    story.git.run(&["replace", "grab", &innocent]);
    assert_eq!(
        story.git.run(&["rev-parse", "grab^{tree}"]),
        story.git.run(&["rev-parse", "main^{tree}"]),
        "git itself is fooled"
    );
    story.judge("grab").refuses("Env/prod", "size");
}

#[test]
fn a_merge_that_smuggles_a_change_is_judged_by_what_it_adds_to_the_clean_merge() {
    let story = Story::begin();
    story.topic("work").replace(PROD, "slack.example/prod", "slack.example/new").commit_as("bob@acme.dev");
    story.main().write("entities/System/new.yaml", "identifier: new\n").commit_as("alice@acme.dev");
    // An honest merge of main changes nothing by itself.
    story.git.run(&["checkout", "-q", "-f", "work"]);
    story.git.run_as("bob@acme.dev", &["merge", "-q", "--no-edit", "main"]);
    story.judge("work").succeeds();
    // The same merge with a change of its own is the merger's change.
    story.git.run(&["reset", "-q", "--hard", "HEAD^"]);
    story.git.run_as("bob@acme.dev", &["merge", "-q", "--no-commit", "--no-ff", "main"]);
    let path = story.git.dir.join(PROD);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("note: careful", "note: careful\n  size: 9")).unwrap();
    story.git.run(&["add", "-A"]);
    story.git.run_as("bob@acme.dev", &["commit", "-q", "-m", "Merge main"]);
    story.judge("work").refuses("Env/prod", "size").allows("Env/prod", "slackChannelUrl");
}

#[test]
fn filters_and_encodings_of_gitattributes_change_nothing() {
    let story = Story::begin();
    story
        .topic("filter")
        .write(".gitattributes", "*.yaml working-tree-encoding=UTF-16 filter=evil ident eol=crlf\n")
        .replace(PROD, "note: careful", "note: careful\n  size: 9")
        .commit_as("bob@acme.dev");
    story.judge("filter").refuses("Env/prod", "size");
}

#[test]
fn a_file_that_becomes_a_directory_loses_what_it_declared() {
    let story = Story::begin();
    story
        .topic("swap")
        .remove("permissions/Deployment.yaml")
        .write("permissions/Deployment.yaml/inner.yaml", "blueprint: Deployment\nentities: { update: { roles: [Member] } }\n")
        .replace("entities/Deployment/first.yaml", "'1'", "'2'")
        .commit_as("bob@acme.dev");
    story.judge("swap").refuses("permissions/Deployment", "").refuses("Deployment/first", "version");
}

#[test]
fn a_very_deep_tree_is_refused_and_harms_nothing() {
    let story = Story::begin();
    let path = format!("{}deep.yaml", "d/".repeat(300));
    story.topic("far").write(&path, "identifier: deep\n").commit_as("alice@acme.dev");
    let tree = graft_tree(&story, "Deep", &story.git.run(&["rev-parse", "far:d"]));
    commit(&story, "deep", &tree);
    story.judge("deep").fails_by("git/depth");
}

#[test]
fn more_commits_than_the_limit_are_refused() {
    let story = Story::with(&[("catalog.yaml", "identity: declared\nlimits: { commits: 3 }\n")]);
    for i in 0..4 {
        story.topic("long").append(PROD, &format!("# {i}\n")).commit_as("alice@acme.dev");
    }
    story.judge("long").fails_by("limit/commits");
}

#[test]
fn more_files_than_the_limit_are_refused() {
    let story = Story::with(&[("catalog.yaml", "identity: declared\nlimits: { files: 3 }\n")]);
    let topic = (0..4)
        .fold(story.topic("wide"), |topic, i| topic.write(&format!("entities/Env/n{i}x.yaml"), &format!("identifier: n{i}x\n")));
    topic.commit_as("alice@acme.dev");
    story.judge("wide").fails_by("limit/files");
}

/// The whole range changes nothing; its first commit alone would take as long to read as its author likes.
#[test]
fn more_files_than_the_limit_in_a_commit_that_a_later_one_takes_back_are_refused() {
    let story = Story::with(&[("catalog.yaml", "identity: declared\nlimits: { files: 3 }\n")]);
    let topic = (0..4)
        .fold(story.topic("wide"), |topic, i| topic.write(&format!("entities/Env/n{i}x.yaml"), &format!("identifier: n{i}x\n")));
    topic.commit_as("alice@acme.dev");
    (0..4).fold(story.topic("wide"), |topic, i| topic.remove(&format!("entities/Env/n{i}x.yaml"))).commit_as("alice@acme.dev");
    story.judge("wide").fails_by("limit/files");
}

#[test]
fn a_branch_that_conflicts_is_not_merged_by_guessing() {
    let story = Story::begin();
    story.topic("work").replace(PROD, "slack.example/prod", "slack.example/mine").commit_as("bob@acme.dev");
    story.main().replace(PROD, "slack.example/prod", "slack.example/theirs").commit_as("alice@acme.dev");
    story.judge("work").fails_by("git/conflict");
}

#[test]
fn a_commit_with_two_committers_or_without_any_is_not_judged() {
    let story = Story::begin();
    story.topic("edit").append(PROD, "icon: Skull\n").commit_as("bob@acme.dev");
    let raw = story.git.run(&["cat-file", "commit", "edit"]) + "\n";
    let line = raw.lines().find(|line| line.starts_with("committer ")).unwrap();
    let alice = line.replace("bob@acme.dev", "alice@acme.dev");
    for hostile in [raw.replacen(line, &format!("{line}\n{alice}"), 1), raw.replacen(&format!("{line}\n"), "", 1)] {
        let id = story.git.feed(&["hash-object", "-t", "commit", "-w", "--literally", "--stdin"], hostile.as_bytes());
        story.git.run(&["update-ref", "refs/heads/edit", &id]);
        story.refuses_to_judge("edit");
    }
}

/// `main`'s tree with raw lines of `git mktree` added under a directory.
fn graft(story: &Story, directory: &str, entry: &str) -> String {
    let listing = story.git.run(&["ls-tree", &format!("main:{directory}")]);
    let inner = story.git.feed(&["mktree"], format!("{listing}\n{entry}").as_bytes());
    replace_tree(story, directory, &inner)
}

/// `main`'s tree with this tree as `entities/<name>`.
fn graft_tree(story: &Story, name: &str, tree: &str) -> String {
    let listing = story.git.run(&["ls-tree", "main:entities"]);
    let inner = story.git.feed(&["mktree", "--missing"], format!("{listing}\n040000 tree {tree}\t{name}\n").as_bytes());
    replace_tree(story, "entities", &inner)
}

fn replace_tree(story: &Story, directory: &str, tree: &str) -> String {
    let mut tree = tree.to_owned();
    let mut path = directory;
    loop {
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", path));
        let listing = story.git.run(&["ls-tree", &format!("main:{parent}")]);
        let kept: Vec<&str> = listing.lines().filter(|line| line.split('\t').nth(1) != Some(name)).collect();
        tree = story.git.feed(&["mktree", "--missing"], format!("{}\n040000 tree {tree}\t{name}\n", kept.join("\n")).as_bytes());
        if parent.is_empty() {
            return tree;
        }
        path = parent;
    }
}

fn commit(story: &Story, branch: &str, tree: &str) {
    let commit = story.git.run(&["commit-tree", tree, "-p", "main", "-m", "Hostile"]);
    story.git.run(&["update-ref", &format!("refs/heads/{branch}"), &commit]);
}
