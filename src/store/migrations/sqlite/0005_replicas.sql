-- Which replicas live: each says so again before `expires`.
CREATE TABLE replicas (
    holder TEXT NOT NULL PRIMARY KEY,
    expires INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What one replica has heard of a repository that another holds: it only wakes, so that the other looks.
CREATE TABLE wakes (
    repository TEXT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (repository, word)
) STRICT, WITHOUT ROWID;
