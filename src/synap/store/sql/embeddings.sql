-- name: vector_spaces
select slot, embedder, dim, state, changed_at from embedding order by slot

-- name: first_space
insert into embedding (slot, embedder, dim, state, changed_at) values ('emb', %(embedder)s, %(dim)s, 'live', %(now)s)
on conflict do nothing

-- name: fill_space
insert into embedding as e (slot, embedder, dim, state, changed_at)
values (%(slot)s, %(embedder)s, %(dim)s, 'filling', %(now)s)
on conflict (slot) do update
    set embedder = excluded.embedder, dim = excluded.dim, changed_at = excluded.changed_at, state = 'filling'
    where e.state = 'filling'

-- name: switch_space
update embedding set state = case when slot = %(slot)s then 'live' else 'filling' end, changed_at = %(now)s

-- name: drop_space
delete from embedding where slot = %(slot)s and state = 'filling'

-- name: scopes_page
select bucket, id, space, rung, customer_id, user_id from scope
where (bucket, id) > (%(bucket)s, %(scope)s)
order by bucket, id
limit %(limit)s

-- name: scopes_page_shared
select id, space, rung, null as customer_id, null as user_id from scope_shared order by id

-- name: unembedded_memories
select id, content as text from memory{t}
where {at} scope_id = %(scope)s and {emb} is null and status < 3
order by id
limit %(limit)s

-- name: unembedded_segments
select id, text from segment{t}
where {at} scope_id = %(scope)s and {emb} is null and status < 2
order by id
limit %(limit)s

-- name: embed_memories
-- Only what still says the text that the vector was made of: an update keeps the id, and so does undoing.
update memory{t} m set {emb} = u.vector
from unnest(%(ids)s::bigint[], %(texts)s::text[], %(vectors)b::halfvec[]) as u (id, content, vector)
where {at:m} m.scope_id = %(scope)s and m.id = u.id and m.status < 3 and m.content = u.content

-- name: clear_memory_vectors
update memory{t} set {emb} = null where {at} scope_id = %(scope)s and {emb} is not null

-- name: clear_segment_vectors
update segment{t} set {emb} = null where {at} scope_id = %(scope)s and {emb} is not null
