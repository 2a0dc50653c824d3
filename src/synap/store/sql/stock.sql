-- Each `find_` statement gives rows (scope_id, id), at most `limit`, of one kind of damage: of a bucket, or of content of
-- the scopes entered. What mends asks again whether the damage is still there, as others may have been faster.

-- name: stock_rows
select bucket, looked_at, scopes, working, ended, failed, found::text as found from stock

-- name: claim_stock
insert into stock as s (bucket, looked_at) values (%(bucket)s, %(now)s)
on conflict (bucket) do update set looked_at = excluded.looked_at where s.looked_at <= %(before)s
returning bucket

-- name: occupied_buckets
select distinct bucket from scope

-- name: note_empty_stock
insert into stock as s (bucket, looked_at)
select u.bucket, %(now)s from unnest(%(buckets)s::int[]) as u (bucket)
on conflict (bucket) do update
set looked_at = excluded.looked_at, scopes = 0, working = 0, ended = 0, failed = 0, found = '{}'
where s.looked_at <= %(before)s

-- name: note_stock
update stock
set scopes = %(scopes)s, working = %(working)s, ended = %(ended)s, failed = %(failed)s, found = %(found)s::jsonb
where bucket = %(bucket)s

-- name: note_stock_seen
-- A bucket that is not on record is put there as due at once.
insert into stock as s (bucket, looked_at, scopes, working, ended, failed, found)
values (%(bucket)s, %(before)s, %(scopes)s, %(working)s, %(ended)s, %(failed)s, %(found)s::jsonb)
on conflict (bucket) do update
set scopes = excluded.scopes, working = excluded.working, ended = excluded.ended, failed = excluded.failed,
    found = excluded.found
where s.looked_at <= excluded.looked_at

-- name: stock_scopes
select id, space, rung, customer_id, user_id, instance_id from scope
where bucket = %(bucket)s and id > %(after)s and closed_by is null
order by id
limit %(limit)s

-- name: stock_scopes_shared
select id, space, rung, null as customer_id, null as user_id, instance_id from scope_shared
where id > %(after)s
order by id
limit %(limit)s

-- name: stock_scopes_by_id
select id, space, rung, customer_id, user_id, instance_id from scope
where bucket = %(bucket)s and id = any (%(scopes)s::bigint[]) and closed_by is null
union all
select id, space, rung, null, null, instance_id from scope_shared where id = any (%(scopes)s::bigint[])

-- name: stock_counts
select count(*) filter (where status in ('queued', 'processing')) as working,
    count(*) filter (where status in ('completed', 'partial_success')) as ended,
    count(*) filter (where status = 'failed') as failed
from ingestion
where bucket = %(bucket)s

-- name: find_unworked_ingestion
select i.scope_id, i.id from ingestion i
where i.bucket = %(bucket)s and i.status in ('queued', 'processing') and not exists (
    select from job j where j.bucket = %(bucket)s and j.ingestion_id = i.id and j.state <> 'dead')
order by i.id
limit %(limit)s

-- name: unworked_ingestions
select i.id, i.instance_id, i.batch_id,
    exists (select from job d where d.bucket = %(bucket)s and d.ingestion_id = i.id and d.state = 'dead') as buried,
    exists (select from document{t} d where {at:d} d.scope_id = %(scope)s and d.id = i.document_row) as kept
from ingestion i
where i.bucket = %(bucket)s and i.scope_id = %(scope)s and i.id = any (%(ids)s::bigint[])
  and i.status in ('queued', 'processing') and not exists (
    select from job j where j.bucket = %(bucket)s and j.ingestion_id = i.id and j.state <> 'dead')

-- name: requeue_unworked
update ingestion set status = 'queued' where bucket = %(bucket)s and id = %(ingestion)s and status = 'processing'

-- name: find_ended_ingestion_with_job
select j.scope_id, j.id from job j
join ingestion i on i.bucket = %(bucket)s and i.id = j.ingestion_id
where j.bucket = %(bucket)s
  and (i.status in ('completed', 'partial_success') or (i.status = 'failed' and j.state <> 'dead'))
order by j.id
limit %(limit)s

-- name: drop_jobs_of_ended
delete from job j
where j.bucket = %(bucket)s and j.id = any (%(ids)s::bigint[]) and exists (
    select from ingestion i
    where i.bucket = %(bucket)s and i.id = j.ingestion_id and i.status in ('completed', 'partial_success'))

-- name: requeue_failed_with_jobs
update ingestion i set status = 'queued', completed_at = null, message = null
where i.bucket = %(bucket)s and i.status = 'failed' and i.id in (
    select j.ingestion_id from job j
    where j.bucket = %(bucket)s and j.id = any (%(ids)s::bigint[]) and j.state <> 'dead')

-- name: find_doubled_job
select j.scope_id, j.id from job j
where j.bucket = %(bucket)s and j.ingestion_id is not null and j.state <> 'dead' and exists (
    select from job o
    where o.bucket = %(bucket)s and o.ingestion_id = j.ingestion_id and o.state <> 'dead' and o.id < j.id)
order by j.id
limit %(limit)s

-- name: drop_doubled_jobs
delete from job j
where j.bucket = %(bucket)s and j.id = any (%(ids)s::bigint[]) and j.state <> 'dead' and exists (
    select from job o
    where o.bucket = %(bucket)s and o.ingestion_id = j.ingestion_id and o.state <> 'dead' and o.id < j.id)

-- name: find_job_without_lane
select j.scope_id, j.id from job j
where j.bucket = %(bucket)s and j.state <> 'dead' and not (
    exists (select from lane l where l.bucket = %(bucket)s and l.lane = j.lane)
    and exists (select from lane c where c.bucket = %(bucket)s and c.lane = -1))
order by j.id
limit %(limit)s

-- name: lanes_of_jobs
select distinct j.lane, coalesce(c.vt, 0) as vt
from job j
left join lane c on c.bucket = %(bucket)s and c.lane = -1
where j.bucket = %(bucket)s and j.id = any (%(ids)s::bigint[])

-- name: open_lane_at
insert into lane (bucket, lane, vt) values (%(bucket)s, -1, %(vt)s), (%(bucket)s, %(lane)s, %(vt)s)
on conflict do nothing

-- name: find_job_out_of_time
-- Nobody comes back for a job whose turn, or whose lease, was set by a clock that was wrong.
select j.scope_id, j.id from job j
where j.bucket = %(bucket)s and (
    (j.state = 'ready' and j.run_at > %(horizon)s)
    or (j.state = 'running' and (j.lease_until is null or j.lease_owner is null or j.lease_until > %(horizon)s)))
order by j.id
limit %(limit)s

-- name: bring_jobs_into_time
update job set state = 'ready', run_at = %(now)s, lease_until = null, lease_owner = null
where bucket = %(bucket)s and id = any (%(ids)s::bigint[]) and (
    (state = 'ready' and run_at > %(horizon)s)
    or (state = 'running' and (lease_until is null or lease_owner is null or lease_until > %(horizon)s)))

-- name: find_job_without_ingestion
select j.scope_id, j.id from job j
where j.bucket = %(bucket)s and j.kind = 'ingest' and not exists (
    select from ingestion i where i.bucket = %(bucket)s and i.id = j.ingestion_id)
order by j.id
limit %(limit)s

-- name: drop_jobs_without_ingestion
delete from job j
where j.bucket = %(bucket)s and j.id = any (%(ids)s::bigint[]) and j.kind = 'ingest' and not exists (
    select from ingestion i where i.bucket = %(bucket)s and i.id = j.ingestion_id)

-- name: find_compaction_without_job
select k.scope_id, k.id from compaction k
where k.bucket = %(bucket)s and k.status = 'in_progress' and not exists (
    select from job j where j.bucket = %(bucket)s and j.id = k.id and j.state <> 'dead')
order by k.id
limit %(limit)s

-- name: fail_compactions_without_job
update compaction k set status = 'failed', completed_at = %(now)s, error_message = 'nobody was left to make it'
where k.bucket = %(bucket)s and k.id = any (%(ids)s::bigint[]) and k.status = 'in_progress' and not exists (
    select from job j where j.bucket = %(bucket)s and j.id = k.id and j.state <> 'dead')

-- name: find_document_without_ingestion
select d.scope_id, d.id from document{t} d
where {at:d} d.scope_id = any (%(scopes)s::bigint[]) and not exists (
    select from ingestion i where i.bucket = %(bucket)s and i.id = d.ingestion_id)
order by d.id
limit %(limit)s

-- name: documents_without_ingestion
select d.id, d.ingestion_id, d.document_key, d.document_type, d.mode, d.recorded_at from document{t} d
where {at:d} d.scope_id = %(scope)s and d.id = any (%(ids)s::bigint[]) and not exists (
    select from ingestion i where i.bucket = %(bucket)s and i.id = d.ingestion_id)

-- name: find_segment_without_document
select s.scope_id, s.id from segment{t} s
where {at:s} s.scope_id = any (%(scopes)s::bigint[]) and s.status = 0 and not exists (
    select from document{t} d where {at:d} d.scope_id = s.scope_id and d.id = s.document_row)
order by s.id
limit %(limit)s

-- name: withhold_orphans
update segment{t} s set status = 1, withheld_at = %(now)s
where {at:s} s.scope_id = %(scope)s and s.id = any (%(ids)s::bigint[]) and s.status = 0 and not exists (
    select from document{t} d where {at:d} d.scope_id = %(scope)s and d.id = s.document_row)

-- name: find_memory_without_vector
select m.scope_id, m.id from memory{t} m
where {at:m} m.scope_id = any (%(scopes)s::bigint[]) and m.status = 0 and m.{emb} is null
order by m.id
limit %(limit)s

-- name: find_segment_without_vector
-- Of documents that have been worked through; of the others, they have none yet, or could not be given one.
select s.scope_id, s.id from segment{t} s
join document{t} d on {at:d} d.scope_id = s.scope_id and d.id = s.document_row
join ingestion i on i.bucket = %(bucket)s and i.id = d.ingestion_id
where {at:s} s.scope_id = any (%(scopes)s::bigint[]) and s.status = 0 and s.{emb} is null
  and i.status in ('completed', 'partial_success')
order by s.id
limit %(limit)s

-- name: find_memory_with_foreign_vector
select m.scope_id, m.id from memory{t} m
where {at:m} m.scope_id = any (%(scopes)s::bigint[]) and m.{emb} is not null and vector_dims(m.{emb}) <> %(dim)s
order by m.id
limit %(limit)s

-- name: find_segment_with_foreign_vector
select s.scope_id, s.id from segment{t} s
where {at:s} s.scope_id = any (%(scopes)s::bigint[]) and s.{emb} is not null and vector_dims(s.{emb}) <> %(dim)s
order by s.id
limit %(limit)s

-- name: drop_foreign_vectors_of_memory
update memory{t} set {emb} = null
where {at} scope_id = %(scope)s and id = any (%(ids)s::bigint[]) and vector_dims({emb}) <> %(dim)s

-- name: drop_foreign_vectors_of_segment
update segment{t} set {emb} = null
where {at} scope_id = %(scope)s and id = any (%(ids)s::bigint[]) and vector_dims({emb}) <> %(dim)s

-- name: find_memory_with_forgotten_vector
select m.scope_id, m.id from memory{t} m
where {at:m} m.scope_id = any (%(scopes)s::bigint[]) and m.{emb} is not null
order by m.id
limit %(limit)s

-- name: find_segment_with_forgotten_vector
select s.scope_id, s.id from segment{t} s
where {at:s} s.scope_id = any (%(scopes)s::bigint[]) and s.{emb} is not null
order by s.id
limit %(limit)s

-- name: drop_forgotten_vectors_of_memory
update memory{t} set {emb} = null
where {at} scope_id = %(scope)s and id = any (%(ids)s::bigint[])
  and not exists (select from embedding e where e.slot = %(slot)s)

-- name: drop_forgotten_vectors_of_segment
update segment{t} set {emb} = null
where {at} scope_id = %(scope)s and id = any (%(ids)s::bigint[])
  and not exists (select from embedding e where e.slot = %(slot)s)

-- name: find_memory_without_document
-- Memories of WORLD, and those whose conversation was deleted, name no document and rest on none.
select m.scope_id, m.id from memory{t} m
where {at:m} m.scope_id = any (%(scopes)s::bigint[]) and m.status = 0 and m.document_row is not null and not exists (
    select from document{t} d where {at:d} d.scope_id = m.scope_id and d.id = m.document_row)
order by m.id
limit %(limit)s

-- name: find_lost_memory
select i.scope_id, told.id from ingestion i
cross join unnest(i.memory_ids) as told (id)
where i.bucket = %(bucket)s and i.scope_id = any (%(scopes)s::bigint[]) and i.shared = %(shared)s and not exists (
    select from memory{t} m where {at:m} m.scope_id = i.scope_id and m.id = told.id)
order by told.id
limit %(limit)s

-- name: find_name_of_erased_document
-- Versions before left it where retention had deleted the document.
select i.scope_id, i.id from ingestion i
where i.bucket = %(bucket)s and i.scope_id = any (%(scopes)s::bigint[]) and i.shared = %(shared)s
  and i.document_row is not null and not exists (
    select from document{t} d where {at:d} d.scope_id = i.scope_id and d.id = i.document_row)
order by i.id
limit %(limit)s

-- name: find_vector_of_erased_segment
-- Versions before gave one to a segment that was blanked while it was made.
select s.scope_id, s.id from segment{t} s
where {at:s} s.scope_id = any (%(scopes)s::bigint[]) and s.status = 2 and (s.emb is not null or s.emb_alt is not null)
order by s.id
limit %(limit)s

-- name: drop_vectors_of_erased
update segment{t} set emb = null, emb_alt = null
where {at} scope_id = %(scope)s and id = any (%(ids)s::bigint[]) and status = 2

-- name: find_memory_without_locator
select m.scope_id, m.id from memory{t} m
where {at:m} m.scope_id = any (%(scopes)s::bigint[]) and m.status < 3 and not exists (
    select from locator l where l.bucket = %(bucket)s and l.id = m.id)
order by m.id
limit %(limit)s

-- name: find_mention_without_memory
select distinct n.scope_id, n.memory_id as id from mention{t} n
where {at:n} n.scope_id = any (%(scopes)s::bigint[]) and not exists (
    select from memory{t} m where {at:m} m.scope_id = n.scope_id and m.id = n.memory_id)
order by id
limit %(limit)s

-- name: memories_there
select m.id from memory{t} m where {at:m} m.scope_id = %(scope)s and m.id = any (%(ids)s::bigint[])
