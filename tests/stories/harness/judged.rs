//! A verdict with the questions that stories ask of it.

use portcullis::check::{Conclusion, RunVerdict, Verdict};
use portcullis::model::RunState;

/// A verdict; every expectation prints the whole of it when it does not hold.
pub struct Judged(pub Verdict);

impl Judged {
    #[track_caller]
    pub fn succeeds(self) -> Self {
        self.concludes(Conclusion::Success)
    }

    #[track_caller]
    pub fn waits(self) -> Self {
        self.concludes(Conclusion::Pending)
    }

    #[track_caller]
    pub fn fails(self) -> Self {
        self.concludes(Conclusion::Failure)
    }

    #[track_caller]
    fn concludes(self, conclusion: Conclusion) -> Self {
        assert_eq!(self.0.conclusion, conclusion, "{self}");
        self
    }

    /// Fails, and among the errors is this rule.
    #[track_caller]
    pub fn fails_by(self, rule: &str) -> Self {
        assert!(self.0.findings.iter().any(|f| f.is_error() && f.rule == rule), "no error by {rule}:\n{self}");
        self.fails()
    }

    /// Fails, and every error is by this rule.
    #[track_caller]
    pub fn fails_only_by(self, rule: &str) -> Self {
        let this = self.fails_by(rule);
        assert!(this.0.findings.iter().all(|f| !f.is_error() || f.rule == rule), "more than {rule}:\n{this}");
        this
    }

    /// This change is refused: subject as written (`Env/prod`), field by name or empty for the whole.
    #[track_caller]
    pub fn refuses(self, subject: &str, field: &str) -> Self {
        let this = self.fails();
        assert_eq!(this.allowed(subject, field), Some(false), "{subject} {field} is not refused:\n{this}");
        this
    }

    /// This change is allowed.
    #[track_caller]
    pub fn allows(self, subject: &str, field: &str) -> Self {
        assert_eq!(self.allowed(subject, field), Some(true), "{subject} {field} is not allowed:\n{self}");
        self
    }

    fn allowed(&self, subject: &str, field: &str) -> Option<bool> {
        let named = |f: &Option<portcullis::catalog::Field>| f.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut hits =
            self.0.changes.iter().filter(|c| c.change.subject.to_string() == subject && named(&c.change.field) == field);
        let first = hits.next()?.allowed;
        Some(hits.fold(first, |all, c| all && c.allowed))
    }

    /// Some finding's message or help holds this text.
    #[track_caller]
    pub fn says(self, text: &str) -> Self {
        let found =
            self.0.findings.iter().any(|f| f.message.contains(text) || f.help.as_deref().is_some_and(|h| h.contains(text)));
        assert!(found, "nothing says {text:?}:\n{self}");
        self
    }

    /// The only run, or the one of this name.
    #[track_caller]
    pub fn run(&self, id: &str) -> &RunVerdict {
        self.0.runs.iter().find(|run| run.id == id).unwrap_or_else(|| panic!("no run {id}:\n{self}"))
    }

    /// This run is in this state.
    #[track_caller]
    pub fn run_is(self, id: &str, state: RunState) -> Self {
        assert_eq!(self.run(id).state, state, "{}\n{self}", self.run(id).reason);
        self
    }
}

impl std::fmt::Display for Judged {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "conclusion: {}", self.0.conclusion.as_str())?;
        for finding in &self.0.findings {
            writeln!(
                f,
                "  {}[{}] {} ({:?}) help: {:?}",
                finding.severity.as_str(),
                finding.rule,
                finding.message,
                finding.place.as_ref().map(|p| (p.file.as_str(), p.pointer.to_string())),
                finding.help
            )?;
        }
        for change in &self.0.changes {
            let field = change.change.field.as_ref().map(ToString::to_string).unwrap_or_default();
            let actors: Vec<_> = change.actors.iter().map(ToString::to_string).collect();
            writeln!(
                f,
                "  {} {} {field} by {actors:?}: {} ({})",
                change.change.operation.as_str(),
                change.change.subject,
                change.allowed,
                change.rule
            )?;
        }
        for commit in &self.0.commits {
            writeln!(f, "  commit {:?} by {:?}: {}", commit.id, commit.actors, commit.conclusion.as_str())?;
        }
        for run in &self.0.runs {
            writeln!(
                f,
                "  run {} {}: {} (approvals {:?}, approvers {:?})",
                run.id, run.state, run.reason, run.approvals, run.approvers
            )?;
        }
        Ok(())
    }
}
