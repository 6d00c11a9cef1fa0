//! `users/` and `teams/`.

use super::super::key::{Names, Section, Wants, key};

pub(super) const USER: &[&Section] = &[&USER_DOCUMENT, &GITHUB, &SIGNING_KEY];
pub(super) const TEAM: &[&Section] = &[&TEAM_DOCUMENT, &FORGE_TEAM];

const USER_DOCUMENT: Section = Section {
    beside: &[],
    title: "User",
    meaning: "Somebody who may act: a person, or a bot. Users are changed by Admins alone.",
    keys: &[
        key("identifier", &Wants::Identifier, "The user's email address, by which rules and teams name them.")
            .required()
            .like("alice@acme.dev"),
        key("name", &Wants::Text, "What people call them.").like("Alice Liddell"),
        key(
            "roles",
            &Wants::List(&Wants::Name(Names::Role)),
            "`Admin`, `Member` and `<Blueprint>-moderator`. No role is implicit: whoever has none is granted nothing by roles.",
        )
        .or("[]")
        .like("[Member, Env-moderator]"),
        key("emails", &Wants::List(&Wants::Text), "Further addresses that are theirs. An address belongs to one user.")
            .or("[]")
            .like("[alice@home.example]"),
        key("github", &Wants::Part(&GITHUB), "Their account.").like("{ login: alice, id: 583231 }"),
        key(
            "signingKeys",
            &Wants::List(&Wants::Either(&[&Wants::Text, &Wants::Part(&SIGNING_KEY)])),
            "The public keys they sign commits and reviews with: a line of OpenSSH, an armoured OpenPGP block, or a mapping that says from \
             and until when. A key belongs to one user.",
        )
        .or("[]")
        .like("[\"ssh-ed25519 AAAA…\"]"),
        key("bot", &Wants::Flag, "Whether this is a program. A bot has rights like anyone, and never approves.").or("false").like("true"),
    ],
};

const GITHUB: Section = Section {
    beside: &[],
    title: "github",
    meaning: "An account at GitHub.",
    keys: &[
        key("login", &Wants::Text, "Its name, for people to read.").like("alice"),
        key("id", &Wants::Whole(1, u64::MAX), "Its number, which decides: a login can change hands.").required().like("583231"),
    ],
};

const SIGNING_KEY: Section = Section {
    beside: &[],
    title: "signingKeys[]",
    meaning: "A public key, and when it is valid.",
    keys: &[
        key("key", &Wants::Text, "The public key.").required().like("ssh-ed25519 AAAA…"),
        key("from", &Wants::Moment, "The first moment it is valid; a bare date begins at midnight UTC.").like("2026-01-01"),
        key("until", &Wants::Moment, "The first moment it is valid no longer; a bare date counts whole.").like("2026-12-31"),
    ],
};

const TEAM_DOCUMENT: Section = Section {
    beside: &[],
    title: "Team",
    meaning: "Users who own entities together. Teams are changed by Admins alone.",
    keys: &[
        key("identifier", &Wants::Identifier, "By which entities and rules name it.").required().like("platform"),
        key("title", &Wants::Text, "What people call it.").like("Platform"),
        key("members", &Wants::List(&Wants::Name(Names::User)), "Its users, each of whom is in the roster.")
            .or("[]")
            .like("[alice@acme.dev, bob@acme.dev]"),
        key(
            "github",
            &Wants::Part(&FORGE_TEAM),
            "A team of GitHub: users of the roster whose account is in it are members too, for as long as it is there. Only the daemon asks \
             GitHub; where nobody does, the written members are all there are.",
        )
        .like("{ team: acme/platform, id: 42 }"),
    ],
};

const FORGE_TEAM: Section = Section {
    beside: &[],
    title: "github (team)",
    meaning: "A team of an organisation at GitHub.",
    keys: &[
        key("team", &Wants::Text, "Organisation and team, as in the address of its page.").required().like("acme/platform"),
        key("id", &Wants::Whole(1, u64::MAX), "Its number, which decides: a team can be renamed.").required().like("42"),
    ],
};
