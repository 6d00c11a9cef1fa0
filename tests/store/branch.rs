//! The watched branch.

use portcullis::store::{Halt, RepositoryKey};

use crate::world::{World, acceptance, at, commit};

on_both_stores! {
    an_acceptance_moves_only_from_where_it_was_seen
    while_history_is_in_doubt_nothing_is_accepted_but_by_a_person
}

async fn an_acceptance_moves_only_from_where_it_was_seen(world: World) {
    let (store, here) = (world.open().await, &world.here);
    assert_eq!(store.accepted(here).await.unwrap(), None);
    assert!(!store.accept(here, commit(0), &acceptance(1, 0), &[]).await.unwrap(), "nothing was adopted yet");
    assert!(store.adopt(here, &acceptance(1, 0), &[]).await.unwrap());
    assert!(!store.adopt(here, &acceptance(9, 0), &[]).await.unwrap(), "first sight happens once");
    assert!(store.accept(here, commit(1), &acceptance(2, 1), &[]).await.unwrap());
    assert!(!store.accept(here, commit(1), &acceptance(3, 2), &[]).await.unwrap(), "somebody was faster");
    assert_eq!(store.accepted(here).await.unwrap(), Some(acceptance(2, 1)));
    assert_eq!(store.acceptances(here, 10).await.unwrap(), [acceptance(2, 1), acceptance(1, 0)]);
    let elsewhere = RepositoryKey::new("acme/catalog release");
    assert_eq!(store.accepted(&elsewhere).await.unwrap(), None);
}

async fn while_history_is_in_doubt_nothing_is_accepted_but_by_a_person(world: World) {
    let (store, here) = (world.open().await, &world.here);
    store.adopt(here, &acceptance(1, 0), &[]).await.unwrap();
    let halt = store.halt(here, commit(7), at(5)).await.unwrap();
    assert_eq!(halt, Halt { seen: commit(7), since: at(5) });
    assert!(!store.accept(here, commit(1), &acceptance(2, 6), &[]).await.unwrap());
    // The branch moves again: the alert is as old as it was, and is about the new tip.
    assert_eq!(store.halt(here, commit(8), at(9)).await.unwrap(), Halt { seen: commit(8), since: at(5) });
    assert!(
        !store.resume(here, &acceptance(7, 10), &[]).await.unwrap(),
        "a person accepts what stands there, not what stood there"
    );
    assert!(store.resume(here, &acceptance(8, 10), &[]).await.unwrap());
    assert_eq!(store.halted(here).await.unwrap(), None);
    assert_eq!(store.accepted(here).await.unwrap(), Some(acceptance(8, 10)));
}
