//! Reads the bodies of calls: bounded, strict as Port is about keys, and shortened where a text is only shown.

use axum::body::Body;
use axum::http::{HeaderMap, header};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde_json::{Map, Value as Json};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::run::call::Scrub;
use crate::run::life::{Report, RunHandle};

use super::answer::Failure;

/// Bytes of a body that asks for a token.
const MOST_TOKEN: usize = 8 * 1024;
/// Bytes of any other body. Port takes 1 MiB; nothing that is kept is near this.
const MOST_BODY: usize = 256 * 1024;
/// Bytes of bodies that are read at a time.
const ROOM: usize = 16 * MOST_BODY;
/// Bytes of a label.
const MOST_LABEL: usize = 200;
/// Bytes of a summary, and of a line of the log.
const MOST_TEXT: usize = 16 * 1024;
/// Links of a run.
const MOST_LINKS: usize = 10;
/// Bytes of a link.
const MOST_LINK: usize = 2048;
/// Bytes of what the receiver calls the run.
const MOST_OUTSIDE: usize = 200;

/// Room for bodies. What has arrived takes room, and not what was announced: who stalls keeps nobody out.
pub(super) struct Room(Semaphore);

impl Default for Room {
    fn default() -> Self {
        Self(Semaphore::new(ROOM))
    }
}

/// Who asks for a token.
pub(super) struct AccessToken {
    /// `clientId`
    pub(super) client_id: String,
    /// `clientSecret`
    pub(super) client_secret: String,
    /// `run`: the one run that the token is to be for. Port has no such key.
    pub(super) run: Option<RunHandle>,
}

impl AccessToken {
    /// Reads it.
    pub(super) async fn read(headers: &HeaderMap, body: Body, room: &Room) -> Result<Self, Failure> {
        let mut said = object(headers, body, room, MOST_TOKEN).await?;
        let mut need =
            |key: &str| text(&mut said, key)?.ok_or_else(|| Failure::Invalid(format!("body must have the property `{key}`")));
        let (client_id, client_secret) = (need("clientId")?, need("clientSecret")?);
        let run = match text(&mut said, "run")? {
            Some(run) => Some(RunHandle::parse(&run).ok_or_else(|| Failure::Invalid("`run` is not the id of a run".to_owned()))?),
            None => None,
        };
        nothing_else(&said)?;
        Ok(Self { client_id, client_secret, run })
    }
}

/// Reads what is reported by a `PATCH`.
pub(super) async fn report(headers: &HeaderMap, body: Body, room: &Room) -> Result<Report, Failure> {
    let mut said = object(headers, body, room, MOST_BODY).await?;
    let report = Report {
        success: success(&mut said, "status")?,
        label: label(&mut said)?,
        links: links(&mut said)?,
        summary: text(&mut said, "summary")?.map(|text| shown(&text, MOST_TEXT)),
        outside: text(&mut said, "externalRunId")?.map(|text| shown(&text, MOST_OUTSIDE)),
    };
    // Port takes it still and does nothing with it.
    said.remove("message");
    nothing_else(&said)?;
    Ok(report)
}

/// A line for the log of a run, with what it says of the run itself.
pub(super) struct LogEntry {
    /// `message`
    pub(super) message: String,
    /// `terminationStatus` and `statusLabel`; `None` where it has neither.
    pub(super) report: Option<Report>,
}

impl LogEntry {
    /// Reads it.
    pub(super) async fn read(headers: &HeaderMap, body: Body, room: &Room) -> Result<Self, Failure> {
        let mut said = object(headers, body, room, MOST_BODY).await?;
        let Some(message) = text(&mut said, "message")? else {
            return Err(Failure::Invalid("body must have the property `message`".to_owned()));
        };
        let report = Report { success: success(&mut said, "terminationStatus")?, label: label(&mut said)?, ..Report::default() };
        nothing_else(&said)?;
        let report = (report != Report::default()).then_some(report);
        Ok(Self { message: shown(&message, MOST_TEXT), report })
    }

    /// The same, without what is secret about the run.
    pub(super) fn without(self, secrets: &Scrub) -> Self {
        Self { message: secrets.clean(&self.message), report: self.report.map(|report| secrets.clean_report(report)) }
    }
}

/// `SUCCESS`, `FAILURE`; `IN_PROGRESS` says that it goes on.
fn success(said: &mut Map<String, Json>, key: &str) -> Result<Option<bool>, Failure> {
    match text(said, key)?.as_deref() {
        None | Some("IN_PROGRESS") => Ok(None),
        Some("SUCCESS") => Ok(Some(true)),
        Some("FAILURE") => Ok(Some(false)),
        Some(_) => Err(Failure::Invalid(format!("`{key}` must be one of SUCCESS, FAILURE, IN_PROGRESS"))),
    }
}

fn label(said: &mut Map<String, Json>) -> Result<Option<String>, Failure> {
    Ok(text(said, "statusLabel")?.map(|text| shown(&text, MOST_LABEL)))
}

/// One link or several: they are clicked on, so that only addresses of the web are taken.
fn links(said: &mut Map<String, Json>) -> Result<Option<Vec<String>>, Failure> {
    let wrong =
        || Failure::Invalid("`link` must be an address that begins with `https://` or `http://`, or a list of them".to_owned());
    let links = match said.remove("link") {
        None | Some(Json::Null) => return Ok(None),
        Some(Json::String(link)) => vec![link],
        Some(Json::Array(links)) => links
            .into_iter()
            .map(|link| match link {
                Json::String(link) => Ok(link),
                _ => Err(wrong()),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(wrong()),
    };
    let web = |link: &String| {
        link.len() <= MOST_LINK
            && (link.starts_with("https://") || link.starts_with("http://"))
            && !link.contains(|c: char| c.is_control() || c.is_whitespace())
    };
    match links.len() <= MOST_LINKS && links.iter().all(web) {
        true => Ok(Some(links)),
        false if links.len() > MOST_LINKS => Err(Failure::Invalid(format!("`link` takes at most {MOST_LINKS} addresses"))),
        false => Err(wrong()),
    }
}

fn text(said: &mut Map<String, Json>, key: &str) -> Result<Option<String>, Failure> {
    match said.remove(key) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(Failure::Invalid(format!("`{key}` must be a string"))),
    }
}

fn nothing_else(said: &Map<String, Json>) -> Result<(), Failure> {
    match said.keys().next() {
        // What it is called is not repeated: nobody knows what it holds.
        Some(_) => Err(Failure::Invalid("body has a property that this call does not take: docs/api.md lists them".to_owned())),
        None => Ok(()),
    }
}

/// A text as it can be shown: without control characters, and no longer than `most` bytes.
fn shown(text: &str, most: usize) -> String {
    let mut out: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    if out.len() > most {
        let most = most.saturating_sub('…'.len_utf8());
        let end = (0..=most).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
        out.truncate(end);
        out.push('…');
    }
    out
}

async fn object(headers: &HeaderMap, body: Body, room: &Room, most: usize) -> Result<Map<String, Json>, Failure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > most as u64) {
        return Err(Failure::TooLarge);
    }
    // A page in a browser cannot announce JSON to another site without asking first, and nobody answers that.
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json") {
        return Err(Failure::NotJson);
    }
    let (bytes, _room) = gather(body, room, most).await?;
    match serde_json::from_slice(&bytes) {
        Ok(Json::Object(said)) => Ok(said),
        Ok(_) => Err(Failure::Invalid("body must be an object".to_owned())),
        Err(_) => Err(Failure::Invalid("body is not JSON".to_owned())),
    }
}

async fn gather<'a>(body: Body, room: &'a Room, most: usize) -> Result<(Vec<u8>, Option<SemaphorePermit<'a>>), Failure> {
    let mut body = Limited::new(body, most);
    let (mut bytes, mut held) = (Vec::new(), None::<SemaphorePermit<'_>>);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error.is::<LengthLimitError>() {
            true => Failure::TooLarge,
            false => Failure::Invalid("body broke off".to_owned()),
        })?;
        let Ok(data) = frame.into_data() else { continue };
        let size = u32::try_from(data.len()).map_err(|_| Failure::TooLarge)?;
        let taken = room.0.try_acquire_many(size).map_err(|_| Failure::Unavailable)?;
        match &mut held {
            Some(held) => held.merge(taken),
            None => held = Some(taken),
        }
        bytes.extend_from_slice(&data);
    }
    Ok((bytes, held))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_cut_between_letters_and_holds_no_controls() {
        assert_eq!(shown("a\u{1b}[31mb\r\nc", 100), "a[31mb\nc");
        assert_eq!(shown("ééééé", 8), "éé…");
        assert_eq!(shown("", 8), "");
    }

    #[test]
    fn a_link_is_an_address_of_the_web() {
        let of = |link: Json| links(&mut Map::from_iter([("link".to_owned(), link)]));
        assert_eq!(of("https://ci.acme.example/1".into()), Ok(Some(vec!["https://ci.acme.example/1".to_owned()])));
        assert_eq!(of(Json::Null), Ok(None));
        for wrong in [
            Json::from("javascript:alert(1)"),
            "data:text/html,x".into(),
            "//ci.acme.example".into(),
            "https://a b".into(),
            7.into(),
            vec![Json::from("https://a"), Json::from(1)].into(),
            vec!["https://a"; 11].into(),
            format!("https://{}", "a".repeat(MOST_LINK)).into(),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
