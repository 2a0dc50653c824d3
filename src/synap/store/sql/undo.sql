-- name: note_effects
-- How memories stand that an ingestion is about to end or to count as said again; sent before it does.
insert into effect{t} (bucket, scope_id, ingestion_id, memory_id, kind, recorded_at, valid_until, ends_at, document_row,
    segment_row, sources, seen_at, detail, said)
select %(bucket)s, %(scope)s, %(ingestion)s, m.id, u.kind, %(now)s, m.valid_until, least(m.valid_until, u.ends_at),
    m.document_row, m.segment_row, m.sources, m.seen_at, case when u.kind = 'repeated' then m.detail end, u.said
from unnest(%(memories)s::bigint[], %(kinds)s::text[], %(ends)s::timestamptz[], %(said)s::bytea[])
    as u (id, kind, ends_at, said)
join memory{t} m on m.id = u.id
where {at:m} m.scope_id = %(scope)s and (m.status = 0 or u.kind = 'repeated')
on conflict do nothing

-- name: lock_ingestion
select id, instance_id, status, document_row, document_key, memory_ids from ingestion
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s and id = %(ingestion)s
for update

-- name: document_to_undo
select id, document_key, previous, current, ingestion_id from document{t}
where {at} scope_id = %(scope)s and id = %(document)s

-- name: effects_of_ingestion
select e.memory_id, e.kind, e.recorded_at, e.valid_until, e.ends_at, e.document_row, e.segment_row, e.sources, e.seen_at,
    e.detail, exists (
        select from effect{t} later
        where {at:later} later.scope_id = %(scope)s and later.memory_id = e.memory_id and later.kind = e.kind
          and later.recorded_at > e.recorded_at) as outdone
from effect{t} e
where {at:e} e.scope_id = %(scope)s and e.ingestion_id = %(ingestion)s
order by e.memory_id, e.kind

-- name: memories_to_undo
select id, status, detail, document_row, sources, recorded_at, superseded_at, superseded_by, valid_until, seen_at
from memory{t}
where {at} scope_id = %(scope)s and id = any (%(memories)s::bigint[])
for update

-- name: versions_to_undo
-- The update of a memory keeps how it stood under another id; restored, that one stands in its place.
select m.id, later.id as memory_id
from memory{t} later
join memory{t} m on m.superseded_by = later.id or m.id = later.superseded_by
where {at:later} later.scope_id = %(scope)s and later.id = any (%(memories)s::bigint[])
  and {at:m} m.scope_id = %(scope)s and m.document_row = %(document)s and m.status <> 3
  and m.id <> all (%(memories)s::bigint[])
order by m.id

-- name: memories_of_slots
select id, detail, extractor
from memory{t}
where {at} scope_id = %(scope)s and status = 0 and slots && %(slots)s::bigint[]
order by id
for update

-- name: undo_endings
update memory{t} m
set status = u.status, superseded_at = case when u.status = 0 then null else m.superseded_at end, superseded_by = u.by_id,
    valid_until = u.valid_until, reason = case when u.status = 0 then '' else m.reason end
from unnest(%(ids)s::bigint[], %(statuses)s::smallint[], %(by_ids)s::bigint[], %(untils)s::timestamptz[])
    as u (id, status, by_id, valid_until)
where {at:m} m.scope_id = %(scope)s and m.id = u.id

-- name: undo_repetitions
-- The segments of the document that goes are still there. Where a memory stays that the document was the first to say, it
-- belongs to the document of its first evidence from now on.
update memory{t} m
set detail = u.detail, segment_row = u.segment_row, seen_at = u.seen_at, seen_count = greatest(1, m.seen_count - 1),
    sources = array(
        select one.source from unnest(u.sources::bigint[]) with ordinality as one (source, position)
        where one.source <> all (array(
            select s.id from segment{t} s where {at:s} s.scope_id = %(scope)s and s.document_row = %(document)s))
        order by one.position),
    document_row = coalesce(u.document_row, (
        select d.id from document{t} d
        where {at:d} d.scope_id = %(scope)s and d.document_key = u.key and d.current and d.id <> %(document)s))
from unnest(%(ids)s::bigint[], %(details)s::bytea[], %(sources)s::text[], %(rows)s::bigint[], %(segments)s::bigint[],
    %(seen_at)s::timestamptz[], %(keys)s::text[]) as u (id, detail, sources, document_row, segment_row, seen_at, key)
where {at:m} m.scope_id = %(scope)s and m.id = u.id

-- name: sayings
-- How other ingestions said what this one has said, the latest first.
select memory_id, said, recorded_at from effect{t}
where {at} scope_id = %(scope)s and ingestion_id <> %(ingestion)s and kind = 'repeated' and said is not null
  and memory_id = any (%(memories)s::bigint[])
order by memory_id, recorded_at desc, ingestion_id desc

-- name: rewrite_memories
-- What a memory says, in the words of another source; whether it is believed, and until when, stays. Its vector belongs to
-- the words that go.
update memory{t} m
set content = u.content, content_hash = u.content_hash, slots = u.slots::bigint[], confidence = u.confidence,
    score = u.score, event_at = u.event_at, event_end = u.event_end, valid_from = u.valid_from, said_at = u.said_at,
    tokens = u.tokens, len = u.len, terms = u.terms::sparsevec, emb = null, emb_alt = null
from unnest(%(ids)s::bigint[], %(contents)s::text[], %(hashes)s::bytea[], %(slots)s::text[], %(confidences)s::real[],
    %(scores)s::real[], %(event_at)s::timestamptz[], %(event_end)s::timestamptz[], %(valid_from)s::timestamptz[],
    %(said_at)s::timestamptz[], %(tokens)s::int[], %(lens)s::int[], %(terms)s::text[])
    as u (id, content, content_hash, slots, confidence, score, event_at, event_end, valid_from, said_at, tokens, len, terms)
where {at:m} m.scope_id = %(scope)s and m.id = u.id

-- name: delete_memories
delete from memory{t} where {at} scope_id = %(scope)s and id = any (%(memories)s::bigint[])

-- name: delete_locators
delete from locator where bucket = %(bucket)s and scope_id = %(scope)s and id = any (%(memories)s::bigint[])

-- name: hand_on_memories
-- What stays because a later ingestion said it too is that one's from now on.
with heir as (
    select distinct on (e.memory_id) e.memory_id, e.ingestion_id from effect{t} e
    where {at:e} e.scope_id = %(scope)s and e.kind = 'repeated' and e.ingestion_id <> %(ingestion)s
      and e.memory_id = any (%(kept)s::bigint[])
    order by e.memory_id, e.recorded_at, e.ingestion_id
), gone as (
    delete from effect{t} e using heir
    where {at:e} e.scope_id = %(scope)s and e.kind = 'repeated' and e.memory_id = heir.memory_id
      and e.ingestion_id = heir.ingestion_id
)
update ingestion i
set memory_ids = i.memory_ids || own.ids, memories_created = i.memories_created + cardinality(own.ids)
from (select ingestion_id, array_agg(memory_id order by memory_id) as ids from heir group by ingestion_id) own
where i.bucket = %(bucket)s and i.scope_id = %(scope)s and i.shared = %(shared)s and i.id = own.ingestion_id

-- name: disown_memories
-- What other ingestions have made and is gone as well: they tell of it no more.
update ingestion i
set memory_ids = own.left_over, memories_created = i.memories_created - cardinality(i.memory_ids) + cardinality(own.left_over)
from (
    select o.id, array(
        select told.id from unnest(o.memory_ids) with ordinality as told (id, place)
        where told.id <> all (%(memories)s::bigint[])
        order by told.place) as left_over
    from ingestion o
    where o.bucket = %(bucket)s and o.scope_id = %(scope)s and o.shared = %(shared)s
      and o.memory_ids && %(memories)s::bigint[]) own
where i.bucket = %(bucket)s and i.scope_id = %(scope)s and i.shared = %(shared)s and i.id = own.id

-- name: delete_effects
delete from effect{t}
where {at} scope_id = %(scope)s and (ingestion_id = %(ingestion)s or memory_id = any (%(memories)s::bigint[]))

-- name: effects_on_memory
select detail, said, sources, document_row from effect{t} where {at} scope_id = %(scope)s and memory_id = %(memory)s
order by recorded_at, ingestion_id

-- name: delete_effects_on_memory
delete from effect{t} where {at} scope_id = %(scope)s and memory_id = %(memory)s

-- name: delete_expired_effects
delete from effect{t}
where {at} scope_id = %(scope)s and recorded_at < %(before)s and ingestion_id = any (array(
    select ingestion_id from effect{t} where {at} scope_id = %(scope)s and recorded_at < %(before)s limit %(limit)s))

-- name: reinstate_document
update document{t} d set current = true
where {at:d} d.scope_id = %(scope)s and d.id = %(previous)s and not exists (
    select from document{t} o
    where {at:o} o.scope_id = %(scope)s and o.document_key = d.document_key and o.current and o.id <> d.id)

-- name: show_segments
-- Those withheld for memories that are believed again, and those of the version before; none that still is evidence of
-- something ended, blanked or expired.
update segment{t} s set status = 0, withheld_at = null
where {at:s} s.scope_id = %(scope)s and s.status = 1
  and (s.id = any (%(sources)s::bigint[]) or s.document_row = %(previous)s::bigint)
  and s.id <> all (array(
      select unnest(m.sources) from memory{t} m
      where {at:m} m.scope_id = %(scope)s and m.seen_count > 0 and m.status > 0))

-- name: end_undone_ingestion
-- The document's name was the caller's, and goes with it.
update ingestion
set document_row = null, document_key = '', memory_ids = '{}', memories_created = 0, message = %(message)s, completed_at = coalesce(completed_at, %(now)s)
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s and id = %(ingestion)s
