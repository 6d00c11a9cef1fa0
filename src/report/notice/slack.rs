//! A notice as a message of Slack's incoming webhooks, in Block Kit.

use serde_json::{Value as Json, json};

use super::Notice;
use super::words::wording;

/// Two columns of five facts: Slack takes ten fields a section.
const FACTS_A_SECTION: usize = 5;
/// Slack takes fifty blocks.
const MOST_SECTIONS: usize = 20;

/// The body of the request.
///
/// What people wrote stands in `plain_text` alone, where Slack reads neither formatting nor mentions; `&`, `<` and `>`, its control
/// characters, are escaped there too, and in the line that phones show.
pub fn slack(notice: &Notice) -> Json {
    let words = wording(notice);
    let mut blocks = vec![
        json!({ "type": "header", "text": plain(&words.headline, 140) }),
        json!({ "type": "section", "text": plain(&words.why, 1_000) }),
    ];
    for facts in words.facts.chunks(FACTS_A_SECTION).take(MOST_SECTIONS) {
        let fields = facts.iter().flat_map(|(name, value)| {
            [json!({ "type": "mrkdwn", "text": format!("*{name}*"), "verbatim": true }), plain(value, 700)]
        });
        blocks.push(json!({ "type": "section", "fields": fields.collect::<Vec<_>>() }));
    }
    if !words.links.is_empty() {
        let links = words.links.iter().map(|(words, link)| format!("<{}|{}>", escaped(link), escaped(words)));
        let text = links.collect::<Vec<_>>().join("\n");
        blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": cut_links(&text), "verbatim": true } }));
    }
    let line = escaped_within(&format!("{}: {}", words.headline, words.why), 1_000);
    json!({ "text": line, "mrkdwn": false, "unfurl_links": false, "unfurl_media": false, "blocks": blocks })
}

fn plain(text: &str, most: usize) -> Json {
    let text = if text.is_empty() { "-" } else { text }; // Slack refuses an empty text
    json!({ "type": "plain_text", "text": escaped_within(text, most), "emoji": false })
}

/// Escaped, and then at most so many characters: Slack counts what is escaped.
fn escaped_within(text: &str, most: usize) -> String {
    let mut out = String::new();
    let mut length = 0;
    for c in text.chars() {
        let piece = escaped(c.encode_utf8(&mut [0; 4]));
        length += piece.chars().count();
        if length >= most {
            out.push('…');
            break;
        }
        out.push_str(&piece);
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Whole lines, as many as Slack takes in one text.
fn cut_links(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if out.len() + line.len() + 1 > 2_900 {
            break;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
    }
    out
}
