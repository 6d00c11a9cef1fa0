//! Writes whose answer is trouble: performed or not, each is written once in the end.

use crate::fake::{GitHub, on};

use super::life::{ends_well, troubled, wastes_no_more_than};

/// Everything that is written in the life of a pull request.
pub(super) const WRITES: [(&str, &str); 9] = [
    ("POST", "/statuses/"),
    ("POST", "/check-runs"),
    ("PATCH", "/check-runs/"),
    ("POST", "/issues/1/comments"),
    ("PATCH", "/issues/comments/"),
    ("POST", "/requested_reviewers"),
    ("POST", "/reactions"),
    ("POST", "/issues/1/labels"),
    ("PUT", "/merge"),
];

/// What follows a write that failed: it is read what stands there, and all that came after is done then.
const AGAIN: usize = 14;

type Mischief = fn(&GitHub, (&str, &str), bool);

async fn each_write_once(mischief: Mischief, performed: bool) {
    let what = if performed { "performed" } else { "not performed" };
    let ended = troubled(10, 60, |github| WRITES.into_iter().for_each(|write| mischief(github, write, performed))).await;
    ends_well(what, &ended).await;
    wastes_no_more_than(what, &ended, AGAIN * WRITES.len()).await;
}

fn answers_502(github: &GitHub, (method, part): (&str, &str), performed: bool) {
    let fault = on(method, part).answers(502);
    github.fault(if performed { fault.performed() } else { fault });
}

fn hangs_up(github: &GitHub, (method, part): (&str, &str), performed: bool) {
    let fault = on(method, part).hangs_up();
    github.fault(if performed { fault.performed() } else { fault });
}

fn breaks_off(github: &GitHub, (method, part): (&str, &str), _: bool) {
    github.fault(on(method, part).breaks_off());
}

fn cut_short(github: &GitHub, (method, part): (&str, &str), _: bool) {
    github.fault(on(method, part).cut_short());
}

#[tokio::test]
async fn a_write_that_is_answered_by_trouble_and_was_not_done_is_done_once() {
    each_write_once(answers_502, false).await;
}

#[tokio::test]
async fn a_write_that_is_answered_by_trouble_and_was_done_is_not_done_again() {
    each_write_once(answers_502, true).await;
}

#[tokio::test]
async fn a_write_whose_connection_ends_without_a_word_is_done_once() {
    each_write_once(hangs_up, false).await;
    each_write_once(hangs_up, true).await;
}

#[tokio::test]
async fn a_write_whose_answer_is_torn_is_done_once() {
    each_write_once(breaks_off, true).await;
    each_write_once(cut_short, true).await;
}
