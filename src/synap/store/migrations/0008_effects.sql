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
