-- Commit and tree ids are forty hexadecimal digits; times are nanoseconds since 1970 UTC; decisions are JSON.

-- "PORT": a database of somebody else is refused before anything is written to it.
PRAGMA application_id = 1347375700;

-- The accepted revisions of a watched branch; the greatest number is the live one.
CREATE TABLE acceptances (
    repository TEXT NOT NULL,
    number INTEGER NOT NULL,
    commit_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository, number)
) STRICT, WITHOUT ROWID;

-- The standing alert that history was rewritten.
CREATE TABLE halts (
    repository TEXT NOT NULL PRIMARY KEY,
    seen TEXT NOT NULL,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When something was first seen.
CREATE TABLE sightings (
    repository TEXT NOT NULL,
    what TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository, what)
) STRICT, WITHOUT ROWID;

-- When a commit was received: what the validity of its signing key is measured at.
CREATE TABLE receipts (
    repository TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository, commit_id)
) STRICT, WITHOUT ROWID;

-- The merge result of each pull request that is green.
CREATE TABLE judged (
    repository TEXT NOT NULL,
    pull_request TEXT NOT NULL,
    head TEXT NOT NULL,
    base TEXT NOT NULL,
    tree TEXT NOT NULL,
    verdict TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository, pull_request)
) STRICT, WITHOUT ROWID;

CREATE INDEX judged_by_tree ON judged (repository, tree, base);

-- What was last published under a key.
CREATE TABLE publications (
    repository TEXT NOT NULL,
    key TEXT NOT NULL,
    hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository, key)
) STRICT, WITHOUT ROWID;

-- Each run; without a state it was on the branch at first sight and is history.
CREATE TABLE runs (
    repository TEXT NOT NULL,
    run TEXT NOT NULL,
    state TEXT,
    revision INTEGER NOT NULL,
    decision TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository, run)
) STRICT, WITHOUT ROWID;

-- How it came there.
CREATE TABLE run_transitions (
    repository TEXT NOT NULL,
    run TEXT NOT NULL,
    revision INTEGER NOT NULL,
    from_state TEXT,
    to_state TEXT NOT NULL,
    decision TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository, run, revision),
    FOREIGN KEY (repository, run) REFERENCES runs (repository, run)
) STRICT, WITHOUT ROWID;
