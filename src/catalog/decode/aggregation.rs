//! `aggregationProperties`: which entities are looked at, and what number is made of them.

use crate::model::{Aggregation, Calculus, Function, MetaProperty, Pace, PathFilter, Period, PropertyName};

use super::cursor::{Cursor, Decoder};
use super::derived::property_name;
use super::search::{Asks, search};

/// Reads one aggregation.
pub(super) fn aggregation(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Aggregation> {
    const KEYS: &[&str] = &["title", "icon", "description", "type", "target", "calculationSpec", "query", "pathFilter"];
    if !d.fields(at, KEYS) {
        return None;
    }
    let target = d.required(&at, "target", "<Blueprint>").and_then(|target| d.identifier(target));
    let spec = d.required(&at, "calculationSpec", "{ calculationBy: entities, func: count }");
    let calculus = spec.and_then(|spec| calculus(d, spec));
    let query = match at.given("query") {
        Some(written) => search(d, written, Asks::NOTHING).map(Some),
        None => Some(None),
    };
    let paths = match at.given("pathFilter") {
        Some(written) if d.list(written) => {
            written.items().map(|item| path_filter(d, item)).collect::<Vec<_>>().into_iter().collect::<Option<Vec<_>>>()
        }
        Some(_) => None,
        None => Some(Vec::new()),
    };
    Some(Aggregation { target: target?, calculus: calculus?, query: query?, paths: paths? })
}

fn calculus(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Calculus> {
    if !d.fields(at, &["calculationBy", "func", "property", "averageOf", "measureTimeBy"]) {
        return None;
    }
    let by = d.required(&at, "calculationBy", "entities").and_then(|by| d.choice(by, &["entities", "property"]));
    let func = d.required(&at, "func", "count");
    let (by, func) = (by?, func?);
    if by == "entities" {
        return match one_of(d, func, by, &["count", "average"])? {
            "count" => Some(Calculus::Count),
            _ => {
                let period = d.required(&at, "averageOf", "week")?;
                Some(Calculus::CountPer(Pace { period: self::period(d, period)?, measured_by: measured_by(d, &at)? }))
            }
        };
    }
    let func = one_of(d, func, by, &["sum", "average", "min", "max", "median"])?;
    let written = d.required(&at, "property", "<property>")?;
    let property = d.text(written).and_then(|text| property_name(d, written, text))?;
    let function = match func {
        "sum" => Function::Sum,
        "min" => Function::Min,
        "max" => Function::Max,
        "median" => Function::Median,
        _ => Function::Average,
    };
    // `total` is Port's word for the plain mean.
    let per = at.given("averageOf").filter(|per| per.node.to_value().as_str() != Some("total"));
    match per {
        Some(per) if function == Function::Average => {
            Some(Calculus::SumPer(Pace { period: period(d, per)?, measured_by: measured_by(d, &at)? }, property))
        }
        _ => Some(Calculus::Of(function, property)),
    }
}

fn one_of<'k>(d: &mut Decoder<'_>, func: Cursor<'_, '_>, by: &str, fitting: &[&'k str]) -> Option<&'k str> {
    let known = d.choice(func, &["count", "average", "sum", "min", "max", "median"])?;
    let found = fitting.iter().find(|one| **one == known).copied();
    if found.is_none() {
        let message = format!("`{known}` cannot be calculated by {by}");
        d.error("blueprint/aggregation", func, message, format!("by {by} write {}", fitting.join(", ")));
    }
    found
}

fn period(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<Period> {
    Some(match d.choice(at, &["hour", "day", "week", "month"])? {
        "hour" => Period::Hour,
        "day" => Period::Day,
        "week" => Period::Week,
        _ => Period::Month,
    })
}

/// `measureTimeBy`; where it is left out an entity counts at its making.
fn measured_by(d: &mut Decoder<'_>, at: &Cursor<'_, '_>) -> Option<PropertyName> {
    match at.given("measureTimeBy") {
        None => Some(PropertyName::Meta(MetaProperty::CreatedAt)),
        Some(written) => d.text(written).and_then(|text| property_name(d, written, text)),
    }
}

fn path_filter(d: &mut Decoder<'_>, at: Cursor<'_, '_>) -> Option<PathFilter> {
    if !d.fields(at, &["path", "fromBlueprint"]) {
        return None;
    }
    let written = d.required(&at, "path", "[<relation>]")?;
    if !d.list(written) {
        return None;
    }
    let path: Vec<Box<str>> = written.items().filter_map(|step| d.text(step).map(Box::from)).collect();
    if path.is_empty() {
        let help = "name at least one relation: `path: [service]`";
        d.error("blueprint/path", written, "a path of no relations leads nowhere", help);
        return None;
    }
    let from = match at.given("fromBlueprint") {
        Some(from) => Some(d.identifier(from)?),
        None => None,
    };
    Some(PathFilter { path, from })
}
