-- The foundation: roles, the enter function, placement, accounts, control tables, content tables.
--
-- Rules that every migration keeps (docs/explanation/storage.md tells why; tests/architecture checks them):
--   * every tenant table has `bucket int not null` first, and first in every key;
--   * ids are made by the application; no identity, no triggers, no volatile functions in UPDATE;
--   * a table whose definition ends in `/* partition:bucket */` is hash-partitioned in the tests' partitioned mode;
--   * every table is placed (`synap_place`) in the file that creates it; storage settings come before the placement;
--   * content tables carry the scope policy, control and account tables a policy by role.
--
-- `terms` holds the distinct lexical terms of a row as a sparse vector with ones (index = term hash mod 10^9, plus 1): one
-- inner product with a query that has powers of two for values tells which of its terms a row holds. Measured on
-- 11,500 rows and 20 query terms: 0.9 ms, where `term = any(bigint[])` took 34 ms.

-- ---------------------------------------------------------------- roles

do $$
begin
    if not exists (select from pg_roles where rolname = 'synap_app') then
        create role synap_app login nosuperuser nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'synap_worker') then
        create role synap_worker login nosuperuser nobypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'synap_operator') then
        create role synap_operator nologin nosuperuser nobypassrls;
    end if;
end
$$;

-- The app may become the operator for one transaction (writing WORLD), never by inheritance.
grant synap_operator to synap_app with inherit false, set true;

-- Settings of the roles, not of their sessions: a connection pooler in transaction mode keeps no session. Every plan is
-- made for its parameters (the bucket decides the node or partition), small and without start-up cost.
do $$
declare
    login text;
begin
    foreach login in array array['synap_app', 'synap_worker'] loop
        execute format('alter role %I set plan_cache_mode = force_custom_plan', login);
        execute format('alter role %I set jit = off', login);
        execute format('alter role %I set max_parallel_workers_per_gather = 0', login);
        execute format('alter role %I set random_page_cost = 1.1', login);
        execute format('alter role %I set synchronous_commit = on', login);
        execute format('alter role %I set lock_timeout = %L', login, '10s');
        execute format('alter role %I set idle_in_transaction_session_timeout = %L', login, '60s');
    end loop;
    alter role synap_app set statement_timeout = '30s';
    alter role synap_worker set statement_timeout = '300s';
exception
    when insufficient_privilege then
        raise warning 'the roles synap_app and synap_worker were made by somebody else, who must set their defaults';
end
$$;

-- ---------------------------------------------------------------- functions

-- Enters scopes for the rest of the transaction. First call of every transaction that touches content.
-- SET LOCAL (not set_config) because only that is carried to the nodes of a Citus cluster.
create function synap_enter(scopes bigint[]) returns void
    language plpgsql
    set search_path = pg_catalog
as $$
begin
    perform set_config('citus.propagate_set_commands', 'local', true);
    execute format('set local app.scopes = %L', scopes::text);
end
$$;

-- Tells Citus where a table belongs; does nothing on plain PostgreSQL. Safe to repeat.
create function synap_place(target regclass, kind text, peer regclass default null) returns text
    language plpgsql
as $$
declare
    placed text;
begin
    if not exists (select from pg_extension where extname = 'citus') then
        return 'plain';
    end if;
    execute 'select partmethod::text from pg_dist_partition where logicalrelid = $1' into placed using target;
    if placed is not null then
        return 'already';
    end if;
    if kind = 'reference' then
        execute 'select create_reference_table($1)' using target;
    elsif kind = 'local' then
        execute 'select citus_add_local_table_to_metadata($1)' using target;
    elsif peer is null then
        execute 'select create_distributed_table($1, ''bucket'', shard_count := 32)' using target;
    else
        execute 'select create_distributed_table($1, ''bucket'', colocate_with := $2)' using target, peer::text;
    end if;
    return kind;
end
$$;

-- Keeps the visibility map of a searched table fresh, so that its searches read the index alone. On a partitioned table
-- the setting belongs to the partitions.
create function synap_tune(target regclass) returns void
    language plpgsql
as $$
declare
    part regclass;
begin
    if (select relkind = 'r' from pg_class where oid = target) then
        execute format('alter table %s set (autovacuum_vacuum_insert_scale_factor = 0.02)', target);
        return;
    end if;
    for part in select relid from pg_partition_tree(target) where isleaf loop
        execute format('alter table %s set (autovacuum_vacuum_insert_scale_factor = 0.02)', part);
    end loop;
end
$$;

-- Protects a content table: only rows of the entered scopes are seen or written, and it fails when none is entered.
create function synap_protect_content(target regclass, shared boolean) returns void
    language plpgsql
as $$
declare
    rule constant text := 'scope_id = any (current_setting(''app.scopes'')::bigint[])';
    -- WORLD is written by the operator alone; its scope id is frozen (synap.domain.scopes.world_scope).
    write_rule constant text := rule || case when shared then ' and scope_id <> 757752637244791905' else '' end;
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy scope_wall on %s for all to synap_app, synap_worker using (%s) with check (%s)',
                   target, rule, write_rule);
    if shared then
        -- The check above holds new rows; these keep the app from deleting WORLD rows that it may read, and from
        -- changing them, which includes giving them to another scope.
        execute format('create policy world_delete_wall on %s as restrictive for delete to synap_app, synap_worker'
                       ' using (%s)', target, write_rule);
        execute format('create policy world_update_wall on %s as restrictive for update to synap_app, synap_worker'
                       ' using (%s)', target, write_rule);
        execute format('create policy operator_wall on %s for all to synap_operator using (%s) with check (%s)',
                       target, rule, rule);
        execute format('grant select, insert, update, delete on %s to synap_operator', target);
    end if;
    execute format('grant select, insert, update, delete on %s to synap_app, synap_worker', target);
end
$$;

-- Protects a table of ids and numbers: no content, so a policy by role.
create function synap_protect_control(target regclass) returns void
    language plpgsql
as $$
begin
    execute format('alter table %s enable row level security', target);
    execute format('alter table %s force row level security', target);
    execute format('create policy role_wall on %s for all to synap_app, synap_worker, synap_operator using (true) with check (true)',
                   target);
    execute format('grant select, insert, update, delete on %s to synap_app, synap_worker, synap_operator', target);
end
$$;

-- ---------------------------------------------------------------- accounts (reference tables)

create table client (
    id text primary key,
    name text not null,
    status text not null default 'active' check (status in ('active', 'inactive', 'soft_deleted', 'deleting')),
    created_at timestamptz not null
);

create table instance (
    id text primary key,
    client_id text not null references client (id),
    name text not null,
    agent_type text not null,
    tenancy text not null check (tenancy in ('open', 'b2b', 'b2c')),
    status text not null default 'active' check (status in ('active', 'suspended', 'archived', 'deleting')),
    description text not null default '',
    metadata jsonb not null default '{}',
    created_at timestamptz not null,
    last_active_at timestamptz
);

create table api_key (
    id text primary key,
    kind text not null check (kind in ('application', 'management')),
    client_id text,
    instance_id text references instance (id),
    label text not null default '',
    prefix text not null,
    hash bytea not null unique,
    created_at timestamptz not null,
    revoked_at timestamptz,
    last_used_at timestamptz
);

create table configuration (
    instance_id text not null references instance (id),
    revision int not null,
    source text not null,
    applied_at timestamptz not null,
    actor text not null default '',
    primary key (instance_id, revision)
);

-- One row at most, locked while a store gets its first client, instance and keys, so that one process makes them.
create table founding (
    id int primary key check (id = 1),
    founded_at timestamptz not null
);

-- Which vector space fills which vector column (`emb`, `emb_alt`), and which of the two reads use.
create table embedding (
    slot text primary key check (slot in ('emb', 'emb_alt')),
    embedder text not null,
    dim int not null,
    state text not null check (state in ('live', 'filling')),
    changed_at timestamptz not null
);

-- Owners and versions of the shared scopes (CLIENT, WORLD).
create table scope_shared (
    id bigint primary key,
    digest bytea not null,
    instance_id text not null,
    space text not null,
    rung text not null,
    version bigint not null default 1,
    created_at timestamptz not null
);

select synap_place('client', 'reference');
select synap_place('instance', 'reference');
select synap_place('api_key', 'reference');
select synap_place('configuration', 'reference');
select synap_place('founding', 'reference');
select synap_place('embedding', 'reference');
select synap_place('scope_shared', 'reference');

-- An instance that is being deleted gives its name free.
create unique index instance_name on instance (client_id, name) where status <> 'deleting';

-- ---------------------------------------------------------------- content of CLIENT and WORLD (reference tables)

create table document_shared (
    bucket int not null,
    id bigint primary key,
    scope_id bigint not null,
    document_key text not null,
    document_type text not null,
    mode text not null,
    text text not null,
    blocks bytea not null,
    content_hash bytea not null,
    metadata jsonb not null default '{}',
    created_at timestamptz not null,
    recorded_at timestamptz not null,
    conversation text,
    ingestion_id bigint not null,
    previous bigint,
    current boolean not null default true
);

create table segment_shared (
    bucket int not null,
    id bigint primary key,
    scope_id bigint not null,
    document_row bigint not null,
    ordinal int not null,
    status smallint not null default 0,
    text text not null,
    quote text,
    start_at int not null,
    end_at int not null,
    turn_id text,
    speaker text,
    role text not null,
    said_at timestamptz,
    recorded_at timestamptz not null,
    withheld_at timestamptz,
    tokens int not null,
    len int not null,
    terms sparsevec not null,
    emb halfvec,
    emb_alt halfvec
);
alter table segment_shared alter column emb set storage plain;
alter table segment_shared alter column emb_alt set storage plain;
alter table segment_shared alter column terms set storage plain;

create table memory_shared (
    bucket int not null,
    id bigint primary key,
    scope_id bigint not null,
    document_row bigint,
    segment_row bigint,
    type smallint not null,
    status smallint not null default 0,
    content text not null,
    detail bytea not null,
    content_hash bytea not null,
    slots bigint[] not null default '{}',
    sources bigint[] not null default '{}',
    confidence real not null,
    score real not null,
    event_at timestamptz,
    event_end timestamptz,
    valid_from timestamptz,
    valid_until timestamptz,
    said_at timestamptz,
    recorded_at timestamptz not null,
    superseded_at timestamptz,
    superseded_by bigint,
    reason text not null default '',
    seen_at timestamptz,
    seen_count int not null default 1,
    extractor text not null,
    metadata jsonb,
    tokens int not null,
    len int not null,
    terms sparsevec not null,
    emb halfvec,
    emb_alt halfvec
);
alter table memory_shared alter column emb set storage plain;
alter table memory_shared alter column emb_alt set storage plain;
alter table memory_shared alter column terms set storage plain;

create table entity_shared (
    bucket int not null,
    id bigint primary key,
    scope_id bigint not null,
    kind text not null default 'other',
    name text not null,
    normal text not null,
    aliases text[] not null default '{}',
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    unique (scope_id, normal)
);

create table mention_shared (
    bucket int not null,
    entity_id bigint not null,
    memory_id bigint not null,
    scope_id bigint not null,
    primary key (entity_id, memory_id)
);

select synap_place('document_shared', 'reference');
select synap_place('segment_shared', 'reference');
select synap_place('memory_shared', 'reference');
select synap_place('entity_shared', 'reference');
select synap_place('mention_shared', 'reference');

create unique index document_shared_key on document_shared (scope_id, document_key) where current;
create index document_shared_hash on document_shared (scope_id, content_hash) where current;
create index segment_shared_document on segment_shared (document_row, ordinal);
create index segment_shared_search on segment_shared (scope_id)
    include (id, document_row, ordinal, len, terms, emb) where status = 0;
-- Only the covering index may look cheap for a read of a whole scope: the planner expects one row where policy and predicate
-- name the same scope twice, and would take any narrower index that begins with it. So `_hash` begins otherwise, and
-- `_recent` is used only by statements that ask for `seen_count > 0`, which every row fulfils.
create index memory_shared_search on memory_shared (scope_id)
    include (id, type, len, terms, emb, valid_from, valid_until, event_at, slots) where status = 0;
create index memory_shared_document on memory_shared (document_row);
create index memory_shared_recent on memory_shared (scope_id, recorded_at desc) where seen_count > 0;
create index memory_shared_hash on memory_shared (content_hash, scope_id);
create index mention_shared_memory on mention_shared (memory_id);

-- ---------------------------------------------------------------- content of USER and CUSTOMER (by bucket)

create table document (
    bucket int not null,
    id bigint not null,
    scope_id bigint not null,
    document_key text not null,
    document_type text not null,
    mode text not null,
    text text not null,
    blocks bytea not null,
    content_hash bytea not null,
    metadata jsonb not null default '{}',
    created_at timestamptz not null,
    recorded_at timestamptz not null,
    conversation text,
    ingestion_id bigint not null,
    previous bigint,
    current boolean not null default true,
    primary key (bucket, id)
) /* partition:bucket */;

create table segment (
    bucket int not null,
    id bigint not null,
    scope_id bigint not null,
    document_row bigint not null,
    ordinal int not null,
    status smallint not null default 0,
    text text not null,
    quote text,
    start_at int not null,
    end_at int not null,
    turn_id text,
    speaker text,
    role text not null,
    said_at timestamptz,
    recorded_at timestamptz not null,
    withheld_at timestamptz,
    tokens int not null,
    len int not null,
    terms sparsevec not null,
    emb halfvec,
    emb_alt halfvec,
    primary key (bucket, id)
) /* partition:bucket */;
alter table segment alter column emb set storage plain;
alter table segment alter column emb_alt set storage plain;
alter table segment alter column terms set storage plain;

create table memory (
    bucket int not null,
    id bigint not null,
    scope_id bigint not null,
    document_row bigint,
    segment_row bigint,
    type smallint not null,
    status smallint not null default 0,
    content text not null,
    detail bytea not null,
    content_hash bytea not null,
    slots bigint[] not null default '{}',
    sources bigint[] not null default '{}',
    confidence real not null,
    score real not null,
    event_at timestamptz,
    event_end timestamptz,
    valid_from timestamptz,
    valid_until timestamptz,
    said_at timestamptz,
    recorded_at timestamptz not null,
    superseded_at timestamptz,
    superseded_by bigint,
    reason text not null default '',
    seen_at timestamptz,
    seen_count int not null default 1,
    extractor text not null,
    metadata jsonb,
    tokens int not null,
    len int not null,
    terms sparsevec not null,
    emb halfvec,
    emb_alt halfvec,
    primary key (bucket, id)
) /* partition:bucket */;
alter table memory alter column emb set storage plain;
alter table memory alter column emb_alt set storage plain;
alter table memory alter column terms set storage plain;

create table entity (
    bucket int not null,
    id bigint not null,
    scope_id bigint not null,
    kind text not null default 'other',
    name text not null,
    normal text not null,
    aliases text[] not null default '{}',
    first_seen timestamptz not null,
    last_seen timestamptz not null,
    primary key (bucket, id),
    unique (bucket, scope_id, normal)
) /* partition:bucket */;

create table mention (
    bucket int not null,
    entity_id bigint not null,
    memory_id bigint not null,
    scope_id bigint not null,
    primary key (bucket, entity_id, memory_id)
) /* partition:bucket */;

create table conversation (
    bucket int not null,
    id bigint not null,
    scope_id bigint not null,
    conversation text not null,
    external_id text not null,
    message_count int not null default 0,
    started_at timestamptz not null,
    last_message_at timestamptz not null,
    primary key (bucket, id),
    unique (bucket, scope_id, conversation)
) /* partition:bucket */;

create table message (
    bucket int not null,
    id bigint not null,
    scope_id bigint not null,
    conversation_row bigint not null,
    position int not null,
    role text not null,
    content text not null,
    session_id text not null default '',
    metadata jsonb not null default '{}',
    recorded_at timestamptz not null,
    primary key (bucket, id),
    unique (bucket, conversation_row, position)
) /* partition:bucket */;

select synap_place('memory', 'bucket');
select synap_place('document', 'bucket', 'memory');
select synap_place('segment', 'bucket', 'memory');
select synap_place('entity', 'bucket', 'memory');
select synap_place('mention', 'bucket', 'memory');
select synap_place('conversation', 'bucket', 'memory');
select synap_place('message', 'bucket', 'memory');

create unique index document_key on document (bucket, scope_id, document_key) where current;
create index document_hash on document (bucket, scope_id, content_hash) where current;
create index document_conversation on document (bucket, scope_id, conversation) where conversation is not null;
create index segment_document on segment (bucket, document_row, ordinal);
create index segment_search on segment (bucket, scope_id)
    include (id, document_row, ordinal, len, terms, emb) where status = 0;
create index memory_search on memory (bucket, scope_id)
    include (id, type, len, terms, emb, valid_from, valid_until, event_at, slots) where status = 0;
create index memory_document on memory (bucket, document_row);
create index memory_recent on memory (bucket, scope_id, recorded_at desc) where seen_count > 0;
create index memory_hash on memory (bucket, content_hash, scope_id);
create index mention_memory on mention (bucket, memory_id);

-- ---------------------------------------------------------------- control: ids and numbers (by bucket)

-- Who has a scope, with the whole digest beside the 63-bit id, and the version that every write raises.
create table scope (
    bucket int not null,
    id bigint not null,
    digest bytea not null,
    instance_id text not null,
    space text not null,
    rung text not null,
    customer_id text,
    user_id text,
    version bigint not null default 1,
    created_at timestamptz not null,
    primary key (bucket, id)
) /* partition:bucket */;

-- Whose a memory is, for calls by id.
create table locator (
    bucket int not null,
    id bigint not null,
    instance_id text not null,
    scope_id bigint not null,
    shared boolean not null default false,
    primary key (bucket, id)
) /* partition:bucket */;

create table ingestion (
    bucket int not null,
    id bigint not null,
    instance_id text not null,
    scope_id bigint not null,
    shared boolean not null default false,
    rung text not null,
    document_row bigint,
    document_key text not null,
    document_type text not null,
    mode text not null,
    batch_id bigint,
    status text not null check (status in ('queued', 'processing', 'completed', 'failed', 'partial_success')),
    queued_at timestamptz not null,
    started_at timestamptz,
    completed_at timestamptz,
    memories_created int not null default 0,
    memory_ids bigint[] not null default '{}',
    message text,
    primary key (bucket, id)
) /* partition:bucket */;

-- A batch lives in the bucket of its instance; its rows may lie in any.
create table batch (
    bucket int not null,
    id bigint not null,
    instance_id text not null,
    total int not null,
    rows jsonb not null,
    created_at timestamptz not null,
    primary key (bucket, id)
) /* partition:bucket */;

-- Which scopes a conversation id belongs to; the bucket is that of (instance, conversation).
create table directory (
    bucket int not null,
    instance_id text not null,
    conversation text not null,
    scope_id bigint not null,
    rung text not null,
    customer_id text,
    user_id text,
    primary key (bucket, instance_id, conversation, scope_id)
) /* partition:bucket */;

create table job (
    bucket int not null,
    id bigint not null,
    lane bigint not null,
    instance_id text not null,
    scope_id bigint not null,
    shared boolean not null default false,
    kind text not null,
    ingestion_id bigint,
    priority smallint not null default 0,
    state text not null default 'ready' check (state in ('ready', 'running', 'dead')),
    run_at timestamptz not null,
    lease_until timestamptz,
    lease_owner text,
    tries int not null default 0,
    error_code text,
    error_message text,
    created_at timestamptz not null,
    primary key (bucket, id)
) /* partition:bucket */;

-- The virtual times of the tenants that wait in a bucket; lane -1 is the bucket's clock, the time of the one served last.
create table lane (
    bucket int not null,
    lane bigint not null,
    vt bigint not null,
    primary key (bucket, lane)
) /* partition:bucket */;

create table audit (
    bucket int not null,
    id bigint not null,
    at timestamptz not null,
    action text not null,
    actor text not null,
    instance_id text,
    rung text,
    customer_id text,
    user_id text,
    target_ids text[] not null default '{}',
    count int not null default 0,
    correlation_id text not null default '',
    outcome text not null default 'ok',
    primary key (bucket, id)
) /* partition:bucket */;

select synap_place('scope', 'bucket', 'memory');
select synap_place('locator', 'bucket', 'memory');
select synap_place('ingestion', 'bucket', 'memory');
select synap_place('batch', 'bucket', 'memory');
select synap_place('directory', 'bucket', 'memory');
select synap_place('job', 'bucket', 'memory');
select synap_place('lane', 'bucket', 'memory');
select synap_place('audit', 'bucket', 'memory');

create index scope_instance on scope (instance_id);
create index locator_instance on locator (bucket, instance_id);
create index ingestion_document on ingestion (bucket, document_row);
-- Each statement of the queue names the index it goes along by a condition that every job fulfils. Where a backlog has just
-- come into being, the statistics know nothing of it, and the planner would take the other one and sort everything.
create index job_ready on job (bucket, lane, priority, id) where state = 'ready' and priority >= 0;
create index job_scope on job (bucket, lane, scope_id, priority, id) where state = 'ready' and scope_id >= 0;
create index job_running on job (bucket, lane, scope_id) where state = 'running';
create index job_dead on job (instance_id) where state = 'dead';
create index lane_clock on lane (bucket) where lane = -1;
create index audit_instance on audit (bucket, instance_id, id desc);

-- ---------------------------------------------------------------- walls

select synap_protect_content('document_shared', true);
select synap_protect_content('segment_shared', true);
select synap_protect_content('memory_shared', true);
select synap_protect_content('entity_shared', true);
select synap_protect_content('mention_shared', true);
select synap_protect_content('document', false);
select synap_protect_content('segment', false);
select synap_protect_content('memory', false);
select synap_protect_content('entity', false);
select synap_protect_content('mention', false);
select synap_protect_content('conversation', false);
select synap_protect_content('message', false);

select synap_protect_control('client');
select synap_protect_control('instance');
select synap_protect_control('api_key');
select synap_protect_control('configuration');
select synap_protect_control('founding');
select synap_protect_control('embedding');
select synap_protect_control('scope_shared');
select synap_protect_control('scope');
select synap_protect_control('locator');
select synap_protect_control('ingestion');
select synap_protect_control('batch');
select synap_protect_control('directory');
select synap_protect_control('job');
select synap_protect_control('lane');
select synap_protect_control('audit');

-- ---------------------------------------------------------------- upkeep and history

select synap_tune('segment_shared');
select synap_tune('memory_shared');
select synap_tune('segment');
select synap_tune('memory');

-- The runner of the migrations made this table; every role may read the version.
select synap_place('schema_migration', 'local');
grant select on schema_migration to synap_app, synap_worker, synap_operator;
