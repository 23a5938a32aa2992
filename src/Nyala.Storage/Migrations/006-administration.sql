-- oldest-reader: 1
-- A disabled account keeps everything and lets nobody in. The origin says how it came to be (AccountOrigin).
alter table account add column disabled smallint not null default 0;
alter table account add column origin smallint not null default 0;
create index account_disabled on account (username) where disabled = 1;

-- Whom everybody here talks with or not: domains and addresses. Allowed ones, where there are any, are the only ones.
create table peer_rule (
    address text not null,
    allowed smallint not null,
    primary key (address, allowed)
);

-- What the server tells its people. A number is of one text and never reused; without a text there is no notice now.
create table notice (
    name text primary key,
    number bigint not null,
    body text
);

-- Who wants to be found by others, and as what. The folded columns are what is searched.
create table directory_entry (
    account bigint primary key references account (id) on delete cascade,
    first_name text not null,
    last_name text not null,
    nick text not null,
    first_folded text not null,
    last_folded text not null,
    nick_folded text not null
);

create table report (
    id {identity},
    reporter bigint not null references account (id) on delete cascade,
    jid text not null,
    reason text not null,
    body text not null,
    stanzas text not null,
    consent smallint not null,
    at bigint not null,
    closed_at bigint
);
create index report_open on report (id) where closed_at is null;
create index report_reporter on report (reporter, at);
create index report_jid on report (jid);
