use super::world::*;
use crate::forge::Forge;

#[tokio::test]
async fn the_author_in_the_line_is_anybodys_word() {
    let world = World::new().await;
    let (alice, mallory) = (world.person("alice"), world.person("mallory"));
    let first = alice.request("extend-env");
    mallory.git(&["fetch", "-q"]);
    mallory.pull_notes();
    mallory.append(DISCUSS, first, &comment_line("bob@acme.dev", first, Some(true)));
    mallory.push_notes();
    assert_eq!(world.reviews(&world.forge(), &world.the_only_pull_request().await).await, ["mallory approves"]);
}

#[tokio::test]
async fn an_approval_copied_to_another_pull_request_is_the_copiers() {
    let world = World::new().await;
    let (alice, bob, mallory) = (world.person("alice"), world.person("bob"), world.person("mallory"));
    let harmless = alice.request("harmless");
    let evil = mallory.request("evil");
    bob.git(&["fetch", "-q"]);
    let line = bob.review(harmless, harmless, Some(true));
    mallory.pull_notes();
    mallory.append(DISCUSS, evil, &line);
    // Moving bob's whole note under the evil object is no better.
    mallory.git(&["notes", "--ref", DISCUSS, "copy", "-f", &harmless.to_string(), &evil.to_string()]);
    mallory.push_notes();
    let forge = world.forge();
    let evil = forge.pull_request(&evil.to_string()).await.unwrap().unwrap();
    let harmless = forge.pull_request(&harmless.to_string()).await.unwrap().unwrap();
    assert_eq!(world.reviews(&forge, &evil).await, ["mallory approves"]);
    assert_eq!(world.reviews(&forge, &harmless).await, ["bob approves"]);
}

#[tokio::test]
async fn an_approval_that_was_withdrawn_is_not_brought_back_by_another() {
    let world = World::new().await;
    let (alice, bob, mallory) = (world.person("alice"), world.person("bob"), world.person("mallory"));
    let first = alice.request("extend-env");
    bob.git(&["fetch", "-q"]);
    let line = bob.review(first, first, Some(true));
    bob.git(&["notes", "--ref", DISCUSS, "remove", &first.to_string()]);
    bob.push_notes();
    let pr = world.the_only_pull_request().await;
    assert!(world.reviews(&world.forge(), &pr).await.is_empty());
    mallory.pull_notes();
    mallory.git(&["fetch", "-q"]);
    mallory.append(DISCUSS, first, &line);
    mallory.push_notes();
    assert_eq!(world.reviews(&world.forge(), &pr).await, ["unknown approves"]);
}

#[tokio::test]
async fn taking_a_rejection_out_of_the_notes_takes_nothing_back() {
    let world = World::new().await;
    let (alice, bob, mallory) = (world.person("alice"), world.person("bob"), world.person("mallory"));
    let first = alice.request("extend-env");
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, Some(false));
    mallory.git(&["fetch", "-q"]);
    mallory.pull_notes();
    mallory.git(&["notes", "--ref", DISCUSS, "remove", &first.to_string()]);
    mallory.push_notes();
    assert_eq!(world.reviews(&world.forge(), &world.the_only_pull_request().await).await, ["bob rejects"]);
}

#[tokio::test]
async fn rewriting_the_history_of_the_notes_takes_nothing_back_either() {
    let world = World::new().await;
    let (alice, bob, carol, mallory) =
        (world.person("alice"), world.person("bob"), world.person("carol"), world.person("mallory"));
    let first = alice.request("extend-env");
    for person in [&bob, &carol, &mallory] {
        person.git(&["fetch", "-q"]);
    }
    bob.review(first, first, Some(false));
    let approval = carol.review(first, first, Some(true));
    let pr = world.the_only_pull_request().await;
    assert_eq!(world.reviews(&world.forge(), &pr).await.len(), 2);
    // One root commit in place of all: no rejection in it, and carol's approval in mallory's commit.
    mallory.append(DISCUSS, first, &approval);
    mallory.git(&["push", "-q", "-f", "origin", DISCUSS]);
    for _ in 0..2 {
        let mut said = world.reviews(&world.forge(), &pr).await;
        said.sort();
        assert_eq!(said, ["bob rejects", "unknown approves"]);
    }
    world.git(&["update-ref", "-d", DISCUSS]);
    assert_eq!(world.reviews(&world.forge(), &pr).await, ["bob rejects"]);
    // Life goes on in the new history.
    mallory.append(DISCUSS, first, &comment_line("mallory", first, Some(false)));
    mallory.git(&["push", "-q", "-f", "origin", DISCUSS]);
    let mut said = world.reviews(&world.forge(), &pr).await;
    said.sort();
    assert_eq!(said, ["bob rejects", "mallory rejects", "unknown approves"]);
    world.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(world.reviews(&world.forge(), &pr).await.len(), 3, "the old history is not collected as garbage");
}

#[tokio::test]
async fn a_merge_of_notes_that_slips_a_line_in_is_its_makers() {
    let world = World::new().await;
    let (alice, bob, mallory) = (world.person("alice"), world.person("bob"), world.person("mallory"));
    let first = alice.request("extend-env");
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, None);
    mallory.git(&["fetch", "-q"]);
    mallory.pull_notes();
    let theirs = mallory.git(&["rev-parse", DISCUSS]);
    mallory.append(DISCUSS, first, &comment_line("bob@acme.dev", first, Some(true)));
    let tree = mallory.git(&["rev-parse", &format!("{DISCUSS}^{{tree}}")]);
    let side = mallory.git(&["commit-tree", "-m", "side", "-p", &theirs, &format!("{theirs}^{{tree}}")]);
    let merge = mallory.git(&["commit-tree", "-m", "notes: Merged remote", "-p", &theirs, "-p", &side, &tree]);
    mallory.git(&["update-ref", DISCUSS, &merge]);
    mallory.push_notes();
    let said = world.reviews(&world.forge(), &world.the_only_pull_request().await).await;
    assert_eq!(said, ["bob remarks", "mallory approves"]);
}

#[tokio::test]
async fn garbage_hides_nothing_and_stops_nobody() {
    let world = World::new().await;
    let (alice, bob, mallory) = (world.person("alice"), world.person("bob"), world.person("mallory"));
    let first = alice.request("extend-env");
    let second = mallory.request("second");
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, Some(true));
    mallory.pull_notes();
    let scribble = |name: &str, bytes: &[u8], object: &str| {
        let path = mallory.clone.join(name);
        std::fs::write(&path, bytes).unwrap();
        let blob = mallory.git(&["hash-object", "-w", path.to_str().unwrap()]);
        mallory.git(&["notes", "--ref", DISCUSS, "append", "-C", &blob, object]);
    };
    let (here, there) = (first.to_string(), second.to_string());
    scribble("binary", b"{\"resolved\":false,\"author\":\"\xff\xfe\"}\n\0\0\0", &here);
    scribble("deep", format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)).as_bytes(), &here);
    scribble("long", format!("{{\"resolved\":false,\"description\":\"{}\"}}", "x".repeat(70_000)).as_bytes(), &here);
    scribble("types", b"{\"resolved\":\"yes\"}\n{\"location\":7}\n[1]\nnull\n{}", &here);
    let many: String = (0..5_000).map(|n| format!("{{\"timestamp\":\"{n}\",\"description\":\"chatter\"}}\n")).collect();
    scribble("many", many.as_bytes(), &there);
    // Notes on what is no commit here, names that are no ids, a note on a blob, requests that are none.
    let blob = mallory.git(&["hash-object", "-w", "README"]);
    mallory.append(REVIEWS, first, "{\"timestamp\":\"9999999999\",\"requester\":7,\"targetRef\":\"\"}");
    mallory.git(&["notes", "--ref", REVIEWS, "add", "-m", &request_line(0, "m", "refs/heads/second", "refs/heads/main"), &blob]);
    mallory.push_notes();

    let forge = world.forge();
    let open = forge.open_pull_requests().await.unwrap();
    assert_eq!(open.len(), 2, "{open:?}");
    let of = |id: &str| open.iter().find(|p| p.id == id).unwrap().clone();
    let said = world.reviews(&forge, &of(&here)).await;
    assert_eq!(said.iter().filter(|s| *s != "mallory remarks").collect::<Vec<_>>(), ["bob approves"]);
    assert_eq!(world.reviews(&forge, &of(&there)).await.len(), 5_000);
}

#[tokio::test]
async fn a_note_beyond_all_bounds_says_nothing_and_its_neighbours_still_speak() {
    let world = World::new().await;
    let (alice, bob, mallory) = (world.person("alice"), world.person("bob"), world.person("mallory"));
    let first = alice.request("extend-env");
    let second = alice.request("second");
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, Some(true));
    bob.review(first, first, Some(false));
    bob.review(second, second, Some(true));
    mallory.git(&["fetch", "-q"]);
    mallory.pull_notes();
    let path = mallory.clone.join("huge");
    std::fs::write(&path, "chatter\n".repeat(1_000_000)).unwrap();
    let blob = mallory.git(&["hash-object", "-w", path.to_str().unwrap()]);
    mallory.git(&["notes", "--ref", DISCUSS, "append", "-C", &blob, &first.to_string()]);
    mallory.push_notes();
    let forge = world.forge();
    let of = async |id: crate::model::CommitId| {
        let pr = forge.pull_request(&id.to_string()).await.unwrap().unwrap();
        world.reviews(&forge, &pr).await
    };
    assert_eq!(of(first).await, ["bob rejects"], "the approval cannot be read any more; the rejection was read before");
    assert_eq!(of(second).await, ["bob approves"]);
}

#[tokio::test]
async fn a_tree_that_names_one_subtree_a_million_times_over_is_not_walked() {
    let world = World::new().await;
    let (alice, bob, mallory) = (world.person("alice"), world.person("bob"), world.person("mallory"));
    let first = alice.request("extend-env");
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, Some(true));
    mallory.git(&["fetch", "-q"]);
    mallory.pull_notes();
    let server = git2::Repository::open_bare(world.server()).unwrap();
    let odb = server.odb().unwrap();
    let mut below = odb.write(git2::ObjectType::Tree, b"").unwrap();
    for _ in 0..18 {
        let mut raw = Vec::new();
        for n in 0..256 {
            raw.extend_from_slice(format!("40000 {n:02x}\0").as_bytes());
            raw.extend_from_slice(below.as_bytes());
        }
        below = odb.write(git2::ObjectType::Tree, &raw).unwrap();
    }
    let tip = world.git(&["rev-parse", DISCUSS]);
    let bomb = world.git(&["commit-tree", "-m", "boom", "-p", &tip, &below.to_string()]);
    world.git(&["update-ref", DISCUSS, &bomb]);
    let forge = world.forge();
    let pr = world.the_only_pull_request().await;
    assert!(world.reviews(&forge, &pr).await.is_empty(), "bob's line does not stand there now");
    let mended = world.git(&["commit-tree", "-m", "mend", "-p", &bomb, &format!("{tip}^{{tree}}")]);
    world.git(&["update-ref", DISCUSS, &mended]);
    // Whoever brought it back is not known to be bob: it has to be said again.
    assert_eq!(world.reviews(&forge, &pr).await, ["unknown approves"]);
}

#[tokio::test]
async fn a_commit_that_cannot_be_read_in_the_notes_stops_nobody() {
    let world = World::new().await;
    let (alice, bob) = (world.person("alice"), world.person("bob"));
    let first = alice.request("extend-env");
    bob.git(&["fetch", "-q"]);
    bob.review(first, first, Some(false));
    let pr = world.the_only_pull_request().await;
    assert_eq!(world.reviews(&world.forge(), &pr).await, ["bob rejects"]);
    let server = git2::Repository::open_bare(world.server()).unwrap();
    let tip = world.git(&["rev-parse", DISCUSS]);
    let tree = world.git(&["rev-parse", &format!("{DISCUSS}^{{tree}}")]);
    let raw = format!("parent {tip}\ntree {tree}\n\nheaders in disorder\n");
    let broken = server.odb().unwrap().write(git2::ObjectType::Commit, raw.as_bytes()).unwrap();
    server.reference(DISCUSS, broken, true, "").unwrap();
    assert_eq!(world.reviews(&world.forge(), &pr).await, ["bob rejects"], "the past behind it is remembered");
}

#[tokio::test]
async fn notes_are_not_under_review_and_foreign_refs_name_no_head() {
    let world = World::new().await;
    let mallory = world.person("mallory");
    let first = mallory.request("evil");
    for (second, name) in [(1, "refs/notes/devtools/reviews"), (2, "HEAD"), (3, "refs/heads/../../etc"), (4, "evil")] {
        mallory.append(REVIEWS, first, &request_line(second, "m", name, "refs/heads/main"));
        mallory.push_notes();
        assert_eq!(world.the_only_pull_request().await.head, first, "{name}");
    }
}
