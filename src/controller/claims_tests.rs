//! Two pull requests and one commit.

use super::answer::Answer;
use super::claims::Claims;
use crate::check::Conclusion::{self, Failure, Pending, Success};
use crate::forge::{Analysis, Remark, Status};
use crate::model::{CommitId, Severity};

const SHARED: CommitId = CommitId([7; 20]);
const OWN: CommitId = CommitId([8; 20]);

fn status(commit: CommitId, context: &str, conclusion: Conclusion, summary: &str) -> Status {
    Status { commit, context: context.to_owned(), conclusion, summary: summary.to_owned(), url: None }
}

/// What a pull request says of its head.
fn answer(head: CommitId, who: &str, conclusion: Conclusion) -> Answer {
    let remark = Remark {
        path: None,
        line: None,
        column: None,
        rule: "x/y".to_owned(),
        severity: Severity::Error,
        message: who.to_owned(),
    };
    Answer {
        head: Some(head),
        statuses: vec![status(head, "portcullis/approval", conclusion, who)],
        analyses: vec![Analysis { commit: head, remarks: vec![remark], url: None }],
        ..Answer::default()
    }
}

fn posted(answer: &Answer) -> Vec<(CommitId, Conclusion, String)> {
    answer.statuses.iter().map(|status| (status.commit, status.conclusion, status.summary.clone())).collect()
}

fn open(heads: &[(&str, CommitId)]) -> Claims {
    let mut claims = Claims::default();
    claims.list(heads.iter().map(|(id, head)| ((*id).to_owned(), *head)).collect());
    claims
}

#[test]
fn of_two_pull_requests_with_one_head_the_worse_stands_whoever_speaks_last() {
    let mut claims = open(&[("1", SHARED), ("2", SHARED)]);
    let (green, red) = (answer(SHARED, "one", Success), answer(SHARED, "two", Failure));
    claims.say("1", SHARED, &green);
    claims.say("2", SHARED, &red);
    let (of_one, of_two) = (claims.settle("1", &green), claims.settle("2", &red));
    assert_eq!(posted(&of_one), [(SHARED, Failure, "two".to_owned())]);
    assert_eq!(posted(&of_one), posted(&of_two));
    assert_eq!((&of_one.analyses, of_one.analyses[0].remarks[0].message.as_str()), (&of_two.analyses, "two"));
}

#[test]
fn equals_say_what_the_first_of_them_says() {
    let mut claims = open(&[("1", SHARED), ("2", SHARED)]);
    let (one, two) = (answer(SHARED, "one", Pending), answer(SHARED, "two", Pending));
    claims.say("1", SHARED, &one);
    claims.say("2", SHARED, &two);
    for settled in [claims.settle("1", &one), claims.settle("2", &two)] {
        assert_eq!(posted(&settled), [(SHARED, Pending, "one".to_owned())]);
        assert_eq!(settled.analyses[0].remarks[0].message, "one");
    }
}

#[test]
fn nothing_is_green_while_another_pull_request_with_this_head_is_not_judged() {
    let mut claims = open(&[("1", SHARED), ("2", SHARED)]);
    let green = answer(SHARED, "one", Success);
    claims.say("1", SHARED, &green);
    let told = posted(&claims.settle("1", &green));
    assert_eq!((told[0].1, told[0].2.as_str()), (Pending, "pull request 2 has the same head and is yet to be judged"));

    // The other one was judged, but for a head that it has left since.
    claims.say("2", OWN, &answer(OWN, "two", Success));
    claims.list([("1".to_owned(), SHARED), ("2".to_owned(), SHARED)].into());
    assert_eq!(posted(&claims.settle("1", &green))[0].1, Pending);

    claims.say("2", SHARED, &answer(SHARED, "two", Success));
    assert_eq!(posted(&claims.settle("1", &green))[0].1, Success);
}

#[test]
fn whoever_has_a_commit_as_its_head_speaks_of_it() {
    let mut claims = open(&[("1", SHARED), ("2", OWN)]);
    let lower = answer(SHARED, "one", Success);
    let mut upper = answer(OWN, "two", Success);
    upper.statuses.push(status(SHARED, "portcullis/catalog", Failure, "a commit on the way"));
    claims.say("1", SHARED, &lower);
    claims.say("2", OWN, &upper);
    assert_eq!(posted(&claims.settle("2", &upper)), [(OWN, Success, "two".to_owned())]);
    assert_eq!(posted(&claims.settle("1", &lower)), [(SHARED, Success, "one".to_owned())]);
}

#[test]
fn who_is_left_alone_with_a_commit_speaks_again() {
    let mut claims = open(&[("1", SHARED), ("2", SHARED), ("3", OWN)]);
    for (id, head) in [("1", SHARED), ("2", SHARED), ("3", OWN)] {
        assert_eq!(claims.say(id, head, &answer(head, id, Success)), Vec::<String>::new());
    }
    assert_eq!(claims.say("2", OWN, &answer(OWN, "2", Failure)), ["1"], "its head has moved on");
    assert_eq!(claims.list([("1".to_owned(), SHARED), ("3".to_owned(), OWN)].into()), ["3"], "it is gone");
    assert_eq!(claims.withdraw("3"), Vec::<String>::new());
}
