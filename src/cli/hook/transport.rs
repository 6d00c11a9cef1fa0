//! What git and the transport say through the hook's environment: who pushes, and where the pushed objects lie.
//!
//! Only the server's own environment is read. Push options, which the pusher writes, are not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Who names the pusher, the surest first: gitolite and GitLab's shell, GitLab's own name for the account, a web server.
const NAMING: [&str; 3] = ["GL_USER", "GL_USERNAME", "REMOTE_USER"];

/// What of the environment matters.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings(BTreeMap<&'static str, String>);

impl Surroundings {
    /// Of this process. What is not UTF-8 counts as not there: a pusher nobody can read is nobody.
    pub(super) fn of_the_process() -> Self {
        let known = ["GIT_DIR", "GIT_QUARANTINE_PATH", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES"];
        let read = |name: &'static str| Some((name, std::env::var(name).ok().filter(|value| !value.is_empty())?));
        Self(NAMING.into_iter().chain(known).filter_map(read).collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whom the transport names; a name without a domain gets `domain`.
    pub(super) fn pusher(&self, said: Option<&str>, domain: Option<&str>) -> Option<String> {
        let name = said.or_else(|| NAMING.into_iter().find_map(|variable| self.get(variable)))?.trim();
        match domain {
            _ if name.is_empty() => None,
            Some(domain) if !name.contains('@') => Some(format!("{name}@{}", domain.trim_start_matches('@'))),
            _ => Some(name.to_owned()),
        }
    }

    /// The repository that git runs the hook in.
    pub(super) fn repository(&self) -> &Path {
        Path::new(self.get("GIT_DIR").unwrap_or("."))
    }

    /// Where objects lie beside the repository's own: in the push's quarantine, and wherever else git looks during it.
    pub(super) fn objects(&self) -> Vec<PathBuf> {
        let named = [self.get("GIT_QUARANTINE_PATH"), self.get("GIT_OBJECT_DIRECTORY")];
        let mut found: Vec<PathBuf> = named.into_iter().flatten().map(PathBuf::from).collect();
        found.extend(self.get("GIT_ALTERNATE_OBJECT_DIRECTORIES").map(listed).unwrap_or_default());
        let mut seen = std::collections::BTreeSet::new();
        // A relative one is meant from where git runs the hook.
        found.iter().filter_map(|path| std::path::absolute(path).ok()).filter(|path| seen.insert(path.clone())).collect()
    }
}

/// A list of paths as git writes it: with colons between them, and those that begin with a quote in C's quotes.
fn listed(text: &str) -> Vec<PathBuf> {
    let mut out = Vec::new();
    let mut rest = text.chars().peekable();
    while rest.peek().is_some() {
        let mut path = String::new();
        let quoted = rest.next_if_eq(&'"').is_some();
        while let Some(c) = rest.next() {
            match c {
                '"' if quoted => break,
                '\\' if quoted => path.extend(rest.next()),
                ':' if !quoted => break,
                c => path.push(c),
            }
        }
        if quoted {
            rest.next_if_eq(&':');
        }
        if !path.is_empty() {
            out.push(PathBuf::from(path));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&'static str, &str)]) -> Surroundings {
        Surroundings(pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect())
    }

    #[test]
    fn the_surest_name_counts() {
        let all = with(&[("GL_USER", "alice"), ("GL_USERNAME", "bob"), ("REMOTE_USER", "carol")]);
        assert_eq!(all.pusher(Some("dave"), None).as_deref(), Some("dave"));
        assert_eq!(all.pusher(None, None).as_deref(), Some("alice"));
        assert_eq!(with(&[("REMOTE_USER", "carol")]).pusher(None, None).as_deref(), Some("carol"));
        assert_eq!(with(&[]).pusher(None, Some("acme.dev")), None);
        assert_eq!(with(&[("GL_USER", "  ")]).pusher(None, Some("acme.dev")), None);
    }

    #[test]
    fn a_domain_is_for_names_without_one() {
        let of = |name: &str| with(&[("GL_USER", name)]).pusher(None, Some("acme.dev"));
        assert_eq!(of("alice").as_deref(), Some("alice@acme.dev"));
        assert_eq!(of("alice@evil.example").as_deref(), Some("alice@evil.example"), "never turned into somebody of ours");
    }

    #[test]
    fn objects_lie_where_git_says() {
        let paths = |text: &str| listed(text).iter().map(|path| path.display().to_string()).collect::<Vec<_>>();
        assert_eq!(paths("/a:/b c"), ["/a", "/b c"]);
        assert_eq!(paths("\"/a:\\\"b\":/c:"), ["/a:\"b", "/c"]);
        assert!(paths("").is_empty() && paths(":::").is_empty() && paths("\"").is_empty());
        let both =
            with(&[("GIT_QUARANTINE_PATH", "/q"), ("GIT_OBJECT_DIRECTORY", "/q"), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", "/o")]);
        assert_eq!(both.objects(), [PathBuf::from("/q"), PathBuf::from("/o")]);
    }
}
