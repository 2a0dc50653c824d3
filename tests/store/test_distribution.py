"""The look at a database's layout, on a plain one and on relations that stand in for a cluster's."""

from __future__ import annotations

import psycopg
import pytest

from synap.store.distribution import examine_distribution, read_nodes, read_tables
from synap.store.migrate import place_tables


def test_a_plain_database_is_told_as_such(fresh_dsn: str) -> None:
    found = examine_distribution(fresh_dsn)

    assert (found.mode, found.nodes, found.wrong) == ("plain", 1, ())


def test_a_wall_that_cannot_be_passed_is_told(fresh_dsn: str, fresh_owner_dsn: str) -> None:
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as connection:
        connection.execute("drop function synap_enter(bigint[])")

    found = examine_distribution(fresh_dsn)

    assert "cannot be entered" in found.wrong[0]


def test_nodes_and_tables_are_read_as_a_cluster_names_them(fresh_owner_dsn: str) -> None:
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as connection:
        connection.execute("create table pg_dist_node (nodename text, nodeport int, isactive bool)")
        connection.execute("insert into pg_dist_node values ('b', 5432, false), ('a', 5432, true)")
        connection.execute(
            "create view citus_tables as select 'memory'::regclass as table_name, 'distributed' as citus_table_type,"
            " 'bucket' as distribution_column, 3 as colocation_id, 32::bigint as shard_count"
        )

        nodes, tables = read_nodes(connection), read_tables(connection)

    assert nodes == [("a:5432", True), ("b:5432", False)]
    assert [(table.name, table.kind, table.column, table.group, table.shards) for table in tables] == [
        ("memory", "distributed", "bucket", 3, 32)
    ]


def test_tables_are_placed_again_without_harm(fresh_owner_dsn: str) -> None:
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as connection:
        placed = place_tables(connection)

    assert len(placed) > 30
    assert set(placed) == {"plain"}


@pytest.mark.usefixtures("fresh_dsn")
def test_tables_are_placed_where_a_cluster_came_later(fresh_owner_dsn: str) -> None:
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as connection:
        connection.execute("create table placed (name text, kind text)")
        connection.execute(
            "create or replace function synap_place(target regclass, kind text, peer regclass default null) returns text"
            " language plpgsql as $$ begin insert into placed values (target::text, kind); return kind; end $$"
        )

        place_tables(connection)
        rows = connection.execute("select name, kind from placed").fetchall()

    assert ("memory", "bucket") in rows
    assert rows.index(("client", "reference")) < rows.index(("memory", "bucket"))
