//! `catalog.yaml`.

use super::super::key::{Section, Wants, key};

pub(super) const SECTIONS: &[&Section] = &[&POLICY, &EXECUTION, &ROUTE, &LIMITS];

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
            &Wants::List(&Wants::Part(&ROUTE)),
            "Who is told of runs, and by which channel. Without it there are the comment and the requests for review on the pull request alone.",
        )
        .like("[{ channel: platform, on: [waiting, failed] }]"),
        key(
            "reminder",
            &Wants::Duration,
            "How long a run may wait before those who may move it are reminded, and again after as long. Without it nobody is.",
        )
        .like("4h"),
    ],
};

const ROUTE: Section = Section {
    beside: &[],
    title: "notifications[]",
    meaning: "Each entry is a route: a channel, and what is told by it. What several routes lead to one channel is told there once.",
    keys: &[
        key(
            "channel",
            &Wants::Identifier,
            "What the daemon's configuration calls the channel: its address and its secrets stand there, and never here.",
        )
        .required()
        .like("platform"),
        key(
            "on",
            &Wants::List(&Wants::Word(&[
                "waiting",
                "reminder",
                "granted",
                "declined",
                "expired",
                "cancelled",
                "started",
                "succeeded",
                "failed",
                "unknown",
            ])),
            "What is told. `unknown` is a run of which nobody knows whether it was performed: a person must say.",
        )
        .or("all of them")
        .like("[waiting, reminder, failed, unknown]"),
        key(
            "to",
            &Wants::Word(&["concerned", "approvers", "requesters", "everybody"]),
            "Whom it is for, where the channel has addresses of people, as email does: those who may approve and have not, whoever asked, or \
             both. `concerned` are the approvers while a run waits, whoever asked afterwards, and both where the outcome is unknown.",
        )
        .or("concerned")
        .like("approvers"),
        key(
            "actions",
            &Wants::List(&Wants::Identifier),
            "Of runs of these actions alone; another name is a warning.",
        )
        .or("every action")
        .like("[extend_env_ttl]"),
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
        key("runs", &Wants::Whole(1, 10_000), "Runs that one judged range adds.").or("500").like("100"),
    ],
};
