//! A notice as a mail: its subject, and what it says as text and as HTML.

use std::fmt::Write as _;

use super::Notice;
use super::text::text;
use super::words::{subject, wording};

/// What a mail says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mail {
    /// One line, the same for all mails about one run, so that every reader shows them as one conversation.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML that loads nothing from anywhere.
    pub html: String,
}

/// The mail.
pub fn email(notice: &Notice) -> Mail {
    Mail { subject: subject(notice), text: text(notice), html: html(notice) }
}

fn html(notice: &Notice) -> String {
    let words = wording(notice);
    let mut out = String::from("<!DOCTYPE html>\n<html lang=\"en\">\n<body style=\"font-family: sans-serif\">\n");
    // Writing to a String never fails.
    let _ = writeln!(out, "<h2>{}</h2>\n<p>{}</p>\n<table>", escaped(&words.headline), escaped(&words.why));
    for (name, value) in &words.facts {
        let style = "style=\"text-align: left; vertical-align: top; padding-right: 1em\"";
        let _ = writeln!(out, "<tr><th {style}>{}</th><td>{}</td></tr>", escaped(name), escaped(value));
    }
    out.push_str("</table>\n");
    for (words, link) in &words.links {
        let _ = writeln!(out, "<p><a href=\"{}\">{}</a></p>", escaped(link), escaped(words));
    }
    out.push_str("</body>\n</html>\n");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
