//! A notice as JSON for a receiver of one's own.

use serde_json::json;

use crate::report::defuse::json_safe;

use super::Notice;
use super::words::wording;

/// The body of the request: `type` (`run.waiting`), `timestamp`, and in `data` the notice and what it says in words.
pub fn webhook(notice: &Notice) -> String {
    let words = wording(notice);
    let body = json!({
        "type": format!("run.{}", notice.occasion.as_str()),
        "timestamp": notice.at.to_string(),
        "data": { "headline": words.headline, "notice": notice },
    });
    json_safe(&body.to_string())
}
