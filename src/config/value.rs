//! Reads the values of options from text, with words for what is wrong.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use crate::forge::MergeMethod;

/// How logs are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LogFormat {
    /// Human on a terminal, JSON otherwise.
    Auto,
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// The kinds of forge there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ForgeKind {
    /// Git itself, by git-appraise's notes.
    Git,
    /// GitHub.
    Github,
}

/// A name and an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    /// The name.
    pub name: String,
    /// The address.
    pub email: String,
}

/// An address to fetch from. Its credentials, if it carries any, are never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteUrl(String);

impl RemoteUrl {
    /// Takes an address that `git` fetches from. One that begins with `-` would be an option to it, and `ext::` runs commands.
    ///
    /// # Errors
    /// What to write instead; the address is not repeated, as it may hold a secret.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.starts_with('-') || text.contains("::") || text.contains(char::is_control) {
            return Err(
                "this is not an address that can be fetched from: write an https, ssh or file address, or a path".to_owned()
            );
        }
        Ok(Self(text.to_owned()))
    }

    /// The whole address, for `git` alone.
    pub fn secret(&self) -> &str {
        &self.0
    }

    /// The address without a password, token or user.
    pub fn shown(&self) -> String {
        match self.0.split_once("://") {
            Some((scheme, rest)) => {
                let (authority, path) = match rest.find('/').and_then(|at| rest.split_at_checked(at)) {
                    Some((authority, path)) => (authority, path),
                    None => (rest, ""),
                };
                let path = path.split(['?', '#']).next().unwrap_or_default();
                match authority.rsplit_once('@') {
                    Some((_, host)) => format!("{scheme}://…@{host}{path}"),
                    None => format!("{scheme}://{authority}{path}"),
                }
            }
            None => self.0.clone(),
        }
    }

    /// `text` with every occurrence of the address replaced by what may be shown.
    pub fn redact(&self, text: &str) -> String {
        let mut out = text.replace(&self.0, &self.shown());
        if let Some((_, rest)) = self.0.split_once("://")
            && let Some((authority, _)) = rest.split_once('/').or(Some((rest, "")))
            && let Some((user, _)) = authority.rsplit_once('@')
        {
            for secret in user.split(':').filter(|part| part.chars().count() > 3) {
                out = out.replace(secret, "…");
            }
        }
        out
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

/// `10s`, `500ms`, `2m`, `1h`, `7d`.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a duration: write a number and a unit, such as `500ms`, `10s`, `2m`, `1h` or `7d`");
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let millis: u64 = match unit.trim() {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err(wrong()),
    };
    match number.checked_mul(millis).filter(|ms| *ms > 0 && *ms <= 366 * 86_400_000) {
        Some(ms) => Ok(Duration::from_millis(ms)),
        None => Err(format!("`{text}` is out of range: between 1ms and 366d")),
    }
}

/// An address and a port, or `none`.
pub(super) fn listen(text: &str) -> Result<Option<SocketAddr>, String> {
    if text == "none" {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        format!("`{text}` is not an address to listen on: write an IP address and a port, such as `127.0.0.1:8420`, or `none`")
    })
}

/// A count from 1 to 1024.
pub(super) fn concurrency(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| (1..=1024).contains(n)).ok_or_else(|| format!("`{text}` is not a number from 1 to 1024"))
}

/// `auto`, `human` or `json`.
pub(super) fn log_format(text: &str) -> Result<LogFormat, String> {
    match text {
        "auto" => Ok(LogFormat::Auto),
        "human" => Ok(LogFormat::Human),
        "json" => Ok(LogFormat::Json),
        _ => Err(format!("`{text}` is not a log format: write `auto`, `human` or `json`")),
    }
}

/// A filter of tracing's.
pub(super) fn log_level(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::builder().parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(error) => Err(format!("`{text}` is not a log filter: {error}")),
    }
}

/// `true` or `false`.
pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    match text {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
    }
}

/// The kind of forge.
pub(super) fn forge(text: &str) -> Result<ForgeKind, String> {
    match text {
        "git" => Ok(ForgeKind::Git),
        "github" => Ok(ForgeKind::Github),
        _ => Err(format!("`{text}` is not a forge that is known here: write `git` or `github`")),
    }
}

/// `off`, or how pull requests are merged.
pub(super) fn merge(text: &str) -> Result<Option<MergeMethod>, String> {
    match text {
        // What YAML 1.1 makes of `off`.
        "off" | "false" => Ok(None),
        "merge" => Ok(Some(MergeMethod::Merge)),
        "squash" => Ok(Some(MergeMethod::Squash)),
        "rebase" => Ok(Some(MergeMethod::Rebase)),
        _ => Err(format!("`{text}` is not a way to merge: write `off`, `merge`, `squash` or `rebase`")),
    }
}

/// A user or an organisation on GitHub, by its login.
///
/// # Errors
/// Where it cannot be one.
pub fn owner(text: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if (1..=100).contains(&text.len()) && text.chars().all(plain) && !text.starts_with('-') {
        Ok(())
    } else {
        Err(format!("`{text}` is not a user or an organisation on GitHub"))
    }
}

/// `owner/name` of a repository on GitHub.
///
/// # Errors
/// Where it cannot be one.
pub fn full_name(text: &str) -> Result<String, String> {
    let wrong = || format!("`{text}` is not a repository on GitHub: write `owner/name`, such as `acme/catalog`");
    let (owner, name) = text.split_once('/').ok_or_else(wrong)?;
    let name_is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if self::owner(owner).is_ok()
        && (1..=100).contains(&name.len())
        && name_is_plain
        && !matches!(name, "." | "..")
        && !name.ends_with(".git")
    {
        Ok(text.to_owned())
    } else {
        Err(wrong())
    }
}

/// The id of a GitHub App, a number, or its client id, `Iv23li…`.
pub(super) fn app(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '.';
    if (1..=64).contains(&text.len()) && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not the id of a GitHub App: it is the number under \"App ID\" in the App's settings"))
    }
}

/// `Name <address>`.
pub(super) fn author(text: &str) -> Result<Author, String> {
    let wrong = || format!("`{text}` is not a name and an address: write `Portcullis <portcullis@example.com>`");
    let (name, rest) = text.split_once('<').ok_or_else(wrong)?;
    let (name, email) = (name.trim(), rest.strip_suffix('>').ok_or_else(wrong)?.trim());
    let plain = |s: &str| !s.is_empty() && !s.contains(['<', '>', '\n', '\r', '\0']);
    if !plain(name) || !plain(email) {
        return Err(wrong());
    }
    Ok(Author { name: name.to_owned(), email: email.to_owned() })
}

/// An http or https address.
pub(super) fn status_url(text: &str) -> Result<String, String> {
    let known = ["https://", "http://"].iter().any(|scheme| text.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
    if known && !text.contains(char::is_whitespace) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not an address: it begins with `https://` or `http://`"))
    }
}

/// A branch's short name, by git's own rules.
pub(super) fn branch(text: &str) -> Result<String, String> {
    let text = text.strip_prefix("refs/heads/").unwrap_or(text);
    let bad = text.is_empty()
        || text.starts_with(['-', '/', '.'])
        || text.ends_with(['/', '.'])
        || text.ends_with(".lock")
        || ["..", "//", "@{", "/."].iter().any(|part| text.contains(part))
        || text == "@"
        || text.contains(|c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c));
    if bad { Err(format!("`{text}` is not the name of a branch")) } else { Ok(text.to_owned()) }
}

/// A directory inside the repository; empty for its top.
pub(super) fn root(text: &str) -> Result<String, String> {
    let trimmed = text.trim_start_matches("./").trim_end_matches('/');
    if matches!(trimmed, "" | ".") {
        return Ok(String::new());
    }
    if trimmed.split('/').any(|part| matches!(part, "" | "." | ".." | ".git")) || trimmed.contains('\0') {
        return Err(format!("`{text}` is not a directory inside the repository: write it without `..` and a leading `/`"));
    }
    Ok(trimmed.to_owned())
}

/// A repository's name: it becomes a file name, a label and a key.
pub(super) fn name(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if (1..=100).contains(&text.len()) && text.chars().all(plain) && !text.starts_with(['.', '-']) {
        Ok(text.to_owned())
    } else {
        Err(format!("`{text}` is not a repository name: at most 100 of A-Z a-z 0-9 . _ -, and it does not begin with `.` or `-`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("1500ms"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        for wrong in ["", "10", "s", "-1s", "1.5s", "1y", "0s", "99999999999999999999s", "18446744073709551615d", "é"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_remotes_credentials_are_never_shown() {
        let url = RemoteUrl::parse("https://oauth2:glpat-secret@git.example.com/team/catalog.git?private_token=x").unwrap();
        assert_eq!(url.to_string(), "https://…@git.example.com/team/catalog.git");
        assert_eq!(format!("{url:?}"), url.to_string());
        let told = url.redact("fatal: unable to access 'https://oauth2:glpat-secret@git.example.com/': for glpat-secret");
        assert!(!told.contains("glpat-secret"), "{told}");
        assert_eq!(RemoteUrl::parse("git@example.com:team/catalog.git").unwrap().to_string(), "git@example.com:team/catalog.git");
    }

    #[test]
    fn an_address_cannot_be_an_option_or_a_command() {
        assert!(RemoteUrl::parse("--upload-pack=touch /tmp/x").is_err());
        assert!(RemoteUrl::parse("ext::sh -c touch% /tmp/x").is_err());
    }

    #[test]
    fn names_stay_where_they_are_put() {
        assert!(name("../etc").is_err() && name(".git").is_err() && name("a/b").is_err());
        assert_eq!(root("./catalog/"), Ok("catalog".to_owned()));
        assert!(root("../x").is_err() && root("/etc").is_err());
        assert_eq!(branch("refs/heads/release/1.0"), Ok("release/1.0".to_owned()));
        assert!(branch("a..b").is_err() && branch("-x").is_err() && branch("a b").is_err());
    }
}
