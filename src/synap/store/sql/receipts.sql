-- name: installation_secret
select secret from installation where id = 1

-- name: make_installation
insert into installation (id, secret, made_at) values (1, %(secret)s, %(now)s) on conflict (id) do nothing

-- name: open_book
insert into receipt_book (bucket, book) values (%(bucket)s, %(book)s) on conflict (bucket, book) do nothing

-- name: lock_book
select sequence, head, counted::text as counted, begun_at from receipt_book
where bucket = %(bucket)s and book = %(book)s
for update

-- name: note_counted
update receipt_book set counted = %(counted)s::jsonb, begun_at = %(now)s
where bucket = %(bucket)s and book = %(book)s

-- name: insert_receipt
insert into receipt (bucket, id, book, sequence, recorded_at, body)
values (%(bucket)s, %(receipt)s, %(book)s, %(sequence)s, %(now)s, %(body)s)

-- name: advance_book
update receipt_book set sequence = %(sequence)s, head = %(head)s,
    counted = case when %(closes)s then null else counted end, begun_at = case when %(closes)s then null else begun_at end
where bucket = %(bucket)s and book = %(book)s

-- name: get_receipt
select id, body from receipt where bucket = %(bucket)s and id = %(receipt)s and book = %(book)s

-- name: page_receipts_of_book
select id, body from receipt
where bucket = %(bucket)s and book = %(book)s and sequence > %(after)s
order by sequence
limit %(limit)s

-- name: receipt_books
select book, sequence from receipt_book where sequence > 0 order by book
