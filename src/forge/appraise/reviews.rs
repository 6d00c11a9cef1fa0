//! Turns lines and who brought them into reviews, oldest first.
//!
//! - An approval counts for the one person who brought its line, and only as long as the line stands. Where two have brought the
//!   same line, nobody can tell whose word it is: it counts for nobody.
//! - A rejection counts for everybody who brought it, and taking the line out of the notes takes nothing back: its author says
//!   otherwise in a later line.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use git2::Oid;
use sha2::{Digest, Sha256};

use crate::model::{Review, ReviewState, Reviewer, SignatureFact, Timestamp};

use super::history::Bringing;
use super::record::{Comment, Opinion};

/// What the commit that brought a line says of who made it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Witness {
    pub(super) signature: SignatureFact,
    pub(super) email: String,
    pub(super) received_at: Timestamp,
    pub(super) committed_at: Option<Timestamp>,
}

impl Witness {
    /// The same key, or without one the same address and just as unsigned.
    fn is_same_person(&self, other: &Self) -> bool {
        self.signature == other.signature && self.email.eq_ignore_ascii_case(&other.email)
    }

    fn reviewer(&self) -> Reviewer {
        Reviewer::Committer { signature: self.signature.clone(), email: self.email.clone(), received_at: self.received_at }
    }
}

/// A person's word: the last time they brought the line. Without a witness nobody knows whose it is.
struct Voice<'a> {
    witness: Option<&'a Witness>,
    last: Bringing,
}

pub(super) fn reviews(
    brought: &BTreeMap<String, Vec<Bringing>>,
    standing: &BTreeSet<String>,
    witnesses: &HashMap<Oid, Witness>,
) -> Vec<Review> {
    let mut dated = Vec::new();
    let lost = standing.iter().filter(|text| !brought.contains_key(*text)).map(|text| (text, [].as_slice()));
    for (text, bringings) in brought.iter().map(|(text, b)| (text, b.as_slice())).chain(lost) {
        let Some(comment) = Comment::parse(text) else { continue };
        let opinion = comment.opinion();
        if opinion != Opinion::Rejects && !standing.contains(text) {
            continue;
        }
        let voices = voices(bringings, witnesses);
        let state = match opinion {
            Opinion::Approves => ReviewState::Approved,
            Opinion::Rejects => ReviewState::ChangesRequested,
            Opinion::Remarks => ReviewState::Commented,
        };
        let last = voices.iter().map(|v| v.last).max();
        let say = |reviewer: Reviewer, at: Option<Bringing>, committed_at| {
            let review = Review { id: name(text, at), reviewer, state, commit: comment.commit(), submitted_at: committed_at };
            // What no commit brought within bounds is sorted last.
            (at.is_none(), at, review)
        };
        match (opinion, voices.as_slice()) {
            (_, [Voice { witness: Some(witness), last }]) => {
                dated.push(say(witness.reviewer(), Some(*last), witness.committed_at))
            }
            (Opinion::Rejects, [_, ..]) => dated.extend(voices.iter().map(|v| {
                say(v.witness.map_or(Reviewer::Unknown, Witness::reviewer), Some(v.last), v.witness.and_then(|w| w.committed_at))
            })),
            _ => dated.push(say(Reviewer::Unknown, last, None)),
        }
    }
    dated.sort_by(|a, b| (a.0, a.1, &a.2.id).cmp(&(b.0, b.1, &b.2.id)));
    dated.into_iter().map(|(_, _, review)| review).collect()
}

/// The persons behind some bringings, which are given earliest first.
fn voices<'a>(bringings: &[Bringing], witnesses: &'a HashMap<Oid, Witness>) -> Vec<Voice<'a>> {
    let mut voices: Vec<Voice<'a>> = Vec::new();
    for bringing in bringings {
        let witness = witnesses.get(&bringing.moment.1);
        let known = voices.iter_mut().find(|v| match (v.witness, witness) {
            (Some(a), Some(b)) => a.is_same_person(b),
            _ => false,
        });
        match known {
            Some(voice) => *voice = Voice { witness, last: *bringing },
            None => voices.push(Voice { witness, last: *bringing }),
        }
    }
    voices
}

/// The line and who brought it, in a name that never changes.
fn name(text: &str, at: Option<Bringing>) -> String {
    let digest: String = Sha256::digest(text.as_bytes()).iter().take(10).map(|b| format!("{b:02x}")).collect();
    let by: String = at.map(|b| b.moment.1.to_string()).unwrap_or_default().chars().take(10).collect();
    format!("{digest}-{by}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(n: u8) -> Oid {
        Oid::from_bytes(&[n; 20]).unwrap()
    }

    fn bringing(n: u8, time: i64) -> Bringing {
        Bringing { moment: (time, oid(n)), line: 0 }
    }

    fn person(email: &str) -> Witness {
        let at = Timestamp::from_second(1_700_000_000).unwrap();
        Witness { signature: SignatureFact::Unsigned, email: email.to_owned(), received_at: at, committed_at: Some(at) }
    }

    fn yes() -> String {
        format!(r#"{{"resolved":true,"location":{{"commit":"{}"}}}}"#, "ab".repeat(20))
    }

    fn no() -> String {
        yes().replace("true", "false")
    }

    fn emails(reviews: &[Review]) -> Vec<&str> {
        reviews
            .iter()
            .map(|r| match &r.reviewer {
                Reviewer::Committer { email, .. } => email.as_str(),
                _ => "unknown",
            })
            .collect()
    }

    #[test]
    fn what_two_have_brought_is_nobodys_approval() {
        let witnesses = HashMap::from([(oid(1), person("bob")), (oid(2), person("mallory"))]);
        let brought = BTreeMap::from([(yes(), vec![bringing(1, 1), bringing(2, 2)])]);
        let reviews = reviews(&brought, &BTreeSet::from([yes()]), &witnesses);
        assert_eq!(emails(&reviews), ["unknown"]);
        assert_eq!(reviews[0].state, ReviewState::Approved);
    }

    #[test]
    fn what_two_have_brought_is_the_rejection_of_both() {
        let witnesses = HashMap::from([(oid(1), person("bob")), (oid(2), person("mallory"))]);
        let brought = BTreeMap::from([(no(), vec![bringing(1, 1), bringing(2, 2)])]);
        assert_eq!(emails(&reviews(&brought, &BTreeSet::new(), &witnesses)), ["bob", "mallory"]);
    }

    #[test]
    fn one_person_may_say_it_twice() {
        let witnesses = HashMap::from([(oid(1), person("bob@acme.dev")), (oid(2), person("Bob@acme.dev"))]);
        let brought = BTreeMap::from([(yes(), vec![bringing(1, 1), bringing(2, 2)])]);
        let reviews = reviews(&brought, &BTreeSet::from([yes()]), &witnesses);
        assert_eq!(emails(&reviews), ["Bob@acme.dev"], "as said the last time");
    }

    #[test]
    fn an_unsigned_copy_is_another_person() {
        let signed = Witness { signature: SignatureFact::By(crate::model::KeyFingerprint("SHA256:x".into())), ..person("bob") };
        let witnesses = HashMap::from([(oid(1), signed), (oid(2), person("bob"))]);
        let brought = BTreeMap::from([(yes(), vec![bringing(1, 1), bringing(2, 2)])]);
        assert_eq!(emails(&reviews(&brought, &BTreeSet::from([yes()]), &witnesses)), ["unknown"]);
    }

    #[test]
    fn an_approval_that_was_taken_out_is_gone_and_a_rejection_is_not() {
        let witnesses = HashMap::from([(oid(1), person("bob")), (oid(2), person("carol"))]);
        let brought = BTreeMap::from([(yes(), vec![bringing(1, 1)]), (no(), vec![bringing(2, 2)])]);
        let reviews = reviews(&brought, &BTreeSet::new(), &witnesses);
        assert_eq!(emails(&reviews), ["carol"]);
    }

    #[test]
    fn reviews_stand_in_the_order_of_their_last_bringing() {
        let witnesses = HashMap::from([(oid(1), person("bob")), (oid(2), person("bob")), (oid(3), person("bob"))]);
        let brought = BTreeMap::from([(no(), vec![bringing(1, 1), bringing(3, 3)]), (yes(), vec![bringing(2, 2)])]);
        let reviews = reviews(&brought, &BTreeSet::from([yes(), no()]), &witnesses);
        assert_eq!(
            reviews.iter().map(|r| r.state).collect::<Vec<_>>(),
            [ReviewState::Approved, ReviewState::ChangesRequested],
            "said again after the yes, the no is the later word"
        );
    }

    #[test]
    fn a_line_that_no_readable_commit_brought_is_nobodys() {
        let reviews = reviews(&BTreeMap::new(), &BTreeSet::from([yes(), no()]), &HashMap::new());
        assert_eq!(emails(&reviews), ["unknown", "unknown"]);
    }
}
