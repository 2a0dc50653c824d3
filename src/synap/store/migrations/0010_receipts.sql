-- Receipts of erasures: which erasure, how many rows of which table, when, and a digest of whom; no personal data, so that
-- they outlive what they tell of. The receipts of one book (an instance, or a client) are chained: each names the hash of
-- the one before. `receipt_book` holds the head of the chain, and while an instance or client is being deleted what was
-- counted when it was closed, so that a deletion that was cut short still ends with the whole count.

create table receipt (
    bucket int not null,
    id bigint not null,
    book text not null,
    sequence int not null,
    recorded_at timestamptz not null,
    body text not null,
    primary key (bucket, id),
    unique (bucket, book, sequence)
) /* partition:bucket */;

create table receipt_book (
    bucket int not null,
    book text not null,
    sequence int not null default 0,
    head text not null default '',
    counted jsonb,
    begun_at timestamptz,
    primary key (bucket, book)
) /* partition:bucket */;

-- The installation's key: one row, made by the first process that signs. Who can read this table can sign as the
-- installation; what others hold against that is the public key, once they have it, and the receipts they were given.
create table installation (
    id int primary key check (id = 1),
    secret bytea not null,
    made_at timestamptz not null
);

select synap_place('receipt', 'bucket', 'memory');
select synap_place('receipt_book', 'bucket', 'memory');
select synap_place('installation', 'reference');

select synap_protect_control('receipt');
select synap_protect_control('receipt_book');
select synap_protect_control('installation');
