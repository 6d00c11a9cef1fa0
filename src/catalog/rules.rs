//! Every rule about the text and the shape of documents, for the list of all rules.

use crate::model::RuleDoc;

use super::{builder, decode, document, json, quote, scalar, text};

/// The rules that [`super::parse_file`] applies.
pub fn rules() -> impl Iterator<Item = &'static RuleDoc> {
    let reading: [&'static [RuleDoc]; 6] =
        [text::RULES, builder::RULES, scalar::RULES, quote::RULES, document::RULES, json::RULES];
    reading.into_iter().chain(decode::RULES.iter().copied()).flatten()
}
