-- name: related
with draft as materialized (
    select * from unnest(%(keys)s::int[], %(hashes)s::bytea[], %(vectors)b::halfvec[]) as d (key, hash, vector)
), attribute as materialized (
    select * from unnest(%(slot_keys)s::int[], %(slots)s::bigint[]) as a (key, slot)
), pair as (
    select d.key, m.id
    from draft d
    join memory{t} m on m.content_hash = d.hash
    where {at:m} m.scope_id = %(scope)s and m.status = 0
    union
    select a.key, m.id
    from (select x.id, x.slots from memory{t} x
          where {at:x} x.scope_id = %(scope)s and x.status = 0 and x.slots && %(slots)s::bigint[]) as m
    join attribute a on a.slot = any (m.slots)
    union
    select d.key, n.id
    from unnest(%(sought)s::int[]) as s (key)
    join draft d on d.key = s.key
    cross join lateral (
        select x.id from memory{t} x
        where {at:x} x.scope_id = %(scope)s and x.status = 0 and x.{emb} is not null
        order by x.{emb} <#> d.vector
        limit %(nearest)s) as n
    where d.vector is not null
    union
    select c.key, c.id from unnest(%(chosen_keys)s::int[], %(chosen)s::bigint[]) as c (key, id)
)
select p.key, -(m.{emb} <#> d.vector) as cosine,
    m.id, m.detail, m.status, m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at, m.seen_count, m.tokens,
    m.extractor, m.valid_until, m.metadata::text as metadata, m.document_row, o.document_key,
    o.metadata::text as document_metadata
from pair p
join draft d on d.key = p.key
join memory{t} m on m.id = p.id
left join document{t} o on o.bucket = m.bucket and o.id = m.document_row
where {at:m} m.scope_id = %(scope)s
order by p.key, cosine desc nulls last, m.id

-- name: on_topic
with held as materialized (
    select id, len, (terms <#> %(query)s::sparsevec)::bigint as mask
    from memory{t}
    where {at} scope_id = %(scope)s and status = 0
), pattern as materialized (
    select mask, count(*)::float8 as n, sum(len)::float8 as len from held group by mask
), corpus as materialized (
    select sum(n) as n, greatest(sum(len) / sum(n), 1) as average from pattern
), weight as materialized (
    select p.mask, sum(t.idf) as idf
    from pattern p
    join (select b.bit, ln(1 + (max(c.n) - b.df + 0.5) / (b.df + 0.5)) as idf
          from (select bit, sum(p.n) as df from generate_series(0, 23) as bit
                join pattern p on (p.mask >> bit) & 1 = 1 group by bit) as b
          cross join corpus c group by b.bit, b.df) as t on (p.mask >> t.bit) & 1 = 1
    group by p.mask
), best as (
    select h.id, w.idf * 2.2 / (1 + 1.2 * (0.25 + 0.75 * h.len / c.average)) as score
    from held h
    join weight w on w.mask = h.mask
    cross join corpus c
    order by score desc, h.id
    limit %(limit)s
)
select b.score, m.id, m.detail, m.status, m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at, m.seen_count,
    m.tokens, m.extractor, m.valid_until, m.metadata::text as metadata, m.document_row, o.document_key,
    o.metadata::text as document_metadata
from best b
join memory{t} m on m.id = b.id
left join document{t} o on o.bucket = m.bucket and o.id = m.document_row
where {at:m} m.scope_id = %(scope)s
order by b.score desc, b.id

-- name: resting_on
select m.id, m.detail, m.status, m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at, m.seen_count, m.tokens,
    m.extractor, m.valid_until, m.metadata::text as metadata, m.document_row, o.document_key,
    o.metadata::text as document_metadata
from memory{t} m
left join document{t} o on o.bucket = m.bucket and o.id = m.document_row
where {at:m} m.scope_id = %(scope)s and m.status = 0 and m.document_row = %(document)s
  and m.sources && %(segments)s::bigint[]
order by m.id
