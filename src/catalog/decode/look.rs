//! How things look in Port: the names of icons, and the colours there are.

use crate::catalog::shown::shown;
use crate::model::RuleDoc;

use super::cursor::{Cursor, Decoder};

/// The rules of this family.
pub(super) const RULES: &[RuleDoc] = &[
    RuleDoc {
        id: "document/icon",
        summary: "An icon is the name of one: letters, digits, `_` and `-`, at most 100.",
        remedy: "Write a name as Port lists them, such as `Microservice`.",
    },
    RuleDoc {
        id: "document/color",
        summary: "A colour is one of the fourteen that Port has.",
        remedy: "Write one of the colours that the finding lists.",
    },
];

/// The colours of enums, calculations and levels.
pub(crate) const COLORS: &[&str] = &[
    "blue",
    "turquoise",
    "orange",
    "purple",
    "pink",
    "yellow",
    "green",
    "red",
    "darkGray",
    "lightGray",
    "bronze",
    "gold",
    "silver",
    "paleBlue",
];

/// The icon of a document, where it names one. Which icons there are is not checked: Port adds some every month.
pub(super) fn icon(d: &mut Decoder<'_>, at: &Cursor<'_, '_>) -> Option<String> {
    at.given("icon").and_then(|icon| icon_of(d, icon)).map(str::to_owned)
}

/// The name of an icon.
pub(super) fn icon_of<'n>(d: &mut Decoder<'_>, at: Cursor<'_, 'n>) -> Option<&'n str> {
    let name = d.text(at)?;
    let good = (1..=100).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if !good {
        let message = format!("`{}` is not the name of an icon", shown(name));
        d.error("document/icon", at, message, "write a name of letters, digits, `_` and `-`, such as `Microservice`");
        return None;
    }
    Some(name)
}

/// One colour.
pub(super) fn color(d: &mut Decoder<'_>, at: Cursor<'_, '_>) {
    let Some(name) = d.text(at) else { return };
    if !COLORS.contains(&name) {
        let help = d.choices(name, COLORS.iter().copied());
        d.error("document/color", at, format!("`{}` is not a colour", shown(name)), help);
    }
}
