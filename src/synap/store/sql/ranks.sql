-- name: ranks
-- Where one row stands among all that the chain holds, by each channel, as `recall` scores them: how many come before it.
with held as materialized (
    select 0 as part, id, len, {emb} <#> %(vector)s::halfvec as distance,
        (terms <#> %(terms)s::sparsevec)::bigint + coalesce((terms <#> %(more_terms)s::sparsevec)::bigint << 24, 0) as mask
    from memory
    where bucket = %(bucket)s and scope_id = any (%(owned_scopes)s::bigint[]) and {believed}
    union all
    select 1, id, len, {emb} <#> %(vector)s::halfvec,
        (terms <#> %(terms)s::sparsevec)::bigint + coalesce((terms <#> %(more_terms)s::sparsevec)::bigint << 24, 0)
    from memory_shared
    where scope_id = any (%(shared_scopes)s::bigint[]) and {believed}
    union all
    select 2, id, len, {emb} <#> %(vector)s::halfvec,
        (terms <#> %(terms)s::sparsevec)::bigint + coalesce((terms <#> %(more_terms)s::sparsevec)::bigint << 24, 0)
    from segment
    where bucket = %(bucket)s and scope_id = any (%(owned_scopes)s::bigint[]) and {shown}
    union all
    select 3, id, len, {emb} <#> %(vector)s::halfvec,
        (terms <#> %(terms)s::sparsevec)::bigint + coalesce((terms <#> %(more_terms)s::sparsevec)::bigint << 24, 0)
    from segment_shared
    where scope_id = any (%(shared_scopes)s::bigint[]) and {shown}
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
), scored as materialized (
    select h.part, h.id, h.distance, w.idf / (1.3::float8 + 0.9::float8 / (select average from corpus) * h.len) as lexical
    from held h left join weight w on w.mask = h.mask
)
select -o.distance as cosine, (o.lexical is not null) as shares_a_word,
    (select count(*) from scored s where s.distance < o.distance or (s.distance = o.distance and s.id < o.id)) as nearer,
    (select count(*) from scored s where s.lexical > o.lexical or (s.lexical = o.lexical and s.id > o.id)) as wordier
from scored o
where o.part = %(part)s and o.id = %(id)s
