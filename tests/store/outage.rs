//! A server that goes away: errors that say so, no guesses, and all is well when it comes back.

use std::sync::Arc;
use std::time::Duration;

use portcullis::model::RunState;
use portcullis::run::life::Life;
use portcullis::store::{MessageKind, Store, StoreError, Wanted};

use crate::cluster::Cluster;
use crate::journal::{advance, message};
use crate::world::{World, acceptance, at, commit, id};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_down_nothing_is_answered_and_afterwards_nothing_is_missing() {
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let world = World::in_cluster(&cluster).await;
    let (store, here) = (world.open().await, &world.here);
    store.adopt(here, &acceptance(1, 0), &[]).await.unwrap();
    assert!(store.accept(here, commit(1), &acceptance(2, 1), &[]).await.unwrap());

    // As a crash, in the middle of whatever it did.
    tokio::task::block_in_place(|| cluster.halt("immediate"));
    let answers = tokio::join!(
        async { store.accepted(here).await.map(|_| ()) },
        async { store.accept(here, commit(2), &acceptance(3, 2), &[]).await.map(|_| ()) },
        async { store.first_seen(here, "a run", at(3)).await.map(|_| ()) },
    );
    let (run, life) = (id("extend-env"), Life::new(RunState::Approved));
    let of_the_journal = tokio::join!(
        async { advance(&*store, here, &run, 0, &life, &[message("a", "chat")]).await.map(|_| ()) },
        async { store.under_way(here).await.map(|_| ()) },
        async { store.claim_messages(&Wanted::of(MessageKind::Notify, 9), Duration::from_secs(9), at(3)).await.map(|_| ()) },
    );
    let of_the_journal = [of_the_journal.0, of_the_journal.1, of_the_journal.2];
    for answer in [answers.0, answers.1, answers.2].into_iter().chain(of_the_journal) {
        let error = answer.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)) && error.is_retryable(), "{error}");
        assert!(error.to_string().starts_with("the store cannot answer now"), "{error}");
    }
    let said = world.refused().await;
    assert!(said.contains("is PostgreSQL running there?"), "{said}");

    tokio::task::block_in_place(|| cluster.resume());
    assert_eq!(store.accepted(here).await.unwrap(), Some(acceptance(2, 1)), "the same handle, connected anew");
    assert!(store.accept(here, commit(2), &acceptance(3, 4), &[]).await.unwrap());
    assert!(advance(&*store, here, &run, 0, &life, &[message("a", "chat")]).await.unwrap(), "no step was half made");
    assert_eq!(store.outbox_size().await.unwrap(), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_count_goes_on_over_restarts_without_a_gap_or_a_repetition() {
    const END: u8 = 120;
    let cluster = tokio::task::spawn_blocking(Cluster::start).await.unwrap();
    let world = World::in_cluster(&cluster).await;
    let (first, second) = (world.open().await, world.open().await);
    first.adopt(&world.here, &acceptance(0, 0), &[]).await.unwrap();
    let count = |store: Arc<dyn Store>| {
        let here = world.here.clone();
        tokio::spawn(async move {
            loop {
                let step = async {
                    let now = store.accepted(&here).await?.map_or(0, |a| a.commit.0[0]);
                    if now < END {
                        store.accept(&here, commit(now), &acceptance(now + 1, 0), &[]).await?;
                    }
                    Ok::<u8, StoreError>(now)
                };
                match step.await {
                    Ok(END) => break,
                    Ok(_) => {}
                    // Whether the write was kept is not known; the next look says it.
                    Err(error) => assert!(error.is_retryable(), "{error}"),
                }
            }
        })
    };
    let tasks: Vec<_> = [&first, &second, &first, &second].into_iter().map(|store| count(store.clone())).collect();
    for how in ["immediate", "fast"] {
        tokio::task::block_in_place(|| {
            cluster.halt(how);
            cluster.resume();
        });
    }
    for task in tasks {
        task.await.unwrap();
    }
    let all = first.acceptances(&world.here, 1000).await.unwrap();
    assert_eq!(all.iter().map(|a| a.commit).collect::<Vec<_>>(), (0..=END).rev().map(commit).collect::<Vec<_>>());
}
