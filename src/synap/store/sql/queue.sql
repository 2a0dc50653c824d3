-- name: open_lane
-- Lane -1 is the bucket's clock: the virtual time of the lane served last.
insert into lane (bucket, lane, vt) values (%(bucket)s, -1, 0), (%(bucket)s, %(lane)s, 0)
on conflict do nothing

-- name: wake_lane
update lane
set vt = clock.vt
from lane clock
where clock.bucket = %(bucket)s and clock.lane = -1
  and lane.bucket = %(bucket)s and lane.lane = %(lane)s and lane.vt < clock.vt
  and not exists (select from job j where j.bucket = %(bucket)s and j.lane = %(lane)s and j.state = 'ready'
    and j.priority >= 0)

-- name: insert_job
insert into job (bucket, id, lane, instance_id, scope_id, shared, kind, ingestion_id, priority, large, run_at, created_at)
values (%(bucket)s, %(job)s, %(lane)s, %(instance)s, %(scope)s, %(shared)s, %(kind)s, %(ingestion)s, %(priority)s,
    %(large)s, %(now)s, %(now)s)

-- name: discover
-- One probe per bucket that ever had work. The order inside keeps the planner from anything but the first entry of the index:
-- from a join, or a scan, for which it would read every job.
select c.bucket
from lane c
where c.lane = -1 and exists (
    select from (
        select j.bucket from job j
        where j.bucket = c.bucket and j.state = 'ready' and j.priority >= 0 and j.run_at <= %(now)s
        order by j.bucket, j.lane, j.priority, j.id) due)
order by c.bucket <= %(after)s, c.bucket
limit %(limit)s

-- name: lock_lane
-- `waiting` steps from lane to lane along the index, so that a lane costs the same however many jobs wait in it. A lane has
-- something to do if one of its ready jobs lies between the scopes that have a running one.
with recursive waiting (lane) as (
    (select j.lane from job j where j.bucket = %(bucket)s and j.state = 'ready' and j.priority >= 0 order by j.lane limit 1)
    union all
    select next.lane
    from waiting w
    cross join lateral (
        select j.lane from job j
        where j.bucket = %(bucket)s and j.state = 'ready' and j.priority >= 0 and j.lane > w.lane
        order by j.lane
        limit 1) next
)
select l.lane, l.vt
from waiting w
join lane l on l.bucket = %(bucket)s and l.lane = w.lane
where exists (
    select from (
        select r.scope_id as above, lead(r.scope_id, 1, 9223372036854775807) over (order by r.scope_id) as below
        from (
            select -1::bigint as scope_id
            union
            select j.scope_id from job j
            where j.bucket = %(bucket)s and j.lane = w.lane and j.state = 'running') r) gap
    cross join lateral (
        select from job j
        where j.bucket = %(bucket)s and j.lane = w.lane and j.state = 'ready' and j.run_at <= %(now)s
          and j.scope_id >= 0 and j.scope_id > gap.above and j.scope_id < gap.below
        order by j.scope_id
        limit 1) due)
order by l.vt, l.lane
limit 1
for update of l skip locked

-- name: choose_jobs
-- From the head of the lane; and where scopes with a running job fill it, the first ones of the scopes between them.
select j.id, j.scope_id, j.large, j.error_code is not distinct from %(lost)s as lost
from job j
where j.bucket = %(bucket)s and j.id = any (array(
    (select h.id from job h
    where h.bucket = %(bucket)s and h.lane = %(lane)s and h.state = 'ready' and h.priority >= 0
      and h.run_at <= %(now)s
    order by h.priority, h.id
    limit %(look)s)
    union all
    select due.id from (
        select r.scope_id as above, lead(r.scope_id, 1, 9223372036854775807) over (order by r.scope_id) as below
        from (
            select -1::bigint as scope_id
            union
            select s.scope_id from job s
            where s.bucket = %(bucket)s and s.lane = %(lane)s and s.state = 'running') r) gap
    cross join lateral (
        select g.id from job g
        where g.bucket = %(bucket)s and g.lane = %(lane)s and g.state = 'ready' and g.run_at <= %(now)s
          and g.scope_id >= 0 and g.scope_id > gap.above and g.scope_id < gap.below
        order by g.scope_id, g.priority, g.id
        limit %(limit)s) due))
  and not exists (
    select from job r
    where r.bucket = %(bucket)s and r.lane = %(lane)s and r.scope_id = j.scope_id and r.state = 'running')
order by j.priority, j.id
limit %(limit)s
for update of j skip locked

-- name: claim
update job
set state = 'running', lease_owner = %(owner)s, lease_until = %(lease_until)s, tries = tries + 1
where bucket = %(bucket)s and id = any (%(jobs)s::bigint[]) and state = 'ready'
returning id, instance_id, scope_id, shared, kind, ingestion_id, priority, tries, created_at

-- name: advance_lane
-- The clock never goes back: a lane that could not be served for a while still has its old time.
update lane
set vt = case when lane = %(lane)s then vt + %(count)s else greatest(vt, %(vt)s) end
where bucket = %(bucket)s and lane in (%(lane)s, -1)

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

-- name: return_job
-- After a slice of its work, which counts as an attempt that went well.
update job
set state = 'ready', run_at = %(now)s, tries = 0, lease_owner = null, lease_until = null, error_code = null,
    error_message = null, large = true
where bucket = %(bucket)s and id = %(job)s

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

-- name: bury_lost
update job
set state = 'dead', lease_owner = null, lease_until = null, error_code = %(lost)s,
    error_message = 'the worker that had it was lost at each of ' || tries || ' attempts'
where state = 'running' and lease_until < %(now)s and tries >= %(tries)s
returning bucket, id, kind, ingestion_id, error_message

-- name: reap
-- The wait doubles with each try. Jobs that were lost together are spread, so as not to meet the same one again.
update job
set state = 'ready', lease_owner = null, lease_until = null, error_code = %(lost)s,
    error_message = 'the worker that had it was lost',
    run_at = %(now)s + least(%(wait)s * 2.0 ^ least(greatest(tries - 1, 0), 30), %(longest)s)
        * (1 + (id %% 16) / 16.0) * interval '1 second'
where state = 'running' and lease_until < %(now)s

-- name: depth
select count(*) filter (where state = 'ready') as ready,
    count(*) filter (where state = 'running') as running,
    count(*) filter (where state = 'dead') as dead,
    min(created_at) filter (where state <> 'dead') as oldest
from job

-- name: waiting_by_instance
select instance_id, count(*) as waiting from job where state <> 'dead' group by instance_id

-- name: jobs_of_instance
select j.id, j.bucket, j.kind, j.ingestion_id, j.state, j.priority, j.tries, j.run_at, j.lease_until, j.lease_owner, j.error_code,
    j.error_message, j.created_at
from job j
where j.instance_id = %(instance)s and j.state = any (%(states)s::text[])
order by j.id desc
limit %(limit)s

-- name: explain_ingestion
select j.id, j.bucket, j.kind, j.ingestion_id, j.state, j.priority, j.tries, j.run_at, j.lease_until, j.lease_owner, j.error_code,
    j.error_message, j.created_at,
    (select count(*) from job a where a.bucket = %(bucket)s and a.lane = j.lane and a.state = 'ready' and a.priority >= 0
        and (a.priority, a.id) < (j.priority, j.id)) as ahead,
    (select count(distinct w.lane) from job w where w.bucket = %(bucket)s and w.state = 'ready' and w.priority >= 0) as lanes,
    (select count(*) from job r where r.bucket = %(bucket)s and r.lane = j.lane and r.scope_id = j.scope_id
        and r.state = 'running' and r.id <> j.id) as beside
from job j
where j.bucket = %(bucket)s and j.instance_id = %(instance)s and j.ingestion_id = %(row)s
order by j.state = 'dead', j.id
limit 1

-- name: explain_compaction
select j.id, j.bucket, j.kind, j.ingestion_id, j.state, j.priority, j.tries, j.run_at, j.lease_until, j.lease_owner, j.error_code,
    j.error_message, j.created_at,
    (select count(*) from job a where a.bucket = %(bucket)s and a.lane = j.lane and a.state = 'ready' and a.priority >= 0
        and (a.priority, a.id) < (j.priority, j.id)) as ahead,
    (select count(distinct w.lane) from job w where w.bucket = %(bucket)s and w.state = 'ready' and w.priority >= 0) as lanes,
    (select count(*) from job r where r.bucket = %(bucket)s and r.lane = j.lane and r.scope_id = j.scope_id
        and r.state = 'running' and r.id <> j.id) as beside
from job j
where j.bucket = %(bucket)s and j.instance_id = %(instance)s and j.id = %(row)s and j.kind = 'compact'

-- name: drop_dead_job
delete from job where bucket = %(bucket)s and id = %(job)s and instance_id = %(instance)s and state = 'dead'

-- name: revive_job_of_ingestion
update job set state = 'ready', run_at = %(now)s, tries = 0
where bucket = %(bucket)s and scope_id = %(scope)s and ingestion_id = %(ingestion)s and state = 'dead'
returning id

-- name: revive_job
update job set state = 'ready', run_at = %(now)s, tries = 0
where bucket = %(bucket)s and id = %(job)s and instance_id = %(instance)s and state = 'dead'
returning ingestion_id, kind
