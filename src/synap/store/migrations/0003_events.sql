-- A message that arrived as an event carries the digest of the event's id: the same event again, from a journal that was
-- played back after a break, finds it and is not recorded twice. The key is unique inside one owner's scope.

alter table message add column event_key bytea;
create unique index message_event on message (bucket, scope_id, event_key) where event_key is not null;
