-- name: lock_founding
insert into founding (id, founded_at) values (1, %(now)s)
on conflict (id) do update set founded_at = founding.founded_at

-- name: oldest_instance
select i.id
from instance i
join client c on c.id = i.client_id
where i.status <> 'deleting'
order by c.created_at, c.id, i.created_at, i.id
limit 1

-- name: oldest_client
select id from client where status <> 'deleting' order by created_at, id limit 1

-- name: insert_client
insert into client (id, name, status, created_at) values (%(client)s, %(name)s, 'active', %(now)s)
returning id, name, status, created_at

-- name: list_clients
select id, name, status, created_at from client order by created_at, id

-- name: get_client
select id, name, status, created_at from client where id = %(client)s

-- name: update_client
update client set name = coalesce(%(name)s::text, name), status = coalesce(%(status)s::text, status)
where id = %(client)s and status <> 'deleting'
returning id, name, status, created_at

-- name: hold_client
select status from client where id = %(client)s for key share

-- name: insert_instance
insert into instance (id, client_id, name, agent_type, tenancy, description, metadata, created_at)
values (%(instance)s, %(client)s, %(name)s, %(agent_type)s, %(tenancy)s, %(description)s, %(metadata)s::jsonb, %(now)s)

-- name: list_instances
select id, client_id, name, agent_type, tenancy, status, description, metadata::text as metadata, created_at,
    last_active_at
from instance
where client_id = %(client)s
order by created_at, id

-- name: get_instance
select id, client_id, name, agent_type, tenancy, status, description, metadata::text as metadata, created_at,
    last_active_at
from instance
where id = %(instance)s

-- name: update_instance
update instance
set name = coalesce(%(name)s::text, name), agent_type = coalesce(%(agent_type)s::text, agent_type),
    description = coalesce(%(description)s::text, description), metadata = coalesce(%(metadata)s::jsonb, metadata),
    status = coalesce(%(status)s::text, status)
where id = %(instance)s and status <> 'deleting'
returning id

-- name: count_instance_memories
select count(*) as total from locator where instance_id = %(instance)s

-- name: insert_key
insert into api_key (id, kind, client_id, instance_id, label, prefix, hash, created_at)
values (%(key)s, %(kind)s, %(client)s, %(instance)s, %(label)s, %(prefix)s, %(hash)s, %(now)s)

-- name: list_keys
select id, kind, client_id, instance_id, label, prefix, created_at, revoked_at, last_used_at
from api_key
where instance_id = %(instance)s
order by created_at, id

-- name: list_management_keys
select id, kind, client_id, instance_id, label, prefix, created_at, revoked_at, last_used_at
from api_key
where kind = 'management'
order by created_at, id

-- name: revoke_key
update api_key set revoked_at = coalesce(revoked_at, %(now)s)
where id = %(key)s and instance_id is not distinct from %(instance)s
returning id

-- name: use_key
update api_key set last_used_at = %(now)s where id = %(key)s

-- name: use_instance
update instance set last_active_at = %(now)s where id = %(instance)s

-- name: find_key
select k.id, k.kind, k.label, k.client_id as key_client, k.last_used_at, k.revoked_at, i.id as instance_id, i.client_id,
    i.tenancy, i.status as instance_status, c.status as client_status, f.revision, f.source
from api_key k
left join instance i on i.id = k.instance_id
left join client c on c.id = coalesce(i.client_id, k.client_id)
left join lateral (
    select revision, source from configuration where instance_id = k.instance_id order by revision desc limit 1) f on true
where k.hash = %(hash)s

-- name: put_configuration
insert into configuration (instance_id, revision, source, applied_at, actor)
values (%(instance)s, coalesce((select max(revision) from configuration where instance_id = %(instance)s), 0) + 1,
    %(source)s, %(now)s, %(actor)s)
returning revision, source, applied_at, actor

-- name: get_configuration
select revision, source, applied_at, actor from configuration
where instance_id = %(instance)s
order by revision desc
limit 1

-- name: list_configurations
select revision, source, applied_at, actor from configuration where instance_id = %(instance)s order by revision desc

-- name: configurations_with
select c.instance_id, c.source
from configuration c
join instance i on i.id = c.instance_id and i.status = 'active'
where c.source like %(word)s
    and c.revision = (select max(revision) from configuration where instance_id = c.instance_id)
order by c.instance_id
limit %(limit)s
