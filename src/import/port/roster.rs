//! Users and teams: what Port knows of people, as the roster has it.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::draft::{Draft, Fields, items, sorted_texts, text_at};
use crate::import::{Existing, Notes, Weight};
use crate::model::{Identifier, Role, Subject, Value};

use super::{Found, Named};

#[derive(Debug, Default)]
struct Member {
    fields: Fields,
    source: String,
}

#[derive(Debug, Default)]
struct Band {
    title: Option<String>,
    members: BTreeSet<String>,
    source: String,
    /// Whether a document describes it; otherwise somebody only names it.
    described: bool,
}

/// Everybody, and which name means which team.
#[derive(Debug, Default)]
pub(in crate::import) struct Roster {
    users: Named<Member>,
    teams: Named<Band>,
    /// From a team's name in Port to its identifier here.
    called: BTreeMap<String, String>,
    /// People who are not to be in any team.
    gone: BTreeSet<String>,
}

impl Roster {
    pub(super) fn of(users: &[Found], teams: &[Found], existing: &Existing, notes: &mut Notes) -> Self {
        let mut out = Self::default();
        for (id, team) in existing.catalog.teams().iter() {
            out.called.extend(team.value.title.iter().map(|title| (title.clone(), id.to_string())));
        }
        for found in teams {
            out.name_team(found, notes);
        }
        for found in users {
            out.user(found, notes);
        }
        for found in teams {
            out.members(found);
        }
        // Who belongs to a team that no document describes joins it where it is.
        for (id, band) in out.teams.iter_mut().filter(|(_, band)| !band.described) {
            let there = Identifier::new(id).ok().and_then(|id| existing.catalog.teams().get(&id).cloned());
            if let Some(there) = there {
                band.title.clone_from(&there.value.title);
                band.members.extend(there.value.members.iter().map(ToString::to_string));
            }
        }
        out
    }

    /// The identifier of a team that goes by some name.
    pub(super) fn team(&self, name: &str) -> String {
        match self.called.get(name) {
            Some(id) if !self.teams.contains_key(name) => id.clone(),
            _ => slug(name),
        }
    }

    fn name_team(&mut self, found: &Found, notes: &mut Notes) {
        let name = text_at(&found.value, "name").or(text_at(&found.value, "title"));
        let written = text_at(&found.value, "identifier").filter(|id| Identifier::new(id).is_ok()).or(name);
        let Some(written) = written else {
            return notes.kept_out(&found.source, "the team has neither an `identifier` nor a `name`", "add one of them");
        };
        let id = slug(written);
        if Identifier::new(&id).is_err() {
            return notes.kept_out(
                &found.source,
                format!("nothing of `{written}` can stand in an identifier"),
                "add an `identifier` to the team",
            );
        }
        if let Some(first) = self.teams.get(&id).filter(|first| first.title.as_deref() != name) {
            let why = format!("as an identifier `{written}` would be `{id}`, which another team has ({})", first.source);
            return notes.kept_out(&found.source, why, "add an `identifier` to one of the two");
        }
        if let Some(name) = name.filter(|name| **name != *id) {
            if text_at(&found.value, "identifier").is_none() {
                notes.told(
                    format!("teams/{id}"),
                    format!("the team is called `{name}` in Port; a name with spaces is no identifier"),
                );
            }
            self.called.insert(name.to_owned(), id.clone());
        }
        if found.value.get("description").is_some_and(|text| text.as_str().is_some_and(|text| !text.is_empty())) {
            notes.count(Weight::LeftOut, "a team has no `description` here", format!("teams/{id}"));
        }
        let band = self.teams.entry(id).or_default();
        (band.title, band.source, band.described) = (name.map(str::to_owned), found.source.clone(), true);
    }

    fn members(&mut self, found: &Found) {
        let name = text_at(&found.value, "identifier").or(text_at(&found.value, "name")).unwrap_or_default();
        let id = self.team(name);
        let people = found.value.get("users").or(found.value.get("members")).map(items).unwrap_or_default();
        let people: Vec<&str> = people.iter().filter_map(|user| user.as_str().or(text_at(user, "email"))).collect();
        let gone = &self.gone;
        if let Some(band) = self.teams.get_mut(&id) {
            band.members.extend(people.into_iter().filter(|email| !gone.contains(*email)).map(str::to_owned));
        }
    }

    fn user(&mut self, found: &Found, notes: &mut Notes) {
        let Some(id) = super::catalog::identifier(found, "email", notes) else { return };
        if text_at(&found.value, "status").is_some_and(|status| status.eq_ignore_ascii_case("DISABLED")) {
            notes.told(
                Subject::User(id.clone()).to_string(),
                "is disabled in Port, and not imported; nor is it a member of any team",
            );
            self.gone.insert(id.to_string());
            return;
        }
        let mut fields = Fields::default();
        fields.set("identifier", Value::from(id.as_str()));
        let part =
            |key: &str| text_at(&found.value, key).filter(|text| !text.trim().is_empty()).map(|text| text.trim().to_owned());
        let whole = [part("firstName"), part("lastName")].into_iter().flatten().collect::<Vec<_>>().join(" ");
        fields.set_some("name", Some(Value::from(part("name").unwrap_or(whole).as_str())));
        let roles = roles(found, &id, notes);
        // Said even where there are none: a role that Port has taken away must not outlive it here.
        fields.set("roles", sorted_texts(roles.iter().map(String::as_str)));
        if text_at(&found.value, "type").is_some_and(|kind| kind.to_lowercase().replace(['_', '-'], " ") == "service account") {
            fields.set("bot", Value::from(true));
        }
        for team in found.value.get("teams").map(items).unwrap_or_default() {
            let name = team.as_str().or(text_at(team, "identifier")).or(text_at(team, "name"));
            if let Some(name) = name {
                let team = self.team(name);
                let band = self.teams.entry(team).or_default();
                band.members.insert(id.to_string());
                if !band.described {
                    band.source.clone_from(&found.source);
                    band.title.get_or_insert_with(|| name.to_owned());
                }
            }
        }
        match self.users.get(id.as_str()) {
            Some(first) if first.fields.iter().ne(fields.iter()) => {
                let why = format!("{} says something else of it than {}, which is taken", found.source, first.source);
                notes.kept_out(Subject::User(id).to_string(), why, "import the one that holds, without the other");
            }
            Some(_) => {}
            None => {
                self.users.insert(id.to_string(), Member { fields, source: found.source.clone() });
            }
        }
    }

    /// The documents.
    pub(super) fn drafts(&self) -> Vec<Draft> {
        let users = self.users.iter().filter_map(|(id, member)| {
            let subject = Subject::User(Identifier::new(id).ok()?);
            Some(Draft { subject, value: member.fields.clone().done(), source: member.source.clone() })
        });
        let teams = self.teams.iter().filter_map(|(id, band)| {
            let subject = Subject::Team(Identifier::new(id).ok()?);
            let mut fields = Fields::default();
            fields.set("identifier", Value::from(id.as_str()));
            fields.set_some("title", band.title.as_deref().filter(|title| title != id).map(Value::from));
            fields.set_some("members", Some(sorted_texts(band.members.iter().map(String::as_str))));
            Some(Draft { subject, value: fields.done(), source: band.source.clone() })
        });
        users.chain(teams).collect()
    }
}

/// `roles`, and what Port's own fields say of them. A role that is none here would grant nothing, and is told.
fn roles(found: &Found, id: &Identifier, notes: &mut Notes) -> BTreeSet<String> {
    let named = found.value.get("roles").map(items).unwrap_or_default();
    let mut out: BTreeSet<String> =
        named.iter().filter_map(|role| role.as_str().or(text_at(role, "name"))).map(str::to_owned).collect();
    let moderated =
        found.value.get("moderatedBlueprints").or(found.value.get("moderated_blueprints")).map(items).unwrap_or_default();
    out.extend(
        moderated
            .iter()
            .filter_map(|blueprint| blueprint.as_str().or(text_at(blueprint, "identifier")))
            .map(|b| format!("{b}-moderator")),
    );
    out.extend(text_at(&found.value, "portRole").or(text_at(&found.value, "port_role")).map(str::to_owned));
    // A moderator of something is told by which; the word alone says nothing.
    if out.remove("Moderator") {
        out.insert("Member".to_owned());
    }
    out.retain(|role| {
        let known = Role::parse(role).is_some();
        if !known {
            let why = format!("the role `{role}` is left out: there are Admin, Member and <Blueprint>-moderator");
            notes.left_out(
                Subject::User(id.clone()).to_string(),
                why,
                "name the user, or a team of such users, in the rules that meant the role",
            );
        }
        known
    });
    out
}

/// A name as an identifier: what may not stand in one becomes a dash.
pub(in crate::import) fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.trim().chars() {
        if Identifier::new(&c.to_string()).is_ok() || c == '.' {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.trim_end_matches('-').to_owned()
}
