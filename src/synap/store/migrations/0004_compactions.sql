-- Compactions of conversations: numbers and states for the workers in `compaction`, the texts behind the scope's wall in
-- `summary`, under one id, which is also that of the job. And what a transcript that was handed in whole tells about its
-- conversation.

create table compaction (
    bucket int not null,
    id bigint not null,
    instance_id text not null,
    scope_id bigint not null,
    conversation text not null,
    status text not null check (status in ('in_progress', 'completed', 'failed')),
    trigger text not null,
    strategy text not null,
    target_tokens int,
    applied text not null default '',
    version int,
    -- Raised where something that it may have read was erased meanwhile: what was read before is not written then.
    round int not null default 1,
    covered int not null default 0,
    oldest_at timestamptz,
    original_tokens int not null default 0,
    compacted_tokens int not null default 0,
    score real not null default 0,
    passed boolean not null default false,
    initiated_at timestamptz not null,
    completed_at timestamptz,
    error_message text,
    primary key (bucket, id)
) /* partition:bucket */;

create table summary (
    bucket int not null,
    id bigint not null,
    scope_id bigint not null,
    conversation text not null,
    detail bytea not null,
    recorded_at timestamptz not null,
    primary key (bucket, id)
) /* partition:bucket */;

select synap_place('compaction', 'bucket', 'memory');
select synap_place('summary', 'bucket', 'memory');

create index compaction_conversation on compaction (bucket, scope_id, conversation, id);
-- Never two at a time for one conversation, whoever starts them.
create unique index compaction_running on compaction (bucket, scope_id, conversation) where status = 'in_progress';
create index summary_conversation on summary (bucket, scope_id, conversation);

alter table conversation add column kind text not null default '';
alter table conversation add column ended_at timestamptz;
alter table conversation add column analysis jsonb;
alter table conversation add column metadata jsonb not null default '{}';
alter table message add column said_at timestamptz;

create index conversation_recent on conversation (bucket, scope_id, last_message_at desc);

select synap_protect_control('compaction');
select synap_protect_content('summary', false);
