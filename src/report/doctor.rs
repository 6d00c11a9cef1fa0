//! What was looked at on a forge, and how it is: one line each, and how to mend what is not right.

use std::fmt::Write as _;

use serde_json::json;

use super::defuse::prose;

/// How something is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wellness {
    /// As it should be.
    Well,
    /// It works, and is not as it should be, or cannot be seen.
    Doubtful,
    /// It does not work, or can be got around.
    Wrong,
}

impl Wellness {
    /// `ok`, `warn`, `fail`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "ok",
            Self::Doubtful => "warn",
            Self::Wrong => "fail",
        }
    }
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkup {
    /// Of which repository; empty for what concerns all.
    pub about: String,
    /// What was looked at: `protection`.
    pub check: &'static str,
    /// How it is.
    pub wellness: Wellness,
    /// What was found; a sentence without its full stop.
    pub said: String,
    /// What to do about it.
    pub mend: Option<String>,
}

impl Checkup {
    /// As it should be.
    pub fn well(check: &'static str, said: impl Into<String>) -> Self {
        Self { about: String::new(), check, wellness: Wellness::Well, said: said.into(), mend: None }
    }

    /// Doubtful, and what to do about it.
    pub fn doubtful(check: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { wellness: Wellness::Doubtful, mend: Some(mend.into()), ..Self::well(check, said) }
    }

    /// Wrong, and what to do about it.
    pub fn wrong(check: &'static str, said: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { wellness: Wellness::Wrong, mend: Some(mend.into()), ..Self::well(check, said) }
    }

    /// The same, of a repository.
    #[must_use]
    pub fn of(self, repository: &str) -> Self {
        Self { about: repository.to_owned(), ..self }
    }
}

/// For people.
pub fn doctor_text(checkups: &[Checkup], styled: bool) -> String {
    let paint = |code: &str, text: &str| if styled { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() };
    let width = checkups.iter().map(|checkup| checkup.check.len()).max().unwrap_or(0);
    let mut out = String::new();
    let mut about = "";
    for checkup in checkups {
        if checkup.about != about {
            about = &checkup.about;
            let _ = writeln!(out, "\n{}", paint("1", &prose(about)));
        }
        let colour = match checkup.wellness {
            Wellness::Well => "32",
            Wellness::Doubtful => "33",
            Wellness::Wrong => "1;31",
        };
        let state = paint(colour, &format!("{:4}", checkup.wellness.as_str()));
        let _ = writeln!(out, "{state}  {:width$}  {}", checkup.check, prose(&checkup.said));
        if let Some(mend) = &checkup.mend {
            let _ = writeln!(out, "      {:width$}  {} {}", "", paint("1;36", "="), prose(mend));
        }
    }
    let count = |wellness| checkups.iter().filter(|checkup| checkup.wellness == wellness).count();
    let _ = match (count(Wellness::Wrong), count(Wellness::Doubtful)) {
        (0, 0) => writeln!(out, "\nall is well"),
        (0, doubtful) => writeln!(out, "\nall works; {doubtful} to look at"),
        (wrong, doubtful) => writeln!(out, "\n{wrong} wrong, {doubtful} to look at"),
    };
    out
}

/// For programs: `{well, checks}`, each check `{repository, check, state, message, help}`.
pub fn doctor_json(checkups: &[Checkup]) -> String {
    let checks: Vec<_> = checkups
        .iter()
        .map(|checkup| {
            json!({
                "repository": (!checkup.about.is_empty()).then_some(&checkup.about),
                "check": checkup.check,
                "state": checkup.wellness.as_str(),
                "message": checkup.said,
                "help": checkup.mend,
            })
        })
        .collect();
    let well = checkups.iter().all(|checkup| checkup.wellness != Wellness::Wrong);
    format!("{:#}\n", json!({ "well": well, "checks": checks }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_programs_get_the_same() {
        let checkups = [
            Checkup::well("reach", "https://api.github.com answers"),
            Checkup::doubtful("clock", "this machine's clock is 40 seconds behind", "keep it by NTP"),
            Checkup::wrong("branch", "there is no branch `trunk`\u{1b}[2J", "say `branch: main`").of("acme/catalog"),
        ];
        insta::assert_snapshot!(doctor_text(&checkups, false), @r"
        ok    reach   https://api.github.com answers
        warn  clock   this machine's clock is 40 seconds behind
                      = keep it by NTP

        acme/catalog
        fail  branch  there is no branch `trunk`\u{1b}[2J
                      = say `branch: main`

        1 wrong, 1 to look at
        ");
        assert!(doctor_json(&checkups).contains("\"well\": false"));
        assert!(doctor_text(&checkups[..1], false).ends_with("all is well\n"));
    }
}
