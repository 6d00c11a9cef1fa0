//! The one check run of a commit, with its annotations on the exact lines.

use http::Method;

use crate::check::Conclusion;
use crate::forge::{Analysis, ForgeError, Remark, Report};
use crate::model::{CommitId, ForgeUser};

use super::super::asking::{readable, vanished};
use super::super::wire::{Asked, CheckOutput, CheckRun, CheckRunBody, CheckRuns};
use super::super::{Client, words};
use super::annotations;
use super::plan::{BATCH, Plan, Wanted, state};

/// Makes it the current one; returns whether anything had to be written.
pub(super) async fn publish(
    client: &Client,
    ourselves: &ForgeUser,
    report: &Report,
    analyses: &[Analysis],
) -> Result<bool, ForgeError> {
    let remarks: Vec<Remark> =
        analyses.iter().filter(|one| one.commit == report.commit).flat_map(|one| one.remarks.iter().cloned()).collect();
    let wanted = wanted(report, &remarks);
    let path = format!("commits/{}/check-runs?check_name={}&filter=latest&per_page=100", report.commit, words::CHECK_RUN);
    let standing = match readable(client.get::<CheckRuns>(&path).await)? {
        Ok(listed) => ours(listed, ourselves),
        Err(why) => {
            return Err(ForgeError::permanent(format!("the check runs of {} are not to be seen: {why}", report.commit.short())));
        }
    };
    match wanted.plan(standing.as_ref()) {
        Plan::Nothing => Ok(false),
        Plan::Update { id, from } => send(client, &wanted, None, Some(id), from).await.map(|()| true),
        Plan::Create => send(client, &wanted, Some(report.commit), None, 0).await.map(|()| true),
    }
}

fn wanted(report: &Report, remarks: &[Remark]) -> Wanted {
    let sorted = annotations::sort(remarks);
    Wanted {
        conclusion: report.conclusion,
        title: if report.title.trim().is_empty() { words::CHECK_RUN.to_owned() } else { report.title.clone() },
        summary: annotations::with_elsewhere(&report.summary, &sorted.elsewhere, Report::LONGEST),
        url: report.url.clone().filter(|url| url.starts_with("https://") || url.starts_with("http://")),
        annotations: sorted.annotations,
    }
}

/// The newest of our own. Others may make check runs of any name; the App whose bot we are is told by its slug.
fn ours(listed: CheckRuns, ourselves: &ForgeUser) -> Option<CheckRun> {
    let slug = ourselves.login.strip_suffix("[bot]")?;
    let is_ours = |run: &CheckRun| {
        run.name.as_deref() == Some(words::CHECK_RUN) && run.app.as_ref().and_then(|app| app.slug.as_deref()) == Some(slug)
    };
    listed.check_runs.unwrap_or_default().into_iter().filter(is_ours).max_by_key(|run| run.id)
}

/// Sends it in as many requests as its annotations need. A refusal stands from the first of them on, a success only with the last.
async fn send(
    client: &Client,
    wanted: &Wanted,
    mut make: Option<CommitId>,
    mut id: Option<u64>,
    from: usize,
) -> Result<(), ForgeError> {
    let mark = wanted.mark();
    let mut rest = wanted.annotations.get(from..).unwrap_or_default();
    loop {
        let (batch, later) = rest.split_at_checked(BATCH).unwrap_or((rest, &[]));
        let (status, conclusion) = if wanted.conclusion == Conclusion::Success && !later.is_empty() {
            ("in_progress", None)
        } else {
            state(wanted.conclusion)
        };
        let body = CheckRunBody {
            name: words::CHECK_RUN,
            head_sha: make.map(|commit| commit.to_string()),
            details_url: wanted.url.as_deref(),
            external_id: &mark,
            status,
            conclusion,
            output: CheckOutput { title: &wanted.title, summary: &wanted.summary, annotations: batch },
        };
        match id {
            None => {
                let made = client.write::<CheckRun>(Method::POST, "check-runs", &body).await?;
                id = Some(made.and_then(|run| run.id).ok_or_else(|| vanished("the check run"))?);
                make = None;
            }
            Some(id) => {
                client.write::<Asked>(Method::PATCH, &format!("check-runs/{id}"), &body).await?;
            }
        }
        if later.is_empty() {
            return Ok(());
        }
        rest = later;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;

    #[test]
    fn only_our_own_newest_is_changed() {
        let listed = r#"{"total_count":4,"check_runs":[{"id":4,"name":"Portcullis","app":{"slug":"portcullis-acme"}},
            {"id":9,"name":"Portcullis","app":{"slug":"github-actions"}},{"id":7,"name":"Portcullis","app":{"slug":"portcullis-acme"}},
            {"id":8,"name":"Other","app":{"slug":"portcullis-acme"}},{"id":10,"name":"Portcullis","app":null}]}"#;
        let ourselves = ForgeUser { login: "portcullis-acme[bot]".into(), id: 9 };
        assert_eq!(ours(serde_json::from_str(listed).unwrap(), &ourselves).and_then(|run| run.id), Some(7));
        let person = ForgeUser { login: "alice".into(), id: 1 };
        assert_eq!(ours(serde_json::from_str(listed).unwrap(), &person), None);
        assert_eq!(ours(serde_json::from_str(r#"{"check_runs":null}"#).unwrap(), &ourselves), None);
    }

    #[test]
    fn what_is_sent_is_what_github_takes() {
        let report = Report {
            commit: CommitId([1; 20]),
            conclusion: Conclusion::Failure,
            title: " ".into(),
            summary: "s".into(),
            url: Some("ftp://x".into()),
        };
        let path = Some("a.yaml".to_owned());
        let remark = Remark {
            path,
            line: Some(2),
            column: None,
            rule: "yaml/tag".into(),
            severity: Severity::Error,
            message: "no".into(),
        };
        let wanted = wanted(&report, &[remark]);
        assert_eq!((wanted.title.as_str(), &wanted.url), ("Portcullis", &None));
        let body = CheckRunBody {
            name: words::CHECK_RUN,
            head_sha: None,
            details_url: None,
            external_id: "m",
            status: "completed",
            conclusion: Some("failure"),
            output: CheckOutput { title: "t", summary: "s", annotations: &wanted.annotations },
        };
        assert_eq!(
            serde_json::to_value(&body).unwrap(),
            serde_json::json!({"name": "Portcullis", "external_id": "m", "status": "completed", "conclusion": "failure",
                "output": {"title": "t", "summary": "s", "annotations": [{"path": "a.yaml", "start_line": 2, "end_line": 2,
                    "annotation_level": "failure", "message": "no", "title": "yaml/tag"}]}})
        );
    }
}
