//! Users and teams.

use crate::catalog::shown::shown;
use crate::model::{RuleDoc, Subject, Team, User};

use super::cursor::{Cursor, Decoder};
use super::key;
use super::permission::roles;

pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: "user/email",
    summary: "`emails` holds email addresses.",
    remedy: "Write an address such as alice@acme.dev.",
}];

/// Reads a user.
pub(in crate::catalog) fn user(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<User> {
    const KEYS: &[&str] = &["identifier", "name", "roles", "emails", "github", "signingKeys", "bot"];
    let advice = |key: &str| {
        let help = match key {
            "email" => "the identifier is the email address; further ones go into `emails`",
            "teams" | "team" => "write the user into `members` of each team",
            "role" => "write `roles: [Member]`, a list",
            _ => return None,
        };
        Some(("document/unknown-key", help.to_owned()))
    };
    if !d.fields_except(at, KEYS, advice) {
        return None;
    }
    let identifier = d.required(&at, "identifier", "alice@acme.dev").and_then(|id| d.identifier(id));
    d.subject = identifier.clone().map(Subject::User);
    let name = d.optional_text(&at, "name");
    let roles = at.given("roles").map(|written| roles(d, written)).unwrap_or_default();
    let emails = at.given("emails").map(|written| emails(d, written)).unwrap_or_default();
    let (github_login, github_id) = at.given("github").map(|written| github(d, written)).unwrap_or_default();
    let mut signing_keys = Vec::new();
    if let Some(written) = at.given("signingKeys").filter(|keys| d.list(*keys)) {
        signing_keys = written.items().filter_map(|item| key::signing_key(d, item)).collect();
    }
    let bot = d.flag(&at, "bot");
    Some(User { identifier: identifier?, name, roles, emails, github_id, github_login, signing_keys, bot })
}

fn emails(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Vec<String> {
    if !d.list(at) {
        return Vec::new();
    }
    let mut all: Vec<String> = at.items().filter_map(|item| email(d, item)).collect();
    all.sort();
    all.dedup();
    all
}

fn email(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<String> {
    let text = d.text(at)?;
    let good = text.len() <= 254
        && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
        && !text.chars().any(|c| c.is_whitespace() || matches!(c, '<' | '>' | ',') || crate::model::is_invisible(c));
    if !good {
        d.error(
            "user/email",
            at,
            format!("`{}` is not an email address", shown(text)),
            "write an address such as alice@acme.dev",
        );
    }
    good.then(|| text.to_owned())
}

/// The login is for people; the id decides.
fn github(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> (Option<String>, Option<u64>) {
    if !d.fields(at, &["login", "id"]) {
        return (None, None);
    }
    let login = d.optional_text(&at, "login");
    let example = "583231   # what https://api.github.com/users/<login> calls `id`; a login may change hands";
    let id = d.required(&at, "id", example).and_then(|id| d.number(id, 1, u64::MAX));
    (login, id)
}

/// Reads a team.
pub(in crate::catalog) fn team(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Team> {
    let advice = |key: &str| {
        let help = match key {
            "users" => "write `members`, a list of the users' identifiers",
            "name" => "write `title`; what a team is known by is its `identifier`",
            _ => return None,
        };
        Some(("document/unknown-key", help.to_owned()))
    };
    if !d.fields_except(at, &["identifier", "title", "members"], advice) {
        return None;
    }
    let identifier = d.required(&at, "identifier", "platform").and_then(|id| d.identifier(id));
    d.subject = identifier.clone().map(Subject::Team);
    let title = d.optional_text(&at, "title");
    let members = at.given("members").map(|members| d.identifiers(members)).unwrap_or_default();
    Some(Team { identifier: identifier?, title, members: members.into_iter().collect() })
}
