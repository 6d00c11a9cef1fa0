//! Stories of commits that people make at a forge: in its editor, by its buttons, for each other, and past each other.

use std::collections::BTreeSet;

use super::identity::{hands, outside_members};
use super::identity_tests::{base, judged_by, judged_in, outcome, world};
use super::story::{commit, commit_id, forge_user, pull_request, push};
use super::{CommitFacts, Reach, Way};
use crate::model::{IdentityMode, Push, User, Vouched};
use crate::run::fixture::{account, id, user};
use IdentityMode::Forge;

/// A commit that the forge has made and signed: its committer line is the forge's own.
fn made_by_the_forge(number: u8, parents: &[u8], author: &str) -> CommitFacts {
    let committer_email = "noreply@github.com".into();
    CommitFacts { committer_email, vouched: Some(Vouched::Forge), ..commit(number, parents, author) }
}

#[test]
fn an_edit_in_the_browser_is_its_authors_pushers_and_openers() {
    let web = made_by_the_forge(1, &[0], "alice");
    let of = |opener, pusher| {
        let facts = pull_request(Some(opener), vec![push(Some(pusher), None, 1)]);
        judged_in(&world(), Forge, &web, std::slice::from_ref(&web), Some(&facts))
    };
    assert_eq!(of("alice", "alice"), outcome(&["alice"], &[]), "the forge's own address is nobody's");
    assert_eq!(of("bob", "alice"), outcome(&["bob", "alice"], &[]), "on somebody else's branch");
    assert_eq!(of("alice", "mallory"), outcome(&["alice", "stranger:mallory"], &[]));
    let unvouched = CommitFacts { vouched: None, ..web.clone() };
    let facts = pull_request(Some("alice"), vec![push(Some("alice"), None, 1)]);
    let judged = judged_in(&world(), Forge, &unvouched, std::slice::from_ref(&unvouched), Some(&facts));
    assert_eq!(judged, outcome(&["alice", "stranger:noreply@github.com"], &[]), "anyone can write the forge's address");
}

#[test]
fn a_suggestion_is_applied_by_one_and_made_by_another() {
    let mut applied = made_by_the_forge(2, &[1], "bob");
    applied.co_authors = vec!["carol@acme.dev".into(), format!("{}+dave@users.noreply.github.com", account("dave"))];
    let range = [commit(1, &[0], "alice"), applied];
    let facts = pull_request(Some("alice"), vec![push(Some("alice"), None, 1), push(Some("bob"), Some(1), 2)]);
    let judged = judged_in(&world(), Forge, &range[1], &range, Some(&facts));
    assert_eq!(judged, outcome(&["alice", "bob"], &[]), "a co-author is asked for no right");
    let hands = hands(&base(&world()), &range[1]);
    assert!(["bob", "carol", "dave"].iter().all(|name| hands.contains(&id(&format!("{name}@acme.dev")))), "and may not approve");
}

#[test]
fn a_bot_acts_by_its_own_rights_and_only_if_it_is_in_the_roster() {
    let bot = User { bot: true, github_id: Some(account("renovate")), ..user("renovate", "Member") };
    let mut by_app = made_by_the_forge(1, &[0], "x");
    by_app.author_email = format!("{}+renovate[bot]@users.noreply.github.com", account("renovate"));
    let facts = pull_request(Some("renovate"), vec![push(Some("renovate"), None, 1)]);
    let of = |world| judged_in(&world, Forge, &by_app, std::slice::from_ref(&by_app), Some(&facts)).0;
    assert_eq!(of(world().with_user(bot.clone())), ["renovate"]);
    assert!(of(world()).iter().all(|actor| actor.starts_with("stranger:")));
    let signed = CommitFacts { vouched: Some(Vouched::Account(forge_user("renovate"))), ..commit(1, &[0], "x") };
    let alone = |world| judged_in(&world, Forge, &signed, std::slice::from_ref(&signed), Some(&facts)).0;
    assert_eq!(alone(world().with_user(bot)), ["renovate"]);
    assert_eq!(alone(world()), ["stranger:renovate"]);
}

#[test]
fn the_button_that_updates_a_branch_is_whoevers_pressed_it() {
    let range = [commit(1, &[0], "alice"), made_by_the_forge(3, &[1, 2], "bob")];
    let facts = pull_request(Some("alice"), vec![push(Some("alice"), None, 1), push(Some("bob"), Some(1), 3)]);
    assert_eq!(judged_in(&world(), Forge, &range[1], &range, Some(&facts)).0, ["alice", "bob"]);
    assert_eq!(judged_in(&world(), Forge, &range[0], &range, Some(&facts)).0, ["alice"], "what was there stays whose it was");
}

#[test]
fn who_rebases_for_another_answers_beside_them() {
    let rebased = CommitFacts { committer_email: "bob@acme.dev".into(), ..commit(4, &[3], "alice") };
    let facts = pull_request(Some("alice"), vec![push(Some("alice"), None, 1), push(Some("bob"), Some(1), 4)]);
    assert_eq!(judged_in(&world(), Forge, &rebased, std::slice::from_ref(&rebased), Some(&facts)).0, ["alice", "bob"]);
}

#[test]
fn what_one_signs_and_another_pushes_is_the_signers_alone() {
    let signed = CommitFacts { vouched: Some(Vouched::Account(forge_user("alice"))), ..commit(1, &[0], "carol") };
    let facts = pull_request(Some("bob"), vec![push(Some("mallory"), None, 1)]);
    assert_eq!(judged_in(&world(), Forge, &signed, std::slice::from_ref(&signed), Some(&facts)), outcome(&["alice"], &[]));
}

#[test]
fn a_login_in_an_address_of_the_forge_names_nobody() {
    let of = |address: &str, world| {
        let old = CommitFacts { author_email: address.into(), ..commit(1, &[0], "alice") };
        let facts = pull_request(Some("alice"), vec![push(Some("alice"), None, 1)]);
        judged_in(&world, Forge, &old, std::slice::from_ref(&old), Some(&facts)).0
    };
    let old = "bob@users.noreply.github.com";
    assert_eq!(of(old, world()), ["alice", "stranger:bob@users.noreply.github.com"]);
    let listed = world().edit_user("bob", |u| u.emails.push(old.into()));
    assert_eq!(of(old, listed), ["alice", "bob"], "unless an Admin has written it into the roster");
    let numbered = format!("{}+bob@users.noreply.github.com", account("bob"));
    assert_eq!(of(&numbered, world()), ["alice", "bob"]);
    let torn = world().edit_user("carol", |u| u.emails.push(numbered.clone()));
    assert_eq!(of(&numbered, torn), ["alice".to_owned(), format!("stranger:{numbered}")], "nor one that two may claim");
}

#[test]
fn what_is_pushed_directly_is_the_pushers_the_authors_and_the_committers() {
    let range = [commit(1, &[0], "alice"), CommitFacts { author_email: "carol@acme.dev".into(), ..commit(2, &[1], "dave") }];
    let reach = Reach::new();
    let of = |commit: &CommitFacts, pushes: &[Push]| {
        judged_by(&world(), Forge, commit, &range, &Way { opener: None, pushes, reach: &reach })
    };
    let pushes = [push(Some("alice"), Some(0), 1), push(Some("bob"), Some(1), 2)];
    assert_eq!(of(&range[0], &pushes), outcome(&["alice"], &[]));
    assert_eq!(of(&range[1], &pushes), outcome(&["bob", "carol", "dave"], &[]));
    let unknown = outcome(&["stranger:unknown pusher", "alice"], &["identity/unknown-pusher"]);
    assert_eq!(of(&range[0], &[]), unknown);
    assert_eq!(of(&range[0], &[push(None, Some(0), 1)]), unknown);
    let signed = CommitFacts { vouched: Some(Vouched::Account(forge_user("carol"))), ..range[0].clone() };
    assert_eq!(of(&signed, &[]), outcome(&["carol"], &[]), "the forge's word for a signature stands alone");
}

#[test]
fn a_head_that_git_still_has_tells_what_it_reached() {
    let range = [commit(1, &[0], "alice"), commit(2, &[1], "alice")];
    let facts = |middle: u8| {
        pull_request(
            Some("alice"),
            vec![push(Some("bob"), None, 8), push(Some("dave"), Some(8), middle), push(Some("alice"), Some(middle), 2)],
        )
    };
    let facts = facts(9);
    let of = |commit: &CommitFacts, reach: &Reach| {
        let way = Way { opener: Some(facts.opener.as_ref()), pushes: &facts.pushes, reach };
        judged_by(&world(), Forge, commit, &range, &way).0
    };
    assert_eq!(of(&range[0], &Reach::new()), ["alice", "bob", "dave"], "two heads of which nobody knows anything");
    let reach = |nine: &[u8]| {
        let nine: BTreeSet<_> = nine.iter().map(|number| commit_id(*number)).collect();
        Reach::from([(commit_id(8), BTreeSet::new()), (commit_id(9), nine)])
    };
    assert_eq!(of(&range[0], &reach(&[])), ["alice"], "an older state of base, and what was thrown away");
    assert_eq!(of(&range[0], &reach(&[1])), ["alice", "dave"], "dave brought it, and alice left it there");
    assert_eq!(of(&range[1], &reach(&[1])), ["alice"]);
}

#[test]
fn members_of_the_forges_teams_are_users_of_the_roster_whom_one_account_names() {
    let world = world().with_user(User { github_id: Some(account("carol")), ..user("twin", "Admin") });
    let ids = ["alice", "carol", "mallory"].map(account);
    let members = outside_members(&base(&world), &[(id("platform"), ids.into()), (id("empty"), [].into())].into());
    assert_eq!(members[&id("platform")], [id("alice@acme.dev")].into(), "an account that two claim is nobody's");
    assert!(members[&id("empty")].is_empty());
}
