-- oldest-reader: 1
-- Nodes of accounts (PEP), and where account is null those of the PubSub service. The two sums spare counting the items.
create table pubsub_node (
    id {identity},
    account bigint references account (id) on delete cascade,
    name text not null,
    configuration {bytes} not null,
    created_at bigint not null,
    items bigint not null,
    bytes bigint not null
);
create unique index pubsub_node_name on pubsub_node (coalesce(account, 0), name);
create index pubsub_node_account on pubsub_node (account) where account is not null;

-- The sequence is the order of publication; publishing an id again takes a new one.
create table pubsub_item (
    sequence {identity},
    node bigint not null references pubsub_node (id) on delete cascade,
    name text not null,
    publisher text not null,
    at bigint not null,
    payload {bytes} not null
);
create unique index pubsub_item_name on pubsub_item (node, name);
create index pubsub_item_order on pubsub_item (node, sequence);

create table pubsub_affiliation (
    node bigint not null references pubsub_node (id) on delete cascade,
    jid text not null,
    affiliation smallint not null,
    primary key (node, jid)
);
create index pubsub_affiliation_jid on pubsub_affiliation (jid);

-- The address may be full; bare is whose it is.
create table pubsub_subscription (
    node bigint not null references pubsub_node (id) on delete cascade,
    jid text not null,
    bare text not null,
    pending smallint not null,
    primary key (node, jid)
);
create index pubsub_subscription_bare on pubsub_subscription (bare);
