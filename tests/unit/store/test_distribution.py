"""What `synap doctor` says of a cluster's layout."""

from __future__ import annotations

from dataclasses import replace

import pytest

from synap.store.distribution import PlacedTable, judge, wanted_places

NODES = [("coordinator:5432", True), ("worker:5432", True)]
WANTED = {"client": "reference", "memory": "bucket", "job": "bucket", "schema_migration": "local"}
RIGHT = {
    "client": PlacedTable(name="client", kind="reference", column="<none>"),
    "memory": PlacedTable(name="memory", kind="distributed", column="bucket", group=3, shards=32),
    "job": PlacedTable(name="job", kind="distributed", column="bucket", group=3, shards=32),
    "schema_migration": PlacedTable(name="schema_migration", kind="local", column="<none>"),
}


def test_a_cluster_in_order_is_told_with_nodes_and_shards() -> None:
    found = judge(NODES, list(RIGHT.values()), WANTED)

    assert (found.mode, found.nodes, found.shards, found.wrong) == ("citus", 2, 32, ())


def test_a_table_that_is_not_placed_is_named_with_what_places_it() -> None:
    found = judge(NODES, [one for one in RIGHT.values() if one.name != "job"], WANTED)

    assert [one for one in found.wrong if "not placed" in one and "job" in one and "synap migrate" in one]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (replace(RIGHT["job"], column="id"), "distributed by id"),
        (replace(RIGHT["job"], group=4), "several colocation groups"),
        (replace(RIGHT["client"], kind="distributed", column="id"), "must be reference"),
    ],
)
def test_a_table_that_lies_elsewhere_is_told(changed: PlacedTable, said: str) -> None:
    found = judge(NODES, [*{**RIGHT, changed.name: changed}.values()], WANTED)

    assert [said in one for one in found.wrong] == [True]


def test_a_node_that_takes_no_part_is_named() -> None:
    found = judge([*NODES, ("lost:5432", False)], list(RIGHT.values()), WANTED)

    assert "lost:5432" in found.wrong[0]


def test_what_was_found_before_is_told_too() -> None:
    assert judge(NODES, list(RIGHT.values()), WANTED, ("scopes cannot be entered",)).wrong == (
        "scopes cannot be entered",
    )


def test_the_migrations_say_where_each_table_belongs() -> None:
    places = wanted_places()

    assert places["memory"] == "bucket"
    assert places["memory_shared"] == "reference"
    assert places["schema_migration"] == "local"
