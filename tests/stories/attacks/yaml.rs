//! Text that reads one way to a person and another way to a parser.

use crate::harness::{Judged, Story};

/// Judges one file, written by Admin.
fn text(content: &[u8]) -> Judged {
    let story = Story::begin();
    story.topic("new").write_bytes("entities/Env/new.yaml", content).commit_as("alice@acme.dev");
    story.judge("new")
}

#[test]
fn a_key_given_twice_is_refused_however_it_is_spelled() {
    text(b"identifier: new\nteam: platform\nteam: payments\n").fails_by("document/duplicate-key");
    text(b"identifier: new\nteam: platform\n\"te\\x61m\": payments\n").fails_by("document/duplicate-key");
    text(b"identifier: new\nproperties: {note: a, 'note': b}\n").fails_by("document/duplicate-key");
}

#[test]
fn anchors_aliases_and_merge_keys_are_refused() {
    text(b"identifier: &name new\ntitle: *name\n").fails_by("yaml/anchor");
    text(b"identifier: new\nproperties:\n  <<: {note: a}\n").fails_by("yaml/merge-key");
}

#[test]
fn explicit_tags_are_refused() {
    text(b"identifier: !!str new\n").fails_by("yaml/tag");
    text(b"identifier: !secret new\n").fails_by("yaml/tag");
}

#[test]
fn a_second_document_in_the_file_is_refused() {
    text(b"identifier: new\n---\nidentifier: other\n").fails_by("yaml/several-documents");
}

#[test]
fn directives_are_refused() {
    text(b"%YAML 1.1\n---\nidentifier: new\n").fails_by("yaml/directive");
}

#[test]
fn a_byte_order_mark_and_bad_encodings_are_refused() {
    text(b"\xEF\xBB\xBFidentifier: new\n").fails_by("document/byte-order-mark");
    text(b"identifier: new\ntitle: \xFF\xFE\n").fails_by("document/not-utf8");
}

#[test]
fn line_breaks_that_editors_do_not_show_are_refused() {
    text("identifier: new\ntitle: a\u{2028}team: platform\n".as_bytes()).fails_by("document/line-break");
    text(b"identifier: new\rteam: platform\n").fails_by("document/line-break");
}

#[test]
fn numbers_that_are_none_are_refused() {
    text(b"identifier: new\nproperties: { size: .inf }\n").fails_by("document/not-finite");
    text(b"identifier: new\nproperties: { size: .NaN }\n").fails_by("document/not-finite");
    text(b"identifier: new\nproperties: { size: 99999999999999999999999 }\n").fails_by("document/integer-range");
}

#[test]
fn nesting_without_end_is_refused_and_harms_nothing() {
    text(format!("identifier: new\nproperties: {{ note: {} }}\n", "[".repeat(100_000)).as_bytes()).fails_by("limit/depth");
    text(format!("identifier: new\nteam: {}\n", "- ".repeat(40_000)).as_bytes()).fails();
}

#[test]
fn yes_and_no_are_words() {
    let story = Story::begin();
    story.topic("new").write("entities/Env/new.yaml", "identifier: new\ntitle: no\n").commit_as("alice@acme.dev");
    story.judge("new").succeeds();
}

#[test]
fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
    text(b"identifier: new\nteams: platform\n").fails_by("document/unknown-key").says("`team`");
}

#[test]
fn an_empty_file_is_refused() {
    text(b"# nothing\n").fails_by("document/empty");
}

#[test]
fn a_pointer_to_a_large_file_is_refused() {
    text(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n")
        .fails_by("document/lfs-pointer");
}

#[test]
fn a_run_that_brings_its_own_status_is_refused() {
    let story = Story::begin();
    story.topic("ask").write("runs/mine.yaml", "action: create_env\nstatus: APPROVED\n").commit_as("carol@acme.dev");
    story.judge("ask").fails_by("run/status-in-file");
}

#[test]
fn each_limit_of_a_file_has_its_own_error() {
    let long = format!("identifier: new\ntitle: {}\n", "x".repeat(65 * 1024 + 1));
    text(long.as_bytes()).fails_by("limit/scalar-bytes");
    let many = format!("identifier: new\nteam: [{}]\n", "a, ".repeat(20_001));
    text(many.as_bytes()).fails_by("limit/nodes");
    let large = format!("identifier: new\n# {}\n", "x".repeat(257 * 1024));
    text(large.as_bytes()).fails_by("limit/file-bytes");
}

/// Judges one file of a name that is not an entity's, written by Admin.
fn file(path: &str, content: &str) -> Judged {
    let story = Story::begin();
    story.topic("new").write(path, content).commit_as("alice@acme.dev");
    story.judge("new")
}

#[test]
fn a_key_given_twice_in_json_is_refused() {
    for second in ["roles", "\\u0072oles"] {
        let text = format!("{{\"identifier\": \"zoe@acme.dev\", \"roles\": [\"Member\"], \"{second}\": [\"Admin\"]}}\n");
        file("users/zoe.json", &text).fails_by("document/duplicate-key");
    }
}

#[test]
fn yes_is_not_true_in_a_rule() {
    file("permissions/System.yaml", "entities:\n  update: { ownedByTeam: yes }\n").fails_by("document/wrong-type");
}

#[test]
fn a_pattern_cannot_take_for_ever() {
    let blueprint = |pattern: &str| {
        format!("identifier: Evil\nschema:\n  properties:\n    p: {{ type: string, pattern: '{pattern}' }}\nrelations: {{}}\n")
    };
    file("blueprints/Evil.yaml", &blueprint("(?=a)a")).fails_by("schema/pattern");
    file("blueprints/Evil.yaml", &blueprint("(a{1000}){1000}")).fails_by("schema/pattern");
    let story = Story::begin();
    story
        .topic("new")
        .write("blueprints/Evil.yaml", &blueprint("^(a+)+$"))
        .write("entities/Evil/e.yaml", &format!("identifier: e\nproperties: {{ p: {}b }}\n", "a".repeat(50_000)))
        .commit_as("alice@acme.dev");
    story.judge("new").fails_by("schema/pattern-mismatch");
}

#[test]
fn a_reference_outside_of_the_document_is_refused() {
    for target in ["https://evil.example/schema.json", "file:///etc/passwd", "other.yaml#/a"] {
        let text = format!(
            "identifier: Evil\nschema:\n  properties:\n    p: {{ type: object, properties: {{ a: {{ $ref: '{target}' }} }} }}\nrelations: {{}}\n"
        );
        file("blueprints/Evil.yaml", &text).fails_by("document/remote-ref");
    }
}
