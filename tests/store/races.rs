//! Many at once: whatever compares and swaps has one winner, and nobody is lost.

use std::sync::Arc;

use futures_util::future::join_all;
use portcullis::model::RunState;
use portcullis::run::life::Life;
use portcullis::store::Store;

use crate::journal::advance;
use crate::world::{World, acceptance, at, commit, id};

on_both_stores! {
    two_processes_share_it
    many_tasks_of_several_processes_count_in_turn
    of_many_that_decide_the_same_one_decides
    first_sight_is_had_once_and_first_times_are_one
    processes_that_start_together_all_come_up
    a_process_that_dies_leaves_whole_steps_behind
}

async fn handles(world: &World, number: usize) -> Vec<Arc<dyn Store>> {
    join_all((0..number).map(|_| world.open())).await
}

async fn two_processes_share_it(world: World) {
    let here = &world.here;
    let (a, b) = tokio::join!(world.open(), world.open());
    a.adopt(here, &acceptance(1, 0), &[]).await.unwrap();
    assert_eq!(b.accepted(here).await.unwrap(), Some(acceptance(1, 0)));
    let (to_two, to_three) = (acceptance(2, 1), acceptance(3, 1));
    let (first, second) = tokio::join!(a.accept(here, commit(1), &to_two, &[]), b.accept(here, commit(1), &to_three, &[]));
    assert!(first.unwrap() ^ second.unwrap(), "one of them wins");
    assert_eq!(a.accepted(here).await.unwrap(), b.accepted(here).await.unwrap());
}

async fn many_tasks_of_several_processes_count_in_turn(world: World) {
    let stores = handles(&world, 3).await;
    stores[0].adopt(&world.here, &acceptance(0, 0), &[]).await.unwrap();
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let (store, here) = (Arc::clone(&stores[task % 3]), world.here.clone());
            tokio::spawn(async move {
                let mut moved = 0;
                while moved < 10 {
                    let now = store.accepted(&here).await.unwrap().unwrap().commit;
                    let next = acceptance(now.0[0] + 1, 0);
                    store.first_seen(&here, "a commit", at(i64::from(now.0[0]))).await.unwrap();
                    moved += i32::from(store.accept(&here, now, &next, &[]).await.unwrap());
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(stores[0].accepted(&world.here).await.unwrap().unwrap().commit, commit(80));
    let all = stores[1].acceptances(&world.here, 1000).await.unwrap();
    assert_eq!(all.iter().map(|a| a.commit).collect::<Vec<_>>(), (0..=80).rev().map(commit).collect::<Vec<_>>());
}

async fn of_many_that_decide_the_same_one_decides(world: World) {
    let stores = handles(&world, 3).await;
    let (here, run) = (&world.here, id("extend-env"));
    for (from, to) in [(0, RunState::WaitingForApproval), (1, RunState::Approved), (2, RunState::InProgress)] {
        let life = Life::new(to);
        let decided = join_all((0..12).map(|n| advance(&*stores[n % 3], here, &run, from, &life, &[]))).await;
        assert_eq!(decided.into_iter().filter(|won| *won.as_ref().unwrap()).count(), 1, "one decides that it is {to:?}");
        assert_eq!(stores[0].transitions(here, &run).await.unwrap().len() as u64, from + 1);
    }
}

async fn first_sight_is_had_once_and_first_times_are_one(world: World) {
    let stores = handles(&world, 3).await;
    let (here, tips) = (&world.here, (0..9).map(|n| acceptance(n, 0)).collect::<Vec<_>>());
    let adopted = join_all(tips.iter().enumerate().map(|(n, tip)| stores[n % 3].adopt(here, tip, &[]))).await;
    assert_eq!(adopted.into_iter().filter(|first| *first.as_ref().unwrap()).count(), 1);
    let seen = join_all((0..9).map(|n| stores[n % 3].first_seen(here, "a run", at(i64::try_from(n).unwrap())))).await;
    let seen: Vec<_> = seen.into_iter().map(Result::unwrap).collect();
    assert!(seen.iter().all(|time| *time == seen[0]), "{seen:?}");
}

async fn processes_that_start_together_all_come_up(world: World) {
    let stores = handles(&world, 6).await;
    for store in stores {
        assert_eq!(store.accepted(&world.here).await.unwrap(), None);
    }
}

async fn a_process_that_dies_leaves_whole_steps_behind(world: World) {
    let here = &world.here;
    let store = world.open().await;
    store.adopt(here, &acceptance(1, 0), &[]).await.unwrap();
    store.accept(here, commit(1), &acceptance(2, 1), &[]).await.unwrap();
    // Not closed: what is durable must not depend on a farewell.
    drop(store);
    world.die_after("DELETE FROM acceptances").await;
    let store = world.open().await;
    assert_eq!(store.accepted(here).await.unwrap(), Some(acceptance(2, 1)));
    assert!(store.accept(here, commit(2), &acceptance(3, 2), &[]).await.unwrap(), "nothing stays locked");
}
