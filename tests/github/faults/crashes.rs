//! The daemon dies between any two requests, and a new one goes on from what stands there.

use crate::fake::on;
use crate::world::Daemon;

use super::life::{Life, ends_well};

/// How far a life may go on dying in one chapter before it is no life any more.
const MOST: u32 = 90;

/// Looks once, and dies at the request of this number; `false` if there were not so many.
async fn dies_at(life: &mut Life, number: u32, performed: bool) -> bool {
    let github = life.world.github.clone();
    let fault = on("", "").after(number);
    let held = github.hangs(if performed { fault.performed() } else { fault });
    let died = tokio::select! {
        () = life.world.sweep_after(10) => false,
        () = held.reached() => true,
    };
    github.heals();
    life.world.restarts_daemon();
    died
}

/// In every chapter the daemon dies at its first request, the next one at its second, and so on until one survives.
async fn dies_again_and_again(performed: bool) {
    let mut life = Life::begins(Daemon::App).await;
    let github = life.world.github.clone();
    github.forgets_calls();
    let mut deaths = 0;
    for _ in 0..super::life::CHAPTERS {
        life.people_act();
        let mut number = 0;
        while dies_at(&mut life, number, performed).await {
            number += 1;
            deaths += 1;
            assert!(number < MOST, "it never comes through");
        }
        life.daemon_looks().await;
    }
    assert!(deaths > 50, "{deaths}");
    ends_well("crashes", &life.ended()).await;
}

#[tokio::test]
async fn a_daemon_that_dies_before_each_request_ends_where_one_that_lives_does() {
    dies_again_and_again(false).await;
}

#[tokio::test]
async fn a_daemon_that_dies_after_each_request_ends_where_one_that_lives_does() {
    dies_again_and_again(true).await;
}

/// One death alone, at every request of the chapter in which most is written.
#[tokio::test]
async fn one_death_at_any_request_changes_nothing() {
    for number in 0..MOST {
        // Both ways at each number take twice as long; the tests above have them.
        let performed = number % 2 == 1;
        let mut life = Life::begins(Daemon::App).await;
        life.world.github.forgets_calls();
        life.people_act();
        let died = dies_at(&mut life, number, performed).await;
        life.looks = 2;
        life.daemon_looks().await;
        let (ended, untroubled) = (life.ended(), first_chapter().await);
        super::life::assert_same(&format!("died at {number}"), &ended.state, &untroubled.state);
        assert_eq!(ended.written, untroubled.written, "died at {number}, performed: {performed}");
        if !died {
            break;
        }
    }
}

async fn first_chapter() -> &'static super::life::Ended {
    static ENDED: tokio::sync::OnceCell<super::life::Ended> = tokio::sync::OnceCell::const_new();
    ENDED
        .get_or_init(|| async {
            let mut life = Life::begins(Daemon::App).await;
            life.world.github.forgets_calls();
            life.people_act();
            life.daemon_looks().await;
            life.ended()
        })
        .await
}
