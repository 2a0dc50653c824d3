-- name: running_deletion
select id, bucket, instance_id, kind, rung, customer_id, user_id, conversation, state, position, removed::text as removed,
    remaining::text as remaining, actor, correlation_id, begun_at, ended_at, holder, lease_until
from deletion
where bucket = %(bucket)s and scope_id = %(scope)s and conversation = %(conversation)s and state = 'running'
for update

-- name: get_deletion
select id, bucket, instance_id, kind, rung, customer_id, user_id, conversation, state, position, removed::text as removed,
    remaining::text as remaining, actor, correlation_id, begun_at, ended_at, holder, lease_until
from deletion
where bucket = %(bucket)s and id = %(deletion)s

-- name: unfinished_deletions
select bucket, id from deletion where state = 'running' and lease_until <= %(now)s order by lease_until, id limit 100

-- name: insert_deletion
insert into deletion (bucket, id, instance_id, scope_id, kind, rung, customer_id, user_id, conversation, state, actor,
    correlation_id, begun_at, holder, lease_until)
values (%(bucket)s, %(deletion)s, %(instance)s, %(scope)s, %(kind)s, %(rung)s, %(customer)s, %(user)s, %(conversation)s,
    'running', %(actor)s, %(correlation)s, %(now)s, %(holder)s, %(lease_until)s)

-- name: take_deletion
update deletion set holder = %(holder)s, lease_until = %(lease_until)s
where bucket = %(bucket)s and id = %(deletion)s and state = 'running' and (lease_until <= %(now)s or holder = %(holder)s)
returning id

-- name: note_removed
update deletion
set removed = %(removed)s::jsonb, position = greatest(position, %(position)s), lease_until = %(lease_until)s
where bucket = %(bucket)s and id = %(deletion)s and state = 'running' and holder = %(holder)s
returning id

-- name: leave_deletion
update deletion set lease_until = %(now)s
where bucket = %(bucket)s and id = %(deletion)s and state = 'running' and holder = %(holder)s

-- name: end_deletion
update deletion set state = %(state)s, remaining = %(remaining)s::jsonb, ended_at = %(now)s, lease_until = %(now)s
where bucket = %(bucket)s and id = %(deletion)s and state = 'running' and holder = %(holder)s
returning id

-- name: closed_scope
select closed_by from scope
where bucket = %(bucket)s and instance_id = %(instance)s and closed_by is not null
  and (id = %(scope)s or (customer_id = %(customer)s and (%(whole_customer)s or user_id is null)))
limit 1

-- name: close_scope
-- Made where it is not there yet, so that the first write into it finds it closed.
insert into scope (bucket, id, digest, instance_id, space, rung, customer_id, user_id, version, created_at, closed_by)
values (%(bucket)s, %(scope)s, %(digest)s, %(instance)s, %(instance)s, %(rung)s, %(customer)s, %(user)s, 1, %(now)s,
    %(deletion)s)
on conflict (bucket, id) do update set version = scope.version + 1, closed_by = excluded.closed_by
    where scope.digest = excluded.digest
returning id

-- name: close_scopes_of_customer
update scope set version = version + 1, closed_by = %(deletion)s
where bucket = %(bucket)s and instance_id = %(instance)s and customer_id = %(customer)s

-- name: open_scopes
update scope set closed_by = null where bucket = %(bucket)s and instance_id = %(instance)s and closed_by = %(deletion)s
