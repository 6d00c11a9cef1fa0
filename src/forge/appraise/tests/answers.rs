use serde_json::Value as Json;

use super::world::*;
use crate::check::Conclusion::{self, Failure, Pending, Success};
use crate::forge::{Analysis, Forge, Publication, Published, Remark, Status};
use crate::model::{CommitId, Severity};

fn status(commit: CommitId, check: &str, conclusion: Conclusion, summary: &str) -> Status {
    Status { commit, context: format!("portcullis/{check}"), conclusion, summary: summary.to_owned(), url: None }
}

fn statuses(commit: CommitId, [catalog, permissions, approval]: [Conclusion; 3]) -> Vec<Status> {
    vec![
        status(commit, "approval", approval, "waits for a moderator of Env"),
        status(commit, "catalog", catalog, "nothing found"),
        status(commit, "permissions", permissions, "everything is allowed"),
    ]
}

fn publication(statuses: Vec<Status>, second: i64) -> Publication {
    Publication { statuses, analyses: Vec::new(), report: None, story: None, at: at(second) }
}

fn remark(severity: Severity, message: &str) -> Remark {
    Remark {
        path: Some("entities/env.yaml".to_owned()),
        line: Some(3),
        column: Some(7),
        rule: "schema/enum".to_owned(),
        severity,
        message: message.to_owned(),
    }
}

fn analysis(commit: CommitId, remarks: Vec<Remark>) -> Publication {
    Publication {
        statuses: Vec::new(),
        analyses: vec![Analysis { commit, remarks, url: None }],
        report: None,
        story: None,
        at: at(0),
    }
}

/// What the published format demands of every kind of record we write: a timestamp of ten digits, and texts where texts belong.
fn assert_follows_the_format(line: &Json, required: &[&str], states: &[&str]) {
    let text = |key: &str| line.get(key).map(|v| v.as_str().unwrap_or_else(|| panic!("{key} is no text: {line}")));
    let timestamp = text("timestamp").unwrap();
    assert!(timestamp.len() == 10 && timestamp.bytes().all(|b| b.is_ascii_digit()), "{line}");
    for key in required {
        assert!(text(key).is_some(), "{key} is missing: {line}");
    }
    assert!(text("status").is_none_or(|s| states.contains(&s)), "{line}");
    for key in ["url", "agent"] {
        text(key);
    }
    assert!(line.get("v").is_none_or(|v| *v == 0), "{line}");
}

/// Which build status git-appraise prints, by its two ways of finding the latest: the last of the greatest timestamp, and, in builds
/// of older compilers, simply the last.
fn shown(world: &World, commit: CommitId) -> [String; 2] {
    let lines = noted(world, CI, commit);
    let word = |line: &Json| line.get("status").and_then(Json::as_str).unwrap_or("").to_owned();
    let latest = lines.iter().max_by_key(|l| l["timestamp"].as_str().unwrap().parse::<i64>().unwrap()).unwrap();
    [word(latest), word(lines.last().unwrap())]
}

#[tokio::test]
async fn statuses_are_records_that_git_appraise_reads() {
    let world = World::new().await;
    let first = world.person("alice").request("extend-env");
    let forge = world.forge();
    let posted = statuses(first, [Success, Failure, Pending]);
    let done = forge.publish(&publication(posted.clone(), 0)).await.unwrap();
    assert_eq!(done, Published { statuses: 3, analyses: 0, foreign: Vec::new() });
    for line in noted(&world, CI, first) {
        assert_follows_the_format(&line, &["agent"], &["success", "failure"]);
    }
    assert_eq!(world.git(&["rev-list", "--count", CI]), "1", "all in one commit");
    assert_eq!(world.git(&["log", "-1", "--format=%an <%ae> %at", CI]), "Portcullis <portcullis@acme.dev> 1700000000");
    assert_eq!(forge.statuses(&[first]).await.unwrap(), posted);
    assert_eq!(shown(&world, first), ["failure", "failure"], "the worst is what is shown");
    world.git(&["fsck", "--strict"]);
}

#[tokio::test]
async fn nothing_is_written_twice_and_one_line_is_current() {
    let world = World::new().await;
    let first = world.person("alice").request("extend-env");
    let forge = world.forge();
    forge.publish(&publication(statuses(first, [Success, Success, Pending]), 0)).await.unwrap();
    let tip = world.git(&["rev-parse", CI]);
    // Also by a daemon that died before it could note that it had posted.
    for (forge, second) in [(&forge, 1), (&world.forge(), 100)] {
        let again = publication(statuses(first, [Success, Success, Pending]), second);
        assert!(forge.publish(&again).await.unwrap().nothing_new());
    }
    assert_eq!(world.git(&["rev-parse", CI]), tip);
    assert_eq!(shown(&world, first), ["", ""], "pending");

    let done = forge.publish(&publication(vec![status(first, "approval", Success, "bob approves")], 0)).await.unwrap();
    assert_eq!(done.statuses, 1);
    let lines = noted(&world, CI, first);
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(shown(&world, first), ["success", "success"]);
    let approval = forge.statuses(&[first]).await.unwrap().remove(0);
    assert_eq!((approval.conclusion, approval.summary.as_str()), (Success, "bob approves"));
}

#[tokio::test]
async fn what_others_wrote_stays_as_it_is() {
    let world = World::new().await;
    let (alice, jenkins) = (world.person("alice"), world.person("jenkins"));
    let first = alice.request("extend-env");
    jenkins.git(&["fetch", "-q"]);
    let foreign = r#"{"timestamp":"1600000000","agent":"jenkins","status":"success","weather":"fine"}"#;
    jenkins.append(CI, first, foreign);
    jenkins.append(CI, first, "not a record at all");
    jenkins.append(CI, jenkins.rev("main"), foreign);
    jenkins.push_notes();
    let forge = world.forge();
    for (second, conclusion) in [(0, Failure), (10, Success)] {
        forge.publish(&publication(statuses(first, [conclusion, Success, Success]), second)).await.unwrap();
    }
    let note = world.git(&["notes", "--ref", CI, "show", &first.to_string()]);
    assert!(note.starts_with(&format!("{foreign}\n\nnot a record at all\n")), "{note}");
    assert_eq!(note.lines().count(), 6, "{note}");
    assert!(world.git(&["notes", "--ref", CI, "show", "main"]).contains("jenkins"));
    let agents: Vec<String> = forge.statuses(&[first]).await.unwrap().into_iter().map(|s| s.context).collect();
    assert_eq!(agents, ["jenkins", "portcullis/approval", "portcullis/catalog", "portcullis/permissions"]);
}

#[tokio::test]
async fn a_status_that_somebody_else_wrote_in_our_name_does_not_stand() {
    let world = World::new().await;
    let (alice, mallory) = (world.person("alice"), world.person("mallory"));
    let first = alice.request("extend-env");
    let forge = world.forge();
    let wanted = statuses(first, [Success, Failure, Success]);
    forge.publish(&publication(wanted.clone(), 0)).await.unwrap();
    mallory.git(&["fetch", "-q"]);
    mallory.pull_notes();
    for timestamp in ["9999999999", "1700000500", "99999999999999999999"] {
        let line = format!(r#"{{"timestamp":"{timestamp}","status":"success","agent":"portcullis/permissions"}}"#);
        mallory.append(CI, first, &line);
        mallory.push_notes();
        forge.publish(&publication(wanted.clone(), 1)).await.unwrap();
        assert_eq!(forge.statuses(&[first]).await.unwrap(), wanted, "{timestamp}");
        assert_eq!(shown(&world, first), ["failure", "failure"]);
        assert_eq!(noted(&world, CI, first).len(), 3);
        mallory.pull_notes();
    }
}

#[tokio::test]
async fn a_merge_of_notes_that_revives_old_lines_is_read_right_and_mended() {
    let world = World::new().await;
    let alice = world.person("alice");
    let first = alice.request("extend-env");
    let forge = world.forge();
    forge.publish(&publication(statuses(first, [Failure, Success, Success]), 0)).await.unwrap();
    // Alice's clone holds the old lines beside one of her own, while ours change.
    alice.pull_notes();
    alice.append(CI, first, r#"{"timestamp":"1600000000","agent":"alice's laptop","status":"success"}"#);
    let wanted = statuses(first, [Success, Success, Pending]);
    forge.publish(&publication(wanted.clone(), 0)).await.unwrap();
    alice.pull_notes();
    alice.push_notes();
    assert!(noted(&world, CI, first).len() > 4, "cat_sort_uniq keeps what either side has");
    let read = |statuses: Vec<Status>| statuses.into_iter().filter(|s| s.context.starts_with("portcullis")).collect::<Vec<_>>();
    assert_eq!(read(forge.statuses(&[first]).await.unwrap()), wanted, "the latest is current");
    assert_eq!(shown(&world, first), ["", ""]);
    assert!(forge.publish(&publication(wanted.clone(), 5)).await.unwrap().nothing_new());
    assert_eq!(noted(&world, CI, first).len(), 4, "and the old ones are gone");
}

#[tokio::test]
async fn findings_are_records_that_git_appraise_reads_and_fetches() {
    let world = World::new().await;
    let first = world.person("alice").request("extend-env");
    let forge = world.forge();
    assert_eq!(forge.analysis_document(first).await.unwrap(), None);
    let found =
        analysis(first, vec![remark(Severity::Warning, "odd"), remark(Severity::Error, "`10 dayz` is none of: 3 days\n10 days")]);
    assert_eq!(forge.publish(&found).await.unwrap(), Published { statuses: 0, analyses: 1, foreign: Vec::new() });
    assert!(forge.publish(&found).await.unwrap().nothing_new());
    let lines = noted(&world, ANALYSES, first);
    assert_eq!(lines.len(), 1);
    assert_follows_the_format(&lines[0], &["url"], &["lgtm", "fyi", "nmw"]);
    assert_eq!(lines[0]["status"], "nmw");
    let document: Json = serde_json::from_str(&forge.analysis_document(first).await.unwrap().unwrap()).unwrap();
    let notes = document["analyze_response"][0]["note"].as_array().unwrap();
    assert_eq!(notes.len(), 2);
    assert_eq!(notes[0]["location"]["path"], "entities/env.yaml");
    assert_eq!(notes[0]["location"]["range"]["start_line"], 3);
    assert_eq!(notes[1]["category"], "schema/enum");

    for (remarks, word) in [(vec![remark(Severity::Info, "by the way")], "fyi"), (vec![], "lgtm")] {
        forge.publish(&analysis(first, remarks)).await.unwrap();
        let lines = noted(&world, ANALYSES, first);
        assert_eq!((lines.len(), lines[0]["status"].as_str()), (1, Some(word)));
    }
}

#[tokio::test]
async fn a_flood_of_findings_is_cut_to_what_can_be_read_back() {
    let world = World::new().await;
    let first = world.person("alice").request("extend-env");
    let forge = world.forge();
    forge.publish(&analysis(first, vec![remark(Severity::Error, &"broken ".repeat(100)); 5_000])).await.unwrap();
    let document: Json = serde_json::from_str(&forge.analysis_document(first).await.unwrap().unwrap()).unwrap();
    let notes = document["analyze_response"][0]["note"].as_array().unwrap();
    let last = notes.last().unwrap()["description"].as_str().unwrap();
    assert_eq!(last, format!("{} more findings are not listed here", 5_000 - (notes.len() - 1)));
}

#[tokio::test]
async fn one_poisoned_note_does_not_hold_up_the_others() {
    let world = World::new().await;
    let (alice, mallory) = (world.person("alice"), world.person("mallory"));
    let (first, second) = (alice.request("first"), alice.request("second"));
    mallory.git(&["fetch", "-q"]);
    let path = mallory.clone.join("huge");
    std::fs::write(&path, "chatter\n".repeat(1_000_000)).unwrap();
    let blob = mallory.git(&["hash-object", "-w", path.to_str().unwrap()]);
    mallory.git(&["notes", "--ref", CI, "add", "-C", &blob, &first.to_string()]);
    mallory.push_notes();
    let forge = world.forge();
    let both = [statuses(first, [Success; 3]), statuses(second, [Success; 3])].concat();
    let error = forge.publish(&publication(both, 0)).await.unwrap_err();
    assert!(!error.is_retryable() && error.to_string().contains(&first.to_string()), "{error}");
    assert_eq!(forge.statuses(&[second]).await.unwrap().len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_lose_nothing() {
    let world = World::new().await;
    let alice = world.person("alice");
    let first = alice.request("extend-env");
    // Four daemons, each with its own commit; and a person who pushes into the same notes meanwhile.
    let commits: Vec<CommitId> = (0..4)
        .map(|n| CommitId::from_hex(&world.git(&["commit-tree", "-m", &n.to_string(), &format!("{first}^{{tree}}")])).unwrap())
        .collect();
    let writers: Vec<_> = commits
        .iter()
        .map(|commit| {
            let (forge, commit) = (world.forge(), *commit);
            tokio::spawn(async move {
                for second in 0..10 {
                    let conclusion = if second % 2 == 0 { Failure } else { Success };
                    let wanted = publication(statuses(commit, [conclusion, Success, Success]), second);
                    while let Err(error) = forge.publish(&wanted).await {
                        assert!(error.is_retryable(), "{error}");
                    }
                }
            })
        })
        .collect();
    let mut pushed = 0;
    for n in 0..6 {
        alice.pull_notes();
        alice.append(CI, first, &format!(r#"{{"timestamp":"160000000{n}","agent":"laptop {n}"}}"#));
        // A push that loses the race is refused, and merged and pushed again by the next round.
        pushed += i32::from(alice.try_git(&["push", "-q", "origin", CI]));
    }
    for writer in writers {
        writer.await.unwrap();
    }
    while !{
        alice.pull_notes();
        alice.try_git(&["push", "-q", "origin", CI])
    } {}
    assert!(pushed <= 6);
    let forge = world.forge();
    for commit in commits {
        let current = forge.statuses(&[commit]).await.unwrap();
        assert_eq!(current, statuses(commit, [Success, Success, Success]), "the last word of each stands");
    }
    assert_eq!(noted(&world, CI, first).len(), 6, "and so does everything alice wrote");
    world.git(&["fsck", "--strict"]);
}
