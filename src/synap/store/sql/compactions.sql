-- name: conversation_standing
-- What a compaction of the conversation would read: how many messages there are, and whether any is kept.
select c.id, c.message_count, exists (
        select from message m
        where m.bucket = %(bucket)s and m.scope_id = %(scope)s and m.conversation_row = c.id
          and (%(kept_from)s::timestamptz is null or m.recorded_at >= %(kept_from)s)) as found
from conversation c
where c.bucket = %(bucket)s and c.scope_id = %(scope)s and c.conversation = %(conversation)s

-- name: compactions_of_conversation
select id, status, trigger, strategy, target_tokens, applied, version, round, covered, oldest_at, original_tokens,
    compacted_tokens, score, passed, initiated_at, completed_at, error_message, conversation
from compaction
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s
order by id desc
limit %(limit)s

-- name: insert_compaction
insert into compaction (bucket, id, instance_id, scope_id, conversation, status, trigger, strategy, target_tokens, covered,
    initiated_at)
values (%(bucket)s, %(id)s, %(instance)s, %(scope)s, %(conversation)s, 'in_progress', %(trigger)s, %(strategy)s,
    %(target)s, %(covered)s, %(now)s)
on conflict (bucket, scope_id, conversation) where status = 'in_progress' do nothing
returning id

-- name: compaction_of_job
select id, status, trigger, strategy, target_tokens, applied, version, round, covered, oldest_at, original_tokens,
    compacted_tokens, score, passed, initiated_at, completed_at, error_message, conversation
from compaction
where bucket = %(bucket)s and scope_id = %(scope)s and id = %(id)s

-- name: complete_compaction
update compaction c
set status = 'completed', applied = %(applied)s, covered = %(covered)s, oldest_at = %(oldest)s,
    original_tokens = %(original)s, compacted_tokens = %(compacted)s, score = %(score)s, passed = %(passed)s,
    completed_at = %(now)s, error_message = null, version = %(version)s
where c.bucket = %(bucket)s and c.scope_id = %(scope)s and c.id = %(id)s and c.status = 'in_progress'
  and c.round = %(round)s
returning c.id

-- name: next_version
select coalesce(max(version), 0) + 1 as version from compaction
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s

-- name: insert_summary
insert into summary (bucket, id, scope_id, conversation, detail, recorded_at)
values (%(bucket)s, %(id)s, %(scope)s, %(conversation)s, %(detail)s, %(now)s)

-- name: drop_old_summaries
delete from summary
where bucket = %(bucket)s and scope_id = %(scope)s and id in (
    select id from compaction
    where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s
      and version <= %(version)s - %(kept)s)

-- name: drop_old_compactions
delete from compaction
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s
  and (version <= %(version)s - %(kept)s or (status = 'failed' and id < %(id)s))

-- name: fail_compaction
update compaction set status = 'failed', completed_at = %(now)s, error_message = %(message)s
where bucket = %(bucket)s and id = %(job)s and status = 'in_progress'

-- name: fail_lost_compactions
-- Those whose job is gone or dead, so that nobody makes them any more: an older version of this program may have had it.
update compaction k set status = 'failed', completed_at = %(now)s, error_message = %(message)s
where k.bucket = %(bucket)s and k.scope_id = %(scope)s and k.conversation = %(conversation)s and k.status = 'in_progress'
  and not exists (select from job j where j.bucket = %(bucket)s and j.id = k.id and j.state <> 'dead')

-- name: reopen_compaction
update compaction k set status = 'in_progress', completed_at = null, error_message = null
where k.bucket = %(bucket)s and k.id = %(job)s and k.status = 'failed' and not exists (
    select from compaction r
    where r.bucket = %(bucket)s and r.scope_id = k.scope_id and r.conversation = k.conversation
      and r.status = 'in_progress')

-- name: read_compaction
select c.id, c.status, c.trigger, c.strategy, c.target_tokens, c.applied, c.version, c.round, c.covered, c.oldest_at,
    c.original_tokens, c.compacted_tokens, c.score, c.passed, c.initiated_at, c.completed_at, c.error_message,
    c.conversation, s.detail
from compaction c
join summary s on s.bucket = c.bucket and s.id = c.id
where c.bucket = %(bucket)s and c.scope_id = %(scope)s and c.conversation = %(conversation)s and c.status = 'completed'
  and s.bucket = %(bucket)s and s.scope_id = %(scope)s
  and (%(version)s::int is null or c.version = %(version)s)
  and (%(kept_from)s::timestamptz is null or c.oldest_at >= %(kept_from)s)
order by c.version desc
limit 1

-- name: uncovered
-- How much of a conversation no compaction has been made of, nor is being made, nor failed to be made.
select coalesce(sum(length(m.content)), 0) as characters
from conversation c
join message m on m.bucket = c.bucket and m.conversation_row = c.id
where c.bucket = %(bucket)s and c.scope_id = %(scope)s and c.conversation = %(conversation)s
  and m.bucket = %(bucket)s and m.scope_id = %(scope)s and m.position > coalesce((
    select max(k.covered) from compaction k
    where k.bucket = %(bucket)s and k.scope_id = %(scope)s and k.conversation = %(conversation)s), 0)

-- name: passages_known
select m.type, m.status, m.detail
from memory{t} m
join document{t} d on {at:d} d.id = m.document_row
where {at:m} m.scope_id = %(scope)s and d.scope_id = %(scope)s and d.conversation = %(conversation)s and m.status < 3
order by m.id desc
limit %(limit)s

-- name: recent_conversations
select c.conversation, c.external_id, c.kind, c.message_count, c.started_at, c.ended_at, c.last_message_at, c.analysis
from conversation c
where c.bucket = %(bucket)s and c.scope_id = %(scope)s
  and exists (
    select from message m
    where m.bucket = %(bucket)s and m.scope_id = %(scope)s and m.conversation_row = c.id
      and (%(kept_from)s::timestamptz is null or m.recorded_at >= %(kept_from)s))
order by c.last_message_at desc, c.id desc
limit %(limit)s

-- name: drop_summaries_of_documents
delete from summary s
where s.bucket = %(bucket)s and s.scope_id = %(scope)s and s.conversation in (
    select d.conversation from document{t} d
    where {at:d} d.scope_id = %(scope)s and d.id = any (%(documents)s::bigint[]))

-- name: drop_compactions_of_documents
delete from compaction k
where k.bucket = %(bucket)s and k.scope_id = %(scope)s and k.status <> 'in_progress' and k.conversation in (
    select d.conversation from document{t} d
    where {at:d} d.scope_id = %(scope)s and d.id = any (%(documents)s::bigint[]))

-- name: restart_compactions_of_documents
update compaction k set round = k.round + 1
where k.bucket = %(bucket)s and k.scope_id = %(scope)s and k.status = 'in_progress' and k.conversation in (
    select d.conversation from document{t} d
    where {at:d} d.scope_id = %(scope)s and d.id = any (%(documents)s::bigint[]))

-- name: delete_expired_summaries
delete from summary
where bucket = %(bucket)s and scope_id = %(scope)s and id = any (array(
    select s.id from summary s
    join compaction k on k.bucket = %(bucket)s and k.scope_id = %(scope)s and k.id = s.id
    where s.bucket = %(bucket)s and s.scope_id = %(scope)s and k.oldest_at < %(before)s
    limit %(limit)s))

-- name: delete_expired_compactions
delete from compaction
where bucket = %(bucket)s and scope_id = %(scope)s and id = any (array(
    select id from compaction
    where bucket = %(bucket)s and scope_id = %(scope)s
      and (oldest_at < %(before)s or (status = 'failed' and initiated_at < %(before)s))
    limit %(limit)s))
