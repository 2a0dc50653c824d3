-- The index by content hash begins with the hash. While it began with the bucket, PostgreSQL 18 could skip through it and
-- took it for reads of a whole scope once their plans are kept (`plan_once`), in place of the covering index.

drop index memory_hash;
create index memory_hash on memory (content_hash, bucket, scope_id);
