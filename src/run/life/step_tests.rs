//! Stories of one run: what may happen to it, twice, late and out of order, and what comes of it.

use super::*;
use crate::run::fixture::{day, id};
use crate::run::may_become;
use RunState::{Approved, Cancelled, Declined, Expired, Failure, InProgress, Success, WaitingForApproval as Waiting};

fn at(seconds: i64) -> Timestamp {
    day(0) + jiff::SignedDuration::from_secs(seconds)
}

const HOUR: i64 = 3600;

fn landing() -> Landing {
    Landing { from: CommitId([1; 20]), to: CommitId([2; 20]), pull_request: Some("7".into()), at: at(0) }
}

fn grant() -> Grant {
    Grant {
        revision: CommitId([2; 20]),
        digest: "d".repeat(64),
        action: id("extend"),
        requesters: vec![id("alice")],
        contributors: vec![id("alice")],
        approvals: vec![id("carol")],
        needed: 1,
        self_approval: false,
    }
}

fn claim(dedupes: bool) -> Event {
    Event::Claimed { grant: grant(), key: "key".into(), dedupes, deadline: at(HOUR), epoch: 1 }
}

fn unknown() -> Answer {
    Answer::Unknown { why: "the connection broke".into() }
}

fn busy() -> Answer {
    Answer::NotPerformed { why: "busy".into(), after: None }
}

fn refused() -> Answer {
    Answer::Refused { why: "no".into() }
}

fn accepted() -> Answer {
    Answer::Accepted { outside: Some("42".into()), link: Some("https://ci.example/42".into()) }
}

fn done(success: bool) -> Answer {
    Answer::Done { success, says: "all of it".into(), link: None, outside: None }
}

/// A life and the clock beside it.
#[derive(Clone)]
struct Story(Life, i64);

impl Story {
    fn landed(state: RunState) -> Self {
        Self(Life::new(state), 0).then(Event::Landed(landing()))
    }

    fn claimed(dedupes: bool) -> Self {
        Self::landed(Approved).then(claim(dedupes))
    }

    fn sent(dedupes: bool) -> Self {
        Self::claimed(dedupes).then(Event::Begun { epoch: 1 })
    }

    fn refuses(&self, event: &Event) -> Refusal {
        step(&self.0, event, at(self.1)).unwrap_err()
    }

    #[track_caller]
    fn then(self, event: Event) -> Self {
        let step = step(&self.0, &event, at(self.1)).unwrap_or_else(|refusal| panic!("{}: {refusal}", event.word()));
        if self.0.landing.is_some() {
            let way: Vec<RunState> = std::iter::once(self.0.state).chain(step.passes.iter().copied()).collect();
            assert!(way.windows(2).all(|pair| may_become(pair[0], pair[1])), "{way:?}");
            assert_eq!(way.last(), Some(&step.life.state));
        }
        Self(step.life, self.1)
    }

    fn answers(self, answer: Answer) -> Self {
        self.then(Event::Answered { epoch: 1, answer })
    }

    fn lost(self, found: Option<Answer>) -> Self {
        self.then(Event::Lost { epoch: 2, found })
    }

    fn at(self, seconds: i64) -> Self {
        Self(self.0, seconds)
    }

    fn execution(&self) -> &Execution {
        self.0.execution.as_ref().unwrap()
    }

    fn waits_for_a_person(&self) -> bool {
        self.0.state == InProgress && matches!(self.0.phase(), Some(Phase::Unknown { .. }))
    }
}

fn decided(state: RunState) -> Event {
    Event::Decided { state }
}

fn reported(success: Option<bool>) -> Event {
    Event::Reported(Report { success, label: Some("at it".into()), ..Report::default() })
}

fn settles(outcome: Outcome) -> Event {
    let (note, link) = (Some("I looked".into()), Some("https://ci.example/9".into()));
    Event::Resolved { by: "dave".into(), outcome, note, link }
}

fn withdraws() -> Event {
    Event::Withdrawn { by: "alice".into() }
}

#[test]
fn from_the_proposal_to_the_end() {
    let story = Story(Life::new(Waiting), 0).then(decided(Approved)).then(Event::Landed(landing()));
    let claimed = step(&story.0, &claim(false), at(0)).unwrap();
    assert_eq!(claimed.effects, [Effect::Tell(Occasion::Started), Effect::Audit]);
    let story = story.then(claim(false)).then(Event::Begun { epoch: 1 }).answers(accepted()).then(reported(None));
    assert_eq!((story.0.state, story.execution().outside.as_deref()), (InProgress, Some("42")));
    let story = story.then(reported(Some(true)));
    assert_eq!((story.0.state, story.0.phase()), (Success, Some(&Phase::Ended)));
    assert_eq!(story.execution().links, ["https://ci.example/42"]);
    assert_eq!(story.refuses(&reported(Some(false))), Refusal::Final);
}

#[test]
fn what_is_only_proposed_may_become_anything() {
    let story = Story(Life::new(Declined), 0).then(decided(Approved)).then(decided(Cancelled)).then(decided(Waiting));
    assert_eq!(story.refuses(&decided(Waiting)), Refusal::Nothing);
    for state in [InProgress, Success, Failure] {
        assert_eq!(story.refuses(&decided(state)), Refusal::OutOfPlace);
    }
    assert_eq!(story.refuses(&claim(true)), Refusal::OutOfPlace, "nothing is executed before it is on the branch");
    assert_eq!(Story::landed(Declined).0.state, Waiting, "it is decided anew there");
}

#[test]
fn what_stands_on_the_branch_passes_legal_states_alone() {
    let approved = Story::landed(Approved);
    let step = step(&approved.0, &decided(Expired), at(0)).unwrap();
    assert_eq!(step.passes, [Waiting, Expired]);
    for state in [Declined, Expired, Cancelled] {
        let story = Story::landed(Waiting).then(decided(state));
        assert_eq!(story.refuses(&decided(Approved)), Refusal::Final);
        assert_eq!(story.refuses(&withdraws()), Refusal::Final);
    }
}

#[test]
fn taken_back_before_it_lands_it_stays_so() {
    let story = Story(Life::new(Waiting), 0).then(withdraws());
    assert_eq!(story.refuses(&decided(Approved)), Refusal::Final);
    assert_eq!(story.refuses(&claim(true)), Refusal::Final);
    let merged = step(&story.0, &Event::Landed(landing()), at(0)).unwrap();
    assert_eq!((merged.life.state, merged.effects, merged.passes), (Cancelled, vec![Effect::Audit], Vec::new()));
    let merged = Story(merged.life, 0);
    assert!(merged.0.is_final() && !merged.0.is_under_way(), "and so nothing looks at it there");
    for event in [decided(Approved), claim(true), Event::Landed(landing()), withdraws()] {
        assert_eq!(merged.refuses(&event), Refusal::Final);
    }
}

#[test]
fn taken_back_after_it_was_approved_and_not_after_it_was_begun() {
    assert_eq!(Story::landed(Approved).then(withdraws()).0.state, Cancelled);
    assert_eq!(Story::claimed(true).refuses(&withdraws()), Refusal::OutOfPlace);
}

#[test]
fn a_claim_needs_a_sound_grant() {
    let story = Story::landed(Approved);
    let broken: [fn(&mut Grant); 6] = [
        |g| g.approvals.clear(),
        |g| g.approvals = vec![id("alice")],
        |g| g.contributors.push(id("carol")),
        |g| g.requesters.clear(),
        |g| g.digest.clear(),
        |g| (g.needed, g.approvals) = (2, vec![id("carol"), id("carol")]),
    ];
    for breaks in broken {
        let mut grant = grant();
        breaks(&mut grant);
        let claimed = Event::Claimed { grant, key: "key".into(), dedupes: true, deadline: at(HOUR), epoch: 1 };
        assert_eq!(story.refuses(&claimed), Refusal::Unsound);
    }
    assert_eq!(story.clone().at(HOUR).refuses(&claim(true)), Refusal::Unsound, "its time is over");
    assert_eq!(Story::landed(Waiting).refuses(&claim(true)), Refusal::OutOfPlace);
}

#[test]
fn a_claim_that_nobody_acted_on_is_made_anew() {
    let story = Story::claimed(true).at(61);
    assert!(story.execution().is_stale(at(61)));
    assert_eq!(story.refuses(&Event::Begun { epoch: 1 }), Refusal::Unsound);
    let mut other = claim(true);
    if let Event::Claimed { key, .. } = &mut other {
        *key = "another".into();
    }
    assert_eq!(story.refuses(&other), Refusal::Unsound, "one digest has one key");
    assert_eq!(story.refuses(&decided(Approved)), Refusal::Nothing);
    let renewed = story.clone().then(claim(true));
    assert_eq!((renewed.execution().since, renewed.execution().deadline), (at(61), at(HOUR)));
    renewed.then(Event::Begun { epoch: 1 });
    let revoked = story.then(decided(Waiting));
    assert_eq!(revoked.0.state, Failure);
    assert_eq!(Story::sent(true).refuses(&decided(Waiting)), Refusal::OutOfPlace, "once sent, approval moves nothing");
}

#[test]
fn only_the_latest_epoch_acts() {
    let story = Story::sent(true);
    assert_eq!(story.refuses(&Event::Begun { epoch: 1 }), Refusal::OutOfPlace, "it is under way");
    assert_eq!(story.refuses(&Event::Lost { epoch: 0, found: None }), Refusal::Fenced);
    let taken = story.lost(None);
    assert_eq!(taken.refuses(&Event::Answered { epoch: 1, answer: done(true) }), Refusal::OutOfPlace);
    assert_eq!(taken.refuses(&Event::Begun { epoch: 1 }), Refusal::Fenced);
    let again = taken.then(Event::Begun { epoch: 2 });
    assert_eq!((again.execution().attempt, again.execution().key.as_str()), (2, "key"));
    assert_eq!(again.refuses(&Event::Answered { epoch: 1, answer: refused() }), Refusal::OutOfPlace);
}

#[test]
fn a_receiver_that_dedupes_is_asked_again_and_another_waits_for_a_person() {
    assert_eq!(Story::sent(true).answers(unknown()).at(2).then(Event::Begun { epoch: 1 }).execution().attempt, 2);
    assert!(matches!(Story::sent(true).lost(None).0.phase(), Some(Phase::Ready { .. })));
    assert!(Story::sent(false).answers(unknown()).waits_for_a_person());
    assert!(Story::sent(false).lost(None).waits_for_a_person());
    assert_eq!(Story::sent(false).lost(Some(done(true))).0.state, Success);
    assert!(matches!(Story::sent(false).lost(Some(busy())).0.phase(), Some(Phase::Ready { .. })), "certainly not performed");
}

#[test]
fn what_may_have_been_performed_is_never_called_a_failure() {
    let doubtful = || Story::sent(true).answers(unknown()).at(2);
    assert!(doubtful().at(HOUR).then(Event::DeadlinePassed).waits_for_a_person());
    let again = doubtful().then(Event::Begun { epoch: 1 });
    assert!(again.clone().answers(refused()).waits_for_a_person());
    assert!(again.clone().at(HOUR - 1).answers(busy()).waits_for_a_person());
    assert_eq!(again.clone().answers(done(false)).0.state, Failure, "the receiver says so");
    let heard = again.answers(busy()).then(reported(None));
    assert!(!heard.execution().doubt && heard.0.phase() == Some(&Phase::Running));
    let mut story = Story::sent(true);
    while !story.waits_for_a_person() {
        story = story.answers(unknown());
        let Some(Phase::Ready { due }) = story.0.phase().cloned() else { continue };
        story.1 = due.duration_since(at(0)).as_secs();
        story = story.then(Event::Begun { epoch: 1 });
        assert!(story.execution().attempt <= 20);
    }
}

#[test]
fn what_was_certainly_not_performed_fails() {
    assert_eq!(Story::sent(false).answers(refused()).0.state, Failure);
    let waiting = Story::sent(false).answers(busy());
    assert_eq!(waiting.refuses(&Event::Begun { epoch: 1 }), Refusal::Early);
    assert_eq!(waiting.refuses(&Event::DeadlinePassed), Refusal::Early);
    let over = waiting.at(HOUR);
    assert_eq!(over.refuses(&Event::Begun { epoch: 1 }), Refusal::OutOfPlace);
    assert_eq!(over.then(Event::DeadlinePassed).0.state, Failure);
    assert_eq!(Story::claimed(true).at(HOUR).then(Event::DeadlinePassed).0.state, Failure);
}

#[test]
fn the_pauses_grow_and_end() {
    let due = |attempt: u32, after: Option<u64>| {
        let mut story = Story::sent(true);
        let execution = story.0.execution.as_mut().unwrap();
        (execution.attempt, execution.deadline) = (attempt, Timestamp::MAX);
        let story = story.answers(Answer::NotPerformed { why: String::new(), after });
        let Some(Phase::Ready { due }) = story.0.phase() else { panic!("given up") };
        due.duration_since(at(0)).as_secs()
    };
    assert_eq!([due(1, None), due(2, None), due(5, None), due(19, None)], [2, 4, 32, 900]);
    assert_eq!([due(1, Some(60)), due(1, Some(u64::MAX))], [60, 900]);
}

#[test]
fn a_report_may_be_faster_than_the_answer() {
    let heard = Story::sent(false).then(reported(None));
    assert_eq!(heard.0.phase(), Some(&Phase::Running), "whoever reports has it");
    assert_eq!(heard.refuses(&Event::Answered { epoch: 1, answer: busy() }), Refusal::OutOfPlace);
    assert_eq!(heard.clone().answers(accepted()).execution().outside.as_deref(), Some("42"));
    assert_eq!(heard.clone().answers(done(true)).0.state, Success);
    assert_eq!(heard.answers(accepted()).refuses(&Event::Answered { epoch: 1, answer: accepted() }), Refusal::Nothing);
    assert_eq!(Story::claimed(true).refuses(&reported(Some(true))), Refusal::OutOfPlace, "nobody can have it yet");
    assert_eq!(
        Story::sent(false).then(reported(Some(true))).refuses(&Event::Answered { epoch: 1, answer: busy() }),
        Refusal::Final
    );
}

#[test]
fn a_report_after_the_deadline_comes_too_late() {
    let over = Story::sent(false).answers(accepted()).at(HOUR).then(Event::DeadlinePassed);
    assert_eq!(over.0.state, Failure);
    assert_eq!(over.refuses(&reported(Some(true))), Refusal::Final);
    let unknown = Story::sent(false).answers(unknown()).at(2 * HOUR);
    assert_eq!(unknown.refuses(&Event::DeadlinePassed), Refusal::OutOfPlace, "no clock makes it known");
    let alive = unknown.then(reported(None));
    assert_eq!((alive.0.phase(), alive.execution().deadline), (Some(&Phase::Running), at(3 * HOUR)));
}

#[test]
fn a_person_settles_what_nobody_knows() {
    let story = Story::sent(false).lost(None);
    let settled = story.clone().then(settles(Outcome::Success));
    assert_eq!((settled.0.state, settled.execution().summary.as_deref()), (Success, Some("settled by dave: I looked")));
    assert_eq!(settled.execution().links, ["https://ci.example/9"]);
    let again = story.at(2 * HOUR).then(settles(Outcome::Again));
    assert_eq!(again.execution().deadline, at(3 * HOUR));
    assert_eq!(
        again.then(Event::Begun { epoch: 2 }).answers_of(2, refused()).0.state,
        Failure,
        "the person says that it was not performed"
    );
    assert_eq!(Story::sent(false).refuses(&settles(Outcome::Success)), Refusal::OutOfPlace, "it is being sent");
    assert_eq!(
        Story::sent(false).answers(accepted()).refuses(&settles(Outcome::Again)),
        Refusal::OutOfPlace,
        "it has been taken"
    );
    assert_eq!(Story::landed(Waiting).refuses(&settles(Outcome::Success)), Refusal::OutOfPlace);
}

impl Story {
    fn answers_of(self, epoch: i64, answer: Answer) -> Self {
        self.then(Event::Answered { epoch, answer })
    }
}

#[test]
fn people_are_reminded_while_it_waits_for_them() {
    let effects = |story: &Story| step(&story.0, &Event::Reminded, at(story.1)).map(|step| step.effects[0]);
    assert_eq!(effects(&Story::landed(Waiting)), Ok(Effect::Tell(Occasion::Reminder)));
    assert_eq!(effects(&Story::sent(false).lost(None)), Ok(Effect::Tell(Occasion::Unknown)));
    assert_eq!(effects(&Story::landed(Approved)), Err(Refusal::OutOfPlace));
    assert_eq!(Story::landed(Waiting).then(Event::Reminded).refuses(&Event::Reminded), Refusal::Nothing);
}

#[test]
fn a_life_is_read_as_it_was_written() {
    for story in [
        Story::landed(Waiting),
        Story::sent(true).answers(unknown()),
        Story::sent(false).lost(None),
        Story::sent(false).answers(accepted()),
    ] {
        let text = serde_json::to_string(&story.0).unwrap();
        assert_eq!(serde_json::from_str::<Life>(&text).unwrap(), story.0);
    }
}
