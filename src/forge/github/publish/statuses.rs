//! Statuses: of each (commit, context) the newest counts, whoever posted it.

use std::collections::BTreeMap;

use http::Method;

use crate::check::Conclusion;
use crate::forge::{ForeignStatus, ForgeError, Status};
use crate::model::{CommitId, ForgeUser};

use super::super::asking::vanished;
use super::super::wire::{self, Asked, StatusBody};
use super::super::{ApiError, Client};

/// Characters of a description that GitHub takes.
const DESCRIPTION: usize = 140;

/// The current statuses of these commits by anybody.
pub(crate) async fn statuses(client: &Client, commits: &[CommitId]) -> Result<Vec<Status>, ForgeError> {
    let mut all = Vec::new();
    for commit in commits {
        all.extend(standing(client, *commit).await?.into_values().filter_map(|status| translate(*commit, status)));
    }
    Ok(all)
}

/// What is to be written, and what others had put in its place.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct News {
    pub(crate) statuses: Vec<Status>,
    pub(crate) foreign: Vec<ForeignStatus>,
}

/// Which of these do not stand there, by us and like this.
pub(crate) async fn news(client: &Client, ourselves: &ForgeUser, wanted: &[Status]) -> Result<News, ForgeError> {
    let mut by_commit: BTreeMap<CommitId, Vec<&Status>> = BTreeMap::new();
    for status in wanted {
        by_commit.entry(status.commit).or_default().push(status);
    }
    let mut news = News::default();
    for (commit, wanted) in by_commit {
        compare(&standing(client, commit).await?, &wanted, ourselves, &mut news);
    }
    Ok(news)
}

/// Posts one.
pub(crate) async fn post(client: &Client, status: &Status) -> Result<(), ForgeError> {
    let posted = client.write::<Asked>(Method::POST, &format!("statuses/{}", status.commit), &body(status)).await;
    match posted {
        Ok(_) => Ok(()),
        Err(ApiError::Refused { status: 422, what }) if what.contains("maximum number of statuses") => {
            Err(ForgeError::permanent(format!(
                "GitHub keeps at most 1,000 statuses of one name on one commit, and {} on {} has them all, so it cannot change any more; \
                 push another commit",
                status.context, status.commit
            )))
        }
        Err(error) => Err(error.into()),
    }
}

/// The newest of each context, which GitHub takes for the same in upper and lower case.
async fn standing(client: &Client, commit: CommitId) -> Result<BTreeMap<String, wire::Status>, ForgeError> {
    let newest_first: Vec<wire::Status> = client
        .list(&format!("commits/{commit}/statuses?per_page=100"))
        .await?
        .ok_or_else(|| vanished(&format!("commit {}", commit.short())))?;
    Ok(newest(newest_first))
}

fn newest(newest_first: Vec<wire::Status>) -> BTreeMap<String, wire::Status> {
    let mut by_context = BTreeMap::new();
    for status in newest_first {
        let context = status.context.clone().unwrap_or_default().to_lowercase();
        by_context.entry(context).or_insert(status);
    }
    by_context
}

fn compare(standing: &BTreeMap<String, wire::Status>, wanted: &[&Status], ourselves: &ForgeUser, news: &mut News) {
    for status in wanted {
        let there = standing.get(&status.context.to_lowercase());
        let by = there.map(|there| wire::account(there.creator.as_ref()));
        let is_ours = by.as_ref().is_some_and(|by| by.as_ref().is_some_and(|by| by.id == ourselves.id));
        if is_ours && there.is_some_and(|there| says_the_same(there, &body(status))) {
            continue;
        }
        if let Some(by) = by.filter(|_| !is_ours) {
            let by = by.map_or_else(|| "an account that is gone".to_owned(), |by| by.login);
            news.foreign.push(ForeignStatus { commit: status.commit, context: status.context.clone(), by });
        }
        news.statuses.push((*status).clone());
    }
}

fn body(status: &Status) -> StatusBody {
    let printable = status.summary.chars().map(|c| if c.is_control() { ' ' } else { c });
    StatusBody {
        state: match status.conclusion {
            Conclusion::Success => "success",
            Conclusion::Pending => "pending",
            Conclusion::Failure => "failure",
        },
        context: status.context.clone(),
        description: printable.take(DESCRIPTION).collect::<String>().trim().to_owned(),
        target_url: status.url.clone().filter(|url| url.starts_with("https://") || url.starts_with("http://")),
    }
}

fn says_the_same(there: &wire::Status, wanted: &StatusBody) -> bool {
    let text = |field: &Option<String>| field.as_deref().unwrap_or_default().trim().to_owned();
    there.state.as_deref() == Some(wanted.state)
        && text(&there.description) == wanted.description
        && text(&there.target_url) == text(&wanted.target_url)
}

fn translate(commit: CommitId, status: wire::Status) -> Option<Status> {
    let conclusion = match status.state.as_deref()? {
        "success" => Conclusion::Success,
        "pending" => Conclusion::Pending,
        // `error`, and any word that nobody knows: it is not green.
        _ => Conclusion::Failure,
    };
    let summary = status.description.unwrap_or_default();
    Some(Status { commit, context: status.context?, conclusion, summary, url: status.target_url.filter(|url| !url.is_empty()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: u64 = 9;

    fn ourselves() -> ForgeUser {
        ForgeUser { login: "portcullis[bot]".into(), id: US }
    }

    fn wanted(conclusion: Conclusion, summary: &str) -> Status {
        let commit = CommitId([1; 20]);
        let url = Some("https://portcullis.acme.dev/commits/01".to_owned());
        Status { commit, context: "portcullis/catalog".into(), conclusion, summary: summary.into(), url }
    }

    fn there(creator: &str, state: &str, description: &str) -> wire::Status {
        // The shape of the official example.
        let json = format!(
            r#"{{"url":"https://api.github.com/repos/o/r/statuses/01","id":1,"node_id":"x","state":"{state}","description":{description},
                "target_url":"https://portcullis.acme.dev/commits/01","context":"Portcullis/Catalog","created_at":"2012-07-20T01:19:13Z",
                "creator":{creator}}}"#
        );
        serde_json::from_str(&json).unwrap()
    }

    fn news_over(there: Vec<wire::Status>, wanted: &Status) -> News {
        let mut news = News::default();
        compare(&newest(there), &[wanted], &ourselves(), &mut news);
        news
    }

    const OURS: &str = r#"{"login":"portcullis[bot]","id":9}"#;
    const MALLORYS: &str = r#"{"login":"mallory","id":66}"#;

    #[test]
    fn what_stands_there_by_us_is_not_written_again() {
        let status = wanted(Conclusion::Success, "12 files, nothing wrong");
        assert_eq!(news_over(vec![there(OURS, "success", r#""12 files, nothing wrong""#)], &status), News::default());
        assert_eq!(news_over(vec![], &status).statuses, std::slice::from_ref(&status));
        assert_eq!(news_over(vec![there(OURS, "failure", r#""12 files, nothing wrong""#)], &status).statuses.len(), 1);
        assert_eq!(news_over(vec![there(OURS, "success", "null")], &status).statuses.len(), 1);
    }

    #[test]
    fn only_the_newest_counts() {
        let status = wanted(Conclusion::Failure, "no");
        let list = vec![there(OURS, "success", r#""yes""#), there(OURS, "failure", r#""no""#)];
        assert_eq!(news_over(list, &status).statuses.len(), 1);
    }

    #[test]
    fn what_somebody_else_put_in_our_place_is_told_and_overwritten_even_if_it_says_the_same() {
        let status = wanted(Conclusion::Success, "yes");
        for (creator, by) in [
            (MALLORYS, "mallory"),
            ("null", "an account that is gone"),
            (r#"{"login":"portcullis[bot]"}"#, "an account that is gone"),
        ] {
            let news = news_over(vec![there(creator, "success", r#""yes""#)], &status);
            assert_eq!(news.statuses.len(), 1, "{creator}");
            assert_eq!(news.foreign[0].by, by);
        }
    }

    #[test]
    fn a_description_fits() {
        let body = body(&wanted(Conclusion::Pending, &format!("a\nb{}", "ü".repeat(200))));
        assert_eq!(body.description.chars().count(), 140);
        assert!(body.description.starts_with("a b"));
        assert_eq!(body.state, "pending");
        let odd = Status { url: Some("javascript:alert(1)".into()), ..wanted(Conclusion::Pending, "") };
        assert_eq!(super::body(&odd).target_url, None);
    }

    #[test]
    fn what_is_cut_is_recognised() {
        let status = wanted(Conclusion::Success, &"x".repeat(300));
        let cut = format!(r#""{}""#, "x".repeat(140));
        assert_eq!(news_over(vec![there(OURS, "success", &cut)], &status), News::default());
    }

    #[test]
    fn what_is_not_green_is_not_told_as_green() {
        for (state, conclusion) in [
            ("success", Conclusion::Success),
            ("pending", Conclusion::Pending),
            ("error", Conclusion::Failure),
            ("new", Conclusion::Failure),
        ] {
            let status = translate(CommitId([1; 20]), there(OURS, state, "null")).unwrap();
            assert_eq!(status.conclusion, conclusion);
        }
    }
}
