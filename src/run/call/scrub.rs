//! Takes secrets out of what others say of a run: some repeat what they were sent.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use super::secret::secret_texts;
use crate::model::{Action, Value};
use crate::run::life::{Answer, Report};

/// What stands in a secret's place.
const MASK: &str = "***";
/// The shortest secret input that is looked for, in characters: a shorter one would hide half of every text.
const SHORTEST_INPUT: usize = 4;

/// The texts that are taken out. It is never shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Scrub {
    /// The longest first, so that no part of one is left when another within it is taken out.
    texts: Vec<String>,
}

impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scrub({} texts)", self.texts.len())
    }
}

impl Scrub {
    /// Of what is secret among the inputs of a run: what the action says, and everything where nobody knows the action.
    pub fn of_inputs(action: Option<&Action>, inputs: &Value) -> Self {
        let mut scrub = Self::default();
        for text in secret_texts(action, inputs).iter().filter(|text| text.chars().count() >= SHORTEST_INPUT) {
            scrub.add(text);
        }
        scrub
    }

    /// An answer without them. What the receiver calls the run stays: our own performers made it, and go by it.
    pub fn clean_answer(&self, answer: Answer) -> Answer {
        let text = |text: String| self.clean(&text);
        let link = |link: Option<String>| link.filter(|link| self.is_clean(link));
        match answer {
            Answer::Done { success, says, link: at, outside } => {
                Answer::Done { success, says: text(says), link: link(at), outside }
            }
            Answer::Accepted { outside, link: at } => Answer::Accepted { outside, link: link(at) },
            Answer::NotPerformed { why, after } => Answer::NotPerformed { why: text(why), after },
            Answer::Refused { why } => Answer::Refused { why: text(why) },
            Answer::Unknown { why } => Answer::Unknown { why: text(why) },
        }
    }

    /// A report without them; a link that holds one leads nowhere any more, and is left out.
    pub fn clean_report(&self, report: Report) -> Report {
        let text = |text: String| self.clean(&text);
        Report {
            success: report.success,
            label: report.label.map(text),
            links: report.links.map(|links| links.into_iter().filter(|link| self.is_clean(link)).collect()),
            summary: report.summary.map(text),
            outside: report.outside.map(text),
        }
    }

    /// Remembers a secret, as it is and as others would write it: within JSON, percent-encoded, in base64.
    pub fn add(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let json = serde_json::to_string(secret).unwrap_or_default();
        let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or(&json);
        let bytes = secret.as_bytes();
        let written = [
            secret.to_owned(),
            json.to_owned(),
            percent_encoded(bytes),
            percent_encoded(bytes).to_ascii_lowercase(),
            STANDARD.encode(bytes),
            STANDARD_NO_PAD.encode(bytes),
            URL_SAFE.encode(bytes),
            URL_SAFE_NO_PAD.encode(bytes),
        ];
        for text in written {
            if !text.is_empty() && !self.texts.contains(&text) {
                self.texts.push(text);
            }
        }
        self.texts.sort_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    }

    /// Whether none of them stands in it.
    pub fn is_clean(&self, text: &str) -> bool {
        !self.texts.iter().any(|secret| text.contains(secret.as_str()))
    }

    /// The text without them.
    pub fn clean(&self, text: &str) -> String {
        self.texts.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), MASK))
    }

    /// Whether the text ends in the beginning of a secret, as one that was cut off may: that end is left out.
    pub fn clean_end<'t>(&self, text: &'t str) -> &'t str {
        let begun = |at: usize| {
            let rest = text.get(at..).unwrap_or_default();
            rest.len() >= 4 && self.texts.iter().any(|secret| secret.starts_with(rest))
        };
        let longest = self.texts.first().map_or(0, String::len);
        let from = text.len().saturating_sub(longest);
        let found = (from..text.len()).find(|at| text.is_char_boundary(*at) && begun(*at));
        found.and_then(|at| text.get(..at)).unwrap_or(text)
    }
}

fn percent_encoded(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scrub(secrets: &[&str]) -> Scrub {
        let mut scrub = Scrub::default();
        secrets.iter().for_each(|secret| scrub.add(secret));
        scrub
    }

    #[test]
    fn a_secret_is_taken_out_however_it_is_written() {
        let scrub = scrub(&["pa\"ss/wörd+1"]);
        for said in [
            "you sent pa\"ss/wörd+1!",
            r#"{"sent":"pa\"ss/wörd+1"}"#,
            "?token=pa%22ss%2Fw%C3%B6rd%2B1",
            "?token=pa%22ss%2fw%c3%b6rd%2b1",
            &format!("Basic {}", STANDARD.encode("pa\"ss/wörd+1")),
        ] {
            let clean = scrub.clean(said);
            assert!(clean.contains(MASK), "{said}: {clean}");
            assert!(!clean.contains("ss"), "{said}: {clean}");
        }
        assert_eq!(scrub.clean("nothing of it"), "nothing of it");
    }

    #[test]
    fn of_a_secret_within_another_nothing_is_left() {
        assert_eq!(scrub(&["canary", "canary-and-more"]).clean("x canary-and-more y canary z"), "x *** y *** z");
    }

    #[test]
    fn a_secret_that_was_cut_off_at_the_end_is_left_out_too() {
        let scrub = scrub(&["canary-and-more"]);
        assert_eq!(scrub.clean_end("you sent canary-an"), "you sent ");
        assert_eq!(scrub.clean_end("you sent it"), "you sent it");
        assert_eq!(scrub.clean_end("you sent ö"), "you sent ö");
    }
}
