//! `portcullis explain`: what a rule demands and why, with an example that breaks it and one that mends it.

use std::fmt::Write as _;

use crate::catalog::nearest;
use crate::check::rules;
use crate::model::RuleDoc;

use super::{Color, CommandError, Outcome, output};

/// The arguments of `portcullis explain`.
#[derive(clap::Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub struct Args {
    /// A rule, as findings name it, or a family of rules; all rules where it is left out.
    #[arg(value_name = "RULE")]
    rule: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  portcullis explain schema/not-on-base   why it is there, and how to mend what breaks it
  portcullis explain yaml                 the rules of a family
  portcullis explain                      every rule";

/// The index of rules, a page a family; `tests/rules` has the program judge its examples.
const PAGES: &[&str] = &[
    include_str!("../../docs/rules/action.md"),
    include_str!("../../docs/rules/approval.md"),
    include_str!("../../docs/rules/blueprint.md"),
    include_str!("../../docs/rules/derived.md"),
    include_str!("../../docs/rules/document.md"),
    include_str!("../../docs/rules/duplicate.md"),
    include_str!("../../docs/rules/git.md"),
    include_str!("../../docs/rules/identifier.md"),
    include_str!("../../docs/rules/identity.md"),
    include_str!("../../docs/rules/json.md"),
    include_str!("../../docs/rules/limit.md"),
    include_str!("../../docs/rules/lint.md"),
    include_str!("../../docs/rules/lookalike.md"),
    include_str!("../../docs/rules/ownership.md"),
    include_str!("../../docs/rules/permission.md"),
    include_str!("../../docs/rules/policy.md"),
    include_str!("../../docs/rules/push.md"),
    include_str!("../../docs/rules/reference.md"),
    include_str!("../../docs/rules/roster.md"),
    include_str!("../../docs/rules/run.md"),
    include_str!("../../docs/rules/schema.md"),
    include_str!("../../docs/rules/search.md"),
    include_str!("../../docs/rules/team.md"),
    include_str!("../../docs/rules/user.md"),
    include_str!("../../docs/rules/yaml.md"),
];

/// Runs it.
///
/// # Errors
/// Where there is no such rule and no such family.
pub fn run(args: &Args, color: Color) -> Result<Outcome, CommandError> {
    let styled = color.on_stdout();
    let text = match args.rule.as_deref().map(str::trim) {
        None => list(|_| true, styled),
        Some(name) => match section(name) {
            Some(section) => render(name, section, styled),
            None => family(name, styled).ok_or_else(|| unknown(name))?,
        },
    };
    output::print(&text)?;
    Ok(Outcome::Clean)
}

/// What the index says of a rule, below its heading.
pub fn section(rule: &str) -> Option<&'static str> {
    PAGES.iter().find_map(|page| {
        let mut fenced = false;
        let mut from = None;
        let mut at = 0;
        for line in page.split_inclusive('\n') {
            fenced ^= line.starts_with("```");
            match (line.strip_prefix("## ").filter(|_| !fenced), from) {
                (Some(_), Some(from)) => return page.get(from..at),
                (Some(heading), None) if heading.trim_end() == rule => from = Some(at + line.len()),
                _ => {}
            }
            at += line.len();
        }
        page.get(from?..)
    })
}

fn family(name: &str, styled: bool) -> Option<String> {
    let name = name.trim_end_matches('/');
    let mine = |rule: &RuleDoc| rule.id.split('/').next() == Some(name);
    rules::all().iter().any(mine).then(|| list(mine, styled))
}

fn list(wanted: impl Fn(&RuleDoc) -> bool, styled: bool) -> String {
    let mut all: Vec<RuleDoc> = rules::all().into_iter().filter(wanted).collect();
    all.sort_by_key(|rule| rule.id);
    let mut out = String::new();
    for rule in all {
        let _ = writeln!(out, "{}\n    {}", bold(rule.id, styled), rule.summary);
    }
    out
}

fn unknown(name: &str) -> CommandError {
    let all = rules::all();
    let error = CommandError::usage(format!("there is no rule `{name}`"));
    match nearest(name, all.iter().map(|rule| rule.id)) {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint("`portcullis explain` lists every rule"),
    }
}

/// The section for a terminal: fences become indented lines, what is strong becomes bold.
fn render(rule: &str, section: &str, styled: bool) -> String {
    let mut out = format!("{}\n", bold(rule, styled));
    let mut fenced = false;
    for line in section.trim_end().lines() {
        if line.starts_with("```") {
            fenced = !fenced;
        } else if fenced {
            let _ = writeln!(out, "    {line}");
        } else {
            let strong =
                line.split("**").enumerate().map(|(at, part)| if at % 2 == 1 { bold(part, styled) } else { part.to_owned() });
            let _ = writeln!(out, "{}", strong.collect::<String>());
        }
    }
    out.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

fn bold(text: &str, styled: bool) -> String {
    if styled { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_explained() {
        for rule in rules::all() {
            let text = section(rule.id).unwrap_or_else(|| panic!("{} is not explained: add its family to PAGES", rule.id));
            assert!(text.contains(rule.summary) && text.contains(rule.remedy), "{}", rule.id);
        }
    }

    #[test]
    fn a_section_reads_well_on_a_terminal() {
        insta::assert_snapshot!(render("yaml/tag", section("yaml/tag").unwrap(), false));
    }

    #[test]
    fn a_family_is_listed_and_what_is_misspelled_is_guessed() {
        assert!(family("yaml", false).unwrap().starts_with("yaml/alias\n    A document has no aliases"));
        assert_eq!(family("yaml/", false), family("yaml", false));
        assert_eq!(family("tag", false), None);
        assert_eq!(unknown("yaml/tags"), CommandError::usage("there is no rule `yaml/tags`").hint("did you mean `yaml/tag`?"));
    }
}
