use crate::model::{Audience, CommitId, Occasion, Route, RunState};
use crate::notify::Letter;
use crate::report::notice::{Matter, Telling};
use crate::run::fixture::{World, day, id};
use crate::run::life::{Effect, Landing, Life, RunHandle};
use crate::store::{MessageKind, NewMessage, RepositoryKey};

use super::{Moment, messages, on_landing};

fn route(channel: &str, on: &[Occasion], to: Audience) -> Route {
    Route { channel: id(channel), on: on.iter().copied().collect(), to, actions: None }
}

fn telling(routes: Vec<Route>) -> Telling {
    let mut world = World::new();
    world.policy.notifications = routes;
    let catalog = world.base();
    Telling::of(&Matter {
        catalog: &catalog,
        repository: "acme/catalog",
        handle: &RunHandle::of("acme", &world.run.identifier),
        run: &world.run,
        requesters: &[id("alice@acme.dev")],
        approvers: &[id("carol@acme.dev"), id("dave@acme.dev")],
        approvals: &[id("dave@acme.dev")],
        why: "it needs one more approval",
        pull_request: Some("7"),
        links: &["https://github.com/acme/catalog/pull/7".to_owned()],
    })
}

fn sent(effects: &[Effect], telling: Option<&Telling>, from: u64) -> Vec<NewMessage> {
    let key = RepositoryKey::new("acme");
    let life = Life::new(RunState::WaitingForApproval);
    messages(effects, &Moment { repository: &key, run: &id("run-1"), from, life: &life, telling, at: day(0) })
}

fn addresses(message: &NewMessage) -> Vec<String> {
    let letter: Letter = serde_json::from_value(message.body.clone()).unwrap();
    assert_eq!(letter.id, message.id);
    letter.to.into_iter().filter_map(|person| person.email).collect()
}

#[test]
fn each_channel_is_told_once_however_many_routes_lead_there() {
    let telling = telling(vec![
        route("ops", &[Occasion::Waiting], Audience::Approvers),
        route("ops", &[Occasion::Waiting, Occasion::Failed], Audience::Requesters),
        route("mail", &[Occasion::Failed], Audience::Everybody),
    ]);
    let found = sent(&[Effect::Tell(Occasion::Waiting)], Some(&telling), 0);
    assert_eq!(found.iter().map(|m| m.lane.as_str()).collect::<Vec<_>>(), ["ops"]);
    assert_eq!(addresses(&found[0]), ["carol@acme.dev", "alice@acme.dev"], "dave has approved, so nobody asks him");
    let found = sent(&[Effect::Tell(Occasion::Failed)], Some(&telling), 0);
    assert_eq!(found.iter().map(|m| m.lane.as_str()).collect::<Vec<_>>(), ["mail", "ops"]);
    assert!(sent(&[Effect::Tell(Occasion::Granted)], Some(&telling), 0).is_empty());
}

#[test]
fn it_is_for_whom_it_concerns_where_nothing_is_said() {
    let telling = telling(vec![route("mail", &Occasion::ALL, Audience::Concerned)]);
    let to = |occasion| addresses(&sent(&[Effect::Tell(occasion)], Some(&telling), 0)[0]);
    assert_eq!(to(Occasion::Waiting), ["carol@acme.dev"]);
    assert_eq!(to(Occasion::Reminder), ["carol@acme.dev"]);
    assert_eq!(to(Occasion::Granted), ["alice@acme.dev"]);
    assert_eq!(to(Occasion::Unknown), ["carol@acme.dev", "alice@acme.dev"]);
}

#[test]
fn the_same_step_has_the_same_messages_and_no_two_share_an_id() {
    let telling =
        telling(vec![route("ops", &Occasion::ALL, Audience::Everybody), route("mail", &Occasion::ALL, Audience::Everybody)]);
    let effects = [Effect::Tell(Occasion::Waiting), Effect::Audit];
    assert_eq!(sent(&effects, Some(&telling), 3), sent(&effects, Some(&telling), 3));
    let mut ids = Vec::new();
    for from in 0..3 {
        for occasion in Occasion::ALL {
            ids.extend(sent(&[Effect::Tell(occasion)], Some(&telling), from).into_iter().map(|m| m.id));
        }
        ids.extend(sent(&[Effect::Audit], Some(&telling), from).into_iter().map(|m| m.id));
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!((all, ids.len()), (63, 63));
}

#[test]
fn whoever_knows_nothing_to_tell_still_has_the_audit_note_brought_up_to_date() {
    let found = sent(&[Effect::Tell(Occasion::Succeeded), Effect::Audit], None, 4);
    assert_eq!(found.iter().map(|m| m.kind).collect::<Vec<_>>(), [MessageKind::Audit]);
}

#[test]
fn what_a_decision_keeps_is_what_was_put_in() {
    let telling = telling(vec![route("ops", &[Occasion::Waiting], Audience::Approvers)]);
    let mut decision = serde_json::json!({ "reason": "x" });
    telling.keep_in(&mut decision);
    assert_eq!(Telling::kept_in(&decision), Some(telling));
    assert_eq!(Telling::kept_in(&serde_json::json!({})), None);
}

fn landing(pull_request: Option<&str>) -> Landing {
    Landing { from: CommitId([1; 20]), to: CommitId([2; 20]), pull_request: pull_request.map(str::to_owned), at: day(0) }
}

#[test]
fn every_step_of_a_run_that_a_pull_request_brought_is_shown_there_where_there_is_a_place_for_it() {
    let key = RepositoryKey::new("acme");
    let kinds = |telling: &Telling, landing: Option<Landing>| {
        let life = Life { landing, ..Life::new(RunState::Approved) };
        let moment = Moment { repository: &key, run: &id("run-1"), from: 4, life: &life, telling: Some(telling), at: day(0) };
        messages(&[], &moment).into_iter().map(|message| (message.kind, message.body["revision"].clone())).collect::<Vec<_>>()
    };
    let shown = telling(Vec::new()).shown_there(true);
    assert_eq!(kinds(&shown, Some(landing(Some("7")))), [(MessageKind::Show, 5.into())]);
    assert_eq!(kinds(&shown, Some(landing(None))), [], "nobody knows which brought it");
    assert_eq!(kinds(&shown, None), [], "the pull request's own comment tells of what is proposed");
    assert_eq!(kinds(&telling(Vec::new()), Some(landing(Some("7")))), [], "the forge has no place for it");
}

#[test]
fn a_landing_has_one_message_however_often_it_is_told() {
    let (key, run) = (RepositoryKey::new("acme"), id("run-1"));
    let message = on_landing(&key, &run, &landing(Some("7")));
    assert_eq!((message.kind, message.lane.as_str()), (MessageKind::Audit, "audit"));
    assert_eq!(message.id, on_landing(&key, &run, &landing(None)).id);
    let elsewhere = Landing { to: CommitId([3; 20]), ..landing(None) };
    assert_ne!(message.id, on_landing(&key, &run, &elsewhere).id);
    assert_ne!(message.id, on_landing(&key, &id("run-2"), &landing(None)).id);
}
