//! What stands on GitHub after we spoke: once, in one place, and nothing of others.

use portcullis::forge::Forge;
use portcullis::forge::github::{CHECK_RUN, COMMENT_MARKER, LABELS};

use super::*;
use Conclusion::{Failure, Pending, Success};

#[tokio::test]
async fn an_answer_is_written_once() {
    let world = World::new();
    let (_, number, head) = world.pull_request();
    let said = Publication { story: Some(story(number, "Hello")), ..publication(&world, head, [Success, Failure, Pending], 2) };
    let first = world.forge.publish(&said).await.unwrap();
    assert_eq!((first.statuses, first.analyses), (3, 2), "three statuses; the check run and the comment");
    world.github.forgets_calls();
    assert!(world.forge.publish(&said).await.unwrap().nothing_new());
    assert_eq!(world.github.writes().len(), 0);
    assert_eq!(world.forge.statuses(&[commit(head)]).await.unwrap().len(), 3);
}

#[tokio::test]
async fn what_closes_the_gate_is_said_first_and_what_opens_it_last() {
    let world = World::new();
    let (_, number, head) = world.pull_request();
    let said = Publication { story: Some(story(number, "Hello")), ..publication(&world, head, [Success, Pending, Failure], 1) };
    world.forge.publish(&said).await.unwrap();
    assert_eq!(world.posted(), ["portcullis/approval failure", "portcullis/permissions pending", "portcullis/catalog success"]);
    let order: Vec<_> = world.github.writes().iter().map(|call| call.path.rsplit('/').next().unwrap().to_owned()).collect();
    assert_eq!(order, [&head.to_string(), &head.to_string(), "check-runs", "comments", &head.to_string()]);

    world.github.forgets_calls();
    let green = Publication { story: Some(story(number, "All is well")), ..publication(&world, head, [Success; 3], 0) };
    world.forge.publish(&green).await.unwrap();
    assert_eq!(world.posted(), ["portcullis/permissions success", "portcullis/approval success"]);
    assert!(world.github.writes().last().unwrap().path.contains("/statuses/"));
}

#[tokio::test]
async fn a_status_that_somebody_else_put_in_our_place_is_overwritten_and_told() {
    let world = World::new();
    let (_, _, head) = world.pull_request();
    let said = publication(&world, head, [Failure, Success, Success], 0);
    world.forge.publish(&said).await.unwrap();
    world.github.posts_status("bob", CATALOG, head, "Portcullis/Catalog", "success");
    let done = world.forge.publish(&said).await.unwrap();
    let [foreign] = done.foreign.as_slice() else { panic!("{done:?}") };
    assert_eq!((foreign.by.as_str(), foreign.context.as_str(), done.statuses), ("bob", "portcullis/catalog", 1));
    assert!(world.forge.publish(&said).await.unwrap().nothing_new());
}

#[tokio::test]
async fn findings_stand_on_their_lines_fifty_at_a_time() {
    let world = World::new();
    let (_, _, head) = world.pull_request();
    world.forge.publish(&publication(&world, head, [Failure; 3], 51)).await.unwrap();
    assert_eq!(world.github.annotations(CATALOG, head, CHECK_RUN).len(), 51);
    let sent = world.github.writes().iter().filter(|call| call.path.contains("/check-runs")).count();
    assert_eq!(sent, 2);
    let run = world.github.check_run(CATALOG, head, CHECK_RUN).unwrap();
    assert_eq!((run["status"].as_str(), run["conclusion"].as_str()), (Some("completed"), Some("failure")));
}

#[tokio::test]
async fn other_findings_on_the_same_commit_take_the_place_of_the_old_ones() {
    let world = World::new();
    let (_, _, head) = world.pull_request();
    world.forge.publish(&publication(&world, head, [Failure; 3], 51)).await.unwrap();
    world.forge.publish(&publication(&world, head, [Success, Success, Pending], 2)).await.unwrap();
    assert_eq!(world.github.annotations(CATALOG, head, CHECK_RUN).len(), 2);
    let run = world.github.check_run(CATALOG, head, CHECK_RUN).unwrap();
    assert_eq!((run["status"].as_str(), run["conclusion"].as_str()), (Some("in_progress"), None));
    assert_eq!(world.github.check_runs(CATALOG, head), 2);
    world.forge.publish(&publication(&world, head, [Success; 3], 2)).await.unwrap();
    assert_eq!(world.github.check_runs(CATALOG, head), 2, "one that is in progress is completed");
}

#[tokio::test]
async fn the_one_comment_is_edited_in_place_and_not_forced_on_anybody() {
    let world = World::new();
    let (bob, number, head) = world.pull_request();
    bob.comments(number, &format!("{COMMENT_MARKER}\nAll is well, says bob."));
    let said = |text: &str| Publication { story: Some(story(number, text)), ..publication(&world, head, [Success; 3], 0) };
    for text in ["One", "Two", "Two"] {
        world.forge.publish(&said(text)).await.unwrap();
    }
    let ours = || {
        world.github.comments(CATALOG, number).into_iter().filter(|(by, _)| by == BOT).map(|(_, text)| text).collect::<Vec<_>>()
    };
    assert_eq!(ours(), [format!("{COMMENT_MARKER}\nTwo")]);

    world.github.deletes_comments_of(BOT, CATALOG, number);
    world.forge.publish(&said("Two")).await.unwrap();
    assert_eq!(ours(), [""; 0], "deleted by hand, and nothing new to say");
    world.forge.publish(&said("Three")).await.unwrap();
    assert_eq!(ours().len(), 1);

    world.github.deletes_comments_of(BOT, CATALOG, number);
    let asked = bob.comments(number, "/portcullis recheck");
    let mut recheck = said("Three");
    recheck.story.as_mut().unwrap().answered.push(asked.to_string());
    world.forge.publish(&recheck).await.unwrap();
    assert_eq!(ours().len(), 1, "asked for, it is said again");
}

#[tokio::test]
async fn those_are_asked_who_may_be_asked_and_once_for_each_head() {
    let world = World::new();
    let (mut bob, number, head) = world.pull_request();
    world.github.collaborator(CATALOG, "erin", Role::Write);
    let erin = account(&world.github, "erin");
    world.github.renames_account("erin", "erin-acme");
    world.github.collaborator(CATALOG, "frank", Role::Write);
    world.github.user("frank").reviews(CATALOG, number, "COMMENTED");
    let known = |login: &str| account(&world.github, login);
    // Whoever opened it, a stranger, one who was renamed, one who has looked at it already, one whose login is somebody else's now.
    let taken = ForgeUser { login: "alice".into(), id: 4_711 };
    let reviewers = vec![known("bob"), known("mallory"), erin, known("frank"), taken, known("carol")];
    let said = |head: Oid| Publication {
        story: Some(Story { reviewers: reviewers.clone(), ..story(number, "Hello") }),
        ..publication(&world, head, [Success, Success, Pending], 0)
    };
    world.forge.publish(&said(head)).await.unwrap();
    assert_eq!(world.github.requested_reviewers(CATALOG, number), ["carol"]);
    world.github.forgets_calls();
    world.forge.publish(&said(head)).await.unwrap();
    assert_eq!((world.github.writes().len(), world.github.calls_to("GET", "/collaborators/").len()), (0, 0));

    let next = bob.writes("more", "2").commits("Extend more");
    bob.pushes("extend");
    world.forge.publish(&said(head)).await.unwrap();
    assert_eq!(world.github.requested_reviewers(CATALOG, number), ["carol"], "nothing of an older head");
    world.forge.publish(&said(next)).await.unwrap();
    assert_eq!(world.github.requested_reviewers(CATALOG, number), ["carol", "frank"]);
    // What GitHub says of mallory, its description does not know that it says.
    let odd = world.github.violations();
    assert!(odd.iter().all(|one| one.contains("requested_reviewers → 422: there is a body")), "{odd:#?}");
}

#[tokio::test]
async fn a_refused_request_for_review_is_not_made_again_and_keeps_nothing_else_back() {
    let world = World::new();
    let (_, number, head) = world.pull_request();
    let said = Publication {
        story: Some(Story { reviewers: vec![account(&world.github, "carol")], ..story(number, "Hello") }),
        ..publication(&world, head, [Success; 3], 0)
    };
    world.github.fault(crate::fake::on("POST", "/requested_reviewers").answers(422));
    world.forge.publish(&said).await.unwrap();
    assert_eq!(world.posted().len(), 3);
    world.forge.publish(&said).await.unwrap();
    assert_eq!(world.github.calls_to("POST", "/requested_reviewers").len(), 1);
}

#[tokio::test]
async fn our_label_follows_and_others_stay() {
    let world = World::new();
    let (_, number, head) = world.pull_request();
    let [refused, _, passed] = LABELS;
    let said = |label: Option<&str>, labels: &[&str]| Publication {
        story: Some(Story {
            label: label.map(str::to_owned),
            labels: labels.iter().map(|label| (*label).to_owned()).collect(),
            ..story(number, "Hello")
        }),
        ..publication(&world, head, [Success; 3], 0)
    };
    // As a person would set it.
    world.forge.publish(&said(Some("bug"), &["bug"])).await.unwrap();
    world.forge.publish(&said(Some(refused), &LABELS)).await.unwrap();
    assert_eq!(world.github.labels(CATALOG, number), ["bug", refused]);
    world.forge.publish(&said(Some(passed), &LABELS)).await.unwrap();
    assert_eq!(world.github.labels(CATALOG, number), ["bug", passed]);
    world.forge.publish(&said(None, &LABELS)).await.unwrap();
    assert_eq!(world.github.labels(CATALOG, number), ["bug"]);
}

#[tokio::test]
async fn a_token_makes_no_check_run() {
    let world = World::new();
    let (_, _, head) = world.pull_request();
    world.again().publish(&publication(&world, head, [Failure; 3], 2)).await.unwrap();
    assert_eq!((world.github.check_runs(CATALOG, head), world.posted().len()), (0, 3));
}
