//! Whether GitHub answers, and knows us.

use crate::report::Checkup;

use super::super::facts::{Facts, Identity};

/// By how many seconds clocks may differ: a JWT is good for less than ten minutes, and begins a minute early.
const SKEW: i64 = 30;

/// From how many seconds on nothing works by itself.
const MOST_SKEW: i64 = 300;

pub(super) fn identity(facts: &Facts) -> Vec<Checkup> {
    let mut out = Vec::new();
    match &facts.identity {
        Identity::App(Ok(app)) => {
            let name = app.slug.as_deref().unwrap_or(&app.name);
            out.push(Checkup::well("credentials", format!("{} knows the App `{name}`, number {}", facts.api, app.id)));
        }
        Identity::App(Err(error)) => out.push(Checkup::wrong(
            "credentials",
            error.to_string(),
            "`githubApp` and the private key must be of one App: generate a new key on the App's page; and this machine's clock must be right",
        )),
        Identity::Token(Ok(user)) => {
            out.push(Checkup::well("credentials", format!("{} knows the token as `{}`, number {}", facts.api, user.login, user.id)));
            out.push(Checkup::doubtful(
                "check-runs",
                "only a GitHub App makes check runs, and only an App's contexts can be bound to it in branch protection",
                "with a token, whoever may write statuses can post ours; `portcullis github setup` tells how to have an App",
            ));
        }
        Identity::Token(Err(error)) => out.push(Checkup::wrong(
            "credentials",
            error.to_string(),
            "the token has expired, was revoked, or belongs to another GitHub (`githubUrl`): make a new one",
        )),
    }
    out.extend(clock(facts));
    if let Some(Ok(Some(quota))) = &facts.quota {
        let said = format!("{} of {} requests are left in this hour", quota.remaining, quota.limit);
        out.push(match quota.remaining.saturating_mul(10) < quota.limit {
            false => Checkup::well("quota", said),
            true => Checkup::doubtful(
                "quota",
                said,
                "the daemon polls less often until the hour is over; who else uses this identity? Webhooks and a longer `pollInterval` need less",
            ),
        });
    }
    out
}

fn clock(facts: &Facts) -> Option<Checkup> {
    let skew = facts.skew?;
    let ahead = if skew > 0 { "behind" } else { "ahead of" };
    let said = format!("this machine's clock is {} seconds {ahead} GitHub's", skew.unsigned_abs());
    let mend = "keep the clock by NTP: the signatures of an App, and when runs expire, depend on it";
    Some(match skew.abs() {
        0..=SKEW => Checkup::well("clock", "this machine's clock agrees with GitHub's"),
        s if s <= MOST_SKEW => Checkup::doubtful("clock", said, mend),
        _ => Checkup::wrong("clock", said, mend),
    })
}
