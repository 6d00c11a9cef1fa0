//! Files that may stand in a catalog, each in several versions, sound and unsound, and random steps between them.

use proptest::prelude::*;

/// What one commit does to one file.
#[derive(Clone, Debug)]
pub(crate) enum Edit {
    Put(&'static str, &'static str),
    Remove(&'static str),
}

/// One commit.
#[derive(Clone, Debug)]
pub(crate) struct Step {
    pub(crate) who: &'static str,
    pub(crate) edits: Vec<Edit>,
}

const PEOPLE: &[&str] = &["root@a.dev", "ann@a.dev", "ben@a.dev", "stranger@b.dev"];

/// A path, and what may stand there; the first is how it begins.
const FILES: &[(&str, &[&str])] = &[
    (
        "catalog.yaml",
        &[
            "identity: declared\n",
            "identity: declared\nlimits: { depth: 6 }\n",
            "identity: declared\nlimits: { nodes: 12 }\n",
            "identity: nobody\n",
        ],
    ),
    (
        "users/root.yaml",
        &["identifier: root@a.dev\nname: Root\nroles: [Admin]\n", "identifier: root@a.dev\nname: Root\nroles: [Member]\n"],
    ),
    (
        "users/ann.yaml",
        &[
            "identifier: ann@a.dev\nname: Ann\nroles: [Member]\n",
            "identifier: ann@a.dev\nname: Ann\nroles: [Member]\nemails: [ben@a.dev]\n",
            "identifier: Ann@a.dev\nname: Ann\nroles: [Member]\n",
        ],
    ),
    ("users/ben.yaml", &["identifier: ben@a.dev\nname: Ben\nroles: [B-moderator]\n"]),
    ("teams/red.yaml", &["identifier: red\nmembers: [ann@a.dev]\n", "identifier: red\nmembers: [ann@a.dev, nobody@a.dev]\n"]),
    ("teams/blue.yaml", &["identifier: blue\nmembers: [ben@a.dev]\n", "identifier: blue\nmembers: []\n"]),
    (
        "blueprints/A.yaml",
        &[
            "identifier: A\nschema: { properties: { p: { type: string }, n: { type: number, minimum: 0 }, u: { type: string, format: user } } }\nrelations: { b: { target: B, many: false } }\nteamInheritance: { path: b }\n",
            "identifier: A\nschema: { properties: { p: { type: string, enum: [one, two] }, n: { type: number }, u: { type: string } }, required: [p] }\nrelations: { b: { target: B, many: false } }\nteamInheritance: { path: b }\n",
            "identifier: A\nschema: { properties: { p: { type: string } } }\nrelations: { b: { target: A, many: true } }\n",
        ],
    ),
    (
        "blueprints/B.yaml",
        &[
            "identifier: B\nschema: { properties: { p: { type: string, maxLength: 5 } } }\nrelations: { as: { target: A, many: true } }\nmirrorProperties: {}\n",
            "identifier: B\nschema: { properties: { p: { type: string } } }\nrelations: { as: { target: A, many: true, required: true } }\n",
        ],
    ),
    (
        "permissions/A.yaml",
        &[
            "entities: { register: { roles: [Admin], ownedByTeam: true }, update: { roles: [Admin], ownedByTeam: true }, unregister: { roles: [Admin] } }\n",
            "entities: { register: { roles: [Member] }, update: { roles: [Member], teams: [blue] }, unregister: { roles: [Gone-moderator] } }\n",
        ],
    ),
    ("permissions/B.yaml", &["entities: { update: { users: [ann@a.dev] } }\n"]),
    (
        "entities/A/a1.yaml",
        &[
            "identifier: a1\nproperties: { p: one, n: 1, u: ann@a.dev }\nrelations: { b: b1 }\n",
            "identifier: a1\nproperties: { p: three, n: -1, u: gone@a.dev }\nrelations: { b: b2 }\n",
            "identifier: a1\nteam: blue\nproperties: { p: two }\n",
            "identifier: a1\nproperties: {\n",
        ],
    ),
    (
        "entities/A/deep/a2.yaml",
        &[
            "identifier: a2\nproperties: { p: two }\nrelations: { b: b1 }\n",
            "identifier: A2\nproperties: { q: two }\nrelations: { c: b1 }\n",
        ],
    ),
    (
        "entities/list.yaml",
        &[
            "- { identifier: l1, blueprint: A, properties: { p: one }, relations: { b: b2 } }\n- { identifier: l2, blueprint: B, team: red, relations: { as: [a1, l1] } }\n",
            "- { identifier: a1, blueprint: A }\n- { identifier: I1, blueprint: A }\n",
        ],
    ),
    (
        "entities/B/b1.yaml",
        &["identifier: b1\nteam: red\nrelations: { as: [a1] }\n", "identifier: b1\nteam: [blue, gone]\nrelations: { as: a1 }\n"],
    ),
    (
        "entities/B/b2.yml",
        &[
            "identifier: b2\nteam: blue\nproperties: { p: short }\nrelations: { as: [] }\n",
            "identifier: b2\nproperties: { p: much too long }\n",
        ],
    ),
    ("entities/B/other.yaml", &["identifier: b3\nteam: red\nrelations: { as: [a2] }\n", "identifier: b1\nteam: red\n"]),
    ("notes/read.me", &["nobody's business\n", "still nobody's\n"]),
];

/// How every history begins: valid, and all of it there.
pub(crate) fn first() -> Step {
    let edits = FILES.iter().map(|(path, versions)| Edit::Put(path, versions[0])).collect();
    Step { who: "root@a.dev", edits }
}

pub(crate) fn step() -> impl Strategy<Value = Step> {
    let edit = (0..FILES.len(), 0usize..8).prop_map(|(file, version)| {
        let (path, versions) = FILES[file];
        match versions.get(version % (versions.len() + 1)) {
            Some(body) => Edit::Put(path, body),
            None => Edit::Remove(path),
        }
    });
    let edits = prop::collection::vec(edit, 1..4).prop_map(|mut edits| {
        let path = |edit: &Edit| match edit {
            Edit::Put(path, _) | Edit::Remove(path) => *path,
        };
        edits.sort_by(|a, b| path(a).cmp(path(b)));
        edits.dedup_by(|a, b| path(a) == path(b));
        edits
    });
    (prop::sample::select(PEOPLE), edits).prop_map(|(who, edits)| Step { who, edits })
}

/// Files of entities alone, each in versions that are sound as long as what they name is there.
const CALM: &[(&str, &[&str])] = &[
    (
        "entities/A/c1.yaml",
        &["identifier: c1\nproperties: { p: one }\nrelations: { b: b1 }\n", "identifier: c1\nrelations: { b: d1 }\n"],
    ),
    ("entities/A/c2.yaml", &["identifier: c2\nproperties: { n: 4 }\nrelations: { b: b2 }\n", "identifier: c2\nteam: red\n"]),
    (
        "entities/A/c3.yaml",
        &["identifier: c3\nrelations: { b: d1 }\n", "identifier: c3\nproperties: { u: ben@a.dev }\n", "identifier: C2\n"],
    ),
    ("entities/A/c4.yaml", &["identifier: c4\ntitle: Four\n", "identifier: c4\nrelations: { b: d2 }\n"]),
    ("entities/B/d1.yaml", &["identifier: d1\nteam: blue\n", "identifier: d1\nteam: red\n"]),
    (
        "entities/B/d2.yaml",
        &["identifier: d2\nteam: red\nproperties: { p: tiny }\n", "identifier: d2\nrelations: { as: [c4] }\n"],
    ),
    ("entities/B/b2.yml", &["identifier: b2\nteam: blue\nproperties: { p: small }\n"]),
    (
        "entities/A/more.yaml",
        &[
            "- { identifier: m1, blueprint: A }\n- { identifier: m2, blueprint: B }\n",
            "- { identifier: m1, blueprint: A, title: M }\n",
        ],
    ),
    ("notes/read.me", &["nobody's business yet\n"]),
];

/// A step that touches entities alone, mostly by somebody who may.
pub(crate) fn calm() -> impl Strategy<Value = Step> {
    let edit = (0..CALM.len(), 0usize..8).prop_map(|(file, version)| {
        let (path, versions) = CALM[file];
        match version {
            0 => Edit::Remove(path),
            n => Edit::Put(path, versions[n % versions.len()]),
        }
    });
    let who = prop_oneof![8 => Just("root@a.dev"), 1 => Just("ann@a.dev")];
    (who, prop::collection::vec(edit, 1..3)).prop_map(|(who, mut edits)| {
        let path = |edit: &Edit| match edit {
            Edit::Put(path, _) | Edit::Remove(path) => *path,
        };
        edits.sort_by(|a, b| path(a).cmp(path(b)));
        edits.dedup_by(|a, b| path(a) == path(b));
        Step { who, edits }
    })
}
