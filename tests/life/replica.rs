//! What a replica does next, in the order in which production does it.

use portcullis::model::RunState;
use portcullis::run::life::{Answer, Event, Life, Phase};

use super::model::{Fault, Replicas, Sent, State};
use super::world::{DEADLINE, World, digest};

/// A replica: what it believes, and what it is in the middle of. A crash forgets all of it.
#[derive(Clone, Default, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Replica {
    /// The epoch in which it holds the repository, as far as it knows.
    pub(crate) epoch: Option<i64>,
    pub(crate) doing: Doing,
}

#[derive(Clone, Default, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Doing {
    #[default]
    Nothing,
    /// It has gathered the facts, which may be others by now.
    Gathered(World),
    /// The intent is durable.
    Sends {
        attempt: u32,
    },
    /// It waits for an answer, and remembers what it had read.
    Waits {
        attempt: u32,
        read: Box<Life>,
    },
    Heard {
        answer: Answer,
        read: Box<Life>,
    },
    /// Wrongly: it has sent what it has not written down yet.
    SentEarly {
        attempt: u32,
    },
}

impl Replica {
    pub(crate) fn awaits(&self, wanted: u32) -> bool {
        matches!(self.doing, Doing::Waits { attempt, .. } | Doing::SentEarly { attempt } if attempt == wanted)
    }

    pub(crate) fn hears(&mut self, wanted: u32, answer: &Answer) {
        if let Doing::Waits { attempt, read } = &self.doing
            && *attempt == wanted
        {
            self.doing = Doing::Heard { answer: answer.clone(), read: read.clone() };
        }
    }

    pub(crate) fn may_proceed(&self, state: &State) -> bool {
        match (&self.epoch, &self.doing) {
            (None, _) | (_, Doing::Waits { .. }) => false,
            (Some(_), Doing::Nothing) => next(state) != Next::Rest,
            (Some(_), _) => true,
        }
    }
}

/// What there is to do about a run as it stands.
#[derive(PartialEq)]
enum Next {
    Rest,
    Decide,
    Begin,
    Settle,
    GiveUp,
}

fn next(state: &State) -> Next {
    if state.life.is_final() {
        return Next::Rest;
    }
    let derived = state.world.decide(state.now).state;
    let Some(execution) = &state.life.execution else {
        let moves = derived != state.life.state || derived == RunState::Approved;
        return if moves { Next::Decide } else { Next::Rest };
    };
    let over = state.now >= execution.deadline;
    match execution.phase {
        Phase::Ready { .. } | Phase::Running if over => Next::GiveUp,
        Phase::Ready { .. } if execution.is_stale(state.now) => Next::Decide,
        Phase::Ready { due } if due <= state.now => Next::Begin,
        Phase::Sending { .. } => Next::Settle,
        Phase::Ready { .. } | Phase::Running | Phase::Unknown { .. } | Phase::Ended => Next::Rest,
    }
}

impl Replicas {
    pub(crate) fn proceed(&self, state: &mut State, r: usize) {
        let Some(epoch) = state.replicas[r].epoch else { return };
        let doing = std::mem::take(&mut state.replicas[r].doing);
        let written = match doing {
            Doing::Nothing => self.look(state, r, epoch),
            Doing::Gathered(world) => self.decide(state, epoch, world),
            Doing::Sends { attempt } => {
                self.send(state, epoch, attempt);
                let read = Box::new(state.life.clone());
                state.replicas[r].doing = Doing::Waits { attempt, read };
                true
            }
            Doing::SentEarly { attempt } => {
                let begun = self.write(state, Some(epoch), &Event::Begun { epoch }).is_ok();
                let read = Box::new(state.life.clone());
                state.replicas[r].doing = if begun { Doing::Waits { attempt, read } } else { Doing::Nothing };
                begun
            }
            Doing::Heard { answer, read } => {
                if self.fault == Some(Fault::NoRevision) && epoch == state.epoch {
                    state.life = *read;
                }
                self.write(state, Some(epoch), &Event::Answered { epoch, answer }).is_ok()
            }
            Doing::Waits { .. } => true,
        };
        // Whoever is kept out by the fence learns of it.
        if !written && epoch < state.epoch {
            state.replicas[r] = Replica::default();
        }
    }

    fn look(&self, state: &mut State, r: usize, epoch: i64) -> bool {
        match next(state) {
            Next::Rest => true,
            Next::Decide => {
                state.replicas[r].doing = Doing::Gathered(state.world);
                true
            }
            Next::Begin => {
                let attempt = state.life.execution.as_ref().map_or(0, |execution| execution.attempt) + 1;
                if self.fault == Some(Fault::SendBeforeIntent) {
                    self.send(state, epoch, attempt);
                    state.replicas[r].doing = Doing::SentEarly { attempt };
                    return true;
                }
                let begun = self.write(state, Some(epoch), &Event::Begun { epoch }).is_ok();
                if begun {
                    state.replicas[r].doing = Doing::Sends { attempt };
                }
                begun
            }
            Next::Settle => {
                let found = (self.fault == Some(Fault::RetryWithoutDedupe))
                    .then(|| Answer::NotPerformed { why: "surely not".into(), after: None });
                self.write(state, Some(epoch), &Event::Lost { epoch, found }).is_ok()
            }
            Next::GiveUp => self.write(state, Some(epoch), &Event::DeadlinePassed).is_ok(),
        }
    }

    fn decide(&self, state: &mut State, epoch: i64, gathered: World) -> bool {
        if gathered != state.world && self.fault != Some(Fault::NoRecheck) {
            return true; // all of it anew
        }
        let derived = gathered.decide(state.now).state;
        let _ = self.write(state, Some(epoch), &Event::Decided { state: derived });
        let Some(grant) = gathered.grant(state.now) else { return epoch == state.epoch };
        let deadline = state.now + jiff::SignedDuration::from_secs(DEADLINE);
        let claimed = Event::Claimed { grant, key: "key".into(), dedupes: self.dedupes, deadline, epoch };
        self.write(state, Some(epoch), &claimed).is_ok()
    }

    fn send(&self, state: &mut State, epoch: i64, attempt: u32) {
        let Some(execution) = &state.life.execution else { return };
        let key = match self.fault {
            Some(Fault::KeyOfEpoch) => format!("{}-{epoch}", execution.key),
            _ => execution.key.clone(),
        };
        let granted = execution.grant.is_sound() && execution.grant.digest == digest().as_str();
        let sent = Sent { key, attempt, granted };
        state.all_sent.push(sent.clone());
        state.requests.push(sent);
    }
}
