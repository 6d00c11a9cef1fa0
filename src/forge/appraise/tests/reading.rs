use super::world::*;
use crate::forge::{Asking, Forge};
use crate::model::{PullRequestState, Reviewer};

#[tokio::test]
async fn a_request_is_a_pull_request_from_push_to_merge() {
    let world = World::new().await;
    let alice = world.person("alice");
    assert!(world.forge().open_pull_requests().await.unwrap().is_empty());
    let first = alice.request("extend-env");
    let forge = world.forge();
    let pr = forge.open_pull_requests().await.unwrap().remove(0);
    assert_eq!((pr.id.as_str(), pr.head), (first.to_string().as_str(), first));
    assert_eq!((pr.title.as_str(), pr.head_ref.as_str()), ("Extend env", "refs/heads/extend-env"));
    assert_eq!((pr.base_ref.as_str(), pr.requester.as_str()), ("refs/heads/main", "alice@acme.dev"));

    let second = alice.commit("more.yaml", "more");
    alice.git(&["push", "-q", "origin", "extend-env"]);
    assert_eq!(forge.open_pull_requests().await.unwrap()[0].head, second, "a push moves the head and not the name");
    assert_eq!(world.details(&forge, &pr).await.head, second);
    assert_eq!(world.details(&forge, &pr).await.state, PullRequestState::Open);

    alice.git(&["checkout", "-q", "main"]);
    alice.git(&["merge", "-q", "--no-ff", "-m", "merge", "extend-env"]);
    alice.git(&["push", "-q", "origin", "main"]);
    assert!(forge.open_pull_requests().await.unwrap().is_empty());
    assert_eq!(world.details(&forge, &pr).await.state, PullRequestState::Merged);
    assert_eq!(forge.pull_request(&pr.id).await.unwrap().unwrap().head, second, "it is still known");
    assert!(forge.pull_request(&"00".repeat(20)).await.unwrap().is_none());
    assert!(forge.pull_request("17").await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_remembered_follows_what_stands_however_often_it_is_pushed_over() {
    let world = World::new().await;
    let alice = world.person("alice");
    alice.request("extend-env");
    let forge = world.forge();
    for push in 0..5 {
        let head = alice.commit("more.yaml", &push.to_string());
        alice.git(&["push", "-q", "origin", "extend-env"]);
        assert_eq!(forge.open_pull_requests().await.unwrap()[0].head, head);
    }
    let room = || forge.room.lock().unwrap();
    assert_eq!(room().as_ref().unwrap().requests.remembered(), (1, 1));

    // The repository is opened anew now and then, and what was read of it stays.
    for _ in 0..super::super::MOST_WORK {
        assert_eq!(forge.open_pull_requests().await.unwrap().len(), 1);
    }
    let work = room().as_ref().unwrap().work;
    assert!(work < super::super::MOST_WORK / 2, "{work} pieces of work since it was opened");
    assert_eq!(room().as_ref().unwrap().requests.remembered(), (1, 1));
}

#[tokio::test]
async fn a_request_without_a_target_is_abandoned_and_may_come_back() {
    let world = World::new().await;
    let alice = world.person("alice");
    let first = alice.request("extend-env");
    let forge = world.forge();
    let pr = world.the_only_pull_request().await;
    alice.append(REVIEWS, first, &request_line(1, "alice", "refs/heads/extend-env", ""));
    alice.push_notes();
    assert!(forge.open_pull_requests().await.unwrap().is_empty());
    assert_eq!(world.details(&forge, &pr).await.state, PullRequestState::Closed);
    // The lines are sorted when notes are merged: what decides is the timestamp, not the place.
    alice.append(REVIEWS, first, &request_line(0, "alice", "refs/heads/extend-env", "refs/heads/main"));
    alice.push_notes();
    assert!(forge.open_pull_requests().await.unwrap().is_empty());
    alice.append(REVIEWS, first, &request_line(2, "alice", "refs/heads/extend-env", "refs/heads/main"));
    alice.push_notes();
    assert_eq!(forge.open_pull_requests().await.unwrap().len(), 1);
    alice.append(REVIEWS, first, &request_line(3, "alice", "refs/heads/extend-env", "refs/heads/release"));
    alice.push_notes();
    assert_eq!(world.details(&forge, &pr).await.state, PullRequestState::Closed, "it is another branch's affair now");
}

#[tokio::test]
async fn when_the_branch_is_gone_the_head_is_the_last_that_was_spoken_of() {
    let world = World::new().await;
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let first = alice.request("extend-env");
    let second = alice.commit("more.yaml", "more");
    alice.git(&["push", "-q", "origin", "extend-env"]);
    bob.git(&["fetch", "-q"]);
    bob.review(first, second, Some(true));
    alice.git(&["push", "-q", "origin", "HEAD:refs/keep/it", ":extend-env"]);
    assert_eq!(world.the_only_pull_request().await.head, second);
}

#[tokio::test]
async fn who_pushed_the_line_is_the_reviewer_through_every_merge_of_notes() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let first = alice.request("extend-env");
    let other = alice.request("something-else");
    for person in [&bob, &carol] {
        person.git(&["fetch", "-q"]);
        person.pull_notes();
    }
    // Both write before either has seen the other's: carol's client merges, sorting the lines of both.
    carol.append(DISCUSS, first, &comment_line("carol", first, Some(false)));
    carol.append(DISCUSS, other, &comment_line("carol", other, Some(true)));
    bob.review(first, first, Some(true));
    bob.review(first, first, None);
    carol.pull_notes();
    carol.push_notes();
    alice.pull_notes();
    alice.append(DISCUSS, other, &comment_line("alice", other, None));
    alice.push_notes();

    let forge = world.forge();
    let pr = forge.pull_request(&first.to_string()).await.unwrap().unwrap();
    let details = world.details(&forge, &pr).await;
    let mut said = spoken(&details);
    said.sort();
    assert_eq!(said, ["bob approves", "bob remarks", "carol rejects"]);
    assert!(details.reviews.iter().all(|r| r.commit == Some(first)));
    let other = forge.pull_request(&other.to_string()).await.unwrap().unwrap();
    let mut said = world.reviews(&forge, &other).await;
    said.sort();
    assert_eq!(said, ["alice remarks", "carol approves"]);
    // A forge that has watched all along and one that has just started agree.
    assert_eq!(details, world.details(&world.forge(), &pr).await);
}

#[tokio::test]
async fn a_later_word_stands_after_an_earlier_one() {
    let world = World::new().await;
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let first = alice.request("extend-env");
    let forge = world.forge();
    let pr = world.the_only_pull_request().await;
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, Some(false));
    assert_eq!(world.reviews(&forge, &pr).await, ["bob rejects"]);
    // In the same second, and sorted before it in the note.
    bob.pull_notes();
    bob.append(DISCUSS, first, &comment_line("a", first, Some(true)));
    bob.push_notes();
    assert_eq!(world.reviews(&forge, &pr).await, ["bob rejects", "bob approves"]);
    assert_eq!(world.reviews(&world.forge(), &pr).await, ["bob rejects", "bob approves"]);
}

#[tokio::test]
async fn a_review_is_received_once_however_often_it_is_read() {
    let world = World::new().await;
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let first = alice.request("extend-env");
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, Some(true));
    let pr = world.the_only_pull_request().await;
    for now in [5, 500] {
        let details = world.forge().details(&pr, Asking { keys: &[], signed: &[], now: at(now) }).await.unwrap();
        assert!(matches!(&details.reviews[0].reviewer, Reviewer::Committer { received_at, .. } if *received_at == at(5)));
    }
}

#[tokio::test]
async fn signed_notes_are_their_signers_and_unsigned_ones_nobodys() {
    let world = World::new().await;
    let (alice, bob, carol) = (world.person("alice"), world.person("bob"), world.person("carol"));
    let first = alice.request("extend-env");
    let keys = [bob.take_a_key(), carol.take_a_key()];
    for person in [&bob, &carol] {
        person.git(&["fetch", "-q"]);
        person.pull_notes();
        person.append(DISCUSS, first, &comment_line(&person.email, first, Some(true)));
        if person.email.starts_with("bob") {
            person.sign_tip(DISCUSS);
        }
        person.pull_notes();
        person.push_notes();
    }
    let pr = world.the_only_pull_request().await;
    let forge = world.forge();
    let details = forge.details(&pr, Asking { keys: &keys, signed: &[], now: at(0) }).await.unwrap();
    let mut signed: Vec<_> = spoken(&details).into_iter().zip(signed_by(&details)).collect();
    signed.sort();
    assert_eq!(signed, [("bob approves".into(), Some(keys[0].fingerprint.clone())), ("carol approves".into(), None)]);
    // A roster without bob's key knows him no more.
    let details = forge.details(&pr, Asking { keys: &keys[1..], signed: &[], now: at(0) }).await.unwrap();
    assert_eq!(signed_by(&details), [None, None]);
}

#[tokio::test]
async fn notes_are_found_however_the_tree_is_fanned_out() {
    let world = World::new().await;
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let first = alice.request("extend-env");
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, Some(true));
    let pr = world.the_only_pull_request().await;
    let forge = world.forge();
    assert_eq!(world.reviews(&forge, &pr).await, ["bob approves"]);
    // So many notes that git fans the tree out, by somebody who touches bob's line only to move it.
    alice.pull_notes();
    let who = "committer alice <alice@acme.dev> 1700000000 +0000\n";
    let commits: String = (1..=600).map(|n| format!("commit refs/many/{n}\nmark :{n}\n{who}data 3\n{n:03}\n")).collect();
    let notes: String = (1..=600).map(|n| format!("N inline :{n}\ndata 8\nchatter\n\n")).collect();
    alice.fast_import(&format!("{commits}commit {DISCUSS}\n{who}data 0\nfrom {DISCUSS}^0\n{notes}"));
    alice.push_notes();
    assert!(world.git(&["ls-tree", DISCUSS]).contains(" tree "), "git has fanned out");
    assert_eq!(world.reviews(&forge, &pr).await, ["bob approves"]);
    assert_eq!(world.reviews(&world.forge(), &pr).await, ["bob approves"]);
}
