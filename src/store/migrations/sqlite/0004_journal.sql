-- What the journal holds of a run, as JSON; NULL where an older version wrote the row. The handle is what the API calls the run. `landed`
-- numbers the runs of a repository in the order in which they came onto the branch; `under_way` is 1 for those that have not come to their
-- end, and somebody must look at them.
ALTER TABLE runs ADD COLUMN life TEXT;
ALTER TABLE runs ADD COLUMN handle TEXT;
ALTER TABLE runs ADD COLUMN landed INTEGER;
ALTER TABLE runs ADD COLUMN under_way INTEGER NOT NULL DEFAULT 0;

CREATE INDEX runs_by_handle ON runs (handle);
CREATE INDEX runs_by_landing ON runs (repository, landed);
CREATE INDEX runs_under_way ON runs (repository, landed) WHERE under_way = 1;

-- What happened, in one word.
ALTER TABLE run_transitions ADD COLUMN event TEXT NOT NULL DEFAULT '';

-- What is to be done outside, at least once. It is waiting, done or dead; whoever takes it out has it until `held`, and `claim` has grown
-- since, so that a late word of whoever had it before changes nothing.
CREATE TABLE outbox (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    repository TEXT NOT NULL,
    run TEXT NOT NULL,
    kind TEXT NOT NULL,
    lane TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    trouble TEXT,
    created INTEGER NOT NULL,
    due INTEGER NOT NULL,
    held INTEGER NOT NULL,
    claim INTEGER NOT NULL
) STRICT;

CREATE INDEX outbox_by_due ON outbox (state, due);
CREATE INDEX outbox_in_order ON outbox (repository, run, kind, lane, number) WHERE state = 'waiting';

-- What whoever performs a run has written about it.
CREATE TABLE run_logs (
    repository TEXT NOT NULL,
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    message TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (repository, run, number),
    FOREIGN KEY (repository, run) REFERENCES runs (repository, run)
) STRICT, WITHOUT ROWID;
