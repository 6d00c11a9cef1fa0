//! Moves of base that matter to a verdict are never taken for moves that do not.

use super::told::*;
use crate::catalog::{Catalog, FileDelta};
use crate::check::{Base, Footing, Head, Proposal, Verdict, judge};
use crate::model::{CommitId, Finding};

/// A range by one person off a base, and the same range once base has moved.
struct Moved {
    before: Proposal,
    after: Proposal,
}

fn moved(base: &Catalog, who: &str, change: Files<'_>, moves: Vec<FileDelta>) -> Moved {
    let before = on(base).commit(who, change).proposal();
    let now = base.apply(moves);
    let after =
        Proposal { base_id: CommitId([9; 20]), merged: Head(now.apply(deltas(change))), base: Base(now), ..before.clone() };
    Moved { before, after }
}

impl Moved {
    fn verdicts(&self) -> (Verdict, Verdict) {
        let first = judge(&self.before);
        (Verdict { base: self.after.base_id, ..first }, judge(&self.after))
    }

    fn footing(&self) -> Footing {
        Footing::of(&self.before, &judge(&self.before)).expect("plain and green")
    }

    /// The verdict stands, and is what a whole judgement says.
    fn is_spared(&self) {
        let (was, is) = self.verdicts();
        assert_eq!(was, is);
        assert!(self.footing().stands(&self.after.base.0));
    }

    /// The whole judgement says something else, and nobody thinks that the first still stands.
    fn matters(&self) {
        let (was, is) = self.verdicts();
        assert_ne!(was, is);
        assert!(!self.footing().stands(&self.after.base.0));
    }

    fn is_judged_anew(&self) {
        assert!(!self.footing().stands(&self.after.base.0));
    }
}

/// Owners may do what they like with their own.
fn owned() -> Catalog {
    let own =
        "entities:\n  register: { ownedByTeam: true }\n  update: { ownedByTeam: true }\n  unregister: { ownedByTeam: true }\n";
    world().apply(deltas(&[("permissions/Env.yaml", own), ("permissions/Service.yaml", own)]))
}

const GROWN: Files<'static> =
    &[("entities/Env/prod.yaml", "identifier: prod\nproperties: { kind: prod, size: 2 }\nrelations: { service: cart }\n")];
const NEW: Files<'static> =
    &[("entities/Env/new.yaml", "identifier: new\nproperties: { kind: dev }\nrelations: { service: cart }\n")];

#[test]
fn a_move_elsewhere_spares_the_judgement() {
    let elsewhere: Files<'_> = &[
        ("entities/System/pay.yaml", "identifier: pay\nteam: red\nproperties: { tier: low }\n"),
        ("entities/Service/till.yaml", ""),
        ("entities/Env/other.yaml", "identifier: other\nproperties: { size: 7 }\nrelations: { service: cart }\n"),
    ];
    for change in [GROWN, NEW, &[("entities/Env/prod.yaml", "")], &[]] {
        moved(&owned(), "alice", change, deltas(elsewhere)).is_spared();
        moved(&owned(), "alice", change, Vec::new()).is_spared();
    }
}

#[test]
fn a_target_that_goes_matters() {
    let lone: Files<'_> = &[("entities/Service/lone.yaml", "identifier: lone\nrelations: { system: shop }\n")];
    let base = owned().apply(deltas(lone));
    let change: Files<'_> = &[("entities/Env/new.yaml", "identifier: new\nrelations: { service: lone }\n")];
    moved(&base, "alice", change, deltas(&[("entities/Service/lone.yaml", "")])).matters();
    // It reads nothing else of a target of which no owner follows, but stands it must.
    let friend: Files<'_> = &[("entities/Service/new.yaml", "identifier: new\nrelations: { system: shop, friends: [lone] }\n")];
    moved(&base, "alice", friend, deltas(&[("entities/Service/lone.yaml", "")])).matters();
}

#[test]
fn a_new_referrer_of_what_goes_matters() {
    let lone: Files<'_> = &[("entities/Service/lone.yaml", "identifier: lone\nrelations: { system: shop }\n")];
    let change: Files<'_> = &[("entities/Service/lone.yaml", "")];
    let referrer: Files<'_> = &[("entities/Env/late.yaml", "identifier: late\nrelations: { service: lone }\n")];
    moved(&owned().apply(deltas(lone)), "alice", change, deltas(referrer)).matters();
}

#[test]
fn an_owner_that_moves_far_up_matters() {
    // Of what stands, of what comes, and of what goes; the system is two steps away.
    let sold: Files<'_> = &[("entities/System/shop.yaml", "identifier: shop\nteam: blue\n")];
    let moved_on: Files<'_> = &[("entities/Service/cart.yaml", "identifier: cart\nrelations: { system: pay }\n")];
    for change in [GROWN, NEW, &[("entities/Env/prod.yaml", "")]] {
        moved(&owned(), "alice", change, deltas(sold)).matters();
        moved(&owned(), "alice", change, deltas(moved_on)).matters();
    }
    // The service in between has a team of its own: nothing of the system is inherited by it, but its environments go by their own path.
    let own: Files<'_> = &[("entities/Service/cart.yaml", "identifier: cart\nteam: blue\nrelations: { system: shop }\n")];
    moved(&owned().apply(deltas(own)), "alice", GROWN, deltas(sold)).matters();
}

#[test]
fn whatever_judges_matters() {
    let new_rule: Files<'_> = &[("permissions/Env.yaml", "entities:\n  update: { roles: [Admin] }\n")];
    let no_member: Files<'_> = &[("teams/red.yaml", "identifier: red\nmembers: [bob@acme.dev]\n")];
    let gone: Files<'_> = &[("users/alice.yaml", "identifier: al@acme.dev\nroles: [Member]\n")];
    for moves in [new_rule, no_member, gone] {
        moved(&owned(), "alice", GROWN, deltas(moves)).matters();
    }
    let demoted: Files<'_> = &[("users/ada.yaml", "identifier: ada@acme.dev\nroles: [Member]\n")];
    moved(
        &owned(),
        "ada",
        &[("entities/System/shop.yaml", "identifier: shop\nteam: red\nproperties: { tier: low }\n")],
        deltas(demoted),
    )
    .matters();
    let stricter = WORLD[2].1.replace("size: { type: number, default: 1 }", "size: { type: number, default: 1, maximum: 1 }");
    moved(&owned(), "alice", GROWN, deltas(&[("blueprints/Env.yaml", &stricter)])).matters();
    // These say nothing of this change, and are looked at all the same.
    let policy: Files<'_> = &[("catalog.yaml", "identity: declared\nselfApproval: true\n")];
    let elsewhere: Files<'_> = &[("blueprints/renamed.yaml", WORLD[0].1), ("blueprints/System.yaml", "")];
    for moves in [policy, elsewhere] {
        moved(&owned(), "alice", GROWN, deltas(moves)).is_judged_anew();
    }
}

#[test]
fn a_look_alike_that_came_matters() {
    let alike: Files<'_> = &[("entities/Env/alike.yaml", "identifier: nevv\n")];
    let upper: Files<'_> = &[("entities/Env/alike.yaml", "identifier: NEW\n")];
    let other_kind: Files<'_> = &[("entities/System/alike.yaml", "identifier: NEW\n")];
    moved(&owned(), "alice", NEW, deltas(upper)).matters();
    moved(&owned(), "alice", NEW, deltas(other_kind)).is_spared();
    let (was, is) = moved(&owned(), "alice", NEW, deltas(alike)).verdicts();
    assert_eq!(was != is, !moved(&owned(), "alice", NEW, deltas(alike)).footing().stands(&owned().apply(deltas(alike))));
}

#[test]
fn the_same_name_in_another_file_matters() {
    let twice: Files<'_> = &[("entities/more.yaml", "- { identifier: new, blueprint: Env }\n")];
    moved(&owned(), "alice", NEW, deltas(twice)).matters();
}

#[test]
fn what_nobody_can_read_or_tell_apart_matters() {
    let broken: Files<'_> = &[("permissions/Service.yaml", "entities: [")];
    let odd: Files<'_> = &[("entities/odd.yaml", "identifier: [")];
    let twice: Files<'_> = &[("entities/more.yaml", "- { identifier: pay, blueprint: System }\n")];
    for moves in [broken, odd, twice] {
        moved(&owned(), "alice", GROWN, deltas(moves)).is_judged_anew();
    }
}

/// Whether a judgement of this change has a footing at all.
fn rests(base: &Catalog, who: &str, change: Files<'_>) -> bool {
    let proposal = on(base).commit(who, change).proposal();
    Footing::of(&proposal, &judge(&proposal)).is_some()
}

#[test]
fn what_is_not_plain_and_green_rests_on_nothing() {
    assert!(rests(&owned(), "alice", GROWN));
    assert!(!rests(&owned(), "bob", GROWN), "refused");
    assert!(!rests(&owned(), "ada", &[("teams/red.yaml", "identifier: red\ntitle: Red\nmembers: [alice@acme.dev]\n")]), "roster");
    assert!(!rests(
        &owned(),
        "ada",
        &[("permissions/System.yaml", "entities: { update: { users: [no@acme.dev], roles: [Admin] } }\n")]
    ));
    assert!(
        !rests(&owned(), "ada", &[("blueprints/renamed.yaml", WORLD[0].1), ("blueprints/System.yaml", "")]),
        "judges stand elsewhere"
    );
    let policy = "entities:\n  update: { ownedByTeam: true, policy: { combinator: and, rules: [{ property: kind, operator: \"=\", value: prod }] } }\n";
    assert!(!rests(&owned().apply(deltas(&[("permissions/Env.yaml", policy)])), "alice", GROWN), "other entities may be read");
    let green = on(&owned()).commit("alice", GROWN).proposal();
    let verdict = judge(&green);
    let warned = Verdict { findings: vec![Finding::warning("lint/some", "hardly meant")], ..verdict.clone() };
    assert!(Footing::of(&green, &verdict).is_some() && Footing::of(&green, &warned).is_none());
    assert!(Footing::of(&Proposal { base_is_valid: false, ..green.clone() }, &verdict).is_none());
    assert!(Footing::of(&Proposal { target: crate::check::Target::WatchedBranch, ..green.clone() }, &verdict).is_none());
    assert!(Footing::of(&Proposal { as_user: Some(id("ada@acme.dev")), ..green }, &verdict).is_none());
}

#[test]
fn what_others_inherit_by_way_of_rests_on_nothing() {
    // A service that comes later with a late system between would move its owner with it.
    assert!(!rests(&world(), "ada", &[("entities/System/pay.yaml", "identifier: pay\nteam: red\n")]), "a team");
    assert!(
        !rests(&world(), "ada", &[("entities/Service/till.yaml", "identifier: till\nrelations: { system: shop }\n")]),
        "a hop"
    );
    // A property moves no owner, and from what is new nothing inherits yet.
    assert!(rests(&world(), "ada", &[("entities/System/pay.yaml", "identifier: pay\nteam: blue\nproperties: { tier: low }\n")]));
    assert!(rests(&world(), "ada", &[("entities/System/new.yaml", "identifier: new\nteam: red\n")]));
    assert!(
        rests(&world(), "ada", &[("entities/Env/prod.yaml", "identifier: prod\nrelations: { service: till }\n")]),
        "nothing goes by Env"
    );
}

#[test]
fn what_only_passed_through_the_commits_counts_too() {
    // The first commit is judged by itself: what it did to `other` was alice's to do, and is not any more.
    let other = "identifier: other\nrelations: { service: cart }\n";
    let base = owned().apply(deltas(&[("entities/Env/other.yaml", other)]));
    let before = on(&base)
        .commit("alice", &[("entities/Env/other.yaml", "identifier: other\ntitle: Other\nrelations: { service: cart }\n")])
        .commit("alice", &[("entities/Env/other.yaml", other), GROWN[0]])
        .proposal();
    let footing = Footing::of(&before, &judge(&before)).unwrap();
    let now = base.apply(deltas(&[("entities/Env/other.yaml", "identifier: other\nteam: blue\nrelations: { service: cart }\n")]));
    let after = Proposal { merged: Head(now.apply(deltas(GROWN))), base: Base(now.clone()), ..before.clone() };
    assert_ne!(judge(&before), judge(&after));
    assert!(!footing.stands(&now));
}
