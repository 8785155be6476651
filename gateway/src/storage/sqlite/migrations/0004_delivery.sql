-- When a device was revoked, by the gateway's clock: revocations are told newest first.
ALTER TABLE devices ADD COLUMN RevokedAt INTEGER NOT NULL DEFAULT 0; -- seconds since 1970

CREATE INDEX devices_revoked ON devices (Account, RevokedAt) WHERE Revocation <> x'';

CREATE TABLE key_packages (
    Number     INTEGER PRIMARY KEY, -- in order of publication
    Device     INTEGER NOT NULL, -- devices.Number
    Suite      INTEGER NOT NULL,
    LastResort INTEGER NOT NULL, -- 0 or 1
    ExpiresAt  INTEGER NOT NULL, -- seconds since 1970
    Package    BLOB NOT NULL
) STRICT;

CREATE INDEX key_packages_by_device ON key_packages (Device, Suite, LastResort);
CREATE INDEX key_packages_by_time ON key_packages (ExpiresAt);

CREATE TABLE mls_groups (
    Number        INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    ID            BLOB NOT NULL UNIQUE CHECK (length(ID) = 16),
    Kind          INTEGER NOT NULL, -- 1 direct, 2 group, 3 lobby
    Suite         INTEGER NOT NULL,
    Epoch         INTEGER NOT NULL DEFAULT 0,
    Sequence      INTEGER NOT NULL DEFAULT 0, -- of what was stored last
    Creator       INTEGER NOT NULL, -- accounts.Number
    FirstAccount  INTEGER NOT NULL DEFAULT 0, -- accounts.Number of a direct chat, the smaller one
    SecondAccount INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE UNIQUE INDEX mls_groups_by_pair ON mls_groups (FirstAccount, SecondAccount) WHERE Kind = 1;
CREATE INDEX mls_groups_by_second ON mls_groups (SecondAccount) WHERE Kind = 1;
CREATE UNIQUE INDEX mls_groups_lobby ON mls_groups (Kind) WHERE Kind = 3;
CREATE INDEX mls_groups_by_creator ON mls_groups (Creator);

-- Apart from the groups, so that these are small.
CREATE TABLE group_infos (
    GroupNumber INTEGER PRIMARY KEY, -- mls_groups.Number
    Content     BLOB NOT NULL
) STRICT;

-- A revoked device stays until a commit removes its leaf, and gets nothing: so that its account
-- finds its way back with another device.
CREATE TABLE members (
    GroupNumber INTEGER NOT NULL, -- mls_groups.Number
    Device      INTEGER NOT NULL, -- devices.Number
    Account     INTEGER NOT NULL, -- accounts.Number
    Active      INTEGER NOT NULL DEFAULT 1, -- 0 or 1
    PRIMARY KEY (GroupNumber, Device)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_device ON members (Device);
CREATE INDEX members_by_account ON members (Account, GroupNumber);

-- What waits in mailboxes, once for all of them. No foreign keys: a group may be gone before.
CREATE TABLE group_messages (
    Number   INTEGER PRIMARY KEY,
    GroupID  BLOB NOT NULL,
    Sequence INTEGER NOT NULL,
    Epoch    INTEGER NOT NULL,
    Kind     INTEGER NOT NULL, -- 1 message, 2 commit, 3 welcome, 4 missed
    Sender   BLOB NOT NULL, -- devices.ID
    StoredAt INTEGER NOT NULL, -- milliseconds since 1970
    Size     INTEGER NOT NULL, -- bytes of its content
    Entries  INTEGER NOT NULL -- of mailboxes: it goes with the last one
) STRICT;

CREATE INDEX group_messages_by_time ON group_messages (StoredAt) WHERE Kind <> 4;

-- Apart from what changes with every acknowledgement.
CREATE TABLE contents (
    Message INTEGER PRIMARY KEY, -- group_messages.Number
    Content BLOB NOT NULL
) STRICT;

CREATE TABLE entries (
    Device  INTEGER NOT NULL, -- devices.Number
    Number  INTEGER NOT NULL, -- 1, 2, 3 … in each mailbox
    Message INTEGER NOT NULL, -- group_messages.Number
    PRIMARY KEY (Device, Number)
) STRICT, WITHOUT ROWID;

CREATE TABLE mailboxes (
    Device       INTEGER PRIMARY KEY, -- devices.Number
    Acknowledged INTEGER NOT NULL -- number of an entry
) STRICT;

-- Ids of sends and commits, so that a repetition is known. Number grows with time.
CREATE TABLE sent (
    Number   INTEGER PRIMARY KEY,
    Device   INTEGER NOT NULL, -- devices.Number
    SendID   BLOB NOT NULL,
    Sequence INTEGER NOT NULL,
    StoredAt INTEGER NOT NULL -- milliseconds since 1970
) STRICT;

CREATE UNIQUE INDEX sent_by_id ON sent (Device, SendID);
