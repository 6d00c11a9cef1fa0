-- Who acts on a repository, where several replicas share the store. The row is also what every write of the repository locks first.
-- Without a holder nobody acts; the epoch has grown with every change of holder.
CREATE TABLE leases (
    repository TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    holder TEXT COLLATE "C",
    epoch BIGINT NOT NULL,
    expires BIGINT NOT NULL
);
