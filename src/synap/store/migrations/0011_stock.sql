-- Stocktaking: when each bucket was last looked at, what was counted there, and what stood there that must not. Numbers
-- alone. Bucket -1 stands for the scopes that several may read (CLIENT, WORLD), whose rows lie in tables without buckets.

create table stock (
    bucket int not null,
    looked_at timestamptz not null,
    scopes int not null default 0,
    working int not null default 0,
    ended int not null default 0,
    failed int not null default 0,
    found jsonb not null default '{}',
    primary key (bucket)
) /* partition:bucket */;

select synap_place('stock', 'bucket', 'memory');

select synap_protect_control('stock');
