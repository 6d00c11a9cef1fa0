//! Merges that choose, drop or smuggle.

use portcullis::facts::FactsError;

use crate::harness::Story;

const CAROL: &str = "users/carol@acme.dev.yaml";

/// alice edits carol's file on a topic, while main takes carol's moderation away in the line above: the two conflict.
fn demoted() -> Story {
    let story = Story::begin();
    story
        .topic("work")
        .replace(CAROL, "emails: [carol@home.example]", "emails: [carol@work.example]")
        .commit_as("alice@acme.dev");
    story.main().replace(CAROL, "roles: [Member, Env-moderator]", "roles: [Member]").commit_as("alice@acme.dev");
    story
}

/// Commits a merge of these parents whose tree is that of another revision, or of an edit of it.
fn merge(story: &Story, branch: &str, parents: &[&str], tree: &str, by: &str) {
    let tree = story.git.run(&["rev-parse", &format!("{tree}^{{tree}}")]);
    let mut args = vec!["commit-tree", tree.as_str(), "-m", "Merge"];
    for parent in parents {
        args.extend(["-p", parent]);
    }
    let id = story.git.run_as(by, &args);
    story.git.run(&["update-ref", &format!("refs/heads/{branch}"), &id]);
}

#[test]
fn taking_one_side_of_a_conflict_is_the_mergers_own_change() {
    let story = demoted();
    merge(&story, "back", &["work", "main"], "work", "carol@acme.dev");
    story.judge("back").refuses("users/carol@acme.dev", "");
    merge(&story, "swapped", &["main", "work"], "work", "carol@acme.dev");
    story.judge("swapped").refuses("users/carol@acme.dev", "");
}

#[test]
fn a_conflict_elsewhere_excuses_nothing() {
    let story = Story::begin();
    story.topic("work").write("README.md", "ours\n").commit_as("carol@acme.dev");
    story
        .main()
        .write("README.md", "theirs\n")
        .replace(CAROL, "roles: [Member, Env-moderator]", "roles: [Member]")
        .commit_as("alice@acme.dev");
    merge(&story, "back", &["work", "main"], "work", "carol@acme.dev");
    story.judge("back").refuses("users/carol@acme.dev", "");
}

#[test]
fn a_merge_of_three_is_judged_like_one_of_two() {
    let story = demoted();
    story.topic("other").write("README.md", "other\n").commit_as("carol@acme.dev");
    merge(&story, "octopus", &["work", "main", "other"], "work", "carol@acme.dev");
    story.judge("octopus").refuses("users/carol@acme.dev", "");
}

#[test]
fn settling_a_conflict_as_both_sides_meant_is_nobodys_change() {
    let story = demoted();
    let settled = story.git.show("work", CAROL).replace("roles: [Member, Env-moderator]", "roles: [Member]");
    story.topic("both").write(CAROL, &settled).commit_as("alice@acme.dev");
    merge(&story, "both", &["work", "main"], "both", "bob@acme.dev");
    story.judge("both").allows("users/carol@acme.dev", "");
}

#[test]
fn a_directory_that_stands_twice_in_a_tree_is_not_washed_clean() {
    let story = Story::begin();
    let entry = |line: &str| {
        let (head, name) = line.split_once('\t').unwrap();
        let (mode, id) = (head.split(' ').next().unwrap(), head.split(' ').nth(2).unwrap());
        let mut raw = format!("{}\0", [mode.trim_start_matches('0'), name].join(" ")).into_bytes();
        raw.extend(portcullis::model::CommitId::from_hex(id).unwrap().0);
        raw
    };
    let listing = story.git.run(&["ls-tree", "main"]);
    let mut raw = Vec::new();
    for line in listing.lines() {
        raw.extend(entry(line));
        if line.ends_with("\tusers") {
            raw.extend(entry(line));
        }
    }
    let tree = story.git.feed(&["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &raw);
    let id = story.git.run_as("bob@acme.dev", &["commit-tree", &tree, "-p", "main", "-m", "Twice"]);
    story.git.run(&["update-ref", "refs/heads/twice", &id]);
    story.judge("twice").fails_by("git/duplicate-entry");
    story.main().write("README.md", "moved on\n").commit_as("alice@acme.dev");
    story.judge("twice").fails_by("git/duplicate-entry");
}

#[test]
fn a_catalog_directory_that_is_not_there_is_no_clean_catalog() {
    let story = Story::begin();
    story.topic("edit").replace(CAROL, "Member", "Admin").commit_as("bob@acme.dev");
    for root in ["nosuch", "users"] {
        let workspace = story.workspace(root);
        let asked = workspace.propose(&story.ask("main", "edit"));
        assert!(matches!(asked.err(), Some(FactsError::NoCatalog { .. })), "{root}");
    }
}
