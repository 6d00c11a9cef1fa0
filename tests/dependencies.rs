//! What comes into the build: licences, banned crates and sources, by the lists of `deny.toml` and without a network.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::string_slice)] // a test may fail loudly

use std::process::Command;

use serde_json::Value;

const DENY: &str = include_str!("../deny.toml");
const LOCK: &str = include_str!("../Cargo.lock");

/// The texts of every list called `name`, comments aside.
fn listed(name: &str, within: &str) -> Vec<String> {
    let section = DENY.split(&format!("[{within}]")).nth(1).unwrap().split("\n[").next().unwrap();
    let list = section.split(&format!("\n{name} = [")).nth(1).unwrap().split("\n]").next().unwrap();
    let code: String = list.lines().map(|line| line.split('#').next().unwrap()).collect();
    code.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression, of the shapes that crates write, can be met by these licences alone.
fn met(expression: &str, allowed: &[String]) -> bool {
    let expression = expression.replace('/', " OR ").replace(" OR  ", " OR ");
    let parts = |text: &str, word: &str| -> Vec<String> {
        let (mut parts, mut depth, mut part) = (Vec::new(), 0, String::new());
        for token in text.replace('(', " ( ").replace(')', " ) ").split_whitespace() {
            depth += i32::from(token == "(") - i32::from(token == ")");
            if depth == 0 && token == word {
                parts.push(std::mem::take(&mut part));
            } else {
                part = format!("{part} {token}");
            }
        }
        parts.push(part);
        parts.iter().map(|part| part.trim().to_owned()).collect()
    };
    let bare = |text: &str| text.strip_prefix("( ").and_then(|t| t.strip_suffix(" )")).map(str::to_owned);
    parts(&expression, "OR").iter().any(|choice| {
        parts(choice, "AND").iter().all(|one| match bare(one) {
            Some(inner) => met(&inner, allowed),
            None => allowed.contains(one),
        })
    })
}

#[test]
fn every_licence_is_one_that_we_accept() {
    let host = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let host = String::from_utf8(host).unwrap().lines().find_map(|l| l.strip_prefix("host: ").map(str::to_owned)).unwrap();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline", "--filter-platform", &host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let (allowed, excepted) = (listed("allow", "licenses"), listed("exceptions", "licenses"));
    assert!(allowed.iter().any(|l| l == "MIT") && excepted.iter().any(|c| c == "imbl"), "the lists are read");
    let refused: Vec<String> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|package| {
            let (name, licence) = (package["name"].as_str().unwrap(), package["license"].as_str().unwrap_or(""));
            !(met(licence, &allowed) || licence == "MPL-2.0+" && excepted.iter().any(|c| c == name))
        })
        .map(|package| format!("{} {}: {}", package["name"], package["version"], package["license"]))
        .collect();
    assert!(refused.is_empty(), "not among the licences of deny.toml:\n{}", refused.join("\n"));
}

#[test]
fn no_banned_crate_is_built() {
    // The lock also holds what only features that are off would bring in (`reqwest?/rustls` of octocrab); the tree holds what is built.
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--target", "all", "--edges", "all", "--prefix", "none", "--format", "{p}", "--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let built: std::collections::BTreeSet<&str> = tree.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(built.contains("octocrab") && built.contains("ring"), "the tree is read");
    let banned: Vec<String> = listed("deny", "bans").into_iter().filter(|text| !text.contains(' ')).collect();
    assert!(banned.iter().any(|c| c == "openssl-sys"), "the list is read");
    for name in banned {
        assert!(!built.contains(name.as_str()), "{name} has come in; `cargo tree -i {name}` says by whom");
    }
}

#[test]
fn every_source_is_the_public_registry() {
    let sources = LOCK.lines().filter_map(|line| line.strip_prefix("source = "));
    for source in sources {
        assert_eq!(source, "\"registry+https://github.com/rust-lang/crates.io-index\"");
    }
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT".to_owned(), "Unicode-3.0".to_owned(), "Apache-2.0 WITH LLVM-exception".to_owned()];
    for good in ["MIT", "GPL-3.0 OR MIT", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]
    {
        assert!(met(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR GPL-3.0) AND GPL-2.0", "Apache-2.0"] {
        assert!(!met(bad, &allowed), "{bad}");
    }
}

#[test]
fn the_image_is_built_from_all_that_is_compiled_in() {
    let explain = include_str!("../src/cli/explain.rs");
    let compiled_in = explain.split("include_str!(\"../../").skip(1).map(|rest| rest.split('"').next().unwrap());
    let (docker, context) = (include_str!("../Dockerfile"), include_str!("../.dockerignore"));
    let directories: std::collections::BTreeSet<&str> = compiled_in.map(|path| path.rsplit_once('/').unwrap().0).collect();
    assert!(!directories.is_empty());
    for directory in directories.into_iter().chain(["src", "benches", "examples", ".cargo"]) {
        assert!(docker.contains(&format!("COPY {directory} {directory}\n")), "{directory} is not copied into the image's build");
        assert!(context.lines().any(|line| line == format!("!{directory}")), "{directory} is not in the build's context");
    }
}
