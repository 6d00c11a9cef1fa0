//! Groups as teams, users as users.

use std::collections::{BTreeMap, BTreeSet};

use crate::import::draft::{Draft, Fields, is_nothing, items, sorted_texts, text_at};
use crate::import::{Existing, Notes, Weight};
use crate::model::{Identifier, Subject, Value};

use super::read::Descriptor;
use super::reference::Reference;

/// Who owns something.
pub(super) enum Owner {
    /// A team, by identifier.
    Team(String),
    /// A user, by identifier.
    User(String),
}

#[derive(Debug, Default)]
struct Group {
    title: Option<String>,
    members: BTreeSet<String>,
    source: Option<String>,
}

/// Everybody who is described or named.
#[derive(Debug, Default)]
pub(super) struct People {
    /// By the reference that Backstage has for them, the identifier here.
    users: BTreeMap<Reference, String>,
    groups: BTreeMap<Reference, String>,
    people: BTreeMap<String, (Fields, String)>,
    teams: BTreeMap<String, Group>,
}

impl People {
    pub(super) fn of(descriptors: &[Descriptor], notes: &mut Notes) -> Self {
        let mut out = Self::default();
        for descriptor in descriptors.iter().filter(|descriptor| descriptor.kind == "user") {
            out.user(descriptor, notes);
        }
        for descriptor in descriptors.iter().filter(|descriptor| descriptor.kind == "group") {
            out.group(descriptor, notes);
        }
        for descriptor in descriptors {
            out.join(descriptor, notes);
        }
        out
    }

    /// A user goes by the email address, as commits name nobody otherwise.
    fn user(&mut self, descriptor: &Descriptor, notes: &mut Notes) {
        let profile = descriptor.spec.get("profile");
        let email = profile.and_then(|profile| text_at(profile, "email")).filter(|email| Identifier::new(email).is_ok());
        let identifier = email.map_or_else(|| descriptor.identifier(), str::to_owned);
        if let Err(error) = Identifier::new(&identifier) {
            return notes.kept_out(&descriptor.source, error.to_string(), "rename the user in Backstage");
        }
        if email.is_none() {
            let why = "has no email address, and no commit can be by them until the identifier is one or `emails` has one";
            notes.told(format!("users/{identifier}"), why);
        }
        self.users.insert(Reference::of(descriptor), identifier.clone());
        if self.people.contains_key(&identifier) {
            return notes.told(
                format!("users/{identifier}"),
                format!("{} has the same email address, and is the same person", descriptor.source),
            );
        }
        let mut fields = Fields::default();
        fields.set("identifier", Value::from(identifier.as_str()));
        let name = profile.and_then(|profile| text_at(profile, "displayName")).or(text_at(&descriptor.metadata, "title"));
        fields.set_some("name", name.map(str::trim).map(Value::from));
        self.people.insert(identifier, (fields, descriptor.source.clone()));
    }

    fn group(&mut self, descriptor: &Descriptor, notes: &mut Notes) {
        let identifier = descriptor.identifier();
        if let Err(error) = Identifier::new(&identifier) {
            return notes.kept_out(&descriptor.source, error.to_string(), "rename the group in Backstage");
        }
        let profile = descriptor.spec.get("profile");
        let title = profile.and_then(|profile| text_at(profile, "displayName")).or(text_at(&descriptor.metadata, "title"));
        for (key, value) in [("parent", descriptor.spec.get("parent")), ("children", descriptor.spec.get("children"))] {
            if value.is_some_and(|value| !is_nothing(value)) {
                notes.count(
                    Weight::LeftOut,
                    "teams have no hierarchy here: a team's members are its own",
                    format!("{identifier}.{key}"),
                );
            }
        }
        self.groups.insert(Reference::of(descriptor), identifier.clone());
        let group = self.teams.entry(identifier).or_default();
        group.title = title.map(str::to_owned);
        group.source = Some(descriptor.source.clone());
    }

    /// Members by the group's word, and by their own.
    fn join(&mut self, descriptor: &Descriptor, notes: &mut Notes) {
        let texts = |key: &str| descriptor.spec.get(key).map(items).unwrap_or_default().iter().filter_map(Value::as_str);
        let own = Reference::of(descriptor);
        let pairs: Vec<(Reference, Reference, &str)> = match descriptor.kind.as_str() {
            "group" => {
                texts("members").map(|text| (own.clone(), Reference::read(text, "user", &descriptor.namespace), text)).collect()
            }
            "user" => {
                texts("memberOf").map(|text| (Reference::read(text, "group", &descriptor.namespace), own.clone(), text)).collect()
            }
            _ => return,
        };
        for (group, user, text) in pairs {
            match self.users.get(&user).cloned() {
                Some(user) => {
                    let team = self.team(&group);
                    self.teams.entry(team).or_default().members.insert(user);
                }
                None => notes.left_out(
                    format!("teams/{}", group.identifier()),
                    format!("the member `{text}` is left out: nobody describes them"),
                    "import their file too",
                ),
            }
        }
    }

    fn team(&mut self, group: &Reference) -> String {
        let known = self.groups.get(group).cloned();
        known.unwrap_or_else(|| {
            let identifier = group.identifier();
            self.groups.insert(group.clone(), identifier.clone());
            identifier
        })
    }

    /// Who is meant as an owner. A group that nobody describes becomes a team without members: what it owns is not lost.
    pub(super) fn owner(&mut self, reference: &Reference) -> Option<Owner> {
        match reference.kind.as_str() {
            "group" => {
                let team = self.team(reference);
                Identifier::new(&team).ok()?;
                self.teams.entry(team.clone()).or_default();
                Some(Owner::Team(team))
            }
            "user" => self.users.get(reference).cloned().map(Owner::User),
            _ => None,
        }
    }

    /// The documents.
    pub(super) fn drafts(self, existing: &Existing, notes: &mut Notes) -> Vec<Draft> {
        let mut out = Vec::new();
        for (id, (fields, source)) in self.people {
            if let Ok(id) = Identifier::new(&id) {
                notes.count(
                    Weight::Told,
                    "Backstage knows no roles: give them in users/ before anybody can change anything",
                    id.as_str(),
                );
                out.push(Draft { subject: Subject::User(id), value: fields.done(), source });
            }
        }
        for (name, mut group) in self.teams {
            let Ok(id) = Identifier::new(&name) else { continue };
            let there = existing.catalog.teams().get(&id);
            if group.source.is_none() {
                match there {
                    Some(there) => {
                        group.title.clone_from(&there.value.title);
                        group.members.extend(there.value.members.iter().map(ToString::to_string));
                    }
                    None => notes.told(
                        Subject::Team(id.clone()).to_string(),
                        "is named, and no Group describes it: it is laid as a team of those who name it",
                    ),
                }
            }
            let mut fields = Fields::default();
            fields.set("identifier", Value::from(id.as_str()));
            fields.set_some("title", group.title.as_deref().map(Value::from));
            fields.set_some("members", Some(sorted_texts(group.members.iter().map(String::as_str))));
            let source = group.source.unwrap_or_else(|| "owners".to_owned());
            out.push(Draft { subject: Subject::Team(id), value: fields.done(), source });
        }
        out
    }
}
