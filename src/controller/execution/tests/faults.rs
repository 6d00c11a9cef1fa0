//! Performers that panic or never answer.

use std::time::Duration;

use super::stage::*;
use crate::model::RunState;
use crate::run::life::Phase;

#[tokio::test]
async fn a_performer_that_panics_or_never_answers_has_done_nobody_knows_what() {
    for hangs in [false, true] {
        let mut stage = Stage::new();
        stage.story.settings.execution.attempt_deadline = Duration::from_millis(300);
        let (daemon, _) = stage.approved().await;
        (stage.receiver.told().panics, stage.receiver.told().hangs) = (!hangs, hangs);
        stage.merge("extend-1");
        for _ in 0..3 {
            daemon.looks().await;
            stage.wait(60);
        }
        assert_eq!(daemon.state("extend-1").await, RunState::InProgress);
        let life = daemon.record("extend-1").await.life.unwrap();
        assert!(matches!(life.phase(), Some(Phase::Unknown { .. })), "{:?}", life.phase());
        assert_eq!(stage.receiver.orders(), 1, "and it is not sent again");
    }
}
