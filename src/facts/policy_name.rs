//! A policy under another name is not read, and nobody shall believe that it is.

use crate::git::{ObjectId, Repository};
use crate::model::{FilePath, Finding, Kind, Place};

use super::FactsError;

/// Names that a person would take for the policy's.
const MISTAKEN: [&str; 2] = ["catalog.yml", "catalog.json"];

/// What is wrong where these files stand at the catalog's root: an error where there is no policy beside them.
fn findings(stands: &mut dyn FnMut(&FilePath) -> Result<bool, FactsError>) -> Result<Vec<Finding>, FactsError> {
    let policy = FilePath::new(Kind::Policy.directory());
    let mut out = Vec::new();
    for name in MISTAKEN {
        let file = FilePath::new(name);
        if !stands(&file)? {
            continue;
        }
        let finding = if stands(&policy)? {
            let message = format!("`{name}` is not read: the policy is `{policy}`, which stands beside it");
            Finding::warning("document/policy-name", message)
                .help(format!("put what it says into `{policy}` and delete it; if it belongs to another program, leave it"))
        } else {
            let message = format!("`{name}` is not read: the policy is called `{policy}`, and there is none");
            Finding::error("document/policy-name", message).help(format!(
                "rename it to `{policy}`; until then the defaults hold, signatures on every commit among them. \
                 If it belongs to another program, add a `{policy}` of your own"
            ))
        };
        out.push(finding.at(Place::file(&file)));
    }
    Ok(out)
}

/// In a tree, as far as `before` had it not.
pub(super) fn in_tree(
    repository: &Repository,
    root: &str,
    before: ObjectId,
    after: ObjectId,
) -> Result<Vec<Finding>, FactsError> {
    if before == after {
        return Ok(Vec::new());
    }
    let mut found = findings(&mut |file| Ok(repository.file_at(after, root, file)?.is_some()))?;
    // What was accepted once does not fail every change from then on.
    let known = findings(&mut |file| Ok(repository.file_at(before, root, file)?.is_some()))?;
    found.retain(|finding| !known.contains(finding));
    Ok(found)
}

/// In a working tree, which is told everything.
pub(super) fn in_working_tree(repository: &Repository, root: &str) -> Result<Vec<Finding>, FactsError> {
    let Some(top) = repository.workdir() else { return Ok(Vec::new()) };
    findings(&mut |file| Ok(top.join(root).join(file.as_str()).symlink_metadata().is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(files: &[&str]) -> Vec<String> {
        let found = findings(&mut |file| Ok(files.contains(&file.as_str()))).unwrap();
        found.iter().map(|finding| format!("{}: {}", finding.severity.as_str(), finding.message)).collect()
    }

    #[test]
    fn a_policy_under_another_name_is_told_of() {
        assert!(told(&["catalog.yaml", "catalog.toml"]).is_empty());
        insta::assert_snapshot!(told(&["catalog.yml"]).join("\n"), @"error: `catalog.yml` is not read: the policy is called `catalog.yaml`, and there is none");
        insta::assert_snapshot!(told(&["catalog.json", "catalog.yaml"]).join("\n"), @"warning: `catalog.json` is not read: the policy is `catalog.yaml`, which stands beside it");
    }
}
