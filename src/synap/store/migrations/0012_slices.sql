-- Documents that are worked through in slices: how far an ingestion has come, moved in the transaction that stores what a
-- slice changed. Null for a document that is worked through at once.

alter table ingestion add column reached int;
alter table ingestion add column pieces int;
alter table ingestion add column closed boolean;

-- A job that is more than one slice is claimed alone, and goes back to the queue after each.
alter table job add column large boolean not null default false;
