-- name: note_write
-- Versions that long ago are of no use: whoever holds an older state reads the scope anew.
with past as (
    delete from scope_write{t} where {at} scope_id = %(scope)s and version <= %(version)s - %(kept)s
)
insert into scope_write{t} as w (bucket, scope_id, version, memories, segments, whole)
values (%(bucket)s, %(scope)s, %(version)s, %(memories)s::bigint[], %(segments)s::bigint[], true)
on conflict ({key}scope_id, version) do update
    set memories = w.memories || excluded.memories, segments = w.segments || excluded.segments, whole = true

-- name: erase_scope_writes
delete from scope_write{t} where {at} scope_id = %(scope)s

-- name: writes_since
select version, memories, segments, whole from scope_write{t}
where {at} scope_id = %(scope)s and version > %(since)s

-- name: resident_rows
-- What a search reads of a scope, packed column by column, so that it is one row whatever its size. At most so many
-- rows of a table are packed; a count above tells that there are more.
select 0 as part, count(*) as count, string_agg(int8send(r.id), ''::bytea) as ids, null::bytea as documents, null::bytea as ordinals,
    string_agg(int2send(r.type), ''::bytea) as types, string_agg(int4send(r.len), ''::bytea) as lens,
    string_agg(sparsevec_send(r.terms), ''::bytea) as terms, string_agg(halfvec_send(r.emb), ''::bytea) as vectors,
    string_agg(boolsend(r.emb is null), ''::bytea) as absent
from (
    select id, type, len, terms, {emb} as emb from memory{t}
    where {at} scope_id = %(scope)s and status = 0
    limit %(most)s) as r
union all
select 2, count(*), string_agg(int8send(r.id), ''::bytea), string_agg(int8send(r.document_row), ''::bytea),
    string_agg(int4send(r.ordinal), ''::bytea), null, string_agg(int4send(r.len), ''::bytea),
    string_agg(sparsevec_send(r.terms), ''::bytea), string_agg(halfvec_send(r.emb), ''::bytea),
    string_agg(boolsend(r.emb is null), ''::bytea)
from (
    select id, document_row, ordinal, len, terms, {emb} as emb from segment{t}
    where {at} scope_id = %(scope)s and status = 0
    limit %(most)s) as r

-- name: resident_changes
-- The same of what writes since a version touched. Here and below `status < 1` and a scope that is no constant keep the
-- planner from the covering index, in which it would look through the whole scope for every single id.
select 0 as part, count(*) as count, string_agg(int8send(r.id), ''::bytea) as ids, null::bytea as documents, null::bytea as ordinals,
    string_agg(int2send(r.type), ''::bytea) as types, string_agg(int4send(r.len), ''::bytea) as lens,
    string_agg(sparsevec_send(r.terms), ''::bytea) as terms, string_agg(halfvec_send(r.emb), ''::bytea) as vectors,
    string_agg(boolsend(r.emb is null), ''::bytea) as absent
from (
    select m.id, m.type, m.len, m.terms, m.{emb} as emb
    from (
        select distinct w.scope_id, u.id
        from scope_write{t} w cross join unnest(w.memories) as u (id)
        where {at:w} w.scope_id = %(scope)s and w.version > %(since)s) as c
    join memory{t} m on {at:m} m.id = c.id and m.scope_id = c.scope_id
    where m.status < 1) as r
union all
select 2, count(*), string_agg(int8send(r.id), ''::bytea), string_agg(int8send(r.document_row), ''::bytea),
    string_agg(int4send(r.ordinal), ''::bytea), null, string_agg(int4send(r.len), ''::bytea),
    string_agg(sparsevec_send(r.terms), ''::bytea), string_agg(halfvec_send(r.emb), ''::bytea),
    string_agg(boolsend(r.emb is null), ''::bytea)
from (
    select g.id, g.document_row, g.ordinal, g.len, g.terms, g.{emb} as emb
    from (
        select distinct w.scope_id, u.id
        from scope_write{t} w cross join unnest(w.segments) as u (id)
        where {at:w} w.scope_id = %(scope)s and w.version > %(since)s) as c
    join segment{t} g on {at:g} g.id = c.id and g.scope_id = c.scope_id
    where g.status < 1) as r

-- name: memory_texts
select 0 as part, m.id, m.scope_id, m.detail, m.status, m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at,
    m.seen_count, m.tokens, m.extractor, m.valid_until, m.metadata::text as metadata, m.document_row, d.document_key,
    d.metadata::text as document_metadata, null as speaker
from unnest(%(memories)s::bigint[], %(memory_scopes)s::bigint[]) as w (id, scope_id)
join memory m on m.bucket = %(bucket)s and m.id = w.id and m.scope_id = w.scope_id
left join document d on d.bucket = m.bucket and d.id = m.document_row
where m.status < 1
union all
select 1, m.id, m.scope_id, m.detail, m.status, m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at,
    m.seen_count, m.tokens, m.extractor, m.valid_until, m.metadata::text, m.document_row, d.document_key,
    d.metadata::text, null
from unnest(%(shared_memories)s::bigint[], %(shared_memory_scopes)s::bigint[]) as w (id, scope_id)
join memory_shared m on m.id = w.id and m.scope_id = w.scope_id
left join document_shared d on d.bucket = m.bucket and d.id = m.document_row
where m.status < 1

-- name: segment_texts
-- `left`, so that the planner does not begin with all documents; there is always one.
select 2 as part, g.id, g.scope_id, g.recorded_at, g.tokens, null as metadata, g.document_row, d.document_key,
    d.metadata::text as document_metadata, g.ordinal, g.text as content, g.role, g.speaker, g.turn_id, g.said_at,
    g.start_at, g.end_at, coalesce(g.quote, right(g.text, g.end_at - g.start_at)) as quote
from unnest(%(segments)s::bigint[], %(segment_scopes)s::bigint[]) as w (id, scope_id)
join segment g on g.bucket = %(bucket)s and g.id = w.id and g.scope_id = w.scope_id
left join document d on d.bucket = g.bucket and d.id = g.document_row
where g.status < 1
union all
select 3, g.id, g.scope_id, g.recorded_at, g.tokens, null, g.document_row, d.document_key,
    d.metadata::text, g.ordinal, g.text, g.role, g.speaker, g.turn_id, g.said_at, g.start_at, g.end_at,
    coalesce(g.quote, right(g.text, g.end_at - g.start_at))
from unnest(%(shared_segments)s::bigint[], %(shared_segment_scopes)s::bigint[]) as w (id, scope_id)
join segment_shared g on g.id = w.id and g.scope_id = w.scope_id
left join document_shared d on d.bucket = g.bucket and d.id = g.document_row
where g.status < 1

-- name: count_vectors
select count(*) as count from memory{t} where {at} scope_id = %(scope)s and status = 0 and {emb} is not null

-- name: vectors_after
-- The vectors of active memories after an id, packed, at most so many of the next.
select count(*) as count, max(r.id) as last, string_agg(int8send(r.id), ''::bytea) as ids,
    string_agg(halfvec_send(r.emb), ''::bytea) as vectors
from (
    select id, {emb} as emb from memory{t}
    where {at} scope_id = %(scope)s and status = 0 and {emb} is not null and id > %(after)s
    order by id
    limit %(most)s) as r

-- name: vector_changes
-- The same of what writes since a version touched.
select count(*) as count, string_agg(int8send(r.id), ''::bytea) as ids, string_agg(halfvec_send(r.emb), ''::bytea) as vectors
from (
    select m.id, m.{emb} as emb
    from (
        select distinct w.scope_id, u.id
        from scope_write{t} w cross join unnest(w.memories) as u (id)
        where {at:w} w.scope_id = %(scope)s and w.version > %(since)s) as c
    join memory{t} m on {at:m} m.id = c.id and m.scope_id = c.scope_id
    where m.status < 1 and m.{emb} is not null) as r
