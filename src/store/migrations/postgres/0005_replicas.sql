-- Which replicas live: each says so again before `expires`.
CREATE TABLE replicas (
    holder TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    expires BIGINT NOT NULL
);

-- What one replica has heard of a repository that another holds: it only wakes, so that the other looks.
CREATE TABLE wakes (
    repository TEXT COLLATE "C" NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (repository, word)
);
