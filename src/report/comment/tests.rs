//! The comment as people see it, and what those make of it who would have it say something else.

use super::*;
use crate::check::Verdict;
use crate::model::{Actor, FilePath, Finding, Identifier, Place, RunState};
use crate::report::{Measured, sample};

fn report(verdict: &Verdict) -> Report<'_> {
    Report::new(verdict, "", &sample::sources)
}

fn linked() -> CommentOptions {
    CommentOptions {
        url: Some("https://portcullis.acme.dev/reports/2b2b".into()),
        files: Some("https://github.com/acme/catalog/blob/2b2b2b".into()),
        ..CommentOptions::default()
    }
}

const ATTACK: &str = "@org/all `@org/all` <script>x</script> <!-- portcullis --> [x](http://evil) ![x](//evil) | #1 {0}\n\n# big\n---\n<details> \u{202e}";

/// What no reader may find outside a span of code.
fn harmless(out: &str) {
    for line in out.lines() {
        let outside = without_code(line);
        for bad in ["@o", "<script", "](http://evil", "](//evil", "http://evil", " #1", "<details> "] {
            assert!(!outside.contains(bad), "{bad:?} in {outside:?}");
        }
        assert!(!line.starts_with("# big") && line != "---", "{line:?}");
    }
    assert_eq!(out.matches("<!-- portcullis -->").count() - without_marker(out), 1, "{out}");
    assert!(!out.chars().any(|c| c != '\n' && crate::report::defuse::is_hostile(c)), "{out:?}");
}

/// How often the marker stands inside a span of code, where it marks nothing.
fn without_marker(out: &str) -> usize {
    out.lines().map(|line| line.matches(MARKER.trim()).count() - without_code(line).matches(MARKER.trim()).count()).sum()
}

/// A line without its spans of code, whatever the length of their fences.
fn without_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(at) = rest.find('`') {
        if rest[..at].ends_with('\\') {
            out.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
            continue;
        }
        out.push_str(&rest[..at]);
        let fence: String = rest[at..].chars().take_while(|c| *c == '`').collect();
        let after = &rest[at + fence.len()..];
        let end = (0..after.len()).filter(|i| after.is_char_boundary(*i)).find(|i| {
            after[*i..].starts_with(&fence) && !after[*i + fence.len()..].starts_with('`') && !after[..*i].ends_with('`')
        });
        let end = end.unwrap_or_else(|| panic!("a span that does not end: {line}"));
        rest = &after[end + fence.len()..];
    }
    out + rest
}

#[test]
fn every_verdict_as_a_comment() {
    let verdicts = [
        ("success", sample::success()),
        ("pending", sample::pending()),
        ("failure", sample::failure()),
        ("hostile", sample::hostile()),
        ("collision", sample::collision()),
    ];
    for (name, verdict) in verdicts {
        let out = comment(&report(&verdict), &CommentOptions::default());
        assert!(out.starts_with("<!-- portcullis -->\n### "));
        insta::assert_snapshot!(format!("comment_{name}"), out);
    }
}

#[test]
fn on_request_it_says_why() {
    let verdict = sample::failure();
    insta::assert_snapshot!("comment_why", comment(&report(&verdict), &CommentOptions { why: true, ..linked() }));
}

#[test]
fn what_is_nobodys_finding_is_told_too() {
    let verdict = sample::pending();
    let foreign = vec![ForeignWord { context: "portcullis/approval".into(), by: "mallory".into() }];
    let options = CommentOptions { foreign, notes: vec!["a draft is never merged".into()], ..linked() };
    let mut report = report(&verdict);
    report.measured = Some(Measured { files: 120, entities: 99, elapsed: std::time::Duration::from_millis(40) });
    insta::assert_snapshot!("comment_asides", comment(&report, &options));
    insta::assert_snapshot!("comment_unjudged", comment_unjudged("reading it took longer than 60s", &options));
}

#[test]
fn a_check_has_a_page_of_its_own() {
    let verdict = sample::failure();
    let CheckSummary { title, summary } = check_summary(&report(&verdict));
    assert_eq!(title, "failure: 3 errors, 1 warning and 1 note in 3 files");
    assert!(!summary.contains(MARKER), "only the comment is looked for");
    insta::assert_snapshot!("check_summary", summary);
}

#[test]
fn nothing_that_a_stranger_wrote_makes_markup() {
    let mut verdict = sample::hostile();
    let place = Place::file(&FilePath::new(&format!("entities/{ATTACK}.yaml")));
    let finding = |rule| Finding::error(rule, ATTACK).at(place.clone()).help(ATTACK).related(place.clone(), ATTACK);
    verdict.findings = vec![finding("yaml/syntax"), finding("permission/register")];
    verdict.changes[0].actors = vec![Actor::Stranger(ATTACK.into())];
    verdict.changes[0].refused = vec![Actor::Stranger(ATTACK.into())];
    verdict.runs[0].reason = ATTACK.into();
    verdict.checks[0].summary = ATTACK.into();
    let foreign = vec![ForeignWord { context: ATTACK.into(), by: ATTACK.into() }];
    let options = CommentOptions { why: true, foreign, notes: vec![ATTACK.into()], ..linked() };
    harmless(&comment(&report(&verdict), &options));
    harmless(&comment_unjudged(ATTACK, &options));
    harmless(&format!("{MARKER}{}", check_summary(&report(&verdict)).summary));
}

#[test]
fn an_address_that_could_leave_its_link_is_none() {
    for bad in ["javascript:alert(1)", "https://x/)[y](https://evil", "https://x/ y", "https://x/\n", "//x", ""] {
        assert_eq!(address(bad), None, "{bad:?}");
    }
    let of = |file: &str| link("https://github.com/acme/catalog/blob/2b/", file, None);
    assert_eq!(of("a b/ü).yaml").as_deref(), Some("https://github.com/acme/catalog/blob/2b/a%20b/%C3%BC%29.yaml"));
}

#[test]
fn however_much_there_is_to_tell_it_fits_and_says_what_is_missing() {
    let long = "`@x`|_<".repeat(100);
    let name = |i: usize| Identifier::new(&format!("{i:05}-{}@acme.dev", "x".repeat(80))).unwrap();
    let mut verdict = sample::failure();
    let findings = |i: usize| {
        let file = FilePath::new(&format!("entities/Env/{i}-{}.yaml", "é".repeat(200)));
        Finding::error(if i.is_multiple_of(2) { "schema/type" } else { "permission/register" }, format!("{i} {long}"))
            .at(Place::file(&file))
            .about(crate::model::Subject::User(name(i)))
            .help(format!("{long}\n").repeat(20))
    };
    verdict.findings = (0..600).map(findings).collect();
    verdict.runs = (0..600)
        .map(|i| crate::check::RunVerdict {
            id: name(i),
            state: RunState::WaitingForApproval,
            approvers: (0..40).map(|j| name(i + j)).collect(),
            reason: long.clone(),
            ..sample::pending().runs[0].clone()
        })
        .collect();
    let change = verdict.changes[1].clone();
    verdict.changes = (0..600)
        .map(|i| {
            let refused = (0..=i % 40).map(|j| Actor::User(name(j))).collect::<Vec<_>>();
            crate::check::ChangeVerdict { actors: refused.clone(), refused, ..change.clone() }
        })
        .collect();
    let foreign = (0..600).map(|i| ForeignWord { context: long.clone(), by: i.to_string() }).collect();
    let options = CommentOptions { why: true, foreign, notes: vec![long.clone(); 500], ..linked() };
    let report = report(&verdict);
    let out = comment(&report, &options);
    assert!(out.len() <= 65_000, "{}", out.len());
    assert!(out.contains("**Left out for want of room: ") && out.contains(" refused changes"), "{out}");
    assert_eq!(out.matches("<details>").count(), out.matches("</details>").count(), "what is opened is closed");
    assert!(out.ends_with("</sub>\n"));
    assert!(out.contains("#### Runs") && out.contains("#### Refused changes"), "each part has its share");
    let CheckSummary { title, summary } = check_summary(&report);
    assert!(title.chars().count() <= 140 && summary.len() <= 65_535);
    assert!(comment_unjudged(&long, &options).len() <= 65_000);
}
