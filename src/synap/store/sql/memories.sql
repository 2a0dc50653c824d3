-- name: insert_memories
insert into memory{t} (bucket, id, scope_id, document_row, segment_row, type, content, detail, content_hash, slots,
    sources, confidence, score, event_at, event_end, valid_from, valid_until, said_at, recorded_at, seen_at, seen_count,
    extractor, metadata, tokens, len, terms, {emb})
select %(bucket)s, m.id, %(scope)s, %(document)s, m.segment_row, m.type, m.content, m.detail, m.content_hash,
    m.slots::bigint[], m.sources::bigint[], m.confidence, m.score, m.event_at, m.event_end, m.valid_from, m.valid_until,
    m.said_at, %(now)s, coalesce(m.said_at, %(now)s), m.seen_count, m.extractor, %(metadata)s::jsonb, m.tokens, m.len,
    m.terms::sparsevec, m.vector
from unnest(%(ids)s::bigint[], %(segments)s::bigint[], %(types)s::smallint[], %(contents)s::text[],
    %(details)s::bytea[], %(hashes)s::bytea[], %(slots)s::text[], %(sources)s::text[], %(confidences)s::real[],
    %(scores)s::real[], %(event_at)s::timestamptz[], %(event_end)s::timestamptz[], %(valid_from)s::timestamptz[],
    %(valid_until)s::timestamptz[], %(said_at)s::timestamptz[], %(seen_counts)s::int[], %(extractors)s::text[],
    %(tokens)s::int[], %(lens)s::int[], %(terms)s::text[], %(vectors)b::halfvec[])
    as m (id, segment_row, type, content, detail, content_hash, slots, sources, confidence, score, event_at, event_end,
        valid_from, valid_until, said_at, seen_count, extractor, tokens, len, terms, vector)

-- name: insert_locators
insert into locator (bucket, id, instance_id, scope_id, shared)
select %(bucket)s, m.id, %(instance)s, %(scope)s, %(shared)s
from unnest(%(ids)s::bigint[]) as m (id)
on conflict do nothing

-- name: move_memory
-- Frees the id for what is said instead.
update memory{t} set id = %(kept)s where {at} scope_id = %(scope)s and id = %(memory)s

-- name: move_mentions
update mention{t} set memory_id = %(kept)s where {at} scope_id = %(scope)s and memory_id = %(memory)s

-- name: end_memories
update memory{t} m
set status = u.status, superseded_at = %(now)s, superseded_by = u.by_id, reason = u.reason,
    valid_until = least(m.valid_until, u.valid_until)
from unnest(%(ended)s::bigint[], %(by_ids)s::bigint[], %(untils)s::timestamptz[], %(statuses)s::smallint[],
    %(reasons)s::text[]) as u (id, by_id, valid_until, status, reason)
where {at:m} m.scope_id = %(scope)s and m.id = u.id and m.status = 0

-- name: expired_memories
select id from memory{t}
where {at} scope_id = %(scope)s and recorded_at < %(before)s and status < 3
order by id
limit %(limit)s

-- name: announce_end
update memory{t} m
set valid_until = least(m.valid_until, u.valid_until)
from unnest(%(ended)s::bigint[], %(untils)s::timestamptz[]) as u (id, valid_until)
where {at:m} m.scope_id = %(scope)s and m.id = u.id and m.status = 0

-- name: withhold_sources
with hidden as (
    update segment{t} s
    set status = 1, withheld_at = %(now)s
    where {at:s} s.scope_id = %(scope)s and s.status = 0 and s.id = any (array(
        select unnest(m.sources) from memory{t} m
        where {at:m} m.scope_id = %(scope)s and m.id = any (%(ended)s::bigint[])))
    returning s.id
)
insert into scope_write{t} as w (bucket, scope_id, version, segments)
select %(bucket)s, %(scope)s, %(version)s, array_agg(h.id) from hidden h having count(*) > 0
on conflict ({key}scope_id, version) do update set segments = w.segments || excluded.segments

-- name: withhold_document
with hidden as (
    update segment{t} set status = 1, withheld_at = %(now)s
    where {at} scope_id = %(scope)s and document_row = %(document)s and status = 0
    returning id
)
insert into scope_write{t} as w (bucket, scope_id, version, segments)
select %(bucket)s, %(scope)s, %(version)s, array_agg(h.id) from hidden h having count(*) > 0
on conflict ({key}scope_id, version) do update set segments = w.segments || excluded.segments

-- name: refresh_memories
update memory{t} m
set detail = u.detail, sources = u.sources::bigint[], document_row = u.document_row, segment_row = u.segment_row,
    seen_count = m.seen_count + 1, seen_at = greatest(m.seen_at, u.seen_at)
from unnest(%(refreshed)s::bigint[], %(details)s::bytea[], %(sources)s::text[], %(documents)s::bigint[],
    %(segments)s::bigint[], %(seen_at)s::timestamptz[]) as u (id, detail, sources, document_row, segment_row, seen_at)
where {at:m} m.scope_id = %(scope)s and m.id = u.id and m.status = 0

-- name: apply_targets
select m.id, m.detail, m.document_row, m.segment_row, m.content_hash, m.sources, d.document_key
from memory{t} m
left join document{t} d on d.bucket = m.bucket and d.id = m.document_row
where {at:m} m.scope_id = %(scope)s and m.status = 0
  and (m.id = any (%(refreshed)s::bigint[]) or m.document_row = %(previous)s::bigint)

-- name: document_state
select current from document{t} where {at} scope_id = %(scope)s and id = %(document)s

-- name: embed_segments
-- Only what is still there: a segment's text never changes but when it is blanked.
update segment{t} s set {emb} = u.vector
from unnest(%(ids)s::bigint[], %(vectors)b::halfvec[]) as u (id, vector)
where {at:s} s.scope_id = %(scope)s and s.id = u.id and s.status < 2

-- name: locate
select l.instance_id, l.scope_id, l.shared, coalesce(s.space, w.space) as space, coalesce(s.rung, w.rung) as rung,
    s.customer_id, s.user_id
from locator l
left join scope s on s.bucket = l.bucket and s.id = l.scope_id and not l.shared
left join scope_shared w on w.id = l.scope_id and l.shared
where l.bucket = %(bucket)s and l.id = %(memory)s

-- name: get_memories
select m.id, m.detail, m.status, m.reason, m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at, m.seen_count, m.tokens,
    m.extractor, m.valid_until, m.metadata::text as metadata, m.document_row, d.document_key,
    d.metadata::text as document_metadata
from memory{t} m
left join document{t} d on d.bucket = m.bucket and d.id = m.document_row
where {at:m} m.scope_id = %(scope)s and m.id = any (%(ids)s::bigint[])
order by array_position(%(ids)s::bigint[], m.id)

-- name: list_memories
select m.id, m.detail, m.status, m.reason, m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at, m.seen_count, m.tokens,
    m.extractor, m.valid_until, m.metadata::text as metadata, m.document_row, d.document_key,
    d.metadata::text as document_metadata
from memory{t} m
left join document{t} d on d.bucket = m.bucket and d.id = m.document_row
where {at:m} m.scope_id = %(scope)s and (%(status)s::smallint is null or m.status = %(status)s)
  and m.status <> 3 and m.seen_count > 0 and (%(type)s::smallint is null or m.type = %(type)s)
order by m.recorded_at desc, m.id desc
limit %(limit)s offset %(offset)s

-- name: count_memories
select count(*) as total
from memory{t}
where {at} scope_id = %(scope)s and (%(status)s::smallint is null or status = %(status)s)
  and status <> 3 and (%(type)s::smallint is null or type = %(type)s)

-- name: history
with recursive newer as (
    select m.id, m.superseded_by from memory{t} m
    where {at:m} m.scope_id = %(scope)s and m.id = %(memory)s
    union
    select m.id, m.superseded_by from memory{t} m
    join newer on m.id = newer.superseded_by
    where {at:m} m.scope_id = %(scope)s
), older as (
    select id from newer
    union
    select m.id from memory{t} m
    join older on m.superseded_by = older.id
    where {at:m} m.scope_id = %(scope)s
)
select m.id from memory{t} m join older on older.id = m.id
where {at:m} m.scope_id = %(scope)s
order by m.recorded_at, m.status = 0, m.id
limit %(limit)s

-- name: lock_memory
select id, status, document_row, segment_row, superseded_by, sources, detail, metadata::text as metadata
from memory{t}
where {at} scope_id = %(scope)s and id = %(memory)s
for update

-- name: earlier_versions
select id, status, document_row, segment_row, superseded_by, sources, detail, metadata::text as metadata
from memory{t}
where {at} scope_id = %(scope)s and superseded_by = %(memory)s and reason = %(reason)s and status <> 3
for update

-- name: restore_memory
update memory{t}
set status = 0, superseded_at = null, superseded_by = null, valid_until = %(valid_until)s, reason = 'restored'
where {at} scope_id = %(scope)s and id = %(memory)s and status in (1, 2)

-- name: show_sources
update segment{t} set status = 0, withheld_at = null
where {at} scope_id = %(scope)s and status = 1 and id = any (%(sources)s::bigint[])

-- name: erase_memory
update memory{t}
set status = 3, content = '', detail = %(detail)s, content_hash = ''::bytea, slots = '{}', sources = '{}', terms = %(terms)s::sparsevec,
    len = 0, tokens = 0, emb = null, emb_alt = null, metadata = null, reason = 'deleted', event_at = null,
    event_end = null, superseded_at = coalesce(superseded_at, %(now)s)
where {at} scope_id = %(scope)s and id = %(memory)s

-- name: documents_of_evidence
-- Those of the segments, of the rows and of the names, and all versions of each: the newest by its name, and what it and
-- the others took the place of.
with recursive known as (
    select s.document_row as id from segment{t} s where {at:s} s.scope_id = %(scope)s and s.id = any (%(sources)s::bigint[])
    union select unnest(%(rows)s::bigint[])
), named as (
    select d.document_key as key from document{t} d
    where {at:d} d.scope_id = %(scope)s and d.id = any (array(select id from known))
    union select unnest(%(keys)s::text[])
), version as (
    select d.id, d.previous from document{t} d
    where {at:d} d.scope_id = %(scope)s and d.id = any (array(select id from known))
    union
    select d.id, d.previous from document{t} d
    where {at:d} d.scope_id = %(scope)s and d.current and d.document_key = any (array(select key from named))
    union
    select d.id, d.previous from document{t} d
    join version v on v.previous = d.id
    where {at:d} d.scope_id = %(scope)s
)
select d.id, d.document_key, d.ingestion_id, d.text, d.blocks
from document{t} d
where {at:d} d.scope_id = %(scope)s and d.id = any (array(select id from version))
order by d.id
for update

-- name: segments_of_evidence
select id, document_row, ordinal, text, start_at, end_at, status
from segment{t}
where {at} scope_id = %(scope)s and document_row = any (%(documents)s::bigint[])

-- name: memories_of_passages
-- What documents made, and what was there and they said again.
select m.id, m.detail
from memory{t} m
where {at:m} m.scope_id = %(scope)s and m.status < 3 and m.id = any (array(
    select o.id from memory{t} o where {at:o} o.scope_id = %(scope)s and o.document_row = any (%(documents)s::bigint[])
    union
    select e.memory_id from effect{t} e
    where {at:e} e.scope_id = %(scope)s and e.ingestion_id = any (%(ingestions)s::bigint[])))
order by m.id
for update

-- name: requote_memories
update memory{t} m set detail = u.detail
from unnest(%(ids)s::bigint[], %(details)s::bytea[]) as u (id, detail)
where {at:m} m.scope_id = %(scope)s and m.id = u.id

-- name: blank_document
-- Without its hash, the same document is not taken for known when it is handed in again.
update document{t} set text = %(text)s, blocks = %(blocks)s, content_hash = ''::bytea where {at} scope_id = %(scope)s and id = %(document)s

-- name: blank_segments
update segment{t} s
set text = u.text, quote = null, status = u.status, terms = u.terms::sparsevec, len = u.len, tokens = u.tokens, emb = null,
    emb_alt = null, withheld_at = coalesce(s.withheld_at, case when u.status <> 0 then %(now)s::timestamptz end)
from unnest(%(ids)s::bigint[], %(texts)s::text[], %(statuses)s::smallint[], %(terms)s::text[], %(lens)s::int[],
    %(tokens)s::int[]) as u (id, text, status, terms, len, tokens)
where {at:s} s.scope_id = %(scope)s and s.id = u.id

-- name: blank_messages
update message m
set content = replace(m.content, %(quote)s, %(filler)s)
where m.bucket = %(bucket)s and m.scope_id = %(scope)s and strpos(m.content, %(quote)s) > 0
  and m.conversation_row in (
      select c.id from conversation c
      join document{t} d on d.bucket = c.bucket and d.scope_id = c.scope_id and d.conversation = c.conversation
      where c.bucket = %(bucket)s and c.scope_id = %(scope)s and {at:d} d.scope_id = %(scope)s
        and d.id = any (%(documents)s::bigint[]))

-- name: blank_analysis
update conversation c set analysis = null
where c.bucket = %(bucket)s and c.scope_id = %(scope)s and c.analysis is not null and c.conversation in (
    select d.conversation from document{t} d
    where {at:d} d.scope_id = %(scope)s and d.id = any (%(documents)s::bigint[]))
