-- oldest-reader: 1
create table meta (
    name text primary key,
    value bigint not null
);

create table account (
    id {identity},
    username text{ordered} not null unique,
    role smallint not null,
    created_at bigint not null
);

-- Accounts that are gone while their rows in the message log are still being removed in slices.
create table removed_account (
    account bigint primary key
);

create table credential (
    account bigint not null references account (id) on delete cascade,
    mechanism text not null,
    keys {bytes} not null,
    primary key (account, mechanism)
);

create table roster (
    account bigint not null references account (id) on delete cascade,
    jid text not null,
    listed smallint not null,
    name text,
    group_names text not null,
    subscription smallint not null,
    ask smallint not null,
    approved smallint not null,
    request {bytes},
    version bigint not null,
    primary key (account, jid)
);

-- Addresses that left the listed view, so that an old version can be told about them (RFC 6121 section 2.6).
create table roster_removed (
    account bigint not null references account (id) on delete cascade,
    jid text not null,
    version bigint not null,
    primary key (account, jid)
);

-- Versions below known_from can no longer be brought up to date by differences.
create table roster_version (
    account bigint primary key references account (id) on delete cascade,
    version bigint not null,
    known_from bigint not null
);

create table blocked (
    account bigint not null references account (id) on delete cascade,
    jid text not null,
    primary key (account, jid)
);

create table document (
    account bigint not null references account (id) on delete cascade,
    kind text not null,
    name text not null,
    body {bytes} not null,
    primary key (account, kind, name)
);

create table invite (
    token text primary key,
    inviter bigint references account (id) on delete cascade,
    creates_account smallint not null,
    role smallint not null,
    uses bigint not null,
    created_at bigint not null,
    expires_at bigint not null,
    username text
);
create index invite_inviter on invite (inviter);
create index invite_username on invite (username) where username is not null;

create table fast_token (
    id {identity},
    account bigint not null references account (id) on delete cascade,
    device text not null,
    mechanism text not null,
    secret {bytes} not null,
    issued_at bigint not null,
    expires_at bigint not null,
    counter bigint not null,
    used smallint not null
);
create index fast_token_device on fast_token (account, device);

create table secret (
    name text primary key,
    value {bytes} not null
);
