//! What a notice says, in pieces of plain text; each channel puts them together and escapes them for where they are read.

use crate::model::Occasion;
use crate::report::defuse::{is_hostile, prose};

use super::{Notice, Person};

/// People that are named; the rest is counted.
const MOST_NAMED: usize = 10;
/// Characters of an address that anybody would follow.
const LONGEST_LINK: usize = 2_000;

/// A notice in words. Everything in it is one line without characters that deceive, and escaped for nothing.
pub(super) struct Wording {
    /// What happened, in a few words.
    pub(super) headline: String,
    /// Why, in a sentence.
    pub(super) why: String,
    /// What it is about: a name, and what stands there.
    pub(super) facts: Vec<(&'static str, String)>,
    /// What to follow: a few words that name the host, and the address.
    pub(super) links: Vec<(String, String)>,
}

/// A notice in words.
pub(super) fn wording(notice: &Notice) -> Wording {
    let why = if notice.why.is_empty() { "nothing more is known".to_owned() } else { prose(&notice.why) };
    Wording { headline: headline(notice), why, facts: facts(notice), links: links(&notice.links) }
}

/// What all notices about one run have in common.
pub(super) fn subject(notice: &Notice) -> String {
    let what = notice.title.as_deref().unwrap_or(notice.action.as_str());
    cut(&prose(&format!("[{}] Run {}: {what}", notice.repository, notice.run)), 180)
}

fn headline(notice: &Notice) -> String {
    let run = prose(notice.run.as_str());
    match notice.occasion {
        Occasion::Waiting => format!("Run {run} waits for approval"),
        Occasion::Reminder => format!("Run {run} still waits for approval"),
        Occasion::Granted => format!("Run {run} is approved"),
        Occasion::Declined => format!("Run {run} is declined"),
        Occasion::Expired => format!("Run {run} has expired"),
        Occasion::Cancelled => format!("Run {run} is cancelled"),
        Occasion::Started => format!("Run {run} has begun"),
        Occasion::Succeeded => format!("Run {run} is done"),
        Occasion::Failed => format!("Run {run} has failed"),
        Occasion::Unknown => format!("Nobody knows what came of run {run}"),
    }
}

fn facts(notice: &Notice) -> Vec<(&'static str, String)> {
    let action = match &notice.title {
        Some(title) => format!("{title} ({})", notice.action),
        None => notice.action.to_string(),
    };
    let approvals: Vec<String> = notice.approvals.iter().map(ToString::to_string).collect();
    let may_approve = matches!(notice.occasion, Occasion::Waiting | Occasion::Reminder);
    let all = [
        ("Action", Some(action)),
        ("Entity", notice.entity.clone()),
        ("Asked for by", people(&notice.requesters)),
        ("Because", notice.reason.clone()),
        ("Approved by", named(&approvals)),
        ("Who may approve", people(&notice.approvers).filter(|_| may_approve)),
        ("Pull request", notice.pull_request.clone()),
    ];
    let inputs = notice.inputs.iter().map(|(name, value)| ("Input", Some(format!("{name}: {value}"))));
    let mut facts: Vec<_> =
        all.into_iter().chain(inputs).filter_map(|(name, value)| value.map(|value| (name, prose(&value)))).collect();
    facts.push(("Repository", prose(&notice.repository)));
    facts
}

fn people(people: &[Person]) -> Option<String> {
    let names: Vec<String> = people
        .iter()
        .map(|person| match &person.name {
            Some(name) => format!("{name} ({})", person.id),
            None => person.id.to_string(),
        })
        .collect();
    named(&names)
}

fn named(names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let told = names.iter().take(MOST_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    Some(match names.len().saturating_sub(MOST_NAMED) {
        0 => told,
        more => format!("{told} and {more} more"),
    })
}

/// Those that are addresses of the web, each with its host in the words, so that nobody is led to where the words do not say.
fn links(links: &[String]) -> Vec<(String, String)> {
    links.iter().filter_map(|link| Some((format!("Open at {}", host(link)?), link.clone()))).collect()
}

fn host(link: &str) -> Option<&str> {
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"))?;
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '"' | '\'' | '|' | '\\' | '^' | '`' | '{' | '}');
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty() && !host.contains('@'))?;
    (link.len() <= LONGEST_LINK && link.chars().all(plain)).then_some(host)
}

/// At most so many characters.
pub(super) fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some(_) => text.chars().take(most.saturating_sub(1)).filter(|c| !is_hostile(*c)).chain(['…']).collect(),
    }
}
