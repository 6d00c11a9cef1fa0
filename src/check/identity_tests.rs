//! Stories of who somebody is, and of those who would be somebody else.

use super::identity::{RULES, attribute, hands, reviewer};
use super::story::{commit, forge_user, pull_request, push};
use super::{Base, CommitFacts, PullRequestFacts, Reach, Way};
use crate::catalog::{Catalog, Document, FileDelta};
use crate::model::{Actor, IdentityMode, KeyFingerprint, Reviewer, SignatureFact, SigningKey, User};
use crate::run::fixture::{World, account, at, day, file, id, user};
use IdentityMode::{Declared, Forge, Signature};

fn key(name: &str) -> SigningKey {
    SigningKey { public: String::new(), fingerprint: KeyFingerprint(name.into()), from: None, until: None }
}

fn signed(key: &str, mut commit: CommitFacts) -> CommitFacts {
    commit.signature = SignatureFact::By(KeyFingerprint(key.into()));
    commit
}

pub(super) fn base(world: &World) -> Base<Catalog> {
    Base(world.base())
}

pub(super) fn world() -> World {
    World::new()
        .edit_user("alice", |u| {
            u.emails.push("Alice@Home.example".into());
            u.signing_keys.push(key("SHA256:alice"));
        })
        .edit_user("bob", |u| u.signing_keys.push(key("SHA256:bob")))
}

/// The actors, as words, and the rules of the findings.
fn judged(world: &World, mode: IdentityMode, commit: &CommitFacts) -> (Vec<String>, Vec<&'static str>) {
    judged_in(world, mode, commit, std::slice::from_ref(commit), None)
}

pub(super) fn judged_in(
    world: &World,
    mode: IdentityMode,
    commit: &CommitFacts,
    range: &[CommitFacts],
    facts: Option<&PullRequestFacts>,
) -> (Vec<String>, Vec<&'static str>) {
    let reach = Reach::new();
    let way = Way { opener: facts.map(|pr| pr.opener.as_ref()), pushes: facts.map_or(&[], |pr| &pr.pushes), reach: &reach };
    judged_by(world, mode, commit, range, &way)
}

pub(super) fn judged_by(
    world: &World,
    mode: IdentityMode,
    commit: &CommitFacts,
    range: &[CommitFacts],
    way: &Way<'_>,
) -> (Vec<String>, Vec<&'static str>) {
    let (attribution, findings) = attribute(&base(world), mode, commit, range, way);
    assert!(findings.iter().all(|f| f.commit == Some(commit.id) && RULES.iter().any(|rule| rule.id == f.rule)));
    let names = attribution.0.iter().map(|a| a.to_string().replace("@acme.dev", "")).collect();
    (names, findings.iter().map(|f| f.rule).collect())
}

pub(super) fn outcome(actors: &[&str], rules: &[&'static str]) -> (Vec<String>, Vec<&'static str>) {
    (actors.iter().map(|a| (*a).to_owned()).collect(), rules.to_vec())
}

#[test]
fn declared_believes_the_committer_whatever_the_case() {
    let mut by_alice = commit(1, &[], "mallory");
    by_alice.committer_email = "ALICE@home.Example".into();
    assert_eq!(judged(&world(), Declared, &by_alice), outcome(&["alice"], &[]));
    assert_eq!(judged(&world(), Declared, &commit(1, &[], "mallory")), outcome(&["stranger:mallory"], &[]));
    assert_eq!(judged(&world(), Declared, &commit(1, &[], "")), outcome(&["stranger:unknown"], &[]));
}

#[test]
fn an_address_that_two_users_claim_is_nobodys() {
    let world = world().edit_user("bob", |u| u.emails.push("alice@acme.dev".into()));
    assert_eq!(judged(&world, Declared, &commit(1, &[], "alice")), outcome(&["stranger:alice"], &[]));
    let kept = hands(&base(&world), &commit(1, &[], "alice"));
    assert_eq!(kept, [id("alice@acme.dev"), id("bob@acme.dev")].into(), "yet both are kept from approving");
}

#[test]
fn a_user_who_is_declared_twice_is_nobody() {
    let again = file("users/again.yaml", |f| Document::User(at(f, user("alice", "Admin"))));
    let base = Base(world().base().apply([FileDelta::put(again)]));
    let alice = signed("SHA256:alice", commit(1, &[], "alice"));
    for mode in [Declared, Signature] {
        let (attribution, _) = attribute(&base, mode, &alice, &[], &Way { opener: None, pushes: &[], reach: &Reach::new() });
        assert!(matches!(attribution.0[..], [Actor::Stranger(_)]), "{mode:?}");
    }
    assert_eq!(reviewer(&base, Declared, &Reviewer::Account(forge_user("alice"))), None);
}

#[test]
fn a_signature_by_a_key_of_the_roster_tells_the_user() {
    assert_eq!(judged(&world(), Signature, &signed("SHA256:alice", commit(1, &[], "alice"))), outcome(&["alice"], &[]));
}

#[test]
fn what_is_not_signed_as_it_must_be_is_a_strangers() {
    let refused = |commit, rule| assert_eq!(judged(&world(), Signature, &commit), outcome(&["stranger:alice"], &[rule]));
    refused(commit(1, &[], "alice"), "identity/unsigned");
    let mut forged = commit(1, &[], "alice");
    forged.signature = SignatureFact::Invalid("it is over another text".into());
    refused(forged, "identity/bad-signature");
    refused(signed("SHA256:mallory", commit(1, &[], "alice")), "identity/unknown-key");
    refused(signed("SHA256:bob", commit(1, &[], "alice")), "identity/email-mismatch");
}

#[test]
fn a_key_that_two_users_have_tells_nobody() {
    let world = world().edit_user("carol", |u| u.signing_keys.push(key("SHA256:alice")));
    let signed = signed("SHA256:alice", commit(1, &[], "alice"));
    assert_eq!(judged(&world, Signature, &signed), outcome(&["stranger:alice"], &["identity/shared-key"]));
    assert_eq!(hands(&base(&world), &signed).len(), 2, "both are kept from approving");
}

#[test]
fn a_key_counts_only_within_its_validity_when_received() {
    let world = world().edit_user("alice", |u| {
        u.signing_keys[0].from = Some(day(1));
        u.signing_keys[0].until = Some(day(3));
    });
    let received = |days| CommitFacts { received_at: day(days), ..signed("SHA256:alice", commit(1, &[], "alice")) };
    let refused = outcome(&["stranger:alice"], &["identity/key-not-valid"]);
    assert_eq!(judged(&world, Signature, &received(0)), refused);
    assert_eq!(judged(&world, Signature, &received(1)), outcome(&["alice"], &[]));
    assert_eq!(judged(&world, Signature, &received(3)), refused, "`until` is the first moment it no longer holds");
    let mut backdated = received(5);
    backdated.committed_at = Some(day(2));
    assert_eq!(judged(&world, Signature, &backdated), refused, "the committer's own date is only text");
    let renewed = world.edit_user("alice", |u| u.signing_keys.push(SigningKey { from: Some(day(5)), ..key("SHA256:alice") }));
    assert_eq!(judged(&renewed, Signature, &received(6)), outcome(&["alice"], &[]));
}

#[test]
fn the_forges_word_goes_by_number_and_not_by_login() {
    let mut verified = commit(1, &[], "mallory");
    verified.vouched =
        Some(crate::model::Vouched::Account(crate::model::ForgeUser { login: "renamed".into(), id: account("alice") }));
    assert_eq!(judged(&world(), Forge, &verified), outcome(&["alice"], &[]));
    verified.vouched = Some(crate::model::Vouched::Account(crate::model::ForgeUser { login: "alice".into(), id: 7 }));
    assert_eq!(judged(&world(), Forge, &verified), outcome(&["stranger:alice"], &[]), "a login that changed hands");
}

#[test]
fn an_unverified_commit_is_everyones_who_may_have_made_it() {
    let mut forged = commit(1, &[0], "carol");
    forged.author_email = "someone@else.example".into();
    let facts = pull_request(Some("alice"), vec![push(Some("bob"), None, 1)]);
    let judged = judged_in(&world(), Forge, &forged, std::slice::from_ref(&forged), Some(&facts));
    assert_eq!(judged, outcome(&["alice", "bob", "stranger:someone@else.example", "carol"], &[]));
}

#[test]
fn each_commit_is_laid_to_the_push_that_brought_it() {
    let range = [commit(1, &[0], "alice"), commit(2, &[1], "alice"), commit(3, &[2], "alice")];
    let facts = pull_request(Some("alice"), vec![push(Some("alice"), None, 1), push(Some("bob"), Some(1), 3)]);
    let of = |commit| judged_in(&world(), Forge, commit, &range, Some(&facts)).0;
    assert_eq!(of(&range[0]), ["alice"]);
    assert_eq!(of(&range[1]), ["alice", "bob"]);
    assert_eq!(of(&range[2]), ["alice", "bob"]);

    let forced = pull_request(Some("alice"), vec![push(Some("alice"), None, 9), push(Some("bob"), Some(9), 3)]);
    let of = |commit| judged_in(&world(), Forge, commit, &range, Some(&forced)).0;
    assert_eq!(of(&range[0]), ["alice", "bob"], "a forced push brings all that it reaches");
}

#[test]
fn a_push_that_was_forced_away_may_have_brought_anything() {
    let range = [commit(1, &[0], "alice"), commit(2, &[1], "alice")];
    let of =
        |commit: &CommitFacts, pushes| judged_in(&world(), Forge, commit, &range, Some(&pull_request(Some("alice"), pushes)));
    let resets = || vec![push(Some("alice"), None, 1), push(Some("bob"), Some(1), 9), push(Some("alice"), Some(9), 2)];
    assert_eq!(of(&range[0], resets()), outcome(&["alice"], &[]), "bob's old head had it already");
    assert_eq!(of(&range[1], resets()), outcome(&["alice", "bob"], &[]));

    let mut untold = resets();
    untold[1].after = None;
    assert_eq!(of(&range[1], untold), outcome(&["alice", "bob"], &[]), "nor is a new head known that nobody tells of");
    let mut unknown = resets();
    unknown[1].actor = None;
    assert_eq!(of(&range[1], unknown), outcome(&["alice", "stranger:unknown pusher"], &["identity/unknown-pusher"]));

    let opened = vec![push(Some("bob"), None, 0), push(Some("alice"), Some(0), 2)];
    assert_eq!(of(&range[0], opened), outcome(&["alice"], &[]), "a branch that was begun at base brought nothing");
    let gone = vec![push(Some("bob"), None, 9)];
    let nobody = outcome(&["alice", "stranger:unknown pusher", "bob"], &["identity/unknown-pusher"]);
    assert_eq!(of(&range[1], gone), nobody, "what may have been is not what was");
}

#[test]
fn what_the_forge_does_not_know_fails_closed() {
    let range = [commit(1, &[0], "alice"), commit(2, &[1], "alice")];
    let nobody = outcome(&["alice", "stranger:unknown pusher"], &["identity/unknown-pusher"]);
    let facts = pull_request(Some("alice"), vec![push(Some("alice"), Some(1), 2)]);
    assert_eq!(judged_in(&world(), Forge, &range[0], &range, Some(&facts)), nobody, "the first push is missing");
    let facts = pull_request(Some("alice"), vec![push(None, None, 2)]);
    assert_eq!(judged_in(&world(), Forge, &range[1], &range, Some(&facts)), nobody, "its actor is missing");
    let facts = pull_request(None, vec![push(Some("alice"), None, 2)]);
    let opener = outcome(&["stranger:unknown opener", "alice"], &["identity/unknown-opener"]);
    assert_eq!(judged_in(&world(), Forge, &range[1], &range, Some(&facts)), opener);
    assert_eq!(judged(&world(), Forge, &range[1]), outcome(&["stranger:unknown pusher", "alice"], &["identity/unknown-pusher"]));
}

#[test]
fn an_address_that_the_forge_makes_for_an_account_names_its_user() {
    let mut web = commit(1, &[0], "alice");
    web.author_email = format!("{}+whoever@users.noreply.github.com", account("bob"));
    let facts = pull_request(Some("alice"), vec![push(Some("alice"), None, 1)]);
    let judged = judged_in(&world(), Forge, &web, std::slice::from_ref(&web), Some(&facts));
    assert_eq!(judged, outcome(&["alice", "bob"], &[]));
    assert!(hands(&base(&world()), &web).contains("bob@acme.dev"));
}

#[test]
fn reviewers_go_by_account_key_or_where_declared_by_address() {
    let base = base(&world().with_user(User { github_id: Some(account("carol")), ..user("twin", "Admin") }));
    let noted = |signature, email: &str| Reviewer::Committer { signature, email: email.into(), received_at: day(0) };
    let by_key = |key: &str| SignatureFact::By(KeyFingerprint(key.into()));
    let bob = Some(id("bob@acme.dev"));
    for mode in [Declared, Signature, Forge] {
        assert_eq!(reviewer(&base, mode, &Reviewer::Account(forge_user("bob"))), bob);
        assert_eq!(reviewer(&base, mode, &Reviewer::Account(forge_user("mallory"))), None);
        assert_eq!(reviewer(&base, mode, &Reviewer::Account(forge_user("carol"))), None, "two users claim the account");
        assert_eq!(reviewer(&base, mode, &Reviewer::Unknown), None);
    }
    for mode in [Signature, Forge] {
        assert_eq!(reviewer(&base, mode, &noted(by_key("SHA256:bob"), "anything")), bob);
        assert_eq!(reviewer(&base, mode, &noted(by_key("SHA256:mallory"), "bob@acme.dev")), None);
        assert_eq!(reviewer(&base, mode, &noted(SignatureFact::Unsigned, "bob@acme.dev")), None);
        assert_eq!(reviewer(&base, mode, &noted(SignatureFact::Invalid(String::new()), "bob@acme.dev")), None);
    }
    assert_eq!(reviewer(&base, Declared, &noted(SignatureFact::Unsigned, "Bob@acme.dev")), bob);
}

#[test]
fn every_hand_in_a_commit_is_known_in_every_mode() {
    let mut many = signed("SHA256:alice", commit(1, &[], "dave"));
    many.author_email = "BOB@acme.dev".into();
    many.vouched = Some(crate::model::Vouched::Account(forge_user("carol")));
    let all = ["alice", "bob", "carol", "dave"].map(|name| id(&format!("{name}@acme.dev")));
    assert_eq!(hands(&base(&world()), &many), all.into());
}
