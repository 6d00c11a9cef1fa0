//! Two replicas, one run: the states they can be in together with the store, the network and the receiver, and what may happen next.

use portcullis::model::{RunState, Timestamp};
use portcullis::run::life::{Answer, Effect, Event, Life, Occasion, Phase, Refusal, Report, step};
use stateright::{Model, Property};

use super::replica::{Doing, Replica};
use super::world::{EXPIRY, World, at, landing};

/// A mistake that the checker must find.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The store takes writes of whoever lost the repository.
    NoFence,
    /// It is sent before it is written down that it will be.
    SendBeforeIntent,
    /// Where nobody knows whether it arrived it is sent again, though the receiver does not dedupe.
    RetryWithoutDedupe,
    /// The claim rests on what was found some time ago.
    NoRecheck,
    /// What a replica read some time ago is written over what others wrote meanwhile.
    NoRevision,
    /// Every epoch has a key of its own.
    KeyOfEpoch,
}

pub(crate) struct Replicas {
    /// Whether the receiver dedupes.
    pub(crate) dedupes: bool,
    pub(crate) fault: Option<Fault>,
    /// How much may go wrong in one history.
    pub(crate) budget: Budget,
}

/// What may still go wrong.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Budget {
    pub(crate) crashes: u8,
    /// The lease is taken from a replica that lives and does not know it.
    pub(crate) takeovers: u8,
    /// No answer comes in time, or one that says that the receiver is busy.
    pub(crate) timeouts: u8,
    pub(crate) duplicates: u8,
    pub(crate) changes: u8,
}

/// A request as it left, with what the store said at that moment.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Sent {
    pub(crate) key: String,
    pub(crate) attempt: u32,
    /// Of the run as the store had it when it left.
    pub(crate) granted: bool,
}

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct State {
    pub(crate) now: Timestamp,
    pub(crate) world: World,
    // The store.
    pub(crate) life: Life,
    pub(crate) epoch: i64,
    pub(crate) holder: Option<usize>,
    pub(crate) replicas: [Replica; 2],
    // The network and the receiver. A report says how it ended, or that it goes on.
    pub(crate) requests: Vec<Sent>,
    pub(crate) answers: Vec<(u32, Answer)>,
    pub(crate) reports: Vec<Option<bool>>,
    pub(crate) keys: Vec<String>,
    pub(crate) performed: u8,
    pub(crate) left: Budget,
    // What the properties remember.
    pub(crate) ended: Option<RunState>,
    pub(crate) outcomes_told: u8,
    pub(crate) all_sent: Vec<Sent>,
    pub(crate) wrong: Option<&'static str>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Action {
    Lease(usize),
    Crash(usize),
    Proceed(usize),
    /// The receiver takes the request, or says that it is busy.
    Deliver(usize, bool),
    Arrive(usize),
    /// A replica waits no longer; its request is lost, or still under way.
    TimeOut(usize, bool),
    /// Whoever performs it reports; the report is kept where it comes twice.
    Report(usize, bool),
    Lose(usize),
    Change(World),
    Later(Timestamp),
}

impl Replicas {
    /// One transaction: the step on what stands there, if whoever asks may write.
    pub(crate) fn write(&self, state: &mut State, epoch: Option<i64>, event: &Event) -> Result<(), Refusal> {
        if epoch.is_some_and(|epoch| epoch < state.epoch) {
            if self.fault != Some(Fault::NoFence) {
                return Err(Refusal::Fenced);
            }
            state.wrong = Some("a lower epoch wrote");
        }
        let step = step(&state.life, event, state.now)?;
        if matches!(event, Event::Claimed { .. }) && !state.world.allows() {
            state.wrong = Some("claimed without an approver who may approve at that moment");
        }
        let told = |effect: &&Effect| matches!(effect, Effect::Tell(Occasion::Succeeded | Occasion::Failed));
        state.outcomes_told += u8::try_from(step.effects.iter().filter(told).count()).unwrap();
        state.life = step.life;
        Self::remember_end(state);
        Ok(())
    }

    pub(crate) fn remember_end(state: &mut State) {
        if state.life.is_final() {
            state.ended = state.ended.or(Some(state.life.state));
        }
    }

    fn take(&self, state: &mut State, index: usize, takes: bool) {
        let request = state.requests.remove(index);
        let known = self.dedupes && state.keys.contains(&request.key);
        let answer = if takes || known {
            if !known {
                state.performed = state.performed.saturating_add(1);
                state.keys.push(request.key);
                state.reports.extend([None, Some(true)]);
            }
            Answer::Accepted { outside: None, link: None }
        } else {
            Answer::NotPerformed { why: "busy".into(), after: None }
        };
        // Nobody may be waiting for it any more.
        let awaited = state.replicas.iter().any(|replica| replica.awaits(request.attempt));
        if awaited {
            state.answers.push((request.attempt, answer));
        }
    }

    /// The moments at which something happens by time alone.
    fn moments(state: &State) -> Vec<Timestamp> {
        let Some(execution) = &state.life.execution else {
            let waits = state.life.state == RunState::WaitingForApproval && !state.world.allows();
            return if waits && state.now < at(EXPIRY) { vec![at(EXPIRY + 1)] } else { Vec::new() };
        };
        let stale = execution.since + jiff::SignedDuration::from_secs(61);
        let moments = match execution.phase {
            // Once is enough: a claim that was renewed is a claim like the first.
            Phase::Ready { .. } if execution.is_unsent() && execution.since == at(0) => vec![stale, execution.deadline],
            Phase::Ready { .. } if execution.is_unsent() => vec![execution.deadline],
            Phase::Ready { due } => vec![due, execution.deadline],
            Phase::Running => vec![execution.deadline],
            Phase::Sending { .. } | Phase::Unknown { .. } | Phase::Ended => Vec::new(),
        };
        moments.into_iter().filter(|moment| *moment > state.now).collect()
    }
}

impl Model for Replicas {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let life = step(&Life::new(RunState::WaitingForApproval), &Event::Landed(landing()), at(0)).unwrap().life;
        let state = |approves| State {
            now: at(0),
            world: World { approves, role: true, pushed: false },
            life: life.clone(),
            epoch: 0,
            holder: None,
            replicas: [Replica::default(), Replica::default()],
            requests: Vec::new(),
            answers: Vec::new(),
            reports: Vec::new(),
            keys: Vec::new(),
            performed: 0,
            left: self.budget,
            ended: None,
            outcomes_told: 0,
            all_sent: Vec::new(),
            wrong: None,
        };
        vec![state(true), state(false)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for (r, replica) in state.replicas.iter().enumerate() {
            let free = state.holder.is_none() || (state.holder != Some(r) && state.left.takeovers > 0);
            let first = state.epoch > 0 || r == 0; // the other way round is the same
            if free && first && replica.epoch.is_none() && !state.life.is_final() {
                actions.push(Action::Lease(r));
            }
            if replica.epoch.is_some() && state.left.crashes > 0 && !state.life.is_final() {
                actions.push(Action::Crash(r));
            }
            if replica.may_proceed(state) {
                actions.push(Action::Proceed(r));
            }
            if let Doing::Waits { attempt, .. } = replica.doing {
                let under_way = state.requests.iter().any(|request| request.attempt == attempt);
                if under_way && state.left.timeouts > 0 {
                    actions.extend([Action::TimeOut(r, false), Action::TimeOut(r, true)]);
                } else if !under_way && (state.left.timeouts > 0 || !state.answers.iter().any(|(of, _)| *of == attempt)) {
                    actions.push(Action::TimeOut(r, true)); // the answer is lost, or was given to somebody who is gone
                }
            }
        }
        for request in 0..state.requests.len() {
            actions.push(Action::Deliver(request, true));
            actions.extend((state.left.timeouts > 0).then_some(Action::Deliver(request, false)));
        }
        actions.extend((0..state.answers.len()).map(Action::Arrive));
        for report in 0..state.reports.len() {
            actions.push(Action::Report(report, false));
            if state.left.duplicates > 0 {
                actions.extend([Action::Report(report, true), Action::Lose(report)]);
            }
        }
        if state.left.changes > 0 && !state.life.is_final() {
            let World { approves, role, pushed } = state.world;
            actions.push(Action::Change(World { approves: !approves, ..state.world }));
            actions.push(Action::Change(World { role: !role, ..state.world }));
            actions.extend((!pushed).then_some(Action::Change(World { pushed: true, ..state.world })));
        }
        actions.extend(Self::moments(state).into_iter().map(Action::Later));
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        match action {
            Action::Lease(r) => {
                if state.holder.is_some() {
                    state.left.takeovers -= 1;
                }
                state.epoch += 1;
                state.holder = Some(r);
                state.replicas[r] = Replica { epoch: Some(state.epoch), doing: Doing::Nothing };
            }
            Action::Crash(r) => {
                state.left.crashes -= 1;
                state.replicas[r] = Replica::default();
                if state.holder == Some(r) {
                    state.holder = None; // once its lease has run out
                }
            }
            Action::Proceed(r) => self.proceed(&mut state, r),
            Action::Deliver(request, takes) => {
                state.left.timeouts -= u8::from(!takes);
                self.take(&mut state, request, takes);
            }
            Action::Arrive(index) => {
                let (attempt, answer) = state.answers.remove(index);
                for replica in &mut state.replicas {
                    replica.hears(attempt, &answer);
                }
            }
            Action::TimeOut(r, lost) => {
                let Doing::Waits { attempt, .. } = state.replicas[r].doing else { return None };
                state.left.timeouts = state.left.timeouts.saturating_sub(1);
                if lost {
                    state.requests.retain(|request| request.attempt != attempt);
                }
                state.answers.retain(|(of, _)| *of != attempt);
                let answer = match self.fault {
                    Some(Fault::RetryWithoutDedupe) => Answer::NotPerformed { why: "timeout".into(), after: None },
                    _ => Answer::Unknown { why: "timeout".into() },
                };
                state.replicas[r].hears(attempt, &answer);
            }
            Action::Report(index, again) => {
                let success = state.reports[index];
                if again {
                    state.left.duplicates -= 1;
                } else {
                    state.reports.remove(index);
                }
                // Over the API, by whatever replica: compared by the revision alone.
                let _ = self.write(&mut state, None, &Event::Reported(Report { success, ..Report::default() }));
            }
            Action::Lose(index) => {
                state.left.duplicates -= 1;
                state.reports.remove(index);
            }
            Action::Change(world) => {
                state.left.changes -= 1;
                state.world = world;
            }
            Action::Later(moment) => state.now = moment,
        }
        (state != *last).then_some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing is sent without a matching approved digest", |_, s: &State| {
                s.all_sent.iter().all(|sent| sent.granted)
            }),
            Property::always("what is sent was written down before", |_, s: &State| {
                let begun = s.life.execution.as_ref().map_or(0, |execution| execution.attempt);
                s.all_sent.iter().all(|sent| sent.attempt <= begun)
            }),
            Property::always("a run has one key", |_, s: &State| s.all_sent.windows(2).all(|two| two[0].key == two[1].key)),
            Property::always("what has ended stays so", |_, s: &State| s.ended.is_none_or(|ended| s.life.state == ended)),
            Property::always("a lower epoch never writes, and a claim holds at its moment", |_, s: &State| s.wrong.is_none()),
            Property::always("it is performed once at most", |_, s: &State| s.performed <= 1),
            Property::always("success is no guess", |_, s: &State| s.life.state != RunState::Success || s.performed == 1),
            Property::always("failure is no guess", |_, s: &State| {
                s.life.state != RunState::Failure
                    || s.performed == 0
                    || s.life.execution.as_ref().is_some_and(|execution| s.now >= execution.deadline)
            }),
            Property::always("people are told of one outcome", |_, s: &State| {
                s.outcomes_told == u8::from(matches!(s.life.state, RunState::Success | RunState::Failure))
            }),
            Property::always("nothing is stuck", |model: &Self, s: &State| {
                let mut actions = Vec::new();
                model.actions(s, &mut actions);
                !actions.is_empty() || s.life.is_final() || matches!(s.life.phase(), Some(Phase::Unknown { .. }))
            }),
            Property::sometimes("it succeeds", |_, s: &State| s.life.state == RunState::Success),
            Property::sometimes("it fails unsent", |_, s: &State| s.life.state == RunState::Failure && s.all_sent.is_empty()),
            Property::sometimes("a person is asked", |_, s: &State| matches!(s.life.phase(), Some(Phase::Unknown { .. }))),
            Property::sometimes("it expires", |_, s: &State| s.life.state == RunState::Expired),
        ]
    }
}
