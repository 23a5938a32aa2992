-- oldest-reader: 1
-- What wakes devices (XEP-0357). What a device has, or was told of, is a mark like that of an account.
create table push_registration (
    id {identity},
    account bigint not null references account (id) on delete cascade,
    device text not null,
    jid text not null,
    node text not null,
    form {bytes},
    since bigint not null,
    enabled_at bigint not null,
    unique (account, jid, node)
);
