//! A finding is a value: what is wrong, where, by which rule, and how to mend it. Rendering comes later.

use super::{CommitId, Place, Subject};

/// How bad it is. Only errors fail a check.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// Fails the check.
    Error,
    /// Worth mending.
    Warning,
    /// Worth knowing.
    Info,
}

impl Severity {
    /// As the JSON contract writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// A second place of a finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What stands there, in a few words.
    pub message: String,
}

/// One finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The rule's id, `permission/update-property`; every one stands in `check::rules::RULES` and in `docs/rules.md`.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` where no file is to blame (an unsigned commit).
    pub place: Option<Place>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// How to mend it and who could do it.
    pub help: Option<String>,
    /// What it is about.
    pub subject: Option<Subject>,
    /// Other places that belong to it: the second of two that collide, the one that needs what is gone.
    pub related: Vec<Related>,
    /// The commit it is laid to.
    pub commit: Option<CommitId>,
}

impl Finding {
    /// An error without a place.
    pub fn error(rule: &'static str, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            place: None,
            message: message.into(),
            help: None,
            subject: None,
            related: Vec::new(),
            commit: None,
        }
    }

    /// A warning without a place.
    pub fn warning(rule: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(rule, message) }
    }

    /// At this place.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// With this advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// About this subject.
    #[must_use]
    pub fn about(mut self, subject: Subject) -> Self {
        self.subject = Some(subject);
        self
    }

    /// With another place that belongs to it, and what stands there: `also declared here`.
    #[must_use]
    pub fn related(mut self, place: Place, message: impl Into<String>) -> Self {
        self.related.push(Related { place, message: message.into() });
        self
    }

    /// Laid to this commit.
    #[must_use]
    pub fn by(mut self, commit: CommitId) -> Self {
        self.commit = Some(commit);
        self
    }

    /// Whether it fails a check.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// What the documentation says of a rule; every family lists its own beside the code that applies them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RuleDoc {
    /// The id, `family/name`.
    pub id: &'static str,
    /// What it demands, in one sentence.
    pub summary: &'static str,
    /// How to mend what breaks it.
    pub remedy: &'static str,
}
