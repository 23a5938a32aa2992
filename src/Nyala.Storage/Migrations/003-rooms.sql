-- oldest-reader: 1
-- Groups (XEP-0045). A room's archive is that of the owner -id in the message log.
create table room (
    id {identity},
    name text{ordered} not null unique,
    persistent smallint not null,
    listed smallint not null,
    is_open smallint not null,
    title text not null,
    description text not null,
    language text not null,
    config {bytes} not null,
    secret {bytes} not null,
    subject {bytes},
    subject_at bigint not null,
    card {bytes},
    hats {bytes},
    created_at bigint not null
);

create index room_listed on room (name) where listed = 1;

create table room_member (
    room bigint not null references room (id) on delete cascade,
    jid text not null,
    affiliation smallint not null,
    nick text,
    reason text,
    primary key (room, jid)
);

-- Which rooms an address has to do with: for its limits and its removal.
create index room_member_jid on room_member (jid, affiliation);
