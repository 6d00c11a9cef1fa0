//! A difference in every format, with what strangers may write in it.

use super::defuse::is_hostile;
use super::sample::id;
use super::{Differing, difference_json, difference_markdown, difference_text};
use crate::catalog::{Operation, Owner};
use crate::check::difference::{Difference, Part, Side, Step, SubjectDifference, path_in_words};
use crate::model::{Actor, CommitId, EntityKey, FilePath, Subject, Value};

const EVIL: &str = "\u{1b}[2J\u{202e}| `x` <script> @org/all\n::error::";

fn part(path: &[&str], before: Option<Value>, after: Option<Value>, who: &str) -> Part {
    let path = path.iter().map(|key| Step::Key((*key).into())).collect();
    Part { path, before, after, commit: Some(CommitId([0x2b; 20])), actors: vec![Actor::User(id(who))] }
}

fn one(name: &str, operation: Operation, parts: Vec<Part>, owners: (&[&str], &[&str])) -> SubjectDifference {
    let team = |teams: &[&str]| teams.iter().map(|team| id(team)).collect::<Owner>();
    let mut actors: Vec<Actor> = parts.iter().flat_map(|part| part.actors.clone()).collect();
    actors.sort();
    actors.dedup();
    SubjectDifference {
        subject: Subject::Entity(EntityKey { blueprint: id("Env"), identifier: id(name) }),
        operation,
        file: FilePath::new(&format!("entities/Env/{name}.yaml")),
        owners: Some((team(owners.0), team(owners.1))),
        owner_moved: false,
        commit: Some(CommitId([0x2b; 20])),
        parts,
        actors,
    }
}

fn sample() -> Differing {
    let text = |text: &str| Some(Value::from(text));
    let by_two = vec![
        part(&["properties", "kind"], text("production"), text("testing"), "carol@acme.dev"),
        part(&["properties", "size", "a.b"], None, Some(Value::Null), "bob@acme.dev"),
        part(&["title"], text(EVIL), None, "bob@acme.dev"),
    ];
    let new = vec![part(&["properties", "kind"], None, text("testing"), "carol@acme.dev")];
    let mut run = one("x", Operation::Execute, vec![], (&[], &[]));
    (run.subject, run.owners, run.commit) = (Subject::Run(id("keep")), None, None);
    Differing {
        base: CommitId([0x1a; 20]),
        head: Some(CommitId([0x2b; 20])),
        difference: Difference {
            subjects: vec![
                one("prod", Operation::Update, by_two, (&["platform"], &["checkout", "platform"])),
                one("new", Operation::Register, new, (&[], &["platform"])),
                one("gone", Operation::Unregister, vec![], (&[], &[])),
                run,
            ],
            unread: vec![(FilePath::new(EVIL), Side::Head)],
        },
        root: "platform".into(),
        unattributed: None,
    }
}

#[test]
fn a_difference_in_every_format() {
    let of = sample();
    insta::assert_snapshot!("difference_text", difference_text(&of, false));
    insta::assert_snapshot!("difference_json", difference_json(&of));
    insta::assert_snapshot!("difference_markdown", difference_markdown(&of));
    for out in [difference_text(&of, false), difference_json(&of), difference_markdown(&of)] {
        assert!(!out.chars().any(|c| c != '\n' && is_hostile(c)), "{out:?}");
    }
    assert_eq!(anstream::adapter::strip_str(&difference_text(&of, true)).to_string(), difference_text(&of, false));
    let none = Differing { difference: Difference::default(), head: None, unattributed: Some("because".into()), ..of };
    insta::assert_snapshot!("difference_none", difference_text(&none, false));
}

#[test]
fn paths_read_one_way_only() {
    let key = |key: &str| Step::Key(key.into());
    assert_eq!(path_in_words(&[key("a"), Step::Index(2), key("b.c"), key("d")]), "a[2][\"b.c\"].d");
    assert_eq!(path_in_words(&[key(""), key("a\"]")]), "[\"\"][\"a\\\"]\"]");
}
