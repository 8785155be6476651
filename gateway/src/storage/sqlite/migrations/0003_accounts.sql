-- The account name that a classic name is without regard to case, or nothing if it is none: what
-- the one reserves against the other. The gateway fills it in for the clients that there are.
ALTER TABLE clients ADD COLUMN AccountName TEXT NOT NULL DEFAULT '';

CREATE INDEX clients_by_account_name ON clients (AccountName) WHERE AccountName <> '';

-- Who the gateway is: one row.
CREATE TABLE gateway (
    Number      INTEGER PRIMARY KEY CHECK (Number = 1),
    ID          BLOB NOT NULL CHECK (length(ID) = 16),
    OpaqueSetup BLOB NOT NULL -- secret
) STRICT;

CREATE TABLE accounts (
    Number        INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice
    ID            BLOB NOT NULL UNIQUE CHECK (length(ID) = 16),
    Name          TEXT NOT NULL UNIQUE,
    DisplayName   TEXT NOT NULL,
    AccountKey    BLOB NOT NULL CHECK (length(AccountKey) = 32),
    PasswordEpoch INTEGER NOT NULL DEFAULT 1,
    VaultVersion  INTEGER NOT NULL DEFAULT 1,
    HidesPresence INTEGER NOT NULL DEFAULT 0, -- 0 or 1
    Disabled      INTEGER NOT NULL DEFAULT 0, -- 0 or 1
    CreatedAt     INTEGER NOT NULL -- seconds since 1970
) STRICT;

CREATE INDEX accounts_disabled ON accounts (Number) WHERE Disabled = 1;

-- Apart from the accounts, so that lists of these read no vaults.
CREATE TABLE vaults (
    Account INTEGER PRIMARY KEY, -- accounts.Number
    Content BLOB NOT NULL -- sealed
) STRICT;

CREATE TABLE credentials (
    Account         INTEGER NOT NULL, -- accounts.Number
    Slot            INTEGER NOT NULL, -- 1 password, 2 recovery code
    PasswordFile    BLOB NOT NULL,
    WrappedVaultKey BLOB NOT NULL,
    PRIMARY KEY (Account, Slot)
) STRICT, WITHOUT ROWID;

-- A revoked device stays, so that its id is never used again and it can be told why.
CREATE TABLE devices (
    Number      INTEGER PRIMARY KEY AUTOINCREMENT, -- in order of addition
    ID          BLOB NOT NULL UNIQUE CHECK (length(ID) = 16),
    Account     INTEGER NOT NULL, -- accounts.Number
    Certificate BLOB NOT NULL,
    Revocation  BLOB NOT NULL DEFAULT x'', -- empty unless revoked
    Name        TEXT NOT NULL,
    Platform    TEXT NOT NULL DEFAULT '',
    LastSeen    INTEGER NOT NULL DEFAULT 0 -- seconds since 1970
) STRICT;

CREATE INDEX devices_by_account ON devices (Account);

-- Which classic client is an account's classic mailbox.
CREATE TABLE bridges (
    Account     INTEGER PRIMARY KEY, -- accounts.Number
    Client      BLOB NOT NULL UNIQUE, -- clients.ID
    Certificate BLOB NOT NULL
) STRICT;

CREATE TABLE invitations (
    Number    INTEGER PRIMARY KEY,
    ID        BLOB NOT NULL UNIQUE CHECK (length(ID) = 16),
    Digest    BLOB NOT NULL UNIQUE CHECK (length(Digest) = 32), -- SHA-256 of the code
    Account   INTEGER NOT NULL DEFAULT 0, -- accounts.Number; 0 for the operator's
    ExpiresAt INTEGER NOT NULL -- seconds since 1970
) STRICT;

CREATE INDEX invitations_by_account ON invitations (Account);
CREATE INDEX invitations_by_time ON invitations (ExpiresAt);

-- Subject: 1 or 2 (the slot) and a name; or 4 and an IPv4 address; or 6 and the upper 8 bytes of
-- an IPv6 address.
CREATE TABLE login_failures (
    Number   INTEGER PRIMARY KEY,
    Subject  BLOB NOT NULL,
    FailedAt INTEGER NOT NULL -- seconds since 1970
) STRICT;

CREATE INDEX login_failures_by_subject ON login_failures (Subject, FailedAt);
CREATE INDEX login_failures_by_time ON login_failures (FailedAt);

-- Ids of deleted accounts, of their devices, and of classic mailboxes that were switched off.
CREATE TABLE used_ids (
    ID BLOB NOT NULL PRIMARY KEY CHECK (length(ID) = 16)
) STRICT, WITHOUT ROWID;
