//! Every option of the daemon, once: the file, the environment, the flags, `--help` and the documentation all read this.

mod table;

pub use table::OPTIONS;

/// Where in the configuration file an option stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// At the top of the file.
    Daemon,
    /// In an entry of `repositories`; its flag and variable describe the one repository of a daemon without that list.
    Repository,
    /// Not in the file.
    CommandLine,
}

/// How an option is said on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `--flag VALUE`.
    Value,
    /// `--flag A,B`; in the file a list.
    List,
    /// `--flag` alone, which says this; the file and the variable take `true` and `false`.
    Switch(bool),
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct OptionDoc {
    /// Its key in the file, and its name everywhere in the code.
    pub key: &'static str,
    /// Its flag, without `--`.
    pub flag: &'static str,
    /// Its environment variable.
    pub env: &'static str,
    /// The word that stands for its value in `--help`.
    pub value: &'static str,
    /// What holds where nobody says anything, for people; empty for nothing.
    pub default: &'static str,
    /// Where in the file it stands.
    pub scope: Scope,
    /// How it is said on the command line.
    pub form: Form,
    /// What it does.
    pub help: &'static str,
}

const fn option(
    scope: Scope,
    (key, flag, env): (&'static str, &'static str, &'static str),
    value: &'static str,
    default: &'static str,
    help: &'static str,
) -> OptionDoc {
    OptionDoc { key, flag, env, value, default, scope, form: Form::Value, help }
}

/// Several values, none where nobody says anything.
const fn list(
    (key, flag, env): (&'static str, &'static str, &'static str),
    value: &'static str,
    help: &'static str,
) -> OptionDoc {
    OptionDoc { key, flag, env, value, default: "", scope: Daemon, form: Form::List, help }
}

/// A yes or no, whose flag says what its default does not.
const fn switch(
    scope: Scope,
    (key, flag, env): (&'static str, &'static str, &'static str),
    default: bool,
    help: &'static str,
) -> OptionDoc {
    let text = if default { "true" } else { "false" };
    OptionDoc { key, flag, env, value: "true or false", default: text, scope, form: Form::Switch(!default), help }
}

use Scope::{CommandLine, Daemon, Repository};

/// The option of this key.
pub fn find(key: &str) -> Option<&'static OptionDoc> {
    OPTIONS.iter().find(|option| option.key == key)
}

impl OptionDoc {
    /// The line of `--help`.
    pub fn help_text(&self) -> String {
        let default = match self.form {
            Form::Value | Form::List if self.default.is_empty() => String::new(),
            Form::Value | Form::List => format!(" [default: {}]", self.default),
            Form::Switch(says) => format!(" [default: {}; this says {says}]", self.default),
        };
        format!("{}{default} [env: {}]", self.help, self.env)
    }
}

/// The table of `docs/configuration.md`.
pub fn markdown_table() -> String {
    let mut out = String::from("| in the file | flag | environment | default | what it does |\n|---|---|---|---|---|\n");
    for option in OPTIONS {
        let key = match option.scope {
            Daemon => format!("`{}`", option.key),
            Repository => format!("`repositories[].{}`", option.key),
            CommandLine => "–".to_owned(),
        };
        let default = if option.default.is_empty() { "–".to_owned() } else { option.default.replace('<', "\\<") };
        out += &format!("| {key} | `--{}` | `{}` | {default} | {} |\n", option.flag, option.env, option.help);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_holds_every_option() {
        let doc = include_str!("../../../docs/configuration.md");
        assert!(doc.contains(&markdown_table()), "docs/configuration.md should hold this table:\n{}", markdown_table());
    }

    #[test]
    fn names_are_one_name_in_three_spellings() {
        for option in OPTIONS {
            let named = option.flag.strip_prefix("no-").unwrap_or(option.flag);
            assert_eq!(option.env, format!("PORTCULLIS_{}", named.to_uppercase().replace('-', "_")));
            assert_eq!(option.flag.starts_with("no-"), option.form == Form::Switch(false), "{}", option.flag);
            if option.key != "path" {
                let kebab: String = option
                    .key
                    .chars()
                    .flat_map(|c| if c.is_uppercase() { vec!['-', c.to_ascii_lowercase()] } else { vec![c] })
                    .collect();
                assert_eq!(named, kebab);
            }
        }
    }
}
