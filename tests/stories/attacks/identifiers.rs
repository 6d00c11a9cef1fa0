//! Names that hide, escape or look like other names.

use crate::harness::Story;

/// Judges one new environment of this identifier, registered by Admin.
fn named(identifier: &str) -> crate::harness::Judged {
    let story = Story::begin();
    story.topic("new").write("entities/Env/new.yaml", &format!("identifier: {identifier}\n")).commit_as("alice@acme.dev");
    story.judge("new")
}

#[test]
fn invisible_and_turning_characters_are_refused() {
    for hidden in ["\"pro\\u200bd\"", "\"\\u202Edorp\"", "\"prod\\u00ad\"", "\"prod\\u2060\"", "\"prod\\0\"", "\"prod\\n\""] {
        named(hidden).fails_by("identifier/invisible");
    }
}

#[test]
fn letters_of_another_script_are_refused() {
    named("рrod").fails_by("identifier/character"); // the first letter is Cyrillic
    named("ｐrod").fails_by("identifier/character");
}

#[test]
fn decomposed_letters_are_refused() {
    named("\"cafe\\u0301\"").fails_by("identifier/not-normal");
}

#[test]
fn names_that_are_paths_are_refused() {
    named("'..'").fails_by("identifier/dots");
    named("'.'").fails_by("identifier/dots");
}

#[test]
fn too_long_and_empty_names_are_refused() {
    named(&"x".repeat(101)).fails_by("identifier/too-long");
    named("''").fails_by("identifier/empty");
}

#[test]
fn two_names_that_differ_only_by_case_are_refused() {
    named("PROD").fails_by("lookalike/identifier");
}

#[test]
fn two_names_that_differ_only_by_confusable_letters_are_refused() {
    named("pr0d").fails_by("lookalike/identifier");
    let story = Story::begin();
    story
        .topic("new")
        .write("teams/p1atform.yaml", "identifier: p1atform\nmembers: [dave@acme.dev]\n")
        .commit_as("alice@acme.dev");
    story.judge("new").fails_by("lookalike/identifier");
}

#[test]
fn one_name_declared_twice_is_an_error_in_both_places() {
    let story = Story::begin();
    story.topic("new").write("entities/Env/again.yaml", "identifier: prod\n").commit_as("alice@acme.dev");
    let judged = story.judge("new").fails_by("duplicate/identifier");
    let mut files: Vec<_> = judged
        .0
        .findings
        .iter()
        .filter(|f| f.rule == "duplicate/identifier")
        .filter_map(|f| f.place.as_ref())
        .map(|p| p.file.to_string())
        .collect();
    files.sort();
    assert_eq!(files, ["entities/Env/again.yaml", "entities/Env/prod.yaml"]);
}

#[test]
fn a_look_alike_of_an_admin_is_not_the_admin() {
    let story = Story::begin();
    story.topic("edit").append("entities/Env/prod.yaml", "icon: Skull\n").commit_as("a1ice@acme.dev");
    story.judge("edit").refuses("Env/prod", "$icon");
}
