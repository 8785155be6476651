-- Receipts of sends with a send id, kept beyond their messages so that a repetition is known.
-- Number grows with time: the oldest receipts are the first.
CREATE TABLE receipts (
    Number     INTEGER PRIMARY KEY,
    FromClient BLOB NOT NULL,
    SendID     BLOB NOT NULL,
    MessageID  INTEGER NOT NULL,
    StoredAt   INTEGER NOT NULL -- seconds since 1970
) STRICT;

CREATE UNIQUE INDEX receipts_by_send ON receipts (FromClient, SendID);
