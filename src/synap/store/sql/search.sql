-- name: recall
-- One query over the four content tables (part 0 memory, 1 memory_shared, 2 segment, 3 segment_shared). `held` is read by
-- index-only scans and carries what both arms need: the cosine, and a mask whose bits tell which query terms a row holds. BM25 (Robertson, Zaragoza, "The Probabilistic Relevance Framework", 2009; k1 1.2, b 0.75,
-- each term counted once) takes its statistics from the rows of the chain alone, memories and segments together. Rows
-- with equal masks share their sum of idf, so that it is worked out once per mask and not once per row.
-- `held` is read several times, so its columns are narrow and, but for the distance of what has no vector yet, never null,
-- which lets PostgreSQL find a column without looking at those before it. Memories have place 0 0.
-- The most promising rows come whole, segments beside good hits among them; all others as two arrays in one last row.
-- Of equals the newest come first: records are told apart by nothing else where a name fits many.
-- A segment's `quote` is null where its text ends with the passage of the document, after a label or headings.
with held as materialized (
    select 0 as part, id, scope_id, 0::bigint as document_row, 0 as ordinal, len, {emb} <#> %(vector)s::halfvec as distance,
        (terms <#> %(terms)s::sparsevec)::bigint + coalesce((terms <#> %(more_terms)s::sparsevec)::bigint << 24, 0) as mask
    from memory
    where bucket = %(bucket)s and scope_id = any (%(owned_scopes)s::bigint[]) and {believed}
      and (%(types)s::smallint[] is null or type = any (%(types)s::smallint[]))
    union all
    select 1 as part, id, scope_id, 0::bigint as document_row, 0 as ordinal, len, {emb} <#> %(vector)s::halfvec as distance,
        (terms <#> %(terms)s::sparsevec)::bigint + coalesce((terms <#> %(more_terms)s::sparsevec)::bigint << 24, 0) as mask
    from memory_shared
    where scope_id = any (%(shared_scopes)s::bigint[]) and {believed}
      and (%(types)s::smallint[] is null or type = any (%(types)s::smallint[]))
    union all
    select 2 as part, id, scope_id, document_row, ordinal, len, {emb} <#> %(vector)s::halfvec as distance,
        (terms <#> %(terms)s::sparsevec)::bigint + coalesce((terms <#> %(more_terms)s::sparsevec)::bigint << 24, 0) as mask
    from segment
    where bucket = %(bucket)s and scope_id = any (%(owned_scopes)s::bigint[]) and {shown} and %(excerpts)s
    union all
    select 3 as part, id, scope_id, document_row, ordinal, len, {emb} <#> %(vector)s::halfvec as distance,
        (terms <#> %(terms)s::sparsevec)::bigint + coalesce((terms <#> %(more_terms)s::sparsevec)::bigint << 24, 0) as mask
    from segment_shared
    where scope_id = any (%(shared_scopes)s::bigint[]) and {shown} and %(excerpts)s
), pattern as materialized (
    select mask, count(*)::float8 as n, sum(len)::float8 as len from held group by mask
), corpus as materialized (
    select sum(n) as n, greatest(sum(len) / sum(n), 1) as average from pattern
), idf as materialized (
    select bit, ln(1 + ((select n from corpus) - sum(p.n) + 0.5) / (sum(p.n) + 0.5)) as idf
    from generate_series(0, %(bits)s::int - 1) as bit
    join pattern p on (p.mask >> bit) & 1 = 1
    group by bit
), weight as materialized (
    select p.mask, sum(i.idf) as idf from pattern p join idf i on (p.mask >> i.bit) & 1 = 1 group by p.mask
), nearest as (
    select * from held where distance is not null order by distance, id limit %(limit)s
), wordiest as (
    select h.*
    from held h
    join weight w on w.mask = h.mask
    where h.mask <> 0
    order by w.idf / (1.3::float8 + 0.9::float8 / (select average from corpus) * h.len) desc, h.id desc
    limit %(limit)s
), best as materialized (
    select distinct on (part, id) * from (select * from nearest union all select * from wordiest) as found
), beside as (
    select h.*
    from held h
    join (select distinct b.document_row, b.ordinal + step as ordinal
          from best b cross join (values (-1), (1)) as v (step)
          where b.part >= 2 and %(neighbours)s) as wanted
        on wanted.document_row = h.document_row and wanted.ordinal = h.ordinal
    where h.part >= 2 and not exists (select from best b where b.part = h.part and b.id = h.id)
), scored as (
    select c.part, c.id, c.scope_id, c.document_row, c.ordinal, c.chosen, -c.distance as cosine,
        c.mask = (1::bigint << %(bits)s::int) - 1 as complete,
        coalesce(w.idf * 2.2::float8 / (1.3::float8 + 0.9::float8 / (select average from corpus) * c.len), 0) as lexical
    from (select *, true as chosen from best union all select *, false from beside) as c
    left join weight w on w.mask = c.mask
), bounds as (
    select max(cosine) as high, greatest(min(cosine), 0) * count(cosine) / (count(cosine) + 32) as low, max(lexical) as top
    from scored
), promise as (
    -- What has no vector yet is judged by its words alone, which then count for both; and at least for both where a row
    -- holds every term of the query: of records that one name finds none is pushed aside for what it says besides.
    select s.*, coalesce(
            case when s.cosine is null then s.lexical / nullif(b.top, 0)
            else greatest(coalesce((s.cosine - b.low) / nullif(b.high - b.low, 0), 0),
                case when s.complete then s.lexical / nullif(b.top, 0) end) end, 0)
        + coalesce(s.lexical / nullif(b.top, 0), 0) as own
    from scored s cross join bounds b
), lifted as (
    select p.*, p.own + 0.3::float8 * greatest(
            case when lag(p.ordinal) over place = p.ordinal - 1 then lag(p.own) over place else 0 end,
            case when lead(p.ordinal) over place = p.ordinal + 1 then lead(p.own) over place else 0 end) as likely
    from promise p
    window place as (partition by p.part, p.document_row order by p.ordinal)
), ranked as materialized (
    select l.*, (l.chosen or l.likely > 0) and row_number() over (
            partition by l.part < 2, l.chosen or l.likely > 0 order by l.likely desc, l.id desc) <= %(texts)s as told
    from lifted l
)
select s.part, s.id, m.scope_id, s.cosine, s.lexical, m.detail, m.status, m.recorded_at, m.superseded_at,
    m.superseded_by, m.seen_at, m.seen_count, m.tokens, m.extractor, m.valid_until, m.metadata::text as metadata,
    m.document_row, d.document_key, d.metadata::text as document_metadata, 0 as ordinal, null as content, null as role,
    null as speaker, null as turn_id, null::timestamptz as said_at, 0 as start_at, 0 as end_at, null as quote,
    null::bigint[] as places, null::float8[] as scores
from ranked s
join memory m on m.bucket = %(bucket)s and m.id = s.id and m.scope_id = s.scope_id
left join document d on d.bucket = m.bucket and d.id = m.document_row
where s.part = 0 and s.told
union all
select s.part, s.id, m.scope_id, s.cosine, s.lexical, m.detail, m.status, m.recorded_at, m.superseded_at,
    m.superseded_by, m.seen_at, m.seen_count, m.tokens, m.extractor, m.valid_until, m.metadata::text as metadata,
    m.document_row, d.document_key, d.metadata::text as document_metadata, 0 as ordinal, null as content, null as role,
    null as speaker, null as turn_id, null::timestamptz as said_at, 0 as start_at, 0 as end_at, null as quote,
    null::bigint[] as places, null::float8[] as scores
from ranked s
join memory_shared m on m.id = s.id and m.scope_id = s.scope_id
left join document_shared d on d.bucket = m.bucket and d.id = m.document_row
where s.part = 1 and s.told
union all
select s.part, s.id, g.scope_id, s.cosine, s.lexical, null, 0::smallint, g.recorded_at, null, null, null, 1,
    g.tokens, '', null, null, g.document_row, d.document_key, d.metadata::text, g.ordinal, g.text, g.role, g.speaker,
    g.turn_id, g.said_at, g.start_at, g.end_at, coalesce(g.quote, right(g.text, g.end_at - g.start_at)), null, null
from ranked s
join segment g on g.bucket = %(bucket)s and g.id = s.id and g.scope_id = s.scope_id
join document d on d.bucket = g.bucket and d.id = g.document_row
where s.part = 2 and s.told
union all
select s.part, s.id, g.scope_id, s.cosine, s.lexical, null, 0::smallint, g.recorded_at, null, null, null, 1,
    g.tokens, '', null, null, g.document_row, d.document_key, d.metadata::text, g.ordinal, g.text, g.role, g.speaker,
    g.turn_id, g.said_at, g.start_at, g.end_at, coalesce(g.quote, right(g.text, g.end_at - g.start_at)), null, null
from ranked s
join segment_shared g on g.id = s.id and g.scope_id = s.scope_id
join document_shared d on d.bucket = g.bucket and d.id = g.document_row
where s.part = 3 and s.told
union all
select -1, 0, 0, null, null, null, 0::smallint, null, null, null, null, 1, 0, '', null, null,
    null, null, null, 0, null, null, null, null, null, 0, 0, null,
    array_agg(array[s.part, s.id, s.scope_id, s.document_row, s.ordinal]), array_agg(array[s.cosine, s.lexical])
from ranked s
where not s.told
having count(*) > 0

-- name: newest
-- Of each scope the surest among its newest memories, and its newest segments.
with recent as (
    select n.id
    from unnest(%(owned_scopes)s::bigint[]) as o (scope_id)
    cross join lateral (
        select y.id, y.recorded_at from (
            select x.id, x.recorded_at, x.confidence from memory x
            where x.bucket = %(bucket)s and x.scope_id = o.scope_id and {believed} and x.seen_count > 0
              and (%(types)s::smallint[] is null or x.type = any (%(types)s::smallint[]))
            order by x.recorded_at desc
            limit 10 * %(limit)s) as y
        order by y.confidence desc, y.recorded_at desc, y.id desc
        limit %(limit)s) as n
), verbatim as (
    select n.id
    from unnest(%(owned_scopes)s::bigint[]) as o (scope_id)
    cross join lateral (
        select x.id from segment x
        where x.bucket = %(bucket)s and x.scope_id = o.scope_id and {shown} and %(excerpts)s
        order by x.id desc
        limit %(limit)s) as n
)
select 0 as part, m.id, m.scope_id, null::float8 as cosine, null::float8 as lexical, m.detail, m.status,
    m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at, m.seen_count, m.tokens, m.extractor, m.valid_until,
    m.metadata::text as metadata, m.document_row, d.document_key, d.metadata::text as document_metadata, 0 as ordinal,
    null as content, null as role, null as speaker, null as turn_id, null::timestamptz as said_at, 0 as start_at,
    0 as end_at, null as quote
from recent n
join memory m on m.bucket = %(bucket)s and m.id = n.id
left join document d on d.bucket = m.bucket and d.id = m.document_row
where m.scope_id = any (%(owned_scopes)s::bigint[])
union all
select 2, g.id, g.scope_id, null, null, null, 0::smallint, g.recorded_at, null, null, null, 1, g.tokens, '',
    null, null, g.document_row, d.document_key, d.metadata::text, g.ordinal, g.text, g.role, g.speaker, g.turn_id,
    g.said_at, g.start_at, g.end_at, coalesce(g.quote, right(g.text, g.end_at - g.start_at))
from verbatim n
join segment g on g.bucket = %(bucket)s and g.id = n.id
join document d on d.bucket = g.bucket and d.id = g.document_row
where g.scope_id = any (%(owned_scopes)s::bigint[])

-- name: newest_shared
-- Of each scope the surest among its newest memories, and its newest segments.
with recent as (
    select n.id
    from unnest(%(shared_scopes)s::bigint[]) as o (scope_id)
    cross join lateral (
        select y.id, y.recorded_at from (
            select x.id, x.recorded_at, x.confidence from memory_shared x
            where x.scope_id = o.scope_id and {believed} and x.seen_count > 0
              and (%(types)s::smallint[] is null or x.type = any (%(types)s::smallint[]))
            order by x.recorded_at desc
            limit 10 * %(limit)s) as y
        order by y.confidence desc, y.recorded_at desc, y.id desc
        limit %(limit)s) as n
), verbatim as (
    select n.id
    from unnest(%(shared_scopes)s::bigint[]) as o (scope_id)
    cross join lateral (
        select x.id from segment_shared x
        where x.scope_id = o.scope_id and {shown} and %(excerpts)s
        order by x.id desc
        limit %(limit)s) as n
)
select 1 as part, m.id, m.scope_id, null::float8 as cosine, null::float8 as lexical, m.detail, m.status,
    m.recorded_at, m.superseded_at, m.superseded_by, m.seen_at, m.seen_count, m.tokens, m.extractor, m.valid_until,
    m.metadata::text as metadata, m.document_row, d.document_key, d.metadata::text as document_metadata, 0 as ordinal,
    null as content, null as role, null as speaker, null as turn_id, null::timestamptz as said_at, 0 as start_at,
    0 as end_at, null as quote
from recent n
join memory_shared m on m.id = n.id
left join document_shared d on d.bucket = m.bucket and d.id = m.document_row
where m.scope_id = any (%(shared_scopes)s::bigint[])
union all
select 3, g.id, g.scope_id, null, null, null, 0::smallint, g.recorded_at, null, null, null, 1, g.tokens, '',
    null, null, g.document_row, d.document_key, d.metadata::text, g.ordinal, g.text, g.role, g.speaker, g.turn_id,
    g.said_at, g.start_at, g.end_at, coalesce(g.quote, right(g.text, g.end_at - g.start_at))
from verbatim n
join segment_shared g on g.id = n.id
join document_shared d on d.bucket = g.bucket and d.id = g.document_row
where g.scope_id = any (%(shared_scopes)s::bigint[])

-- name: standing
select 0 as part, id, scope_id, recorded_at, valid_until
from memory
where bucket = %(bucket)s and scope_id = any (%(owned_scopes)s::bigint[]) and id = any (%(memory)s::bigint[]) and status = 0
union all
select 1, id, scope_id, recorded_at, valid_until
from memory_shared
where scope_id = any (%(shared_scopes)s::bigint[]) and id = any (%(memory_shared)s::bigint[]) and status = 0
union all
select 2, id, scope_id, recorded_at, null
from segment
where bucket = %(bucket)s and scope_id = any (%(owned_scopes)s::bigint[]) and id = any (%(segment)s::bigint[]) and status = 0
union all
select 3, id, scope_id, recorded_at, null
from segment_shared
where scope_id = any (%(shared_scopes)s::bigint[]) and id = any (%(segment_shared)s::bigint[]) and status = 0
