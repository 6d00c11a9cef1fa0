//! Reads a commit from its raw bytes, strictly: one meaning or an error, and a signature only where git itself looks for one.

use super::{GitError, Ident, ObjectId, Repository, trailers};
use crate::model::CommitId;

/// A commit, as its bytes say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RawCommit {
    /// Its id.
    pub id: CommitId,
    /// Its tree.
    pub tree: ObjectId,
    /// Its parents, in order.
    pub parents: Vec<CommitId>,
    /// The author line.
    pub author: Ident,
    /// The committer line.
    pub committer: Ident,
    /// The first line of the message; bytes that are not UTF-8 are replaced.
    pub summary: String,
    /// The whole message; bytes that are not UTF-8 are replaced.
    pub message: String,
    /// The addresses under `Co-authored-by:` in the last paragraph of the message: text that anyone can write.
    pub co_authors: Vec<String>,
    /// The signature in its header, not yet verified.
    pub signature: Option<Signature>,
    /// What the signature signs: the commit without its signature headers.
    pub signed_payload: Vec<u8>,
}

/// A signature, as it stands in a commit's header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    /// The armoured text.
    pub text: Vec<u8>,
    /// What its first line says it is.
    pub kind: SignatureKind,
}

/// The kinds of signature git knows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignatureKind {
    /// `ssh-keygen -Y sign`
    Ssh,
    /// OpenPGP
    OpenPgp,
    /// S/MIME, which no roster has keys for.
    X509,
    /// Something else.
    Unknown,
}

impl SignatureKind {
    fn of(text: &[u8]) -> Self {
        let is = |armour: &str| text.starts_with(armour.as_bytes());
        if is("-----BEGIN SSH SIGNATURE-----") {
            Self::Ssh
        } else if is("-----BEGIN PGP SIGNATURE-----") || is("-----BEGIN PGP MESSAGE-----") {
            Self::OpenPgp
        } else if is("-----BEGIN SIGNED MESSAGE-----") {
            Self::X509
        } else {
            Self::Unknown
        }
    }
}

/// One header: its name, its value with continuation lines joined, and all its bytes.
struct Header<'a> {
    name: &'a [u8],
    value: Vec<u8>,
    raw: &'a [u8],
}

impl RawCommit {
    /// Reads a commit.
    ///
    /// The header must be `tree`, any number of `parent`, `author`, `committer`, in this order and once each; after them
    /// any other header, none of those four again, and at most one signature.
    ///
    /// # Errors
    /// [`GitError::Malformed`], saying what.
    pub fn parse(id: CommitId, raw: &[u8]) -> Result<Self, GitError> {
        Self::read(id, raw).map_err(|why| GitError::malformed(id, why))
    }

    fn read(id: CommitId, raw: &[u8]) -> Result<Self, String> {
        let mut rest = raw;
        let mut headers = Vec::new();
        while let Some(header) = next_header(&mut rest)? {
            headers.push(header);
        }
        let mut headers = headers.into_iter().peekable();
        let mut payload = Vec::with_capacity(raw.len());
        let mut expect = |name: &str, headers: &mut std::iter::Peekable<std::vec::IntoIter<Header<'_>>>| {
            let header = headers.next_if(|h| h.name == name.as_bytes())?;
            payload.extend_from_slice(header.raw);
            Some(header.value)
        };
        let tree = expect("tree", &mut headers).ok_or("the first header is not `tree`")?;
        let tree = ObjectId(parse_id(&tree).ok_or("`tree` is not an object id")?);
        let mut parents = Vec::new();
        while let Some(parent) = expect("parent", &mut headers) {
            parents.push(CommitId(parse_id(&parent).ok_or("`parent` is not an object id")?));
        }
        let author = expect("author", &mut headers).ok_or("`author` does not follow `tree` and `parent`")?;
        let author = Ident::parse(&author).map_err(|why| format!("the author line cannot be read: {why}"))?;
        let committer = expect("committer", &mut headers).ok_or("`committer` does not follow `author`")?;
        let committer = Ident::parse(&committer).map_err(|why| format!("the committer line cannot be read: {why}"))?;

        let mut signature = None;
        let mut seen_once: Vec<&[u8]> = Vec::new();
        for header in headers {
            let name = header.name;
            if [&b"tree"[..], b"parent", b"author", b"committer"].contains(&name) {
                return Err(format!("`{}` stands where it does not belong", String::from_utf8_lossy(name)));
            }
            let is_signature = name.starts_with(b"gpgsig");
            if is_signature && name != b"gpgsig" && name != b"gpgsig-sha256" {
                return Err(format!("`{}` is no header of git's", name.escape_ascii()));
            }
            if is_signature || name == b"encoding" {
                if seen_once.contains(&name) {
                    return Err(format!("`{}` stands in it twice", String::from_utf8_lossy(name)));
                }
                seen_once.push(name);
            }
            if name == b"gpgsig" {
                signature = Some(Signature { kind: SignatureKind::of(&header.value), text: header.value });
            } else if !is_signature {
                payload.extend_from_slice(header.raw);
            }
        }
        payload.push(b'\n');
        payload.extend_from_slice(rest);
        let message = String::from_utf8_lossy(rest).into_owned();
        let summary = message.lines().find(|l| !l.trim().is_empty()).unwrap_or_default().trim().to_owned();
        let co_authors = trailers::co_authors(&message);
        Ok(Self { id, tree, parents, author, committer, summary, message, co_authors, signature, signed_payload: payload })
    }
}

/// Takes the next header off `rest`, or the empty line that ends them.
fn next_header<'a>(rest: &mut &'a [u8]) -> Result<Option<Header<'a>>, String> {
    let from = *rest;
    let line = take_line(rest).ok_or("it ends within its header")?;
    if line.is_empty() {
        return Ok(None);
    }
    let at = line.iter().position(|b| *b == b' ').ok_or("a header line has no value")?;
    let (name, value) = line.split_at_checked(at).ok_or("a header line has no value")?;
    if name.is_empty() {
        return Err("a continuation line follows no header".to_owned());
    }
    let mut value = value.strip_prefix(b" ").unwrap_or_default().to_vec();
    while rest.first() == Some(&b' ') {
        let line = take_line(rest).ok_or("it ends within its header")?;
        value.push(b'\n');
        value.extend_from_slice(line.strip_prefix(b" ").unwrap_or_default());
    }
    if value.contains(&0) || name.contains(&0) {
        return Err("its header has a NUL byte in it".to_owned());
    }
    let raw = from.get(..from.len() - rest.len()).unwrap_or_default();
    Ok(Some(Header { name, value, raw }))
}

/// Takes one line off `rest`, without its line feed; `None` where there is no line feed.
fn take_line<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = rest.iter().position(|b| *b == b'\n')?;
    let (line, after) = rest.split_at_checked(end)?;
    *rest = after.strip_prefix(b"\n").unwrap_or_default();
    Some(line)
}

fn parse_id(hex: &[u8]) -> Option<[u8; 20]> {
    // Git writes lower case, and another spelling would be another commit with the same meaning.
    let lower = hex.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !lower {
        return None;
    }
    CommitId::from_hex(std::str::from_utf8(hex).ok()?).map(|id| id.0)
}

/// What walking history needs of a commit.
pub(super) struct Links {
    pub(super) tree: ObjectId,
    pub(super) parents: Vec<CommitId>,
    /// Seconds of the committer line; a hint for the order of a walk, never a fact.
    pub(super) seconds: u64,
}

impl Links {
    /// Reads the first headers only, so that old commits with odd lines do not stop a walk.
    fn parse(raw: &[u8]) -> Option<Self> {
        let mut rest = raw;
        let tree = ObjectId(parse_id(take_line(&mut rest)?.strip_prefix(b"tree ")?)?);
        let mut parents = Vec::new();
        let mut seconds = 0;
        let mut line = take_line(&mut rest)?;
        while let Some(parent) = line.strip_prefix(b"parent ") {
            parents.push(CommitId(parse_id(parent)?));
            line = take_line(&mut rest)?;
        }
        while !line.is_empty() {
            if let Some(committer) = line.strip_prefix(b"committer ") {
                let after = committer.rsplit(|b| *b == b'>').next().unwrap_or_default();
                let number = String::from_utf8_lossy(after);
                seconds = number.split_whitespace().next().and_then(|n| n.parse().ok()).unwrap_or_default();
                break;
            }
            let Some(next) = take_line(&mut rest) else { break };
            line = next;
        }
        Some(Self { tree, parents, seconds })
    }
}

impl Repository {
    /// Reads a commit with our own strict parser.
    ///
    /// # Errors
    /// [`GitError::Missing`] or [`GitError::Malformed`].
    pub fn commit(&self, id: CommitId) -> Result<RawCommit, GitError> {
        RawCommit::parse(id, &self.raw_commit(id)?)
    }

    /// The tree of a commit.
    ///
    /// # Errors
    /// [`GitError::Missing`] or [`GitError::Malformed`].
    pub fn tree_of(&self, commit: CommitId) -> Result<ObjectId, GitError> {
        Ok(self.links(commit)?.tree)
    }

    pub(super) fn links(&self, id: CommitId) -> Result<Links, GitError> {
        let raw = self.raw_commit(id)?;
        Links::parse(&raw).ok_or_else(|| GitError::malformed(id, "its first headers cannot be read"))
    }
}
