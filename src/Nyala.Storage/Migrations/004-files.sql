-- oldest-reader: 1
-- Uploaded files whose bytes are complete and durable in the contents; without an account they wait to be removed.
create table file (
    key text primary key,
    account bigint references account (id) on delete set null,
    purpose smallint not null,
    name text not null,
    type text not null,
    size bigint not null,
    created_at bigint not null,
    expires_at bigint
);

-- What an account keeps, without reading the rows.
create index file_account on file (account, purpose, expires_at, created_at, size);
create index file_expiry on file (expires_at) where expires_at is not null;
create index file_left on file (key) where account is null;
