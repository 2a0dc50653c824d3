"""The schema as the catalogue has it: keys, walls and storage that hold on a plain server and on a distributed one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from synap.domain.scopes import world_scope
from synap.store.migrate import migrations

CONTENT = {
    *("document", "segment", "memory", "entity", "alias", "mention", "relation", "decision", "effect", "retraction"),
    *("conversation", "message", "summary"),
}
CONTENT_SHARED = {f"{name}_shared" for name in CONTENT - {"conversation", "message", "summary"}}
SEARCHED = ("memory", "segment", "memory_shared", "segment_shared")
APPLICATIONS = ["synap_app", "synap_worker"]

RULE = "(scope_id = ANY ((current_setting('app.scopes'::text))::bigint[]))"
NOT_WORLD = f"({RULE} AND (scope_id <> '{world_scope().id}'::bigint))"

WHOLE = """
create temp view whole as select oid, relname from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
"""
"""The tables that the migrations name; in partitioned mode some are divided, and what they are divided into is theirs."""

Catalogue = psycopg.Connection[dict[str, Any]]


@pytest.fixture
def catalogue(owner_dsn: str) -> Iterator[Catalogue]:
    with psycopg.connect(owner_dsn, row_factory=dict_row, autocommit=True) as connection:
        connection.execute(WHOLE)
        yield connection


@pytest.fixture(scope="session")
def placement() -> dict[str, str]:
    """Where each table belongs, as the migrations say."""
    found: dict[str, str] = {}
    for migration in migrations():
        found |= dict(re.findall(r"synap_place\('(\w+)',\s*'(\w+)'", migration.sql))
    return found


def test_every_table_has_a_place(catalogue: Catalogue, placement: dict[str, str]) -> None:
    rows = catalogue.execute("select relname from whole").fetchall()

    assert {row["relname"] for row in rows} == set(placement)


def test_every_table_has_a_primary_key(catalogue: Catalogue, placement: dict[str, str]) -> None:
    rows = catalogue.execute(
        "select conrelid::regclass::text as tbl from pg_constraint where contype = 'p' and conrelid in (select oid from whole)"
    ).fetchall()

    assert {row["tbl"] for row in rows} == set(placement)


def test_unique_keys_of_bucket_tables_hold_the_bucket(catalogue: Catalogue, placement: dict[str, str]) -> None:
    rows = catalogue.execute(
        "select i.indrelid::regclass::text as tbl, i.indexrelid::regclass::text as idx, "
        "array_agg(a.attname::text order by k.position) as columns "
        "from pg_index i, unnest(i.indkey[0:i.indnkeyatts - 1]) with ordinality k(attnum, position) "
        "join pg_attribute a on true "
        "where i.indisunique and a.attrelid = i.indrelid and a.attnum = k.attnum "
        "and i.indrelid in (select oid from whole) group by 1, 2"
    ).fetchall()
    wrong = [row["idx"] for row in rows if placement[row["tbl"]] == "bucket" and "bucket" not in row["columns"]]

    assert rows
    assert wrong == []


def test_foreign_keys_lead_to_the_same_bucket_or_to_reference_tables(
    catalogue: Catalogue, placement: dict[str, str]
) -> None:
    rows = catalogue.execute(
        "select conrelid::regclass::text as tbl, confrelid::regclass::text as target, pg_get_constraintdef(oid) as text "
        "from pg_constraint where contype = 'f'"
    ).fetchall()

    for row in rows:
        if placement[row["target"]] == "bucket":
            assert placement[row["tbl"]] == "bucket", row
            assert re.search(r"FOREIGN KEY \(bucket,.*\) REFERENCES \w+\(bucket,", row["text"]), row
        else:
            assert placement[row["target"]] == "reference", row


def test_the_bucket_is_the_first_column_of_a_bucket_table(catalogue: Catalogue, placement: dict[str, str]) -> None:
    rows = catalogue.execute(
        "select attrelid::regclass::text as tbl, attname, format_type(atttypid, null) as type, attnotnull from pg_attribute "
        "where attnum = 1 and attrelid in (select oid from whole)"
    ).fetchall()
    first = {row["tbl"]: (row["attname"], row["type"], row["attnotnull"]) for row in rows}

    for table, kind in placement.items():
        if kind == "bucket":
            assert first[table] == ("bucket", "integer", True), table


def test_every_table_but_the_history_is_behind_forced_row_level_security(
    catalogue: Catalogue, placement: dict[str, str]
) -> None:
    rows = catalogue.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') "
        "and relrowsecurity and relforcerowsecurity"
    ).fetchall()

    assert {row["relname"] for row in rows} == {table for table, kind in placement.items() if kind != "local"}


def policies(catalogue: Catalogue, table: str) -> dict[str, tuple[Any, ...]]:
    rows = catalogue.execute(
        "select policyname, permissive, roles::text[] as roles, cmd, qual, with_check from pg_policies "
        "where schemaname = 'public' and tablename = %s",
        [table],
    ).fetchall()
    return {
        row["policyname"]: (row["permissive"], row["roles"], row["cmd"], row["qual"], row["with_check"]) for row in rows
    }


@pytest.mark.parametrize("table", sorted(CONTENT))
def test_a_content_table_shows_entered_scopes_alone(catalogue: Catalogue, table: str) -> None:
    assert policies(catalogue, table) == {"scope_wall": ("PERMISSIVE", APPLICATIONS, "ALL", RULE, RULE)}


@pytest.mark.parametrize("table", sorted(CONTENT_SHARED))
def test_a_shared_content_table_leaves_world_to_the_operator(catalogue: Catalogue, table: str) -> None:
    assert policies(catalogue, table) == {
        "scope_wall": ("PERMISSIVE", APPLICATIONS, "ALL", RULE, NOT_WORLD),
        "world_delete_wall": ("RESTRICTIVE", APPLICATIONS, "DELETE", NOT_WORLD, None),
        "world_update_wall": ("RESTRICTIVE", APPLICATIONS, "UPDATE", NOT_WORLD, None),
        "operator_wall": ("PERMISSIVE", ["synap_operator"], "ALL", RULE, RULE),
    }


def test_a_control_table_is_open_to_our_roles_alone(catalogue: Catalogue, placement: dict[str, str]) -> None:
    everyone = [*APPLICATIONS, "synap_operator"]
    control = {table for table, kind in placement.items() if kind != "local"} - CONTENT - CONTENT_SHARED

    for table in control:
        found = policies(catalogue, table)
        assert found == {"role_wall": ("PERMISSIVE", sorted(everyone), "ALL", "true", "true")} or found == {
            "role_wall": ("PERMISSIVE", everyone, "ALL", "true", "true")
        }, table


def test_no_control_table_has_a_column_for_content(catalogue: Catalogue) -> None:
    rows = catalogue.execute(
        "select attrelid::regclass::text as tbl from pg_attribute where attrelid in (select oid from whole) and attnum > 0 "
        "and (attname in ('content', 'text', 'blocks', 'detail') or format_type(atttypid, null) in ('halfvec', 'sparsevec'))"
    ).fetchall()

    assert {"memory", "segment"} <= {row["tbl"] for row in rows} <= CONTENT | CONTENT_SHARED


@pytest.mark.parametrize("role", [*APPLICATIONS, "synap_operator"])
def test_our_roles_have_no_power_over_the_walls(catalogue: Catalogue, role: str) -> None:
    row = catalogue.execute(
        "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication, "
        "(select count(*) from pg_class where relowner = r.oid) as owned, "
        "has_table_privilege(r.oid, 'memory', 'truncate') as truncates from pg_roles r where rolname = %s",
        [role],
    ).fetchone()

    assert row is not None
    assert not any(row.values())


def test_nothing_in_the_tables_acts_on_its_own(catalogue: Catalogue) -> None:
    triggers = catalogue.execute("select tgname from pg_trigger where not tgisinternal").fetchall()
    identities = catalogue.execute("select attname from pg_attribute where attidentity <> ''").fetchall()
    sequences = catalogue.execute("select relname from pg_class where relkind = 'S'").fetchall()

    assert (triggers, identities, sequences) == ([], [], [])


@pytest.mark.parametrize("table", SEARCHED)
def test_searched_columns_are_kept_in_the_row(catalogue: Catalogue, table: str) -> None:
    rows = catalogue.execute(
        "select attname, attstorage::text as storage from pg_attribute "
        "where attrelid = %s::regclass and attname in ('emb', 'emb_alt', 'terms')",
        [table],
    ).fetchall()

    assert {row["attname"]: row["storage"] for row in rows} == {"emb": "p", "emb_alt": "p", "terms": "p"}


@pytest.mark.parametrize("table", SEARCHED)
def test_a_covering_index_leads_with_the_scope_and_carries_both_arms(catalogue: Catalogue, table: str) -> None:
    row = catalogue.execute("select pg_get_indexdef(%s::regclass) as text", [f"{table}_search"]).fetchone()
    key = "(scope_id)" if table.endswith("_shared") else "(bucket, scope_id)"

    assert row is not None
    assert f"USING btree {key} INCLUDE (" in row["text"]
    assert {"id", "len", "terms", "emb"} <= set(re.split(r"[ ,()]+", row["text"]))
    assert row["text"].endswith("WHERE (status = 0)")


INVERTED = (
    "select i.indexrelid::regclass::text as idx from pg_index i join pg_class c on c.oid = i.indexrelid "
    "join pg_am a on a.oid = c.relam where c.relnamespace = 'public'::regnamespace and a.amname <> 'btree'"
)


def test_every_index_is_led_by_its_key_and_an_inverted_one_would_be_seen(catalogue: Catalogue) -> None:
    # An index by content serves all tenants at once, and row-level security keeps the planner from using it.
    assert catalogue.execute(INVERTED).fetchall() == []

    with catalogue.transaction(force_rollback=True):
        catalogue.execute("create index planted on client using gin (to_tsvector('simple', name))")
        assert catalogue.execute(INVERTED).fetchall() == [{"idx": "planted"}]


@pytest.mark.parametrize("table", SEARCHED)
def test_searched_tables_are_vacuumed_early(catalogue: Catalogue, table: str) -> None:
    rows = catalogue.execute(
        "select reloptions from pg_class where relkind = 'r' and relname ~ %s", [rf"^{table}(_p\d+)?$"]
    ).fetchall()

    assert rows
    assert all(row == {"reloptions": ["autovacuum_vacuum_insert_scale_factor=0.02"]} for row in rows)


@pytest.mark.parametrize("role", APPLICATIONS)
def test_roles_carry_the_settings_that_sessions_must_not(catalogue: Catalogue, role: str) -> None:
    row = catalogue.execute(
        "select setconfig from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where rolname = %s", [role]
    ).fetchone()

    assert row is not None
    assert {
        "plan_cache_mode=force_custom_plan",
        "jit=off",
        "max_parallel_workers_per_gather=0",
        "random_page_cost=1.1",
        "synchronous_commit=on",
    } <= set(row["setconfig"])
