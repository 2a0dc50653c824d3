-- What an ingestion did to memories that were there before, so that it can be undone: which it ended, announced an end of,
-- or found said again, and how these stood before. `detail` holds the statement with its earlier evidence, so the table is
-- content: behind the scope's wall, and gone with the memory.

create table effect_shared (
    bucket int not null,
    scope_id bigint not null,
    ingestion_id bigint not null,
    memory_id bigint not null,
    kind text not null check (kind in ('ended', 'announced', 'repeated')),
    recorded_at timestamptz not null,
    valid_until timestamptz,
    ends_at timestamptz,
    document_row bigint,
    segment_row bigint,
    sources bigint[] not null default '{}',
    seen_at timestamptz,
    detail bytea,
    primary key (ingestion_id, memory_id, kind)
);

create table effect (
    bucket int not null,
    scope_id bigint not null,
    ingestion_id bigint not null,
    memory_id bigint not null,
    kind text not null check (kind in ('ended', 'announced', 'repeated')),
    recorded_at timestamptz not null,
    valid_until timestamptz,
    ends_at timestamptz,
    document_row bigint,
    segment_row bigint,
    sources bigint[] not null default '{}',
    seen_at timestamptz,
    detail bytea,
    primary key (bucket, ingestion_id, memory_id, kind)
) /* partition:bucket */;

select synap_place('effect_shared', 'reference');
select synap_place('effect', 'bucket', 'memory');

create index effect_shared_memory on effect_shared (scope_id, memory_id);
create index effect_memory on effect (bucket, scope_id, memory_id);

select synap_protect_content('effect_shared', true);
select synap_protect_content('effect', false);

-- What a user took back without it being clear what was meant: kept until somebody says, with what it may have meant.

create table retraction_shared (
    bucket int not null,
    scope_id bigint not null,
    ingestion_id bigint not null,
    position int not null,
    detail bytea not null,
    candidates bigint[] not null default '{}',
    recorded_at timestamptz not null,
    primary key (ingestion_id, position)
);

create table retraction (
    bucket int not null,
    scope_id bigint not null,
    ingestion_id bigint not null,
    position int not null,
    detail bytea not null,
    candidates bigint[] not null default '{}',
    recorded_at timestamptz not null,
    primary key (bucket, ingestion_id, position)
) /* partition:bucket */;

select synap_place('retraction_shared', 'reference');
select synap_place('retraction', 'bucket', 'memory');

create index retraction_shared_scope on retraction_shared (scope_id, recorded_at);
create index retraction_scope on retraction (bucket, scope_id, recorded_at);

select synap_protect_content('retraction_shared', true);
select synap_protect_content('retraction', false);
