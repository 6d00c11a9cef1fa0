//! Limits: what GitHub says about waiting is obeyed, the reserve is kept, and afterwards all is as it would have been.

use std::time::Duration;

use portcullis::forge::Forge as _;

use crate::fake::on;
use crate::world::Daemon;

use super::life::{Life, ends_well, troubled, wastes_no_more_than};
use super::writes::WRITES;

#[tokio::test]
async fn retry_after_is_obeyed_on_every_write() {
    for status in [403, 429] {
        let ended = troubled(10, 300, |github| {
            WRITES.iter().for_each(|(method, part)| github.fault(on(method, part).retry_after(status, 120)));
        })
        .await;
        ends_well("Retry-After", &ended).await;
        wastes_no_more_than("Retry-After", &ended, 14 * WRITES.len()).await;
    }
}

#[tokio::test]
async fn a_secondary_limit_is_waited_out() {
    let ended = troubled(10, 300, |github| {
        WRITES.iter().for_each(|(method, part)| github.fault(on(method, part).secondary_limit()));
        github.fault(on("GET", "/pulls").secondary_limit());
    })
    .await;
    ends_well("secondary", &ended).await;
    wastes_no_more_than("secondary", &ended, 15 * WRITES.len()).await;
}

#[tokio::test]
async fn a_quota_that_is_gone_is_waited_for_without_asking() {
    let mut life = Life::begins(Daemon::App).await;
    (life.looks, life.pause) = (4, 300);
    let github = life.world.github.clone();
    github.forgets_calls();
    life.people_act();
    let reset = life.world.clock.time().as_second() + 1200;
    github.fault(on("GET", "/pulls").quota_gone(reset));
    life.world.sweep_after(1).await;
    let asked = github.calls().len();
    for _ in 0..3 {
        life.world.sweep_after(300).await;
        assert_eq!(github.calls().len(), asked, "nothing is asked before the hour is over");
    }
    life.world.sweep_after(300).await;
    assert!(github.calls().len() > asked);
    life.daemon_looks().await;
    life.goes_on().await;
    ends_well("quota", &life.ended()).await;
}

#[tokio::test]
async fn a_reserve_is_kept_and_looks_become_rare_and_all_recovers() {
    let mut life = Life::begins(Daemon::App).await;
    let github = life.world.github.clone();
    github.quota(400);
    github.forgets_calls();
    life.people_act();
    life.world.sweep_after(60).await;
    assert!(life.world.forge.patience() < 2.0, "{}", life.world.forge.patience());
    github.used_up(370);
    for _ in 0..30 {
        // Something changes all the time, so that nothing is told for free.
        life.world.person("bob").renames_pull_request(crate::world::CATALOG, 1, "another title");
        life.world.sweep_after(10).await;
    }
    assert!(life.world.forge.patience() > 5.0, "looks become rare: {}", life.world.forge.patience());
    let refused = github.calls().iter().filter(|call| call.status == 403).count();
    assert_eq!(refused, 0, "the quota was not asked beyond its end");
    life.world.person("bob").renames_pull_request(crate::world::CATALOG, 1, "longer");
    life.world.clock.advance(Duration::from_secs(60 * 30));
    life.goes_on().await;
    assert!(life.world.forge.patience() < 2.0, "{}", life.world.forge.patience());
    ends_well("reserve", &life.ended()).await;
}
