//! Many open pull requests: those that a move of base cannot affect are not judged again, and every other one is.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use super::Judge;
use super::story_tests::*;
use crate::model::CommitId;
use crate::store::Store as _;

/// The heads that were judged since it was last asked.
type Heads = Arc<Mutex<BTreeSet<CommitId>>>;

fn counting() -> (Judge, Heads) {
    let heads = Heads::default();
    let seen = heads.clone();
    let judge = move |proposal: &crate::check::Proposal| {
        if proposal.target == crate::check::Target::PullRequest {
            seen.lock().unwrap().extend(proposal.head_id);
        }
        crate::check::judge(proposal)
    };
    (Judge::new(judge, crate::check::validate), heads)
}

fn taken(heads: &Heads) -> BTreeSet<CommitId> {
    std::mem::take(&mut *heads.lock().unwrap())
}

fn spared(daemon: &Daemon) -> u64 {
    let all = daemon.controller.metrics().render();
    let line = all.lines().find(|line| line.starts_with("portcullis_judgements_spared_total{"));
    line.and_then(|line| line.rsplit(' ').next()).map_or(0, |count| count.parse().unwrap())
}

/// Ten branches: each brings an entity that needs a host of its own.
fn ten(story: &Story) -> Vec<CommitId> {
    story.write("blueprints/Host.yaml", "identifier: Host\nschema: {properties: {}}\n");
    let box_of = "identifier: Box\nschema: {properties: {size: {type: number}}}\nrelations: {host: {target: Host}}\n";
    story.write("blueprints/Box.yaml", box_of);
    for n in 0..10 {
        story.write(&format!("entities/Host/h{n}x.yaml"), &format!("identifier: h{n}x\n"));
    }
    story.commit(ALICE, "hosts");
    let text = |n| format!("identifier: b{n}x\nrelations: {{host: h{n}x}}\n");
    (0..10).map(|n| story.propose(ALICE, &format!("branch-{n}"), &format!("entities/Box/b{n}x.yaml"), &text(n))).collect()
}

#[tokio::test]
async fn of_ten_open_pull_requests_only_the_one_that_a_move_touches_is_judged_anew() {
    let story = Story::new();
    let heads = ten(&story);
    let (judge, judged) = counting();
    let daemon = story.daemon_judging(judge).await;
    daemon.looks().await;
    assert_eq!(taken(&judged), heads.iter().copied().collect());
    for head in &heads {
        assert_eq!(daemon.says(*head).await, GREEN);
    }
    assert_eq!(spared(&daemon), 0);

    // The host of the fourth goes.
    story.git(ALICE, &["rm", "--quiet", "entities/Host/h3x.yaml"]);
    let tip = story.commit(ALICE, "one host less");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(tip));
    assert_eq!(taken(&judged), BTreeSet::from([heads[3]]));
    assert_eq!(spared(&daemon), 9);
    for (n, head) in heads.iter().enumerate() {
        let says = daemon.says(*head).await;
        assert_eq!(says == GREEN, n != 3, "{n}: {says:?}");
    }

    // What was spared is remembered as judged onto this base: its merge is recognised by the tree that it makes there.
    let merged = story.merge("branch-5");
    daemon.looks().await;
    assert_eq!(daemon.accepted().await, Some(merged));
    assert_eq!(daemon.reason().await, format!("tree of pull request {}", heads[5]));
    // Nor does that touch anybody; only what was red is asked about again.
    assert_eq!(taken(&judged), BTreeSet::from([heads[3]]));
    assert_eq!(spared(&daemon), 17);
}

#[tokio::test]
async fn a_verdict_does_not_outlive_what_it_rested_on() {
    let story = Story::new();
    story.write("permissions/Env.yaml", "entities: {register: {roles: [Admin, Member]}, update: {roles: [Admin, Member]}}\n");
    story.commit(ALICE, "members may");
    let head = story.propose(BOB, "grow", "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: 2}\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, GREEN);
    // First a move that leaves it standing, so that it is the memory of a memory that is asked.
    story.change(ALICE, "entities/Env/far.yaml", "identifier: far\n");
    daemon.looks().await;
    assert_eq!((daemon.says(head).await.as_slice(), spared(&daemon)), (&GREEN.map(str::to_owned)[..], 1));
    let remembered = daemon.store.all_judged(&key()).await.unwrap();
    assert_eq!(remembered.iter().map(|judged| judged.base).collect::<Vec<_>>(), [story.at("main")]);
    story.change(ALICE, "permissions/Env.yaml", "entities: {register: {roles: [Admin]}, update: {roles: [Admin, Member]}}\n");
    daemon.looks().await;
    assert!(daemon.says(head).await.contains(&"permissions failure".to_owned()), "{:?}", daemon.says(head).await);
    // And once it may again, the same file comes to stand on base with another content.
    story.change(
        ALICE,
        "permissions/Env.yaml",
        "entities: {register: {roles: [Admin, Member]}, update: {roles: [Admin, Member]}}\n",
    );
    daemon.looks().await;
    assert_eq!(daemon.says(head).await, GREEN);
    story.change(ALICE, "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: 3}\n");
    daemon.looks().await;
    assert!(daemon.says(head).await.contains(&"catalog failure".to_owned()), "{:?}", daemon.says(head).await);
    assert_eq!(spared(&daemon), 1);
}

#[tokio::test]
async fn what_is_said_of_a_spared_judgement_is_what_a_newcomer_says() {
    let story = Story::new();
    let head = story.propose(ALICE, "grow", "entities/Env/dev.yaml", "identifier: dev\nproperties: {size: 2}\n");
    let daemon = story.daemon().await;
    daemon.looks().await;
    story.change(ALICE, "entities/Env/far.yaml", "identifier: far\n");
    daemon.looks().await;
    assert_eq!(spared(&daemon), 1);
    let notes = || (story.at("refs/notes/devtools/ci"), story.at("refs/notes/devtools/analyses"));
    let (before, said) = (notes(), daemon.says(head).await);
    // It remembers nothing, and finds everything said as it would say it.
    let newcomer = story.daemon().await;
    newcomer.looks().await;
    assert_eq!((notes(), newcomer.says(head).await, spared(&newcomer)), (before, said, 0));
}
