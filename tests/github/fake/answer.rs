//! What the fake answers, and how lists become pages.

use serde_json::{Value, json};

/// An answer before it is sent. A refusal is an answer too.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Option<Value>,
    pub headers: Vec<(&'static str, String)>,
    /// What goes out differs on purpose from what the description allows; this is held to it instead.
    pub described: Option<Value>,
    /// The description has no body for this, GitHub has.
    pub bare: bool,
}

pub type Answered = Result<Answer, Answer>;

impl Answer {
    pub fn ok(body: Value) -> Self {
        Self::with(200, body)
    }

    pub fn created(body: Value) -> Self {
        Self::with(201, body)
    }

    pub fn with(status: u16, body: Value) -> Self {
        Self { status, body: Some(body), headers: Vec::new(), described: None, bare: false }
    }

    /// A refusal in GitHub's manner.
    pub fn refused(status: u16, message: &str) -> Self {
        let documentation = "https://docs.github.com/rest";
        Self::with(status, json!({"message": message, "documentation_url": documentation, "status": status.to_string()}))
    }

    pub fn not_found() -> Self {
        Self::refused(404, "Not Found")
    }

    pub fn invalid(message: &str) -> Self {
        Self::with(422, json!({"message": message, "documentation_url": "https://docs.github.com/rest"}))
    }

    /// The same, where the description leaves the body out.
    pub fn undescribed(message: &str) -> Self {
        Self { bare: true, ..Self::invalid(message) }
    }

    /// Another value to be held to the description than the one that is sent.
    pub fn described_as(mut self, value: Value) -> Self {
        self.described = Some(value);
        self
    }
}

/// A request to the API, as its handler sees it.
pub struct Call<'a> {
    pub method: &'a str,
    /// Below the address of the API, decoded.
    pub segments: Vec<String>,
    pub query: Vec<(String, String)>,
    pub body: Option<Value>,
    pub caller: super::auth::Caller,
    /// The address of this very list, to which queries are added: `http://…/repositories/7/pulls`.
    pub here: String,
    /// How many of a list a page has at most.
    pub most: usize,
}

impl Call<'_> {
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.query(name)?.parse().ok()
    }

    pub fn per_page(&self) -> usize {
        self.number("per_page").unwrap_or(30).clamp(1, self.most)
    }

    /// A text of the body; an empty one where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_str).unwrap_or_default()
    }

    pub fn optional(&self, name: &str) -> Option<String> {
        self.body.as_ref().and_then(|body| body.get(name)).and_then(Value::as_str).map(str::to_owned)
    }

    fn link(&self, changed: &[(&str, String)]) -> String {
        let kept = self.query.iter().filter(|(key, _)| changed.iter().all(|(name, _)| name != key));
        let kept = kept.map(|(key, value)| (key.as_str(), value.clone()));
        let all: Vec<String> =
            kept.chain(changed.iter().cloned()).map(|(key, value)| format!("{key}={}", encoded(&value))).collect();
        format!("<{}?{}>", self.here, all.join("&"))
    }

    /// The page of a list that was asked for, by number.
    pub fn page<T>(&self, all: Vec<T>) -> (Vec<T>, Vec<(&'static str, String)>) {
        let (per_page, page) = (self.per_page(), self.number("page").unwrap_or(1).max(1));
        let last = all.len().div_ceil(per_page).max(1);
        let shown = all.into_iter().skip((page - 1) * per_page).take(per_page).collect();
        let mut links = Vec::new();
        let mut rel =
            |name: &str, page: usize| links.push(format!("{}; rel=\"{name}\"", self.link(&[("page", page.to_string())])));
        if page > 1 {
            rel("prev", page - 1);
        }
        if page < last {
            rel("next", page + 1);
            rel("last", last);
        }
        if page > 1 {
            rel("first", 1);
        }
        (shown, header(links))
    }

    /// The list itself as the answer.
    pub fn list(&self, all: Vec<Value>) -> Answer {
        let (shown, headers) = self.page(all);
        Answer { headers, ..Answer::ok(Value::Array(shown)) }
    }

    /// The list inside an object that also tells how many there are.
    pub fn counted(&self, name: &str, all: Vec<Value>) -> Answer {
        let count = all.len();
        let (shown, headers) = self.page(all);
        Answer { headers, ..Answer::ok(json!({"total_count": count, name: shown})) }
    }

    /// The list by cursor: what comes after the entry of an id, each with its id.
    pub fn after(&self, all: Vec<(u64, Value)>) -> Answer {
        let all: Vec<_> = match self.query("after").and_then(cursor_id) {
            Some(id) => all.into_iter().skip_while(|(it, _)| *it != id).skip(1).collect(),
            None => all,
        };
        let more = all.len() > self.per_page();
        let shown: Vec<_> = all.into_iter().take(self.per_page()).collect();
        let mut links = Vec::new();
        if let Some((id, _)) = shown.last().filter(|_| more) {
            links.push(format!("{}; rel=\"next\"", self.link(&[("after", format!("cursor:{id}="))])));
        }
        Answer { headers: header(links), ..Answer::ok(shown.into_iter().map(|(_, value)| value).collect()) }
    }
}

fn header(links: Vec<String>) -> Vec<(&'static str, String)> {
    if links.is_empty() { Vec::new() } else { vec![("link", links.join(", "))] }
}

fn cursor_id(cursor: &str) -> Option<u64> {
    cursor.strip_prefix("cursor:")?.strip_suffix('=')?.parse().ok()
}

/// As a value in a query.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = (*first == b'%').then(|| after.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
