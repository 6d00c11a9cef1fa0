-- The deliveries of webhooks that have been acted upon, so that none is acted upon twice. The number bounds how many are kept.
CREATE TABLE deliveries (
    number BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    at BIGINT NOT NULL
);

CREATE INDEX deliveries_by_age ON deliveries (at);
