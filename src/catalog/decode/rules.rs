//! The rules that hold for the shape of documents of every kind.

use crate::model::RuleDoc;

use super::{
    action, blueprint, derived, entity, form, invocation, key, look, notification, permission, policy, policy_rule, roster, run,
    schema, search, time,
};

const COMMON: &[RuleDoc] = &[
    RuleDoc { id: "document/empty", summary: "A file holds a document.", remedy: "Write the document, or remove the file." },
    RuleDoc {
        id: "document/one",
        summary: "A file holds one document; only entities may stand in a list.",
        remedy: "Put each document in a file of its own.",
    },
    RuleDoc {
        id: "document/unknown-key",
        summary: "A document has no keys that mean nothing.",
        remedy: "Correct the key, or remove it.",
    },
    RuleDoc { id: "document/missing-key", summary: "A document has every key that it needs.", remedy: "Add the key." },
    RuleDoc {
        id: "document/wrong-type",
        summary: "A value is of the type that its key wants.",
        remedy: "Write a value of that type; quotes make a text.",
    },
    RuleDoc {
        id: "document/unknown-value",
        summary: "A value that is one of a few words is one of them.",
        remedy: "Write one of the words that the finding lists.",
    },
    RuleDoc {
        id: "document/out-of-range",
        summary: "A number lies within the bounds of its key.",
        remedy: "Write a whole number within the bounds that the finding names.",
    },
    RuleDoc { id: "identifier/empty", summary: "An identifier has at least one character.", remedy: "Write a name." },
    RuleDoc {
        id: "identifier/too-long",
        summary: "An identifier has at most 100 characters.",
        remedy: "Shorten it; a longer name can stand in `title`.",
    },
    RuleDoc { id: "identifier/dots", summary: "An identifier is neither `.` nor `..`.", remedy: "Write a name." },
    RuleDoc {
        id: "identifier/invisible",
        summary: "An identifier has no invisible or direction-changing characters.",
        remedy: "Remove the character; typing the name anew is the surest way.",
    },
    RuleDoc {
        id: "identifier/not-normal",
        summary: "An identifier is in Unicode normal form C.",
        remedy: "Write the letters composed, or without accents.",
    },
    RuleDoc {
        id: "identifier/character",
        summary: "An identifier is made of letters, digits and @ _ . + : \\ / = -.",
        remedy: "Use only these; any text can stand in `title`.",
    },
];

/// Every family of rules about the shape of documents.
pub(in crate::catalog) const RULES: &[&[RuleDoc]] = &[
    COMMON,
    action::RULES,
    form::RULES,
    blueprint::RULES,
    derived::RULES,
    entity::RULES,
    invocation::RULES,
    key::RULES,
    look::RULES,
    notification::RULES,
    permission::RULES,
    policy::RULES,
    policy_rule::RULES,
    roster::RULES,
    run::RULES,
    schema::RULES,
    search::RULES,
    time::RULES,
];
