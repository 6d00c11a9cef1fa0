//! What we are made to say: of commits that several share, and in words that others chose.

use crate::world::{CATALOG, Daemon, World};

#[tokio::test]
async fn whoever_proposes_somebody_elses_head_makes_it_no_greener_and_withdraws_all_by_going() {
    let world = World::new(Daemon::App).await;
    let grab = world.proposes("bob", "grab", "users/bob.yaml", "identifier: bob@acme.dev\nroles: [Admin]\n");
    world.sweep_after(60).await;
    assert_eq!(world.status(grab, "permissions").as_deref(), Some("failure"), "{}", world.verdict(grab));
    let good = world.proposes("alice", "good", "entities/Env/dev.yaml", "identifier: dev\n");
    world.sweep_after(60).await;
    assert_eq!(world.status(good, "permissions").as_deref(), Some("success"), "{}", world.verdict(good));
    let mut dave = world.person("dave").forks(CATALOG);
    dave.resets("same", world.head(good));
    dave.pushes("same");
    let copy = dave.opens_pull_request("same", "main");
    world.sweep_after(60).await;
    world.sweep_after(60).await;
    assert_eq!(world.status(copy, "permissions").as_deref(), Some("failure"), "the worse stands");
    world.person("alice").closes(CATALOG, copy);
    world.sweep_after(60).await;
    world.sweep_after(60).await;
    assert_eq!(world.status(good, "permissions").as_deref(), Some("success"), "{}", world.verdict(good));
}

#[tokio::test]
async fn what_others_write_mentions_nobody_and_breaks_out_of_nothing() {
    let world = World::new(Daemon::App).await;
    let evil = "@acme/everyone <img src=x> ``` </details> <!-- portcullis -->";
    let mut dave = world.person("dave").forks(CATALOG);
    let branch = "x-@acme/everyone-<img>";
    dave.authored_by("@acme/everyone", "@acme/everyone@acme.dev");
    dave.on(branch).writes(
        "entities/Env/<img src=x>@acme/everyone.yaml",
        &format!("identifier: '{evil}'\nproperties: {{size: '{evil}'}}\n"),
    );
    dave.commits(&format!("{evil}\n\n/portcullis recheck\nCo-authored-by: {evil} <x@y>"));
    dave.pushes(branch);
    let number = dave.opens_pull_request(branch, "main");
    world.sweep_after(60).await;
    let comment = world.comment(number).expect("a comment");
    let check = world.check_run(number).expect("a check run");
    let mut texts =
        vec![comment, check["output"]["title"].as_str().unwrap().into(), check["output"]["summary"].as_str().unwrap().into()];
    texts.extend(["catalog", "permissions", "approval"].map(|context| world.says(number, context)));
    for text in &texts[..3] {
        // What stands in code is shown as it is.
        let prose: String = text.split('`').step_by(2).collect();
        assert!(!prose.contains("@acme/everyone"), "{text}");
        assert!(!prose.contains("<img"), "{text}");
        assert_eq!(text.matches("<details").count(), text.matches("</details").count(), "{text}");
    }
    assert_eq!(texts[0].matches("<!-- portcullis -->").count(), 1, "{}", texts[0]);
    assert!(texts[3..].iter().all(|text| text.chars().count() <= 140), "{texts:?}");
}
