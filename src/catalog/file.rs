//! One file of the catalog, read: its documents and everything that is wrong with it.

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::model::{
    Action, Blueprint, CatalogPolicy, Entity, FilePath, Finding, Kind, Limits, Permissions, Place, RunRequest, Team, User, Value,
};

use super::decode::{self, Cursor, Decoder};
use super::node::{MOST_PROBLEMS, Node, NodeKind, Problem, Tree, point};
use super::{Located, document, json, text};

/// A document of any kind, as a valid noun.
#[derive(Clone, PartialEq, Debug)]
#[allow(clippy::large_enum_variant)] // short-lived: moved into an `Arc` of its own kind at once
pub enum Document {
    /// `catalog.yaml`
    Policy(Located<CatalogPolicy>),
    /// `blueprints/`
    Blueprint(Located<Blueprint>),
    /// `entities/`
    Entity(Located<Entity>),
    /// `permissions/`
    Permissions(Located<Permissions>),
    /// `actions/`
    Action(Located<Action>),
    /// `runs/`
    Run(Located<RunRequest>),
    /// `users/`
    User(Located<User>),
    /// `teams/`
    Team(Located<Team>),
}

/// A file, read.
#[derive(Clone, PartialEq, Debug)]
pub struct ParsedFile {
    /// Its path.
    pub path: FilePath,
    /// Its documents; those that could not be built are missing here and stand in `findings`.
    pub documents: Vec<Document>,
    /// Everything wrong in it, in order of position, each with its span.
    pub findings: Vec<Finding>,
    /// Where something is wrong: what tells its content from any other.
    pub content: Option<Arc<[u8]>>,
}

/// Which kind of document a path holds; `None` for everything that is not the catalog's business.
///
/// Only `.yaml`, `.yml` and `.json` below a managed directory, and `catalog.yaml` itself: a `catalog.yml` or
/// `catalog.json` is not read, so the policy cannot be in two places (`document/policy-name` says so).
pub fn kind_of(path: &FilePath) -> Option<Kind> {
    let path = path.as_str();
    if path == Kind::Policy.directory() {
        return Some(Kind::Policy);
    }
    let (directory, rest) = path.split_once('/')?;
    let kind = Kind::WITH_DIRECTORY.into_iter().find(|kind| kind.directory() == directory)?;
    let (stem, extension) = rest.rsplit('/').next()?.rsplit_once('.')?;
    (!stem.is_empty() && matches!(extension, "yaml" | "yml" | "json")).then_some(kind)
}

/// Reads a file of the catalog. Total: any bytes give an answer, and everything that is wrong is told in one go.
///
/// A file whose text is not well-formed gives no documents; of a list of entities each stands or falls by itself. For a
/// path that [`kind_of`] does not know, the answer is empty.
pub fn parse_file(path: &FilePath, bytes: &[u8], limits: &Limits) -> ParsedFile {
    let mut parsed = ParsedFile { path: path.clone(), documents: Vec::new(), findings: Vec::new(), content: None };
    let Some(kind) = kind_of(path) else { return parsed };
    let read = text::read_text(bytes, limits);
    let mut problems = read.problems;
    let mut decoder = Decoder::new(path);
    if let Some(text) = read.text {
        let tree = read_tree(path, text, limits);
        let well_formed = problems.is_empty() && tree.problems.is_empty();
        problems.extend(tree.problems);
        if tree.complete {
            let documents = decode_file(&mut decoder, kind, tree.root.as_ref());
            if well_formed {
                parsed.documents = documents;
            }
        }
    }
    let untold = decoder.errors.saturating_sub(decoder.findings.len());
    parsed.findings = decoder.findings;
    parsed.findings.extend(problems.into_iter().map(|problem| finding(path, problem)));
    parsed.findings.sort_by_key(|finding| finding.place.as_ref().and_then(|place| place.span));
    curtail(path, &mut parsed.findings, untold);
    parsed.content = (!parsed.findings.is_empty()).then(|| Sha256::digest(bytes).as_slice().into());
    parsed
}

/// Reads a file as a value of no kind in particular, by the same text rules as every document.
///
/// # Errors
/// Everything that is wrong with the text; also that there is no document in it.
pub fn parse_value(path: &FilePath, bytes: &[u8], limits: &Limits) -> Result<Value, Vec<Finding>> {
    value_unless(path, bytes, limits, |_| false)
}

/// Slips that leave no doubt what was meant, as they stand in what people paste.
const FORGIVEN: &[&str] = &["json/comment", "json/comma", "document/typographic-quote", "document/byte-order-mark"];

/// The same for what is no document of a catalog yet: comments in JSON, a comma too many or too few, typographic quotes and a byte
/// order mark are read over.
///
/// # Errors
/// Everything else that is wrong with the text; also that there is no document in it.
pub fn parse_pasted(path: &FilePath, bytes: &[u8], limits: &Limits) -> Result<Value, Vec<Finding>> {
    value_unless(path, bytes, limits, |rule| FORGIVEN.contains(&rule))
}

fn value_unless(path: &FilePath, bytes: &[u8], limits: &Limits, forgiven: fn(&str) -> bool) -> Result<Value, Vec<Finding>> {
    let read = text::read_text(bytes, limits);
    let mut problems = read.problems;
    let mut root = None;
    let mut complete = true;
    let tree = read.text.map(|text| read_tree(path, text, limits));
    if let Some(tree) = tree {
        complete = tree.complete;
        root = tree.root.filter(|_| tree.complete).map(|root| root.to_value());
        problems.extend(tree.problems);
    }
    if complete {
        problems.retain(|problem| !forgiven(problem.rule));
    }
    match root {
        Some(value) if problems.is_empty() => return Ok(value),
        None if problems.is_empty() => problems.push(empty()),
        _ => {}
    }
    let mut findings: Vec<Finding> = problems.into_iter().map(|problem| finding(path, problem)).collect();
    findings.sort_by_key(|finding| finding.place.as_ref().and_then(|place| place.span));
    curtail(path, &mut findings, 0);
    Err(findings)
}

fn empty() -> Problem {
    Problem::new("document/empty", point(1, 1), "the file holds no document", "write the document, or remove the file")
}

/// Reads a text by the syntax that its file's extension names.
pub(super) fn read_tree<'a>(path: &FilePath, text: &'a str, limits: &Limits) -> Tree<'a> {
    if path.as_str().ends_with(".json") { json::read_json(text, limits) } else { document::read_yaml(text, limits) }
}

fn finding(path: &FilePath, problem: Problem) -> Finding {
    Finding::error(problem.rule, problem.message).at(Place::span(path, problem.span)).help(problem.help)
}

/// More findings than anybody reads would only cost memory. `untold` are those that were never put together.
fn curtail(path: &FilePath, findings: &mut Vec<Finding>, untold: usize) {
    let left_out = untold + findings.len().saturating_sub(MOST_PROBLEMS);
    if left_out == 0 || findings.iter().take(MOST_PROBLEMS + 1).any(|finding| finding.rule == "limit/findings") {
        findings.truncate(MOST_PROBLEMS + 1);
        return;
    }
    findings.truncate(MOST_PROBLEMS);
    let last = findings.last().and_then(|finding| finding.place.as_ref()).and_then(|place| place.span).unwrap_or(point(1, 1));
    let message = format!("{left_out} more things are wrong in this file");
    findings.push(finding(path, Problem::new("limit/findings", last, message, "mend these first, then look again")));
}

fn decode_file(d: &mut Decoder<'_>, kind: Kind, root: Option<&Node<'_>>) -> Vec<Document> {
    let Some(root) = root.filter(|root| !matches!(root.kind, NodeKind::Null)) else {
        d.findings.push(finding(d.file, empty()));
        d.errors += 1;
        return Vec::new();
    };
    let at = Cursor::root(root);
    match &root.kind {
        NodeKind::List(items) if items.is_empty() => {
            d.error("document/empty", at, "the list holds no document", "write the documents, or remove the file");
            Vec::new()
        }
        NodeKind::List(_) if kind == Kind::Entity => at.items().filter_map(|item| decode_one(d, kind, item)).collect(),
        NodeKind::List(_) => {
            let message = format!("a list stands where one {} was expected", kind.word());
            d.error("document/one", at, message, "put each document in a file of its own; only entities may stand in a list");
            Vec::new()
        }
        NodeKind::Map(pairs) if pairs.is_empty() => {
            d.error("document/empty", at, "the document is empty", "write the document, or remove the file");
            Vec::new()
        }
        _ => decode_one(d, kind, at).into_iter().collect(),
    }
}

/// A document in which anything is wrong is not built.
fn decode_one(d: &mut Decoder<'_>, kind: Kind, at: Cursor<'_, '_>) -> Option<Document> {
    let (before, errors) = (d.findings.len(), d.errors);
    d.subject = None;
    let file = d.file.clone();
    let pointer = at.pointer();
    let document = match kind {
        Kind::Policy => decode::policy(d, at).map(|value| Document::Policy(Located { file, pointer, value })),
        Kind::Blueprint => decode::blueprint(d, at).map(|value| Document::Blueprint(Located { file, pointer, value })),
        Kind::Entity => decode::entity(d, at).map(|value| Document::Entity(Located { file, pointer, value })),
        Kind::Permissions => decode::permissions(d, at).map(|value| Document::Permissions(Located { file, pointer, value })),
        Kind::Action => decode::action(d, at).map(|value| Document::Action(Located { file, pointer, value })),
        Kind::Run => decode::run(d, at).map(|value| Document::Run(Located { file, pointer, value })),
        Kind::User => decode::user(d, at).map(|value| Document::User(Located { file, pointer, value })),
        Kind::Team => decode::team(d, at).map(|value| Document::Team(Located { file, pointer, value })),
    };
    let subject = d.subject.take();
    for finding in d.findings.iter_mut().skip(before) {
        finding.subject.clone_from(&subject); // also those from before the identifier was read
    }
    document.filter(|_| d.errors == errors)
}
