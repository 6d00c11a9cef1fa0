-- Commit and tree ids are forty hexadecimal digits; times are nanoseconds since 1970 UTC; decisions are JSON. Texts are
-- compared byte by byte, whatever the database's own collation.

-- Whose schema this is: one of somebody else is refused before anything is written to it.
CREATE TABLE portcullis_store ();

-- The accepted revisions of a watched branch; the greatest number is the live one.
CREATE TABLE acceptances (
    repository TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    commit_id TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (repository, number)
);

-- The standing alert that history was rewritten.
CREATE TABLE halts (
    repository TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    seen TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL
);

-- When something was first seen.
CREATE TABLE sightings (
    repository TEXT COLLATE "C" NOT NULL,
    what TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (repository, what)
);

-- When a commit was received: what the validity of its signing key is measured at.
CREATE TABLE receipts (
    repository TEXT COLLATE "C" NOT NULL,
    commit_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (repository, commit_id)
);

-- The merge result of each pull request that is green.
CREATE TABLE judged (
    repository TEXT COLLATE "C" NOT NULL,
    pull_request TEXT COLLATE "C" NOT NULL,
    head TEXT COLLATE "C" NOT NULL,
    base TEXT COLLATE "C" NOT NULL,
    tree TEXT COLLATE "C" NOT NULL,
    verdict TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (repository, pull_request)
);

CREATE INDEX judged_by_tree ON judged (repository, tree, base);

-- What was last published under a key.
CREATE TABLE publications (
    repository TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    hash TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (repository, key)
);

-- Each run; without a state it was on the branch at first sight and is history.
CREATE TABLE runs (
    repository TEXT COLLATE "C" NOT NULL,
    run TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C",
    revision BIGINT NOT NULL,
    decision TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (repository, run)
);

-- How it came there.
CREATE TABLE run_transitions (
    repository TEXT COLLATE "C" NOT NULL,
    run TEXT COLLATE "C" NOT NULL,
    revision BIGINT NOT NULL,
    from_state TEXT COLLATE "C",
    to_state TEXT COLLATE "C" NOT NULL,
    decision TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (repository, run, revision),
    FOREIGN KEY (repository, run) REFERENCES runs (repository, run)
);
