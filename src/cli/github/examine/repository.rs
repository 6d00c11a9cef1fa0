//! Whether a repository can be read, answered to, and holds a catalog.

use std::collections::BTreeMap;

use crate::forge::github::client::Installation;
use crate::model::IdentityMode;
use crate::report::{Checkup, app_permissions};

use super::super::facts::{Facts, Identity, RepositoryFacts, Unfetched};
use super::list;

pub(super) fn repository(facts: &RepositoryFacts, all: &Facts) -> Vec<Checkup> {
    let mut out = Vec::new();
    match &facts.installation {
        Some(Ok(Some(installation))) => out.extend(installed(installation, all)),
        Some(Ok(None)) => {
            out.push(Checkup::wrong(
                "installation",
                "the App is not installed on it",
                "on the App's page, under \"Install App\", choose the account and this repository",
            ));
            return out;
        }
        Some(Err(error)) => out.push(Checkup::doubtful("installation", error.to_string(), "ask again later")),
        None => {}
    }
    match &facts.repository {
        Ok(Some(words)) if words.archived => {
            out.push(Checkup::wrong(
                "repository",
                "it is archived, so nothing can be answered",
                "unarchive it, or watch it no more",
            ));
        }
        Ok(Some(words)) if !words.full_name.eq_ignore_ascii_case(&facts.name) => out.push(Checkup::doubtful(
            "repository",
            format!("it is called `{}` now", words.full_name),
            "say so in `github`; give it a `name` first, or the store takes it for another repository",
        )),
        Ok(Some(words)) if matches!(all.identity, Identity::Token(_)) && words.permissions.is_none_or(|p| !p.push) => {
            out.push(Checkup::wrong(
                "repository",
                "the token may not write there, so no status can be posted",
                "its user needs write access, and the token `Commit statuses: write` and `Pull requests: write`",
            ));
        }
        Ok(Some(_)) => out.push(Checkup::well("repository", "it can be read")),
        Ok(None) => {
            out.push(Checkup::wrong(
                "repository",
                "GitHub knows no such repository, or shows it to us no more",
                "look at its spelling in `github`, and at what the App or the token may see",
            ));
            return out;
        }
        Err(error) => {
            out.push(Checkup::wrong("repository", error.to_string(), "the App or the token needs `Metadata: read` there"));
            return out;
        }
    }
    out.extend(catalog(facts));
    out
}

fn installed(installation: &Installation, all: &Facts) -> Vec<Checkup> {
    if installation.suspended_at.is_some() {
        let mend = "on the organisation's page, under \"GitHub Apps\", unsuspend it";
        return vec![Checkup::wrong("installation", "the App's installation is suspended", mend)];
    }
    let granted = &installation.permissions;
    let missing: Vec<String> = app_permissions(&all.wishes)
        .iter()
        .filter(|need| !is_granted(granted, need.name, need.access))
        .map(|need| format!("`{}: {}` ({})", need.name, need.access, need.reason))
        .collect();
    let asked = match &all.identity {
        Identity::App(Ok(app)) => {
            app_permissions(&all.wishes).iter().all(|need| is_granted(&app.permissions, need.name, need.access))
        }
        _ => false,
    };
    if missing.is_empty() {
        return vec![Checkup::well("permissions", "the installation grants everything that is needed")];
    }
    let mend = if asked {
        "the App asks for it, and the organisation has not accepted: an owner does, on the page of the installation"
    } else {
        "on the App's page, under \"Permissions & events\", ask for it; then an owner of the organisation accepts"
    };
    vec![Checkup::wrong("permissions", format!("not granted: {}", list(&missing)), mend)]
}

fn is_granted(granted: &BTreeMap<String, String>, name: &str, access: &str) -> bool {
    granted.get(name).is_some_and(|has| has == access || has == "write" || has == "admin")
}

fn catalog(facts: &RepositoryFacts) -> Vec<Checkup> {
    let mut out = Vec::new();
    match &facts.fetched {
        Err(Unfetched::Git(words)) => out.push(Checkup::wrong(
            "git",
            format!("git cannot fetch it: {words}"),
            "the App or the token needs `Contents: read`; and this machine must reach the address of git, not of the API alone",
        )),
        Err(Unfetched::NoBranch) => {
            out.push(Checkup::well("git", "git fetches it"));
            out.push(Checkup::wrong(
                "branch",
                format!("there is no branch `{}`", facts.branch),
                "say which is watched with `branch`",
            ));
        }
        Err(Unfetched::NoCatalog(words)) => {
            out.push(Checkup::well("git", "git fetches it"));
            out.push(Checkup::wrong(
                "catalog",
                words.clone(),
                "`portcullis init` lays a catalog; where it is not at the top, say so with `root`",
            ));
        }
        Ok(catalog) => {
            out.push(Checkup::well("git", format!("git fetches it, and there is a branch `{}`", facts.branch)));
            if catalog.errors > 0 {
                out.push(Checkup::wrong(
                    "catalog",
                    format!("the catalog on `{}` has {} errors", facts.branch, catalog.errors),
                    "`portcullis check` names them: until they are mended, whoever mends them must be allowed by what is there",
                ));
            }
            out.push(match catalog.identity {
                IdentityMode::Forge => Checkup::well("catalog", "actors are known by GitHub's word (`identity: forge`)"),
                IdentityMode::Signature => Checkup::doubtful(
                    "catalog",
                    "actors are known by signatures with keys of the roster (`identity: signature`)",
                    "that works, but what is edited or merged on GitHub's pages is signed by GitHub and so nobody's; `identity: forge` takes its word",
                ),
                IdentityMode::Declared => Checkup::wrong(
                    "catalog",
                    "everybody is believed to be whoever their commits say (`identity: declared`)",
                    "say `identity: forge` in catalog.yaml",
                ),
            });
        }
    }
    out
}
