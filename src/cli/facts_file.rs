//! Reads the facts of a pull request that `simulate` is given: lenient about what is missing, strict about what is wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};

use crate::model::{CommitId, ForgeUser, PullRequestState, Push, Review, ReviewState, Reviewer, Timestamp, Vouched};

/// A file of facts (spec 10). What it leaves out is unknown.
#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
pub struct FactsFile {
    /// The accepted revision.
    #[serde(default)]
    pub base: Option<String>,
    /// The proposed revision.
    #[serde(default)]
    pub head: Option<String>,
    /// Who opened it.
    #[serde(default, deserialize_with = "account")]
    pub opener: Option<ForgeUser>,
    /// Open, closed or merged.
    #[serde(default, deserialize_with = "state")]
    pub state: Option<PullRequestState>,
    #[serde(default)]
    pushes: Option<Vec<Object<PushFact>>>,
    #[serde(default)]
    reviews: Option<Vec<Object<ReviewFact>>>,
    #[serde(default)]
    commits: Option<Vec<Object<CommitFact>>>,
    /// When the controller first saw it.
    #[serde(default, deserialize_with = "time")]
    pub first_seen: Option<Timestamp>,
    /// Now.
    #[serde(default, deserialize_with = "time")]
    pub now: Option<Timestamp>,
}

#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
struct PushFact {
    #[serde(default, deserialize_with = "account")]
    actor: Option<ForgeUser>,
    #[serde(default)]
    before: Option<String>,
    #[serde(default)]
    after: Option<String>,
}

#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
struct ReviewFact {
    #[serde(default)]
    id: Option<ReviewId>,
    #[serde(default, deserialize_with = "account")]
    user: Option<ForgeUser>,
    #[serde(default, deserialize_with = "review_state")]
    state: Option<ReviewState>,
    #[serde(default)]
    commit: Option<String>,
    #[serde(default, deserialize_with = "time")]
    submitted_at: Option<Timestamp>,
}

/// A JSON object, and never the list that serde would also take for a struct.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Object<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(std::marker::PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        from.deserialize_map(ObjectVisitor(std::marker::PhantomData))
    }
}

/// Numbers sort before texts, and by their value: a forge counts upwards.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum ReviewId {
    Number(u64),
    Text(String),
}

#[derive(Deserialize, Clone, PartialEq, Eq, Debug)]
struct CommitFact {
    #[serde(default)]
    sha: Option<String>,
    #[serde(default, deserialize_with = "account")]
    verified_as: Option<ForgeUser>,
}

/// Why a file of facts cannot be read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct FactsFileError {
    /// From one.
    pub line: usize,
    /// From one.
    pub column: usize,
    /// What is wrong there.
    pub message: String,
}

impl FactsFile {
    /// Reads JSON.
    ///
    /// # Errors
    /// Where it is no JSON, a value has another type than the contract says, or a key stands twice.
    pub fn parse(text: &[u8]) -> Result<Self, FactsFileError> {
        serde_json::from_slice::<Object<Self>>(text).map(|object| object.0).map_err(|error| {
            let said = error.to_string();
            let message = said.rsplit_once(" at line ").map_or(said.as_str(), |(message, _)| message).to_owned();
            FactsFileError { line: error.line().max(1), column: error.column().max(1), message }
        })
    }

    /// The reviews, oldest first, as the core knows them.
    ///
    /// `resolve` turns a revision into a commit. A review whose commit it does not know keeps none, and counts for nothing;
    /// one that is pending or says nothing is left out. They are sorted by time and id, so that their order in the file
    /// means nothing; where a time is missing, by id if all are numbers, since a forge counts upwards. Where even that is
    /// unknown the file's order stands, but somebody's undated words may each have been the last: the strictest is.
    pub fn reviews(&self, resolve: &dyn Fn(&str) -> Option<CommitId>) -> Vec<Review> {
        let facts = self.reviews.iter().flatten().map(|fact| &fact.0);
        let mut found: Vec<(usize, &ReviewFact, ReviewState)> =
            facts.enumerate().filter_map(|(at, fact)| Some((at, fact, fact.state?))).collect();
        if found.iter().all(|(_, fact, _)| fact.submitted_at.is_some()) {
            found.sort_by(|(_, a, _), (_, b, _)| (a.submitted_at, &a.id).cmp(&(b.submitted_at, &b.id)));
        } else if found.iter().all(|(_, fact, _)| matches!(fact.id, Some(ReviewId::Number(_)))) {
            found.sort_by(|(_, a, _), (_, b, _)| a.id.cmp(&b.id));
        } else {
            found = strictest_last(found);
        }
        found
            .into_iter()
            .map(|(at, fact, state)| Review {
                id: match &fact.id {
                    Some(ReviewId::Number(number)) => number.to_string(),
                    Some(ReviewId::Text(text)) => text.clone(),
                    None => format!("#{at}"),
                },
                reviewer: fact.user.clone().map_or(Reviewer::Unknown, Reviewer::Account),
                state,
                commit: commit(fact.commit.as_deref(), resolve),
                submitted_at: fact.submitted_at,
            })
            .collect()
    }

    /// The pushes. One whose new head is unknown is kept, since it may have brought anything; one that took the branch away
    /// brought nothing, and is left out.
    pub fn pushes(&self, resolve: &dyn Fn(&str) -> Option<CommitId>) -> Vec<Push> {
        let facts = self.pushes.iter().flatten().map(|fact| &fact.0);
        facts
            .filter(|fact| fact.after.as_deref().and_then(CommitId::from_hex) != Some(NONE))
            .map(|fact| Push {
                actor: fact.actor.clone(),
                before: commit(fact.before.as_deref(), resolve),
                after: commit(fact.after.as_deref(), resolve),
            })
            .collect()
    }

    /// Whose signature the forge has verified, by commit. A commit that stands twice with different answers is nobody's.
    pub fn verified(&self, resolve: &dyn Fn(&str) -> Option<CommitId>) -> BTreeMap<CommitId, Vouched> {
        let facts = self.commits.iter().flatten().map(|fact| &fact.0);
        let mut told: BTreeMap<CommitId, Option<ForgeUser>> = BTreeMap::new();
        for fact in facts {
            let Some(id) = commit(fact.sha.as_deref(), resolve) else { continue };
            let first = told.entry(id).or_insert_with(|| fact.verified_as.clone());
            if first.as_ref().map(|user| user.id) != fact.verified_as.as_ref().map(|user| user.id) {
                *first = None;
            }
        }
        told.into_iter().filter_map(|(id, user)| Some((id, vouched(user?)))).collect()
    }
}

/// GitHub's own account, which commits and signs what is made in the browser: by login and number, as both stand there.
const WEB_FLOW: (&str, u64) = ("web-flow", 19_864_447);

fn vouched(user: ForgeUser) -> Vouched {
    if (user.login.as_str(), user.id) == WEB_FLOW { Vouched::Forge } else { Vouched::Account(user) }
}

/// Puts the strictest of what may have been somebody's last word last, for each who has given an undated review: each of
/// those, and the last of the dated ones.
fn strictest_last(reviews: Vec<(usize, &ReviewFact, ReviewState)>) -> Vec<(usize, &ReviewFact, ReviewState)> {
    let author = |fact: &ReviewFact| fact.user.as_ref().map(|user| user.id);
    let undated: BTreeSet<_> =
        reviews.iter().filter(|(_, fact, _)| fact.submitted_at.is_none()).map(|(_, fact, _)| author(fact)).collect();
    let (mut unsure, mut sorted): (Vec<_>, Vec<_>) =
        reviews.into_iter().partition(|(_, fact, _)| undated.contains(&author(fact)));
    unsure.sort_by_key(|(_, fact, _)| fact.submitted_at);
    let mut last = BTreeMap::new();
    for (at, fact, state) in
        unsure.iter().filter(|(_, fact, state)| fact.submitted_at.is_some() && *state != ReviewState::Commented)
    {
        last.insert(author(fact), (*at, *state));
    }
    // What somebody said later, and dated, has taken back what they said before.
    let may_be_last = |at: usize, fact: &ReviewFact| {
        fact.submitted_at.is_none() || last.get(&author(fact)).is_some_and(|(index, _)| *index == at)
    };
    unsure.sort_by_key(|(at, fact, state)| (may_be_last(*at, fact), strictness(*state)));
    sorted.append(&mut unsure);
    sorted
}

/// How bad it is for a run to take this for somebody's last word.
fn strictness(state: ReviewState) -> u8 {
    match state {
        ReviewState::Commented => 0,
        ReviewState::Approved => 1,
        ReviewState::Dismissed => 2,
        ReviewState::ChangesRequested => 3,
    }
}

/// Git's word for no commit.
const NONE: CommitId = CommitId([0; 20]);

/// A full id names its commit whether or not it is here; anything else must be known. Forty zeros are git's word for none.
fn commit(text: Option<&str>, resolve: &dyn Fn(&str) -> Option<CommitId>) -> Option<CommitId> {
    let text = text?;
    let id = CommitId::from_hex(text).or_else(|| resolve(text))?;
    (id != NONE).then_some(id)
}

/// An account without an id is nobody: logins change hands.
fn account<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ForgeUser>, D::Error> {
    #[derive(Deserialize)]
    struct Account {
        #[serde(default)]
        login: Option<String>,
        #[serde(default)]
        id: Option<u64>,
    }
    let account = Option::<Object<Account>>::deserialize(from)?;
    Ok(account.and_then(|Object(a)| a.id.map(|id| ForgeUser { login: a.login.unwrap_or_default(), id })))
}

fn state<'de, D: Deserializer<'de>>(from: D) -> Result<Option<PullRequestState>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    match text.to_ascii_lowercase().as_str() {
        "open" => Ok(Some(PullRequestState::Open)),
        "closed" => Ok(Some(PullRequestState::Closed)),
        "merged" => Ok(Some(PullRequestState::Merged)),
        _ => Err(D::Error::custom(format!("`{text}` is no state of a pull request: write open, closed or merged"))),
    }
}

/// A pending review is not given yet: it is left out like one without a state.
fn review_state<'de, D: Deserializer<'de>>(from: D) -> Result<Option<ReviewState>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    match text.to_ascii_uppercase().as_str() {
        "APPROVED" => Ok(Some(ReviewState::Approved)),
        "CHANGES_REQUESTED" => Ok(Some(ReviewState::ChangesRequested)),
        "DISMISSED" => Ok(Some(ReviewState::Dismissed)),
        "COMMENTED" => Ok(Some(ReviewState::Commented)),
        "PENDING" => Ok(None),
        _ => Err(D::Error::custom(format!(
            "`{text}` is no state of a review: write APPROVED, CHANGES_REQUESTED, DISMISSED or COMMENTED"
        ))),
    }
}

fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    text.parse()
        .map(Some)
        .map_err(|_| D::Error::custom(format!("`{text}` is no time: write it as RFC 3339, `2026-11-21T10:00:00Z`")))
}

impl<'de> Deserialize<'de> for ReviewId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = ReviewId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a text")
            }
            fn visit_u64<E>(self, number: u64) -> Result<ReviewId, E> {
                Ok(ReviewId::Number(number))
            }
            fn visit_str<E>(self, text: &str) -> Result<ReviewId, E> {
                Ok(ReviewId::Text(text.to_owned()))
            }
        }
        from.deserialize_any(Either)
    }
}
