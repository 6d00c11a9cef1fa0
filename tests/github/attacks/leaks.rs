//! What is told to whom it does not concern.

use crate::world::{CATALOG, Daemon, World};

#[tokio::test]
async fn whoever_takes_the_name_that_a_repository_left_is_told_nothing() {
    for known_as in [Daemon::App, Daemon::Token] {
        let world = World::new(known_as).await;
        world.sweep().await;
        let accepted = world.accepted().await;
        world.github.renames(CATALOG, "catalog-of-old");
        let mut dave = world.person("dave").clones(CATALOG);
        dave.writes("catalog.yaml", "identity: declared\n").commits("Mine now");
        dave.pushes("main");
        dave.on("topic").writes("entities/Env/prod.yaml", "identifier: prod\n").commits("Ask who may");
        dave.pushes("topic");
        let number = dave.opens_pull_request("topic", "main");
        world.sweep_after(60).await;
        world.sweep_after(4000).await;
        assert_eq!(world.accepted().await, accepted, "{known_as:?}");
        assert_eq!(world.comment(number), None, "{known_as:?}");
        assert_eq!(world.verdict(number), "catalog -, permissions -, approval -", "{known_as:?}");
    }
}

#[tokio::test]
async fn no_token_and_no_key_is_in_anything_that_is_written() {
    for known_as in [Daemon::App, Daemon::Token] {
        let world = World::new(known_as).await;
        world.proposes("bob", "grab", "users/bob.yaml", "identifier: bob@acme.dev\nroles: [Admin]\n");
        world.sweep_after(60).await;
        let writes = world.github.writes();
        assert!(!writes.is_empty());
        for call in writes {
            let body = call.body.map(|body| body.to_string()).unwrap_or_default();
            for secret in ["ghs_", "ghp_", "github_pat_", "PRIVATE KEY", "eyJ"] {
                assert!(!body.contains(secret) && !call.query.contains(secret), "{known_as:?} {}: {body}", call.path);
            }
        }
    }
}
