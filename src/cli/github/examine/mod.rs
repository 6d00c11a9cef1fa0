//! What the facts mean: for each thing, whether it is as it should be, and how to mend it. Pure.

mod hook;
mod identity;
mod protection;
mod repository;
mod roster;
#[cfg(test)]
mod tests;

use crate::forge::github::ApiError;
use crate::report::Checkup;

use super::facts::{Facts, Identity};

/// Everything that can be said, in the order in which it is mended.
pub(super) fn examine(facts: &Facts) -> Vec<Checkup> {
    let mut out: Vec<Checkup> = Vec::new();
    out.extend(
        facts.warnings.iter().map(|warning| Checkup::doubtful("secrets", warning.clone(), "nobody else needs to read it")),
    );
    out.extend(identity::identity(facts));
    if is_unknown(facts) {
        return out;
    }
    out.extend(hook::hook(facts));
    for repository in &facts.repositories {
        let app = match &facts.identity {
            Identity::App(Ok(app)) => i64::try_from(app.id).ok(),
            _ => None,
        };
        let mut checks = repository::repository(repository, facts);
        if matches!(repository.repository, Ok(Some(_))) {
            checks.extend(protection::protection(repository, app));
            checks.extend(roster::roster(repository));
        }
        out.extend(checks.into_iter().map(|checkup| checkup.of(&repository.name)));
    }
    out
}

/// Whether nothing can be asked, because nobody knows who we are.
fn is_unknown(facts: &Facts) -> bool {
    matches!(&facts.identity, Identity::App(Err(_)) | Identity::Token(Err(_)))
}

/// Why GitHub could not be asked at all; `None` where it answered something.
pub(super) fn unreached(facts: &Facts) -> Option<&ApiError> {
    match &facts.identity {
        Identity::App(Err(error @ (ApiError::Later { .. } | ApiError::Unknown { .. })))
        | Identity::Token(Err(error @ (ApiError::Later { .. } | ApiError::Unknown { .. }))) => Some(error),
        _ => None,
    }
}

/// A list for a sentence: `a, b and c`.
fn list<T: AsRef<str>>(words: &[T]) -> String {
    match words {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            format!("{} and {}", first.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "), last.as_ref())
        }
    }
}
