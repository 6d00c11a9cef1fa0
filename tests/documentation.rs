//! What the documents promise: links that lead somewhere, tests that exist, and nothing that belongs to one machine.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

#[test]
fn links_between_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for document in documents() {
        let text = prose(&fs::read_to_string(&document).unwrap());
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { document.clone() } else { document.parent().unwrap().join(file) };
            let found = target.exists() && (anchor.is_empty() || anchors(&target).contains(anchor));
            if !found {
                broken.push(format!("{}: {link}", document.display()));
            }
        }
    }
    assert!(broken.is_empty(), "links to nowhere:\n{}", broken.join("\n"));
}

/// Every row of the threat model names one test that is there, no two the same, and there are at least sixty.
///
/// `attacks::<file>::<test>` stands in `tests/stories/attacks/<file>.rs`; any other is `<path of the file>::<test>`.
#[test]
fn every_attack_has_its_test() {
    let model = fs::read_to_string(root().join("docs/threat-model.md")).unwrap();
    let rows: Vec<&str> = model.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attack |")).collect();
    let test_of = |row: &&str| row.trim_end_matches(" |").rsplit(" | ").next().unwrap().trim_matches('`').to_owned();
    let named: Vec<String> = rows.iter().map(test_of).collect();
    assert!(named.len() >= 60, "only {} attacks", named.len());
    let mut seen = BTreeSet::new();
    let repeated: Vec<_> = named.iter().filter(|name| !seen.insert(*name)).collect();
    assert!(repeated.is_empty(), "a test stands for one attack: {repeated:#?}");
    let missing: Vec<_> = named.iter().filter(|name| !is_test(name)).collect();
    assert!(missing.is_empty(), "attacks without a test: {missing:#?}");
}

/// Whether there is such a function, and it is a test that is not ignored.
fn is_test(name: &str) -> bool {
    let Some((place, function)) = name.rsplit_once("::") else { return false };
    let file = match place.strip_prefix("attacks::") {
        Some(file) => format!("tests/stories/attacks/{file}.rs"),
        None => place.to_owned(),
    };
    let Ok(text) = fs::read_to_string(root().join(file)) else { return false };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let heads = [format!("fn {function}("), format!("async fn {function}(")];
    let Some(at) = lines.iter().position(|line| heads.iter().any(|head| line.starts_with(head))) else { return false };
    let above: Vec<_> = lines[..at].iter().rev().take_while(|line| line.starts_with('#') || line.starts_with("//")).collect();
    let marked = |mark: &str| above.iter().any(|line| line.starts_with(mark));
    (marked("#[test]") || marked("#[tokio::test")) && !marked("#[ignore")
}

/// The commands of `docs/git-forge.md`, pasted one after the other into a clone by somebody with an SSH key.
#[test]
fn the_commands_for_plain_git_work_as_they_stand() {
    let home = tempfile::tempdir().unwrap();
    let run = |directory: &Path, script: &str| {
        let output = Command::new("bash")
            .args(["-euc", script])
            .current_dir(directory)
            .env("HOME", home.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_PAGER", "cat")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("SSH_AUTH_SOCK")
            .output()
            .unwrap();
        let (told, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{script}\n{told}\n{complained}");
        told.into_owned()
    };
    run(
        home.path(),
        "mkdir .ssh && ssh-keygen -q -t ed25519 -N '' -f .ssh/id_ed25519
         git config --global user.name Carol && git config --global user.email carol@acme.dev
         git init -q --bare -b main server.git && git clone -q server.git clone
         cd clone && git switch -q -c main && mkdir runs && touch catalog.yaml && git add . && git commit -qm begin && git push -q origin main",
    );
    let text = fs::read_to_string(root().join("docs/git-forge.md")).unwrap();
    let pasted: String =
        text.split("\n```sh\n").skip(1).map(|block| block.split("\n```").next().unwrap().to_owned() + "\n").collect();
    // The answers of a daemon, which is not there to give them.
    let pasted: String =
        pasted.lines().filter(|line| !line.ends_with(" show extend-env")).map(|line| format!("{line}\n")).collect();
    let clone = home.path().join("clone");
    run(&clone, &pasted);
    let signed = run(
        &clone,
        "git fetch -q origin && git cat-file commit \"$(git ls-remote origin refs/notes/devtools/discuss | cut -f 1)\"",
    );
    assert!(signed.contains("\ngpgsig -----BEGIN SSH SIGNATURE-----"), "the review is signed:\n{signed}");
    let review = run(&clone, "git notes --ref=devtools/discuss show origin/extend-env");
    let review: serde_json::Value = serde_json::from_str(&review).unwrap();
    assert_eq!(review["resolved"], true);
    assert_eq!(review["location"]["commit"].as_str(), Some(run(&clone, "git rev-parse origin/extend-env").trim()));
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every Markdown file of the project.
fn documents() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for directory in ["", "docs", "docs/rules", "examples/catalog-repo"].map(|d| root().join(d)) {
        let files = fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().path());
        found.extend(files.filter(|path| path.extension().is_some_and(|e| e == "md")));
    }
    assert!(found.len() > 5, "the documents are found");
    found
}

/// The text without what stands in fences or in code.
fn prose(text: &str) -> String {
    let unfenced: String = text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n");
    unfenced.split('`').step_by(2).collect()
}

/// The anchors of a document's headings, as forges make them.
fn anchors(document: &Path) -> BTreeSet<String> {
    let text = fs::read_to_string(document).unwrap();
    let unfenced: String = text.split("\n```").step_by(2).collect::<Vec<_>>().join("\n");
    let heading = |line: &str| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase());
    let slug = |title: String| -> String {
        title
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
            .map(|c| if c == ' ' { '-' } else { c })
            .collect()
    };
    unfenced.lines().filter_map(heading).map(slug).collect()
}
