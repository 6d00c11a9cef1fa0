//! Every outward word, seen as it is printed.

use std::time::Duration;

use super::defuse::is_hostile;
use super::{Format, Measured, Report, RunEntry, RunOrigin, render, run_text, runs_json, runs_text, sample};
use crate::check::Verdict;

const FORMATS: [(Format, &str); 5] = [
    (Format::Text, "text"),
    (Format::Json, "json"),
    (Format::Sarif, "sarif"),
    (Format::Github, "github"),
    (Format::Markdown, "markdown"),
];

fn verdicts() -> [(&'static str, Verdict); 6] {
    [
        ("success", sample::success()),
        ("pending", sample::pending()),
        ("failure", sample::failure()),
        ("working_tree", sample::working_tree()),
        ("hostile", sample::hostile()),
        ("collision", sample::collision()),
    ]
}

#[test]
fn every_verdict_in_every_format() {
    for (name, verdict) in verdicts() {
        let report = Report::new(&verdict, "", &sample::sources);
        for (format, suffix) in FORMATS {
            insta::assert_snapshot!(format!("{name}_{suffix}"), render(format, &report, false));
        }
    }
}

#[test]
fn a_restricted_verdict_never_passes_for_the_whole() {
    let verdict = sample::success();
    let mut report = Report::new(&verdict, "", &sample::sources);
    report.restricted = Some(sample::restricted());
    report.measured = Some(Measured { files: 120, entities: 1, elapsed: Duration::from_millis(312) });
    for (format, suffix) in FORMATS {
        insta::assert_snapshot!(format!("restricted_{suffix}"), render(format, &report, false));
    }
}

#[test]
fn every_place_is_told_on_request_and_a_quiet_report_holds_errors_alone() {
    let verdict = sample::collision();
    let report = Report { expanded: true, ..Report::new(&verdict, "", &sample::sources) };
    insta::assert_snapshot!("expanded_text", render(Format::Text, &report, false));
    insta::assert_snapshot!("expanded_github", render(Format::Github, &report, false));
    let verdict = sample::failure();
    let quiet = Report { quiet: true, ..Report::new(&verdict, "", &sample::sources) };
    insta::assert_snapshot!("quiet_text", render(Format::Text, &quiet, false));
    let verdict = sample::success();
    assert_eq!(render(Format::Text, &Report { quiet: true, ..Report::new(&verdict, "", &sample::sources) }, false), "");
}

#[test]
fn colours_are_only_paint() {
    let verdict = sample::failure();
    let report = Report::new(&verdict, "catalog", &sample::sources);
    let styled = render(Format::Text, &report, true);
    insta::assert_snapshot!("failure_styled", styled.replace('\u{1b}', "␛"));
    assert_eq!(anstream::adapter::strip_str(&styled).to_string(), render(Format::Text, &report, false));
    for (format, _) in FORMATS.iter().filter(|(format, _)| *format != Format::Text) {
        assert_eq!(render(*format, &report, true), render(*format, &report, false));
    }
}

#[test]
fn nothing_a_stranger_wrote_reaches_a_reader_raw() {
    let verdict = sample::hostile();
    let report = Report::new(&verdict, "", &sample::sources);
    for (format, name) in FORMATS {
        let out = render(format, &report, false);
        let left: Vec<char> = out.chars().filter(|c| *c != '\n' && is_hostile(*c)).collect();
        assert!(left.is_empty(), "{name}: {left:?}\n{out}");
        assert!(out.len() < 60_000, "{name}: {} bytes", out.len());
    }
}

#[test]
fn sarif_and_json_are_json_and_name_the_file_from_the_top() {
    let verdict = sample::failure();
    let report = Report::new(&verdict, "platform/catalog", &sample::sources);
    for format in [Format::Json, Format::Sarif] {
        let out = render(format, &report, false);
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
        assert!(out.contains("\"platform/catalog/entities/Env/prod.yaml\""), "{out}");
    }
}

#[test]
fn runs_listed_and_shown() {
    let entries: Vec<RunEntry> = sample::pending()
        .runs
        .into_iter()
        .zip([RunOrigin::Review("1b2c3d: extend env".into()), RunOrigin::Branch])
        .map(|(run, origin)| RunEntry { run, origin, handle: None, links: Vec::new() })
        .collect();
    insta::assert_snapshot!("runs_list", runs_text(&entries, false));
    insta::assert_snapshot!("runs_show", run_text(&entries[0], false));
    insta::assert_snapshot!("runs_json", runs_json(&entries));
    assert_eq!(runs_text(&[], false), "no runs\n");
}

#[test]
fn answers() {
    use super::{Answer, AnswerEdit, AnswerPart, answer_json, answer_text};
    use crate::check::advice::{Who, WhoCould};
    use crate::model::Role;
    let people = ["bob@acme.dev", "carol@acme.dev"].map(sample::id).to_vec();
    let both = WhoCould { short: people.iter().cloned().map(Who::User).collect(), people };
    let many = WhoCould {
        short: vec![Who::Role(Role::Admin, 3), Who::Team(sample::id("platform"), 12), Who::User(sample::id("bob@acme.dev"))],
        people: vec![],
    };
    let part = |field: Option<&str>, allowed: bool, who: &WhoCould| AnswerPart {
        field: field.map(str::to_owned),
        allowed,
        rule: "permission/update-property".into(),
        place: field.map(|_| ("permissions/Env.yaml".into(), Some((12, 5)))),
        reason: if allowed { "role Member" } else { "no part of the rule holds" }.into(),
        who: if allowed { WhoCould::default() } else { who.clone() },
    };
    let edit = |text: &str, file: &str, new_file: bool| AnswerEdit {
        text: text.into(),
        place: (file.into(), (!new_file).then_some((4, 8))),
        new_file,
    };
    let changes = vec![
        vec![edit("give alice@acme.dev the role Env-moderator", "users/alice.yaml", false)],
        vec![edit("add her to the roster", "users/alice.yaml", true), edit("add `\u{1b}[2J`", "permissions/Env.yaml", false)],
    ];
    let answer = |parts, changes| Answer {
        user: "alice@acme.dev".into(),
        operation: "update".into(),
        subject: "Env/prod".into(),
        parts,
        who: both.clone(),
        changes,
    };
    let parts = vec![
        part(Some("slackChannelUrl"), true, &both),
        part(Some("$team"), false, &both),
        part(Some("kind"), false, &both),
        part(Some("ttl"), false, &many),
    ];
    let refused = answer(parts, changes);
    insta::assert_snapshot!("can_refused", answer_text(&refused, false));
    insta::assert_snapshot!("can_refused_json", answer_json(&refused));
    insta::assert_snapshot!("can_allowed", answer_text(&answer(vec![part(None, true, &both)], vec![]), false));
    assert!(!answer(vec![], vec![]).allowed(), "nothing asked is nothing granted");
}

#[test]
fn a_matrix_for_people_and_programs() {
    use super::{AnswerMatrix, MatrixRow, matrix_json, matrix_text};
    let row = |operation: &str, of: Option<&str>, is_action, places: &[(u32, u32)]| MatrixRow {
        operation: operation.into(),
        of: of.map(str::to_owned),
        is_action,
        rule: "permission/update-property".into(),
        places: places.iter().map(|at| ("permissions/Env.yaml".to_owned(), Some(*at))).collect(),
    };
    let everybody: Vec<String> = (0..30).map(|number| format!("user{number}@acme.dev")).collect();
    let matrix = AnswerMatrix {
        subject: "Env/prod".into(),
        operations: vec![
            row("read", None, false, &[]),
            row("update", Some("slackChannelUrl"), false, &[(12, 5)]),
            row("execute", Some("delete_env"), true, &[(40, 7), (50, 1)]),
        ],
        groups: vec![(vec!["alice@acme.dev".into()], vec![true, true, true]), (everybody, vec![true, false, false])],
    };
    insta::assert_snapshot!("can_all", matrix_text(&matrix, false));
    insta::assert_snapshot!("can_all_json", matrix_json(&matrix));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    /// Whatever a message, a help, a path, a name or a source line holds, and wherever the span points.
    #[test]
    fn no_text_gets_through_raw(
        said in "\\PC{0,40}|[\\x00-\\x20:%`|@<>\\[\\]{}\u{202a}-\u{202e}\u{200b}-\u{200f}]{0,40}|(?s).{0,40}",
        source in "(?s).{0,200}",
        line in 0u32..12, column in 0u32..60, end_line in 0u32..12, end_column in 0u32..60,
    ) {
        use crate::model::{Actor, FilePath, Finding, Place, Span};
        let span = Span { line, column, end_line, end_column };
        let mut verdict = sample::hostile();
        verdict.findings = vec![Finding::error("a/b", said.clone()).help(said.clone()).at(Place::span(&FilePath::new(&said), span))];
        verdict.checks[0].summary.clone_from(&said);
        verdict.changes[0].actors = vec![Actor::Stranger(said.clone())];
        verdict.runs[0].reason.clone_from(&said);
        let report = Report::new(&verdict, "", &|_: &FilePath| Some(source.clone().into_bytes()));
        for (format, name) in FORMATS {
            let out = render(format, &report, false);
            proptest::prop_assert!(!out.chars().any(|c| c != '\n' && is_hostile(c)), "{name}: {out:?}");
            if format == Format::Github {
                proptest::prop_assert!(out.lines().all(|l| l.starts_with("::error ") || l.starts_with("::notice ")), "{out:?}");
                proptest::prop_assert_eq!(out.lines().count(), 3);
            }
            if matches!(format, Format::Json | Format::Sarif) {
                proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
            }
        }
    }
}
