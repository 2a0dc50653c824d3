-- Ingestions of which a part was not done as configured, such as without the language model that was wanted.

alter table ingestion add column degraded boolean not null default false;
alter table ingestion add column warnings text[] not null default '{}';

-- For whoever asks how much of late was: few rows, or something is wrong.
create index ingestion_degraded on ingestion (completed_at) where degraded;
