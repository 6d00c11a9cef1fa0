//! `catalog.yaml`.

use super::super::key::{Named, Section, Wants, key};

pub(super) const SECTIONS: &[&Section] = &[&POLICY, &EXECUTION, &LIMITS];

const POLICY: Section = Section {
    beside: &[],
    title: "catalog.yaml",
    meaning: "The repository's own policy. Only an Admin may change it, and what judges a change is the policy that stands on the watched \
              branch already. Left out altogether, every default below holds.",
    keys: &[
        key(
            "identity",
            &Wants::Word(&["signature", "forge", "declared"]),
            "How it is known who made a commit: by a `signature` with a key of the roster, by the word of the `forge`, or as `declared` by \
             the committer's email, which anyone can write.",
        )
        .never_null()
        .or("signature")
        .like("signature"),
        key(
            "selfApproval",
            &Wants::Flag,
            "Whether whoever asked for a run, or worked on its pull request, may approve it too. An action may say otherwise.",
        )
        .or("false")
        .like("false"),
        key("expiry", &Wants::Duration, "How long a run may wait for its approval. An action may say otherwise.").or("14d").like("14d"),
        key("execution", &Wants::Part(&EXECUTION), "How approved runs are executed.").like("{ deadline: 2h }"),
        key("limits", &Wants::Part(&LIMITS), "How much one file and one judged range may hold.").like("{ files: 5000 }"),
        key(
            "notifications",
            &Wants::Named(Named::Free, &Wants::Any),
            "Channels by name. They are taken and kept; nothing is sent yet.",
        )
        .like("{ slack: { channel: platform } }"),
    ],
};

const EXECUTION: Section = Section {
    beside: &[],
    title: "execution",
    meaning: "How approved runs are executed.",
    keys: &[key(
        "deadline",
        &Wants::Duration,
        "How long a run may be under way until it is given up. An action may say otherwise in its `invocationMethod`.",
    )
    .or("1h")
    .like("2h")],
};

const LIMITS: Section = Section {
    beside: &[],
    title: "limits",
    meaning: "Going beyond a limit is an error, never a crash. Each has a ceiling that no file may lift.",
    keys: &[
        key("fileBytes", &Wants::Whole(4096, 16 << 20), "Bytes in one file.").or("262144").like("524288"),
        key("depth", &Wants::Whole(8, 128), "Collections inside each other.").or("32").like("40"),
        key("nodes", &Wants::Whole(256, 1_000_000), "Values and keys in one file.").or("20000").like("50000"),
        key("scalarBytes", &Wants::Whole(4096, 4 << 20), "Bytes in one text.").or("65536").like("131072"),
        key("commits", &Wants::Whole(1, 10_000), "Commits in one judged range.").or("250").like("500"),
        key("files", &Wants::Whole(1, 200_000), "Files of the catalog that one judged range touches.").or("2000").like("5000"),
    ],
};
