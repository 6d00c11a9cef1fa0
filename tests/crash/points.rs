//! An abort before and after each thing that the daemon does to the world, for each kind of receiver.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::sync::Arc;

use portcullis::abort::Deed;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::outcome;
use super::place::{ALICE, CAROL, Kind, Place, TEMPLATE, Where, git};
use super::receiver::Receiver;

/// Cases at a time: each starts a daemon of its own.
const AT_ONCE: usize = 3;
/// `SIGABRT`.
const ABORTED: i32 = 6;

/// A place at which a run of each kind was asked for, approved and judged, and none is merged yet.
async fn approved(dir: &Path, receiver: &Receiver) -> Place {
    std::fs::create_dir(dir).unwrap();
    let place = Place::new(dir, TEMPLATE, receiver, Where::Elsewhere, true);
    let work = place.work();
    let mut heads = Vec::new();
    for kind in Kind::ALL {
        let run = run(kind);
        git(&work, ALICE, &["checkout", "--quiet", "-b", &run, "main"]);
        place.ask(&run);
        let head = place.commit(&run);
        let request = format!(
            r#"{{"timestamp":"1790000000","reviewRef":"refs/heads/{run}","targetRef":"refs/heads/main","requester":"{ALICE}","description":"{run}"}}"#
        );
        let approval =
            format!(r#"{{"timestamp":"1790000001","author":"{CAROL}","location":{{"commit":"{head}"}},"resolved":true}}"#);
        git(&work, ALICE, &["notes", "--ref=refs/notes/devtools/reviews", "append", "-m", &request, &head]);
        git(&work, CAROL, &["notes", "--ref=refs/notes/devtools/discuss", "append", "-m", &approval, &head]);
        // What main will be once this one is merged.
        git(&work, ALICE, &["checkout", "--quiet", "-b", &format!("with-{run}"), "main"]);
        git(&work, ALICE, &["merge", "--quiet", "--no-ff", "-m", "merge", &run]);
        heads.push(head);
    }
    let mut daemon = place.serve(None);
    daemon.says(&["adopted the branch"]).await;
    // The approvals first: refs arrive one after another, and whoever looks in between would tell people that a run waits.
    git(&work, ALICE, &["push", "--quiet", "origin", "refs/notes/devtools/*"]);
    git(&work, ALICE, &["push", "--quiet", "origin", "refs/heads/*"]);
    for head in &heads {
        daemon.says(&[r#""message":"judged""#, head, "success"]).await;
    }
    daemon.stop().await;
    place
}

fn run(kind: Kind) -> String {
    format!("{}-1", kind.action())
}

/// Whether a run of this kind ever comes there.
fn comes_to(kind: Kind, deed: Deed) -> bool {
    deed != Deed::Committed || kind == Kind::Entity
}

/// One life that ends at a point, and one that does not. Says whether a person was needed.
async fn dies_at(side: &str, deed: Deed, kind: Kind, template: &Place, dir: &Path, receiver: &Receiver) -> bool {
    let name = format!("{side}-{}-{}", deed.as_str(), kind.action());
    let place = template.copy(&dir.join(&name), &name, receiver);
    let run = run(kind);
    git(&place.origin(), ALICE, &["update-ref", "refs/heads/main", &format!("refs/heads/with-{run}")]);
    if deed == Deed::Lost {
        // Only whoever comes after a death finds that something was lost.
        aborts(&place, "after:sent").await;
    }
    aborts(&place, &format!("{side}:{}", deed.as_str())).await;
    let calm = place.serve(None);
    let runs = [run];
    let by_hand = outcome::end_of(&place, receiver, &runs).await;
    outcome::check(&place, receiver, &runs).await;
    drop(calm);
    // A git which the daemon had begun may outlive it and write on; what it leaves goes with the directory of all lives.
    let _ = std::fs::remove_dir_all(&place.dir);
    !by_hand.is_empty()
}

async fn aborts(place: &Place, point: &str) {
    let mut daemon = place.serve(Some(point));
    let status = daemon.ends().await;
    assert_eq!(status.signal(), Some(ABORTED), "{}: {point}: {status}\n{}", place.name, daemon.said());
    assert!(daemon.said().contains(&format!("aborting {point}")), "{}: {}", place.name, daemon.said());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_abort_before_and_after_every_effect_loses_nothing_and_does_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let receiver = Receiver::new();
    let template = Arc::new(approved(&dir.path().join("template"), &receiver).await);
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    let mut cases = JoinSet::new();
    for deed in Deed::ALL {
        for kind in Kind::ALL.into_iter().filter(|kind| comes_to(*kind, deed)) {
            for side in ["before", "after"] {
                let (template, dir, receiver, turns) = (template.clone(), dir.path().to_owned(), receiver.clone(), turns.clone());
                cases.spawn(async move {
                    let _turn = turns.acquire().await.unwrap();
                    let by_hand = dies_at(side, deed, kind, &template, &dir, &receiver).await;
                    ((kind, format!("{side}:{}", deed.as_str())), by_hand)
                });
            }
        }
    }
    let mut by_hand: BTreeMap<Kind, Vec<String>> = BTreeMap::new();
    while let Some(ended) = cases.join_next().await {
        let ((kind, point), needed) = ended.unwrap();
        if needed {
            by_hand.entry(kind).or_default().push(point);
        }
    }
    // A person is asked where the intent is durable and the result is not, and only of a receiver that can tell nothing.
    let unknown = by_hand.remove(&Kind::Once).unwrap_or_default();
    let certain = ["after:begun", "after:lost", "after:sent", "before:answered", "before:lost", "before:sent"];
    for point in certain {
        assert!(unknown.iter().any(|each| each == point), "{point} is certain to leave it unknown: {unknown:?}");
    }
    // What is told and noted goes on beside the run, so it may be at any moment of it.
    let beside = ["taken", "told", "settled", "noted", "pushed", "audited"];
    let is_known = |point: &&String| certain.contains(&point.as_str()) || beside.iter().any(|deed| point.ends_with(deed));
    assert!(unknown.iter().all(|point| is_known(&point)), "{unknown:?}");
    assert!(by_hand.is_empty(), "{by_hand:?}");
}
