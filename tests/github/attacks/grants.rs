//! Rights that nobody gave: by lines, by logins that changed hands, by being faster, by refs that are called like others'.

use portcullis::forge::{Forge, Merge, MergeMethod, Merged};
use portcullis::model::{CommitId, RunState};
use portcullis::store::{RepositoryKey, Standing, Store};

use crate::fake::Method;
use crate::world::{CATALOG, Daemon, RUN, World};

const GRAB: &str = "identifier: dave@acme.dev\nroles: [Admin]\n";

/// How the only run that is known stands.
async fn run(world: &World) -> Option<RunState> {
    let runs = world.store.runs(&RepositoryKey::new("catalog")).await.unwrap();
    runs.into_iter().find_map(|run| match run.standing {
        Standing::Decided(state) => Some(state),
        _ => None,
    })
}

#[tokio::test]
async fn a_stranger_who_writes_an_admins_name_into_a_commit_is_a_stranger() {
    let world = World::new(Daemon::App).await;
    let mut dave = world.person("dave").forks(CATALOG);
    dave.authored_by("alice", "alice@acme.dev").committed_by("alice", "alice@acme.dev");
    dave.on("mine").writes("users/dave.yaml", GRAB).commits("Let dave in");
    dave.pushes("mine");
    let lines = dave.opens_pull_request("mine", "main");
    // Signed, with a key that GitHub knows, and with the Admin's address: GitHub does not verify that.
    dave.signs(true).on("signed").writes("users/dave.yaml", &format!("{GRAB}# signed\n")).commits("Let dave in");
    dave.pushes("signed");
    let signed = dave.opens_pull_request("signed", "main");
    world.sweep_after(60).await;
    for number in [lines, signed] {
        assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
    }
}

#[tokio::test]
async fn an_admins_signed_commit_on_top_does_not_cover_what_lies_below_it() {
    let world = World::new(Daemon::App).await;
    world.github.knows_key("alice");
    let mut dave = world.person("dave").forks(CATALOG);
    dave.on("mine").writes("users/dave.yaml", GRAB).commits("Let dave in");
    dave.pushes("mine");
    // The Admin was talked into adding something harmless of her own.
    let mut alice = world.clone_of("alice");
    alice.resets("mine", dave.tip("mine"));
    let above = alice.signs(true).writes("entities/Env/dev.yaml", "identifier: dev\n").commits("Add dev");
    dave.resets("mine", above);
    dave.pushes("mine");
    let number = dave.opens_pull_request("mine", "main");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
}

#[tokio::test]
async fn whoever_took_an_approvers_login_is_not_the_approver() {
    let world = World::new(Daemon::App).await;
    let number = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    world.github.renames_account("carol", "carol-of-old");
    world.github.user("carol").reviews(CATALOG, number, "APPROVED");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "approval").as_deref(), Some("pending"), "{}", world.verdict(number));
    world.person("carol-of-old").reviews(CATALOG, number, "APPROVED");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "approval").as_deref(), Some("success"), "{}", world.verdict(number));
}

#[tokio::test]
async fn the_push_of_an_approver_is_not_forgotten_with_the_branch() {
    let world = World::new(Daemon::App).await;
    let number = world.proposes("bob", "longer", "entities/Env/dev.yaml", "identifier: dev\n");
    // carol writes the run in bob's name; bob has the branch go and come again, and the pull request with it.
    let mut carol = world.clone_of("carol");
    carol.pulls("longer").authored_by("bob", "bob@acme.dev").committed_by("bob", "bob@acme.dev");
    carol.writes("runs/longer.yaml", RUN).commits("Ask for more");
    carol.pushes("longer");
    let mut bob = world.clone_of("bob");
    bob.pulls("longer");
    bob.deletes_branch("longer");
    bob.pushes("longer");
    if world.github.pull_request(CATALOG, number)["state"] != "open" {
        world.person("bob").reopens(CATALOG, number);
    }
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    world.sweep_after(60).await;
    assert_ne!(world.status(number, "approval").as_deref(), Some("success"), "{}", world.verdict(number));
}

#[tokio::test]
async fn a_pull_request_that_is_led_elsewhere_after_it_was_judged_is_not_merged_there() {
    let world = World::new(Daemon::App).await;
    world.clone_of("alice").on("release").pushes("release");
    let number = world.proposes("bob", "dev", "entities/Env/dev.yaml", "identifier: dev\n");
    let head = CommitId::from_hex(&world.head(number).to_string()).unwrap();
    let merge = Merge { pull_request: number.to_string(), head, method: MergeMethod::Squash };
    world.person("bob").retargets(CATALOG, number, "release");
    let Merged::Refused(why) = world.forge.merge(&merge).await.unwrap() else { panic!("merged into another branch") };
    assert!(why.contains("another branch"), "{why}");
    world.person("bob").retargets(CATALOG, number, "main");
    world.person("bob").converts_to_draft(CATALOG, number);
    let Merged::Refused(why) = world.forge.merge(&merge).await.unwrap() else { panic!("merged a draft") };
    assert!(why.contains("draft"), "{why}");
    assert!(world.github.calls_to("PUT", "/merge").is_empty(), "not even tried");
    world.person("bob").marks_ready(CATALOG, number);
    assert_eq!(world.forge.merge(&merge).await.unwrap(), Merged::Done);
    assert_eq!(world.forge.merge(&merge).await.unwrap(), Merged::Done, "it is merged already");
    assert_eq!(world.github.calls_to("PUT", "/merge").len(), 1);
}

#[tokio::test]
async fn a_run_that_was_merged_into_another_branch_does_not_stay_approved() {
    let world = World::new(Daemon::App).await;
    world.clone_of("alice").on("release").pushes("release");
    let number = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    world.sweep_after(60).await;
    assert_eq!(run(&world).await, Some(RunState::Approved), "{}", world.verdict(number));
    world.person("bob").retargets(CATALOG, number, "release");
    world.person("bob").merges(CATALOG, number, Method::Squash);
    world.sweep_after(60).await;
    assert_eq!(run(&world).await, Some(RunState::Cancelled));
    let left = world.store.all_judged(&RepositoryKey::new("catalog")).await.unwrap();
    assert!(left.is_empty(), "nothing on the branch is recognised by it: {left:?}");
}

#[tokio::test]
async fn a_ref_that_is_called_like_an_entry_of_the_queue_must_be_one() {
    let world = World::new(Daemon::App).await;
    let mut bob = world.clone_of("bob");
    let (dev, more) = ("identifier: dev\n", "identifier: more\n");
    let mut alice = world.clone_of("alice");
    alice.on("main").writes("entities/Env/more.yaml", more).commits("More");
    alice.pushes("main");
    let number = world.proposes("alice", "dev", "entities/Env/dev.yaml", dev);
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("success"), "{}", world.verdict(number));
    // The very tree of the Admin's pull request, on a history of bob's own.
    let forged = format!("gh-readonly-queue/main/pr-{number}-{}", world.main());
    bob.on(&forged).writes("entities/Env/more.yaml", more).writes("entities/Env/dev.yaml", dev);
    let at = bob.commits("Queued, honestly");
    bob.pushes(&forged);
    world.sweep_after(60).await;
    assert_eq!(world.status_of(at, "permissions").as_deref(), Some("failure"));
    assert_eq!(world.status(number, "permissions").as_deref(), Some("success"), "the pull request is as it was");
}

#[tokio::test]
async fn an_admins_signed_commit_does_not_come_again_by_somebody_else_after_it_was_taken_back() {
    let world = World::new(Daemon::App).await;
    world.github.knows_key("alice");
    let id = world.person("bob").id;
    let user = |roles: &str| format!("identifier: bob@acme.dev\nroles: [{roles}]\ngithub: {{ login: bob, id: {id} }}\n");
    let mut alice = world.clone_of("alice");
    let raised = alice.on("raise").signs(true).writes("users/bob.yaml", &user("Admin")).commits("Make bob an Admin for a day");
    alice.pushes("raise");
    let raise = alice.opens_pull_request("raise", "main");
    world.sweep_after(60).await;
    world.person("alice").merges(CATALOG, raise, Method::Squash);
    world.sweep_after(60).await;
    alice.pulls("main").on("lower").writes("users/bob.yaml", &user("Member")).commits("The day is over");
    alice.pushes("lower");
    let lower = alice.opens_pull_request("lower", "main");
    world.sweep_after(60).await;
    world.person("alice").merges(CATALOG, lower, Method::Squash);
    world.sweep_after(60).await;
    assert_eq!(world.accepted().await, Some(world.main()));
    // Squashed, so that the signed commit is not in the history of the branch.
    let mut bob = world.clone_of("bob");
    bob.resets("again", raised);
    bob.pushes("again");
    let again = bob.opens_pull_request("again", "main");
    world.sweep_after(60).await;
    assert_eq!(world.status(again, "permissions").as_deref(), Some("failure"), "{}", world.verdict(again));
    // She may ask for it again herself.
    alice.resets("again-herself", raised).pushes("again-herself");
    let herself = alice.opens_pull_request("again-herself", "main");
    world.person("bob").closes(CATALOG, again);
    world.sweep_after(60).await;
    world.sweep_after(60).await;
    assert_eq!(world.status(herself, "permissions").as_deref(), Some("success"), "{}", world.verdict(herself));
}

#[tokio::test]
async fn the_yes_of_an_account_that_was_deleted_is_nobodys() {
    let world = World::new(Daemon::App).await;
    let number = world.proposes("bob", "longer", "runs/longer.yaml", RUN);
    world.person("carol").reviews(CATALOG, number, "APPROVED");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "approval").as_deref(), Some("success"), "{}", world.verdict(number));
    world.github.deletes_account("carol");
    world.person("dave").comments(CATALOG, number, "Gone?");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "approval").as_deref(), Some("pending"), "{}", world.verdict(number));
}

#[tokio::test]
async fn a_member_does_not_edit_a_branch_of_an_admin_in_the_browser_with_the_admins_rights() {
    let world = World::new(Daemon::App).await;
    let number = world.proposes("alice", "topic", "entities/Env/dev.yaml", "identifier: dev\n");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("success"), "{}", world.verdict(number));
    let bob = world.person("bob");
    bob.edits_on_web(CATALOG, "topic", "users/bob.yaml", "identifier: bob@acme.dev\nroles: [Admin]\n");
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
    // Bringing the branch up to date makes it nobody else's.
    let mut alice = world.clone_of("alice");
    alice.on("main").writes("entities/Env/more.yaml", "identifier: more\n").commits("More");
    alice.pushes("main");
    bob.updates_branch(CATALOG, number);
    world.sweep_after(60).await;
    assert_eq!(world.status(number, "permissions").as_deref(), Some("failure"), "{}", world.verdict(number));
}

#[tokio::test]
async fn a_signed_commit_that_was_closed_unmerged_does_not_come_back_by_somebody_else() {
    let world = World::new(Daemon::App).await;
    world.github.knows_key("alice");
    let mut alice = world.clone_of("alice");
    let grant = alice.on("idea").signs(true).writes("users/dave.yaml", GRAB).commits("An idea, and a bad one");
    alice.pushes("idea");
    let idea = alice.opens_pull_request("idea", "main");
    world.sweep_after(60).await;
    assert_eq!(world.status(idea, "permissions").as_deref(), Some("success"), "{}", world.verdict(idea));
    world.person("alice").closes(CATALOG, idea);
    world.sweep_after(60).await;
    let mut dave = world.person("dave").forks(CATALOG);
    dave.resets("mine", grant).pushes("mine");
    let mine = dave.opens_pull_request("mine", "main");
    world.sweep_after(60).await;
    assert_eq!(world.status(mine, "permissions").as_deref(), Some("failure"), "{}", world.verdict(mine));
}
