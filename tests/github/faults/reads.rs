//! Reads that are answered by trouble: nothing is judged by half of what there is, and all is read in the end.

use std::time::Duration;

use crate::fake::on;
use crate::world::Daemon;

use super::life::{Life, ends_well, troubled, wastes_no_more_than};
use super::writes::WRITES;

/// What is read of the API in the life of a pull request.
const READS: [&str; 8] =
    ["/pulls", "/pulls/1/reviews", "/activity", "/statuses", "/check-runs", "/issues/1/comments", "/reactions", "/permission"];

#[tokio::test]
async fn reads_that_fail_are_asked_again_and_nothing_else_is_different() {
    for status in [500, 502, 503] {
        let ended = troubled(6, 60, |github| READS.iter().for_each(|part| github.fault(on("GET", part).answers(status)))).await;
        ends_well("reads", &ended).await;
        wastes_no_more_than("reads", &ended, READS.len()).await;
    }
}

#[tokio::test]
async fn torn_answers_are_neither_believed_nor_remembered() {
    for whole in [false, true] {
        let ended = troubled(6, 60, |github| {
            for part in READS {
                let fault = on("GET", part);
                github.fault(if whole { fault.cut_short() } else { fault.breaks_off() });
            }
        })
        .await;
        ends_well("torn", &ended).await;
        wastes_no_more_than("torn", &ended, READS.len()).await;
    }
}

#[tokio::test]
async fn a_stray_304_and_a_silent_end_change_nothing() {
    let ended = troubled(8, 60, |github| READS.iter().for_each(|part| github.fault(on("GET", part).answers(304)))).await;
    ends_well("304", &ended).await;
    wastes_no_more_than("304", &ended, 2 * READS.len()).await;
    let ended = troubled(6, 60, |github| READS.iter().for_each(|part| github.fault(on("GET", part).hangs_up()))).await;
    ends_well("hangs up", &ended).await;
    wastes_no_more_than("hangs up", &ended, READS.len()).await;
}

#[tokio::test]
async fn git_that_cannot_fetch_delays_and_decides_nothing() {
    let ended = troubled(8, 60, |github| {
        github.fault(on("GET", "/info/refs").answers(503).times(2));
        github.fault(on("POST", "/git-upload-pack").answers(502));
        github.fault(on("POST", "/git-upload-pack").after(1).breaks_off());
    })
    .await;
    ends_well("git", &ended).await;
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left() {
    let mut life = Life::begins(Daemon::App).await;
    life.world.deadline = Duration::from_secs(2);
    life.world.restarts_daemon();
    life.looks = 6;
    let github = life.world.github.clone();
    github.forgets_calls();
    let hung = [
        github.hangs(on("GET", "/pulls/1/reviews")),
        github.hangs(on("POST", "/statuses/").performed()),
        github.hangs(on("POST", "/labels")),
    ];
    life.goes_on().await;
    assert!(github.faults_are_over(), "{:?}", github.faults_left());
    let ended = life.ended();
    drop(hung);
    ends_well("hung", &ended).await;
}

#[tokio::test]
async fn everything_fails_twice() {
    let ended = troubled(24, 60, |github| {
        READS.iter().for_each(|part| github.fault(on("GET", part).answers(502).times(2)));
        WRITES.iter().for_each(|(method, part)| github.fault(on(method, part).answers(502).performed()));
        github.fault(on("POST", "/access_tokens").answers(500).times(2));
    })
    .await;
    ends_well("everything", &ended).await;
}
