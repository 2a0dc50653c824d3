-- name: entities_near
-- All names of the entities, and of those they are merged with, that have a name like one that is asked about: at most
-- `most` entities, those with the very name first, then those that share with it what the fewest others share.
with hit as (
    select a.entity_id, a.keys, a.normal = any (%(normals)s::text[]) as exact
    from alias{t} a
    where {at:a} a.scope_id = %(scope)s
      and (a.normal = any (%(normals)s::text[]) or a.keys && %(keys)s::bigint[])
),
shared as (
    select h.entity_id, h.exact, cardinality(h.keys) as size, 1.0 / count(*) over (partition by k.key) as rarity
    from hit h
    left join lateral unnest(h.keys) as k (key) on k.key = any (%(keys)s::bigint[])
),
nearest as (
    select entity_id from shared group by entity_id
    order by bool_or(exact) desc, sum(rarity) desc, min(size), entity_id
    limit %(most)s
),
near as (
    select distinct e.root from nearest n
    join entity{t} e on e.id = n.entity_id
    where {at:e} e.scope_id = %(scope)s
)
select e.id, e.kind, e.name, e.merged_into, a.normal, a.name as alias, a.rung, a.keys = '{}' as bare
from near
join entity{t} e on e.root = near.root
join alias{t} a on a.bucket = e.bucket and a.entity_id = e.id
where {at:e} {at:a} e.scope_id = %(scope)s and a.scope_id = %(scope)s
order by e.id, a.normal

-- name: insert_entities
insert into entity{t} (bucket, id, scope_id, kind, name, normal, root, first_seen, last_seen)
select %(bucket)s, n.id, %(scope)s, n.kind, n.name, n.normal, n.id, %(now)s, %(now)s
from unnest(%(fresh)s::bigint[], %(kinds)s::text[], %(names)s::text[], %(normals)s::text[]) as n (id, kind, name, normal)

-- name: touch_entities
update entity{t} e
set kind = n.kind, name = n.name, normal = n.normal, last_seen = greatest(e.last_seen, %(now)s)
from unnest(%(touched)s::bigint[], %(kinds)s::text[], %(names)s::text[], %(normals)s::text[]) as n (id, kind, name, normal)
where {at:e} e.scope_id = %(scope)s and e.id = n.id

-- name: insert_aliases
insert into alias{t} (bucket, entity_id, scope_id, normal, name, keys, rung)
select %(bucket)s, n.entity_id, %(scope)s, n.normal, n.name, n.keys::bigint[], n.rung
from unnest(%(entities)s::bigint[], %(normals)s::text[], %(names)s::text[], %(keys)s::text[], %(rungs)s::text[])
    as n (entity_id, normal, name, keys, rung)
on conflict ({key}entity_id, normal) do update set keys = excluded.keys

-- name: insert_mentions
insert into mention{t} (bucket, entity_id, memory_id, scope_id, normals)
select %(bucket)s, n.entity_id, n.memory_id, %(scope)s, n.normals::text[]
from unnest(%(entities)s::bigint[], %(memories)s::bigint[], %(normals)s::text[]) as n (entity_id, memory_id, normals)
on conflict ({key}entity_id, memory_id) do update set normals = excluded.normals

-- name: insert_relations
insert into relation{t} (bucket, subject_id, name, object_id, memory_id, scope_id, holds)
select %(bucket)s, n.subject_id, n.name, n.object_id, n.memory_id, %(scope)s, n.holds
from unnest(%(subjects)s::bigint[], %(names)s::text[], %(objects)s::bigint[], %(memories)s::bigint[], %(holds)s::boolean[])
    as n (subject_id, name, object_id, memory_id, holds)
on conflict ({key}subject_id, name, object_id, memory_id) do update set holds = excluded.holds

-- name: insert_decisions
insert into decision{t} (bucket, id, scope_id, entity_id, at, action, rung, name, confidence, memory_id, others, actor)
select %(bucket)s, n.id, %(scope)s, n.entity_id, %(now)s, n.action, n.rung, n.name, n.confidence, n.memory_id,
    n.others::bigint[], %(actor)s
from unnest(%(ids)s::bigint[], %(entities)s::bigint[], %(actions)s::text[], %(rungs)s::text[], %(names)s::text[],
    %(confidences)s::real[], %(memory_ids)s::bigint[], %(others)s::text[])
    as n (id, entity_id, action, rung, name, confidence, memory_id, others)

-- name: merge_entity
-- All that was merged into it before comes along; `merged_into` tells the step.
update entity{t} e
set root = %(root)s, merged_into = case when e.id = %(entity)s then %(into)s::bigint else e.merged_into end
where {at:e} e.scope_id = %(scope)s and e.root = %(entity)s

-- name: separate_entities
-- Those that some merges brought under others stand for themselves again, with what had been merged into them.
with recursive below as (
    select e.id, e.id as root from entity{t} e
    where {at:e} e.scope_id = %(scope)s and e.id = any (%(entities)s::bigint[])
    union
    select e.id, b.root from entity{t} e
    join below b on e.merged_into = b.id
    where {at:e} e.scope_id = %(scope)s and e.id <> all (%(entities)s::bigint[])
)
update entity{t} e
set root = b.root, merged_into = case when e.id = b.root then null else e.merged_into end
from below b
where {at:e} e.scope_id = %(scope)s and e.id = b.id

-- name: move_relations
update relation{t} set memory_id = %(kept)s where {at} scope_id = %(scope)s and memory_id = %(memory)s

-- name: move_decisions
update decision{t} set memory_id = %(kept)s where {at} scope_id = %(scope)s and memory_id = %(memory)s

-- name: merged_by_memory
select d.entity_id from decision{t} d
where {at:d} d.scope_id = %(scope)s and d.memory_id = %(memory)s and d.action = 'merged'

-- name: erase_relations_of_memory
delete from relation{t} where {at} scope_id = %(scope)s and memory_id = %(memory)s

-- name: erase_decisions_of_memory
delete from decision{t} where {at} scope_id = %(scope)s and memory_id = %(memory)s

-- name: erase_mentions
delete from mention{t} where {at} scope_id = %(scope)s and memory_id = %(memory)s returning entity_id

-- name: erase_unused_aliases
delete from alias{t} a
where {at:a} a.scope_id = %(scope)s and a.entity_id = any (%(entities)s::bigint[])
  and not exists (
      select from mention{t} m
      where {at:m} m.scope_id = %(scope)s and m.entity_id = a.entity_id and a.normal = any (m.normals))

-- name: unused_entities
select e.id, e.merged_into from entity{t} e
where {at:e} e.scope_id = %(scope)s and e.id = any (%(entities)s::bigint[])
  and not exists (select from alias{t} a where {at:a} a.scope_id = %(scope)s and a.entity_id = e.id)

-- name: entities_merged_into
select id from entity{t} where {at} scope_id = %(scope)s and merged_into = any (%(entities)s::bigint[])

-- name: erase_entities
delete from entity{t} where {at} scope_id = %(scope)s and id = any (%(entities)s::bigint[])

-- name: erase_relations_of_entities
delete from relation{t}
where {at} scope_id = %(scope)s and (subject_id = any (%(entities)s::bigint[]) or object_id = any (%(entities)s::bigint[]))

-- name: erase_decisions_of_entities
delete from decision{t} where {at} scope_id = %(scope)s and entity_id = any (%(entities)s::bigint[])

-- name: erase_locators_of_entities
delete from locator
where bucket = %(bucket)s and scope_id = %(scope)s and shared = %(shared)s and id = any (%(entities)s::bigint[])

-- name: aliases_of
select entity_id, normal, name, rung from alias{t}
where {at} scope_id = %(scope)s and entity_id = any (%(entities)s::bigint[])
order by entity_id, normal

-- name: rename_entities
update entity{t} e
set name = n.name, normal = n.normal
from unnest(%(renamed)s::bigint[], %(names)s::text[], %(normals)s::text[]) as n (id, name, normal)
where {at:e} e.scope_id = %(scope)s and e.id = n.id and e.normal <> n.normal

-- name: erase_decisions_about_names
-- A line of the log does not keep a name that nothing gives any more.
update decision{t} d set name = ''
where {at:d} d.scope_id = %(scope)s and d.entity_id = any (%(entities)s::bigint[]) and d.name <> ''
  and not exists (
      select from alias{t} a
      where {at:a} a.scope_id = %(scope)s and a.entity_id = d.entity_id and a.name = d.name)

-- name: page_of_entities
select e.id, e.kind, e.name, e.first_seen, g.last_seen, e.merged_into, g.mentions
from entity{t} e
join lateral (
    select count(distinct m.id) as mentions, max(f.last_seen) as last_seen
    from entity{t} f
    left join mention{t} x on x.bucket = f.bucket and x.entity_id = f.id
    left join memory{t} m on m.bucket = x.bucket and m.id = x.memory_id and m.status = 0
    where {at:f} f.scope_id = %(scope)s and f.root = e.id
) g on true
where {at:e} e.scope_id = %(scope)s and e.root = e.id and (%(kind)s::text is null or e.kind = %(kind)s)
  and (%(normal)s::text is null or exists (
      select from entity{t} f join alias{t} a on a.bucket = f.bucket and a.entity_id = f.id
      where {at:f} {at:a} f.scope_id = %(scope)s and a.scope_id = %(scope)s and f.root = e.id
        and strpos(a.normal, %(normal)s) > 0))
order by g.mentions desc, e.normal, e.id
limit %(limit)s offset %(offset)s

-- name: count_entities
select count(*) as total from entity{t} e
where {at:e} e.scope_id = %(scope)s and e.root = e.id and (%(kind)s::text is null or e.kind = %(kind)s)
  and (%(normal)s::text is null or exists (
      select from entity{t} f join alias{t} a on a.bucket = f.bucket and a.entity_id = f.id
      where {at:f} {at:a} f.scope_id = %(scope)s and a.scope_id = %(scope)s and f.root = e.id
        and strpos(a.normal, %(normal)s) > 0))

-- name: group_of_entity
-- An entity with all that have been merged into it, at any step.
select e.id, e.kind, e.name, e.root, e.merged_into, e.split_from, e.first_seen, e.last_seen
from entity{t} e
join entity{t} mine on mine.root = e.root
where {at:e} {at:mine} e.scope_id = %(scope)s and mine.scope_id = %(scope)s and mine.id = %(entity)s
order by e.id

-- name: mentions_of
select m.entity_id, m.memory_id, m.normals, y.status, y.seen_at
from mention{t} m
join memory{t} y on y.bucket = m.bucket and y.id = m.memory_id
where {at:m} {at:y} m.scope_id = %(scope)s and y.scope_id = %(scope)s and m.entity_id = any (%(entities)s::bigint[])
  and y.status < 3
order by y.seen_at desc, m.memory_id desc
limit %(limit)s

-- name: relations_of
select r.subject_id, s.root as subject_root, s.name as subject, s.kind as subject_kind, r.name, r.object_id,
    o.root as object_root, o.name as object, r.memory_id, r.holds, y.status, y.valid_from, y.valid_until, y.said_at,
    y.recorded_at
from relation{t} r
join entity{t} s on s.bucket = r.bucket and s.id = r.subject_id
join entity{t} o on o.bucket = r.bucket and o.id = r.object_id
join memory{t} y on y.bucket = r.bucket and y.id = r.memory_id
where {at:r} {at:s} {at:o} {at:y} r.scope_id = %(scope)s and s.scope_id = %(scope)s and o.scope_id = %(scope)s
  and y.scope_id = %(scope)s
  and (r.subject_id = any (%(entities)s::bigint[]) or r.object_id = any (%(entities)s::bigint[]))
order by coalesce(y.valid_from, y.said_at, y.recorded_at), r.memory_id, r.subject_id, r.name, r.object_id
limit %(limit)s

-- name: decisions_of
select d.action, d.rung, d.at, d.name, d.confidence, d.memory_id, d.others, d.actor
from decision{t} d
where {at:d} d.scope_id = %(scope)s and d.entity_id = any (%(entities)s::bigint[])
order by d.at desc, d.id desc
limit %(limit)s

-- name: group_of_roots
select e.id, e.kind, e.name, e.root, e.merged_into, e.split_from, e.first_seen, e.last_seen
from entity{t} e
where {at:e} e.scope_id = %(scope)s and e.root = any (%(roots)s::bigint[])
order by e.id

-- name: lock_entities
select e.id, e.kind, e.name, e.root, e.merged_into, e.split_from
from entity{t} e
where {at:e} e.scope_id = %(scope)s and e.id = any (%(entities)s::bigint[])
for update

-- name: memories_about
select m.id, m.detail, m.status, m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at, m.seen_count, m.tokens,
    m.extractor, m.valid_until, m.metadata::text as metadata, m.document_row, d.document_key,
    d.metadata::text as document_metadata, x.entity_id
from mention{t} x
join memory{t} m on m.bucket = x.bucket and m.id = x.memory_id
left join document{t} d on d.bucket = m.bucket and d.id = m.document_row
where {at:x} {at:m} x.scope_id = %(scope)s and m.scope_id = %(scope)s and x.entity_id = any (%(entities)s::bigint[])
  and m.status = 0
order by m.seen_at desc, m.id desc
limit %(limit)s

-- name: names_known
-- What a question may mean by another name: the names of entities that have several, roles, and who fills them.
with several as (
    select e.root from entity{t} e
    join alias{t} a on a.bucket = e.bucket and a.entity_id = e.id
    where {at:e} {at:a} e.scope_id = %(scope)s and a.scope_id = %(scope)s
    group by e.root having count(*) > 1
    union
    select e.root from entity{t} e where {at:e} e.scope_id = %(scope)s and e.kind = 'role'
    union
    select e.root from relation{t} r
    join entity{t} e on e.bucket = r.bucket and e.id = r.object_id
    where {at:r} {at:e} r.scope_id = %(scope)s and e.scope_id = %(scope)s and r.name = 'filled_by'
)
select e.root, top.kind, top.name as root_name, a.normal, a.name as alias
from several
join entity{t} e on e.root = several.root
join entity{t} top on top.id = e.root
join alias{t} a on a.bucket = e.bucket and a.entity_id = e.id
where {at:e} {at:top} {at:a} e.scope_id = %(scope)s and top.scope_id = %(scope)s and a.scope_id = %(scope)s
order by e.last_seen desc, e.id, a.normal
limit %(limit)s

-- name: fillings
select s.root as role, s.name as role_name, o.root as filler, r.holds, y.valid_from, y.valid_until, y.said_at, y.recorded_at
from relation{t} r
join entity{t} s on s.bucket = r.bucket and s.id = r.subject_id
join entity{t} o on o.bucket = r.bucket and o.id = r.object_id
join memory{t} y on y.bucket = r.bucket and y.id = r.memory_id
where {at:r} {at:s} {at:o} {at:y} r.scope_id = %(scope)s and s.scope_id = %(scope)s and o.scope_id = %(scope)s
  and y.scope_id = %(scope)s and r.name = 'filled_by' and y.status < 2
order by r.memory_id, o.root
limit %(limit)s

-- name: move_name_of_mentions
insert into mention{t} as m (bucket, entity_id, memory_id, scope_id, normals)
select %(bucket)s, %(into)s, x.memory_id, %(scope)s, array[%(normal)s::text]
from mention{t} x
where {at:x} x.scope_id = %(scope)s and x.entity_id = %(entity)s and %(normal)s::text = any (x.normals)
on conflict ({key}entity_id, memory_id)
do update set normals = array(select distinct one from unnest(m.normals || excluded.normals) as one order by one)

-- name: drop_name_from_mentions
update mention{t} m set normals = array_remove(m.normals, %(normal)s::text)
where {at:m} m.scope_id = %(scope)s and m.entity_id = %(entity)s and %(normal)s::text = any (m.normals)

-- name: drop_empty_mentions
delete from mention{t} where {at} scope_id = %(scope)s and entity_id = %(entity)s and normals = '{}' returning memory_id

-- name: move_relations_of_subject
update relation{t} set subject_id = %(into)s
where {at} scope_id = %(scope)s and subject_id = %(entity)s and memory_id = any (%(memories)s::bigint[])

-- name: move_relations_of_object
update relation{t} set object_id = %(into)s
where {at} scope_id = %(scope)s and object_id = %(entity)s and memory_id = any (%(memories)s::bigint[])

-- name: move_alias
update alias{t} set entity_id = %(into)s, rung = %(rung)s
where {at} scope_id = %(scope)s and entity_id = %(entity)s and normal = %(normal)s

-- name: mark_split
update entity{t} set split_from = %(entity)s where {at} scope_id = %(scope)s and id = %(into)s

-- name: split_of
-- Of which name an entity was made, and why that was one of the other entity's.
select d.name, d.rung, d.others from decision{t} d
where {at:d} d.scope_id = %(scope)s and d.entity_id = %(entity)s and d.action = 'split'
  and d.others = array[%(into)s::bigint]
order by d.at desc, d.id desc
limit 1
