-- Objects are documents; the head counts revisions; the change feed and the outbox are written with every change.
CREATE TABLE head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    rev BIGINT NOT NULL,
    epoch TEXT NOT NULL
);
CREATE TABLE object (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    rev BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, key)
);
-- A row without a document is a deletion.
CREATE TABLE change (
    rev BIGINT NOT NULL,
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    document TEXT,
    PRIMARY KEY (rev, ordinal)
);
-- Audit records that were committed with their change and are not yet known to be on the trail.
CREATE TABLE outbox (
    rev BIGINT NOT NULL,
    ordinal INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (rev, ordinal)
);
