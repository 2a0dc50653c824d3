-- name: find_document
select id, document_key, content_hash, mode, ingestion_id
from document{t}
where {at} scope_id = %(scope)s and current
  and (document_key = %(key)s or (%(by_content)s and content_hash = %(hash)s))
order by document_key = %(key)s desc, id
limit 1

-- name: retire_document
update document{t} set current = false where {at} scope_id = %(scope)s and id = %(previous)s

-- name: insert_document
insert into document{t} (bucket, id, scope_id, document_key, document_type, mode, text, blocks, content_hash, metadata,
    created_at, recorded_at, conversation, ingestion_id, previous, current)
values (%(bucket)s, %(document)s, %(scope)s, %(key)s, %(type)s, %(mode)s, %(text)s, %(blocks)s, %(hash)s,
    %(metadata)s::jsonb, %(created_at)s, %(now)s, %(conversation)s, %(ingestion)s, %(previous)s, true)

-- name: insert_segments
insert into segment{t} (bucket, id, scope_id, document_row, ordinal, text, quote, start_at, end_at, turn_id, speaker,
    role, said_at, recorded_at, tokens, len, terms)
select %(bucket)s, s.id, %(scope)s, %(document)s, s.ordinal, s.text, s.quote, s.start_at, s.end_at, s.turn_id,
    s.speaker, s.role, s.said_at, %(now)s, s.tokens, s.len, s.terms::sparsevec
from unnest(%(ids)s::bigint[], %(ordinals)s::int[], %(texts)s::text[], %(quotes)s::text[], %(starts)s::int[],
    %(ends)s::int[], %(turns)s::text[], %(speakers)s::text[], %(roles)s::text[], %(times)s::timestamptz[],
    %(tokens)s::int[], %(lens)s::int[], %(terms)s::text[])
    as s (id, ordinal, text, quote, start_at, end_at, turn_id, speaker, role, said_at, tokens, len, terms)

-- name: load_document
-- Text and blocks do not come again where they are known: who changes them changes the hash as well.
select id, document_key, document_type, mode, content_hash,
    case when content_hash = %(known)s::bytea then null else text end as text,
    case when content_hash = %(known)s::bytea then null else blocks end as blocks, metadata::text as metadata, created_at,
    recorded_at, conversation, ingestion_id, previous, current
from document{t}
where {at} scope_id = %(scope)s and id = %(document)s

-- name: load_segments
select id, ordinal, text, start_at, end_at, turn_id, speaker, role, said_at
from segment{t}
where {at} scope_id = %(scope)s and document_row = %(document)s and exists (
    select from unnest(%(starts)s::int[], %(ends)s::int[]) as stretch (start_at, end_at)
    where segment{t}.end_at > stretch.start_at and segment{t}.start_at < stretch.end_at)
order by ordinal
limit %(most)s

-- name: list_in_conversation
insert into directory (bucket, instance_id, conversation, scope_id, rung, customer_id, user_id)
values (%(bucket)s, %(instance)s, %(conversation)s, %(scope)s, %(rung)s, %(customer)s, %(user)s)
on conflict do nothing

-- name: owners_of_conversation
select rung, customer_id, user_id
from directory
where bucket = %(bucket)s and instance_id = %(instance)s and conversation = %(conversation)s
order by scope_id
