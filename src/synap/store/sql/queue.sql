-- name: open_lane
insert into lane (bucket, lane, vt)
select %(bucket)s, %(lane)s,
    coalesce((select min(l.vt) from lane l where l.bucket = %(bucket)s and exists (
        select from job j where j.bucket = %(bucket)s and j.lane = l.lane and j.state = 'ready')), 0)
on conflict do nothing

-- name: wake_lane
update lane
set vt = active.vt
from (select min(l.vt) as vt from lane l where l.bucket = %(bucket)s and exists (
    select from job j where j.bucket = %(bucket)s and j.lane = l.lane and j.state = 'ready')) as active
where lane.bucket = %(bucket)s and lane.lane = %(lane)s and lane.vt < active.vt

-- name: insert_job
insert into job (bucket, id, lane, instance_id, scope_id, shared, kind, ingestion_id, priority, run_at, created_at)
values (%(bucket)s, %(job)s, %(lane)s, %(instance)s, %(scope)s, %(shared)s, %(kind)s, %(ingestion)s, %(priority)s,
    %(now)s, %(now)s)

-- name: discover
select bucket
from job
where state = 'ready' and run_at <= %(now)s
group by bucket
order by bucket <= %(after)s, bucket
limit %(limit)s

-- name: lock_lane
select l.lane
from lane l
where l.bucket = %(bucket)s and exists (
    select from job j
    where j.bucket = %(bucket)s and j.lane = l.lane and j.state = 'ready' and j.run_at <= %(now)s and not exists (
        select from job r where r.bucket = %(bucket)s and r.scope_id = j.scope_id and r.state = 'running'))
order by l.vt, l.lane
limit 1
for update of l skip locked

-- name: claim
-- `any (array (...))` is worked out once; `in (select ... limit)` may be run again per row and then takes too many.
update job
set state = 'running', lease_owner = %(owner)s, lease_until = %(lease_until)s, tries = tries + 1
where bucket = %(bucket)s and state = 'ready' and id = any (array(
    select j.id
    from job j
    where j.bucket = %(bucket)s and j.lane = %(lane)s and j.state = 'ready' and j.run_at <= %(now)s and not exists (
        select from job r where r.bucket = %(bucket)s and r.scope_id = j.scope_id and r.state = 'running')
    order by j.priority, j.id
    limit %(limit)s
    for update of j skip locked))
returning id, instance_id, scope_id, shared, kind, ingestion_id, priority, tries, created_at

-- name: advance_lane
update lane set vt = vt + %(count)s where bucket = %(bucket)s and lane = %(lane)s

-- name: scopes_of_jobs
select id, space, rung, customer_id, user_id from scope where bucket = %(bucket)s and id = any (%(scopes)s::bigint[])
union all
select id, space, rung, null, null from scope_shared where id = any (%(scopes)s::bigint[])

-- name: hold_job
select id, tries from job
where bucket = %(bucket)s and id = %(job)s and state = 'running' and lease_owner = %(owner)s
for update

-- name: heartbeat
update job set lease_until = %(lease_until)s
where bucket = %(bucket)s and id = %(job)s and state = 'running' and lease_owner = %(owner)s
returning id

-- name: delete_job
delete from job where bucket = %(bucket)s and id = %(job)s

-- name: retry_job
update job
set state = 'ready', run_at = %(run_at)s, lease_owner = null, lease_until = null, error_code = %(code)s,
    error_message = %(message)s
where bucket = %(bucket)s and id = %(job)s and state = 'running' and lease_owner = %(owner)s
returning id

-- name: bury_job
update job
set state = 'dead', lease_owner = null, lease_until = null, error_code = %(code)s, error_message = %(message)s
where bucket = %(bucket)s and id = %(job)s and state = 'running' and lease_owner = %(owner)s
returning ingestion_id

-- name: reap
update job set state = 'ready', run_at = %(now)s, lease_owner = null, lease_until = null
where state = 'running' and lease_until < %(now)s

-- name: depth
select count(*) filter (where state = 'ready') as ready,
    count(*) filter (where state = 'running') as running,
    count(*) filter (where state = 'dead') as dead,
    min(created_at) filter (where state <> 'dead') as oldest
from job

-- name: dead_jobs
select bucket, id, kind, ingestion_id, tries, error_code, error_message, created_at
from job
where instance_id = %(instance)s and state = 'dead'
order by id desc
limit %(limit)s

-- name: revive_job_of_ingestion
update job set state = 'ready', run_at = %(now)s, tries = 0
where bucket = %(bucket)s and scope_id = %(scope)s and ingestion_id = %(ingestion)s and state = 'dead'
returning id

-- name: revive_job
update job set state = 'ready', run_at = %(now)s, tries = 0
where bucket = %(bucket)s and id = %(job)s and instance_id = %(instance)s and state = 'dead'
returning ingestion_id
