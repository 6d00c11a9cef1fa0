//! What GitHub knows, told in our words.

use std::collections::BTreeSet;

use portcullis::forge::{CommandWord, Forge};
use portcullis::model::{ForgeTeam, PullRequestState, Push, ReviewState, Reviewer, Vouched};

use super::*;

/// Who pushed, by login; `?` for nobody known.
fn pushers(pushes: &[Push]) -> Vec<&str> {
    pushes.iter().map(|push| push.actor.as_ref().map_or("?", |actor| actor.login.as_str())).collect()
}

#[tokio::test]
async fn a_pull_request_of_a_fork_is_told_with_everyone_who_had_a_part_in_it() {
    let world = World::new();
    let mut dave = world.github.user("dave").forks(CATALOG);
    let first = dave.on("extend").writes("more", "1").commits("Extend");
    dave.pushes("extend");
    let number = dave.opens_pull_request("extend", "main");
    world.github.user("carol").reviews(CATALOG, number, "CHANGES_REQUESTED");
    let second = dave.writes("more", "2").commits("Extend more");
    dave.pushes("extend");
    let dismissed = world.github.user("carol").reviews(CATALOG, number, "APPROVED");
    world.github.dismisses(dismissed);

    let listed = world.forge.open_pull_requests().await.unwrap();
    let [one] = listed.as_slice() else { panic!("{listed:?}") };
    assert_eq!((one.id.as_str(), one.head, one.head_ref.as_str()), (number.to_string().as_str(), commit(second), ""));
    assert_eq!(
        (one.base_ref.as_str(), one.fetched_ref.as_deref()),
        ("refs/heads/main", Some(format!("refs/pull/{number}/head").as_str()))
    );
    let details = world.details(number, &[]).await;
    assert_eq!(
        (details.head, details.state, details.onto_watched, details.draft),
        (commit(second), PullRequestState::Open, true, false)
    );
    assert_eq!(details.opener, Some(account(&world.github, "dave")));
    assert_eq!(pushers(&details.pushes), ["dave", "dave"]);
    assert_eq!((details.pushes[0].before, details.pushes[0].after), (None, Some(commit(first))));
    assert_eq!((details.pushes[1].before, details.pushes[1].after), (Some(commit(first)), Some(commit(second))));
    let reviews: Vec<_> = details.reviews.iter().map(|review| (review.state, review.commit)).collect();
    assert_eq!(reviews, [(ReviewState::ChangesRequested, Some(commit(first))), (ReviewState::Dismissed, Some(commit(second)))]);
    assert_eq!(details.reviews[0].reviewer, Reviewer::Account(account(&world.github, "carol")));
    assert_eq!(details.pending, None);
}

#[tokio::test]
async fn what_is_gone_is_unknown_and_never_absent() {
    let world = World::new();
    let mut dave = world.github.user("dave").forks(CATALOG);
    let head = dave.on("extend").writes("more", "1").commits("Extend");
    dave.pushes("extend");
    let number = dave.opens_pull_request("extend", "main");
    let review = world.github.user("carol").reviews(CATALOG, number, "APPROVED");
    world.github.forgets_commit_of(review);
    world.github.deletes_account("carol");
    world.github.deletes_repository("dave/catalog");
    let details = world.details(number, &[]).await;
    assert_eq!(details.head, commit(head));
    assert_eq!(pushers(&details.pushes), ["?"], "somebody pushed, and may not approve what they pushed");
    assert_eq!((&details.reviews[0].reviewer, details.reviews[0].commit), (&Reviewer::Unknown, None));
}

#[tokio::test]
async fn who_pushed_the_head_may_be_told_a_moment_later() {
    let world = World::new();
    let (mut bob, number, _) = world.pull_request();
    world.github.holds_activity();
    bob.writes("more", "2").commits("Extend more");
    bob.pushes("extend");
    let details = world.details(number, &[]).await;
    assert!(details.pending.is_some());
    assert_eq!(pushers(&details.pushes), ["bob", "?"]);
    world.github.releases_activity();
    let details = world.details(number, &[]).await;
    assert_eq!((pushers(&details.pushes), details.pending), (vec!["bob", "bob"], None));
}

#[tokio::test]
async fn an_earlier_branch_of_the_same_name_is_somebody_elses() {
    let world = World::new();
    let mut carol = world.github.user("carol").clones(CATALOG);
    carol.on("extend").writes("old", "1").commits("Old");
    carol.pushes("extend");
    carol.deletes_branch("extend");
    let (_, number, _) = world.pull_request();
    assert_eq!(pushers(&world.details(number, &[]).await.pushes), ["bob"]);
}

#[tokio::test]
async fn github_vouches_for_whose_key_signed_and_for_its_own_browser() {
    let world = World::new();
    let (mut bob, number, unsigned) = world.pull_request();
    let mut signed = vec![unsigned];
    for n in 2..6 {
        let id = bob.signs(true).writes("more", &n.to_string()).commits("Extend more");
        world.github.verifies(id, "bob");
        signed.push(id);
    }
    bob.pushes("extend");
    let web = world.github.user("carol").edits_on_web(CATALOG, "extend", "more", "7");
    let bobs = Vouched::Account(account(&world.github, "bob"));
    let few = world.details(number, &[unsigned, signed[1], web]).await;
    assert_eq!(few.verified.get(&commit(signed[1])), Some(&bobs));
    assert_eq!(few.verified.get(&commit(web)), Some(&Vouched::Forge));
    assert_eq!(few.verified.len(), 2);
    assert_eq!(pushers(&few.pushes), ["bob", "bob", "carol"]);
    signed.push(web);
    world.github.forgets_calls();
    let many = world.details(number, &signed).await;
    assert_eq!(many.verified.len(), 5);
    assert_eq!(world.github.calls_to("GET", "/commits").len(), 1, "one page instead of six questions");
}

#[tokio::test]
async fn a_command_is_heard_once() {
    let world = World::new();
    let (_, number, head) = world.pull_request();
    let carol = world.github.user("carol");
    carol.comments(CATALOG, number, "Why is this red?");
    let asked = carol.comments(CATALOG, number, "Please.\n/portcullis recheck");
    let details = world.details(number, &[]).await;
    let [command] = details.commands.as_slice() else { panic!("{:?}", details.commands) };
    assert_eq!(
        (command.comment.as_str(), command.word, command.answered),
        (asked.to_string().as_str(), CommandWord::Recheck, false)
    );
    assert_eq!(command.by, Some(account(&world.github, "carol")));

    let said = Publication {
        story: Some(Story { answered: vec![asked.to_string(), "404".into()], ..story(number, "/portcullis why") }),
        ..publication(&world, head, [Conclusion::Success; 3], 0)
    };
    world.forge.publish(&said).await.unwrap();
    assert_eq!(world.github.reactions(CATALOG, asked), [(BOT.to_owned(), "eyes".to_owned())]);
    let details = world.details(number, &[]).await;
    assert_eq!(
        details.commands.iter().map(|command| command.answered).collect::<Vec<_>>(),
        [true],
        "and our own words are no command"
    );
}

#[tokio::test]
async fn a_team_is_who_is_in_it_and_only_that_very_team() {
    let world = World::new();
    let id = world.github.team("acme", "platform", &["bob", "carol"]);
    let team = |slug: &str, id| ForgeTeam { organization: "acme".into(), slug: slug.into(), id };
    let asked = BTreeSet::from([team("platform", id), team("platform", id + 1), team("gone", 7), team("..", 8)]);
    let known = world.forge.teams(&asked).await.unwrap();
    let members = BTreeSet::from([world.github.user("bob").id, world.github.user("carol").id]);
    assert_eq!(known.into_iter().collect::<Vec<_>>(), [(team("platform", id), members)]);
}

#[tokio::test]
async fn the_watched_branch_is_told_with_who_pushed_it() {
    let world = World::new();
    let mut bob = world.github.user("bob").clones(CATALOG);
    let direct = bob.signs(true).writes("more", "1").commits("Straight to main");
    bob.pushes("main");
    world.github.verifies(direct, "bob");
    let told = world.forge.branch(&[commit(direct)]).await.unwrap();
    assert_eq!(pushers(&told.pushes), ["alice", "bob"]);
    assert_eq!(told.verified.get(&commit(direct)), Some(&Vouched::Account(account(&world.github, "bob"))));
    assert_eq!(told.pending, None);
}

#[tokio::test]
async fn a_pull_request_that_goes_elsewhere_says_so_and_one_that_never_was_is_none() {
    let world = World::new();
    let (bob, number, _) = world.pull_request();
    let mut alice = world.github.user("alice").clones(CATALOG);
    alice.on("next").writes("next", "1").commits("Next");
    alice.pushes("next");
    bob.retargets(number, "next");
    assert_eq!(world.forge.open_pull_requests().await.unwrap(), []);
    assert!(!world.details(number, &[]).await.onto_watched);
    bob.closes(number);
    assert_eq!(world.details(number, &[]).await.state, PullRequestState::Closed);
    for id in ["4711", "main", "-1"] {
        assert_eq!(world.forge.pull_request(id).await.unwrap(), None, "{id}");
    }
}

#[tokio::test]
async fn what_we_may_not_see_any_more_is_not_taken_for_gone() {
    let world = World::new();
    let (_, number, _) = world.pull_request();
    world.github.deletes_repository(CATALOG);
    let refused = world.forge.pull_request(&number.to_string()).await.unwrap_err();
    assert!(!refused.is_retryable(), "{refused}");
    assert!(world.forge.open_pull_requests().await.is_err());
}

#[tokio::test]
async fn what_has_not_changed_costs_nothing() {
    let world = World::new();
    let (mut bob, number, head) = world.pull_request();
    let signed = bob.signs(true).writes("more", "2").commits("Extend more");
    bob.pushes("extend");
    world.github.user("carol").reviews(CATALOG, number, "APPROVED");
    world.github.user("carol").comments(CATALOG, number, "/portcullis why");
    let said = Publication { story: Some(story(number, "Hello")), ..publication(&world, signed, [Conclusion::Success; 3], 3) };
    for _ in 0..2 {
        world.forge.publish(&said).await.unwrap();
        world.forge.open_pull_requests().await.unwrap();
        world.details(number, &[head, signed]).await;
    }
    world.github.forgets_calls();
    assert!(world.forge.publish(&said).await.unwrap().nothing_new());
    let before = world.details(number, &[head, signed]).await;
    assert_eq!(world.forge.open_pull_requests().await.unwrap()[0].head, before.head);
    assert_eq!((world.github.cost(), world.github.writes().len()), (0, 0), "{:#?}", world.github.calls());
}

#[tokio::test]
async fn a_merge_group_is_read_from_its_ref() {
    let world = World::new();
    let (_, number, _) = world.pull_request();
    let onto = world.github.user("alice").clones(CATALOG).tip("main");
    world.github.enqueues("alice", CATALOG, number, crate::fake::Method::Merge);
    let repository = git2::Repository::open(world.github.path(CATALOG)).unwrap();
    let prefix = world.forge.queue().unwrap();
    let refs = repository.references_glob(&format!("{prefix}*")).unwrap();
    let groups: Vec<_> = refs.map(|found| found.unwrap().name().unwrap().strip_prefix(&prefix).unwrap().to_owned()).collect();
    let group = world.forge.merge_group(&groups[0]).unwrap();
    assert_eq!((group.pull_request, group.onto), (number.to_string(), commit(onto)));
}
