//! A list in pages, read whole or not at all.

use std::collections::BTreeSet;

use http::Method;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::ask::{Call, Place, Whole};
use super::link::next_of;
use super::{ApiError, Client};

/// How many pages are read at most: thirty thousand items of a hundred a page.
const MOST: usize = 300;
/// How often a list that changes under our hands is read.
const READINGS: usize = 3;

impl Client {
    /// Reads every page. Between two of them an item may move from one that is still to be read to one that was read already, and so be
    /// missed: unless every page is what it was last time, all but the last are asked for once more, which costs nothing if they stand.
    pub(super) async fn pages<T: DeserializeOwned>(&self, path: &str, key: Option<&str>) -> Result<Option<Vec<T>>, ApiError> {
        Ok(self.first_pages(path, key, MOST, false).await?.map(|(items, _)| items))
    }

    /// The same of no more than so many pages; says whether there are more. Where `cut` is not set, more is an error.
    pub(super) async fn first_pages<T: DeserializeOwned>(
        &self,
        path: &str,
        key: Option<&str>,
        most: usize,
        cut: bool,
    ) -> Result<Option<(Vec<T>, bool)>, ApiError> {
        for _ in 0..READINGS {
            let Some((round, more)) = self.round(path, most, cut).await? else { return Ok(None) };
            if round.iter().all(|page| page.unchanged) || self.stands(&round).await? {
                let mut items = Vec::new();
                for page in &round {
                    items.extend(self.items::<T>(page, key)?);
                }
                return Ok(Some((items, more)));
            }
        }
        Err(ApiError::Later { what: format!("GET {path}: the list keeps changing while it is read"), after: None })
    }

    /// One reading: the pages in order, and whether there are more than were to be read.
    async fn round(&self, path: &str, most: usize, cut: bool) -> Result<Option<(Vec<Whole>, bool)>, ApiError> {
        let github = &self.github.0;
        let (mut place, mut round, mut seen) = (self.place(path)?, Vec::<Whole>::new(), BTreeSet::new());
        loop {
            let Some(page) = github.ask(&self.reading(place)).await? else {
                if round.is_empty() {
                    return Ok(None);
                }
                return Err(ApiError::Later {
                    what: format!("GET {path}: a page went away while the list was read"),
                    after: None,
                });
            };
            let refused = |why: &str| ApiError::Refused { status: 0, what: format!("GET {path}: {why}") };
            let next = page.stored.link.as_deref().and_then(next_of).map(str::to_owned);
            seen.insert(page.uri.to_string());
            round.push(page);
            let Some(next) = next else { return Ok(Some((round, false))) };
            let uri = github
                .address
                .resolve(&next)
                .ok_or_else(|| refused("the next page is not on GitHub's API; it is not asked for"))?;
            if seen.contains(&uri.to_string()) {
                return Err(refused("the pages go in a circle"));
            }
            if round.len() >= most {
                if cut {
                    return Ok(Some((round, true)));
                }
                return Err(refused(&format!("the list has more than {most} pages; a part of it would be no answer")));
            }
            place = Place::At(uri);
        }
    }

    /// Whether the pages of a reading still are what they were; the last one has just been read.
    async fn stands(&self, round: &[Whole]) -> Result<bool, ApiError> {
        for page in round.iter().take(round.len().saturating_sub(1)) {
            let again = self.github.0.ask(&self.reading(Place::At(page.uri.clone()))).await?;
            if again.is_none_or(|again| again.stored.body != page.stored.body || again.stored.link != page.stored.link) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The items on a page: it is a list, or an object with a list inside.
    fn items<T: DeserializeOwned>(&self, page: &Whole, key: Option<&str>) -> Result<Vec<T>, ApiError> {
        let call = self.reading(Place::At(page.uri.clone()));
        let Some(key) = key else { return self.github.0.understand(&call, &page.stored.body) };
        let mut body: Value = self.github.0.understand(&call, &page.stored.body)?;
        let list = body.get_mut(key).map(Value::take).unwrap_or_default();
        serde_json::from_value(list).map_err(|error| {
            let shown = self.github.0.shown(&Method::GET, &page.uri);
            ApiError::Refused { status: 0, what: format!("{shown}: GitHub's answer is not understood: in `{key}`: {error}") }
        })
    }

    /// A question of this client.
    pub(super) fn reading(&self, place: Place) -> Call<'_> {
        Call {
            who: &self.who,
            repository: self.repository.as_deref(),
            method: Method::GET,
            place,
            body: None,
            purpose: self.purpose,
        }
    }
}
