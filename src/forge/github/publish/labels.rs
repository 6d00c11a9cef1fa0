//! The label that says how a pull request stands; labels of others stay as they are.

use http::Method;

use crate::forge::{ForgeError, Story};

use super::super::wire::{Asked, LabelsBody, Pull};
use super::super::{ApiError, Client, path};

/// What is to be done.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Change {
    remove: Vec<String>,
    add: Option<String>,
}

/// Takes ours away but for the wanted one, and adds that; returns whether anything had to be written.
pub(super) async fn publish(client: &Client, number: u64, pull: &Pull, story: &Story) -> Result<bool, ForgeError> {
    let change = change(pull, story);
    for label in &change.remove {
        let Some(name) = path::segment(label) else { continue };
        match client.write::<Asked>(Method::DELETE, &format!("issues/{number}/labels/{name}"), &()).await {
            // Somebody else was quicker.
            Ok(_) | Err(ApiError::Refused { status: 404 | 410, .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(label) = &change.add {
        client.write::<Asked>(Method::POST, &format!("issues/{number}/labels"), &LabelsBody { labels: [label] }).await?;
    }
    Ok(change != Change::default())
}

fn change(pull: &Pull, story: &Story) -> Change {
    // GitHub takes names for the same in upper and lower case.
    let same = |a: &str, b: &str| a.to_lowercase() == b.to_lowercase();
    let there: Vec<&str> = pull.labels.iter().flatten().filter_map(|label| label.name.as_deref()).collect();
    let wanted = story.label.as_deref().filter(|label| story.labels.iter().any(|ours| same(ours, label)));
    let is_ours = |label: &str| story.labels.iter().any(|ours| same(ours, label));
    Change {
        remove: there
            .iter()
            .filter(|label| is_ours(label) && !wanted.is_some_and(|wanted| same(wanted, label)))
            .map(|label| (*label).to_owned())
            .collect(),
        add: wanted.filter(|wanted| !there.iter().any(|label| same(label, wanted))).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(there: &[&str], wanted: Option<&str>) -> Change {
        let labels: Vec<_> = there.iter().map(|name| serde_json::json!({"id": 1, "name": name, "color": "d73a4a"})).collect();
        let pull: Pull = serde_json::from_value(serde_json::json!({"labels": labels})).unwrap();
        let story = Story {
            pull_request: "7".into(),
            comment: None,
            reviewers: Vec::new(),
            label: wanted.map(str::to_owned),
            labels: crate::forge::github::LABELS.map(str::to_owned).to_vec(),
            answered: Vec::new(),
        };
        change(&pull, &story)
    }

    #[test]
    fn ours_is_changed_and_others_stay() {
        let [refused, waiting, passed] = crate::forge::github::LABELS;
        assert_eq!(over(&["bug", refused], Some(waiting)), Change { remove: vec![refused.into()], add: Some(waiting.into()) });
        assert_eq!(over(&["bug", passed], Some(passed)), Change::default());
        assert_eq!(over(&["Portcullis/Passed"], Some(passed)), Change::default(), "the same to GitHub");
        assert_eq!(over(&["bug", refused, waiting], None), Change { remove: vec![refused.into(), waiting.into()], add: None });
        assert_eq!(over(&["bug"], Some("bug")), Change::default(), "not ours to set");
    }
}
