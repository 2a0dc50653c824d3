-- What is erased is erased in several transactions, and all of it is asked for: a pass that was cut short is gone on with.

-- name: has_expired
select exists (
        select from memory{t} where {at} scope_id = %(scope)s and recorded_at < %(before)s and status < 3)
    or exists (
        select from segment{t} where {at} scope_id = %(scope)s and recorded_at < %(before)s)
    or exists (
        select from effect{t} where {at} scope_id = %(scope)s and recorded_at < %(before)s)
    or exists (
        select from retraction{t} where {at} scope_id = %(scope)s and recorded_at < %(before)s)
    or exists (
        select from message where bucket = %(bucket)s and scope_id = %(scope)s and recorded_at < %(before)s)
    or exists (
        select from compaction
        where bucket = %(bucket)s and scope_id = %(scope)s
          and (oldest_at < %(before)s or (status = 'failed' and initiated_at < %(before)s))) as found

-- name: has_unarchived
select exists (
        select from memory{t} where {at} scope_id = %(scope)s and recorded_at < %(before)s and status = 0)
    or exists (
        select from segment{t} where {at} scope_id = %(scope)s and recorded_at < %(before)s and status = 0) as found

-- name: archive_memories
with hidden as (
    update memory{t} set status = 2, superseded_at = %(now)s, reason = 'expired'
    where {at} scope_id = %(scope)s and id = any (array(
        select id from memory{t}
        where {at} scope_id = %(scope)s and recorded_at < %(before)s and status = 0
        limit %(limit)s))
    returning id
)
select count(*) as count from hidden

-- name: archive_segments
with hidden as (
    update segment{t} set status = 1, withheld_at = %(now)s
    where {at} scope_id = %(scope)s and id = any (array(
        select id from segment{t}
        where {at} scope_id = %(scope)s and recorded_at < %(before)s and status = 0
        limit %(limit)s))
    returning id
)
select count(*) as count from hidden

-- name: expired_documents_of_memories
-- Documents that several of the memories rest on, and no memory that stays: all of such a document goes.
select d.id from document{t} d
where {at:d} d.scope_id = %(scope)s and d.recorded_at < %(before)s and octet_length(d.text) > 0
  and d.id = any (array(
      select m.document_row from memory{t} m
      where {at:m} m.scope_id = %(scope)s and m.id = any (%(ids)s::bigint[]) and m.document_row is not null
      group by m.document_row
      having count(*) > 1))
  and not exists (
      select from memory{t} k
      where {at:k} k.scope_id = %(scope)s and k.document_row = d.id and k.status < 3 and k.recorded_at >= %(before)s)

-- name: empty_documents
update document{t} set text = '', blocks = %(blocks)s, content_hash = ''::bytea
where {at} scope_id = %(scope)s and id = any (%(documents)s::bigint[])

-- name: delete_expired_segments
delete from segment{t}
where {at} scope_id = %(scope)s and id = any (array(
    select id from segment{t} where {at} scope_id = %(scope)s and recorded_at < %(before)s limit %(limit)s))

-- name: delete_expired_documents
-- After their passages, and after the last memory that rests on them.
delete from document{t}
where {at} scope_id = %(scope)s and id = any (array(
    select d.id from document{t} d
    where {at:d} d.scope_id = %(scope)s and d.recorded_at < %(before)s
      and not exists (
          select from memory{t} m
          where {at:m} m.scope_id = %(scope)s and m.document_row = d.id and m.status < 3)
      and not exists (
          select from segment{t} s where {at:s} s.scope_id = %(scope)s and s.document_row = d.id)
    limit %(limit)s))

-- name: forget_expired_documents
-- The document's name was the caller's, and goes with it.
update ingestion i set document_row = null, document_key = ''
where i.bucket = %(bucket)s and i.scope_id = %(scope)s and i.shared = %(shared)s and i.document_row is not null
  and not exists (
      select from document{t} d
      where {at:d} d.scope_id = %(scope)s and d.id = i.document_row)

-- name: blank_expired_conversations
-- What a transcript told of its conversation is as old as the first message of it.
update conversation c set kind = '', analysis = null, metadata = '{}'
where c.bucket = %(bucket)s and c.scope_id = %(scope)s
  and (c.kind <> '' or c.analysis is not null or c.metadata <> '{}')
  and exists (
      select from message m
      where m.bucket = %(bucket)s and m.scope_id = %(scope)s and m.conversation_row = c.id
        and m.recorded_at < %(before)s)

-- name: restart_compactions
-- Any of the scope: one that is being made may have read what has expired.
update compaction set round = round + 1
where bucket = %(bucket)s and scope_id = %(scope)s and status = 'in_progress'

-- name: delete_expired_messages
delete from message
where bucket = %(bucket)s and scope_id = %(scope)s and id = any (array(
    select id from message
    where bucket = %(bucket)s and scope_id = %(scope)s and recorded_at < %(before)s
    limit %(limit)s))
