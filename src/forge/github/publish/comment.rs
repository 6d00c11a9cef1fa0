//! The one comment on a pull request, edited in place.

use http::Method;
use sha2::{Digest, Sha256};

use crate::forge::ForgeError;
use crate::model::ForgeUser;

use super::super::asking::vanished;
use super::super::wire::{self, Asked, Comment, CommentBody};
use super::super::{Client, words};
use super::annotations::cut;

/// Bytes of a comment; GitHub takes as many characters.
const LONGEST: usize = 65_536;

/// What came of it.
pub(super) struct Told {
    /// Whether anything was written.
    pub(super) written: bool,
    /// What the comment says now, to be remembered.
    pub(super) says: [u8; 32],
}

/// Makes it say this. One that somebody deleted is written anew only when it would say something else than it did (`said`).
pub(super) async fn publish(
    client: &Client,
    ourselves: &ForgeUser,
    number: u64,
    text: &str,
    said: Option<[u8; 32]>,
) -> Result<Told, ForgeError> {
    let body = body(text);
    let says: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    // Read as for commands: the same list, which costs nothing while nobody comments.
    let comments: Vec<Comment> =
        client.list(&format!("issues/{number}/comments?per_page=100")).await?.ok_or_else(|| vanished("the pull request"))?;
    let written = match ours(&comments, ourselves) {
        Some((_, there)) if same(there, &body) => false,
        Some((id, _)) => {
            client.write::<Asked>(Method::PATCH, &format!("issues/comments/{id}"), &CommentBody { body: &body }).await?;
            true
        }
        None if said == Some(says) => false,
        None => {
            client.write::<Asked>(Method::POST, &format!("issues/{number}/comments"), &CommentBody { body: &body }).await?;
            true
        }
    };
    Ok(Told { written, says })
}

/// The first that is ours: by our account, and with our marker.
fn ours<'a>(comments: &'a [Comment], ourselves: &ForgeUser) -> Option<(u64, &'a str)> {
    comments.iter().find_map(|comment| {
        let by = wire::account(comment.user.as_ref())?;
        let body = comment.body.as_deref()?;
        (by.id == ourselves.id && body.trim_start().starts_with(words::COMMENT_MARKER)).then_some((comment.id?, body))
    })
}

/// The text with the marker before it, and no longer than it may be.
fn body(text: &str) -> String {
    let marked = text.starts_with(words::COMMENT_MARKER);
    let text = if marked { text.to_owned() } else { format!("{}\n{text}", words::COMMENT_MARKER) };
    cut(&text, LONGEST).to_owned()
}

/// Whether GitHub has this text, which it may have kept with other line ends and without the white space at its end.
fn same(there: &str, wanted: &str) -> bool {
    let plain = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
    plain(there) == plain(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(json: &str) -> Vec<Comment> {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_comment_is_ours_by_account_and_marker() {
        let ourselves = ForgeUser { login: "portcullis[bot]".into(), id: 9 };
        let comments = list(
            r#"[{"id":1,"user":{"login":"mallory","id":66},"body":"<!-- portcullis -->\nAll is well."},
                {"id":2,"user":{"login":"portcullis[bot]","id":9},"body":"Merged."},
                {"id":3,"user":null,"body":"<!-- portcullis -->\nx"},{"id":4,"user":{"login":"portcullis[bot]","id":9},"body":null},
                {"id":5,"user":{"login":"renamed[bot]","id":9},"body":"<!-- portcullis -->\nx"},
                {"id":6,"user":{"login":"portcullis[bot]","id":9},"body":"<!-- portcullis -->\ny"}]"#,
        );
        assert_eq!(ours(&comments, &ourselves).map(|(id, _)| id), Some(5));
        assert_eq!(ours(&comments[..4], &ourselves), None);
    }

    #[test]
    fn it_begins_with_the_marker_and_fits() {
        assert_eq!(body("Hello"), "<!-- portcullis -->\nHello");
        assert_eq!(body("<!-- portcullis -->\nHello"), "<!-- portcullis -->\nHello");
        assert_eq!(body(&"x".repeat(70_000)).len(), LONGEST);
    }

    #[test]
    fn other_line_ends_are_the_same_text() {
        assert!(same("<!-- portcullis -->\r\nx\r\n", "<!-- portcullis -->\nx\n\n"));
        assert!(!same("<!-- portcullis -->\nx", "<!-- portcullis -->\ny"));
    }
}
