//! A notice as a message for a workflow of Microsoft Teams: an Adaptive Card.

use serde_json::{Value as Json, json};

use super::Notice;
use super::words::{cut, wording};

/// A card shows as many buttons; Teams hides the rest.
const MOST_LINKS: usize = 4;
/// Characters of a fact: Teams takes 28 KB, and a character may take four bytes.
const MOST_FACT: usize = 180;

/// The body of the request.
///
/// What people wrote stands in `TextRun`s alone: a `TextBlock` and a `FactSet` would read it as Markdown.
pub fn teams(notice: &Notice) -> Json {
    let words = wording(notice);
    let mut body = vec![
        line([json!({ "type": "TextRun", "text": cut(&words.headline, 200), "weight": "Bolder", "size": "Large" })]),
        line([run(&words.why, 600)]),
    ];
    let facts = words.facts.iter().map(|(name, value)| {
        line([json!({ "type": "TextRun", "text": format!("{name}: "), "weight": "Bolder" }), run(value, MOST_FACT)])
    });
    body.push(json!({ "type": "Container", "separator": true, "spacing": "Medium", "items": facts.collect::<Vec<_>>() }));
    let actions = words.links.iter().take(MOST_LINKS);
    let actions = actions.map(|(words, link)| json!({ "type": "Action.OpenUrl", "title": cut(words, 100), "url": link }));
    let mut card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
    });
    let actions: Vec<Json> = actions.collect();
    if let Some(card) = card.as_object_mut().filter(|_| !actions.is_empty()) {
        card.insert("actions".to_owned(), actions.into());
    }
    json!({
        "type": "message",
        "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card }],
    })
}

fn line<const N: usize>(inlines: [Json; N]) -> Json {
    json!({ "type": "RichTextBlock", "spacing": "Small", "inlines": inlines.to_vec() })
}

fn run(text: &str, most: usize) -> Json {
    json!({ "type": "TextRun", "text": cut(text, most) })
}
