-- The message log. The rowid is the position; the log's only writer hands positions out, so no sequence table is written.
-- The columns before the stanza are small on purpose: what filters and counts read never follows an overflow chain.
create table message (
    position integer primary key,
    at integer not null,
    sender integer,
    recipient integer,
    flags integer not null,
    stream integer,
    handled integer,
    fingerprint blob,
    from_hash integer not null,
    to_hash integer not null,
    from_jid text not null,
    to_jid text not null,
    stanza blob not null
);

-- One per kind of owner, with what MAM filters by, so that counting and filtering stay inside the index.
create index message_sender on message (sender, position, flags, to_hash) where sender is not null;
create index message_recipient on message (recipient, position, flags, from_hash) where recipient is not null;

-- The few rows in nobody's archive, for their removal once they are delivered.
create index message_unarchived on message (position) where (flags & 3) = 0;

-- Handled counts of streams (R3) that no message row carries.
create table stream (
    stream integer primary key,
    account integer not null,
    handled integer not null,
    at integer not null
);

create table mailbox (
    account integer primary key,
    mark integer not null
);

-- Keys of archive ids (R6), each from a first position on.
create table epoch (
    number integer primary key,
    first_position integer not null,
    key blob not null
);
