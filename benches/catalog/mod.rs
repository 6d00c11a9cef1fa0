//! A made-up catalog of any size: the same for the same size, with every shape that costs something to judge.
//!
//! Nine blueprints; relations to one and to many; owners of their own, and inherited over one and over two hops; about 320 bytes an entity.

#![allow(dead_code)] // each bench uses its part of it

mod repository;

pub(crate) use repository::{Proposals, write_repository};

/// How many teams there are, each with one member.
pub(crate) const TEAMS: usize = 50;

const WORDS: [&str; 24] = [
    "acorn", "basalt", "canyon", "drift", "elm", "fjord", "glacier", "heron", "inlet", "jasper", "karst", "lagoon", "meadow",
    "narwhal", "oxbow", "prairie", "quarry", "reef", "spruce", "thicket", "upland", "valley", "wetland", "zenith",
];

/// What a property holds.
#[derive(Clone, Copy)]
enum Holds {
    One(&'static [&'static str]),
    Whole(u32, u32),
    Number(f64),
    Switch,
    Link,
    Words,
}

/// A blueprint: how entities of it look, and how many of a hundred there are.
struct Shape {
    name: &'static str,
    prefix: &'static str,
    share: usize,
    properties: &'static [(&'static str, Holds)],
    /// Name, target, and whether it holds several.
    relations: &'static [(&'static str, &'static str, bool)],
    /// The relations from which the owner is inherited; empty: each entity names its own team.
    inherits: &'static str,
}

const SHAPES: [Shape; 9] = [
    Shape {
        name: "Service",
        prefix: "service",
        share: 30,
        properties: &[
            ("language", Holds::One(&["go", "rust", "java", "python", "node"])),
            ("lifecycle", Holds::One(&["experimental", "production", "deprecated"])),
            ("tier", Holds::Whole(1, 4)),
            ("repository", Holds::Link),
            ("slo", Holds::Number(99.9)),
            ("onCall", Holds::Switch),
        ],
        relations: &[("system", "System", false), ("dependsOn", "Service", true)],
        inherits: "system",
    },
    Shape {
        name: "Deployment",
        prefix: "deploy",
        share: 22,
        properties: &[
            ("environment", Holds::One(&["dev", "staging", "production"])),
            ("replicas", Holds::Whole(1, 60)),
            ("image", Holds::Words),
            ("dashboard", Holds::Link),
            ("cpu", Holds::Number(8.0)),
        ],
        relations: &[("service", "Service", false), ("cluster", "Cluster", false)],
        inherits: "service.system",
    },
    Shape {
        name: "API",
        prefix: "api",
        share: 13,
        properties: &[
            ("kind", Holds::One(&["rest", "grpc", "graphql"])),
            ("version", Holds::Words),
            ("contract", Holds::Link),
            ("public", Holds::Switch),
        ],
        relations: &[("provider", "Service", false), ("consumers", "Service", true)],
        inherits: "provider.system",
    },
    Shape {
        name: "Database",
        prefix: "db",
        share: 10,
        properties: &[
            ("engine", Holds::One(&["postgres", "mysql", "sqlite"])),
            ("gigabytes", Holds::Number(900.0)),
            ("backup", Holds::Switch),
            ("console", Holds::Link),
        ],
        relations: &[("usedBy", "Service", true)],
        inherits: "",
    },
    Shape {
        name: "Queue",
        prefix: "queue",
        share: 8,
        properties: &[
            ("engine", Holds::One(&["kafka", "nats", "rabbitmq"])),
            ("partitions", Holds::Whole(1, 256)),
            ("console", Holds::Link),
            ("purpose", Holds::Words),
        ],
        relations: &[("producers", "Service", true)],
        inherits: "",
    },
    Shape {
        name: "Cluster",
        prefix: "cluster",
        share: 5,
        properties: &[
            ("provider", Holds::One(&["aws", "azure", "gcp"])),
            ("region", Holds::One(&["north", "south", "east", "west"])),
            ("nodes", Holds::Whole(1, 500)),
            ("console", Holds::Link),
        ],
        relations: &[],
        inherits: "",
    },
    Shape {
        name: "System",
        prefix: "system",
        share: 6,
        properties: &[
            ("criticality", Holds::One(&["low", "medium", "high"])),
            ("summary", Holds::Words),
            ("handbook", Holds::Link),
            ("budget", Holds::Number(5000.0)),
        ],
        relations: &[("domain", "Domain", false)],
        inherits: "",
    },
    Shape { name: "Domain", prefix: "domain", share: 2, properties: &[("mission", Holds::Words)], relations: &[], inherits: "" },
    Shape {
        name: "Package",
        prefix: "package",
        share: 4,
        properties: &[
            ("ecosystem", Holds::One(&["cargo", "npm", "pypi"])),
            ("license", Holds::Words),
            ("homepage", Holds::Link),
            ("downloads", Holds::Whole(0, 10_000_000)),
        ],
        relations: &[("service", "Service", false), ("dependencies", "Package", true)],
        inherits: "",
    },
];

/// A file of the catalog: its path, and what it says.
pub(crate) type File = (String, String);

/// The catalog of one size.
pub(crate) struct Generated {
    /// How many entities of each blueprint.
    counts: [usize; SHAPES.len()],
    random: fastrand::Rng,
}

impl Generated {
    /// A catalog of `entities`, four of each blueprint at least.
    pub(crate) fn new(entities: usize) -> Self {
        let mut counts = SHAPES.map(|shape| (entities * shape.share / 100).max(4));
        let others: usize = counts.iter().skip(1).sum();
        counts[0] = entities.saturating_sub(others).max(4);
        Self { counts, random: fastrand::Rng::with_seed(20_261_122) }
    }

    /// How many entities there are.
    pub(crate) fn len(&self) -> usize {
        self.counts.iter().sum()
    }

    /// Everything but the entities: policy, people, teams, blueprints, permissions.
    pub(crate) fn frame(&self) -> Vec<File> {
        let mut files = vec![
            ("catalog.yaml".to_owned(), "identity: declared\n".to_owned()),
            ("users/root.yaml".to_owned(), "identifier: root@example.com\nname: Root\nroles: [Admin]\n".to_owned()),
        ];
        for team in 0..TEAMS {
            let member = member(team);
            files.push((format!("users/{member}.yaml"), format!("identifier: {member}\nname: Person {team}\nroles: [Member]\n")));
            files.push((
                format!("teams/team-{team:02}.yaml"),
                format!("identifier: team-{team:02}\ntitle: Team {team}\nmembers: [{member}]\n"),
            ));
        }
        for shape in &SHAPES {
            files.push((format!("blueprints/{}.yaml", shape.name), blueprint(shape)));
            let rule = "    roles: [Admin]\n    ownedByTeam: true\n";
            let rules: String = ["register", "update", "unregister"].iter().map(|what| format!("  {what}:\n{rule}")).collect();
            files.push((format!("permissions/{}.yaml", shape.name), format!("entities:\n{rules}")));
        }
        files
    }

    /// The entities, one a file.
    pub(crate) fn entities(&mut self) -> impl Iterator<Item = File> + '_ {
        let counts = self.counts;
        (0..SHAPES.len())
            .flat_map(move |shape| (0..counts[shape]).map(move |i| (shape, i)))
            .map(|(shape, i)| self.entity(shape, i))
    }

    /// Another version of one entity that names its own team, and that team's member.
    pub(crate) fn edit(&mut self) -> (String, File) {
        let owned: Vec<usize> = (0..SHAPES.len()).filter(|shape| SHAPES[*shape].inherits.is_empty()).collect();
        let shape = owned[self.random.usize(..owned.len())];
        let i = self.random.usize(..self.counts[shape]);
        (member(i % TEAMS), self.entity(shape, i))
    }

    fn entity(&mut self, shape: usize, i: usize) -> File {
        let known = &SHAPES[shape];
        let name = identifier(shape, i);
        let mut text = format!("identifier: {name}\ntitle: {} {} {i}\nblueprint: {}\n", self.word(), self.word(), known.name);
        if known.inherits.is_empty() {
            text.push_str(&format!("team: team-{:02}\n", i % TEAMS));
        }
        text.push_str("properties:\n");
        for (key, holds) in known.properties {
            let value = match *holds {
                Holds::One(of) => of[self.random.usize(..of.len())].to_owned(),
                Holds::Whole(from, to) => self.random.u32(from..=to).to_string(),
                Holds::Number(most) => format!("{:.2}", self.random.f64() * most),
                Holds::Switch => self.random.bool().to_string(),
                Holds::Link => format!("https://{key}.example.com/{}/{name}", self.word()),
                Holds::Words => format!("{} {} {}", self.word(), self.word(), self.word()),
            };
            text.push_str(&format!("  {key}: {value}\n"));
        }
        if !known.relations.is_empty() {
            text.push_str("relations:\n");
        }
        for (relation, target, many) in known.relations {
            let target = SHAPES.iter().position(|shape| shape.name == *target).unwrap();
            if *many {
                text.push_str(&format!("  {relation}:\n"));
                for _ in 0..self.random.usize(1..=3) {
                    text.push_str(&format!("    - {}\n", identifier(target, self.random.usize(..self.counts[target]))));
                }
            } else {
                text.push_str(&format!("  {relation}: {}\n", identifier(target, i * 13 % self.counts[target])));
            }
        }
        // Two hundred and fifty-six directories a blueprint, as people divide what is large.
        (format!("entities/{}/{:02x}/{name}.yaml", known.name, i.wrapping_mul(0x9e37_79b1) >> 7 & 0xff), text)
    }

    fn word(&mut self) -> &'static str {
        WORDS[self.random.usize(..WORDS.len())]
    }
}

/// The address of a team's member.
fn member(team: usize) -> String {
    format!("dev-{team:02}@example.com")
}

fn identifier(shape: usize, i: usize) -> String {
    format!("{}-{}-{i:07}", SHAPES[shape].prefix, WORDS[i * 7 % WORDS.len()])
}

fn blueprint(shape: &Shape) -> String {
    let mut text = format!("identifier: {0}\ntitle: {0}\nschema:\n  properties:\n", shape.name);
    for (key, holds) in shape.properties {
        text.push_str(&format!("    {key}: {}\n", schema(*holds)));
    }
    if !shape.relations.is_empty() {
        text.push_str("relations:\n");
    }
    for (relation, target, many) in shape.relations {
        text.push_str(&format!("  {relation}: {{ target: {target}, many: {many}, required: {} }}\n", !many));
    }
    if !shape.inherits.is_empty() {
        text.push_str(&format!("teamInheritance: {{ path: {} }}\n", shape.inherits));
    }
    text
}

/// A definition, in the flow style of YAML, which is JSON too.
fn schema(holds: Holds) -> String {
    match holds {
        Holds::One(of) => format!(r#"{{ "type": "string", "enum": {of:?} }}"#),
        Holds::Whole(from, to) => format!(r#"{{ "type": "number", "minimum": {from}, "maximum": {to} }}"#),
        Holds::Number(_) => r#"{ "type": "number", "minimum": 0 }"#.to_owned(),
        Holds::Switch => r#"{ "type": "boolean" }"#.to_owned(),
        Holds::Link => r#"{ "type": "string", "format": "url" }"#.to_owned(),
        Holds::Words => r#"{ "type": "string", "maxLength": 200 }"#.to_owned(),
    }
}

/// For programs that hold files to JSON Schema one by one: the schema of a whole entity of each blueprint, by name.
pub(crate) fn schemas() -> Vec<File> {
    let name = r#"{ "type": "string", "pattern": "^[a-z0-9-]+$" }"#;
    let closed = |of: Vec<String>| {
        format!(r#"{{ "type": "object", "additionalProperties": false, "properties": {{ {} }} }}"#, of.join(", "))
    };
    SHAPES
        .iter()
        .map(|shape| {
            let properties = shape
                .properties
                .iter()
                .map(|(key, holds)| format!(r#""{key}": {}"#, schema(*holds).replace("\"url\"", "\"uri\"")));
            let relations = shape.relations.iter().map(|(key, _, many)| match many {
                true => format!(r#""{key}": {{ "type": "array", "items": {name} }}"#),
                false => format!(r#""{key}": {name}"#),
            });
            let whole = closed(vec![
                format!(r#""identifier": {name}"#),
                r#""title": { "type": "string" }"#.to_owned(),
                format!(r#""blueprint": {{ "const": "{}" }}"#, shape.name),
                r#""team": { "type": "string" }"#.to_owned(),
                format!(r#""properties": {}"#, closed(properties.collect())),
                format!(r#""relations": {}"#, closed(relations.collect())),
            ]);
            let schema = whole.replacen("{ ", r#"{ "$schema": "https://json-schema.org/draft/2020-12/schema", "#, 1);
            (format!("{}.json", shape.name), schema + "\n")
        })
        .collect()
}
