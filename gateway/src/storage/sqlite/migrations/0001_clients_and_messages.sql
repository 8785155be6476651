-- Clients and their mailboxes, as the classic server has them.
CREATE TABLE clients (
    Number    INTEGER PRIMARY KEY,
    ID        BLOB NOT NULL UNIQUE CHECK (length(ID) = 16),
    UserName  TEXT NOT NULL UNIQUE,
    PublicKey BLOB NOT NULL,
    LastSeen  INTEGER NOT NULL DEFAULT 0 -- seconds since 1970
) STRICT;

-- No foreign keys: the gateway checks both clients in memory, for every message.
CREATE TABLE messages (
    ID         INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    ToClient   BLOB NOT NULL,
    FromClient BLOB NOT NULL,
    Type       INTEGER NOT NULL,
    Content    BLOB NOT NULL,
    StoredAt   INTEGER NOT NULL DEFAULT 0 -- seconds since 1970
) STRICT;

-- A mailbox in order of arrival: the index ends with the ID.
CREATE INDEX messages_by_mailbox ON messages (ToClient);
