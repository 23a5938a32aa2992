-- oldest-reader: 1
-- A subscription may be kept and not be delivered to (XEP-0060 section 6.3, pubsub#deliver).
alter table pubsub_subscription add column muted smallint not null default 0;
