-- name: insert_audit
insert into audit (bucket, id, at, action, actor, instance_id, rung, customer_id, user_id, target_ids, count,
    correlation_id, outcome)
values (%(bucket)s, %(id)s, %(at)s, %(action)s, %(actor)s, %(instance)s, %(rung)s, %(customer)s, %(user)s,
    %(targets)s::text[], %(count)s, %(correlation)s, %(outcome)s)

-- name: page_audit_of_instance
select id, at, action, actor, instance_id, rung as scope, customer_id, user_id, target_ids, count, correlation_id, outcome
from audit
where bucket = %(bucket)s and instance_id = %(instance)s and id < %(before)s
order by id desc
limit %(limit)s

-- name: page_audit
select id, at, action, actor, instance_id, rung as scope, customer_id, user_id, target_ids, count, correlation_id, outcome
from audit
where id < %(before)s
order by id desc
limit %(limit)s
