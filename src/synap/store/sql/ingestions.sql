-- name: insert_ingestion
insert into ingestion (bucket, id, instance_id, scope_id, shared, rung, document_row, document_key, document_type, mode,
    batch_id, status, queued_at)
values (%(bucket)s, %(ingestion)s, %(instance)s, %(scope)s, %(shared)s, %(rung)s, %(document)s, %(key)s, %(type)s,
    %(mode)s, %(batch)s, 'queued', %(now)s)

-- name: get_ingestion
select i.bucket, i.id, i.instance_id, i.scope_id, i.shared, i.rung, i.document_row, i.document_key, i.document_type,
    i.mode, i.batch_id, i.status, i.queued_at, i.started_at, i.completed_at, i.memories_created, i.memory_ids, i.message,
    i.degraded, i.warnings, i.reached, i.pieces, i.closed,
    coalesce(s.space, w.space) as space, s.customer_id, s.user_id
from ingestion i
left join scope s on s.bucket = i.bucket and s.id = i.scope_id and not i.shared
left join scope_shared w on w.id = i.scope_id and i.shared
where i.bucket = %(bucket)s and i.id = %(ingestion)s

-- name: start_ingestion
update ingestion set status = 'processing', started_at = coalesce(started_at, %(now)s)
where bucket = %(bucket)s and id = %(ingestion)s and status in ('queued', 'processing')

-- name: note_ingestion
-- What the work on a document, or on a slice of it, came to; with the `last` one it is at its end.
update ingestion
set status = case when %(last)s then %(status)s else status end,
    completed_at = case when %(last)s then %(now)s else completed_at end,
    started_at = case when %(last)s then coalesce(started_at, %(now)s) else started_at end,
    memories_created = memories_created + %(created)s, memory_ids = memory_ids || %(memories)s::bigint[],
    message = nullif(concat_ws('; ', message, %(message)s::text), ''), degraded = degraded or %(degraded)s,
    warnings = warnings || array (
        select u.warning from unnest(%(warnings)s::text[]) with ordinality as u (warning, place)
        where u.warning <> all (warnings) order by u.place),
    reached = %(reached)s, pieces = %(pieces)s, closed = %(closed)s
where bucket = %(bucket)s and id = %(ingestion)s

-- name: fail_ingestion
update ingestion set status = 'failed', completed_at = %(now)s, message = %(message)s
where bucket = %(bucket)s and id = %(ingestion)s and status in ('queued', 'processing')

-- name: requeue_ingestion
update ingestion set status = 'queued', completed_at = null, message = null
where bucket = %(bucket)s and id = %(ingestion)s and status = 'failed'

-- name: count_degraded
select count(*) as degraded
from (select from ingestion where degraded and completed_at >= %(since)s limit %(limit)s) as found

-- name: insert_batch
insert into batch (bucket, id, instance_id, total, rows, created_at)
values (%(bucket)s, %(batch)s, %(instance)s, %(total)s, %(rows)s::jsonb, %(now)s)
on conflict do nothing

-- name: find_refused_row
select answered ->> 'record' as record
from batch, jsonb_array_elements(batch.rows) as answered
where batch.bucket = %(bucket)s and batch.instance_id = %(instance)s and batch.id between %(earliest)s and %(row)s
    and answered #>> '{record,ingestion_id}' = %(ingestion)s

-- name: get_batch
select instance_id, total, rows::text as rows, created_at
from batch
where bucket = %(bucket)s and id = %(batch)s
