//! Users and teams.

use crate::catalog::shown::shown;
use crate::model::{ForgeTeam, RuleDoc, Subject, Team, User};

use super::cursor::{Cursor, Decoder};
use super::key;
use super::permission::roles;

pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc { id: "user/email", summary: "`emails` holds email addresses.", remedy: "Write an address such as alice@acme.dev." },
    RuleDoc {
        id: "team/github",
        summary: "`github.team` names a team of GitHub by its organisation and its short name.",
        remedy: "Write them as they stand in the address of the team's page, `acme/platform`.",
    },
];

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
    if !d.fields_except(at, &["identifier", "title", "members", "github"], advice) {
        return None;
    }
    let identifier = d.required(&at, "identifier", "platform").and_then(|id| d.identifier(id));
    d.subject = identifier.clone().map(Subject::Team);
    let title = d.optional_text(&at, "title");
    let members = at.given("members").map(|members| d.identifiers(members)).unwrap_or_default();
    let github = at.given("github").and_then(|written| forge_team(d, written));
    Some(Team { identifier: identifier?, title, members: members.into_iter().collect(), github })
}

/// The name is for addresses and people; the id decides.
fn forge_team(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<ForgeTeam> {
    if !d.fields(at, &["team", "id"]) {
        return None;
    }
    let name = d.required(&at, "team", "acme/platform").and_then(|team| team_name(d, team));
    let example = "42   # what https://api.github.com/orgs/<org>/teams/<team> calls `id`; a name may change hands";
    let id = d.required(&at, "id", example).and_then(|id| d.number(id, 1, u64::MAX));
    let (organization, slug) = name?;
    Some(ForgeTeam { organization, slug, id: id? })
}

/// `acme/platform`: both become part of addresses, so nothing else is taken.
fn team_name(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<(String, String)> {
    let text = d.text(at)?;
    let plain = |part: &str, more: &[char], most: usize| {
        !part.is_empty() && part.len() <= most && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
    };
    let parts = text.split_once('/').filter(|(organization, slug)| {
        plain(organization, &['-', '_'], 64) && plain(slug, &['-', '_', '.'], 255) && !slug.starts_with('.')
    });
    if parts.is_none() {
        let help = "write the organisation and the team as in the address of its page, `acme/platform`";
        d.error("team/github", at, format!("`{}` is no team of an organisation", shown(text)), help);
    }
    parts.map(|(organization, slug)| (organization.to_owned(), slug.to_owned()))
}
