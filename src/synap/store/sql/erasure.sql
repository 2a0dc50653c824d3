-- A scope is emptied table by table, `limit` rows at a time (null for all), or some more where rows belong together; `count_`
-- says what is left in scopes of one bucket. A table more is a line in `synap.store.erasure` and its two statements here.
-- The rows are chosen once, into an array: of a scope that the statistics do not know the planner expects one row, and would
-- join it row by row with a subquery, choosing anew for each.

-- name: erase_scope_effects
delete from effect{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or memory_id = any (array(
    select memory_id from effect{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_effects
select count(*) as count from effect{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_retractions
delete from retraction{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or ingestion_id = any (array(
    select ingestion_id from retraction{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_retractions
select count(*) as count from retraction{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_mentions
delete from mention{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or memory_id = any (array(
    select memory_id from mention{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_mentions
select count(*) as count from mention{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_decisions
delete from decision{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from decision{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_decisions
select count(*) as count from decision{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_relations
delete from relation{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or memory_id = any (array(
    select memory_id from relation{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_relations
select count(*) as count from relation{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_aliases
delete from alias{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or entity_id = any (array(
    select entity_id from alias{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_aliases
select count(*) as count from alias{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_entities
delete from entity{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from entity{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_entities
select count(*) as count from entity{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_memories
delete from memory{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from memory{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_memories
select count(*) as count from memory{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_segments
delete from segment{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from segment{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_segments
select count(*) as count from segment{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_documents
delete from document{t}
where {at} scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from document{t} where {at} scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_documents
select count(*) as count from document{t} where {at} scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_messages
delete from message
where bucket = %(bucket)s and scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from message where bucket = %(bucket)s and scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_messages
select count(*) as count from message where bucket = %(bucket)s and scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_conversations
delete from conversation
where bucket = %(bucket)s and scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from conversation where bucket = %(bucket)s and scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_conversations
select count(*) as count from conversation where bucket = %(bucket)s and scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_summaries
delete from summary
where bucket = %(bucket)s and scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from summary where bucket = %(bucket)s and scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_summaries
select count(*) as count from summary where bucket = %(bucket)s and scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_compactions
delete from compaction
where bucket = %(bucket)s and scope_id = %(scope)s and (%(limit)s::int is null or id = any (array(
    select id from compaction where bucket = %(bucket)s and scope_id = %(scope)s limit %(limit)s)))

-- name: count_scope_compactions
select count(*) as count from compaction where bucket = %(bucket)s and scope_id = any (%(scopes)s::bigint[])

-- name: erase_scope_jobs
delete from job
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s and (%(limit)s::int is null or id = any (array(
    select id from job where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s limit %(limit)s)))

-- name: count_scope_jobs
select count(*) as count from job where bucket = %(bucket)s and scope_id = any (%(scopes)s::bigint[]) and shared = %(shared)s

-- name: erase_scope_ingestions
delete from ingestion
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s and (%(limit)s::int is null or id = any (array(
    select id from ingestion where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s limit %(limit)s)))

-- name: count_scope_ingestions
select count(*) as count from ingestion where bucket = %(bucket)s and scope_id = any (%(scopes)s::bigint[]) and shared = %(shared)s

-- name: erase_scope_locators
delete from locator
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s and (%(limit)s::int is null or id = any (array(
    select id from locator where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s limit %(limit)s)))

-- name: count_scope_locators
select count(*) as count from locator where bucket = %(bucket)s and scope_id = any (%(scopes)s::bigint[]) and shared = %(shared)s

-- name: erase_scope_directory
delete from directory where instance_id = %(instance)s and scope_id = %(scope)s

-- name: count_scope_directory
select count(*) as count from directory where instance_id = %(instance)s and scope_id = any (%(scopes)s::bigint[])

-- name: documents_of_conversation
select id, document_key, ingestion_id, metadata::text as metadata from document{t}
where {at} scope_id = %(scope)s and conversation = %(conversation)s
order by id
limit %(limit)s

-- name: memories_of_documents
-- Whatever rests on one of the documents, also where a later one has said it again.
select m.id, m.detail, m.document_row, m.sources, m.metadata::text as metadata
from memory{t} m
where {at:m} m.scope_id = %(scope)s and m.status < 3
  and (m.document_row = any (%(documents)s::bigint[]) or m.sources && array(
    select s.id from segment{t} s where {at:s} s.scope_id = %(scope)s and s.document_row = any (%(documents)s::bigint[])))

-- name: segments_of_documents
select id from segment{t} where {at} scope_id = %(scope)s and document_row = any (%(documents)s::bigint[])

-- name: detach_memories
update memory{t} m
set detail = u.detail, sources = u.sources::bigint[], metadata = u.metadata::jsonb,
    document_row = case when m.document_row = any (%(documents)s::bigint[]) then null else m.document_row end,
    segment_row = case when m.document_row = any (%(documents)s::bigint[]) then null else m.segment_row end
from unnest(%(ids)s::bigint[], %(details)s::bytea[], %(sources)s::text[], %(metadata)s::text[])
    as u (id, detail, sources, metadata)
where {at:m} m.scope_id = %(scope)s and m.id = u.id

-- name: delete_effects_of_ingestions
delete from effect{t} where {at} scope_id = %(scope)s and ingestion_id = any (%(ingestions)s::bigint[])

-- name: repetitions_of_memories
select memory_id, ingestion_id, detail, said from effect{t}
where {at} scope_id = %(scope)s and kind = 'repeated' and memory_id = any (%(ids)s::bigint[]) and detail is not null

-- name: requote_effects
update effect{t} e set detail = u.detail, said = u.said
from unnest(%(memory_id)s::bigint[], %(ingestion_id)s::bigint[], %(detail)s::bytea[], %(said)s::bytea[])
    as u (memory_id, ingestion_id, detail, said)
where {at:e} e.scope_id = %(scope)s and e.kind = 'repeated' and e.memory_id = u.memory_id and e.ingestion_id = u.ingestion_id

-- name: detach_effects
update effect{t} e
set detail = u.detail,
    document_row = case when e.document_row = any (%(documents)s::bigint[]) then null else e.document_row end,
    segment_row = case when e.document_row = any (%(documents)s::bigint[]) then null else e.segment_row end
from unnest(%(ids)s::bigint[], %(by)s::bigint[], %(details)s::bytea[]) as u (memory_id, ingestion_id, detail)
where {at:e} e.scope_id = %(scope)s and e.kind = 'repeated' and e.memory_id = u.memory_id and e.ingestion_id = u.ingestion_id

-- name: erase_jobs_of_ingestions
delete from job
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s and ingestion_id = any (%(ingestions)s::bigint[])

-- name: end_ingestions
update ingestion
set document_row = null, document_key = '', status = case when status in ('queued', 'processing') then 'failed' else status end,
    completed_at = coalesce(completed_at, %(now)s),
    message = case when status in ('queued', 'processing') then 'the conversation was deleted' else message end
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s and id = any (%(ingestions)s::bigint[])

-- name: erase_segments_of_documents
delete from segment{t} where {at} scope_id = %(scope)s and document_row = any (%(documents)s::bigint[])

-- name: erase_documents
delete from document{t} where {at} scope_id = %(scope)s and id = any (%(documents)s::bigint[])

-- name: erase_conversation_jobs
-- Of its compactions, which have their jobs' ids; those of its documents go with the documents.
delete from job
where bucket = %(bucket)s and scope_id = %(scope)s and id in (
    select id from compaction
    where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s)

-- name: count_conversation_jobs
select count(*) as count from job
where bucket = %(bucket)s and scope_id = %(scope)s and id in (
    select id from compaction
    where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s)

-- name: erase_conversation_compactions
delete from compaction where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s

-- name: count_conversation_compactions
select count(*) as count from compaction
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s

-- name: erase_conversation_summaries
delete from summary where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s

-- name: count_conversation_summaries
select count(*) as count from summary
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s

-- name: erase_conversation_messages
delete from message
where bucket = %(bucket)s and scope_id = %(scope)s and conversation_row in (
    select id from conversation
    where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s)

-- name: count_conversation_messages
select count(*) as count from message
where bucket = %(bucket)s and scope_id = %(scope)s and conversation_row in (
    select id from conversation
    where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s)

-- name: erase_conversation_conversations
delete from conversation where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s

-- name: count_conversation_conversations
select count(*) as count from conversation
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s

-- name: erase_conversation_directory
delete from directory
where bucket = %(place)s and instance_id = %(instance)s and conversation = %(conversation)s and scope_id = %(scope)s

-- name: count_conversation_directory
select count(*) as count from directory
where bucket = %(place)s and instance_id = %(instance)s and conversation = %(conversation)s and scope_id = %(scope)s

-- name: count_conversation_documents
select count(*) as count from document{t}
where {at} scope_id = %(scope)s and conversation = %(conversation)s

-- name: count_conversation_segments
select count(*) as count from segment{t} s
where {at:s} s.scope_id = %(scope)s and s.document_row in (
    select d.id from document{t} d where {at:d} d.scope_id = %(scope)s and d.conversation = %(conversation)s)

-- name: lock_instance
select id from instance where id = %(instance)s for update

-- name: close_instance
update instance set status = 'deleting' where id = %(instance)s

-- name: hand_on_jobs
update job set instance_id = %(heir)s
where bucket = %(bucket)s and scope_id = %(scope)s and shared and instance_id = %(instance)s

-- name: hand_on_compactions
update compaction set instance_id = %(heir)s
where bucket = %(bucket)s and scope_id = %(scope)s and instance_id = %(instance)s

-- name: hand_on_ingestions
update ingestion set instance_id = %(heir)s
where bucket = %(bucket)s and scope_id = %(scope)s and shared and instance_id = %(instance)s

-- name: hand_on_scope
update scope_shared set instance_id = %(heir)s where id = %(scope)s and instance_id = %(instance)s

-- name: erase_jobs_of_instance
delete from job where bucket = %(bucket)s and scope_id = %(scope)s and shared and instance_id = %(instance)s

-- name: end_ingestions_of_instance
update ingestion set status = 'failed', completed_at = %(now)s, message = 'the instance was deleted'
where bucket = %(bucket)s and scope_id = %(scope)s and shared and instance_id = %(instance)s
  and status in ('queued', 'processing')

-- name: lock_client
select id from client where id = %(client)s for update

-- name: close_client
update client set status = 'deleting' where id = %(client)s

-- name: lock_instances
select id from instance where client_id = %(client)s for update

-- name: close_instances
update instance set status = 'deleting' where client_id = %(client)s

-- name: clients_being_deleted
select id from client where status = 'deleting' order by id

-- name: instances_being_deleted
select id from instance where status = 'deleting' order by id

-- name: erase_shared_scopes
delete from scope_shared where space = %(space)s

-- name: erase_instance_rows_of_directory
delete from directory where instance_id = %(instance)s

-- name: erase_instance_rows_of_batch
delete from batch where instance_id = %(instance)s

-- name: erase_instance_rows_of_job
delete from job where instance_id = %(instance)s

-- name: erase_instance_rows_of_deletion
delete from deletion where instance_id = %(instance)s

-- name: erase_instance_rows_of_scope
delete from scope where instance_id = %(instance)s

-- name: erase_instance_rows_of_configuration
delete from configuration where instance_id = %(instance)s

-- name: erase_instance_rows_of_api_key
delete from api_key where instance_id = %(instance)s

-- name: erase_instance
delete from instance where id = %(instance)s

-- name: erase_client_keys
delete from api_key where client_id = %(client)s

-- name: erase_client
delete from client where id = %(client)s
