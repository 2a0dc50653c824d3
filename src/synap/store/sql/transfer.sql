-- A scope's rows as an export holds them, table by table, without what is made of them again (vectors, terms, lengths), and
-- the same put in. A table more is a line in `synap.store.portable` and its two statements here.

-- name: export_ingestion
select id, document_row, document_key, document_type, mode, status, queued_at, started_at, completed_at, memories_created,
    memory_ids, message, degraded, warnings, reached, pieces, closed
from ingestion
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s
order by id

-- name: import_ingestion
insert into ingestion select * from json_populate_recordset(null::ingestion, %(rows)s::json)

-- name: export_document
select id, document_key, document_type, mode, text, blocks, content_hash, metadata::text as metadata, created_at,
    recorded_at, conversation, ingestion_id, previous, current
from document{t}
where {at} scope_id = %(scope)s
order by id

-- name: import_document
insert into document{t} select * from json_populate_recordset(null::document{t}, %(rows)s::json)

-- name: export_segment
select id, document_row, ordinal, status, text, quote, start_at, end_at, turn_id, speaker, role, said_at, recorded_at,
    withheld_at
from segment{t}
where {at} scope_id = %(scope)s
order by id

-- name: import_segment
insert into segment{t} select * from json_populate_recordset(null::segment{t}, %(rows)s::json)

-- name: export_memory
select id, document_row, segment_row, type, status, content, detail, slots, sources, confidence, score, event_at, event_end,
    valid_from, valid_until, said_at, recorded_at, superseded_at, superseded_by, reason, seen_at, seen_count,
    extractor, metadata::text as metadata
from memory{t}
where {at} scope_id = %(scope)s and status < 3
order by id

-- name: import_memory
insert into memory{t} select * from json_populate_recordset(null::memory{t}, %(rows)s::json)

-- name: export_entity
select id, kind, name, normal, root, merged_into, split_from, first_seen, last_seen
from entity{t}
where {at} scope_id = %(scope)s
order by id

-- name: import_entity
insert into entity{t} select * from json_populate_recordset(null::entity{t}, %(rows)s::json)

-- name: export_alias
select entity_id, normal, name, keys, rung
from alias{t}
where {at} scope_id = %(scope)s
order by entity_id, normal

-- name: import_alias
insert into alias{t} select * from json_populate_recordset(null::alias{t}, %(rows)s::json)

-- name: export_mention
select entity_id, memory_id, normals
from mention{t}
where {at} scope_id = %(scope)s
order by entity_id, memory_id

-- name: import_mention
insert into mention{t} select * from json_populate_recordset(null::mention{t}, %(rows)s::json)

-- name: export_relation
select subject_id, name, object_id, memory_id, holds
from relation{t}
where {at} scope_id = %(scope)s
order by subject_id, name, object_id, memory_id

-- name: import_relation
insert into relation{t} select * from json_populate_recordset(null::relation{t}, %(rows)s::json)

-- name: export_decision
select id, entity_id, at, action, rung, name, confidence, memory_id, others, actor
from decision{t}
where {at} scope_id = %(scope)s
order by id

-- name: import_decision
insert into decision{t} select * from json_populate_recordset(null::decision{t}, %(rows)s::json)

-- name: export_conversation
select id, conversation, external_id, message_count, started_at, last_message_at, kind, ended_at, analysis::text as analysis,
    metadata::text as metadata
from conversation
where bucket = %(bucket)s and scope_id = %(scope)s
order by id

-- name: import_conversation
insert into conversation select * from json_populate_recordset(null::conversation, %(rows)s::json)

-- name: export_message
select id, conversation_row, position, role, content, session_id, metadata::text as metadata, recorded_at, said_at, event_key
from message
where bucket = %(bucket)s and scope_id = %(scope)s
order by id

-- name: import_message
insert into message select * from json_populate_recordset(null::message, %(rows)s::json)

-- name: export_effect
select ingestion_id, memory_id, kind, recorded_at, valid_until, ends_at, document_row, segment_row, sources, seen_at, detail,
    said
from effect{t}
where {at} scope_id = %(scope)s
order by ingestion_id, memory_id, kind

-- name: import_effect
insert into effect{t} select * from json_populate_recordset(null::effect{t}, %(rows)s::json)

-- name: export_retraction
select ingestion_id, position, detail, candidates, recorded_at
from retraction{t}
where {at} scope_id = %(scope)s
order by ingestion_id, position

-- name: import_retraction
insert into retraction{t} select * from json_populate_recordset(null::retraction{t}, %(rows)s::json)

-- name: import_locator
insert into locator (bucket, id, instance_id, scope_id, shared)
select %(bucket)s, n.id, %(instance)s, %(scope)s, %(shared)s from unnest(%(ids)s::bigint[]) as n (id)

-- name: hold_scope
-- Writers wait until the rows have been read: what refers to each other is read as of one moment.
select id from scope where bucket = %(bucket)s and id = %(scope)s for share

-- name: hold_scope_shared
select id from scope_shared where id = %(scope)s for share

-- name: import_state
-- Whether a scope holds rows, and how many of them an import has put in: its ingestions too, which may be all of an owner.
select count(*) as rows, count(*) filter (where r.id between %(low)s and %(high)s) as own
from (
    select id from document{t} where {at} scope_id = %(scope)s
    union all select id from memory{t} where {at} scope_id = %(scope)s
    union all select id from entity{t} where {at} scope_id = %(scope)s
    union all select id from conversation where bucket = %(bucket)s and scope_id = %(scope)s
    union all select id from ingestion
        where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s
            and id between %(low)s and %(high)s) r
