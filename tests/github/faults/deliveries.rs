//! Deliveries that are forged, replayed, reordered, duplicated or lost: it ends as if there were no deliveries at all.

use std::net::SocketAddr;
use std::sync::Arc;

use portcullis::controller::Waker;
use portcullis::forge::github::Secret;
use portcullis::forge::github::delivery::{What, Woken};
use portcullis::server::{Receiver, WEBHOOK_PATH, router, serve};
use portcullis::store::Store;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::fake::{Delivery, GitHub, Person, post, signature};
use crate::world::{CATALOG, Daemon, RUN, World};

use super::life::assert_same;

const SECRET: &str = "it is told to GitHub alone";
const CASES: u64 = 24;
const ACTS: usize = 5;

/// A receiver that wakes the controller of a world, as a daemon's does.
struct Listening {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Listening {
    async fn to(world: &World) -> Self {
        let waker = world.waker();
        let wake = move |woken: Woken| wakes(&waker, &woken);
        let store = world.store.clone() as Arc<dyn Store>;
        let receiver = Receiver::new(vec![Secret::new(SECRET)], store, world.clock.clone(), Arc::new(wake));
        let router = router(world.controller.metrics(), world.controller.health(), Some(receiver), None);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async { serve(listener, router, std::future::pending()).await.unwrap() });
        Self { address, server }
    }

    fn url(&self) -> String {
        format!("http://{}{WEBHOOK_PATH}", self.address)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn wakes(waker: &Waker, woken: &Woken) {
    match woken.what {
        What::PullRequest(number) => drop(waker.wake_pull_request("catalog", &number.to_string())),
        What::Repository => drop(waker.wake_repository("catalog")),
        What::Standing | What::Everything => drop(waker.recheck_repository("catalog")),
    }
}

/// What people do, told by numbers, so that it can be done in two worlds.
fn act(world: &World, choice: u64, serial: u64, number: u64, branch: &str) {
    let github = &world.github;
    let person = |login: &str| -> Person { world.person(login) };
    let pushes = |login: &str, file: &str, text: &str| {
        let mut clone = world.clone_of(login);
        clone.pulls(branch).writes(file, text).commits(&format!("Change {serial}"));
        clone.pushes(branch);
    };
    match choice {
        0 => pushes("bob", "runs/r.yaml", &RUN.replace("10", &serial.to_string())),
        1 => pushes("bob", "entities/Env/bad.yaml", "identifier: bad\nproperties: {size: many}\n"),
        2 => pushes("alice", "entities/Env/bad.yaml", &format!("identifier: bad\nproperties: {{size: {serial}}}\n")),
        3 => drop(person("carol").reviews(CATALOG, number, "APPROVED")),
        4 => drop(person("bob").reviews(CATALOG, number, "APPROVED")),
        5 => drop(person("carol").reviews(CATALOG, number, "CHANGES_REQUESTED")),
        6 => github.dismisses(person("carol").reviews(CATALOG, number, "APPROVED")),
        7 => drop(person("dave").comments(CATALOG, number, "/portcullis recheck")),
        8 => person("bob").converts_to_draft(CATALOG, number),
        9 => person("bob").marks_ready(CATALOG, number),
        10 => {
            person("bob").closes(CATALOG, number);
            person("bob").reopens(CATALOG, number);
        }
        11 => person("bob").renames_pull_request(CATALOG, number, &format!("Title {serial}")),
        _ => drop(person("carol").comments(CATALOG, number, "Please hurry.")),
    }
}

const CHOICES: u64 = 13;

/// Delivers what GitHub has to tell, after somebody between it and us had his way with it.
async fn mischief(world: &World, to: &str, rng: &mut fastrand::Rng, kept: &mut Vec<Delivery>) {
    let github = &world.github;
    let mut fresh = github.deliveries();
    rng.shuffle(&mut fresh);
    for delivery in fresh {
        kept.push(delivery.clone());
        match rng.u8(..6) {
            0 => {}
            1 => forged(to, &delivery).await,
            2 => {
                assert_eq!(github.deliver(delivery.clone(), to, SECRET).await / 100, 2);
                assert_eq!(github.deliver(delivery, to, SECRET).await / 100, 2);
            }
            _ => assert_eq!(github.deliver(delivery, to, SECRET).await / 100, 2),
        }
    }
    // Something from long ago, again and as new.
    if let Some(old) = rng.choice(kept.clone()) {
        let again = Delivery { guid: format!("again-{}", rng.u32(..)), ..old.clone() };
        assert_eq!(github.deliver(again, to, SECRET).await / 100, 2);
        assert_eq!(github.deliver(old, to, SECRET).await / 100, 2);
    }
}

/// Signed by somebody who does not know the secret, or for another body.
async fn forged(to: &str, delivery: &Delivery) {
    let body = delivery.body.to_string();
    for signature in [signature("guessed", body.as_bytes()), signature(SECRET, b"{}"), "sha256=".to_owned()] {
        assert_eq!(post(to, delivery, &body, &signature).await, 401);
    }
}

/// Both worlds stand at the same second.
fn at(worlds: [&World; 2], second: i64) {
    for world in worlds {
        let ahead = second - world.clock.time().as_second();
        assert!(ahead >= 0, "a case took too long");
        world.clock.advance(std::time::Duration::from_secs(ahead.unsigned_abs()));
    }
}

fn seen(github: &GitHub) -> serde_json::Value {
    let mut state = github.end_state(CATALOG);
    for pull in state["pulls"].as_array_mut().unwrap() {
        // Whoever was asked while it was time to ask stays asked.
        pull["asked"] = serde_json::Value::Null;
        // Whether we or somebody else spoke first depends on when we looked.
        pull["comments"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
    }
    state
}

#[tokio::test]
async fn whatever_becomes_of_deliveries_it_ends_as_by_the_sweep_alone() {
    let (told, untold) = (World::new(Daemon::App).await, World::new(Daemon::App).await);
    let listening = Listening::to(&told).await;
    let (mut kept, mut rng) = (Vec::new(), fastrand::Rng::with_seed(20_260_301));
    for world in [&told, &untold] {
        world.sweep().await;
    }
    for case in 0..CASES {
        at([&told, &untold], 1_772_442_000 + 3600 * (case.cast_signed() + 1));
        let branch = format!("case-{case}");
        let mut number = 0;
        for world in [&told, &untold] {
            number = world.proposes("bob", &branch, "runs/r.yaml", RUN);
        }
        let mut story = Vec::new();
        for turn in 0..ACTS {
            let choice = rng.u64(..CHOICES);
            let serial = case * 100 + turn as u64;
            story.push(choice);
            at([&told, &untold], 1_772_442_000 + 3600 * (case.cast_signed() + 1) + 600 * (turn as i64 + 1));
            for world in [&told, &untold] {
                act(world, choice, serial, number, &branch);
            }
            if rng.bool() {
                mischief(&told, &listening.url(), &mut rng, &mut kept).await;
                told.sweep_after(1).await;
            }
        }
        // What comes late comes after all has been seen, too.
        told.sweep_after(20).await;
        mischief(&told, &listening.url(), &mut rng, &mut kept).await;
        for _ in 0..2 {
            tokio::join!(told.sweep_after(20), untold.sweep_after(20));
        }
        assert_same(&format!("case {case}, {story:?}"), &seen(&told.github), &seen(&untold.github));
        for world in [&told, &untold] {
            assert!(world.github.posted_twice(CATALOG).is_empty(), "case {case}: {:?}", world.github.posted_twice(CATALOG));
            world.person("bob").closes(CATALOG, number);
        }
    }
}

#[tokio::test]
async fn whoever_cannot_sign_wakes_nobody_and_costs_nothing() {
    let world = World::new(Daemon::App).await;
    world.sweep().await;
    let listening = Listening::to(&world).await;
    world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    world.github.forgets_calls();
    for delivery in world.github.deliveries() {
        forged(&listening.url(), &delivery).await;
    }
    assert!(world.github.calls().is_empty() && world.github.git_calls().is_empty());
}
