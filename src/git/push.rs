//! Pushes one commit to one ref of another repository, if the ref still stands where it was seen.

use std::path::Path;
use std::time::Duration;

use super::access::Access;
use super::program::{ended, git, refuse_options};
use super::{GitError, ObjectId};
use crate::model::CommitId;

/// What became of a push that the other side has answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Pushed {
    /// The ref stands where we put it.
    Yes,
    /// It certainly does not: somebody else has moved it meanwhile.
    Moved,
    /// It certainly does not, and the other side says why: a hook, a rule that protects the branch.
    Refused(String),
}

/// Pushes `to` onto `reference` of the other side if it stands at `from` there, `None` where it must not exist; under the same restraints
/// as [`fetch_by`](super::fetch_by).
///
/// # Errors
/// [`GitError::Program`] where nobody knows what became of it: no answer, or none in time.
pub async fn push_from(
    dir: &Path,
    access: Access<'_>,
    reference: &str,
    from: Option<CommitId>,
    to: CommitId,
    deadline: Duration,
) -> Result<Pushed, GitError> {
    let refspec = format!("{}:{reference}", ObjectId::from(to));
    refuse_options(access.remote, std::slice::from_ref(&refspec))?;
    let seen = from.map(|from| ObjectId::from(from).to_string()).unwrap_or_default();
    let mut command = git(dir);
    access.give_to(&mut command)?;
    command
        .args(["push", "--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"])
        .arg(format!("--force-with-lease={reference}:{seen}"))
        .args(["--", access.remote, &refspec]);
    let ended = ended(command, "push", deadline).await.map_err(|error| access.keep_secret(error))?;
    if ended.success {
        return Ok(Pushed::Yes);
    }
    let failed = access.keep_secret(GitError::Program { command: "push", why: ended.why(), retryable: true });
    match ended.out.lines().find(|line| line.starts_with("!\t")).and_then(|line| line.rsplit('\t').next()) {
        Some(answer) => Ok(answered(answer, &failed.to_string())),
        None => Err(failed),
    }
}

/// What the other side said of the ref: `[rejected] (stale info)`, `[remote rejected] (pre-receive hook declined)`.
fn answered(answer: &str, said: &str) -> Pushed {
    let moved = ["stale info", "fetch first", "non-fast-forward", "cannot lock ref", "failed to update ref", "already exists"];
    let raced = ["incorrect old value", "reference already exists", "unable to resolve reference", "failed to lock"];
    if moved.iter().chain(&raced).any(|word| answer.contains(word)) && !answer.contains("hook") {
        return Pushed::Moved;
    }
    let said = said.strip_prefix("git push failed: ").unwrap_or(said);
    Pushed::Refused(format!("{answer}: {said}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_race_is_told_from_a_refusal() {
        for raced in
            ["[rejected] (stale info)", "[rejected] (fetch first)", "[remote rejected] (cannot lock ref 'refs/heads/main')"]
        {
            assert_eq!(answered(raced, ""), Pushed::Moved, "{raced}");
        }
        for refused in ["[remote rejected] (pre-receive hook declined)", "[remote rejected] (protected branch hook declined)"] {
            assert!(matches!(answered(refused, "remote: no"), Pushed::Refused(why) if why.contains("declined")), "{refused}");
        }
    }
}
