//! What changes around a daemon while it works: the repository's name, its credentials, its clock, GitHub itself.

use jiff::SignedDuration;

use crate::fake::on;
use crate::world::{CATALOG, Daemon};

use super::life::{CHAPTERS, Life, ends_well, wastes_no_more_than};

#[tokio::test]
async fn a_repository_that_is_renamed_is_followed() {
    let mut life = Life::begins(Daemon::App).await;
    let github = life.world.github.clone();
    github.forgets_calls();
    life.people_act();
    github.fault(on("POST", "/statuses/").answers(502));
    life.world.sweep_after(60).await;
    // In the middle: what is left is written to the new name.
    github.renames(CATALOG, "inventory");
    life.daemon_looks().await;
    github.renames("acme/inventory", "catalog");
    life.goes_on().await;
    let redirected = github.calls().iter().filter(|call| [301, 307].contains(&call.status)).count();
    let lines: Vec<String> = github.calls().iter().map(|call| format!("{} {} {}", call.method, call.path, call.status)).collect();
    assert!((1..=6).contains(&redirected), "{redirected}: {lines:#?}");
    let mut ended = life.ended();
    ended.written.iter_mut().for_each(|line| *line = line.replacen("/acme/inventory/", "/acme/catalog/", 1));
    ended.written.sort();
    ends_well("renamed", &ended).await;
}

#[tokio::test]
async fn tokens_that_are_revoked_or_late_are_minted_again_and_no_more_than_that() {
    let mut life = Life::begins(Daemon::App).await;
    let github = life.world.github.clone();
    github.forgets_calls();
    github.tokens_are_late(2);
    for _ in 0..CHAPTERS {
        life.people_act();
        life.world.sweep_after(60).await;
        github.revokes_installation_tokens();
        life.daemon_looks().await;
    }
    let ended = life.ended();
    ends_well("revoked", &ended).await;
    let mints = github.calls_to("POST", "/access_tokens").len();
    assert!(mints <= 2 * CHAPTERS + 1, "{mints} tokens");
    wastes_no_more_than("revoked", &ended, 6 * CHAPTERS).await;
}

#[tokio::test]
async fn clocks_that_differ_are_learned() {
    for minutes in [-45, 45] {
        let mut life = Life::begins(Daemon::App).await;
        let github = life.world.github.clone();
        github.forgets_calls();
        life.people_act();
        github.clock_is_ahead(SignedDuration::from_mins(minutes));
        life.world.restarts_daemon();
        life.daemon_looks().await;
        life.goes_on().await;
        let ended = life.ended();
        ends_well("skew", &ended).await;
        let refused = ended.calls.iter().filter(|call| call.status == 401).count();
        assert!(refused <= 1, "{minutes}: {refused} refused");
    }
}

#[tokio::test]
async fn a_clock_that_jumps_while_the_daemon_runs_is_learned() {
    let mut life = Life::begins(Daemon::App).await;
    let github = life.world.github.clone();
    github.forgets_calls();
    for minutes in [30, -30, 50, -50, 0] {
        github.clock_is_ahead(SignedDuration::from_mins(minutes));
        life.people_act();
        life.daemon_looks().await;
    }
    ends_well("jumps", &life.ended()).await;
}

#[tokio::test]
async fn github_goes_and_comes_back() {
    let mut life = Life::begins(Daemon::App).await;
    life.looks = 6;
    let github = life.world.github.clone();
    github.forgets_calls();
    for _ in 0..CHAPTERS {
        life.people_act();
        github.stops();
        life.world.sweep_after(60).await;
        github.starts_again();
        life.world.sweep_after(60).await;
        github.restarts();
        life.daemon_looks().await;
    }
    let ended = life.ended();
    ends_well("restarted", &ended).await;
    wastes_no_more_than("restarted", &ended, 8 * CHAPTERS).await;
}

#[tokio::test]
async fn an_installation_that_is_suspended_is_waited_for() {
    let mut life = Life::begins(Daemon::App).await;
    life.looks = 6;
    let github = life.world.github.clone();
    github.forgets_calls();
    life.people_act();
    let installation = life.world.installation.unwrap();
    github.suspends(installation, true);
    life.world.sweep_after(60).await;
    assert!(github.writes().iter().all(|call| call.status >= 400));
    github.suspends(installation, false);
    life.world.clock.advance(std::time::Duration::from_secs(600));
    life.daemon_looks().await;
    life.goes_on().await;
    ends_well("suspended", &life.ended()).await;
}

#[tokio::test]
async fn a_redirect_to_elsewhere_is_given_no_credentials() {
    let mut life = Life::begins(Daemon::App).await;
    life.looks = 6;
    let github = life.world.github.clone();
    github.forgets_calls();
    let elsewhere = crate::fake::GitHub::start(crate::clock::ManualClock::start());
    let to = format!("{}/repos/acme/catalog/pulls", elsewhere.api());
    github.fault(on("GET", "/pulls").redirects(301, &to));
    github.fault(on("POST", "/statuses/").redirects(307, &to));
    life.goes_on().await;
    assert!(elsewhere.calls().iter().all(|call| call.by == "nobody"));
    elsewhere.violations();
    ends_well("elsewhere", &life.ended()).await;
}
