//! Tells two revisions apart by meaning: subject by subject, down to the nested value, with who owns it and who did it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::catalog::{Catalog, Change, Field, Operation, Owner, diff};
use crate::model::{Actor, CommitId, EntityKey, FilePath, Finding, Subject, Value};

use super::Proposal;
use super::attribution::History;
use super::judge::attribute;

/// One step to a nested value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Step {
    /// A key of a mapping.
    Key(Box<str>),
    /// A position in a list, from zero.
    Index(usize),
}

/// A path as people write it: `properties.size.cpu`, `rows[2].n`, `properties["a.b"]`.
pub fn path_in_words(path: &[Step]) -> String {
    let mut out = String::new();
    for step in path {
        match step {
            Step::Index(index) => {
                let _ = write!(out, "[{index}]");
            }
            Step::Key(key) if !key.is_empty() && !key.contains(['.', '[', ']', '"', ' ', ':']) => {
                let dot = if out.is_empty() { "" } else { "." };
                let _ = write!(out, "{dot}{key}");
            }
            Step::Key(key) => {
                let _ = write!(out, "[{}]", Value::from(&**key).canonical());
            }
        }
    }
    out
}

/// One value that differs.
#[derive(Clone, PartialEq, Debug)]
pub struct Part {
    /// The way to it, in the words of the document: `properties`, `kind`. Empty: the whole.
    pub path: Vec<Step>,
    /// What it was; `None` where it was absent.
    pub before: Option<Value>,
    /// What it is; `None` where it is absent.
    pub after: Option<Value>,
    /// The last commit that set it; `None` for a working tree, and where nobody knows.
    pub commit: Option<CommitId>,
    /// Whom it is attributed to, by the identity mode of the revision that judges; empty where nobody knows.
    pub actors: Vec<Actor>,
}

/// One subject that differs.
#[derive(Clone, PartialEq, Debug)]
pub struct SubjectDifference {
    /// What.
    pub subject: Subject,
    /// Whether it came, went, or changed.
    pub operation: Operation,
    /// Where it stands now, or stood.
    pub file: FilePath,
    /// Of an entity, who owns it before and after, inherited owners too; empty where it is not there, or nobody does.
    pub owners: Option<(Owner, Owner)>,
    /// Whether the effective owner moved by what stands elsewhere.
    pub owner_moved: bool,
    /// What differs in it, in order. Empty where only its owner moved, or where nothing is in it.
    pub parts: Vec<Part>,
    /// The last commit that had a hand in it, and everybody who did.
    pub commit: Option<CommitId>,
    /// See [`Part::actors`].
    pub actors: Vec<Actor>,
}

impl SubjectDifference {
    /// Whether a path of the catalog, or the beginning of a subject's name, speaks of it: `entities/Env`, `Env`, `Env/prod`.
    pub fn is_under(&self, name: &str) -> bool {
        let name = name.trim_end_matches('/');
        let below = |whole: &str| whole == name || whole.strip_prefix(name).is_some_and(|rest| rest.starts_with('/'));
        let subject = self.subject.to_string();
        let with_directory = matches!(self.subject, Subject::Entity(_)).then(|| format!("entities/{subject}"));
        name.is_empty() || below(self.file.as_str()) || below(&subject) || with_directory.is_some_and(|name| below(&name))
    }
}

/// Which of the two revisions.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Side {
    /// The earlier one.
    Base,
    /// The later one.
    Head,
}

/// All that differs.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Difference {
    /// The subjects, in order.
    pub subjects: Vec<SubjectDifference>,
    /// Files that cannot be read as they stand in one of the revisions: what they hold counts as absent there.
    pub unread: Vec<(FilePath, Side)>,
}

/// The difference of a proposal's head from its base, laid to its commits.
///
/// It is head itself that is compared, not its merge into base; what only base's own line changed is nobody's of these commits.
pub fn difference(proposal: &Proposal) -> Difference {
    let (base, head) = (&proposal.base.0, &proposal.head.0);
    let changes = diff(base, head);
    let (commits, _) = attribute(proposal, &changes);
    let history = History::of(&commits);
    let leads_on = proposal.merged.0.shares_all_with(head);
    let laid = |change: &Change| match leads_on || history.touches(&change.subject) {
        true => {
            let laid = history.lay(change);
            (laid.commit, laid.actors)
        }
        false => (None, Vec::new()),
    };
    compare(base, head, &changes.0, &laid)
}

/// The difference alone, where the commits between are not known.
pub fn anonymous_difference(base: &Catalog, head: &Catalog) -> Difference {
    compare(base, head, &diff(base, head).0, &|_| (None, Vec::new()))
}

/// Whom a change is laid to, and by which commit.
type Laid<'a> = &'a dyn Fn(&Change) -> (Option<CommitId>, Vec<Actor>);

fn compare(base: &Catalog, head: &Catalog, changes: &[Change], laid: Laid<'_>) -> Difference {
    let mut subjects: Vec<SubjectDifference> = Vec::new();
    for change in changes {
        let (commit, actors) = laid(change);
        let same = subjects.last_mut().filter(|last| last.subject == change.subject);
        let one = match same {
            Some(one) => one,
            None => {
                subjects.push(begin(base, head, change));
                match subjects.last_mut() {
                    Some(one) => one,
                    None => continue,
                }
            }
        };
        match (&change.field, change.operation) {
            // What it registers follows field by field.
            (None, Operation::Register) => one.operation = Operation::Register,
            (Some(Field::Owner), _) => one.owner_moved = true,
            (field, _) => {
                for (path, before, after) in leaves(field.as_ref(), change) {
                    one.parts.push(Part { path, before, after, commit, actors: actors.clone() });
                }
            }
        }
        one.commit = commit.or(one.commit);
        one.actors.extend(actors);
        one.actors.sort();
        one.actors.dedup();
    }
    Difference { subjects, unread: unread(base, head) }
}

fn begin(base: &Catalog, head: &Catalog, change: &Change) -> SubjectDifference {
    let owners = |key: &EntityKey| (base.owner_of(key), head.owner_of(key));
    SubjectDifference {
        subject: change.subject.clone(),
        operation: change.operation,
        file: change.place.file.clone(),
        owners: match &change.subject {
            Subject::Entity(key) => Some(owners(key)),
            _ => None,
        },
        owner_moved: false,
        parts: Vec::new(),
        commit: None,
        actors: Vec::new(),
    }
}

type Broken = BTreeMap<FilePath, Vec<Finding>>;

fn unread(base: &Catalog, head: &Catalog) -> Vec<(FilePath, Side)> {
    let errors = |catalog: &Catalog| -> Broken {
        let broken = catalog.broken_files().iter().filter(|(_, findings)| findings.iter().any(|f| f.is_error()));
        broken.map(|(file, findings)| (file.clone(), findings.to_vec())).collect()
    };
    let (before, after) = (errors(base), errors(head));
    let only = |these: &Broken, those: &Broken, side| -> Vec<(FilePath, Side)> {
        these.iter().filter(|(file, findings)| those.get(*file) != Some(findings)).map(|(file, _)| (file.clone(), side)).collect()
    };
    let mut out = only(&before, &after, Side::Base);
    out.extend(only(&after, &before, Side::Head));
    out.sort();
    out
}

type Leaf = (Vec<Step>, Option<Value>, Option<Value>);

/// What differs below a change, down to values that hold no others; in order of their paths.
fn leaves(field: Option<&Field>, change: &Change) -> Vec<Leaf> {
    let key = |words: &[&str]| words.iter().map(|word| Step::Key((*word).into())).collect::<Vec<_>>();
    let at = match field {
        Some(Field::Property(name)) => key(&["properties", name]),
        Some(Field::Relation(name)) => key(&["relations", name]),
        Some(Field::Title) => key(&["title"]),
        Some(Field::Icon) => key(&["icon"]),
        Some(Field::Team | Field::Owner) => key(&["team"]),
        None => Vec::new(),
    };
    let mut out = Vec::new();
    let mut open: Vec<(Vec<Step>, Option<&Value>, Option<&Value>)> = vec![(at, change.before.as_ref(), change.after.as_ref())];
    while let Some((path, before, after)) = open.pop() {
        if before == after {
            continue;
        }
        let below: Vec<Step> = match (before, after) {
            (Some(Value::Map(_)) | None, Some(Value::Map(_)) | None) => keys(before, after),
            (Some(Value::List(_)) | None, Some(Value::List(_)) | None) if holds_maps(before) || holds_maps(after) => {
                (0..length(before).max(length(after))).map(Step::Index).collect()
            }
            _ => Vec::new(),
        };
        if below.is_empty() {
            out.push((path, before.cloned(), after.cloned()));
            continue;
        }
        for step in below {
            let (before, after) = (child(before, &step), child(after, &step));
            open.push((path.iter().cloned().chain([step]).collect(), before, after));
        }
    }
    out.sort_by(|a, b| a.0.cmp(&b.0));
    out
}

fn keys(before: Option<&Value>, after: Option<&Value>) -> Vec<Step> {
    let of = |value: Option<&Value>| match value {
        Some(Value::Map(pairs)) => pairs.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(),
        _ => Vec::new(),
    };
    let mut all = [of(before), of(after)].concat();
    all.sort();
    all.dedup();
    all.into_iter().map(Step::Key).collect()
}

/// A list of plain values is told as a whole: an item that is added in front has not changed the others.
fn holds_maps(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::List(items)) if items.iter().any(|item| matches!(item, Value::Map(_) | Value::List(_))))
}

fn length(value: Option<&Value>) -> usize {
    match value {
        Some(Value::List(items)) => items.len(),
        _ => 0,
    }
}

fn child<'a>(value: Option<&'a Value>, step: &Step) -> Option<&'a Value> {
    match (value?, step) {
        (Value::List(items), Step::Index(index)) => items.get(*index),
        (map, Step::Key(key)) => map.get(key),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{FileDelta, parse_file};
    use crate::model::Limits;

    fn catalog(files: &[(&str, &str)]) -> Catalog {
        let put =
            |(path, text): &(&str, &str)| FileDelta::put(parse_file(&FilePath::new(path), text.as_bytes(), &Limits::default()));
        Catalog::default().apply(files.iter().map(put))
    }

    /// Each difference in one line.
    fn told(before: &[(&str, &str)], after: &[(&str, &str)]) -> String {
        let found = anonymous_difference(&catalog(before), &catalog(after));
        let mut out = Vec::new();
        for one in &found.subjects {
            out.push(format!(
                "{} {}{}",
                one.operation.as_str(),
                one.subject,
                if one.owner_moved { " (owner moved)" } else { "" }
            ));
            if let Some((before, after)) = &one.owners {
                out.push(format!("  owned by {before:?} -> {after:?}"));
            }
            for part in &one.parts {
                out.push(format!("  {}: {:?} -> {:?}", path_in_words(&part.path), part.before, part.after));
            }
        }
        out.extend(found.unread.iter().map(|(file, side)| format!("unread {file} {side:?}")));
        out.join("\n")
    }

    const ENV: &str = "identifier: Env\nschema: { properties: { kind: { type: string }, size: { type: object } } }\nrelations: { on: { target: Cluster } }\nteamInheritance: { path: on }\n";
    const CLUSTER: &str = "identifier: Cluster\nschema: { properties: {} }\n";

    #[test]
    fn what_means_the_same_differs_in_nothing() {
        let before =
            [("blueprints/Env.yaml", ENV), ("entities/Env/a.yaml", "identifier: a\nproperties: {kind: x, size: {b: 1, a: 2}}\n")];
        let after = [
            ("blueprints/moved.yaml", ENV),
            ("entities/Env/b.yaml", "# a comment\nproperties:\n  size: {'a': 2, b: 1.0}\n  kind: \"x\"\nidentifier: a\n"),
        ];
        assert_eq!(told(&before, &after), "");
    }

    #[test]
    fn nested_values_are_told_by_their_paths_and_owners_that_move_too() {
        let before = [
            ("blueprints/Env.yaml", ENV),
            ("blueprints/Cluster.yaml", CLUSTER),
            ("entities/Cluster/c.yaml", "identifier: c\nteam: [platform]\n"),
            (
                "entities/Env/a.yaml",
                "identifier: a\nproperties: {kind: x, size: {cpu: {limit: 1}, list: [1, 2], rows: [{n: 1}, {n: 2}]}}\nrelations: {on: c}\n",
            ),
            ("entities/Env/gone.yaml", "identifier: gone\ntitle: Gone\n"),
            ("users/alice.yaml", "identifier: alice\nroles: [Member]\n"),
        ];
        let after = [
            before[0],
            before[1],
            ("entities/Cluster/c.yaml", "identifier: c\nteam: [checkout]\n"),
            (
                "entities/Env/a.yaml",
                "identifier: a\nproperties: {size: {cpu: {limit: 2, 'a.b': null}, list: [0, 1, 2], rows: [{n: 1}, {n: 3}]}}\nrelations: {on: c}\n",
            ),
            ("entities/Env/new.yaml", "identifier: new\nproperties: {size: {}}\n"),
            ("users/alice.yaml", "identifier: alice\nroles: [Member, Admin]\n"),
            ("entities/Env/broken.yaml", "identifier: ["),
        ];
        insta::assert_snapshot!(told(&before, &after));
    }

    #[test]
    fn a_subject_is_found_by_its_name_its_directory_or_its_file() {
        let found =
            anonymous_difference(&Catalog::default(), &catalog(&[("entities/all.yaml", "- {identifier: a, blueprint: Env}\n")]));
        let [one] = found.subjects.as_slice() else { panic!("{found:?}") };
        for name in ["", "Env", "Env/", "Env/a", "entities", "entities/Env/a", "entities/all.yaml"] {
            assert!(one.is_under(name), "{name}");
        }
        for name in ["En", "Env/ab", "entities/al", "blueprints"] {
            assert!(!one.is_under(name), "{name}");
        }
    }

    proptest::proptest! {
        /// The parts of a difference, put into what was before, make what is after.
        #[test]
        fn the_parts_make_the_whole(before in json(), after in json()) {
            let change = Change {
                subject: Subject::Policy,
                operation: Operation::Update,
                field: None,
                before: Some(Value::from_json(&before)),
                after: Some(Value::from_json(&after)),
                place: crate::model::Place::file(&FilePath::new("x")),
            };
            let parts = leaves(None, &change);
            proptest::prop_assert_eq!(parts.is_empty(), change.before == change.after);
            for (path, was, is) in parts {
                proptest::prop_assert_ne!(&was, &is);
                let at = |value: &Option<Value>| path.iter().try_fold(value.as_ref()?, |value, step| child(Some(value), step)).cloned();
                proptest::prop_assert_eq!(at(&change.before), was);
                proptest::prop_assert_eq!(at(&change.after), is);
            }
        }
    }

    fn json() -> impl proptest::strategy::Strategy<Value = serde_json::Value> {
        use proptest::prelude::*;
        let leaf = prop_oneof![Just(serde_json::Value::Null), (0..3i64).prop_map(Into::into), "[ab]".prop_map(Into::into)];
        leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
                proptest::collection::btree_map("[xyz]", inner, 0..3)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }
}
