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

/// How an option is said on the command line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// `--flag VALUE`.
    Value,
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
        "Where pull requests, reviews and statuses live. `git`: in notes of the repository itself, as git-appraise publishes them. `github`: on GitHub, as `github` says",
    ),
    option(
        Repository,
        ("github", "github", "PORTCULLIS_GITHUB"),
        "OWNER/NAME",
        "",
        "The repository on GitHub: fetched from there, and answered there. `path` says where its copy is kept (default: beside the store)",
    ),
    option(
        Repository,
        ("merge", "merge", "PORTCULLIS_MERGE"),
        "METHOD",
        "off",
        "Whether pull requests that ask for runs are merged once everything is green: `off`, or how: `merge`, `squash`, `rebase`. On GitHub",
    ),
    switch(
        Repository,
        ("comments", "no-comments", "PORTCULLIS_COMMENTS"),
        true,
        "Whether a pull request gets one comment that is kept up to date. On GitHub",
    ),
    switch(
        Repository,
        ("reviewRequests", "no-review-requests", "PORTCULLIS_REVIEW_REQUESTS"),
        true,
        "Whether those who may approve are asked for a review. On GitHub",
    ),
    switch(
        Repository,
        ("labels", "labels", "PORTCULLIS_LABELS"),
        false,
        "Whether a pull request gets a label that says how it stands. On GitHub",
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
        ("resyncInterval", "resync-interval", "PORTCULLIS_RESYNC_INTERVAL"),
        "DURATION",
        "10m",
        "How often everything is looked at anew although nothing says that it changed",
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
    option(
        Daemon,
        ("githubUrl", "github-url", "PORTCULLIS_GITHUB_URL"),
        "URL",
        "https://api.github.com",
        "The API of GitHub; of an Enterprise Server `https://HOST/api/v3`",
    ),
    option(
        Daemon,
        ("githubApp", "github-app", "PORTCULLIS_GITHUB_APP"),
        "ID",
        "",
        "The id, or the client id, of the GitHub App that the daemon is; with its private key",
    ),
    option(
        Daemon,
        ("githubPrivateKeyFile", "github-private-key-file", "PORTCULLIS_GITHUB_PRIVATE_KEY_FILE"),
        "FILE",
        "",
        "The private key of the App, in PEM as GitHub gives it. Or the key itself in PORTCULLIS_GITHUB_PRIVATE_KEY",
    ),
    option(
        Daemon,
        ("githubTokenFile", "github-token-file", "PORTCULLIS_GITHUB_TOKEN_FILE"),
        "FILE",
        "",
        "Instead of an App: a file that holds a fine-grained token. Or the token itself in PORTCULLIS_GITHUB_TOKEN",
    ),
    option(
        Daemon,
        ("githubWebhookSecretFile", "github-webhook-secret-file", "PORTCULLIS_GITHUB_WEBHOOK_SECRET_FILE"),
        "FILE",
        "",
        "The secret that webhooks are signed with; several, one a line, while it is changed. Or in PORTCULLIS_GITHUB_WEBHOOK_SECRET",
    ),
    switch(
        Daemon,
        ("webhooks", "no-webhooks", "PORTCULLIS_WEBHOOKS"),
        true,
        "Whether deliveries of webhooks are taken at /webhooks/github, where there is a secret. Without them the daemon polls",
    ),
    switch(
        Daemon,
        ("githubDiscover", "github-discover", "PORTCULLIS_GITHUB_DISCOVER"),
        false,
        "Whether every repository that the App is installed on and that has a `catalog.yaml` at its top is watched",
    ),
];

/// The option of this key.
pub fn find(key: &str) -> Option<&'static OptionDoc> {
    OPTIONS.iter().find(|option| option.key == key)
}

impl OptionDoc {
    /// The line of `--help`.
    pub fn help_text(&self) -> String {
        let default = match self.form {
            Form::Value if self.default.is_empty() => String::new(),
            Form::Value => format!(" [default: {}]", self.default),
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
        let doc = include_str!("../../docs/configuration.md");
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
