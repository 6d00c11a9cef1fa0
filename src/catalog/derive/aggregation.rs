//! Aggregations: the related entities that a reader sees, and the number made of them.

use std::collections::BTreeSet;

use crate::catalog::search::{Prepared, SearchContext, SearchFault};
use crate::model::{Aggregation, Calculus, EntityKey, Function, Pace, PropertyName, Search, SearchRule, Timestamp, Value};

use super::number::{apply, shared, sum};
use super::route::Route;
use super::{Derivation, Derived, targets};

const TOO_MANY: &str = "too many entities are related for one answer";

/// Finds the entities by every route, keeps those that the query wants, and makes one number of them.
pub(super) fn aggregation(
    derivation: &Derivation<'_>,
    key: &EntityKey,
    spec: &Aggregation,
    routes: &[Route],
    depth: usize,
) -> Derived {
    let result = (|| {
        let mut found = BTreeSet::new();
        for route in routes {
            found.extend(related(derivation, key, route)?);
        }
        if let Some(query) = &spec.query {
            found = wanted(derivation, query, found, depth)?;
        }
        number(derivation, &spec.calculus, &found, depth)
    })();
    match result {
        Ok(value) => value.into(),
        Err(error) => Derived::Error(error),
    }
}

/// The entities at the other end of a route, each once.
fn related(derivation: &Derivation<'_>, key: &EntityKey, route: &Route) -> Result<BTreeSet<EntityKey>, String> {
    let mut frontier = BTreeSet::from([key.clone()]);
    let hops: Box<dyn Iterator<Item = &(crate::model::Identifier, Box<str>)>> =
        if route.backwards { Box::new(route.hops.iter().rev()) } else { Box::new(route.hops.iter()) };
    for (blueprint, relation) in hops {
        let mut next = BTreeSet::new();
        for here in &frontier {
            if route.backwards {
                for source in derivation.catalog().referrers_from(here, blueprint) {
                    let held = derivation.visible(&source).map_or(0, |entity| targets(&entity.value, relation).len());
                    if !derivation.step(held.saturating_add(1)) {
                        return Err(TOO_MANY.to_owned());
                    }
                    if derivation.onward(&source, relation).contains(here) {
                        next.insert(source);
                    }
                }
            } else {
                let ends = derivation.onward(here, relation);
                if !derivation.step(ends.len().saturating_add(1)) {
                    return Err(TOO_MANY.to_owned());
                }
                next.extend(ends);
            }
        }
        frontier = next;
    }
    Ok(frontier)
}

/// Those of the entities that a query wants. What it cannot tell of one makes the whole an error.
fn wanted(
    derivation: &Derivation<'_>,
    query: &Search,
    found: BTreeSet<EntityKey>,
    depth: usize,
) -> Result<BTreeSet<EntityKey>, String> {
    if !derivation.step(cost(query)) {
        return Err(TOO_MANY.to_owned());
    }
    let context = SearchContext { sight: derivation.sight(), ..SearchContext::default() };
    let read = |key: &EntityKey, name: &str| match derivation.read(key, name, depth) {
        Derived::Value(value) => Ok(Some(value)),
        Derived::Absent => Ok(None),
        Derived::Error(error) => Err(SearchFault::Unknown(error)),
    };
    let search = Prepared::new(derivation.catalog(), query, &context, &read);
    let mut out = BTreeSet::new();
    for key in found {
        match search.matches(&key) {
            Ok(true) => {
                out.insert(key);
            }
            Ok(false) => {}
            Err(fault) => return Err(format!("its query has no answer: {fault}")),
        }
    }
    Ok(out)
}

/// What a query costs besides its properties: one that walks relations may look at much of the catalog, so that a derivation
/// makes few of those.
fn cost(query: &Search) -> usize {
    let mut walks = 0usize;
    query.each_rule(&mut |rule| walks += usize::from(matches!(rule, SearchRule::RelatedTo { .. } | SearchRule::Path { .. })));
    walks.saturating_mul(50_000).saturating_add(1)
}

fn number(
    derivation: &Derivation<'_>,
    calculus: &Calculus,
    found: &BTreeSet<EntityKey>,
    depth: usize,
) -> Result<Option<Value>, String> {
    match calculus {
        Calculus::Count => count(found.len()).map(Some),
        Calculus::Of(function, property) => {
            let numbers = values(derivation, found, property, depth)?.into_iter().map(|(_, value)| value);
            apply(*function, numbers.collect())
        }
        Calculus::CountPer(pace) => {
            let moments = moments(derivation, found, pace, depth)?;
            per(derivation, pace, &moments, count(moments.len())?)
        }
        Calculus::SumPer(pace, property) => {
            let numbers = values(derivation, found, property, depth)?;
            let holders = numbers.iter().map(|(key, _)| (*key).clone()).collect();
            let moments = moments(derivation, &holders, pace, depth)?;
            let timed: BTreeSet<&EntityKey> = moments.iter().map(|(key, _)| key).collect();
            let numbers = numbers.into_iter().filter(|(key, _)| timed.contains(key)).map(|(_, value)| value).collect();
            match apply(Function::Sum, numbers)? {
                Some(sum) => per(derivation, pace, &moments, sum),
                None => Ok(None),
            }
        }
    }
}

fn count(number: usize) -> Result<Value, String> {
    sum(&[Value::Int(i128::try_from(number).unwrap_or(i128::MAX))])
}

/// The values of a property that are there.
fn values<'k>(
    derivation: &Derivation<'_>,
    found: &'k BTreeSet<EntityKey>,
    property: &PropertyName,
    depth: usize,
) -> Result<Vec<(&'k EntityKey, Value)>, String> {
    let mut out = Vec::with_capacity(found.len());
    for key in found {
        match derivation.read(key, property.as_str(), depth) {
            Derived::Value(Value::Null) | Derived::Absent => {}
            Derived::Value(value) => out.push((key, value)),
            // A number that leaves one out would be a wrong number.
            Derived::Error(error) => return Err(error),
        }
    }
    Ok(out)
}

/// The moments at which entities count; those without one do not count.
fn moments(
    derivation: &Derivation<'_>,
    found: &BTreeSet<EntityKey>,
    pace: &Pace,
    depth: usize,
) -> Result<Vec<(EntityKey, Timestamp)>, String> {
    let values = values(derivation, found, &pace.measured_by, depth)?;
    Ok(values.into_iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.parse().ok()?))).collect())
}

/// A number shared out over the periods from the first moment until now; the first period counts as a whole one.
fn per(
    derivation: &Derivation<'_>,
    pace: &Pace,
    moments: &[(EntityKey, Timestamp)],
    number: Value,
) -> Result<Option<Value>, String> {
    let seconds = || moments.iter().map(|(_, at)| at.as_second());
    let (Some(first), Some(last)) = (seconds().min(), seconds().max()) else { return Ok(None) };
    let end = derivation.now().map_or(last, |now| now.as_second().max(last));
    #[allow(clippy::cast_precision_loss)] // the seconds of history
    let periods = end.saturating_sub(first) as f64 / f64::from(pace.period.seconds());
    shared(&number, periods.max(1.0)).map(Some)
}
