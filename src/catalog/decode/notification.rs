//! The routes of `catalog.yaml`: who is told of what, by which channel.

use std::collections::BTreeSet;

use crate::catalog::node::NodeKind;
use crate::model::{Audience, Occasion, Route, RuleDoc};

use super::cursor::{Cursor, Decoder};

const NOTHING: &str = "document/about-nothing";

pub(super) const RULES: &[RuleDoc] = &[RuleDoc {
    id: NOTHING,
    summary: "A route of `notifications` is about something: its `on`, and its `actions`, are not empty.",
    remedy: "Name what it is about, remove the key for everything, or remove the route.",
}];

/// Reads a route.
pub(super) fn route(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Route> {
    if !d.fields(at, &["channel", "on", "to", "actions"]) {
        return None;
    }
    let channel = d.required(&at, "channel", "platform").and_then(|channel| d.identifier(channel));
    let on = match at.given("on") {
        Some(written) => occasions(d, written),
        None => Occasion::ALL.into_iter().collect(),
    };
    let words = Audience::WORDS;
    let to = at.given("to").map(|written| d.choice(written, &words).and_then(Audience::parse));
    let actions = at.given("actions").map(|written| {
        let actions: BTreeSet<_> = d.identifiers(written).into_iter().collect();
        is_about_something(d, written, "actions");
        actions
    });
    Some(Route { channel: channel?, on, to: to.unwrap_or(Some(Audience::default()))?, actions })
}

fn occasions(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> BTreeSet<Occasion> {
    if !d.list(at) {
        return BTreeSet::new();
    }
    is_about_something(d, at, "on");
    let words = Occasion::ALL.map(Occasion::as_str);
    at.items().filter_map(|item| d.choice(item, &words).and_then(Occasion::parse)).collect()
}

fn is_about_something(d: &mut Decoder<'_>, at: Cursor<'_, '_>, key: &str) {
    if matches!(&at.node.kind, NodeKind::List(items) if items.is_empty()) {
        d.error(
            NOTHING,
            at,
            format!("`{key}` is empty, so nobody would ever be told"),
            "remove the key for everything, or the route",
        );
    }
}
