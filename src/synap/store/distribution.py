"""Whether a database is distributed, and whether every table lies where it belongs: for `synap doctor`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg

from synap.store.checks import connect
from synap.store.migrate import migrations

_PLACED = re.compile(r"synap_place\('(\w+)',\s*'(\w+)'")
_TYPES = {"bucket": "distributed", "reference": "reference", "local": "local"}
_PLACE = "run `synap migrate` as the schema's owner, at the coordinator: it places what is not"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedTable:
    """A table as Citus has it: `kind` is `distributed`, `reference` or `local`."""

    name: str
    kind: str
    column: str = ""
    group: int = 0
    shards: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """What a look at a database showed.

    Attributes:
        mode: `plain` or `citus`.
        nodes: Nodes of the cluster, the coordinator included; 1 where it is plain.
        shards: Shards of the tables with a bucket; 0 where it is plain.
        wrong: What is not as it must be, each with what to do.
    """

    mode: str
    nodes: int = 1
    shards: int = 0
    wrong: tuple[str, ...] = ()


def examine_distribution(dsn: str) -> Distribution:
    """Return how the database at `dsn` is distributed; also on a plain one it proves that scopes can be entered.

    Raises:
        SetupError: The server cannot be reached.
    """
    with connect(dsn) as connection:
        wrong = _probe(connection)
        if connection.execute("select from pg_extension where extname = 'citus'").fetchone() is None:
            return Distribution(mode="plain", wrong=wrong)
        return judge(read_nodes(connection), read_tables(connection), wanted_places(), wrong)


def wanted_places() -> dict[str, str]:
    """Return where each table belongs (`bucket`, `reference` or `local`), as the migrations say."""
    found: dict[str, str] = {}
    for migration in migrations():
        found |= dict(_PLACED.findall(migration.sql))
    return found


def read_nodes(connection: psycopg.Connection[tuple[object, ...]]) -> list[tuple[str, bool]]:
    """Return the name of each node of a cluster, and whether it takes part."""
    rows = connection.execute("select nodename || ':' || nodeport, isactive from pg_dist_node order by 1").fetchall()
    return [(str(name), bool(active)) for name, active in rows]


def read_tables(connection: psycopg.Connection[tuple[object, ...]]) -> list[PlacedTable]:
    """Return the tables that Citus knows of."""
    rows = connection.execute(
        "select table_name::text, citus_table_type::text, coalesce(distribution_column::text, ''), colocation_id, shard_count"
        " from citus_tables order by 1"
    ).fetchall()
    return [
        PlacedTable(name=str(name), kind=str(kind), column=str(column), group=int(str(group)), shards=int(str(shards)))
        for name, kind, column, group, shards in rows
    ]


def judge(
    nodes: Sequence[tuple[str, bool]],
    tables: Sequence[PlacedTable],
    wanted: Mapping[str, str],
    wrong: Sequence[str] = (),
) -> Distribution:
    """Return what is to be said of a cluster with these nodes and tables."""
    said = list(wrong)
    said += [
        f"node {name} takes no part: see to it, then `select citus_activate_node(...)`" for name, up in nodes if not up
    ]
    known = {table.name: table for table in tables}
    unplaced = sorted(wanted.keys() - known.keys())
    if unplaced:
        said.append(f"not placed on the cluster: {', '.join(unplaced)}; {_PLACE}")
    for name in sorted(wanted.keys() & known.keys()):
        if not known[name].kind.startswith(_TYPES[wanted[name]]):
            said.append(f"{name} is a {known[name].kind} table and must be {_TYPES[wanted[name]]}")
    owned = [known[name] for name, kind in wanted.items() if kind == "bucket" and name in known]
    said += [
        f"{table.name} is distributed by {table.column}, not by bucket" for table in owned if table.column != "bucket"
    ]
    if len({table.group for table in owned}) > 1:
        said.append("tables with a bucket lie in several colocation groups: joins between them leave their node")
    return Distribution(
        mode="citus",
        nodes=max(len(nodes), 1),
        shards=max((table.shards for table in owned), default=0),
        wrong=tuple(said),
    )


def _probe(connection: psycopg.Connection[tuple[object, ...]]) -> tuple[str, ...]:
    """Enter a scope and read through the wall, on whichever node the bucket lies; return what went wrong."""
    try:
        with connection.transaction():
            connection.execute("select synap_enter(array[1]::bigint[])")
            connection.execute("select count(*) from memory where bucket = 0 and scope_id = 1")
    except psycopg.Error as error:
        return (f"scopes cannot be entered ({error.sqlstate}): the settings of a transaction do not reach every node",)
    return ()
