//! What it costs: nothing while nothing changes, and a stated number of requests for a whole life.

use std::collections::BTreeMap;

use portcullis::controller::{Outward, Settings};

use super::{GREEN, RUN, WAITS, bob_asks, commit, run};
use crate::fake::{Called, Method};
use crate::world::{CATALOG, Daemon, World};

async fn stage() -> World {
    let world = World::with(Daemon::App, Outward::default(), Settings::default()).await;
    world.sweep().await;
    world
}

#[tokio::test]
async fn a_pull_request_that_does_not_change_costs_no_quota() {
    let world = stage().await;
    let waits = bob_asks(&world).await;
    let red = world.proposes("bob", "dev", "entities/Env/dev.yaml", "identifier: dev\n");
    let green = world.proposes("alice", "other", "entities/Env/other.yaml", "identifier: other\n");
    world.sweep_after(20).await;
    // What we posted ourselves has changed them once more.
    world.sweep_after(600).await;
    world.github.forgets_calls();
    for _ in 0..20 {
        world.sweep_after(15).await;
    }
    world.sweep_after(600).await;
    let paid: Vec<Called> = world.github.calls().into_iter().filter(|call| call.status != 304).collect();
    assert!(paid.is_empty(), "{paid:#?}");
    assert_eq!(world.github.cost(), 0);
    let looks = world.github.calls_to("GET", "/reviews").len();
    assert_eq!(looks, 3, "one look at each");
    assert_eq!([waits, red, green].map(|number| world.status(number, "catalog").unwrap()), ["success"; 3]);
}

/// Requests of one kind: `GET pulls/N/reviews`.
fn kind(call: &Called) -> String {
    let below = call.path.strip_prefix("/repos/acme/catalog/").unwrap_or(&call.path);
    let masked = |part: &str| match part {
        part if part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit()) => "SHA".to_owned(),
        part if !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()) => "N".to_owned(),
        "alice" | "carol" => "LOGIN".to_owned(),
        part => part.to_owned(),
    };
    format!("{} {}", call.method, below.split('/').map(masked).collect::<Vec<_>>().join("/"))
}

/// The daemon looks until nothing is left to do, and for a while after: what has not changed costs nothing.
async fn settles(world: &World) {
    for _ in 0..4 {
        world.sweep_after(15).await;
    }
}

/// What GitHub counts of a whole life.
const LIFE: &[&str] = &[
    "  2 GET activity",
    "  2 GET collaborators/LOGIN/permission",
    "  4 GET commits/SHA/check-runs",
    "  6 GET commits/SHA/statuses",
    "  5 GET issues/N/comments",
    "  5 GET pulls",
    "  7 GET pulls/N",
    "  2 GET pulls/N/reviews",
    "  1 PATCH check-runs/N",
    "  2 PATCH issues/comments/N",
    "  3 POST check-runs",
    "  2 POST issues/N/comments",
    "  1 POST pulls/N/requested_reviewers",
    " 11 POST statuses/SHA",
];

#[tokio::test]
async fn a_whole_life_costs_as_many_requests_as_the_page_says() {
    let world = stage().await;
    world.github.forgets_calls();
    // Opened, and refused.
    let number = world.proposes("bob", "longer", "runs/longer.yaml", "action: extend\nentity: prod\ninputs: {ttl: 10}\n");
    settles(&world).await;
    assert_eq!(world.status(number, "catalog").as_deref(), Some("failure"), "{}", world.verdict(number));
    // Mended: it waits for an approval.
    let mut bob = world.clone_of("bob");
    bob.on("longer").writes("runs/longer.yaml", RUN).commits("Mend");
    bob.pushes("longer");
    settles(&world).await;
    assert_eq!(world.verdict(number), WAITS);
    // Approved.
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    settles(&world).await;
    assert_eq!(world.verdict(number), GREEN);
    // Merged.
    let merged = world.person("bob").merges(CATALOG, number, Method::Squash);
    settles(&world).await;
    assert_eq!(world.accepted().await, Some(commit(merged)));
    assert_eq!(run(&world, "longer").await, "APPROVED");

    let mut rows: BTreeMap<String, (usize, u64)> = BTreeMap::new();
    for call in world.github.calls().into_iter().filter(|call| call.cost > 0) {
        let row = rows.entry(kind(&call)).or_default();
        row.0 += 1;
        row.1 += call.cost;
    }
    let table: Vec<String> = rows.iter().map(|(kind, (sent, _))| format!("{sent:>3} {kind}")).collect();
    println!("{}", table.join("\n"));
    let (writes, paid) = (world.github.writes().len(), world.github.cost());
    assert_eq!(rows.values().map(|(_, cost)| cost).sum::<u64>(), paid);
    let sentence = format!(
        "From being opened to being merged, refused once and approved once, it costs {paid} requests, {writes} of which write"
    );
    assert!(include_str!("../../../docs/github.md").contains(&sentence), "docs/github.md is to say: {sentence}");
    assert_eq!(table, LIFE);
}
