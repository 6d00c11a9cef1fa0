//! Whether the people and teams of the catalog are those that GitHub knows by these numbers.

use crate::report::Checkup;

use super::super::facts::RepositoryFacts;
use super::list;

/// Of how many people a sentence names.
const MOST_NAMED: usize = 5;

pub(super) fn roster(facts: &RepositoryFacts) -> Vec<Checkup> {
    let Ok(catalog) = &facts.fetched else { return Vec::new() };
    let mut out = Vec::new();
    let mut fine = 0_usize;
    for user in &catalog.users {
        let Some(id) = user.id else { continue };
        match facts.accounts.get(&id) {
            Some(Ok(Some(account))) => match &user.login {
                Some(login) if !login.eq_ignore_ascii_case(&account.login) => out.push(Checkup::doubtful(
                    "roster",
                    format!("{} is `{}` on GitHub now, and `users/` says `{login}`", user.identifier, account.login),
                    format!("the number {id} decides, so if that is the same person, write the new login; if not, the number is somebody else's"),
                )),
                _ => fine += 1,
            },
            Some(Ok(None)) => out.push(Checkup::wrong(
                "roster",
                format!("{}: no account on GitHub has the number {id}", user.identifier),
                "`curl https://api.github.com/users/LOGIN` tells a login's number: `id`",
            )),
            Some(Err(error)) => out.push(Checkup::doubtful("roster", format!("{}: {error}", user.identifier), "ask again later")),
            None => {}
        }
    }
    let without: Vec<&str> = catalog.users.iter().filter(|user| user.id.is_none()).map(|user| user.identifier.as_str()).collect();
    if !without.is_empty() {
        let mut named: Vec<String> = without.iter().take(MOST_NAMED).map(ToString::to_string).collect();
        if without.len() > MOST_NAMED {
            named.push(format!("{} others", without.len() - MOST_NAMED));
        }
        out.push(Checkup::doubtful(
            "roster",
            format!("{} cannot be known by GitHub's word: no `github.id`", list(&named)),
            "write `github: { login: …, id: … }` in `users/`; whoever has none is a stranger in `identity: forge`, and cannot approve",
        ));
    }
    if fine > 0 {
        out.push(Checkup::well("roster", format!("{fine} users are the accounts that GitHub knows by their numbers")));
    }
    let asked = catalog.users.iter().filter(|user| user.id.is_some_and(|id| !facts.accounts.contains_key(&id))).count();
    if asked > 0 {
        out.push(Checkup::doubtful(
            "roster",
            format!("{asked} more users were not looked up"),
            "so many are looked up at a time, to spare the quota",
        ));
    }
    for (team, told) in &facts.teams {
        let name = format!("{}/{}", team.organization, team.slug);
        match told {
            Ok(Some(words)) if words.id == team.id => out.push(Checkup::well("teams", format!("{name} is known"))),
            Ok(Some(words)) => out.push(Checkup::wrong(
                "teams",
                format!("{name} has the number {} on GitHub, and `teams/` says {}", words.id, team.id),
                "the team was deleted and made anew, or is another: write the new number if it is meant; until then it has no members",
            )),
            Ok(None) => out.push(Checkup::wrong(
                "teams",
                format!("{name} is not known, or not shown to us"),
                "a team that was renamed has a new name in addresses; and to read teams the App needs `members: read`",
            )),
            Err(error) => {
                out.push(Checkup::doubtful("teams", format!("{name}: {error}"), "to read teams the App needs `members: read`"));
            }
        }
    }
    out
}
