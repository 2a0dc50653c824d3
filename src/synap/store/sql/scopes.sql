-- name: touch_scope
insert into scope (bucket, id, digest, instance_id, space, rung, customer_id, user_id, version, created_at)
values (%(bucket)s, %(scope)s, %(digest)s, %(instance)s, %(space)s, %(rung)s, %(customer)s, %(user)s, 1, %(now)s)
on conflict (bucket, id) do update set version = scope.version + 1
    where scope.digest = excluded.digest
returning version, closed_by

-- name: touch_scope_shared
insert into scope_shared (id, digest, instance_id, space, rung, version, created_at)
values (%(scope)s, %(digest)s, %(instance)s, %(space)s, %(rung)s, 1, %(now)s)
on conflict (id) do update set version = scope_shared.version + 1
    where scope_shared.digest = excluded.digest
returning version, null::bigint as closed_by

-- name: bump_scope
update scope set version = version + 1
where bucket = %(bucket)s and id = %(scope)s and digest = %(digest)s
returning version, closed_by

-- name: bump_scope_shared
update scope_shared set version = version + 1
where id = %(scope)s and digest = %(digest)s
returning version, null::bigint as closed_by

-- name: instance_status
select status from instance where id = %(instance)s

-- name: hold_instance
select status from instance where id = %(instance)s for key share

-- name: scope_closed
select closed_by from scope where bucket = %(bucket)s and id = %(scope)s

-- name: scope_rows
select id, digest, version from scope where bucket = %(bucket)s and id = any (%(scopes)s::bigint[])

-- name: scope_rows_shared
select id, digest, version from scope_shared where id = any (%(scopes)s::bigint[])

-- name: chain_rows
select id, digest, version from scope where bucket = %(bucket)s and id = any (%(scopes)s::bigint[])
union all
select id, digest, version from scope_shared where id = any (%(shared)s::bigint[])

-- name: scopes_of_customer
select space, rung, customer_id, user_id from scope
where bucket = %(bucket)s and instance_id = %(instance)s and customer_id = %(customer)s

-- name: scopes_of_instance
select space, rung, customer_id, user_id from scope where instance_id = %(instance)s
