//! Where git fetches from and by what right: told to it by its environment, where no other user of the machine can read it.

use tokio::process::Command;

use super::GitError;

/// A remote, and the right to it.
#[derive(Clone, Copy)]
pub struct Access<'a> {
    /// A remote's name, a path or a URL.
    pub remote: &'a str,
    /// The value of the `Authorization` header of every request: a secret. Only for https, and http on this machine.
    pub authorization: Option<&'a str>,
}

impl std::fmt::Debug for Access<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").field("remote", &self.remote).finish_non_exhaustive()
    }
}

impl<'a> Access<'a> {
    /// To what needs no right of ours, or has it in its URL.
    pub fn free(remote: &'a str) -> Self {
        Self { remote, authorization: None }
    }

    /// Puts the right into the environment of a git.
    pub(super) fn give_to(&self, command: &mut Command) -> Result<(), GitError> {
        let Some(authorization) = self.authorization else { return Ok(()) };
        if !may_carry_secrets(self.remote) {
            return Err(GitError::Refused(
                "an authorization is sent by https only; name an address that begins with `https://`".to_owned(),
            ));
        }
        if authorization.contains(['\0', '\n', '\r']) || self.remote.contains(['\0', '\n', '\r']) {
            return Err(GitError::Refused("an authorization is one line".to_owned()));
        }
        let settings = [
            // A redirect could lead the header elsewhere.
            ("http.followRedirects".to_owned(), "false".to_owned()),
            // An operator's helper for the same host is not to answer in our place, nor to learn of it.
            ("credential.helper".to_owned(), String::new()),
            // What the operator's own configuration adds for this address is taken out first.
            (format!("http.{}.extraHeader", self.remote), String::new()),
            (format!("http.{}.extraHeader", self.remote), format!("Authorization: {authorization}")),
        ];
        command.env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (at, (key, value)) in settings.iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        Ok(())
    }

    /// Takes the right out of what git said, which it should never repeat.
    pub(super) fn keep_secret(&self, error: GitError) -> GitError {
        match (error, self.authorization) {
            (GitError::Program { command, why, retryable }, Some(authorization)) => {
                let token = authorization.rsplit(' ').next().unwrap_or(authorization);
                let why = why.replace(authorization, "***");
                let why = if token.is_empty() { why } else { why.replace(token, "***") };
                GitError::Program { command, why, retryable }
            }
            (error, _) => error,
        }
    }
}

fn may_carry_secrets(remote: &str) -> bool {
    let of_this_machine = |rest: &str| {
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let name = host.strip_prefix("[::1]").map_or_else(|| host.split(':').next().unwrap_or_default(), |_| "localhost");
        // A name before `@` would not be the host.
        !host.contains('@') && matches!(name, "localhost" | "127.0.0.1")
    };
    remote.starts_with("https://") || remote.strip_prefix("http://").is_some_and(of_this_machine)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const SECRET: &str = "Basic eC1hY2Nlc3MtdG9rZW46Y2FuYXJ5";

    /// Answers every request on a socket alike, and tells what was asked.
    async fn server(answer: String) -> (String, tokio::task::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/acme/catalog.git", listener.local_addr().unwrap());
        let asked = tokio::spawn(async move {
            let mut asked = Vec::new();
            while let Ok(Ok((mut socket, _))) = tokio::time::timeout(Duration::from_secs(2), listener.accept()).await {
                let mut request = Vec::new();
                let mut byte = [0];
                while !request.ends_with(b"\r\n\r\n") && socket.read_exact(&mut byte).await.is_ok() {
                    request.extend(byte);
                }
                asked.push(String::from_utf8(request).unwrap());
                let _ = socket.write_all(answer.as_bytes()).await;
            }
            asked
        });
        (address, asked)
    }

    async fn fetched(address: &str) -> GitError {
        let dir = tempfile::tempdir().unwrap();
        git2::Repository::init_bare(dir.path()).unwrap();
        let access = Access { remote: address, authorization: Some(SECRET) };
        let refspecs = ["+refs/heads/main:refs/heads/main".to_owned()];
        crate::git::fetch_by(dir.path(), access, &refspecs, Duration::from_secs(20)).await.unwrap_err()
    }

    #[tokio::test]
    async fn the_authorization_is_sent_and_repeated_in_no_error() {
        let forbidden = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        let (address, asked) = server(forbidden.to_owned()).await;
        let error = fetched(&address).await;
        let asked = asked.await.unwrap();
        assert!(asked.iter().all(|request| request.contains(&format!("Authorization: {SECRET}\r\n"))), "{asked:?}");
        assert!(!asked.is_empty());
        assert!(!format!("{error} {error:?}").contains("eC1hY2"), "{error}");
    }

    #[tokio::test]
    async fn a_redirect_does_not_lead_the_authorization_elsewhere() {
        let (elsewhere, overheard) =
            server("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".to_owned()).await;
        let moved =
            format!("HTTP/1.1 301 Moved\r\nLocation: {elsewhere}/info/refs\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let (address, asked) = server(moved).await;
        fetched(&address).await;
        assert!(!asked.await.unwrap().is_empty());
        assert_eq!(overheard.await.unwrap(), Vec::<String>::new());
    }

    #[test]
    fn what_git_says_is_told_without_the_authorization() {
        let access = Access { remote: "https://github.com/acme/catalog.git", authorization: Some(SECRET) };
        let why = format!("fatal: header Authorization: {SECRET} refused");
        let told = access.keep_secret(GitError::Program { command: "fetch", why, retryable: true });
        assert!(told.to_string().contains("header Authorization: *** refused"), "{told}");
        assert!(!format!("{access:?}").contains("eC1hY2"));
    }

    #[test]
    fn an_authorization_goes_by_https_or_stays_on_this_machine() {
        for (remote, may) in [
            ("https://github.com/acme/catalog.git", true),
            ("http://127.0.0.1:8080/acme/catalog.git", true),
            ("http://[::1]:8080/x.git", true),
            ("http://localhost/x.git", true),
            ("http://github.com/acme/catalog.git", false),
            ("http://127.0.0.1.evil.example/x.git", false),
            ("http://localhost@evil.example/x.git", false),
            ("http://127.0.0.1:x@evil.example/x.git", false),
            ("/srv/catalog.git", false),
            ("ssh://git@github.com/acme/catalog.git", false),
        ] {
            let access = Access { remote, authorization: Some(SECRET) };
            assert_eq!(access.give_to(&mut Command::new("git")).is_ok(), may, "{remote}");
        }
    }
}
