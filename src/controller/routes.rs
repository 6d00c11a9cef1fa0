//! Tells of routes in a catalog that lead nowhere here: what is policy and what is configured are changed by different people.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};

use crate::model::{CommitId, Identifier};

use super::Shared;
use super::parts::Repository;

impl Shared {
    /// Says once of each channel that routes of the accepted catalog lead to it and nobody has configured it, and once that it is mended.
    pub(super) async fn tell_unrouted(self: &Arc<Self>, repository: &Arc<Repository>, accepted: CommitId) {
        let Some(configured) = &self.settings.channels else { return };
        // A base that cannot be read is told of by the judgement.
        let Ok(base) = self.base(repository, accepted).await else { return };
        let missing: BTreeSet<Identifier> =
            base.channels.iter().filter(|channel| !configured.contains(channel.as_str())).cloned().collect();
        let mut told = repository.unrouted.lock().unwrap_or_else(PoisonError::into_inner);
        for channel in missing.difference(&told) {
            tracing::warn!(repository = %repository.name, %channel,
                "catalog.yaml sends notifications to a channel that is not configured here: they are given up, and can be replayed once it is");
        }
        for channel in told.difference(&missing) {
            tracing::info!(repository = %repository.name, %channel, "no notification is sent to an unknown channel of this name any more");
        }
        *told = missing;
    }
}

#[cfg(test)]
mod tests {
    use super::super::story_tests::*;

    #[tokio::test]
    async fn a_route_to_a_channel_that_nobody_configured_is_noticed_until_it_is_mended() {
        let mut story = Story::new();
        story.settings.channels = Some(["mail".to_owned()].into());
        let routes = "identity: declared\nnotifications:\n  - channel: mail\n  - channel: chat\n    on: [waiting]\n";
        story.change(ALICE, "catalog.yaml", routes);
        let daemon = story.daemon().await;
        let missing = || {
            let repository = daemon.controller.shared.repository("catalog").unwrap();
            let told = repository.unrouted.lock().unwrap();
            told.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        daemon.looks().await;
        daemon.looks().await;
        assert_eq!(missing(), ["chat"]);
        story.change(ALICE, "catalog.yaml", "identity: declared\nnotifications:\n  - channel: mail\n");
        daemon.looks().await;
        daemon.looks().await;
        assert!(missing().is_empty(), "{:?}", missing());
    }
}
