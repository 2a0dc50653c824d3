-- name: recorded_message
select m.id, m.position, m.role, m.content, m.session_id, m.recorded_at, c.conversation, c.external_id, c.message_count
from message m
join conversation c on c.bucket = m.bucket and c.id = m.conversation_row
where m.bucket = %(bucket)s and m.scope_id = %(scope)s and m.id = %(message)s

-- name: recorded_event
select m.id, m.position, m.role, m.content, m.session_id, m.recorded_at, c.conversation, c.external_id, c.message_count
from message m
join conversation c on c.bucket = m.bucket and c.id = m.conversation_row
where m.bucket = %(bucket)s and m.scope_id = %(scope)s and m.event_key = %(event)s

-- name: open_conversation
insert into conversation as c (bucket, id, scope_id, conversation, external_id, message_count, started_at, last_message_at)
values (%(bucket)s, %(id)s, %(scope)s, %(conversation)s, %(external)s, %(count)s, %(now)s, %(now)s)
on conflict (bucket, scope_id, conversation) do update
    set message_count = c.message_count + excluded.message_count,
        last_message_at = greatest(c.last_message_at, excluded.last_message_at)
returning id, message_count, external_id

-- name: open_transcript
insert into conversation as c (bucket, id, scope_id, conversation, external_id, message_count, started_at, last_message_at,
    kind, ended_at, analysis, metadata)
values (%(bucket)s, %(id)s, %(scope)s, %(conversation)s, %(external)s, %(count)s, %(started)s, %(last)s, %(kind)s, %(ended)s,
    %(analysis)s::jsonb, %(about)s::jsonb)
on conflict (bucket, scope_id, conversation) do update
    set message_count = c.message_count + excluded.message_count,
        started_at = least(c.started_at, excluded.started_at),
        last_message_at = greatest(c.last_message_at, excluded.last_message_at),
        kind = excluded.kind, ended_at = excluded.ended_at, analysis = excluded.analysis, metadata = excluded.metadata
returning id

-- name: insert_messages
insert into message (bucket, id, scope_id, conversation_row, position, role, content, session_id, metadata, recorded_at,
    said_at, event_key)
select %(bucket)s, m.id, %(scope)s, %(row)s, m.position, m.role, m.content, m.session_id, m.metadata::jsonb, m.recorded_at,
    m.said_at, m.event_key
from unnest(%(ids)s::bigint[], %(positions)s::int[], %(roles)s::text[], %(contents)s::text[], %(sessions)s::text[],
    %(metadata)s::text[], %(times)s::timestamptz[], %(said)s::timestamptz[], %(events)s::bytea[])
    as m (id, position, role, content, session_id, metadata, recorded_at, said_at, event_key)

-- name: read_messages
select m.id, m.position, m.role, m.content, m.session_id, m.recorded_at, m.said_at, m.metadata ->> 'speaker' as speaker
from conversation c
join message m on m.bucket = c.bucket and m.conversation_row = c.id
where c.bucket = %(bucket)s and c.scope_id = %(scope)s and c.conversation = %(conversation)s
  and m.bucket = %(bucket)s and m.scope_id = %(scope)s and m.position >= %(start)s
order by m.position
limit %(limit)s

-- name: recent_messages
select m.id, m.position, m.role, m.content, m.session_id, m.recorded_at, m.said_at, m.metadata ->> 'speaker' as speaker
from conversation c
join message m on m.bucket = c.bucket and m.conversation_row = c.id
where c.bucket = %(bucket)s and c.scope_id = %(scope)s and c.conversation = %(conversation)s
  and m.bucket = %(bucket)s and m.scope_id = %(scope)s and m.position > c.message_count - %(limit)s
order by m.position

-- name: external_id
select external_id from conversation
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s

-- name: analysis_of_conversation
select analysis from conversation
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s
