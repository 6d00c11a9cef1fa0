//! Files, by the API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::answer::{Answer, Answered, Call};
use super::objects;
use super::state::State;

impl State {
    pub fn contents(&self, call: &Call<'_>, id: u64, file: &str) -> Answered {
        let it = &self.repositories[&id];
        let reference = call.query("ref").unwrap_or(&it.default_branch);
        let commit = objects::resolve(&it.path, reference)
            .ok_or_else(|| Answer::refused(404, &format!("No commit found for the ref {reference}")))?;
        let bytes = objects::file(&it.path, commit, file).ok_or_else(Answer::not_found)?;
        let sha = git2::Oid::hash_object(git2::ObjectType::Blob, &bytes).unwrap();
        let full = self.full_name(id);
        let own = format!("{}/repos/{full}/contents/{file}?ref={reference}", self.url);
        let (html, git) =
            (format!("{}/{full}/blob/{reference}/{file}", self.url), format!("{}/repos/{full}/git/blobs/{sha}", self.url));
        Ok(Answer::ok(json!({
            "type": "file", "encoding": "base64", "size": bytes.len(), "name": file.rsplit('/').next(), "path": file,
            "content": STANDARD.encode(&bytes), "sha": sha.to_string(), "url": own, "git_url": git, "html_url": html,
            "download_url": format!("{}/{full}/raw/{reference}/{file}", self.url),
            "_links": {"self": own, "git": git, "html": html},
        })))
    }
}
