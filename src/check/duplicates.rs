//! Two documents that claim one identifier: an error in both places, each naming the other (spec 1).

use std::sync::Arc;

use crate::catalog::{Declared, Located};
use crate::model::{Finding, RuleDoc, Subject};

use super::scope::Scope;
use super::validate::Fault;

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: "duplicate/identifier",
    summary: "An identifier names one document of its kind; an entity's is unique within its blueprint.",
    remedy: "Rename one of the two, or delete it.",
}];

/// How many of the others are named: a thousand that claim one name shall not each name the thousand.
const NAMED: usize = 5;

/// A catalog that was valid had none, so however little changed, all that there are are looked at.
pub(super) fn check(scope: &Scope<'_>, out: &mut Vec<Fault>) {
    let c = scope.catalog;
    table(c.policies(), |()| Subject::Policy, out);
    table(c.blueprints(), |id| Subject::Blueprint(id.clone()), out);
    table(c.entities(), |key| Subject::Entity(key.clone()), out);
    table(c.permissions(), |id| Subject::Permissions(id.clone()), out);
    table(c.actions(), |id| Subject::Action(id.clone()), out);
    table(c.runs(), |id| Subject::Run(id.clone()), out);
    table(c.users(), |id| Subject::User(id.clone()), out);
    table(c.teams(), |id| Subject::Team(id.clone()), out);
}

fn table<K: Ord + Clone, T: Clone>(table: &impl Declared<K, T>, subject: impl Fn(&K) -> Subject, out: &mut Vec<Fault>) {
    for (key, others) in table.rivals() {
        let stands = table.standing(key);
        let all: Vec<&Arc<Located<T>>> = stands.iter().chain(others).collect();
        for (i, one) in all.iter().enumerate() {
            let others = || all.iter().enumerate().filter(|(j, _)| *j != i).map(|(_, other)| *other);
            let elsewhere: Vec<String> = others().take(NAMED).map(|other| place_of(other)).collect();
            let more = match all.len() - 1 - elsewhere.len() {
                0 => String::new(),
                more => format!(" and {more} more places"),
            };
            let subject = subject(key);
            let message = format!("`{subject}` is declared more than once: also in {}{more}", elsewhere.join(", "));
            let named_by = named_by(&subject);
            let finding = Finding::error("duplicate/identifier", message)
                .at(one.key_at(&[named_by]))
                .help("rename one of them, or delete it");
            let finding =
                others().take(NAMED).fold(finding, |finding, other| finding.related(other.key_at(&[named_by]), "also declared"));
            out.push(Fault::itself(subject, finding));
        }
    }
}

/// The key that says which one a document is; where the file's name says it, the place is that of the document.
fn named_by(subject: &Subject) -> &'static str {
    match subject {
        Subject::Permissions(_) => "blueprint",
        _ => "identifier",
    }
}

fn place_of<T>(document: &Located<T>) -> String {
    if document.pointer.parts().is_empty() {
        document.file.to_string()
    } else {
        format!("{} at {}", document.file, document.pointer)
    }
}
