//! Git over HTTP: `git http-backend`, behind a check of who asks.

use std::process::Stdio;
use std::sync::Mutex;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use http::request::Parts;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use super::journal::Called;
use super::state::State;
use super::{locked, objects};

/// The repository of a path such as `/acme/catalog.git/info/refs`, and the rest.
pub fn repository(path: &str) -> Option<(String, String)> {
    let mut parts = path.strip_prefix('/')?.splitn(3, '/');
    let (owner, name, rest) = (parts.next()?, parts.next()?, parts.next()?);
    Some((format!("{owner}/{}", name.strip_suffix(".git")?), format!("/{rest}")))
}

fn plain(status: u16, text: &str) -> Response {
    let mut response = Response::builder().status(status);
    if status == 401 {
        response = response.header("www-authenticate", "Basic realm=\"GitHub\"");
    }
    response.body(Body::from(text.to_owned())).unwrap()
}

pub async fn serve(shared: &Mutex<State>, parts: &Parts, body: Bytes) -> Response {
    let (name, rest) = repository(parts.uri.path()).unwrap();
    let query = parts.uri.query().unwrap_or_default().to_owned();
    let write = query.contains("git-receive-pack") || rest.ends_with("git-receive-pack");
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let found = {
        let mut state = locked(shared);
        let id = state.repository_id(&name).or_else(|| state.renamed.get(&name).copied());
        let by = id.and_then(|id| state.git_access(header("authorization"), id, write));
        let status = if by.is_some() { 200 } else { 401 };
        let by_name = by.map_or("nobody".into(), |by| state.accounts[&by].login.clone());
        let path = parts.uri.path().to_owned();
        let method = parts.method.to_string();
        let called = Called {
            method,
            path,
            query: query.clone(),
            conditional: false,
            status,
            cost: 0,
            by: by_name,
            body: None,
            git: true,
        };
        state.journal.push(called);
        // GitHub does not tell a repository that is not there from one that is hidden.
        id.zip(by).map(|(id, by)| (id, by, state.repositories[&id].path.clone()))
    };
    let Some((id, by, path)) = found else { return plain(401, "Repository not found.") };
    let before = objects::heads(&path);
    let Some(output) = run(&path, &rest, &query, parts, body).await else { return plain(500, "git failed") };
    if write {
        let mut state = locked(shared);
        for (reference, after) in objects::heads(&path) {
            let old = before.iter().find(|(name, _)| *name == reference).map(|(_, id)| *id);
            if old != Some(after) {
                state.moved(id, &reference, old, Some(after), by, None);
            }
        }
    }
    output
}

/// One run of git as a CGI program.
async fn run(path: &std::path::Path, rest: &str, query: &str, parts: &Parts, body: Bytes) -> Option<Response> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut child = Command::new("git")
        .arg("http-backend")
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", path)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_PROJECT_ROOT", path)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REMOTE_USER", "somebody")
        .env("PATH_INFO", rest)
        .env("QUERY_STRING", query)
        .env("REQUEST_METHOD", parts.method.as_str())
        .env("CONTENT_TYPE", header("content-type"))
        .env("CONTENT_LENGTH", body.len().to_string())
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let feeding = tokio::spawn(async move { stdin.write_all(&body).await });
    let output = child.wait_with_output().await.ok()?;
    feeding.abort();
    let end = output.stdout.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&output.stdout[..end]).into_owned();
    let (mut status, mut headers) = (200, HeaderMap::new());
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        match name {
            "Status" => status = value.split(' ').next()?.parse().ok()?,
            _ => drop(headers.insert(http::HeaderName::try_from(name).ok()?, value.parse().ok()?)),
        }
    }
    let mut response = Response::new(Body::from(output.stdout[end + 4..].to_vec()));
    *response.status_mut() = http::StatusCode::from_u16(status).ok()?;
    *response.headers_mut() = headers;
    Some(response)
}
