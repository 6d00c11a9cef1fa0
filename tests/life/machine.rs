//! Long random lives in a real store, held against a second telling of what may happen to a run.

use portcullis::model::{CommitId, Identifier, RunState, Timestamp};
use portcullis::run::life::{Answer, Event, Life, Outcome, Phase, Report, step};
use portcullis::store::{Acceptance, Advance, Landed, RepositoryKey, SqliteStore, Store};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};
use serde_json::json;

use super::world::{World, at, id, landing};

/// Where a run stands, in the fewest words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    Waiting,
    Approved,
    Claimed,
    Sending,
    /// To be sent again.
    Again,
    Running,
    Unknown,
    Over(RunState),
}

#[derive(Clone, Debug)]
struct Told {
    dedupes: bool,
    place: Place,
    /// An attempt may have arrived of which nothing was heard.
    doubt: bool,
}

#[derive(Clone, Copy, Debug)]
enum Said {
    Done(bool),
    Accepted,
    Busy,
    Refused,
    Nothing,
}

#[derive(Clone, Copy, Debug)]
enum Happens {
    Decided(RunState),
    Withdrawn,
    Claimed,
    Begun,
    Answered(Said),
    Lost(Option<Said>),
    Reported(Option<bool>),
    Deadline,
    Resolved(Outcome),
    /// The store is closed, and opened again.
    Reopened,
    /// Somebody writes what follows from what he read long ago.
    WrittenLate,
}

impl Told {
    fn answered(&mut self, said: Said) {
        self.place = match said {
            Said::Done(true) => Place::Over(RunState::Success),
            Said::Done(false) => Place::Over(RunState::Failure),
            Said::Accepted => Place::Running,
            Said::Busy => Place::Again,
            Said::Refused => self.failed(),
            Said::Nothing if self.dedupes => Place::Again,
            Said::Nothing => Place::Unknown,
        };
        self.doubt = match said {
            Said::Accepted => false,
            Said::Nothing => self.doubt || self.dedupes,
            Said::Done(_) | Said::Busy | Said::Refused => self.doubt,
        };
    }

    /// It is not performed by this attempt, and there is no other.
    fn failed(&self) -> Place {
        if self.doubt { Place::Unknown } else { Place::Over(RunState::Failure) }
    }
}

impl ReferenceStateMachine for Told {
    type State = Self;
    type Transition = Happens;

    fn init_state() -> BoxedStrategy<Self> {
        any::<bool>().prop_map(|dedupes| Self { dedupes, place: Place::Waiting, doubt: false }).boxed()
    }

    fn transitions(_: &Self) -> BoxedStrategy<Happens> {
        use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval};
        let said = || {
            prop_oneof![
                any::<bool>().prop_map(Said::Done),
                Just(Said::Accepted),
                Just(Said::Busy),
                Just(Said::Refused),
                Just(Said::Nothing),
            ]
        };
        let outcome = prop_oneof![Just(Outcome::Success), Just(Outcome::Failure), Just(Outcome::Again)];
        let final_word =
            prop_oneof![Just(Declined), Just(Expired), Just(Cancelled), Just(InProgress), Just(Success), Just(Failure)];
        prop_oneof![
            6 => Just(Happens::Decided(Approved)),
            2 => Just(Happens::Decided(WaitingForApproval)),
            1 => final_word.prop_map(Happens::Decided),
            1 => Just(Happens::Withdrawn),
            6 => Just(Happens::Claimed),
            8 => Just(Happens::Begun),
            6 => said().prop_map(Happens::Answered),
            3 => proptest::option::of(said()).prop_map(Happens::Lost),
            2 => proptest::option::weighted(0.3, any::<bool>()).prop_map(Happens::Reported),
            1 => Just(Happens::Deadline),
            2 => outcome.prop_map(Happens::Resolved),
            1 => Just(Happens::Reopened),
            2 => Just(Happens::WrittenLate),
        ]
        .boxed()
    }

    fn apply(mut told: Self, happens: &Happens) -> Self {
        use Place::{Again, Approved, Claimed, Over, Running, Sending, Unknown, Waiting};
        match (told.place, *happens) {
            (Over(_), _) | (_, Happens::Reopened | Happens::WrittenLate) => {}
            (Waiting | Approved, Happens::Decided(state)) => match state {
                RunState::WaitingForApproval => told.place = Waiting,
                RunState::Approved => told.place = Approved,
                RunState::Declined | RunState::Expired | RunState::Cancelled => told.place = Over(state),
                RunState::InProgress | RunState::Success | RunState::Failure => {}
            },
            // Claimed, and found to be approved no more.
            (Claimed, Happens::Decided(state)) if state != RunState::Approved => told.place = Over(RunState::Failure),
            (Waiting | Approved, Happens::Withdrawn) => told.place = Over(RunState::Cancelled),
            (Approved, Happens::Claimed) => told.place = Claimed,
            (Claimed | Again, Happens::Begun) => told.place = Sending,
            (Sending, Happens::Answered(said)) | (Sending, Happens::Lost(Some(said))) => told.answered(said),
            (Running, Happens::Answered(said @ Said::Done(_))) => told.answered(said),
            (Sending, Happens::Lost(None)) => told.answered(Said::Nothing),
            (Sending | Again | Running | Unknown, Happens::Reported(Some(success))) => {
                told.place = Over(if success { RunState::Success } else { RunState::Failure });
            }
            (Sending | Again | Running | Unknown, Happens::Reported(None)) => (told.place, told.doubt) = (Running, false),
            (Claimed | Again, Happens::Deadline) => told.place = told.failed(),
            (Running, Happens::Deadline) => told.place = Over(RunState::Failure),
            (Claimed | Again | Running | Unknown, Happens::Resolved(outcome)) => match outcome {
                Outcome::Success => told.place = Over(RunState::Success),
                Outcome::Failure => told.place = Over(RunState::Failure),
                Outcome::Again if told.place == Unknown => (told.place, told.doubt) = (Again, false),
                Outcome::Again => {}
            },
            _ => {}
        }
        told
    }
}

struct Recorded {
    runtime: tokio::runtime::Runtime,
    directory: tempfile::TempDir,
    store: SqliteStore,
    here: RepositoryKey,
    run: Identifier,
    dedupes: bool,
    now: Timestamp,
}

impl Recorded {
    fn open(runtime: &tokio::runtime::Runtime, directory: &tempfile::TempDir) -> SqliteStore {
        runtime.block_on(SqliteStore::open(&directory.path().join("portcullis.db"))).unwrap()
    }

    fn read(&self) -> (u64, Life) {
        let record = self.runtime.block_on(self.store.run(&self.here, &self.run)).unwrap().unwrap();
        (record.revision, record.life.unwrap())
    }

    fn write(&self, from: u64, life: &Life, event: &str) -> bool {
        let (run, decision) = (&self.run, &json!({}));
        let advance = Advance { run, from, life, event, decision, messages: &[], at: self.now };
        self.runtime.block_on(self.store.advance(&self.here, &advance)).unwrap()
    }

    /// The moment at which what is waited for has come, and the deadline has not.
    fn in_time(&mut self, life: &Life) {
        if let Some(Phase::Ready { due }) = life.phase() {
            self.now = self.now.max(*due);
        }
    }

    fn event(&mut self, life: &Life, happens: Happens) -> Option<Event> {
        let epoch = match life.phase() {
            Some(Phase::Sending { epoch, .. }) => *epoch,
            _ => life.execution.as_ref().map_or(1, |execution| execution.epoch),
        };
        Some(match happens {
            Happens::Decided(state) => Event::Decided { state },
            Happens::Withdrawn => Event::Withdrawn { by: "alice".into() },
            Happens::Claimed => {
                let allowed = World { approves: true, role: true, pushed: false };
                // As long as no attempt of a random life ever takes.
                let deadline = self.now + jiff::SignedDuration::from_hours(10_000);
                Event::Claimed { grant: allowed.grant(at(0)).unwrap(), key: "key".into(), dedupes: self.dedupes, deadline, epoch }
            }
            Happens::Begun => {
                self.in_time(life);
                Event::Begun { epoch: epoch + 1 }
            }
            Happens::Answered(said) => Event::Answered { epoch, answer: answer(said) },
            Happens::Lost(found) => Event::Lost { epoch, found: found.map(answer) },
            Happens::Reported(success) => Event::Reported(Report { success, ..Report::default() }),
            Happens::Deadline => {
                if matches!(life.phase(), Some(Phase::Ready { .. } | Phase::Running)) {
                    self.now = self.now.max(life.execution.as_ref()?.deadline);
                }
                Event::DeadlinePassed
            }
            Happens::Resolved(outcome) => Event::Resolved { by: "dave".into(), outcome, note: None, link: None },
            Happens::Reopened | Happens::WrittenLate => return None,
        })
    }
}

fn answer(said: Said) -> Answer {
    let why = String::from("so it is");
    match said {
        Said::Done(success) => Answer::Done { success, says: why, link: None, outside: None },
        Said::Accepted => Answer::Accepted { outside: None, link: None },
        Said::Busy => Answer::NotPerformed { why, after: None },
        Said::Refused => Answer::Refused { why },
        Said::Nothing => Answer::Unknown { why },
    }
}

fn place(life: &Life) -> Place {
    match (life.state, life.phase()) {
        (RunState::WaitingForApproval, None) => Place::Waiting,
        (RunState::Approved, None) => Place::Approved,
        (RunState::InProgress, Some(Phase::Ready { .. })) if life.execution.as_ref().unwrap().is_unsent() => Place::Claimed,
        (RunState::InProgress, Some(Phase::Ready { .. })) => Place::Again,
        (RunState::InProgress, Some(Phase::Sending { .. })) => Place::Sending,
        (RunState::InProgress, Some(Phase::Running)) => Place::Running,
        (RunState::InProgress, Some(Phase::Unknown { .. })) => Place::Unknown,
        (state, None | Some(Phase::Ended)) => Place::Over(state),
        (state, phase) => panic!("{state} and {phase:?}"),
    }
}

struct Lives;

impl StateMachineTest for Lives {
    type SystemUnderTest = Recorded;
    type Reference = Told;

    fn init_test(told: &Told) -> Recorded {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let directory = tempfile::tempdir().unwrap();
        let store = Recorded::open(&runtime, &directory);
        let (here, run) = (RepositoryKey::new("acme/catalog main"), id("r1"));
        let accept = |commit: u8| Acceptance { commit: CommitId([commit; 20]), at: at(0), reason: "judged green".into() };
        let landed = [Landed { run: run.clone(), landing: landing(), messages: Vec::new() }];
        runtime.block_on(async {
            assert!(store.adopt(&here, &accept(1), &[]).await.unwrap());
            assert!(store.accept(&here, CommitId([1; 20]), &accept(2), &landed).await.unwrap());
        });
        Recorded { runtime, directory, store, here, run, dedupes: told.dedupes, now: at(0) }
    }

    fn apply(mut real: Recorded, told: &Told, happens: Happens) -> Recorded {
        let (revision, life) = real.read();
        match happens {
            Happens::Reopened => {
                real.runtime.block_on(real.store.close());
                real.store = Recorded::open(&real.runtime, &real.directory);
            }
            Happens::WrittenLate => {
                assert!(!real.write(revision + 1, &life, "late"));
                assert!(revision == 0 || !real.write(revision - 1, &Life::new(RunState::Approved), "late"));
            }
            _ => {}
        }
        if let Some(event) = real.event(&life, happens) {
            if let Ok(step) = step(&life, &event, real.now) {
                assert!(!life.is_final(), "what has ended stays so");
                assert!(real.write(revision, &step.life, event.word()));
            } else {
                assert_eq!(real.read(), (revision, life.clone()), "a refusal changes nothing");
            }
        }
        let (_, life) = real.read();
        assert_eq!(place(&life), told.place, "after {happens:?}");
        real
    }

    fn check_invariants(real: &Recorded, told: &Told) {
        let (_, life) = real.read();
        if let Some(execution) = &life.execution {
            assert!(execution.grant.is_sound() && execution.key == "key");
            assert_eq!(execution.dedupes, told.dedupes);
        }
        let under_way = real.runtime.block_on(real.store.under_way(&real.here)).unwrap();
        assert_eq!(under_way.len(), usize::from(life.is_under_way()), "whoever must look at it does");
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_life_goes_as_it_is_told(sequential 1..40 => Lives);
}
