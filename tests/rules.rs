//! `docs/rules.md` lists every rule there is, in the words of the program.

use std::fmt::Write as _;

use portcullis::check::rules;

#[test]
fn the_page_of_rules_is_what_the_program_knows() {
    let mut page = String::from(
        "# Rules\n\nEvery finding names the rule it comes from. This page lists them all, with what each demands and how to mend what breaks it.\n\
         It is kept by `tests/rules.rs`; run that test with `UPDATE_DOCS=1` to write it anew.\n",
    );
    let mut all = rules::all();
    all.sort_by_key(|rule| rule.id);
    let mut family = "";
    for rule in &all {
        let this = rule.id.split('/').next().unwrap();
        if this != family {
            let _ = write!(page, "\n## {this}\n\n| rule | demands | mend it so |\n|---|---|---|\n");
            family = this;
        }
        let cell = |text: &str| text.replace('|', "\\|");
        let _ = writeln!(page, "| `{}` | {} | {} |", rule.id, cell(rule.summary), cell(rule.remedy));
    }
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/rules.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(file, &page).unwrap();
    }
    let written = std::fs::read_to_string(file).unwrap_or_default();
    assert!(written == page, "docs/rules.md is not what the program knows: run `UPDATE_DOCS=1 cargo test --test rules`");
}
