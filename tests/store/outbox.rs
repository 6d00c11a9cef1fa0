//! The outbox and the logs: nothing is taken out twice at a time, nothing is lost, and nothing grows without end.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use portcullis::model::{RunState, Timestamp};
use portcullis::run::life::Life;
use portcullis::store::{Delivered, Holder, Message, MessageKind, NewMessage, Store, StoreError, Wanted};

use crate::journal::{advance, message};
use crate::world::{World, at, id};

on_both_stores! {
    messages_of_a_run_go_in_order_and_lanes_wait_for_nobody
    a_lane_of_which_very_much_waits_leaves_room_for_the_others
    of_a_lane_no_more_is_taken_out_than_it_has_room_for
    replicas_that_take_out_at_the_same_time_never_get_the_same
    whoever_dies_with_a_message_gives_it_back_and_comes_too_late
    what_takes_long_is_kept_and_what_is_put_off_was_no_attempt
    what_is_given_up_is_kept_until_somebody_replays_it
    what_is_done_is_forgotten_after_a_week
    whoever_holds_a_repository_takes_out_its_messages_alone
    a_log_is_numbered_and_bounded
    a_character_that_one_database_does_not_take_is_replaced_in_both
}

const LEASE: Duration = Duration::from_secs(30);

/// Puts messages about a run of this repository into the outbox.
async fn put(store: &dyn Store, world: &World, run: &str, messages: &[NewMessage]) {
    let life = Life::new(RunState::WaitingForApproval);
    assert!(advance(store, &world.here, &id(run), 0, &life, messages).await.unwrap());
}

async fn claim(store: &dyn Store, limit: u32, now: Timestamp) -> Vec<Message> {
    store.claim_messages(&Wanted::of(MessageKind::Notify, limit), LEASE, now).await.unwrap()
}

fn ids(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(|message| message.id.as_str()).collect()
}

fn later(second: i64) -> Delivered {
    Delivered::Later { due: at(second), trouble: "429 Too Many Requests".to_owned() }
}

fn dead(why: &str) -> Delivered {
    Delivered::Dead { trouble: why.to_owned() }
}

async fn messages_of_a_run_go_in_order_and_lanes_wait_for_nobody(world: World) {
    let store = world.open().await;
    let audit = NewMessage { kind: MessageKind::Audit, ..message("note", "chat") };
    let tomorrow = NewMessage { due: at(86_400), ..message("later", "later") };
    let all = [message("1", "chat"), message("2", "chat"), message("1m", "mail"), message("2m", "mail"), audit, tomorrow];
    put(&*store, &world, "one", &all).await;
    put(&*store, &world, "two", &[message("other", "chat")]).await;

    let first = claim(&*store, 10, at(2)).await;
    assert_eq!(ids(&first), ["1", "1m", "other"], "the oldest of each run and lane that is due");
    assert_eq!((first[0].run.as_str(), first[0].lane.as_str(), first[0].attempts), ("one", "chat", 0));
    assert_eq!((&first[0].repository, first[0].created), (&world.here, at(1)));
    assert_eq!(first[0].body, message("1", "chat").body);
    assert!(claim(&*store, 10, at(2)).await.is_empty());

    store.settle_message(&first[0], &later(100), at(3)).await.unwrap();
    store.settle_message(&first[1], &Delivered::Done, at(3)).await.unwrap();
    let next = claim(&*store, 10, at(4)).await;
    assert_eq!(ids(&next), ["2m"], "the mail goes on; in the chat the first is waited for");
    let again = claim(&*store, 10, at(100)).await;
    assert_eq!(ids(&again), ["1", "2m", "other"], "those that nobody settled have come back");
    assert_eq!((again[0].attempts, again[0].trouble.as_deref()), (1, Some("429 Too Many Requests")));
    store.settle_message(&again[0], &Delivered::Done, at(101)).await.unwrap();
    assert_eq!(ids(&claim(&*store, 10, at(101)).await), ["2"]);

    let notes = store.claim_messages(&Wanted::of(MessageKind::Audit, 10), LEASE, at(2)).await.unwrap();
    assert_eq!(ids(&notes), ["note"]);
    assert_eq!(store.outbox_size().await.unwrap(), (5, 0), "a message that is taken out is still there");
}

async fn a_lane_of_which_very_much_waits_leaves_room_for_the_others(world: World) {
    let store = world.open().await;
    for run in 0..20 {
        put(&*store, &world, &format!("run-{run:02}"), &[message(&format!("flood {run:02}"), "flooded")]).await;
    }
    put(&*store, &world, "late", &[message("calm", "calm")]).await;
    assert_eq!(ids(&claim(&*store, 3, at(2)).await), ["flood 00", "flood 01", "calm"]);
}

async fn of_a_lane_no_more_is_taken_out_than_it_has_room_for(world: World) {
    let store = world.open().await;
    for n in 0..5 {
        let all = ["chat", "mail", "ma", "m%"].map(|lane| message(&format!("{n}{lane}"), lane));
        put(&*store, &world, &format!("run-{n}"), &all).await;
    }
    let lanes = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let take = async |each: u32, without: &[&str]| {
        let without = lanes(without);
        let wanted = Wanted { each, without: &without, ..Wanted::of(MessageKind::Notify, 100) };
        let mut taken: Vec<String> =
            store.claim_messages(&wanted, LEASE, at(2)).await.unwrap().into_iter().map(|message| message.lane).collect();
        taken.sort();
        taken
    };
    assert_eq!(take(1, &["chat", "m%"]).await, ["ma", "mail"], "a name is no pattern");
    assert_eq!(take(2, &["mail", "ma", "chat"]).await, ["m%", "m%"]);
    assert_eq!(take(3, &["mail", "ma", "m%"]).await, ["chat"; 3]);
    assert_eq!(take(9, &["hat", ""]).await.len(), 2 + 4 + 4 + 3, "names of other lanes");
}

async fn replicas_that_take_out_at_the_same_time_never_get_the_same(world: World) {
    const MESSAGES: usize = 60;
    let stores = join_all((0..3).map(|_| world.open())).await;
    for n in 0..MESSAGES {
        put(&*stores[0], &world, &format!("run-{n}"), &[message(&format!("{n}"), ["chat", "mail"][n % 2])]).await;
    }
    let replicas = (0..9usize).map(|n| {
        let store = stores[n % 3].clone();
        tokio::spawn(async move {
            let mut mine = Vec::new();
            loop {
                let taken = claim(&*store, 4, at(2)).await;
                if taken.is_empty() {
                    return mine;
                }
                for message in &taken {
                    store.settle_message(message, &Delivered::Done, at(3)).await.unwrap();
                }
                mine.extend(taken.into_iter().map(|message| message.id));
            }
        })
    });
    let taken: Vec<String> = join_all(replicas).await.into_iter().flat_map(Result::unwrap).collect();
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), taken.len(), "none twice");
    // Whoever was passed over while another was taking it out comes later.
    let rest = claim(&*stores[0], 100, at(2)).await;
    assert_eq!(taken.len() + rest.len(), MESSAGES, "and none lost");
}

async fn whoever_dies_with_a_message_gives_it_back_and_comes_too_late(world: World) {
    let (one, other) = (world.open().await, world.open().await);
    put(&*one, &world, "run", &[message("1", "chat")]).await;
    let lost = claim(&*one, 10, at(2)).await;
    assert!(claim(&*other, 10, at(31)).await.is_empty(), "not before its time is up");
    let taken = claim(&*other, 10, at(32)).await;
    assert_eq!(ids(&taken), ["1"]);
    for late in [Delivered::Done, dead("late"), later(1000)] {
        one.settle_message(&lost[0], &late, at(33)).await.unwrap();
    }
    assert_eq!(one.outbox_size().await.unwrap(), (1, 0), "a late word changes nothing");
    other.settle_message(&taken[0], &later(40), at(34)).await.unwrap();
    other.settle_message(&taken[0], &Delivered::Done, at(34)).await.unwrap();
    assert_eq!(one.outbox_size().await.unwrap(), (1, 0), "nor does a second one");
    assert_eq!(claim(&*one, 10, at(40)).await[0].attempts, 1, "each attempt is counted once");
}

async fn what_is_given_up_is_kept_until_somebody_replays_it(world: World) {
    let store = world.open().await;
    put(&*store, &world, "run", &[message("1", "chat"), message("2", "chat")]).await;
    put(&*store, &world, "other", &[message("3", "mail")]).await;
    for _ in 0..3 {
        for message in claim(&*store, 10, at(2)).await {
            store.settle_message(&message, &dead("404 Not Found"), at(5)).await.unwrap();
        }
    }
    assert_eq!(store.outbox_size().await.unwrap(), (0, 3));
    let letters = store.dead_letters(2).await.unwrap();
    assert_eq!(ids(&letters), ["1", "2"], "oldest first");
    assert_eq!((letters[0].due, letters[0].trouble.as_deref(), letters[0].attempts), (at(5), Some("404 Not Found"), 1));
    assert!(claim(&*store, 10, at(100_000)).await.is_empty());

    assert_eq!(store.replay(Some("nobody"), at(6)).await.unwrap(), 0);
    assert_eq!(store.replay(Some("2"), at(6)).await.unwrap(), 1);
    let again = claim(&*store, 10, at(6)).await;
    assert_eq!((ids(&again), again[0].attempts), (vec!["2"], 0));
    store.settle_message(&again[0], &Delivered::Done, at(7)).await.unwrap();
    assert_eq!(store.replay(None, at(8)).await.unwrap(), 2);
    assert_eq!(store.replay(None, at(8)).await.unwrap(), 0);
    assert_eq!(ids(&claim(&*store, 10, at(8)).await), ["1", "3"]);
}

async fn what_takes_long_is_kept_and_what_is_put_off_was_no_attempt(world: World) {
    let store = world.open().await;
    put(&*store, &world, "run", &[message("1", "chat")]).await;
    let taken = claim(&*store, 10, at(0)).await;
    assert!(store.keep_message(&taken[0], LEASE, at(20)).await.unwrap());
    assert!(claim(&*store, 10, at(40)).await.is_empty(), "it is still under way");
    let again = claim(&*store, 10, at(51)).await;
    assert_eq!(ids(&again), ["1"]);
    assert!(!store.keep_message(&taken[0], LEASE, at(52)).await.unwrap(), "it is somebody else's now");

    let put_off = Delivered::PutOff { due: at(60), trouble: "the channel rests".to_owned() };
    store.settle_message(&again[0], &put_off, at(53)).await.unwrap();
    assert!(claim(&*store, 10, at(59)).await.is_empty());
    let tried = claim(&*store, 10, at(60)).await;
    assert_eq!((tried[0].attempts, tried[0].trouble.as_deref()), (0, Some("the channel rests")));
    store.settle_message(&tried[0], &later(70), at(61)).await.unwrap();
    assert_eq!(claim(&*store, 10, at(70)).await[0].attempts, 1);
}

async fn what_is_done_is_forgotten_after_a_week(world: World) {
    const WEEK: i64 = 7 * 86_400;
    let store = world.open().await;
    for n in 0..3 {
        put(&*store, &world, &format!("run-{n}"), &[message(&format!("{n}"), "chat")]).await;
    }
    let taken = claim(&*store, 10, at(2)).await;
    store.settle_message(&taken[0], &Delivered::Done, at(10)).await.unwrap();
    store.settle_message(&taken[1], &dead("gone"), at(10)).await.unwrap();
    // While it is remembered it is not put in again, whoever says it.
    let again = [message("0", "chat"), message("fresh", "mail")];
    put(&*store, &world, "again", &again).await;
    assert_eq!(store.outbox_size().await.unwrap(), (2, 1));
    store.settle_message(&taken[2], &Delivered::Done, at(WEEK + 11)).await.unwrap();
    put(&*store, &world, "much-later", &[message("0", "chat")]).await;
    assert_eq!(store.outbox_size().await.unwrap(), (2, 1), "only what is done was forgotten");
}

async fn whoever_holds_a_repository_takes_out_its_messages_alone(world: World) {
    let store = world.open().await;
    let elsewhere = portcullis::store::RepositoryKey::new("acme/another main");
    put(&*store, &world, "here", &[message("1", "chat"), message("2", "mail")]).await;
    let life = Life::new(RunState::WaitingForApproval);
    advance(&*store, &elsewhere, &id("there"), 0, &life, &[message("3", "chat")]).await.unwrap();

    let ours = store.lease(&world.here, &Holder::new("a"), LEASE, at(0)).await.unwrap().unwrap();
    let fenced = store.under(ours);
    let taken = claim(&*fenced, 10, at(2)).await;
    assert_eq!(ids(&taken), ["1", "2"]);
    let foreign = fenced.claim_messages(&Wanted::of(MessageKind::Notify, 10).about(&elsewhere), LEASE, at(2)).await;
    assert!(matches!(foreign, Err(StoreError::Fenced { .. })));
    let there = store.claim_messages(&Wanted::of(MessageKind::Notify, 10).about(&elsewhere), LEASE, at(2)).await.unwrap();
    assert_eq!(ids(&there), ["3"]);
    fenced.settle_message(&taken[0], &Delivered::Done, at(3)).await.unwrap();

    store.lease(&world.here, &Holder::new("b"), LEASE, at(60)).await.unwrap().unwrap();
    let line = fenced.append_log(&world.here, &id("here"), "late", at(61)).await.map(|_| ());
    let step = advance(&*fenced, &world.here, &id("here"), 1, &life, &[message("4", "chat")]).await.map(|_| ());
    let settled = fenced.settle_message(&taken[1], &Delivered::Done, at(61)).await;
    let claimed = fenced.claim_messages(&Wanted::of(MessageKind::Notify, 10), LEASE, at(61)).await.map(|_| ());
    for late in [line, step, settled, claimed] {
        assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
    }
    assert_eq!(store.outbox_size().await.unwrap(), (2, 0));
    assert_eq!(store.run(&world.here, &id("here")).await.unwrap().unwrap().revision, 1);
}

async fn a_log_is_numbered_and_bounded(world: World) {
    let (store, here, run) = (world.open().await, &world.here, id("run"));
    assert_eq!(store.append_log(here, &run, "nobody knows it", at(0)).await.unwrap(), None);
    put(&*store, &world, "run", &[]).await;
    let other = world.open().await;
    let both = join_all((0..20).map(|n| {
        let store = if n % 2 == 0 { &store } else { &other };
        let run = &run;
        async move { store.append_log(here, run, &format!("line {n}"), at(n)).await.unwrap().unwrap() }
    }));
    assert_eq!(both.await.into_iter().collect::<BTreeSet<_>>(), (1..=20).collect());
    let page = store.log(here, &run, 5, 3).await.unwrap();
    assert_eq!(page.iter().map(|line| line.number).collect::<Vec<_>>(), [6, 7, 8]);
    assert!(store.log(here, &run, u64::MAX, 3).await.unwrap().is_empty());
    assert!(store.log(here, &id("another"), 0, 3).await.unwrap().is_empty());

    assert_eq!(store.append_log(here, &run, &"ä".repeat(1_000_000), at(1)).await.unwrap(), Some(21));
    let long = store.log(here, &run, 20, 1).await.unwrap().remove(0).message;
    assert!(long.len() <= 16 * 1024 && long.ends_with("ä … (shortened)"), "{}", long.len());

    world
        .tamper(
            "INSERT INTO run_logs (repository, run, number, message, at)
             SELECT repository, run, 4999, 'x', 0 FROM run_logs WHERE number = 1",
        )
        .await;
    assert_eq!(store.append_log(here, &run, "the last", at(2)).await.unwrap(), Some(5000));
    assert_eq!(store.append_log(here, &run, "too much", at(2)).await.unwrap(), None);
}

async fn a_character_that_one_database_does_not_take_is_replaced_in_both(world: World) {
    let (store, here, run) = (world.open().await, &world.here, id("run"));
    let nul = NewMessage { body: serde_json::json!({ "a\0": "\0" }), ..message("i\0d", "la\0ne") };
    put(&*store, &world, "run", &[nul]).await;
    let taken = claim(&*store, 1, at(2)).await;
    assert_eq!((taken[0].body["a\0"].as_str(), taken[0].lane.as_str()), (Some("\0"), "la\u{fffd}ne"));
    store.settle_message(&taken[0], &dead("a\0b"), at(3)).await.unwrap();
    assert_eq!(store.dead_letters(1).await.unwrap()[0].trouble.as_deref(), Some("a\u{fffd}b"));
    store.append_log(here, &run, "\0", at(3)).await.unwrap();
    assert_eq!(store.log(here, &run, 0, 1).await.unwrap()[0].message, "\u{fffd}");
}
