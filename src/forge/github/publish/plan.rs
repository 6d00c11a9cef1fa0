//! Decides from the check run that stands there what is to be written: nothing, the rest, or another one.
//!
//! GitHub only ever adds annotations to a check run, and does not let one that is completed go back; so where the findings differ, or the
//! answer after it was complete, a new one of the same name takes its place. What it holds is told by the mark in its `external_id`.

use sha2::{Digest, Sha256};

use crate::check::Conclusion;

use super::super::wire::{Annotation, CheckRun};

/// Annotations that GitHub takes with one request.
pub(super) const BATCH: usize = 50;

/// What a check run is to say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) conclusion: Conclusion,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) url: Option<String>,
    pub(super) annotations: Vec<Annotation>,
}

/// What is to be done for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Plan {
    /// It stands there.
    Nothing,
    /// Change this one, and add the annotations from this index on.
    Update {
        /// Its number.
        id: u64,
        /// How many of the annotations it has.
        from: usize,
    },
    /// Make another.
    Create,
}

/// `status` and `conclusion` in GitHub's words.
pub(super) fn state(conclusion: Conclusion) -> (&'static str, Option<&'static str>) {
    match conclusion {
        Conclusion::Success => ("completed", Some("success")),
        Conclusion::Failure => ("completed", Some("failure")),
        Conclusion::Pending => ("in_progress", None),
    }
}

impl Wanted {
    /// What it is recognised by: the annotations, and then everything else.
    pub(super) fn mark(&self) -> String {
        format!("{}-{}", self.lines(), self.rest())
    }

    fn lines(&self) -> String {
        let mut hash = Sha256::new();
        for one in &self.annotations {
            for text in [&one.path, one.annotation_level, &one.title, &one.message, one.start_line.to_string().as_str()] {
                field(&mut hash, text);
            }
        }
        short(hash)
    }

    fn rest(&self) -> String {
        let mut hash = Sha256::new();
        for text in [&self.title, &self.summary, self.url.as_deref().unwrap_or_default(), state(self.conclusion).0] {
            field(&mut hash, text);
        }
        short(hash)
    }

    /// What is to be written over what stands there.
    pub(super) fn plan(&self, standing: Option<&CheckRun>) -> Plan {
        let Some((standing, id)) = standing.and_then(|standing| Some((standing, standing.id?))) else { return Plan::Create };
        let (lines, rest) = standing.external_id.as_deref().and_then(|mark| mark.split_once('-')).unwrap_or_default();
        let shown = standing.output.as_ref().and_then(|output| output.annotations_count).unwrap_or_default();
        let shown = usize::try_from(shown).unwrap_or(usize::MAX);
        let completed = standing.status.as_deref() == Some("completed");
        let same_state =
            (standing.status.as_deref().unwrap_or_default(), standing.conclusion.as_deref()) == state(self.conclusion);
        if completed && !same_state {
            return Plan::Create;
        }
        // Batches arrive whole or not at all; any other number is not ours to go on from.
        let goes_on = shown == self.annotations.len() || (shown < self.annotations.len() && shown.is_multiple_of(BATCH));
        let same_lines = lines == self.lines();
        if !(shown == 0 || (same_lines && goes_on)) {
            return Plan::Create;
        }
        if same_lines && rest == self.rest() && same_state && shown == self.annotations.len() {
            return Plan::Nothing;
        }
        Plan::Update { id, from: shown }
    }
}

/// Its length first, so that two texts are not taken for two others.
fn field(hash: &mut Sha256, text: &str) {
    hash.update(text.len().to_be_bytes());
    hash.update(text);
}

fn short(hash: Sha256) -> String {
    hash.finalize().iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(conclusion: Conclusion, annotations: usize) -> Wanted {
        let one = |n: usize| Annotation {
            path: "a.yaml".into(),
            start_line: 1 + n as u32,
            end_line: 1 + n as u32,
            annotation_level: "failure",
            message: "no".into(),
            title: "yaml/tag".into(),
        };
        let annotations = (0..annotations).map(one).collect();
        Wanted { conclusion, title: "t".into(), summary: "s".into(), url: None, annotations }
    }

    /// The shape of the official example.
    fn standing(wanted: &Wanted, shown: usize) -> CheckRun {
        let (status, conclusion) = state(wanted.conclusion);
        let conclusion = conclusion.map_or("null".to_owned(), |word| format!("{word:?}"));
        let json = format!(
            r#"{{"id":4,"head_sha":"ce587453ced02b1526dfb4cb910479d431683101","external_id":"{}","status":"{status}","conclusion":{conclusion},
                "output":{{"title":"t","summary":"s","text":null,"annotations_count":{shown}}},"name":"Portcullis","app":{{"id":1,"slug":"portcullis"}}}}"#,
            wanted.mark()
        );
        serde_json::from_str(&json).unwrap()
    }

    use Conclusion::{Failure, Pending, Success};

    #[test]
    fn what_stands_there_is_not_written_again() {
        for (conclusion, n) in [(Success, 0), (Failure, 51), (Pending, 1)] {
            let wanted = wanted(conclusion, n);
            assert_eq!(wanted.plan(Some(&standing(&wanted, n))), Plan::Nothing);
        }
        assert_eq!(wanted(Success, 0).plan(None), Plan::Create);
        assert_eq!(wanted(Success, 0).plan(Some(&CheckRun::default())), Plan::Create, "one without a number");
    }

    #[test]
    fn a_lost_batch_is_made_good() {
        let wanted = wanted(Failure, 151);
        assert_eq!(wanted.plan(Some(&standing(&wanted, 50))), Plan::Update { id: 4, from: 50 });
        assert_eq!(wanted.plan(Some(&standing(&wanted, 150))), Plan::Update { id: 4, from: 150 });
        assert_eq!(wanted.plan(Some(&standing(&wanted, 40))), Plan::Create, "nobody knows which those are");
        assert_eq!(wanted.plan(Some(&standing(&wanted, 201))), Plan::Create, "some stand there twice");
    }

    #[test]
    fn other_findings_need_another_run() {
        assert_eq!(wanted(Failure, 2).plan(Some(&standing(&wanted(Failure, 1), 1))), Plan::Create);
        assert_eq!(wanted(Failure, 0).plan(Some(&standing(&wanted(Failure, 1), 1))), Plan::Create);
        assert_eq!(wanted(Failure, 1).plan(Some(&standing(&wanted(Failure, 0), 0))), Plan::Update { id: 4, from: 0 });
    }

    #[test]
    fn other_words_are_changed_in_place() {
        let told = Wanted { summary: "more".into(), ..wanted(Failure, 60) };
        assert_eq!(told.plan(Some(&standing(&wanted(Failure, 60), 60))), Plan::Update { id: 4, from: 60 });
    }

    #[test]
    fn what_is_completed_does_not_go_back() {
        assert_eq!(wanted(Pending, 0).plan(Some(&standing(&wanted(Success, 0), 0))), Plan::Create);
        assert_eq!(wanted(Failure, 0).plan(Some(&standing(&wanted(Success, 0), 0))), Plan::Create);
        assert_eq!(wanted(Success, 0).plan(Some(&standing(&wanted(Pending, 0), 0))), Plan::Update { id: 4, from: 0 });
        let stale =
            CheckRun { conclusion: Some("stale".into()), status: Some("completed".into()), ..standing(&wanted(Pending, 0), 0) };
        assert_eq!(wanted(Pending, 0).plan(Some(&stale)), Plan::Create, "GitHub gives up on one after two weeks");
    }

    #[test]
    fn one_that_somebody_asked_to_run_again_is_completed_again() {
        let wanted = wanted(Failure, 1);
        let reset = CheckRun { status: Some("queued".into()), conclusion: None, ..standing(&wanted, 1) };
        assert_eq!(wanted.plan(Some(&reset)), Plan::Update { id: 4, from: 1 });
    }

    #[test]
    fn a_mark_of_somebody_elses_making_means_nothing() {
        let wanted = wanted(Success, 0);
        for mark in [None, Some(""), Some("x"), Some("-"), Some("1-2-3")] {
            let odd = CheckRun { external_id: mark.map(str::to_owned), ..standing(&wanted, 0) };
            assert_eq!(wanted.plan(Some(&odd)), Plan::Update { id: 4, from: 0 }, "{mark:?}");
        }
    }
}
