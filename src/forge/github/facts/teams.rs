//! Who is in a team of the organisation.

use std::collections::{BTreeMap, BTreeSet};

use crate::forge::ForgeError;
use crate::model::ForgeTeam;

use super::super::asking::readable;
use super::super::wire::{Account, Team};
use super::super::{Client, path};

/// The members of each of these teams, by numeric id, and why those that are missing are.
pub(crate) async fn teams(
    client: &Client,
    teams: &BTreeSet<ForgeTeam>,
) -> Result<(BTreeMap<ForgeTeam, BTreeSet<u64>>, Vec<(ForgeTeam, String)>), ForgeError> {
    let (mut known, mut unknown) = (BTreeMap::new(), Vec::new());
    for team in teams {
        match members(client, team).await? {
            Ok(members) => {
                known.insert(team.clone(), members);
            }
            Err(why) => unknown.push((team.clone(), why)),
        }
    }
    Ok((known, unknown))
}

/// Its members, or why they are not known.
async fn members(client: &Client, team: &ForgeTeam) -> Result<Result<BTreeSet<u64>, String>, ForgeError> {
    let Some((organization, slug)) = path::segment(&team.organization).zip(path::segment(&team.slug)) else {
        return Ok(Err("there is no team of that name".to_owned()));
    };
    let address = format!("/orgs/{organization}/teams/{slug}");
    // The members before the number: were the name given to another team in between, the number would not be the one that is asked for.
    let members = match readable(client.list::<Account>(&format!("{address}/members?per_page=100")).await)? {
        Ok(members) => members,
        Err(why) => return Ok(Err(why)),
    };
    let found = match readable(client.get::<Team>(&address).await)? {
        Ok(found) => found,
        Err(why) => return Ok(Err(why)),
    };
    Ok(if found.id == Some(team.id) {
        Ok(members.iter().filter_map(Account::user).map(|user| user.id).collect())
    } else {
        Err(match found.id {
            Some(other) => format!("the team of that name has the number {other}, not {}", team.id),
            None => "GitHub does not tell its number".to_owned(),
        })
    })
}
