//! What people live through: whole stories on the one fake, told to the real controller and read off GitHub's pages.

mod commands;
mod forks;
mod identity;
mod merges;
mod merging;
mod progress;
mod pulls;
mod queue;
mod quota;
mod reviews;
mod roster;
mod waking;
mod whole;
mod withdrawals;

use git2::Oid;
use portcullis::model::{CommitId, Identifier};
use portcullis::store::{RepositoryKey, Standing, Store as _};

use crate::world::{CATALOG, Daemon, RUN, World};

/// Nothing stands against it.
const GREEN: &str = "catalog success, permissions success, approval success";
/// Somebody is to approve it.
const WAITS: &str = "catalog success, permissions success, approval pending";

/// The same run, asked for with other inputs.
const SHORTER: &str = "action: extend\nentity: prod\ninputs: {ttl: 5 days}\n";

/// A stage that the controller has seen once, as an App.
async fn stage() -> World {
    let world = World::new(Daemon::App).await;
    world.sweep().await;
    world
}

/// Bob asks for a run in a pull request, and the controller has seen it.
async fn bob_asks(world: &World) -> u64 {
    let number = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    world.sweep_after(20).await;
    assert_eq!(world.verdict(number), WAITS, "{}", world.says(number, "approval"));
    number
}

/// Somebody reviews the head of a pull request, and the controller looks.
async fn reviews(world: &World, login: &str, number: u64, verdict: &str) -> u64 {
    let review = world.person(login).reviews(CATALOG, number, verdict);
    world.sweep_after(20).await;
    review
}

/// What is recorded of a run: `APPROVED`, `adopted`, or `-`.
async fn run(world: &World, id: &str) -> String {
    let record = world.store.run(&key(), &Identifier::new(id).unwrap()).await.unwrap();
    match record.map(|record| record.standing) {
        Some(Standing::Decided(state)) => state.as_str().to_owned(),
        Some(Standing::Adopted) => "adopted".to_owned(),
        None => "-".to_owned(),
    }
}

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn key() -> RepositoryKey {
    RepositoryKey::new("catalog")
}

/// Alice, who may do everything, pushes files to the watched branch; a file without a text is removed.
fn alice_pushes(world: &World, files: &[(&str, Option<&str>)]) -> CommitId {
    let mut alice = world.clone_of("alice");
    for (file, text) in files {
        match text {
            Some(text) => alice.writes(file, text),
            None => alice.removes(file),
        };
    }
    alice.commits("Change the catalog");
    commit(alice.pushes("main"))
}

/// Somebody as the roster has them.
fn user(world: &World, login: &str, rest: &str) -> String {
    format!("identifier: {login}@acme.dev\n{rest}\ngithub: {{ login: {login}, id: {} }}\n", world.person(login).id)
}

/// Why the accepted revision is what it is.
async fn reason(world: &World) -> String {
    world.store.accepted(&key()).await.unwrap().map(|acceptance| acceptance.reason).unwrap_or_default()
}

fn commit(id: Oid) -> CommitId {
    CommitId::from_hex(&id.to_string()).unwrap()
}

fn oid(id: CommitId) -> Oid {
    Oid::from_str(&id.to_string()).unwrap()
}
