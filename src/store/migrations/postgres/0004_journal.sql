-- What the journal holds of a run, as JSON; NULL where an older version wrote the row. The handle is what the API calls the run. `landed`
-- numbers the runs of a repository in the order in which they came onto the branch; `under_way` is 1 for those that have not come to their
-- end, and somebody must look at them.
ALTER TABLE runs ADD COLUMN life TEXT COLLATE "C";
ALTER TABLE runs ADD COLUMN handle TEXT COLLATE "C";
ALTER TABLE runs ADD COLUMN landed BIGINT;
ALTER TABLE runs ADD COLUMN under_way BIGINT NOT NULL DEFAULT 0;

CREATE INDEX runs_by_handle ON runs (handle);
CREATE INDEX runs_by_landing ON runs (repository, landed);
CREATE INDEX runs_under_way ON runs (repository, landed) WHERE under_way = 1;

-- What happened, in one word.
ALTER TABLE run_transitions ADD COLUMN event TEXT COLLATE "C" NOT NULL DEFAULT '';

-- What is to be done outside, at least once. It is waiting, done or dead; whoever takes it out has it until `held`, and `claim` has grown
-- since, so that a late word of whoever had it before changes nothing.
CREATE TABLE outbox (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    repository TEXT COLLATE "C" NOT NULL,
    run TEXT COLLATE "C" NOT NULL,
    kind TEXT COLLATE "C" NOT NULL,
    lane TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL,
    attempts BIGINT NOT NULL,
    trouble TEXT COLLATE "C",
    created BIGINT NOT NULL,
    due BIGINT NOT NULL,
    held BIGINT NOT NULL,
    claim BIGINT NOT NULL
);

CREATE INDEX outbox_by_due ON outbox (state, due);
CREATE INDEX outbox_in_order ON outbox (repository, run, kind, lane, number) WHERE state = 'waiting';

-- What whoever performs a run has written about it.
CREATE TABLE run_logs (
    repository TEXT COLLATE "C" NOT NULL,
    run TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    message TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (repository, run, number),
    FOREIGN KEY (repository, run) REFERENCES runs (repository, run)
);
