-- oldest-reader: 1
-- Invites may greet, and lead into a room (with the approval of its admins).
alter table invite add column greeting text;
alter table invite add column room text;
alter table invite add column approval smallint not null default 0;
create index invite_room on invite (room) where room is not null;
