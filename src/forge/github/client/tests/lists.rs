//! Lists in pages: whole, by our own credentials, from our own API, or not at all.

use serde_json::Value;

use super::super::ApiError;
use super::script::{Seen, Stage, TOKEN, json};

fn page(seen: &Seen) -> u64 {
    seen.path.split_once("page=").map_or(1, |(_, page)| page.parse().unwrap())
}

fn next(address: &str) -> String {
    format!("<{address}>; rel=\"next\", <https://h/?page=9>; rel=\"last\"")
}

#[tokio::test]
async fn every_page_carries_the_credentials_and_is_conditional() {
    let stage = Stage::open(|seen, _| {
        let number = page(seen);
        let etag = format!("\"{number}\"");
        let host = seen.header("host").unwrap();
        let link = next(&format!("http://{host}/repositories/7/pulls?page={}", number + 1));
        let link = if number < 3 { ("link", link.as_str()) } else { ("x", "") };
        match seen.header("if-none-match") {
            Some(_) => json(304, &[("etag", &etag)], ""),
            None => json(200, &[("etag", &etag), link], &format!("[{number}]")),
        }
    })
    .await;
    let client = stage.client();
    assert_eq!(client.list::<u64>("pulls").await, Ok(Some(vec![1, 2, 3])));
    assert_eq!(stage.lines()[1..3], ["GET /repositories/7/pulls?page=2", "GET /repositories/7/pulls?page=3"]);
    assert_eq!(stage.seen().len(), 5, "the first two are looked at once more");
    assert_eq!(client.list::<u64>("pulls").await, Ok(Some(vec![1, 2, 3])));
    let seen = stage.seen();
    assert_eq!(seen.len(), 8, "nothing has changed: no second look");
    assert!(seen[3..].iter().all(|seen| seen.header("if-none-match").is_some()));
    assert!(seen.iter().all(|seen| seen.header("authorization") == Some(format!("Bearer {TOKEN}").as_str())));
}

#[tokio::test]
async fn a_relative_next_page_and_a_cursor_work() {
    let stage = Stage::open(|seen, _| {
        let more = !seen.path.contains("after");
        let link = next("/repositories/7/activity?after=Y3Vy,c29y");
        json(200, &[if more { ("link", link.as_str()) } else { ("x", "") }], if more { "[1]" } else { "[2]" })
    })
    .await;
    assert_eq!(stage.client().list::<u64>("activity").await, Ok(Some(vec![1, 2])));
    assert_eq!(stage.lines()[1], "GET /repositories/7/activity?after=Y3Vy,c29y");
}

#[tokio::test]
async fn the_credentials_go_to_no_other_host() {
    for foreign in ["http://evil.example/pulls?page=2", "https://127.0.0.1:1/x", "//evil.example/x", "ftp://x/y"] {
        let link = next(foreign);
        let stage = Stage::open(move |_, _| json(200, &[("link", &link)], "[1]")).await;
        let error = stage.client().list::<u64>("pulls").await.unwrap_err();
        assert!(matches!(&error, ApiError::Refused { status: 0, what } if what.contains("not on GitHub's API")), "{error:?}");
        assert_eq!(stage.seen().len(), 1);
    }
}

#[tokio::test]
async fn lists_without_an_end_have_one() {
    let stage =
        Stage::open(|seen, _| json(200, &[("link", &next(&format!("/repositories/7/pulls?page={}", page(seen) + 1)))], "[1]"))
            .await;
    let error = stage.client().list::<u64>("pulls").await.unwrap_err();
    assert!(matches!(&error, ApiError::Refused { what, .. } if what.contains("more than 300 pages")), "{error:?}");
    assert_eq!(stage.seen().len(), 300);
    let stage = Stage::open(|_, _| json(200, &[("link", &next("/repos/acme/catalog/pulls"))], "[1]")).await;
    let error = stage.client().list::<u64>("pulls").await.unwrap_err();
    assert!(matches!(&error, ApiError::Refused { what, .. } if what.contains("circle")), "{error:?}");
}

#[tokio::test]
async fn a_list_inside_an_object_is_read() {
    let stage = Stage::open(|seen, _| {
        let link = next("/repositories/7/check-runs?page=2");
        let header = if page(seen) == 1 { ("link", link.as_str()) } else { ("x", "") };
        json(200, &[header], &format!("{{\"total_count\":2,\"check_runs\":[{}]}}", page(seen)))
    })
    .await;
    assert_eq!(stage.client().list_in::<u64>("check-runs", "check_runs").await, Ok(Some(vec![1, 2])));
    assert!(stage.client().list_in::<u64>("check-runs", "nothing").await.is_err(), "no list is not an empty list");
}

#[tokio::test]
async fn a_list_that_changes_while_it_is_read_is_read_anew() {
    // While page 2 is read, what was on it moves to page 1.
    let mut moved = false;
    let stage = Stage::open(move |seen, _| {
        let link = next("/repositories/7/pulls?page=2");
        let (first, header) = (page(seen) == 1, ("link", link.as_str()));
        let body = match (first, moved) {
            (true, false) => "[1,2]",
            (true, true) => "[3,1]",
            (false, _) => "[2]",
        };
        moved |= !first;
        json(200, &[if first { header } else { ("x", "") }], body)
    })
    .await;
    assert_eq!(stage.client().list::<u64>("pulls").await, Ok(Some(vec![3, 1, 2])));
}

#[tokio::test]
async fn there_are_no_partial_lists() {
    let stage = Stage::open(|seen, _| match page(seen) {
        1 => json(200, &[("link", &next("/repositories/7/pulls?page=2"))], "[1]"),
        _ => json(500, &[], ""),
    })
    .await;
    assert!(matches!(stage.client().list::<u64>("pulls").await, Err(ApiError::Later { .. })));
    let stage = Stage::open(|_, _| json(404, &[], "{}")).await;
    assert_eq!(stage.client().list::<Value>("pulls").await, Ok(None));
}
