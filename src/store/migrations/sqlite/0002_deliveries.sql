-- The deliveries of webhooks that have been acted upon, so that none is acted upon twice. The number bounds how many are kept.
CREATE TABLE deliveries (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    at INTEGER NOT NULL
) STRICT;

CREATE INDEX deliveries_by_age ON deliveries (at);
