-- What an ingestion said where it said a memory again, in its own words: where the document that said it first goes, the memory
-- is derived from this. Null for effects of other kinds, and for those noted before.

alter table effect add column said bytea;
alter table effect_shared add column said bytea;
