-- Which rows a write of a scope touched, by the version that the write gave the scope. Whoever holds the scope's rows in
-- memory (`synap.store.residents`) reads anew what changed since, and everything where a version is not told whole. Ids and
-- numbers alone; only the latest versions are kept.

create table scope_write (
    bucket int not null,
    scope_id bigint not null,
    version bigint not null,
    memories bigint[] not null default '{}',
    segments bigint[] not null default '{}',
    whole boolean not null default false,
    primary key (bucket, scope_id, version)
) /* partition:bucket */;

create table scope_write_shared (
    bucket int not null,
    scope_id bigint not null,
    version bigint not null,
    memories bigint[] not null default '{}',
    segments bigint[] not null default '{}',
    whole boolean not null default false,
    primary key (scope_id, version)
);

select synap_place('scope_write', 'bucket', 'memory');
select synap_place('scope_write_shared', 'reference');

select synap_protect_control('scope_write');
select synap_protect_control('scope_write_shared');
