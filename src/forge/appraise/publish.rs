//! Writes our lines into the notes: all of a publication in one commit of each ref, never losing a line of anybody else.

use std::collections::BTreeMap;
use std::time::Duration;

use git2::Oid;

use crate::forge::{Analysis, ForgeError, Status};
use crate::model::{CommitId, Timestamp};

use super::draft::Draft;
use super::notes;
use super::objects::{Moved, Objects};
use super::report::{self, AnalysisLine, CiLine};

/// How often a ref that keeps moving is tried again before the whole is put off.
const ATTEMPTS: u64 = 24;

/// Who writes, and when.
pub(super) struct Hand<'a> {
    pub(super) name: &'a str,
    pub(super) email: &'a str,
    /// Which agent's lines are ours: `portcullis` and everything below `portcullis/`.
    pub(super) agent: &'a str,
    pub(super) at: Timestamp,
}

impl Hand<'_> {
    fn ident(&self) -> String {
        let clean = |text: &str| text.chars().filter(|c| !c.is_control() && !matches!(c, '<' | '>')).collect::<String>();
        format!("{} <{}> {} +0000", clean(self.name), clean(self.email), self.at.as_second().max(0))
    }

    fn is_ours(&self, agent: &str) -> bool {
        agent.strip_prefix(self.agent).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// How many records are new in the note that an edit returns; `None` where the note may stay as it is.
type Edited = Option<(Vec<u8>, usize)>;

/// Makes these the current statuses; returns how many were news.
pub(super) fn statuses(objects: &Objects, hand: &Hand<'_>, statuses: &[Status]) -> Result<usize, ForgeError> {
    let mut by_commit: BTreeMap<CommitId, BTreeMap<&str, CiLine>> = BTreeMap::new();
    for status in statuses {
        by_commit.entry(status.commit).or_default().insert(&status.context, CiLine::of(status));
    }
    let commits: Vec<CommitId> = by_commit.keys().copied().collect();
    write(objects, hand, super::record::STATUSES, &commits, &|commit, text| {
        by_commit.get(&commit).and_then(|wanted| edit_statuses(hand, wanted, text))
    })
}

/// Makes these the current analyses; returns how many were news.
pub(super) fn analyses(objects: &Objects, hand: &Hand<'_>, analyses: &[Analysis]) -> Result<usize, ForgeError> {
    let by_commit: BTreeMap<CommitId, AnalysisLine> =
        analyses.iter().map(|a| (a.commit, AnalysisLine::of(a, hand.agent))).collect();
    let commits: Vec<CommitId> = by_commit.keys().copied().collect();
    write(objects, hand, super::record::ANALYSES, &commits, &|commit, text| {
        by_commit.get(&commit).and_then(|wanted| edit_analysis(hand, wanted, text))
    })
}

fn edit_statuses(hand: &Hand<'_>, wanted: &BTreeMap<&str, CiLine>, text: &[u8]) -> Edited {
    let (ours, others) = split(text, |line| CiLine::parse(line).filter(|l| hand.is_ours(&l.agent)));
    let mut current: BTreeMap<String, CiLine> = BTreeMap::new();
    for line in &ours {
        let later = current.get(&line.agent).is_none_or(|c| c.seconds() <= line.seconds());
        if later {
            current.insert(line.agent.clone(), line.clone());
        }
    }
    let is_news = |line: &&CiLine| current.get(&line.agent).is_none_or(|c| !c.says_the_same(line));
    let news = wanted.values().filter(is_news).count();
    if news == 0 && current.len() == ours.len() {
        return None;
    }
    current.extend(wanted.values().map(|line| (line.agent.clone(), line.clone())));
    let mut lines: Vec<CiLine> = current.into_values().collect();
    lines.sort_by_key(|l| (l.conclusion(), l.agent.clone()));
    let worst = report::after(hand.at.as_second(), ours.iter().map(CiLine::seconds), 2);
    let last = lines.len().saturating_sub(1);
    let timed = lines.iter().enumerate().map(|(index, line)| line.at(if index == last { worst } else { worst - 1 }));
    Some((join(others, timed.map(|line| report::line(&line))), news))
}

fn edit_analysis(hand: &Hand<'_>, wanted: &AnalysisLine, text: &[u8]) -> Edited {
    let (ours, others) = split(text, |line| AnalysisLine::parse(line).filter(|l| l.agent == hand.agent));
    if let [only] = ours.as_slice()
        && only.says_the_same(wanted)
    {
        return None;
    }
    let timestamp = report::after(hand.at.as_second(), ours.iter().map(AnalysisLine::seconds), 1);
    Some((join(others, std::iter::once(report::line(&wanted.at(timestamp)))), 1))
}

/// Our records, and the bytes of everything else as they stand.
fn split<T>(text: &[u8], ours: impl Fn(&str) -> Option<T>) -> (Vec<T>, Vec<&[u8]>) {
    let (mut records, mut others) = (Vec::new(), Vec::new());
    for line in text.split(|b| *b == b'\n') {
        match notes::readable(line).and_then(&ours) {
            Some(record) => records.push(record),
            None => others.push(line),
        }
    }
    (records, others)
}

/// Others' lines as they stand, then ours; a note ends in a line feed.
fn join(others: Vec<&[u8]>, ours: impl Iterator<Item = String>) -> Vec<u8> {
    let mut text = others.join(&b'\n');
    while text.last() == Some(&b'\n') {
        text.pop();
    }
    for line in ours {
        if !text.is_empty() {
            text.push(b'\n');
        }
        text.extend_from_slice(line.as_bytes());
    }
    text.push(b'\n');
    text
}

/// Reads, edits and swaps, until nobody else has moved the ref meanwhile.
fn write(
    objects: &Objects,
    hand: &Hand<'_>,
    name: &str,
    commits: &[CommitId],
    edit: &dyn Fn(CommitId, &[u8]) -> Edited,
) -> Result<usize, ForgeError> {
    // A process that was killed while it wrote has left its lock behind, and would keep everybody out for ever.
    if objects.break_abandoned_lock(name) {
        tracing::warn!(reference = name, "removed a lock that a killed process left behind");
    }
    for attempt in 0..ATTEMPTS {
        let tip = objects.reference(name)?;
        let before = tip.map(|t| objects.links(t)).transpose()?.flatten().map(|l| l.tree);
        let mut draft = Draft::of(objects, before)?;
        let (mut news, mut touched, mut refused) = (0, 0, None);
        for commit in commits {
            let text = match whole_note(objects, before, *commit) {
                Ok(text) => text,
                Err(error) if error.is_retryable() => return Err(error),
                // One poisoned note does not hold up the others.
                Err(error) => {
                    refused = Some(error);
                    continue;
                }
            };
            if let Some((edited, fresh)) = edit(*commit, &text) {
                draft.replace(objects, *commit, objects.write_blob(&edited)?)?;
                news += fresh;
                touched += 1;
            }
        }
        if touched == 0 {
            return refused.map_or(Ok(0), Err);
        }
        let tree = draft.write(objects)?;
        let message = format!("{}: notes on {touched} commit{}", hand.name, if touched == 1 { "" } else { "s" });
        let commit = objects.write_commit(tree, tip, &hand.ident(), &message)?;
        if objects.move_reference(name, tip, commit, &message)? == Moved::Yes {
            return refused.map_or(Ok(news), Err);
        }
        // Whoever holds the ref needs a moment; apart from each other, several writers do not meet again.
        std::thread::sleep(Duration::from_millis(1 + attempt + fastrand::u64(0..=attempt * 2)));
    }
    Err(ForgeError::retryable(format!("{name} kept moving while it was to be written")))
}

/// The whole note, to the last byte: what is not read whole may not be rewritten.
fn whole_note(objects: &Objects, tree: Option<Oid>, commit: CommitId) -> Result<Vec<u8>, ForgeError> {
    let mut text: Vec<u8> = Vec::new();
    let blobs = tree.map(|t| notes::find(objects, t, commit)).transpose()?.unwrap_or_default();
    for blob in blobs {
        let bytes = objects.blob(blob, notes::NOTE)?.ok_or_else(|| {
            ForgeError::permanent(format!("the note on {commit} is larger than {} bytes, so nothing is added to it", notes::NOTE))
        })?;
        if !text.is_empty() && text.last() != Some(&b'\n') {
            text.push(b'\n');
        }
        text.extend_from_slice(&bytes);
    }
    Ok(text)
}
