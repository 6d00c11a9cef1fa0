//! Which review requests are pull requests onto the watched branch, where their heads are, and whether they are merged.

use std::collections::{HashMap, HashSet};

use git2::Oid;

use crate::forge::{ForgeError, PullRequest};
use crate::model::{CommitId, PullRequestState};

use super::notes;
use super::objects::{Objects, commit_id, oid};
use super::record::{COMMENTS, Comment, REQUESTS, Request};

/// What was found out about requests before and holds as long as its inputs do.
#[derive(Default)]
pub(super) struct Requests {
    /// By the blobs of the note.
    parsed: HashMap<Vec<Oid>, Option<Request>>,
    merged: Merged,
}

/// The branch that pull requests want to become part of.
struct Watched<'a> {
    name: &'a str,
    /// Where it stands: read once for all, as reading a ref opens a file.
    tip: Option<Oid>,
}

/// A request, as of now.
pub(super) struct Found {
    pub(super) pull_request: PullRequest,
    pub(super) state: PullRequestState,
}

impl Requests {
    /// The open pull requests onto `watched`.
    pub(super) fn open(&mut self, objects: &Objects, watched: &str) -> Result<Vec<PullRequest>, ForgeError> {
        let Some(tree) = tree_of(objects, REQUESTS)? else { return Ok(Vec::new()) };
        let all = notes::all(objects, tree)?.ok_or_else(|| {
            ForgeError::permanent(format!("{REQUESTS} holds more notes than are read; remove what is no review"))
        })?;
        let standing: HashSet<&Vec<Oid>> = all.values().collect();
        self.parsed.retain(|blobs, _| standing.contains(blobs));
        let watched = Watched { name: watched, tip: objects.reference(watched)? };
        let (mut open, mut heads) = (Vec::new(), HashSet::new());
        for (id, blobs) in all {
            match self.look(objects, &watched, id, blobs) {
                Ok(Some(found)) => {
                    heads.insert(found.pull_request.head);
                    if found.state == PullRequestState::Open {
                        open.push(found.pull_request);
                    }
                }
                Ok(None) => {}
                // One that is broken must not hide the others.
                Err(error) => tracing::warn!(review = %id, %error, "a review request is passed over"),
            }
        }
        // Heads that were pushed over are asked after no more.
        self.merged.known.retain(|head, _| commit_id(*head).is_some_and(|head| heads.contains(&head)));
        Ok(open)
    }

    /// One request by the id of its first commit.
    pub(super) fn one(&mut self, objects: &Objects, watched: &str, id: CommitId) -> Result<Option<Found>, ForgeError> {
        let Some(tree) = tree_of(objects, REQUESTS)? else { return Ok(None) };
        let blobs = notes::find(objects, tree, id)?;
        self.look(objects, &Watched { name: watched, tip: objects.reference(watched)? }, id, blobs)
    }

    /// How many notes and heads are remembered.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> (usize, usize) {
        (self.parsed.len(), self.merged.known.len())
    }

    fn look(
        &mut self,
        objects: &Objects,
        watched: &Watched<'_>,
        id: CommitId,
        blobs: Vec<Oid>,
    ) -> Result<Option<Found>, ForgeError> {
        // A note on what is no commit here (not yet, or never) is no pull request.
        if !objects.is_commit(oid(id)?) {
            return Ok(None);
        }
        let request = match self.parsed.get(&blobs) {
            Some(request) => request.clone(),
            None => {
                let request = Request::latest(&notes::lines(objects, &blobs)?);
                self.parsed.insert(blobs, request.clone());
                request
            }
        };
        let Some(request) = request else { return Ok(None) };
        let head = head(objects, id, &request)?;
        let state = match watched.tip {
            Some(tip) if self.merged.is_merged(objects, tip, head)? => PullRequestState::Merged,
            _ if request.target_ref == watched.name => PullRequestState::Open,
            _ => PullRequestState::Closed,
        };
        let pull_request = PullRequest {
            id: id.to_string(),
            title: request.title(),
            head: commit_id(head).unwrap_or(id),
            head_ref: request.review_ref().unwrap_or_default().to_owned(),
            base_ref: request.target_ref,
            requester: request.requester,
            url: None,
            version: String::new(),
            fetched_ref: None,
        };
        Ok(Some(Found { pull_request, state }))
    }
}

/// The tip of the ref under review; where there is none, the furthest commit that the review speaks of.
fn head(objects: &Objects, id: CommitId, request: &Request) -> Result<Oid, ForgeError> {
    if let Some(name) = request.review_ref()
        && let Some(tip) = objects.reference(name)?
    {
        return Ok(tip);
    }
    let alias = oid(request.start(id))?;
    let mut head = if objects.is_commit(alias) { alias } else { oid(id)? };
    let Some(tree) = tree_of(objects, COMMENTS)? else { return Ok(head) };
    let lines = notes::lines(objects, &notes::find(objects, tree, id)?)?;
    for commit in lines.iter().filter_map(|l| Comment::parse(l)?.commit()) {
        let commit = oid(commit)?;
        if objects.is_commit(commit) && objects.is_ancestor(head, commit)? {
            head = commit;
        }
    }
    Ok(head)
}

/// The tree of a notes ref.
pub(super) fn tree_of(objects: &Objects, name: &str) -> Result<Option<Oid>, ForgeError> {
    let tip = objects.reference(name)?;
    Ok(tip.map(|t| objects.links(t)).transpose()?.flatten().map(|l| l.tree))
}

/// Which heads the watched branch has reached, remembered while it only moves forward.
#[derive(Default)]
struct Merged {
    tip: Option<Oid>,
    known: HashMap<Oid, bool>,
}

impl Merged {
    fn is_merged(&mut self, objects: &Objects, tip: Oid, head: Oid) -> Result<bool, ForgeError> {
        if self.tip != Some(tip) {
            self.follow(objects, tip)?;
        }
        if let Some(merged) = self.known.get(&head) {
            return Ok(*merged);
        }
        let merged = objects.is_ancestor(head, tip)?;
        self.known.insert(head, merged);
        Ok(merged)
    }

    fn follow(&mut self, objects: &Objects, tip: Oid) -> Result<(), ForgeError> {
        match self.tip.take() {
            Some(old) if objects.is_commit(old) && objects.is_ancestor(old, tip)? => {
                for id in objects.between(old, tip)? {
                    if let Some(merged) = self.known.get_mut(&id) {
                        *merged = true;
                    }
                }
            }
            _ => self.known.clear(),
        }
        self.tip = Some(tip);
        Ok(())
    }
}
