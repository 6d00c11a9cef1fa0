//! `POST /webhooks/github`: takes what GitHub signed, remembers it, and wakes. Whoever cannot sign learns nothing and wakes nobody.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::controller::{Clock, Metrics};
use crate::forge::github::Secret;
use crate::forge::github::delivery::{Delivered, EVENTS, Woken, read, verify};
use crate::store::Store;

/// Where deliveries are taken.
pub const WEBHOOK_PATH: &str = "/webhooks/github";
/// Bytes of a delivery. GitHub sends up to 25 MB, but nothing near this of what wakes: the largest are pushes of thousands of commits, and
/// the sweep finds those.
const MOST_BODY: usize = 4 * 1024 * 1024;
/// Bytes of deliveries at a time whose senders nobody knows yet.
const ROOM: usize = 8 * MOST_BODY;
/// From the head of a request to the last byte of its body. GitHub itself gives up after ten seconds.
const ARRIVAL: Duration = Duration::from_secs(5);
/// For the store's memory; an answer is due within a second of the last byte.
const MEMORY: Duration = Duration::from_millis(500);
/// The longest delivery id; GitHub's have 36 characters.
const MOST_ID: usize = 64;

/// Takes deliveries. Clones are one receiver.
#[derive(Clone)]
pub struct Receiver(Arc<Parts>);

struct Parts {
    secrets: Vec<Secret>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    wake: Arc<dyn Fn(Woken) + Send + Sync>,
    room: Semaphore,
}

impl Receiver {
    /// `secrets` are those that a delivery may be signed with: two while one is exchanged for another. `wake` is called within an answer,
    /// and so must not wait for anything.
    pub fn new(
        secrets: Vec<Secret>,
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        wake: Arc<dyn Fn(Woken) + Send + Sync>,
    ) -> Self {
        Self(Arc::new(Parts { secrets, store, clock, wake, room: Semaphore::new(ROOM) }))
    }
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Receiver")
    }
}

/// The one route.
pub(super) fn routes(receiver: Receiver, metrics: Arc<Metrics>) -> Router {
    Router::new().route(WEBHOOK_PATH, post(deliver)).with_state((receiver, metrics))
}

async fn deliver(State((receiver, metrics)): State<(Receiver, Arc<Metrics>)>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let event = text(&head.headers, "x-github-event").unwrap_or_default();
    // What is not signed may call itself whatever it likes: a label of a metric is one of ours.
    let label = EVENTS.iter().copied().find(|known| *known == event).unwrap_or("other");
    let end = match receiver.0.take(&head.headers, body).await {
        Ok(body) => receiver.0.act(event, &head.headers, &body).await,
        Err(refused) => refused,
    };
    metrics.delivered(label, end.result());
    end.into_response()
}

impl Parts {
    /// The body of a delivery that GitHub signed.
    async fn take(&self, headers: &HeaderMap, body: Body) -> Result<Vec<u8>, End> {
        let announced = text(headers, "content-length").and_then(|text| text.parse::<u64>().ok());
        if announced.is_some_and(|length| length > MOST_BODY as u64) {
            return Err(End::TooLarge);
        }
        if !is_json(headers) {
            return Err(End::NotJson);
        }
        // No signature, no room.
        let signature = text(headers, "x-hub-signature-256").ok_or(End::Refused)?;
        let (body, _room) = tokio::time::timeout(ARRIVAL, self.gather(body)).await.unwrap_or(Err(End::Busy))?;
        if verify(&self.secrets, &body, signature) { Ok(body) } else { Err(End::Refused) }
    }

    /// What has arrived takes room, not what was announced: who stalls keeps nobody out.
    async fn gather(&self, body: Body) -> Result<(Vec<u8>, Option<SemaphorePermit<'_>>), End> {
        let mut body = Limited::new(body, MOST_BODY);
        let (mut bytes, mut room) = (Vec::new(), None::<SemaphorePermit<'_>>);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| if error.is::<LengthLimitError>() { End::TooLarge } else { End::Malformed })?;
            let Ok(data) = frame.into_data() else { continue };
            let size = u32::try_from(data.len()).map_err(|_| End::TooLarge)?;
            let taken = self.room.try_acquire_many(size).map_err(|_| End::Busy)?;
            match &mut room {
                Some(room) => room.merge(taken),
                None => room = Some(taken),
            }
            bytes.extend_from_slice(&data);
        }
        Ok((bytes, room))
    }

    async fn act(&self, event: &str, headers: &HeaderMap, body: &[u8]) -> End {
        let id = text(headers, "x-github-delivery").filter(|id| is_id(id));
        let (Some(id), false) = (id, event.is_empty()) else { return End::Malformed };
        let woken = match read(event, body) {
            Delivered::Wake(woken) => woken,
            Delivered::Ignored(reason) => {
                tracing::debug!(event, delivery = id, reason, "delivery ignored");
                return End::Ignored;
            }
            Delivered::Unreadable(why) => {
                tracing::warn!(event, delivery = id, why, "delivery signed but unreadable");
                return End::Unreadable;
            }
        };
        match tokio::time::timeout(MEMORY, self.store.remember_delivery(id, self.clock.now())).await {
            Ok(Ok(false)) => return End::Seen,
            Ok(Ok(true)) => {}
            // To wake twice does no harm; to sleep on may.
            Ok(Err(error)) => tracing::warn!(event, delivery = id, %error, "delivery not remembered"),
            Err(_) => tracing::warn!(event, delivery = id, "delivery not remembered in time"),
        }
        tracing::debug!(event, delivery = id, "delivery taken");
        woken.into_iter().for_each(|woken| (self.wake)(woken));
        End::Woken
    }
}

/// How a delivery ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Woken,
    Seen,
    Ignored,
    /// Not signed, or not by GitHub.
    Refused,
    TooLarge,
    NotJson,
    /// It has no length that is a number, no event, no id, or it broke off.
    Malformed,
    /// Signed, and no event that we understand.
    Unreadable,
    /// It took too long to arrive, or too many did at once.
    Busy,
}

impl End {
    fn result(self) -> &'static str {
        match self {
            Self::Woken => "woken",
            Self::Seen => "seen",
            Self::Ignored => "ignored",
            Self::Refused => "refused",
            Self::TooLarge => "too_large",
            Self::NotJson => "not_json",
            Self::Malformed => "malformed",
            Self::Unreadable => "unreadable",
            Self::Busy => "busy",
        }
    }
}

impl IntoResponse for End {
    fn into_response(self) -> Response {
        match self {
            Self::Woken => (StatusCode::ACCEPTED, "woken\n").into_response(),
            Self::Seen => (StatusCode::OK, "seen\n").into_response(),
            Self::Ignored => (StatusCode::ACCEPTED, "ignored\n").into_response(),
            // Why is nobody's business.
            Self::Refused => StatusCode::UNAUTHORIZED.into_response(),
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
            Self::NotJson => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "the webhook's content type is to be application/json\n").into_response()
            }
            Self::Malformed => StatusCode::BAD_REQUEST.into_response(),
            Self::Unreadable => (StatusCode::BAD_REQUEST, "unreadable\n").into_response(),
            Self::Busy => {
                (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, HeaderValue::from_static("5"))]).into_response()
            }
        }
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    // Of two, nobody knows which was meant.
    let (first, None) = (all.next()?, all.next()) else { return None };
    first.to_str().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = text(headers, "content-type").and_then(|kind| kind.split(';').next());
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn is_id(id: &str) -> bool {
    !id.is_empty() && id.len() <= MOST_ID && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controller::SystemClock;
    use crate::store::SqliteStore;

    /// What strangers send is held until its signature is found wrong, and there is only so much of it at a time.
    #[tokio::test]
    async fn what_strangers_send_fills_the_room_and_not_the_memory() {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join("portcullis.db")).await.unwrap();
        let receiver = Receiver::new(
            vec![Secret::new("a secret")],
            Arc::new(store),
            Arc::new(SystemClock::start()),
            Arc::new(|_| panic!("nobody is to wake")),
        );
        let parts = &receiver.0;
        let mut head = HeaderMap::new();
        head.insert("content-type", HeaderValue::from_static("application/json"));
        head.insert("x-hub-signature-256", HeaderValue::from_static("sha256=00"));
        let body = || Body::from(vec![b' '; MOST_BODY]);

        let held = parts.room.try_acquire_many(u32::try_from(ROOM - MOST_BODY).unwrap()).unwrap();
        assert_eq!(parts.take(&head, body()).await.unwrap_err(), End::Refused);
        let more = parts.room.try_acquire().unwrap();
        assert_eq!(parts.take(&head, body()).await.unwrap_err(), End::Busy);
        assert_eq!(End::Busy.into_response().status(), StatusCode::SERVICE_UNAVAILABLE);
        drop((held, more));
        assert_eq!(parts.take(&head, Body::from(vec![b' '; MOST_BODY + 1])).await.unwrap_err(), End::TooLarge);
        assert_eq!(parts.room.available_permits(), ROOM, "all of it was given back");
    }
}
