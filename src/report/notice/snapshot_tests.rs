//! Every word of every channel, and what becomes of texts that want to be more than texts.

use serde_json::{Value as Json, json};

use crate::model::{Identifier, Occasion};

use super::{Notice, Person, email, slack, teams, text, webhook};

fn id(text: &str) -> Identifier {
    Identifier::new(text).unwrap()
}

fn person(name: &str) -> Person {
    Person { id: id(&format!("{name}@acme.dev")), name: Some(name.to_owned()), email: Some(format!("{name}@acme.dev")) }
}

fn notice(occasion: Occasion) -> Notice {
    let why = match occasion {
        Occasion::Waiting | Occasion::Reminder => "it needs 1 more approval, by Carol or Dave",
        Occasion::Granted => "carol@acme.dev approved it",
        Occasion::Declined => "dave@acme.dev requested changes",
        Occasion::Expired => "nobody approved it within 14 days",
        Occasion::Cancelled => "alice@acme.dev withdrew it",
        Occasion::Started => "everything was checked once more, and it is being performed",
        Occasion::Succeeded => "extended until Monday",
        Occasion::Failed => "the receiver answered 500",
        Occasion::Unknown => "the connection broke; find out, and then say so: `portcullis runs resolve`",
    };
    Notice {
        occasion,
        repository: "acme/catalog".to_owned(),
        run: id("extend-env-42"),
        handle: "r_0123456789abcdef01234567".to_owned(),
        action: id("extend_env_ttl"),
        title: Some("Extend an environment".to_owned()),
        entity: Some("Env/env-42".to_owned()),
        requesters: vec![person("Alice")],
        approvers: vec![person("Carol"), person("Dave")],
        approvals: if occasion > Occasion::Reminder { vec![id("carol@acme.dev")] } else { Vec::new() },
        inputs: vec![("ttl".to_owned(), "10 days".to_owned()), ("token".to_owned(), "(secret)".to_owned())],
        reason: Some("load test runs until Monday".to_owned()),
        why: why.to_owned(),
        links: vec!["https://github.com/acme/catalog/pull/7".to_owned()],
        pull_request: Some("7".to_owned()),
        at: "2026-11-21T12:00:00Z".parse().unwrap(),
    }
}

fn all(words: impl Fn(&Notice) -> String) -> String {
    Occasion::ALL.into_iter().map(|occasion| format!("== {}\n{}\n", occasion.as_str(), words(&notice(occasion)))).collect()
}

fn pretty(json: &Json) -> String {
    serde_json::to_string_pretty(json).unwrap()
}

#[test]
fn each_occasion_in_plain_text() {
    insta::assert_snapshot!(all(text));
}

#[test]
fn each_occasion_for_slack() {
    insta::assert_snapshot!(all(|notice| slack(notice).to_string()));
    insta::assert_snapshot!("slack_waiting", pretty(&slack(&notice(Occasion::Waiting))));
}

#[test]
fn each_occasion_for_teams() {
    insta::assert_snapshot!(all(|notice| teams(notice).to_string()));
    insta::assert_snapshot!("teams_waiting", pretty(&teams(&notice(Occasion::Waiting))));
}

#[test]
fn each_occasion_by_email() {
    insta::assert_snapshot!(all(|notice| {
        let mail = email(notice);
        format!("{}\n{}", mail.subject, mail.html)
    }));
}

#[test]
fn each_occasion_for_a_webhook() {
    insta::assert_snapshot!(all(webhook));
}

/// Texts of a stranger that mention everybody, format, break out of HTML, add headers, hide, or lead elsewhere.
fn hostile(occasion: Occasion) -> Notice {
    let evil = "<!channel> <@U1> <https://evil.example|here> [x](https://evil.example) <at>all</at> \
                </td><script>alert(1)</script>\r\nBcc: everybody@acme.dev\r\n\u{202e}\u{1b}[2J&amp;";
    let own = notice(occasion);
    Notice {
        title: Some(evil.to_owned()),
        repository: evil.to_owned(),
        entity: Some(evil.to_owned()),
        reason: Some(evil.to_owned()),
        why: evil.to_owned(),
        inputs: vec![(evil.to_owned(), evil.to_owned())],
        pull_request: Some(evil.to_owned()),
        requesters: vec![Person { name: Some(evil.to_owned()), ..person("Eve") }],
        links: [
            "javascript:alert(1)",
            "https://github.com@evil.example/",
            "https://a.example/|<!channel>",
            "https://a.example/\" onclick=\"x",
            "https://ok.example/a?b=c&d=e",
        ]
        .map(str::to_owned)
        .to_vec(),
        ..own
    }
}

/// Every text of a value, with the way to it.
fn texts(value: &Json, way: &str, out: &mut Vec<(String, String)>) {
    match value {
        Json::String(text) => out.push((way.to_owned(), text.clone())),
        Json::Array(items) => items.iter().for_each(|item| texts(item, way, out)),
        Json::Object(pairs) => pairs.iter().for_each(|(key, value)| texts(value, &format!("{way}/{key}"), out)),
        _ => {}
    }
}

#[test]
fn nobody_is_mentioned_in_slack_by_what_a_stranger_wrote() {
    let card = slack(&hostile(Occasion::Waiting));
    let mut found = Vec::new();
    texts(&card, "", &mut found);
    for (way, text) in &found {
        let ours = text.starts_with("<https://ok.example/a?b=c&amp;d=e|Open at ok.example>");
        assert!(ours || !text.contains(['<', '>', '\n', '\u{202e}', '\u{1b}']), "{way}: {text}");
    }
    for block in card["blocks"].as_array().unwrap() {
        let read_as_markup = |text: &Json| text["type"] == "mrkdwn" && text["text"].as_str().unwrap().contains("evil");
        let fields = block["fields"].as_array().cloned().unwrap_or_default();
        assert!(!fields.iter().chain([&block["text"]]).any(read_as_markup), "{block}");
    }
}

#[test]
fn nothing_that_a_stranger_wrote_is_markdown_in_teams() {
    let message = teams(&hostile(Occasion::Waiting));
    let card = &message["attachments"][0]["content"];
    assert!(!card.to_string().contains("\"TextBlock\"") && !card.to_string().contains("\"FactSet\""));
    assert!(card["msteams"].is_null(), "nobody is mentioned");
    assert_eq!(
        card["actions"],
        json!([{ "type": "Action.OpenUrl", "title": "Open at ok.example", "url": "https://ok.example/a?b=c&d=e" }])
    );
}

#[test]
fn nothing_that_a_stranger_wrote_is_html_or_a_header() {
    let mail = email(&hostile(Occasion::Waiting));
    assert!(!mail.subject.contains(['\r', '\n', '\u{202e}', '\u{1b}']), "{}", mail.subject);
    assert!(mail.subject.chars().count() <= 180);
    assert!(!mail.html.contains("<script") && !mail.html.contains("</at>") && !mail.html.contains("<!channel"), "{}", mail.html);
    assert_eq!(mail.html.matches("href=").count(), 1, "{}", mail.html);
    assert!(mail.html.contains("href=\"https://ok.example/a?b=c&amp;d=e\""));
    assert!(!mail.text.lines().any(|line| line.starts_with("Bcc:")), "{}", mail.text);
}

#[test]
fn a_flood_stays_within_what_each_channel_takes() {
    let long = "&".repeat(5_000);
    let mut notice = hostile(Occasion::Failed);
    notice.inputs = vec![(long.clone(), long.clone()); 21];
    notice.why = long.clone();
    notice.reason = Some(long.clone());
    notice.approvers = vec![person(&"x".repeat(80)); 100];
    notice.links = vec![format!("https://ok.example/{}", "a".repeat(1_900)); 10];
    let card = slack(&notice);
    let blocks = card["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50);
    for block in blocks {
        let length = |text: &Json| text["text"].as_str().unwrap_or_default().chars().count();
        assert!(length(&block["text"]) <= if block["type"] == "header" { 150 } else { 3_000 }, "{block}");
        let fields = block["fields"].as_array().cloned().unwrap_or_default();
        assert!(fields.len() <= 10 && fields.iter().all(|field| (1..=2_000).contains(&length(field))), "{block}");
    }
    assert!(teams(&notice).to_string().len() < 28 * 1024, "Teams takes 28 KB");
}
