//! What goes wrong when the test says so.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::{Value, json};
use tokio::sync::Notify;

use super::GitHub;

/// Which requests something happens to, and what.
#[derive(Clone)]
pub struct Fault {
    method: Option<String>,
    part: String,
    skip: u32,
    times: u32,
    pub trouble: Trouble,
    /// Whether the request is performed all the same.
    pub performed: bool,
}

#[derive(Clone)]
pub enum Trouble {
    /// Another answer.
    Answers { status: u16, headers: HeaderMap, body: Option<Value> },
    /// The connection breaks in the middle of the body.
    BreaksOff,
    /// The body ends early, and its length says that this is all.
    CutShort,
    /// Nothing is answered, and the connection closed.
    HangsUp,
    /// Nothing is answered until the test says so.
    Hangs(Arc<Hold>),
}

/// Where a request hangs.
#[derive(Default)]
pub struct Hold {
    pub reached: Notify,
    pub released: Notify,
}

/// Lets hung requests go on.
pub struct Release(Arc<Hold>);

impl Release {
    pub fn release(&self) {
        self.0.released.notify_waiters();
        self.0.released.notify_one();
    }

    /// Waits until a request hangs; one that is performed has been by then.
    pub async fn reached(&self) {
        self.0.reached.notified().await;
    }
}

/// The requests of this method whose path contains this; an empty method is any.
pub fn on(method: &str, part: &str) -> Fault {
    let trouble = Trouble::Answers { status: 500, headers: HeaderMap::new(), body: None };
    let method = (!method.is_empty()).then(|| method.to_owned());
    Fault { method, part: part.to_owned(), skip: 0, times: 1, trouble, performed: false }
}

impl Fault {
    /// The next so many of them; one unless said.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Not the first so many.
    pub fn after(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    /// The request is performed, and only its answer is not what it should be.
    pub fn performed(mut self) -> Self {
        self.performed = true;
        self
    }

    pub fn answers(mut self, status: u16) -> Self {
        let body =
            (status != 304).then(|| json!({"message": "Something went wrong", "documentation_url": "https://docs.github.com"}));
        self.trouble = Trouble::Answers { status, headers: HeaderMap::new(), body };
        self
    }

    /// 403 or 429 with how many seconds to wait.
    pub fn retry_after(self, status: u16, seconds: u64) -> Self {
        self.answers(status).header("retry-after", &seconds.to_string()).says("You have exceeded a secondary rate limit.")
    }

    /// A secondary limit that does not say for how long.
    pub fn secondary_limit(self) -> Self {
        self.answers(403).says(
            "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.",
        )
    }

    /// The quota is used up until then, in seconds since 1970.
    pub fn quota_gone(self, reset: i64) -> Self {
        let limited = self.answers(403).header("x-ratelimit-remaining", "0").header("x-ratelimit-limit", "5000");
        limited.header("x-ratelimit-reset", &reset.to_string()).says("API rate limit exceeded for installation ID 1.")
    }

    pub fn redirects(self, status: u16, to: &str) -> Self {
        self.answers(status).header("location", to).says("Moved Permanently")
    }

    pub fn breaks_off(mut self) -> Self {
        self.trouble = Trouble::BreaksOff;
        self
    }

    pub fn cut_short(mut self) -> Self {
        self.trouble = Trouble::CutShort;
        self
    }

    pub fn hangs_up(mut self) -> Self {
        self.trouble = Trouble::HangsUp;
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Trouble::Answers { headers, .. } = &mut self.trouble {
            headers.insert(HeaderName::try_from(name).unwrap(), HeaderValue::try_from(value).unwrap());
        }
        self
    }

    pub fn says(mut self, message: &str) -> Self {
        if let Trouble::Answers { body: Some(body), .. } = &mut self.trouble {
            body["message"] = json!(message);
        }
        self
    }

    /// Whether this request is the one; counts it.
    pub fn strikes(&mut self, method: &str, path: &str) -> bool {
        let this = self.method.as_deref().is_none_or(|it| it == method) && path.contains(&self.part);
        if !this || self.times == 0 {
            return false;
        }
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.times -= 1;
        true
    }

    pub fn is_over(&self) -> bool {
        self.times == 0
    }
}

impl GitHub {
    /// From now on.
    pub fn fault(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// The requests hang until they are released.
    pub fn hangs(&self, mut fault: Fault) -> Release {
        let hold = Arc::new(Hold::default());
        fault.trouble = Trouble::Hangs(hold.clone());
        self.fault(fault);
        Release(hold)
    }

    /// Whether everything that was to go wrong has.
    pub fn faults_are_over(&self) -> bool {
        self.state().faults.iter().all(Fault::is_over)
    }

    /// What was to go wrong and has not.
    pub fn faults_left(&self) -> Vec<String> {
        let state = self.state();
        let left = state.faults.iter().filter(|fault| !fault.is_over());
        left.map(|it| format!("{} {} {} times", it.method.as_deref().unwrap_or("any"), it.part, it.times)).collect()
    }

    /// Nothing goes wrong any more.
    pub fn heals(&self) {
        self.state().faults.clear();
    }

    /// GitHub's clock is ahead of everybody's, or behind.
    pub fn clock_is_ahead(&self, by: jiff::SignedDuration) {
        self.state().skew = by;
    }
}
