//! Runs that are performed by workflows of GitHub Actions.

use std::sync::Arc;
use std::time::Duration;

use portcullis::execute::{Order, Performer, WorkflowPerformer};
use portcullis::forge::github::{Credentials, Github, GithubOptions, Secret};
use portcullis::model::Identifier;
use portcullis::run::call::{Call, WorkflowCall};
use portcullis::run::life::{Answer, Report, RunHandle};
use serde_json::json;

use crate::clock::ManualClock;
use crate::fake::{GitHub, Level, Role, on};

const PLATFORM: &str = "acme/platform";

struct World {
    github: GitHub,
    clock: Arc<ManualClock>,
    performer: WorkflowPerformer,
}

impl World {
    /// acme/platform has a workflow, and our App may do this with Actions.
    fn new(actions: Level, shows_run: bool) -> Self {
        let clock = ManualClock::start();
        let github = GitHub::start(clock.clone());
        github.collaborator(PLATFORM, "alice", Role::Admin);
        let mut alice = github.user("alice").clones(PLATFORM);
        alice.writes("README.md", "platform").commits("Begin");
        alice.pushes("main");
        github.workflow(PLATFORM, "deploy.yml", &["version", "portcullis_run"], shows_run);
        let app = github.app("portcullis", &[("actions", actions), ("contents", Level::Read)]);
        github.installs(app, &[PLATFORM]);
        let credentials = Credentials::App { id: app.to_string(), key: Secret::new(github.app_key()) };
        let options = GithubOptions { api: github.api(), git: github.git(), credentials, deadline: Duration::from_secs(10) };
        let connection = Github::new(options, clock.clone(), fastrand::Rng::with_seed(5)).unwrap();
        Self { github, clock, performer: WorkflowPerformer::new(connection, vec![PLATFORM.into()]) }
    }

    fn order(&self) -> Order {
        let run = Identifier::new("deploy-1").unwrap();
        let handle = RunHandle::of("repo", &run);
        let inputs = vec![("portcullis_run".into(), handle.to_string()), ("version".into(), "1.2".into())];
        let call = WorkflowCall {
            owner: "acme".into(),
            repository: "platform".into(),
            workflow: "deploy.yml".into(),
            reference: None,
            inputs,
            report_status: true,
        };
        let since = self.clock.time();
        Order {
            repository: "repo".into(),
            run,
            handle,
            key: "k".into(),
            dedupes: false,
            attempt: 1,
            since,
            outside: None,
            call: Call::Workflow(call),
            secrets: portcullis::run::call::Scrub::default(),
        }
    }

    fn changed(&self, change: impl FnOnce(&mut WorkflowCall)) -> Order {
        let mut order = self.order();
        if let Call::Workflow(call) = &mut order.call {
            change(call);
        }
        order
    }
}

#[tokio::test]
async fn a_workflow_is_dispatched_with_the_run_among_its_inputs_and_its_conclusion_is_told() {
    let world = World::new(Level::Write, true);
    let mut order = world.order();
    let Answer::Accepted { outside: Some(outside), link: Some(link) } = world.performer.perform(&order).await else { panic!() };
    let [(id, inputs)] = &world.github.dispatched(PLATFORM)[..] else { panic!() };
    assert_eq!(
        (outside.as_str(), inputs),
        (id.to_string().as_str(), &json!({ "portcullis_run": order.handle.as_str(), "version": "1.2" }))
    );
    assert!(link.ends_with(&format!("/acme/platform/actions/runs/{id}")));
    order.outside = Some(outside);
    let going = world.performer.look(&order).await.unwrap();
    assert_eq!((going.success, going.label.as_deref()), (None, Some("in_progress")));
    world.github.concludes(PLATFORM, *id, "failure");
    let Report { success, links, .. } = world.performer.look(&order).await.unwrap();
    assert_eq!((success, links), (Some(false), Some(vec![link])));
    let silent = world.changed(|call| call.report_status = false);
    assert_eq!(world.performer.look(&silent).await, None, "then the workflow reports");
}

#[tokio::test]
async fn a_dispatch_whose_answer_is_lost_is_found_by_the_name_of_its_run_and_not_sent_again() {
    let world = World::new(Level::Write, true);
    let order = world.order();
    world.github.fault(on("POST", "/dispatches").performed().hangs_up());
    assert!(matches!(world.performer.perform(&order).await, Answer::Unknown { .. }));
    let [(id, _)] = &world.github.dispatched(PLATFORM)[..] else { panic!("it was sent twice") };
    let Some(Answer::Accepted { outside, .. }) = world.performer.find(&order).await else { panic!() };
    assert_eq!(outside, Some(id.to_string()));
}

#[tokio::test]
async fn that_no_run_shows_our_name_proves_nothing() {
    let world = World::new(Level::Write, false);
    let order = world.order();
    assert_eq!(world.performer.find(&order).await, None);
    world.github.fault(on("POST", "/dispatches").performed().hangs_up());
    assert!(matches!(world.performer.perform(&order).await, Answer::Unknown { .. }));
    assert_eq!(world.performer.find(&order).await, None, "a person has to say");
}

#[tokio::test]
async fn what_github_refuses_is_told_with_what_to_do() {
    let refused = |answer| match answer {
        Answer::Refused { why } => why,
        other => panic!("{other:?}"),
    };
    let world = World::new(Level::Read, true);
    let why = refused(world.performer.perform(&world.order()).await);
    assert!(why.contains("Actions: read and write"), "{why}");
    let world = World::new(Level::Write, true);
    let why = refused(world.performer.perform(&world.changed(|call| call.workflow = "gone.yml".into())).await);
    assert!(why.contains("gone.yml"), "{why}");
    // GitHub's description does not list 422 here; GitHub answers it all the same, in these words.
    world.github.fault(on("POST", "/dispatches").answers(422).says("Unexpected inputs provided: [\"portcullis_run\"]"));
    let why = refused(world.performer.perform(&world.order()).await);
    assert!(why.contains("Unexpected inputs") && why.contains("declare each input"), "{why}");
    assert!(world.github.dispatched(PLATFORM).is_empty());
}

#[tokio::test]
async fn a_repository_that_the_configuration_does_not_name_is_not_even_asked() {
    let world = World::new(Level::Write, true);
    let answer = world.performer.perform(&world.changed(|call| call.repository = "payroll".into())).await;
    assert!(matches!(answer, Answer::Refused { why } if why.contains("may not be dispatched from here")));
    assert!(world.github.calls_to("POST", "/dispatches").is_empty());
}

#[tokio::test]
async fn an_enterprise_server_that_does_not_know_the_newest_key_is_told_without_it() {
    let world = World::new(Level::Write, true);
    world.github.fault(on("POST", "/dispatches").answers(422).says("\"return_run_details\" is not a permitted key."));
    let order = world.order();
    assert_eq!(world.performer.perform(&order).await, Answer::Accepted { outside: None, link: None });
    let [(id, _)] = &world.github.dispatched(PLATFORM)[..] else { panic!() };
    assert_eq!(world.performer.look(&order).await.and_then(|report| report.outside), Some(id.to_string()), "found by its name");
}
