//! Hand-made verdicts that show every shape, for the tests of the renderers.

use crate::catalog::{Change, Field, Operation};
use crate::check::{ChangeVerdict, CheckName, CheckResult, CommitVerdict, Conclusion, Elsewhere, RunVerdict, Verdict};
use crate::model::{Actor, CommitId, EntityKey, FilePath, Finding, Identifier, Place, RunState, Severity, Span, Subject, Value};

use super::Restricted;

pub(super) const ENV: &str = "identifier: prod
blueprint: Env
title: Production
properties:
  region: eu-west-1
  # who to wake
  slackChannelUrl: https://acme.slack.com/archives/C0PROD
  ttl: ten days
";

const BIDI: &str = "identifier: x\ntitle: \"\u{202e}nimda\u{1b}[31m\t\" # \u{200b}hidden\n";

pub(super) fn sources(file: &FilePath) -> Option<Vec<u8>> {
    match file.as_str() {
        "entities/Env/prod.yaml" => Some(ENV.as_bytes().to_vec()),
        "entities/Env/hostile.yaml" => Some(BIDI.as_bytes().to_vec()),
        "entities/Env/long.yaml" => Some(format!("identifier: {}bad{}\n", "x".repeat(5_000), "y".repeat(50_000)).into_bytes()),
        _ => None,
    }
}

pub(super) fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn commit(byte: u8) -> CommitId {
    CommitId([byte; 20])
}

fn env(name: &str) -> Subject {
    Subject::Entity(EntityKey { blueprint: id("Env"), identifier: id(name) })
}

pub(super) fn at(file: &str, line: u32, columns: std::ops::Range<u32>) -> Place {
    let span = Span { line, column: columns.start, end_line: line, end_column: columns.end };
    Place::span(&FilePath::new(file), span)
}

fn check(name: CheckName, conclusion: Conclusion, summary: &str) -> CheckResult {
    CheckResult { name, conclusion, summary: summary.into() }
}

fn alice() -> Actor {
    Actor::User(id("alice@acme.dev"))
}

/// A green one, without anything to tell.
pub(super) fn success() -> Verdict {
    Verdict {
        base: commit(0x1a),
        head: Some(commit(0x2b)),
        conclusion: Conclusion::Success,
        checks: CheckName::ALL.map(|name| check(name, Conclusion::Success, "nothing stands against it")).to_vec(),
        commits: vec![CommitVerdict {
            id: Some(commit(0x2b)),
            actors: vec![alice()],
            conclusion: Conclusion::Success,
            findings: vec![],
        }],
        changes: vec![],
        findings: vec![],
        runs: vec![],
    }
}

fn change(operation: Operation, subject: Subject, field: Option<Field>, actors: Vec<Actor>, allowed: bool) -> ChangeVerdict {
    ChangeVerdict {
        commit: Some(commit(0x2b)),
        change: Change {
            subject,
            operation,
            field,
            before: None,
            after: Some(Value::from("x")),
            place: at("entities/Env/prod.yaml", 7, 3..18),
        },
        refused: if allowed { Vec::new() } else { actors.clone() },
        actors,
        allowed,
        rule: if operation == Operation::Update { "permission/update-property" } else { "permission/execute" },
    }
}

fn run(name: &str, state: RunState, approvals: &[&str], approvers: &[&str], reason: &str) -> RunVerdict {
    RunVerdict {
        id: id(name),
        action: id("extend_env_ttl"),
        state,
        requester: Some(alice()),
        digest: "5f".repeat(32),
        approvals: approvals.iter().map(|a| id(a)).collect(),
        approvers: approvers.iter().map(|a| id(a)).collect(),
        reason: reason.into(),
    }
}

/// One that waits.
pub(super) fn pending() -> Verdict {
    let reason = "waits for 1 of 2 approvals";
    Verdict {
        conclusion: Conclusion::Pending,
        checks: vec![
            check(CheckName::Catalog, Conclusion::Success, "nothing stands against it"),
            check(CheckName::Permissions, Conclusion::Success, "nothing stands against it"),
            check(CheckName::Approval, Conclusion::Pending, "2026-11-21-extend-env waits for bob@acme.dev or carol@acme.dev"),
        ],
        changes: vec![change(Operation::Execute, Subject::Run(id("2026-11-21-extend-env")), None, vec![alice()], true)],
        runs: vec![
            run(
                "2026-11-21-extend-env",
                RunState::WaitingForApproval,
                &["dora@acme.dev"],
                &["bob@acme.dev", "carol@acme.dev"],
                reason,
            ),
            run("2026-11-21-short", RunState::Approved, &[], &[], "needs no approval"),
        ],
        ..success()
    }
}

/// A red one, with findings of every severity and every completeness.
pub(super) fn failure() -> Verdict {
    let refused = Finding::error("permission/update-property", "alice@acme.dev may not change `slackChannelUrl` of Env/prod")
        .at(at("entities/Env/prod.yaml", 7, 3..18))
        .help("ask bob@acme.dev (role Admin), or let permissions/Env.yaml grant it")
        .about(env("prod"))
        .by(commit(0x2b));
    let typed = Finding::error("schema/type", "`ttl` is a string, and Env wants a number")
        .at(at("entities/Env/prod.yaml", 8, 8..16))
        .help("write a number:\n  ttl: 10")
        .about(env("prod"));
    let unsigned = Finding::error("identity/unsigned", "the commit carries no signature").by(commit(0x3c));
    let lint = Finding::warning("lint/shadowed", "`updateProperties` is ignored beside `update`")
        .at(Place::file(&FilePath::new("permissions/Env.yaml")));
    let info = Finding { severity: Severity::Info, ..Finding::error("lint/nobody", "the rule grants nobody") }.at(at(
        "permissions/Gone.yaml",
        3,
        1..5,
    ));
    let stranger = Actor::Stranger("mallory@evil.example".into());
    Verdict {
        conclusion: Conclusion::Failure,
        checks: vec![
            check(CheckName::Catalog, Conclusion::Failure, "1 error: `ttl` is a string, and Env wants a number"),
            check(CheckName::Permissions, Conclusion::Failure, "2 errors: alice@acme.dev may not change `slackChannelUrl`"),
            check(CheckName::Approval, Conclusion::Failure, "2026-11-21-extend-env was declined by bob@acme.dev"),
        ],
        commits: vec![
            CommitVerdict {
                id: Some(commit(0x3c)),
                actors: vec![stranger.clone()],
                conclusion: Conclusion::Failure,
                findings: vec![unsigned.clone(), unsigned.clone()],
            },
            CommitVerdict { id: Some(commit(0x2b)), actors: vec![alice()], conclusion: Conclusion::Success, findings: vec![] },
        ],
        changes: vec![
            change(Operation::Update, env("dev"), Some(Field::Relation("deployedAt".into())), vec![alice()], true),
            change(
                Operation::Update,
                env("prod"),
                Some(Field::Property("slackChannelUrl".into())),
                vec![alice(), stranger],
                false,
            ),
            change(Operation::Update, env("prod"), Some(Field::Owner), vec![], false),
        ],
        findings: vec![info, typed, lint, refused, unsigned],
        runs: vec![RunVerdict {
            requester: None,
            ..run("2026-11-21-extend-env", RunState::Declined, &[], &["bob@acme.dev"], "bob@acme.dev asks for changes")
        }],
        ..success()
    }
}

/// A working tree: there is no commit to name.
pub(super) fn working_tree() -> Verdict {
    let mut verdict = failure();
    verdict.head = None;
    verdict.commits = vec![CommitVerdict { id: None, actors: vec![alice()], conclusion: Conclusion::Failure, findings: vec![] }];
    verdict.changes.truncate(1);
    verdict.changes.iter_mut().for_each(|change| change.commit = None);
    verdict.findings.truncate(2);
    verdict.findings.iter_mut().for_each(|finding| finding.commit = None);
    verdict.runs.clear();
    verdict
}

/// Everything a stranger can write, written by one who means harm.
pub(super) fn hostile() -> Verdict {
    let text =
        "\u{1b}]0;owned\u{7}\u{202e}`@org/all` <script>alert(1)</script> [x](http://evil) {0}\n::error::\r##[error]| \u{200b}";
    let mut verdict = success();
    verdict.conclusion = Conclusion::Failure;
    verdict.checks = vec![check(CheckName::Catalog, Conclusion::Failure, text)];
    verdict.findings = vec![
        Finding::error("yaml/bidi", text).at(at("entities/Env/hostile.yaml", 2, 8..23)).help(text),
        Finding::error("yaml/long", "long").at(at("entities/Env/long.yaml", 1, 5013..5016)),
        Finding::error("git/path", text).at(Place::file(&FilePath::new("entities/\u{1b}[2J\u{202e}`|@x`\n::error::,a:.yaml"))),
    ];
    let stranger = Actor::Stranger(text.into());
    verdict.changes =
        vec![change(Operation::Update, env("prod"), Some(Field::Property(text.into())), vec![stranger.clone()], false)];
    verdict.runs = vec![RunVerdict { requester: Some(stranger), ..run("r", RunState::Expired, &[], &[], text) }];
    verdict
}

/// One identifier in two places, and one mistake in many.
pub(super) fn collision() -> Verdict {
    let declared = |file: &str| at(file, 1, 13..17);
    let twice = Finding::error("duplicate/identifier", "`Env/prod` is declared more than once")
        .at(declared("entities/Env/prod.yaml"))
        .related(declared("entities/Env/again.yaml"), "also declared")
        .help("rename one of them, or delete it")
        .about(env("prod"));
    let many = (1..=9).map(|i| {
        let name = format!("e{i}");
        Finding::error("schema/required", format!("`{name}` has no `ttl`, which Env requires"))
            .at(at(&format!("entities/Env/{name}.yaml"), 1, 1..11))
            .help("add `ttl` under `properties`")
            .about(env(&name))
    });
    Verdict {
        conclusion: Conclusion::Failure,
        checks: vec![check(CheckName::Catalog, Conclusion::Failure, "10 errors, first: `e1` has no `ttl`, which Env requires")],
        findings: many.chain([twice]).collect(),
        ..success()
    }
}

/// What a restricted verdict leaves out.
pub(super) fn restricted() -> Restricted {
    let elsewhere = Elsewhere { conclusion: Conclusion::Failure, errors: 2, warnings: 1, infos: 0, changes: 4 };
    Restricted { paths: vec!["entities/Env".into(), "teams/platform.yaml".into()], elsewhere }
}

/// The example of `docs/verdict.md`.
pub(super) fn documented() -> Verdict {
    let mut verdict = failure();
    verdict.base = CommitId::from_hex("8c1f6b2f0a7d4e0c9b5a3d2e1f00112233445566").unwrap();
    verdict.head = CommitId::from_hex("0d9e8f7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d1e");
    verdict.checks = vec![
        check(CheckName::Catalog, Conclusion::Success, "nothing stands against it"),
        check(CheckName::Permissions, Conclusion::Failure, "alice@acme.dev may not change `slackChannelUrl` of Env/prod"),
        check(CheckName::Approval, Conclusion::Pending, "2026-11-21-extend-env waits for bob@acme.dev or carol@acme.dev"),
    ];
    verdict.findings = vec![verdict.findings[3].clone(), verdict.findings[2].clone()];
    verdict.findings[0].commit = verdict.head;
    verdict.commits = vec![CommitVerdict {
        id: verdict.head,
        actors: vec![alice()],
        conclusion: Conclusion::Failure,
        findings: vec![verdict.findings[0].clone()],
    }];
    verdict.changes = vec![
        change(Operation::Update, env("prod"), Some(Field::Property("slackChannelUrl".into())), vec![alice()], false),
        change(Operation::Execute, Subject::Run(id("2026-11-21-extend-env")), None, vec![alice()], true),
    ];
    verdict.changes.iter_mut().for_each(|change| change.commit = verdict.head);
    verdict.runs = pending().runs;
    verdict.runs.truncate(1);
    verdict
}
