//! How the stories are told.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{Catalog, FileDelta, parse_file};
use crate::check::{Base, CommitFacts, Head, Proposal, Target, Verdict, judge};
use crate::model::{CommitId, FilePath, Finding, Identifier, IdentityMode, Limits, SignatureFact, Timestamp};

pub(super) fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

/// Files by path; an empty text is a file that goes.
pub(super) type Files<'a> = &'a [(&'a str, &'a str)];

pub(super) fn deltas(files: Files<'_>) -> Vec<FileDelta> {
    files
        .iter()
        .map(|(path, text)| {
            let path = FilePath::new(path);
            if text.is_empty() {
                FileDelta::Remove(path)
            } else {
                FileDelta::put(parse_file(&path, text.as_bytes(), &Limits::default()))
            }
        })
        .collect()
}

pub(super) fn catalog(files: Files<'_>) -> Catalog {
    Catalog::default().apply(deltas(files))
}

/// A company with an Admin, two members, a moderator of Env and a team each.
pub(super) const ROSTER: Files<'static> = &[
    ("catalog.yaml", "identity: declared\n"),
    ("users/ada.yaml", "identifier: ada@acme.dev\nroles: [Admin]\n"),
    ("users/alice.yaml", "identifier: alice@acme.dev\nroles: [Member]\n"),
    ("users/bob.yaml", "identifier: bob@acme.dev\nroles: [Member]\n"),
    ("users/mo.yaml", "identifier: mo@acme.dev\nroles: [Member, Env-moderator]\n"),
    ("teams/red.yaml", "identifier: red\nmembers: [alice@acme.dev]\n"),
    ("teams/blue.yaml", "identifier: blue\nmembers: [bob@acme.dev]\n"),
];

/// Systems that teams own, services that inherit from their system, and environments that inherit from the system of
/// their service.
pub(super) const WORLD: Files<'static> = &[
    ("blueprints/System.yaml", "identifier: System\nschema:\n  properties:\n    tier: { type: string }\n"),
    (
        "blueprints/Service.yaml",
        "identifier: Service\nschema: { properties: {} }\nrelations:\n  system: { target: System }\n  friends: { target: Service, many: true }\nteamInheritance: { path: system }\n",
    ),
    (
        "blueprints/Env.yaml",
        "identifier: Env\nschema:\n  properties:\n    slack: { type: string, format: url }\n    size: { type: number, default: 1 }\n    kind: { type: string, enum: [dev, staging, prod] }\n  required: [size]\nrelations:\n  service: { target: Service }\nteamInheritance: { path: service.system }\n",
    ),
    ("entities/System/shop.yaml", "identifier: shop\nteam: red\n"),
    ("entities/System/pay.yaml", "identifier: pay\nteam: blue\n"),
    ("entities/Service/cart.yaml", "identifier: cart\nrelations: { system: shop }\n"),
    ("entities/Service/till.yaml", "identifier: till\nrelations: { system: pay }\n"),
    ("entities/Env/prod.yaml", "identifier: prod\nproperties: { kind: prod }\nrelations: { service: cart }\n"),
];

pub(super) fn world() -> Catalog {
    catalog(ROSTER).apply(deltas(WORLD))
}

/// Base, and the commits proposed to it.
pub(super) struct Told {
    base: Catalog,
    base_is_valid: bool,
    head: Catalog,
    commits: Vec<CommitFacts>,
    as_user: Option<Identifier>,
}

pub(super) fn on(base: &Catalog) -> Told {
    Told { base: base.clone(), base_is_valid: true, head: base.clone(), commits: Vec::new(), as_user: None }
}

impl Told {
    /// A commit by `<who>@acme.dev`.
    pub(super) fn commit(mut self, who: &str, files: Files<'_>) -> Self {
        let before = self.head.clone();
        self.head = before.apply(deltas(files));
        let number = u8::try_from(self.commits.len()).unwrap() + 1;
        let email = format!("{who}@acme.dev");
        self.commits.push(CommitFacts {
            sides: Vec::new(),
            conflicts: Vec::new(),
            id: CommitId([number; 20]),
            parents: vec![CommitId([number - 1; 20])],
            summary: String::new(),
            author_email: email.clone(),
            committer_email: email,
            co_authors: Vec::new(),
            committed_at: None,
            signature: SignatureFact::Unsigned,
            received_at: Timestamp::UNIX_EPOCH,
            vouched: None,
            before,
            after: self.head.clone(),
            findings: Vec::new(),
        });
        self
    }

    pub(super) fn on_a_broken_base(mut self) -> Self {
        self.base_is_valid = false;
        self
    }

    pub(super) fn judged_as(mut self, who: &str) -> Self {
        self.as_user = Some(id(who));
        self
    }

    pub(super) fn proposal(&self) -> Proposal {
        Proposal {
            performed: Default::default(),
            target: Target::PullRequest,
            base_id: CommitId([0; 20]),
            base: Base(self.base.clone()),
            base_is_valid: self.base_is_valid,
            head_id: self.commits.last().map(|commit| commit.id),
            merged: Head(self.head.clone()),
            head: Head(self.head.clone()),
            conflicts: Vec::new(),
            commits: self.commits.clone(),
            identity: IdentityMode::Declared,
            as_user: self.as_user.clone(),
            pull_request: None,
            branch_pushes: None,
            reach: BTreeMap::new(),
            used_runs: BTreeSet::new(),
            withdrawn: BTreeMap::new(),
            first_seen: None,
            now: Timestamp::UNIX_EPOCH,
            findings: Vec::new(),
        }
    }

    pub(super) fn judged(&self) -> Verdict {
        judge(&self.proposal())
    }

    /// Asserts that nothing stands against it.
    #[track_caller]
    pub(super) fn is_green(&self) {
        let errors = errors(&self.judged().findings);
        assert!(errors.is_empty(), "{errors:#?}");
    }

    /// Asserts that exactly these rules stand against it, each once or more.
    #[track_caller]
    pub(super) fn is_red_by(&self, rules: &[&str]) {
        let verdict = self.judged();
        assert_eq!(rules_of(&verdict.findings), rules.iter().copied().collect(), "{:#?}", lines(&verdict.findings));
        assert_ne!(verdict.conclusion, crate::check::Conclusion::Success);
    }
}

/// Rule ids of the errors.
pub(super) fn rules_of(findings: &[Finding]) -> BTreeSet<&'static str> {
    findings.iter().filter(|f| f.is_error()).map(|f| f.rule).collect()
}

pub(super) fn errors(findings: &[Finding]) -> Vec<String> {
    lines(&findings.iter().filter(|f| f.is_error()).cloned().collect::<Vec<_>>())
}

/// Each finding in one line: rule, place, message and advice.
pub(super) fn lines(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| {
            let place = f.place.as_ref().map(|p| format!(" {}{}", p.file, p.pointer)).unwrap_or_default();
            format!("{}{place}: {} [{}]", f.rule, f.message, f.help.as_deref().unwrap_or_default())
        })
        .collect()
}

/// How many findings there are of each rule.
pub(super) fn counts(findings: &[Finding]) -> BTreeMap<&'static str, usize> {
    findings.iter().fold(BTreeMap::new(), |mut map, f| {
        *map.entry(f.rule).or_default() += 1;
        map
    })
}
