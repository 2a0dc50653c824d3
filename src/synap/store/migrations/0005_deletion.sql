-- Deletions of what is kept of a user, a customer or a conversation: who asked for them and when, ids and counts, no content.
-- The row outlives the deletion, as its record. While it runs, `holder` works on it until `lease_until`; whoever comes
-- later goes on where `position`, the id of the last scope that was emptied, says.

create table deletion (
    bucket int not null,
    id bigint not null,
    instance_id text not null,
    scope_id bigint not null,
    kind text not null check (kind in ('user', 'customer', 'conversation')),
    rung text not null,
    customer_id text,
    user_id text,
    conversation text not null default '',
    state text not null check (state in ('running', 'complete', 'partial')),
    position bigint not null default -1,
    removed jsonb not null default '{}',
    remaining jsonb not null default '{}',
    actor text not null,
    correlation_id text not null default '',
    begun_at timestamptz not null,
    ended_at timestamptz,
    holder text not null,
    lease_until timestamptz not null,
    primary key (bucket, id)
) /* partition:bucket */;

select synap_place('deletion', 'bucket', 'memory');

-- One at a time of each.
create unique index deletion_running on deletion (bucket, scope_id, conversation) where state = 'running';
create index deletion_unfinished on deletion (lease_until) where state = 'running';

select synap_protect_control('deletion');

-- The deletion that holds a scope closed: nothing is written to it meanwhile.
alter table scope add column closed_by bigint;
