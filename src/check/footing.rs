//! What a green verdict rests on, so that it need not be found again where base moved elsewhere.
//!
//! A [`Footing`] is made of the common case alone: a valid base, a pull request that merges cleanly, changes nothing but entities, asks for
//! no run, and against which nothing stands, not even a warning. Whatever else there is has no footing and is judged anew.
//!
//! It lists the questions that the judgement asked of base about anything that the pull request itself does not bring. Where each has the
//! same answer on a later base, where git says that the same files change from the same content to the same content, and where the forge's
//! facts are equal, the verdict is the same. Why, family by family of the rules:
//!
//! - **What each commit says by itself** (`validate_changed` of its trees, its own changes, its merges) reads its own trees and nothing of base.
//! - **`identity/*`, attribution, wrecks** read the commits, the forge's facts, and roster and policy of base. Those two must be equal, down to
//!   where they stand; the same goes for blueprints, permissions, actions and teams.
//! - **`permission/*`** reads permissions, roster and teams, whether an entity stands on base, and its effective owner there; of a new one, that in
//!   the result. Every entity from which an owner follows is part of the footing ([`Owners::rests_on`]). A dynamic policy may read any entity:
//!   where a touched blueprint's permissions hold one, there is no footing.
//! - **The difference** and **`permission/update-team`**: a field that moves an owner would move that of whatever inherits from it, now or on a later
//!   base. Where any path of inheritance passes over the blueprint of an entity whose team or relations change, there is no footing. What
//!   is new is inherited from by nothing on base, which has no dangling relation as long as it is valid.
//! - **`schema/*`, `reference/*`, mentions** of a written entity read its blueprint, the roster, and whether its targets stand: they are part of the
//!   footing. Of a removed one they read who still points at it: the referrers are part of it too.
//! - **`lookalike/*`** reads the names that look like one that comes: those are part of it.
//! - **`duplicate/*`** reads all tables: no key may be claimed twice, before or after; a key that the change brings is part of the footing itself.
//! - **`yaml/*`, `document/*`, `git/*`** are about files: none may be broken on base, and git is asked again whether the result is clean
//!   (`facts::Workspace::still`, which also sees to conflicts and limits).
//! - **`blueprint/*`, `schema/not-on-base`, `ownership/*`, `derived/*`, `action/*`, `policy/*`, `roster/*`, `lint/*`** look at documents that differ from
//!   base, and none but entities do. Derived values are computed for readers and policies, never for a verdict.
//! - **`run/*`, `approval/*`, `limit/runs`** look at runs that come; none does. So runs may land on base meanwhile.
//! - **Time** enters by the receipt of commits, which is a fact that must be equal, and by runs.

use std::collections::BTreeSet;

use crate::catalog::{Catalog, Change, Field, Namespace, Owners, Table};
use crate::model::{EntityKey, Identifier, Subject};

use super::judge::is_the_net;
use super::lints::rules_of;
use super::{Conclusion, Performed, Proposal, Target, Verdict, merges};

/// Beyond as many changes or entities it costs more to remember what a verdict rests on than it spares.
const MOST: usize = 4_096;

/// What a verdict rests on.
#[derive(Clone, Debug)]
pub struct Footing {
    /// The base that it was found on.
    base: Catalog,
    /// Stand as they do, or are as absent as they are.
    entities: BTreeSet<EntityKey>,
    /// Come, and what looks like them.
    come: BTreeSet<EntityKey>,
    /// Go, and who points at them.
    gone: BTreeSet<EntityKey>,
}

impl Footing {
    /// Of a verdict, where it is simple enough to tell.
    pub fn of(proposal: &Proposal, verdict: &Verdict) -> Option<Self> {
        let (base, merged) = (&proposal.base.0, &proposal.merged.0);
        let plain = proposal.target == Target::PullRequest
            && proposal.base_is_valid
            && proposal.as_user.is_none()
            && proposal.performed == Performed::default()
            && proposal.findings.is_empty()
            && proposal.conflicts.is_empty();
        let green = verdict.conclusion == Conclusion::Success
            && verdict.findings.is_empty()
            && verdict.runs.is_empty()
            && verdict.commits.iter().all(|commit| commit.findings.is_empty())
            && verdict.changes.iter().all(|change| change.allowed);
        let sound = [base, merged, &proposal.head.0].into_iter().all(is_sound);
        if verdict.changes.len() > MOST
            || !(plain && green && sound && same_documents(base, merged) && same(base.runs(), merged.runs()))
        {
            return None;
        }
        let net: Vec<&Change> = verdict.changes.iter().map(|one| &one.change).collect();
        let brought = keys(net.iter().copied())?;
        let mut touched = brought.clone();
        for commit in proposal.commits.iter().filter(|commit| !is_the_net(proposal, commit)) {
            touched.extend(keys(&merges::own_changes(commit).0)?);
        }
        if touched.len() > MOST || passes_on_owners(base, &net) || touched.iter().any(|key| is_policed(base, &key.blueprint)) {
            return None;
        }
        let (mut before, mut after) = (Owners::new(base), Owners::new(merged));
        let mut entities: BTreeSet<EntityKey> = touched.iter().flat_map(|key| before.rests_on(key)).collect();
        for key in &brought {
            entities.extend(after.rests_on(key));
            entities.extend(merged.targets_of(key));
        }
        let stands = |catalog: &Catalog, key: &EntityKey| catalog.entities().contains(key);
        let come = brought.iter().filter(|key| !stands(base, key)).cloned().collect();
        let gone = brought.iter().filter(|key| !stands(merged, key)).cloned().collect();
        (entities.len() <= MOST).then(|| Self { base: base.clone(), entities, come, gone })
    }

    /// Whether all of it is on `now` as it was where the verdict was found.
    pub fn stands(&self, now: &Catalog) -> bool {
        let base = &self.base;
        let as_it_was = |key: &EntityKey| base.entities().get(key) == now.entities().get(key);
        let alike = |catalog: &Catalog, key: &EntityKey| {
            catalog.look_alikes_of(&Namespace::Entities(key.blueprint.clone()), &key.identifier)
        };
        let referrers = |catalog: &Catalog, key: &EntityKey| catalog.referrers_of(key).collect::<BTreeSet<_>>();
        is_sound(now)
            && same_documents(base, now)
            && self.entities.iter().all(as_it_was)
            && self.come.iter().all(|key| alike(base, key) == alike(now, key))
            && self.gone.iter().all(|key| referrers(base, key) == referrers(now, key))
    }

    /// The same on a later base, on which it stands.
    #[must_use]
    pub fn on(self, now: &Catalog) -> Self {
        Self { base: now.clone(), ..self }
    }
}

/// The entities that changes are about; `None` where one is about anything else.
fn keys<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Option<BTreeSet<EntityKey>> {
    let key = |change: &Change| match &change.subject {
        Subject::Entity(key) => Some(key.clone()),
        _ => None,
    };
    changes.into_iter().map(key).collect()
}

/// Whether every file can be read, and nothing is claimed twice.
fn is_sound(catalog: &Catalog) -> bool {
    let c = catalog;
    c.broken_files().is_empty()
        && c.policies().duplicates_map().is_empty()
        && c.blueprints().duplicates_map().is_empty()
        && c.entities().duplicates_map().is_empty()
        && c.permissions().duplicates_map().is_empty()
        && c.actions().duplicates_map().is_empty()
        && c.runs().duplicates_map().is_empty()
        && c.users().duplicates_map().is_empty()
        && c.teams().duplicates_map().is_empty()
}

/// Whether all documents that judge others are the same, and stand where they stood.
fn same_documents(one: &Catalog, other: &Catalog) -> bool {
    same(one.policies(), other.policies())
        && same(one.blueprints(), other.blueprints())
        && same(one.permissions(), other.permissions())
        && same(one.actions(), other.actions())
        && same(one.users(), other.users())
        && same(one.teams(), other.teams())
}

fn same<K: Ord + Clone, T: Clone + PartialEq>(one: &Table<K, T>, other: &Table<K, T>) -> bool {
    one.map().ptr_eq(other.map()) || one.map().diff(other.map()).next().is_none()
}

/// Whether something inherits, or may come to inherit, its owner by way of what these change.
fn passes_on_owners(base: &Catalog, changes: &[&Change]) -> bool {
    let moves = |change: &&&Change| matches!(change.field, Some(Field::Team | Field::Owner | Field::Relation(_)));
    let moving: BTreeSet<&Identifier> = changes
        .iter()
        .filter(moves)
        .filter_map(|change| match &change.subject {
            Subject::Entity(key) if base.entities().contains(key) => Some(&key.blueprint),
            _ => None,
        })
        .collect();
    let mut owners = Owners::new(base);
    let mut passed = |id: &Identifier| owners.path(id).is_some_and(|path| path.iter().any(|hop| moving.contains(&hop.target)));
    !moving.is_empty() && base.blueprints().iter().any(|(id, _)| passed(id))
}

/// Whether a right over entities of a blueprint may hang on what other entities say.
fn is_policed(base: &Catalog, blueprint: &Identifier) -> bool {
    let document = base.permissions().get(blueprint);
    document.is_some_and(|document| rules_of(&document.value).iter().any(|(_, rule)| rule.policy.is_some()))
}
