//! The one comment on a pull request of each kind, edited in place.

use http::Method;
use sha2::{Digest, Sha256};

use crate::forge::ForgeError;
use crate::model::ForgeUser;

use super::super::Client;
use super::super::asking::vanished;
use super::super::wire::{self, Asked, Comment, CommentBody};
use super::annotations::cut;

/// Bytes of a comment; GitHub takes as many characters.
const LONGEST: usize = 65_536;

/// What came of it.
pub(in super::super) struct Told {
    /// Whether anything was written.
    pub(in super::super) written: bool,
    /// What the comment says now, to be remembered.
    pub(super) says: [u8; 32],
}

/// What it is to say.
#[derive(Clone, Copy)]
pub(in super::super) struct Remark<'a> {
    /// The number of the pull request.
    pub(in super::super) number: u64,
    /// What it begins with, by which it is found again.
    pub(in super::super) marker: &'a str,
    /// The text.
    pub(in super::super) text: &'a str,
}

/// Makes it say this. One that somebody deleted is written anew only when it would say something else than it did (`said`).
pub(in super::super) async fn publish(
    client: &Client,
    ourselves: &ForgeUser,
    remark: Remark<'_>,
    said: Option<[u8; 32]>,
) -> Result<Told, ForgeError> {
    let Remark { number, marker, text } = remark;
    let body = body(marker, text);
    let says: [u8; 32] = Sha256::digest(body.as_bytes()).into();
    // Read as for commands: the same list, which costs nothing while nobody comments.
    let comments: Vec<Comment> =
        client.list(&format!("issues/{number}/comments?per_page=100")).await?.ok_or_else(|| vanished("the pull request"))?;
    let written = match ours(&comments, ourselves, marker) {
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
fn ours<'a>(comments: &'a [Comment], ourselves: &ForgeUser, marker: &str) -> Option<(u64, &'a str)> {
    comments.iter().find_map(|comment| {
        let by = wire::account(comment.user.as_ref())?;
        let body = comment.body.as_deref()?;
        (by.id == ourselves.id && body.trim_start().starts_with(marker)).then_some((comment.id?, body))
    })
}

/// The text with the marker before it, and no longer than it may be.
fn body(marker: &str, text: &str) -> String {
    let marked = text.starts_with(marker);
    let text = if marked { text.to_owned() } else { format!("{marker}\n{text}") };
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
    use crate::forge::github::words::{self, COMMENT_MARKER};
    use crate::model::Identifier;
    use crate::run::life::RunHandle;

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
        assert_eq!(ours(&comments, &ourselves, COMMENT_MARKER).map(|(id, _)| id), Some(5));
        assert_eq!(ours(&comments[..4], &ourselves, COMMENT_MARKER), None);
    }

    #[test]
    fn comments_about_runs_are_told_apart_by_the_run() {
        let ourselves = ForgeUser { login: "portcullis[bot]".into(), id: 9 };
        let handle = |run: &str| RunHandle::of("acme", &Identifier::new(run).unwrap());
        let marker = |run: &str| words::run_marker(&handle(run));
        let by_us =
            |id: u64, body: String| serde_json::json!({"id": id, "user": {"login": "portcullis[bot]", "id": 9}, "body": body});
        let all = [by_us(1, format!("{COMMENT_MARKER}\nx")), by_us(2, marker("a") + "\nx"), by_us(3, marker("b") + "\nx")];
        let comments = list(&serde_json::Value::from(all.to_vec()).to_string());
        assert_eq!(ours(&comments, &ourselves, COMMENT_MARKER).map(|(id, _)| id), Some(1));
        assert_eq!(ours(&comments, &ourselves, &marker("b")).map(|(id, _)| id), Some(3));
        assert_eq!(ours(&comments, &ourselves, &marker("c")), None);
        let mallory = ForgeUser { login: "portcullis[bot]".into(), id: 66 };
        assert_eq!(ours(&comments, &mallory, &marker("a")), None);
    }

    #[test]
    fn it_begins_with_the_marker_and_fits() {
        assert_eq!(body(COMMENT_MARKER, "Hello"), "<!-- portcullis -->\nHello");
        assert_eq!(body(COMMENT_MARKER, "<!-- portcullis -->\nHello"), "<!-- portcullis -->\nHello");
        assert_eq!(body(COMMENT_MARKER, &"x".repeat(70_000)).len(), LONGEST);
    }

    #[test]
    fn other_line_ends_are_the_same_text() {
        assert!(same("<!-- portcullis -->\r\nx\r\n", "<!-- portcullis -->\nx\n\n"));
        assert!(!same("<!-- portcullis -->\nx", "<!-- portcullis -->\ny"));
    }
}
