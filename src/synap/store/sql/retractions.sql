-- name: insert_retractions
insert into retraction{t} (bucket, scope_id, ingestion_id, position, detail, candidates, recorded_at)
select %(bucket)s, %(scope)s, %(ingestion)s, r.position, r.detail, r.candidates::bigint[], %(now)s
from unnest(%(positions)s::int[], %(details)s::bytea[], %(candidates)s::text[]) as r (position, detail, candidates)
on conflict do nothing

-- name: list_retractions
select ingestion_id, position, detail, candidates, recorded_at from retraction{t}
where {at} scope_id = %(scope)s
order by recorded_at, ingestion_id, position
limit %(limit)s

-- name: lock_retraction
select ingestion_id, position, detail, candidates, recorded_at from retraction{t}
where {at} scope_id = %(scope)s and ingestion_id = %(ingestion)s and position = %(position)s
for update

-- name: delete_retraction
delete from retraction{t}
where {at} scope_id = %(scope)s and ingestion_id = %(ingestion)s and position = %(position)s

-- name: delete_retractions
delete from retraction{t} where {at} scope_id = %(scope)s and ingestion_id = any (%(ingestions)s::bigint[])

-- name: delete_expired_retractions
delete from retraction{t}
where {at} scope_id = %(scope)s and recorded_at < %(before)s and ingestion_id = any (array(
    select ingestion_id from retraction{t}
    where {at} scope_id = %(scope)s and recorded_at < %(before)s
    limit %(limit)s))

-- name: active_memories
select id from memory{t} where {at} scope_id = %(scope)s and status = 0 and id = any (%(memories)s::bigint[]) for update
