//! What kind of value a property holds, as far as aggregations have to know.

use crate::catalog::Catalog;
use crate::model::{Blueprint, MetaProperty, PropertyName, Recipe, Value};

use super::route::follow;

/// How many mirrors of mirrors are looked through.
const DEPTH: usize = 48;

/// The kind of a property's values.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Numbers.
    Number,
    /// Moments, as texts.
    Moment,
    /// Something else.
    Other,
    /// Nobody can tell: a calculation without a type, a mirror that leads nowhere.
    Unknown,
}

/// The shape of a blueprint's property; `None` where it has none of this name.
pub fn shape_of(catalog: &Catalog, blueprint: &Blueprint, name: &PropertyName) -> Option<Shape> {
    let (mut here, mut name) = (blueprint, name);
    for _ in 0..DEPTH {
        let own = match name {
            PropertyName::Meta(MetaProperty::CreatedAt | MetaProperty::UpdatedAt) => return Some(Shape::Moment),
            PropertyName::Meta(_) => return Some(Shape::Other),
            PropertyName::Own(own) => own,
        };
        if let Some(property) = here.properties.get(own) {
            return Some(written(property.type_name(), property.format()));
        }
        match &here.derived.get(own)?.recipe {
            Recipe::Mirror { path, end } => match follow(catalog, here, path, true) {
                Ok(reached) => (here, name) = (reached, end),
                Err(_) => return Some(Shape::Unknown),
            },
            Recipe::Formula(_) => return Some(Shape::Other),
            Recipe::Calculation(_) => {
                let definition = &here.derived.get(own)?.definition;
                let text = |key| definition.get(key).and_then(Value::as_str);
                return Some(text("type").map_or(Shape::Unknown, |kind| written(Some(kind), text("format"))));
            }
            Recipe::Aggregation(_) => return Some(Shape::Number),
        }
    }
    Some(Shape::Unknown)
}

fn written(kind: Option<&str>, format: Option<&str>) -> Shape {
    match (kind, format) {
        (Some("number" | "integer"), _) => Shape::Number,
        (Some("string"), Some("date-time" | "timer")) => Shape::Moment,
        _ => Shape::Other,
    }
}
