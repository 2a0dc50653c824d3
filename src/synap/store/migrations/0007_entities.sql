-- Entities: every name that an entity has, what relates entities, and the log of what was decided about them. What a
-- memory gave rise to names the memory, and goes with it. `root` is the entity that one has been merged into, over all
-- steps, or itself; `merged_into` is the last step, which can be undone.
--
-- `keys` are hashes of parts of a name (synap.domain.names), by which names that may mean the same find each other.

alter table entity drop constraint entity_bucket_scope_id_normal_key;
alter table entity drop column aliases;
alter table entity add column root bigint;
alter table entity add column merged_into bigint;
alter table entity add column split_from bigint;
alter table mention add column normals text[] not null default '{}';

alter table entity_shared drop constraint entity_shared_scope_id_normal_key;
alter table entity_shared drop column aliases;
alter table entity_shared add column root bigint;
alter table entity_shared add column merged_into bigint;
alter table entity_shared add column split_from bigint;
alter table mention_shared add column normals text[] not null default '{}';

create table alias_shared (
    bucket int not null,
    entity_id bigint not null,
    scope_id bigint not null,
    normal text not null,
    name text not null,
    keys bigint[] not null default '{}',
    rung text not null,
    primary key (entity_id, normal)
);

create table relation_shared (
    bucket int not null,
    subject_id bigint not null,
    name text not null,
    object_id bigint not null,
    memory_id bigint not null,
    scope_id bigint not null,
    holds boolean not null default true,
    primary key (subject_id, name, object_id, memory_id)
);

create table decision_shared (
    bucket int not null,
    id bigint primary key,
    scope_id bigint not null,
    entity_id bigint not null,
    at timestamptz not null,
    action text not null,
    rung text not null,
    name text not null default '',
    confidence real not null,
    memory_id bigint,
    others bigint[] not null default '{}',
    actor text not null default ''
);

create table alias (
    bucket int not null,
    entity_id bigint not null,
    scope_id bigint not null,
    normal text not null,
    name text not null,
    keys bigint[] not null default '{}',
    rung text not null,
    primary key (bucket, entity_id, normal)
) /* partition:bucket */;

create table relation (
    bucket int not null,
    subject_id bigint not null,
    name text not null,
    object_id bigint not null,
    memory_id bigint not null,
    scope_id bigint not null,
    holds boolean not null default true,
    primary key (bucket, subject_id, name, object_id, memory_id)
) /* partition:bucket */;

create table decision (
    bucket int not null,
    id bigint not null,
    scope_id bigint not null,
    entity_id bigint not null,
    at timestamptz not null,
    action text not null,
    rung text not null,
    name text not null default '',
    confidence real not null,
    memory_id bigint,
    others bigint[] not null default '{}',
    actor text not null default '',
    primary key (bucket, id)
) /* partition:bucket */;

select synap_place('alias_shared', 'reference');
select synap_place('relation_shared', 'reference');
select synap_place('decision_shared', 'reference');
select synap_place('alias', 'bucket', 'memory');
select synap_place('relation', 'bucket', 'memory');
select synap_place('decision', 'bucket', 'memory');

create index entity_scope on entity (bucket, scope_id);
create index entity_root on entity (bucket, root);
create index alias_scope on alias (bucket, scope_id, normal);
create index relation_object on relation (bucket, object_id);
create index relation_memory on relation (bucket, memory_id);
create index relation_scope on relation (bucket, scope_id);
create index decision_entity on decision (bucket, entity_id);
create index decision_memory on decision (bucket, memory_id) where memory_id is not null;
create index decision_scope on decision (bucket, scope_id);
create index entity_shared_scope on entity_shared (scope_id);
create index entity_shared_root on entity_shared (root);
create index alias_shared_scope on alias_shared (scope_id, normal);
create index relation_shared_object on relation_shared (object_id);
create index relation_shared_memory on relation_shared (memory_id);
create index relation_shared_scope on relation_shared (scope_id);
create index decision_shared_entity on decision_shared (entity_id);
create index decision_shared_memory on decision_shared (memory_id) where memory_id is not null;
create index decision_shared_scope on decision_shared (scope_id);

select synap_protect_content('alias_shared', true);
select synap_protect_content('relation_shared', true);
select synap_protect_content('decision_shared', true);
select synap_protect_content('alias', false);
select synap_protect_content('relation', false);
select synap_protect_content('decision', false);

-- What the version before has known: an entity had one name. The owner of the tables passes the walls for the time of
-- this transaction; found by parts of their names are these entities once they are named again.
alter table entity no force row level security;
alter table mention no force row level security;
alter table alias no force row level security;
alter table locator no force row level security;
alter table scope no force row level security;
alter table entity_shared no force row level security;
alter table mention_shared no force row level security;
alter table alias_shared no force row level security;
alter table scope_shared no force row level security;

update entity set root = id;
update entity_shared set root = id;
insert into alias (bucket, entity_id, scope_id, normal, name, rung)
select bucket, id, scope_id, normal, name, 'new' from entity;
insert into alias_shared (bucket, entity_id, scope_id, normal, name, rung)
select bucket, id, scope_id, normal, name, 'new' from entity_shared;
update mention m set normals = array[e.normal] from entity e where e.bucket = m.bucket and e.id = m.entity_id;
update mention_shared m set normals = array[e.normal] from entity_shared e where e.id = m.entity_id;
insert into locator (bucket, id, instance_id, scope_id, shared)
select e.bucket, e.id, s.instance_id, e.scope_id, false
from entity e join scope s on s.bucket = e.bucket and s.id = e.scope_id
on conflict do nothing;
insert into locator (bucket, id, instance_id, scope_id, shared)
select e.bucket, e.id, s.instance_id, e.scope_id, true
from entity_shared e join scope_shared s on s.id = e.scope_id
on conflict do nothing;

alter table entity force row level security;
alter table mention force row level security;
alter table alias force row level security;
alter table locator force row level security;
alter table scope force row level security;
alter table entity_shared force row level security;
alter table mention_shared force row level security;
alter table alias_shared force row level security;
alter table scope_shared force row level security;

alter table entity alter column root set not null;
alter table entity_shared alter column root set not null;
