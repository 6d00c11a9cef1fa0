//! Every option of the daemon, once: the file, the environment, the flags, `--help` and the documentation all read this.

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
    OptionDoc { key, flag, env, value, default, scope, help }
}

use Scope::{CommandLine, Daemon, Repository};

/// All of them.
pub const OPTIONS: &[OptionDoc] = &[
    option(
        CommandLine,
        ("config", "config", "PORTCULLIS_CONFIG"),
        "FILE",
        "portcullis.yaml, where there is one",
        "The configuration file",
    ),
    option(
        Repository,
        ("path", "repo", "PORTCULLIS_REPO"),
        "DIR",
        "",
        "The local git repository to watch: bare, a clone, or a linked worktree. With `remote`, where its copy is kept (default: beside the store)",
    ),
    option(
        Repository,
        ("remote", "remote", "PORTCULLIS_REMOTE"),
        "URL",
        "",
        "A repository to fetch from before every look, by the `git` program and its credentials",
    ),
    option(Repository, ("branch", "branch", "PORTCULLIS_BRANCH"), "NAME", "main", "The watched branch"),
    option(
        Repository,
        ("root", "root", "PORTCULLIS_ROOT"),
        "DIR",
        "the repository's top",
        "The directory of the repository that holds the catalog",
    ),
    option(
        Repository,
        ("name", "name", "PORTCULLIS_NAME"),
        "NAME",
        "the last part of the path or address",
        "What the repository is called in logs, metrics and the store. Renaming it makes it a new repository to the store",
    ),
    option(
        Repository,
        ("forge", "forge", "PORTCULLIS_FORGE"),
        "KIND",
        "git",
        "Where pull requests, reviews and statuses live. `git`: in notes of the repository itself, as git-appraise publishes them",
    ),
    option(
        Daemon,
        ("store", "store", "PORTCULLIS_STORE"),
        "FILE",
        "$XDG_STATE_HOME/portcullis/portcullis.db, or the same below ~/.local/state",
        "The embedded database: accepted revisions, judged trees, states of runs. Only one daemon at a time opens it",
    ),
    option(
        Daemon,
        ("listen", "listen", "PORTCULLIS_LISTEN"),
        "ADDRESS",
        "127.0.0.1:8420",
        "Where /healthz, /readyz and /metrics are served; `none` for nowhere, port 0 for any free port",
    ),
    option(
        Daemon,
        ("pollInterval", "poll-interval", "PORTCULLIS_POLL_INTERVAL"),
        "DURATION",
        "15s",
        "How often a repository is looked at when no event says that it changed",
    ),
    option(
        Daemon,
        ("fetchDeadline", "fetch-deadline", "PORTCULLIS_FETCH_DEADLINE"),
        "DURATION",
        "1m",
        "How long a fetch may take before it is killed",
    ),
    option(
        Daemon,
        ("judgeDeadline", "judge-deadline", "PORTCULLIS_JUDGE_DEADLINE"),
        "DURATION",
        "1m",
        "How long the judgement of one pull request or one move of the branch may take before it is quarantined",
    ),
    option(
        Daemon,
        ("concurrency", "concurrency", "PORTCULLIS_CONCURRENCY"),
        "NUMBER",
        "the number of processors, 2 at least",
        "How many pull requests and branches are judged at a time",
    ),
    option(
        Daemon,
        ("shutdownGrace", "shutdown-grace", "PORTCULLIS_SHUTDOWN_GRACE"),
        "DURATION",
        "10s",
        "How long what is running may take to finish after SIGTERM or SIGINT",
    ),
    option(
        Daemon,
        ("logFormat", "log-format", "PORTCULLIS_LOG_FORMAT"),
        "FORMAT",
        "auto",
        "`human`, `json`, or `auto`: human on a terminal and JSON otherwise. Logs go to standard error",
    ),
    option(
        Daemon,
        ("logLevel", "log-level", "PORTCULLIS_LOG_LEVEL"),
        "FILTER",
        "info",
        "`error`, `warn`, `info`, `debug`, `trace`, or a filter such as `info,portcullis::controller=debug`",
    ),
    option(
        Daemon,
        ("statusUrl", "status-url", "PORTCULLIS_STATUS_URL"),
        "URL",
        "",
        "The address that statuses link to; the commit's id is appended",
    ),
    option(
        Daemon,
        ("author", "author", "PORTCULLIS_AUTHOR"),
        "NAME <EMAIL>",
        "Portcullis <portcullis@localhost>",
        "Who the notes that the daemon writes are by",
    ),
];

/// The option of this key.
pub fn find(key: &str) -> Option<&'static OptionDoc> {
    OPTIONS.iter().find(|option| option.key == key)
}

impl OptionDoc {
    /// The line of `--help`.
    pub fn help_text(&self) -> String {
        let default = if self.default.is_empty() { String::new() } else { format!(" [default: {}]", self.default) };
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
        let doc = include_str!("../../docs/configuration.md");
        assert!(doc.contains(&markdown_table()), "docs/configuration.md should hold this table:\n{}", markdown_table());
    }

    #[test]
    fn names_are_one_name_in_three_spellings() {
        for option in OPTIONS {
            assert_eq!(option.env, format!("PORTCULLIS_{}", option.flag.to_uppercase().replace('-', "_")));
            if option.key != "path" {
                let kebab: String = option
                    .key
                    .chars()
                    .flat_map(|c| if c.is_uppercase() { vec!['-', c.to_ascii_lowercase()] } else { vec![c] })
                    .collect();
                assert_eq!(option.flag, kebab);
            }
        }
    }
}
