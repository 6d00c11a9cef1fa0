//! What the documents promise: links that lead somewhere, tests that exist, commands that can be typed, and no page that nobody finds.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};
use portcullis::cli::Cli;

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
    // A story of the stores is told to each of them, by the list at the top of its file.
    let told = text.contains("on_both_stores! {") && lines.contains(&function);
    (told || marked("#[test]") || marked("#[tokio::test")) && !marked("#[ignore")
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

/// Every `portcullis …` in a fence or in code, as it would be typed: the program knows the command and its options.
#[test]
fn every_command_line_that_is_shown_can_be_typed() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        for Shown { line, typed, in_sentence } in shown_commands(&text) {
            tried += 1;
            if let Err(error) = understood(&typed, in_sentence) {
                wrong.push(format!("{}:{line}: {typed}\n    {error}", document.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "the program does not take what the documents show:\n{}", wrong.join("\n"));
    assert!(tried > 60, "only {tried} command lines are found");
}

/// The examples at the end of each `--help`, and what its sentences show between backticks.
#[test]
fn every_command_line_in_the_help_can_be_typed() {
    let mut wrong = Vec::new();
    for (name, mut command) in commands() {
        let help = command.render_long_help().to_string();
        for line in help.lines().filter_map(|line| line.strip_prefix("  portcullis ")) {
            let typed = format!("portcullis {}", line.split("  ").next().unwrap());
            if let Err(error) = understood(&typed, false) {
                wrong.push(format!("{name}: {typed}\n    {error}"));
            }
        }
    }
    assert!(wrong.is_empty(), "the help shows what the program does not take:\n{}", wrong.join("\n"));
}

/// `docs/cli.md` has a section for every command, and in it, or in what all share, every option.
#[test]
fn every_command_and_every_option_is_documented() {
    let page = fs::read_to_string(root().join("docs/cli.md")).unwrap();
    let shared = section(&page, "What the commands share").unwrap();
    let elsewhere = fs::read_to_string(root().join("docs/configuration.md")).unwrap();
    let mut missing = Vec::new();
    for (name, command) in commands() {
        let heading = name.split(' ').next().unwrap();
        let Some(section) = section(&page, heading) else {
            missing.push(format!("`## {heading}`"));
            continue;
        };
        // The options of the daemon have a page of their own, to which the section leads.
        let known = if section.contains("(configuration.md)") { format!("{section}{elsewhere}") } else { section };
        if !known.contains(&format!("portcullis {name}")) {
            missing.push(format!("`portcullis {name}`"));
        }
        for option in command.get_arguments().filter(|a| !a.is_hide_set()).filter_map(clap::Arg::get_long) {
            let said = |text: &str| text.split(|c: char| !(c == '-' || c.is_alphanumeric())).any(|w| w == format!("--{option}"));
            if !matches!(option, "help" | "version") && !said(&known) && !said(&shared) {
                missing.push(format!("`portcullis {name} --{option}`"));
            }
        }
    }
    assert!(missing.is_empty(), "docs/cli.md says nothing of:\n{}", missing.join("\n"));
}

/// Every page is in the guide, leads back to it at its end, and can be reached from the README.
#[test]
fn no_page_is_an_orphan() {
    let docs = root().join("docs");
    let guide = fs::read_to_string(docs.join("README.md")).unwrap();
    let mut wrong = Vec::new();
    for page in documents().into_iter().filter(|page| page.parent() == Some(&docs)) {
        let name = page.file_name().unwrap().to_str().unwrap().to_owned();
        if name != "README.md" && !guide.contains(&format!("]({name}")) {
            wrong.push(format!("docs/README.md does not lead to {name}"));
        }
        let text = fs::read_to_string(&page).unwrap();
        let generated = ["README.md", "reference.md", "rules.md"].contains(&name.as_str());
        if !generated && !text.trim_end().lines().last().unwrap().contains("](README.md)") {
            wrong.push(format!("{name} does not end with the way on and back to README.md"));
        }
    }
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    assert!(readme.contains("](docs/README.md)"), "README.md leads to the guide");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A rule that a document names is one of the index.
#[test]
fn every_rule_that_is_named_exists() {
    let index = fs::read_to_string(root().join("docs/rules.md")).unwrap();
    let families: BTreeSet<&str> = index.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let mut wrong = Vec::new();
    for document in documents() {
        let text = fs::read_to_string(&document).unwrap();
        let unfenced = text.split("\n```").step_by(2);
        for code in unfenced.flat_map(|text| text.split('`').skip(1).step_by(2)) {
            let family = code
                .split_once('/')
                .filter(|(_, name)| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
            // What `can` says of reading, which no finding is ever about.
            let named = family.is_some_and(|(family, _)| families.contains(family)) && code != "permission/read";
            if named && !index.contains(&format!("[`{code}`]")) {
                wrong.push(format!("{}: {code}", document.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "no such rule:\n{}", wrong.join("\n"));
}

/// `ARCHITECTURE.md` names every room of the source tree and every test beside it.
#[test]
fn the_architecture_is_that_of_the_source_tree() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let names = |directory: &str| fs::read_dir(root().join(directory)).unwrap().map(|entry| entry.unwrap().path());
    let rooms = names("src").filter(|path| path.is_dir()).map(|path| format!("`{}/`", path.file_name().unwrap().display()));
    let programs = names("tests").filter(|path| path.is_dir() && path.join("main.rs").exists());
    let programs = programs.map(|path| format!("`tests/{}/`", path.file_name().unwrap().display()));
    let files = names("tests").filter(|path| path.extension().is_some_and(|e| e == "rs"));
    let files = files.map(|path| format!("`tests/{}`", path.file_name().unwrap().display()));
    let missing: Vec<String> = rooms.chain(programs).chain(files).filter(|name| !text.contains(name)).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md says nothing of: {missing:?}");
}

/// Every command that is not hidden, by what is typed after `portcullis`: `check`, `runs list`.
fn commands() -> Vec<(String, clap::Command)> {
    fn below(prefix: &str, command: &clap::Command, found: &mut Vec<(String, clap::Command)>) {
        for command in command.get_subcommands().filter(|c| !c.is_hide_set() && c.get_name() != "help") {
            let name = format!("{prefix}{}", command.get_name());
            if command.has_subcommands() {
                below(&format!("{name} "), command, found);
            } else {
                found.push((name, command.clone()));
            }
        }
    }
    let mut found = Vec::new();
    below("", &Cli::command(), &mut found);
    found
}

/// A command line that a document shows.
struct Shown {
    line: usize,
    typed: String,
    /// In code within a sentence, which may name a command without all that it needs.
    in_sentence: bool,
}

/// The command lines that a document shows: in fences where one stands at the beginning, or after a prompt, `exec` or the key of a
/// workflow; and in code within a sentence.
fn shown_commands(text: &str) -> Vec<Shown> {
    let mut found = Vec::new();
    let mut fenced = false;
    let mut lines = text.lines().zip(1..);
    while let Some((shown, line)) = lines.next() {
        if shown.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let mut shown = shown.trim().to_owned();
            while let Some(first) = shown.strip_suffix('\\') {
                let Some((next, _)) = lines.next() else { break };
                shown = format!("{first}{}", next.trim());
            }
            let mut typed = shown.as_str();
            for before in ["- ", "$ ", "exec ", "run: ", "entry: "] {
                typed = typed.strip_prefix(before).unwrap_or(typed);
            }
            let built = typed.starts_with("cargo run ").then(|| typed.split_once(" -- ")).flatten();
            let typed = built.map_or(typed.to_owned(), |(_, rest)| format!("portcullis {rest}"));
            found.extend(typed.starts_with("portcullis ").then_some(Shown { line, typed, in_sentence: false }));
        } else {
            let code = shown.split('`').skip(1).step_by(2).map(|code| code.strip_prefix("exec ").unwrap_or(code));
            let code = code.filter(|code| code.starts_with("portcullis "));
            found.extend(code.map(|code| Shown { line, typed: code.to_owned(), in_sentence: true }));
        }
    }
    found
}

/// Whether the program takes this: a command line as it stands, or a synopsis, of which the command and each option must be known.
fn understood(shown: &str, in_sentence: bool) -> Result<(), String> {
    let words = words(shown);
    let placeholder = |word: &String| word.contains(['[', '…']) || word.split_once('|').is_some();
    if words.iter().any(placeholder) || words.get(1).is_some_and(|word| word == "COMMAND") {
        return known_synopsis(&words);
    }
    match Cli::try_parse_from(words) {
        Ok(_) => Ok(()),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(()),
            ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if in_sentence => Ok(()),
            _ => Err(error.to_string().lines().next().unwrap_or_default().to_owned()),
        },
    }
}

/// Whether there is the command, and each `--option` in brackets is one of its own.
fn known_synopsis(words: &[String]) -> Result<(), String> {
    let mut command = Cli::command();
    for word in words.iter().skip(1).take_while(|word| !word.starts_with(['[', '-'])).filter(|word| *word != "COMMAND") {
        let Some(inner) = command.find_subcommand(word).cloned() else { break };
        command = inner;
    }
    if command.get_name() == "portcullis" && !words.iter().any(|word| word == "COMMAND") {
        return Err("no such command".to_owned());
    }
    let options = words.iter().flat_map(|word| word.split(|c: char| !(c == '-' || c.is_alphanumeric())));
    for option in options.filter_map(|word| word.strip_prefix("--")).filter(|option| !option.is_empty()) {
        let global = ["help", "version", "color"].contains(&option);
        if !global && !command.get_arguments().any(|argument| argument.get_long() == Some(option)) {
            return Err(format!("`{}` has no option `--{option}`", command.get_name()));
        }
    }
    Ok(())
}

/// The words of the first command of a line, as a shell takes them: quotes joined, ended by a comment, a pipe or the like.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match quote {
            Some(q) if c == q => quote = None,
            Some(_) => word.get_or_insert_default().push(c),
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if matches!(c, '>' | ';' | '&') || (matches!(c, '|' | '#') && word.is_none()) => break,
            None if c.is_whitespace() => words.extend(word.take()),
            None => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// What stands below `## title`, up to the next such heading.
fn section(page: &str, title: &str) -> Option<String> {
    let heading = format!("## {title}");
    let mut lines = page.lines().skip_while(|line| *line != heading);
    lines.next()?;
    Some(lines.take_while(|line| !line.starts_with("## ")).collect::<Vec<_>>().join("\n"))
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
