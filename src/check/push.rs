//! Decides what a server may let onto a watched branch before its commits are judged: pushes by somebody known, that lead
//! on from what stands, and never take it away.

use crate::catalog::Catalog;
use crate::model::{CommitId, Finding, Identifier, Role, RuleDoc};

use super::{Base, Head, claimants, validate};

const UNKNOWN_PUSHER: &str = "push/unknown-pusher";
const DELETED: &str = "push/deleted";
const REWRITTEN: &str = "push/rewritten";
const STALE: &str = "push/stale";
const FIRST: &str = "push/first";
const LOOK_ALIKE: &str = "push/look-alike";

/// The rules of pushes; whoever stands in a server's way applies them.
pub const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: UNKNOWN_PUSHER,
        summary: "Who pushes to a watched branch is named by the server, and is one user of the accepted roster.",
        remedy: "Push as a user of the roster; an operator sees to it that the server names who pushes, see docs/pre-receive.md.",
    },
    RuleDoc {
        id: DELETED,
        summary: "A watched branch is never deleted by a push.",
        remedy: "Leave the branch where it is; an operator of the server can move it by hand.",
    },
    RuleDoc {
        id: REWRITTEN,
        summary: "A push to a watched branch leads on from where it stands: what was accepted stays in its history.",
        remedy: "Rebase or merge onto the branch as it stands and push without force; take back a change by `git revert`.",
    },
    RuleDoc {
        id: STALE,
        summary: "A push to a watched branch is judged against the branch as it stands on the server.",
        remedy: "Fetch, rebase or merge, and push again.",
    },
    RuleDoc {
        id: FIRST,
        summary: "The first catalog on a watched branch is valid, has an Admin, and is pushed by one of its Admins.",
        remedy: "Mend the catalog, list yourself under `users/` with the role Admin, and push again.",
    },
    RuleDoc {
        id: LOOK_ALIKE,
        summary: "No ref is called like a watched branch but for the case of letters: some file systems keep both in one file.",
        remedy: "Give the branch another name.",
    },
];

/// What a push would do to one ref.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefUpdate {
    /// Where it stands, as the pusher says; `None` where it is to be created.
    pub before: Option<CommitId>,
    /// Where it is to stand, peeled by nobody: of a branch a commit. `None` where it is to be deleted.
    pub after: Option<CommitId>,
    /// Its full name, `refs/heads/main`.
    pub name: String,
}

/// What the server itself knows of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RefFacts {
    /// Where the ref stands on the server; `None` where it does not exist.
    pub stands: Option<CommitId>,
    /// Whether what is pushed has that in its history.
    pub leads_on: bool,
}

/// Whether a ref is one of those that are watched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Watched {
    /// It is.
    Yes,
    /// It is not, though a careless file system would take it for one.
    LooksSo,
    /// It is not.
    No,
}

/// Whether the ref of this full name is watched; `branches` are full names too.
pub fn is_watched(name: &str, branches: &[String]) -> Watched {
    if branches.iter().any(|branch| branch == name) {
        return Watched::Yes;
    }
    match branches.iter().any(|branch| branch.to_lowercase() == name.to_lowercase()) {
        true => Watched::LooksSo,
        false => Watched::No,
    }
}

/// What stands against a ref that only looks like a watched branch.
pub fn look_alike(name: &str) -> Finding {
    Finding::error(LOOK_ALIKE, format!("{name} differs from a watched branch by the case of letters alone"))
        .help("push it under another name")
}

/// What stands against moving a watched branch so, whatever the commits hold. The pusher's word on where it stands counts
/// for nothing where the server knows better: whoever could choose what they are judged against could choose the rules.
pub fn refuse_move(update: &RefUpdate, facts: RefFacts) -> Option<Finding> {
    let name = &update.name;
    if update.after.is_none() {
        return Some(
            Finding::error(DELETED, format!("{name} is watched, and a push may not delete it"))
                .help("an operator of the server can delete it by hand"),
        );
    }
    if update.before != facts.stands {
        let stands = facts.stands.map_or_else(|| "is not there".to_owned(), |commit| format!("stands at {}", commit.short()));
        return Some(
            Finding::error(STALE, format!("{name} {stands}, which is not what this push was made against"))
                .help("fetch, rebase or merge, and push again"),
        );
    }
    let stands = facts.stands?;
    (!facts.leads_on).then(|| {
        Finding::error(REWRITTEN, format!("{name} stands at {}, which this push would drop", stands.short()))
            .help("rebase or merge onto it and push without force; to take a change back, use `git revert`")
    })
}

/// The user of base's roster whom the server's word names: by an address that is theirs alone.
pub fn pusher(base: &Base<Catalog>, name: &str) -> Option<Identifier> {
    claimants::by_email(base, name).sole().map(|user| user.identifier.clone())
}

/// That nobody known pushes.
pub fn unknown_pusher(name: Option<&str>) -> Finding {
    match name {
        Some(name) => Finding::error(UNKNOWN_PUSHER, format!("{name} pushes, who is no user of the accepted roster, or not the only one"))
            .help("an Admin can add a user document with this name as its `identifier` or among its `emails`"),
        None => Finding::error(UNKNOWN_PUSHER, "the server does not say who pushes, and nobody unknown may push to a watched branch")
            .help("an operator sees to it: --as, or GL_USER, GL_USERNAME or REMOTE_USER in the hook's environment; see docs/pre-receive.md"),
    }
}

/// Whether there is nothing yet to judge by, so that a push is the first: no file of a catalog, not even a broken one.
pub fn is_first(base: &Catalog) -> bool {
    base.file_count() == 0 && base.broken_files().is_empty()
}

/// What stands against a first catalog: there is no base, so it must stand by itself, and whoever brings it must be able to
/// go on from it.
pub fn judge_first(head: &Head<Catalog>, pusher_name: Option<&str>) -> Vec<Finding> {
    let catalog = &head.0;
    let mut findings: Vec<Finding> = validate(catalog).into_iter().filter(Finding::is_error).collect();
    let Some(name) = pusher_name else {
        findings.push(unknown_pusher(None));
        return findings;
    };
    let is_admin = |id: &Identifier| crate::catalog::user_of(catalog, id).is_some_and(|user| user.roles.contains(&Role::Admin));
    if !catalog.users().iter().any(|(id, _)| is_admin(id)) {
        findings.push(
            Finding::error(FIRST, "the first catalog has no Admin, so nobody could ever change its roster")
                .help("give a user under `users/` the role Admin"),
        );
    } else if !pusher(&Base(catalog.clone()), name).is_some_and(|id| is_admin(&id)) {
        findings.push(
            Finding::error(FIRST, format!("{name} pushes the first catalog, and is no Admin of it"))
                .help("let one of its Admins push it, or list yourself under `users/` with the role Admin"),
        );
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{FileDelta, parse_file};
    use crate::model::{FilePath, Limits};

    fn catalog(files: &[(&str, &str)]) -> Catalog {
        let put =
            |(path, text): &(&str, &str)| FileDelta::put(parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default()));
        Catalog::default().apply(files.iter().map(put))
    }

    const ALICE: (&str, &str) = ("users/alice.yaml", "identifier: alice@acme.dev\nroles: [Admin]\nemails: [al@home.example]\n");

    fn commit(byte: u8) -> Option<CommitId> {
        Some(CommitId([byte; 20]))
    }

    fn rule(before: Option<CommitId>, after: Option<CommitId>, stands: Option<CommitId>, leads_on: bool) -> Option<&'static str> {
        let update = RefUpdate { before, after, name: "refs/heads/main".into() };
        refuse_move(&update, RefFacts { stands, leads_on }).map(|finding| finding.rule)
    }

    #[test]
    fn a_watched_branch_only_ever_leads_on() {
        assert_eq!(rule(commit(1), commit(2), commit(1), true), None);
        assert_eq!(rule(None, commit(2), None, false), None, "the first push");
        assert_eq!(rule(commit(1), None, commit(1), false), Some(DELETED));
        assert_eq!(rule(commit(1), commit(2), commit(1), false), Some(REWRITTEN));
    }

    #[test]
    fn the_pusher_does_not_choose_what_judges() {
        assert_eq!(rule(commit(1), commit(3), commit(2), true), Some(STALE), "an older base, with laxer rules");
        assert_eq!(rule(None, commit(3), commit(2), true), Some(STALE), "as if it were the first push");
        assert_eq!(rule(commit(1), commit(3), None, true), Some(STALE));
    }

    #[test]
    fn watched_is_what_is_named_and_its_look_alikes_are_told() {
        let branches = ["refs/heads/main".to_owned()];
        assert_eq!(is_watched("refs/heads/main", &branches), Watched::Yes);
        assert_eq!(is_watched("refs/heads/Main", &branches), Watched::LooksSo);
        assert_eq!(is_watched("refs/heads/main2", &branches), Watched::No);
        assert_eq!(is_watched("refs/tags/main", &branches), Watched::No);
    }

    #[test]
    fn a_pusher_is_known_by_an_address_of_theirs_alone() {
        let base = Base(catalog(&[ALICE]));
        let of = |name: &str| pusher(&base, name).map(|id| id.to_string());
        assert_eq!(of("alice@acme.dev").as_deref(), Some("alice@acme.dev"));
        assert_eq!(of("al@home.example").as_deref(), Some("alice@acme.dev"));
        assert_eq!(of("mallory@acme.dev"), None);
        assert_eq!(of(""), None);
        let claimed = ("users/mallory.yaml", "identifier: mallory@acme.dev\nemails: [alice@acme.dev]\n");
        assert_eq!(pusher(&Base(catalog(&[ALICE, claimed])), "alice@acme.dev"), None, "two claim it");
    }

    #[test]
    fn the_first_catalog_stands_by_itself_and_its_pusher_is_an_admin_of_it() {
        let rules = |files: &[(&str, &str)], name: Option<&str>| -> Vec<&'static str> {
            judge_first(&Head(catalog(files)), name).into_iter().map(|finding| finding.rule).collect()
        };
        let none: Vec<&str> = Vec::new();
        let member = ("users/carol.yaml", "identifier: carol@acme.dev\nroles: [Member]\n");
        assert_eq!(rules(&[ALICE, member], Some("alice@acme.dev")), none);
        assert_eq!(rules(&[ALICE, member], Some("carol@acme.dev")), [FIRST]);
        assert_eq!(rules(&[ALICE], None), [UNKNOWN_PUSHER]);
        assert_eq!(rules(&[member], Some("carol@acme.dev")), [FIRST]);
        let broken = ("entities/x.yaml", "identifier: [\n");
        assert!(rules(&[ALICE, broken], Some("alice@acme.dev")).contains(&"yaml/syntax"));
        assert!(is_first(&Catalog::default()) && !is_first(&catalog(&[broken])), "what cannot be read is there");
    }
}
