//! What there is to tell of a run, and who is told by which channel: kept with each decision, so that whoever moves the run later can tell
//! people without the catalog.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::catalog::Catalog;
use crate::model::{Identifier, Occasion, RunRequest, Timestamp, Value};
use crate::run::call::{Scrub, redacted};
use crate::run::life::{Life, Phase, RunHandle};

use super::{Notice, Person};

/// Inputs that are told; the rest is counted.
const MOST_INPUTS: usize = 20;
/// Characters of an input, or of a sentence, that are told.
const LONGEST: usize = 300;
/// People of one kind that are told of, or told.
const MOST_PEOPLE: usize = 100;

/// What a telling is made of: the catalog is the accepted one, so that a change decides nothing about who hears of it.
#[derive(Clone, Copy, Debug)]
pub struct Matter<'a> {
    /// The accepted catalog.
    pub catalog: &'a Catalog,
    /// What people call the repository.
    pub repository: &'a str,
    /// What the API calls the run.
    pub handle: &'a RunHandle,
    /// The run as it stands in its file.
    pub run: &'a RunRequest,
    /// Who asked.
    pub requesters: &'a [Identifier],
    /// Who may approve.
    pub approvers: &'a [Identifier],
    /// Who has approved.
    pub approvals: &'a [Identifier],
    /// One sentence: where it stands, and what would move it.
    pub why: &'a str,
    /// What the forge calls the pull request.
    pub pull_request: Option<&'a str>,
    /// Where to look, and to act: the pull request first.
    pub links: &'a [String],
}

/// What there is to tell of a run, whatever happens to it next.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Telling {
    repository: String,
    run: Identifier,
    handle: String,
    action: Identifier,
    title: Option<String>,
    entity: Option<String>,
    requesters: Vec<Person>,
    approvers: Vec<Person>,
    approvals: Vec<Identifier>,
    inputs: Vec<(String, String)>,
    reason: Option<String>,
    why: String,
    links: Vec<String>,
    pull_request: Option<String>,
    /// Whether the pull request shows how the run gets on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    shown: bool,
    /// Whom each channel reaches on which occasion, resolved when this was made.
    ways: Vec<Way>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Way {
    channel: Identifier,
    on: BTreeSet<Occasion>,
    approvers: BTreeSet<Occasion>,
    requesters: BTreeSet<Occasion>,
}

impl Telling {
    /// Where a decision keeps it. It holds addresses of people: whoever shows a decision leaves it out.
    pub const KEY: &'static str = "telling";

    /// Of a run.
    pub fn of(matter: &Matter<'_>) -> Self {
        let catalog = matter.catalog;
        let action = catalog.actions().get(&matter.run.action).map(|found| &found.value);
        let target = action.and_then(|action| matter.run.target(&action.blueprint)).map(|key| key.to_string());
        let people = |who: &[Identifier]| who.iter().take(MOST_PEOPLE).map(|id| person(catalog, id)).collect();
        let missing: Vec<Identifier> = matter.approvers.iter().filter(|who| !matter.approvals.contains(who)).cloned().collect();
        let secrets = Scrub::of_inputs(action, &matter.run.inputs);
        Self {
            repository: matter.repository.to_owned(),
            run: matter.run.identifier.clone(),
            handle: matter.handle.to_string(),
            action: matter.run.action.clone(),
            title: action.and_then(|action| action.title.clone()),
            entity: target.or_else(|| matter.run.entity.as_ref().map(ToString::to_string)),
            requesters: people(matter.requesters),
            approvers: people(&missing),
            approvals: matter.approvals.to_vec(),
            inputs: inputs(&redacted(action, &matter.run.inputs)),
            reason: matter.run.reason.as_deref().map(|reason| shortened(&secrets.clean(reason))),
            why: shortened(&secrets.clean(matter.why)),
            links: matter.links.to_vec(),
            pull_request: matter.pull_request.map(str::to_owned),
            shown: false,
            ways: ways(catalog, &matter.run.action),
        }
    }

    /// What a decision keeps of it; `None` where it keeps none.
    pub fn kept_in(decision: &Json) -> Option<Self> {
        decision.get(Self::KEY).and_then(|kept| Self::deserialize(kept).ok())
    }

    /// Puts it into a decision, which must be an object.
    pub fn keep_in(&self, decision: &mut Json) {
        if let (Some(decision), Ok(kept)) = (decision.as_object_mut(), serde_json::to_value(self)) {
            decision.insert(Self::KEY.to_owned(), kept);
        }
    }

    /// The same, with another sentence about where it stands.
    #[must_use]
    pub fn because(self, why: &str) -> Self {
        Self { why: shortened(why), ..self }
    }

    /// The same, of a run whose pull request has a comment that shows how it gets on.
    #[must_use]
    pub fn shown_there(self, shown: bool) -> Self {
        Self { shown, ..self }
    }

    /// Whether the pull request shows how the run gets on.
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// The channels by which people are told on this occasion, each once, and whom each is for.
    pub fn channels(&self, occasion: Occasion) -> BTreeMap<&Identifier, Vec<Person>> {
        let mut out: BTreeMap<&Identifier, Vec<Person>> = BTreeMap::new();
        for way in self.ways.iter().filter(|way| way.on.contains(&occasion)) {
            let to = out.entry(&way.channel).or_default();
            let approvers = self.approvers.iter().filter(|_| way.approvers.contains(&occasion));
            let requesters = self.requesters.iter().filter(|_| way.requesters.contains(&occasion));
            for person in approvers.chain(requesters) {
                if !to.contains(person) {
                    to.push(person.clone());
                }
            }
        }
        out
    }

    /// What people are told on this occasion, of a run whose life has come to `life`.
    pub fn notice(&self, occasion: Occasion, life: &Life, at: Timestamp) -> Notice {
        let links = life.execution.iter().flat_map(|execution| &execution.links);
        Notice {
            occasion,
            repository: self.repository.clone(),
            run: self.run.clone(),
            handle: self.handle.clone(),
            action: self.action.clone(),
            title: self.title.clone(),
            entity: self.entity.clone(),
            requesters: self.requesters.clone(),
            approvers: self.approvers.clone(),
            approvals: life.execution.as_ref().map_or_else(|| self.approvals.clone(), |e| e.grant.approvals.clone()),
            inputs: self.inputs.clone(),
            reason: self.reason.clone(),
            why: shortened(&self.sentence(occasion, life)),
            links: self.links.iter().chain(links).take(10).cloned().collect(),
            pull_request: self.pull_request.clone(),
            at,
        }
    }

    fn sentence(&self, occasion: Occasion, life: &Life) -> String {
        let summary = life.execution.as_ref().and_then(|execution| execution.summary.clone());
        match occasion {
            Occasion::Started => "everything was checked once more, and it is being performed".to_owned(),
            Occasion::Succeeded => summary.unwrap_or_else(|| "it was performed".to_owned()),
            Occasion::Failed => summary.unwrap_or_else(|| "whoever performs it says no more".to_owned()),
            Occasion::Unknown => {
                let why = match life.phase() {
                    Some(Phase::Unknown { why, .. }) => why.as_str(),
                    _ => "nobody knows whether it was performed",
                };
                format!("{why}; find out, and then say so: `portcullis runs resolve`")
            }
            Occasion::Cancelled => match &life.withdrawn {
                Some(withdrawn) => format!("{} withdrew it", withdrawn.by),
                None => self.why.clone(),
            },
            Occasion::Waiting | Occasion::Reminder | Occasion::Granted | Occasion::Declined | Occasion::Expired => {
                self.why.clone()
            }
        }
    }
}

fn ways(catalog: &Catalog, action: &Identifier) -> Vec<Way> {
    let policy = catalog.policy();
    let routes = policy.notifications.iter().filter(|route| route.is_about(action));
    let those = |on: &BTreeSet<Occasion>, holds: &dyn Fn(Occasion) -> bool| on.iter().copied().filter(|o| holds(*o)).collect();
    routes
        .map(|route| Way {
            channel: route.channel.clone(),
            approvers: those(&route.on, &|occasion| route.to.has_approvers(occasion)),
            requesters: those(&route.on, &|occasion| route.to.has_requesters(occasion)),
            on: route.on.clone(),
        })
        .collect()
}

fn person(catalog: &Catalog, id: &Identifier) -> Person {
    let user = catalog.users().get(id).map(|found| &found.value);
    let named = [id.as_str()].into_iter().chain(user.iter().flat_map(|user| user.emails.iter().map(String::as_str)));
    let email = user.and_then(|_| named.into_iter().find(|text| text.contains('@')).map(str::to_owned));
    Person { id: id.clone(), name: user.and_then(|user| user.name.clone()), email }
}

fn inputs(inputs: &Value) -> Vec<(String, String)> {
    let Value::Map(pairs) = inputs else { return Vec::new() };
    let told = |value: &Value| match value {
        Value::String(text) => shortened(text),
        other => shortened(&other.canonical()),
    };
    let mut out: Vec<_> = pairs.iter().take(MOST_INPUTS).map(|(name, value)| (shortened(name), told(value))).collect();
    if pairs.len() > MOST_INPUTS {
        out.push(("…".to_owned(), format!("{} more", pairs.len() - MOST_INPUTS)));
    }
    out
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
