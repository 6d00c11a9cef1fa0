//! The reference of every kind of document, written from the table of keys.

use std::fmt::Write as _;

use crate::model::Kind;

use super::key::{Key, Keywords, Named, Names, Wants};
use super::table::sections;

const KINDS: [Kind; 8] =
    [Kind::Policy, Kind::Blueprint, Kind::Entity, Kind::Permissions, Kind::Action, Kind::Run, Kind::User, Kind::Team];

/// The page, in Markdown.
pub fn reference() -> String {
    let mut page = String::from(
        "# Reference of documents\n\nEvery key that a document may have: its type, whether it must be there, what holds where it is left out, what it \
         means. Any other key is an error.\n\nThis page is written from the same table as the schemas for editors ([editors](editors.md)), and the table is \
         held against the decoder by a test. `tests/reference.rs` keeps the page; run that test with `UPDATE_DOCS=1` to write it anew.\n\n\
         Where a key may be left out, `null` means the same, except where the table says otherwise. How documents lie in the repository, and what each is \
         for, is told in [the catalog](catalog.md).\n",
    );
    for kind in KINDS {
        let mut level = "##";
        for section in sections(kind) {
            let _ = write!(page, "\n{level} {}\n\n", section.title);
            if level == "##" {
                let place = if kind == Kind::Policy { "`catalog.yaml`".to_owned() } else { format!("`{}/`", kind.directory()) };
                let _ = write!(page, "In {place}. ");
            }
            let _ = write!(page, "{}\n\n| key | value | default | meaning |\n|---|---|---|---|\n", section.meaning);
            for key in section.all() {
                let _ = writeln!(
                    page,
                    "| `{}` | {} | {} | {} |",
                    key.name,
                    cell(&value(key)),
                    cell(&default(key)),
                    cell(&meaning(key))
                );
            }
            level = "###";
        }
    }
    page
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn value(key: &Key) -> String {
    wants(key.wants)
}

fn default(key: &Key) -> String {
    match key {
        _ if key.required => "**required**".to_owned(),
        _ if !key.default.is_empty() => format!("`{}`", key.default),
        _ => String::new(),
    }
}

fn meaning(key: &Key) -> String {
    let mut out = key.meaning.to_owned();
    if !key.example.is_empty() {
        let _ = write!(out, " Example: `{}: {}`", key.name, key.example);
    }
    out
}

fn wants(wants: &Wants) -> String {
    match wants {
        Wants::Any => "anything".to_owned(),
        Wants::Null => "`null`".to_owned(),
        Wants::Text => "text".to_owned(),
        Wants::Flag => "`true` or `false`".to_owned(),
        Wants::Whole(least, most) if *most >= 1 << 53 => format!("whole number from {least}"),
        Wants::Whole(least, most) => format!("whole number from {least} to {most}"),
        Wants::Number => "number".to_owned(),
        Wants::Word([only]) => format!("`{only}`"),
        Wants::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Wants::Identifier => "identifier".to_owned(),
        Wants::Name(names) => match names {
            Names::Blueprint => "a blueprint's identifier",
            Names::User | Names::AnyUser => "a user's identifier",
            Names::Team | Names::AnyTeam => "a team's identifier",
            Names::Role => "a role",
            Names::Action => "an action's identifier",
        }
        .to_owned(),
        Wants::Icon => "name of an icon".to_owned(),
        Wants::Duration => "duration: `90s`, `30m`, `1h`, `14d`, `2w`".to_owned(),
        Wants::Moment => "a date, or an RFC 3339 time with its offset".to_owned(),
        Wants::Mapping => "mapping".to_owned(),
        Wants::List(of) => format!("list: {}", self::wants(of)),
        Wants::Part(section) => link(section.title),
        Wants::Named(named, of) => {
            let name = match named {
                Named::Member | Named::Identifier | Named::Free => "name",
                Named::Property => "property",
                Named::Relation => "relation",
                Named::Action => "action",
            };
            format!("mapping from {name} to: {}", self::wants(of))
        }
        Wants::Either(several) => several.iter().map(|one| self::wants(one)).collect::<Vec<_>>().join("; or "),
        Wants::ByWord(_, several) => several.iter().map(|(_, section)| link(section.title)).collect::<Vec<_>>().join("; or "),
        Wants::Search => link("a search"),
        Wants::Comparison => link("a search rule"),
        Wants::Schema(purpose) => match purpose {
            Keywords::Property => link("schema.properties.<property>"),
            Keywords::Input => link("userInputs.properties.<input>"),
            Keywords::Condition => link("requiredApproval.when"),
        },
    }
}

/// A link to a section, where it has one of its own; forges make anchors of the letters, digits and hyphens of a heading.
fn link(title: &str) -> String {
    let anchor: String = title
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
        .map(|c| if c == ' ' { '-' } else { c })
        .collect();
    let has_its_own = KINDS.iter().flat_map(|kind| sections(*kind)).any(|section| section.title == title);
    if has_its_own { format!("[{title}](#{anchor})") } else { "mapping".to_owned() }
}
