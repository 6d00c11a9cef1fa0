//! Texts that want to crash, to hang, or to be read in two ways.

use super::{parse, told};
use crate::catalog::{locate, parse_file};
use crate::model::{FilePath, Limits, Place};

/// Runs on a stack so small that recursion over the input would overflow it.
fn on_a_small_stack(work: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(512 * 1024).spawn(work).unwrap().join().unwrap();
}

#[test]
fn deep_nesting_ends_at_the_limit_and_not_in_a_crash() {
    on_a_small_stack(|| {
        let hundred_kilobytes = |unit: &str| unit.repeat(100 * 1024 / unit.len());
        for unit in [
            "[", "- ", "{a: ", "? ", "[{a: ", "- - a: ", "a: - ", "[[],", "{? ", "{[", "-\n - ", "&a [", "!!x [", "[a: ", "(",
            "'", "\"", "|\n", "\\", "{", "}", "]", ": ", "? - ",
        ] {
            for path in ["entities/a.yaml", "entities/a.json"] {
                let text = hundred_kilobytes(unit);
                let parsed = parse(path, &text);
                assert!(parsed.documents.is_empty() && !parsed.findings.is_empty(), "{unit:?} in {path}");
                assert!(parsed.findings.len() <= 102);
                locate(text.as_bytes(), &Place::file(&FilePath::new(path)));
            }
        }
    });
}

#[test]
fn the_greatest_depth_that_a_policy_may_allow_fits_the_stack() {
    on_a_small_stack(|| {
        let depth = Limits::MOST.depth;
        for (path, open, close) in [("entities/a.yaml", "[", "]"), ("entities/a.json", "[", "]")] {
            let inner = depth - 2;
            let text = format!(
                "{{\"identifier\": \"a\", \"blueprint\": \"B\", \"properties\": {{\"x\": {}{}}}}}",
                open.repeat(inner),
                close.repeat(inner)
            );
            let parsed = parse_file(&FilePath::new(path), text.as_bytes(), &Limits::MOST);
            assert_eq!(parsed.findings, [], "{path}");
            assert_eq!(parsed.clone().documents.len(), 1);
        }
    });
}

#[test]
fn a_billion_laughs_get_none() {
    let mut text = String::from("a0: &a0 [lol, lol]\n");
    for i in 1..40 {
        text.push_str(&format!("a{i}: &a{i} [*a{0}, *a{0}, *a{0}]\n", i - 1));
    }
    let parsed = parse("entities/a.yaml", text);
    assert!(parsed.documents.is_empty());
    assert!(told(&parsed).iter().any(|told| told.ends_with("limit/findings")));
}

#[test]
fn indentation_keys_and_texts_without_end_are_read_in_time() {
    let long = |unit: &str, n: usize| unit.repeat(n);
    for text in [
        (0..400).map(|i| format!("{}a:\n", " ".repeat(i))).collect::<String>(),
        (0..9000).map(|i| format!("k{i}: v\n")).collect(),
        format!("identifier: '{}'\n", long("''", 60_000)),
        format!("identifier: \"{}\"\n", long("\\x61", 60_000)),
        format!("title: {}\n", long("x ", 120_000)),
        format!("title: |\n{}", long("  x\n", 60_000)),
        format!("title: >\n{}", long("\n", 250_000)),
        long("# comment\n", 26_000),
        long("\n", 260_000),
        long(" ", 260_000),
        format!("[{}]", long("a, ", 80_000)),
        format!("[{}", long("a b", 80_000)),
        format!("{{{}", long("a:", 120_000)),
        long("a: b\n", 50_000),
        long("---\n", 60_000),
        long("%X\n", 80_000),
        long("“a” ", 30_000),
        long("{“a”:", 30_000),
        long("\"a\":", 60_000),
        long("'a' ", 60_000),
        format!("[{}", long(",", 200_000)),
        format!("[\"{}", long("\\q", 100_000)),
        format!("[\"{}", long("\t", 200_000)),
        long("//\n", 80_000),
    ] {
        for path in ["entities/a.yaml", "entities/a.json", "users/a.yaml", "permissions/a.yaml"] {
            let parsed = parse(path, &text);
            assert!(parsed.documents.is_empty() && parsed.findings.len() <= 102);
        }
    }
}

/// What some readers take for the end of the text hides what follows from them.
#[test]
fn nothing_hides_behind_a_nul() {
    let parsed =
        parse("permissions/Env.yaml", "entities: { update: { roles: [] } }\n\0\nentities: { update: { roles: [Member] } }\n");
    assert_eq!(told(&parsed), ["2:1 document/control-character"]);
}

/// For an old Macintosh the comment ends at the CR; for git and the reviewer's screen it does not.
#[test]
fn nothing_hides_behind_a_lone_carriage_return() {
    let parsed = parse("users/mallory.yaml", "identifier: mallory@acme.dev # harmless\rroles: [Admin]\n");
    assert_eq!(told(&parsed), ["1:40 document/line-break"]);
    assert!(parsed.documents.is_empty());
}

/// The last of two keys counts for some readers, the first for others.
#[test]
fn a_role_cannot_be_smuggled_in_by_a_second_key() {
    for second in ["roles", "\"roles\"", "'roles'", "\"\\x72oles\"", "\"\\u0072oles\"", "? roles\n", "{a: b}: 1\nroles"] {
        let parsed = parse("users/mallory.yaml", format!("identifier: mallory@acme.dev\nroles: [Member]\n{second}: [Admin]\n"));
        assert!(parsed.documents.is_empty(), "{second}");
    }
}

#[test]
fn identifiers_that_look_like_others_are_refused_where_they_hide_something() {
    for identifier in ["admin\u{200d}", "\u{202e}nimda", "аdmin", "ａdmin", "..", ".", "a b", "a\u{301}", "a\u{ad}"] {
        let parsed = parse("teams/a.yaml", format!("identifier: \"{identifier}\"\n"));
        assert!(parsed.documents.is_empty() && parsed.findings[0].rule.starts_with("identifier/"), "{identifier}");
    }
}

#[test]
fn a_lot_of_findings_is_cut_short() {
    let keys: String = (0..3000).map(|i| format!("x{i}: 1\n")).collect();
    let parsed = parse("entities/a.yaml", keys);
    assert_eq!(parsed.findings.len(), 101);
    assert_eq!(parsed.findings[100].rule, "limit/findings");
}

/// A comparison of each wrong name with each right one would take minutes.
#[test]
fn thousands_of_near_misses_are_judged_in_time() {
    let names = |prefix: &str| (0..2400).map(|i| format!("{prefix}{i}")).collect::<Vec<_>>();
    let properties: String = names("property").iter().map(|name| format!("    {name}: {{type: string}}\n")).collect();
    let required = names("proparty").join(", ");
    let blueprint = format!("identifier: A\nschema:\n  required: [{required}]\n  properties:\n{properties}");
    let colors: String = names("calor").iter().map(|name| format!("{name}: red, ")).collect();
    let values = names("color").join(", ");
    let colored =
        format!("identifier: A\nschema: {{properties: {{a: {{type: string, enum: [{values}], enumColors: {{{colors}}}}}}}}}\n");
    let derived: String = names("property").iter().map(|name| format!("  {name}: {{path: a.b}}\n")).collect();
    let derived =
        format!("identifier: A\nmirrorProperties:\n{derived}formulaProperties:\n{}", derived.replace("path: a.b", "formula: x"));
    let roles = format!("entities: {{update: {{roles: [{}]}}}}\n", names("Env-moderatar").join(", "));
    for (path, text) in [
        ("blueprints/a.yaml", blueprint),
        ("blueprints/a.yaml", colored),
        ("blueprints/a.yaml", derived),
        ("permissions/Env.yaml", roles),
    ] {
        let parsed = parse(path, text);
        assert!(parsed.documents.is_empty());
        assert_eq!(parsed.findings.len(), 101);
        assert!(parsed.findings.iter().all(|finding| finding.message.len() + finding.help.as_ref().unwrap().len() < 2000));
    }
}

/// An error beyond those that are told is an error still.
#[test]
fn the_last_of_many_broken_entities_is_not_let_through() {
    let entities: String = (0..300).map(|i| format!("- identifier: e{i}\n  titel: x\n")).collect();
    let parsed = parse("entities/Env/a.yaml", format!("{entities}- identifier: good\n"));
    assert_eq!(parsed.documents.len(), 1);
    assert_eq!(parsed.findings[100].message, "200 more things are wrong in this file");
}

/// A terminal obeys escapes, and an eye follows the direction of writing.
#[test]
fn nothing_of_the_file_reaches_a_message_unseen() {
    let parsed = parse("users/a.yaml", "identifier: a@b.c\nroles: [\"\\e[31mAdm\\u202Ein\"]\n\"na\\x07me\": x\n");
    let all: String =
        parsed.findings.iter().map(|finding| format!("{}{}", finding.message, finding.help.as_deref().unwrap())).collect();
    assert!(parsed.findings.len() == 2 && !all.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{all}");
}

#[test]
fn hostile_keys_are_refused_without_a_crash() {
    let armour = include_str!("keys/open-pgp.asc");
    for cut in 0..armour.len() {
        for text in [armour[..cut].to_owned(), armour.replacen(&armour[cut..=cut], "A", 1)] {
            let indented: String = text.lines().map(|line| format!("      {line}\n")).collect();
            parse("users/a.yaml", format!("identifier: a@b.c\nsigningKeys:\n  - key: |\n{indented}"));
        }
    }
    let ssh = include_str!("keys/rsa.pub").trim();
    for cut in 0..ssh.len() {
        parse("users/a.yaml", format!("identifier: a@b.c\nsigningKeys:\n  - {}\n", &ssh[..cut]));
    }
}
