"""While a fleet is upgraded, processes of the version before go on over the new schema: migrations only add to it.

Checked as a rule over the text of every migration since the rule was made, and by a process that goes on working while a
migration that breaks no rule comes under it.
"""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from synap.errors import SetupError
from synap.store.checks import check_store
from synap.store.database import Database
from synap.store.migrate import SCHEMA_VERSION, Migration, migrations
from synap.store.splitting import split_statements, without_comments

SINCE = 10
"""Migrations up to this one were made before the rule."""

TAKES_AWAY = re.compile(
    r"\bdrop\s+(table|column|function|policy|schema|type|constraint|default)\b|\brename\b|\btype\s+\w+\s*(using|$)"
    r"|\bset\s+not\s+null\b|\brevoke\b|\bdisable\s+row\b",
    re.IGNORECASE,
)
ADDED = re.compile(r"\badd\s+(?:column\s+)?(?:if\s+not\s+exists\s+)?\w+\s+(?P<rest>[^,;]*)", re.IGNORECASE)
NARROWS = re.compile(r"\balter\s+table\s+(?P<table>\w+)\s+add\s+(constraint|check|foreign|unique)\b", re.IGNORECASE)
CREATES = re.compile(
    r"\bcreate\s+(?P<unique>unique\s+)?(?P<what>table|index)\s+(\w+\s+on\s+)?(?P<name>\w+)", re.IGNORECASE
)


def broken(migration: Migration) -> list[str]:
    """Return the statements of a migration that a process of the version before may not survive."""
    fresh: set[str] = set()
    found = []
    for text in map(without_comments, split_statements(migration.sql)):
        created = CREATES.match(text.strip())
        if created is not None and created["what"].lower() == "table":
            fresh.add(created["name"])
            continue
        if created is not None and created["unique"] and created["name"] not in fresh:
            found.append(text)  # rows that were welcome before are refused
        elif created is None and _takes_away(text, fresh):
            found.append(text)
    return found


def _takes_away(text: str, fresh: set[str]) -> bool:
    if not re.match(r"\s*(alter|drop|revoke)\b", text, re.IGNORECASE):
        return False
    table = re.match(r"\s*alter\s+table\s+(\w+)", text, re.IGNORECASE)
    if table is not None and table[1] in fresh:
        return False
    needed = any(
        re.search(r"\bnot\s+null\b", one["rest"], re.IGNORECASE)
        and not re.search(r"\bdefault\b", one["rest"], re.IGNORECASE)
        for one in ADDED.finditer(text)
    )
    return bool(TAKES_AWAY.search(text) or NARROWS.search(text) or needed)


def made(sql: str) -> Migration:
    return Migration(number=SCHEMA_VERSION + 1, name="next", sql=sql)


@pytest.mark.parametrize("migration", [one for one in migrations() if one.number > SINCE], ids=lambda one: one.name)
def test_a_migration_only_adds(migration: Migration) -> None:
    assert broken(migration) == []


@pytest.mark.parametrize(
    "sql",
    [
        "alter table memory drop column score",
        "alter table memory rename column score to weight",
        "alter table memory alter column score set not null",
        "alter table memory add column origin text not null",
        "alter table memory add constraint short check (length(content) < 10)",
        "create unique index one_name on entity (bucket, scope_id, normal)",
        "drop table lane",
        "revoke select on memory from synap_app",
    ],
)
def test_what_takes_something_away_is_noticed(sql: str) -> None:
    assert broken(made(sql)) == [sql]


@pytest.mark.parametrize(
    "sql",
    [
        "alter table memory add column origin text not null default ''",
        "create table t (bucket int not null, id bigint not null, primary key (bucket, id))",
        "create table t (bucket int not null, id bigint); create unique index t_id on t (bucket, id)",
        "create index memory_origin on memory (bucket, type)",
    ],
)
def test_what_only_adds_is_let_pass(sql: str) -> None:
    assert broken(made(sql)) == []


async def test_a_process_goes_on_while_the_schema_grows_under_it(
    fresh_desk: Any, fresh_dsn: str, fresh_owner_dsn: str
) -> None:
    scope = fresh_desk.scope(customer="acme")
    await fresh_desk.remember(scope, "The cellar holds the wine.")
    with psycopg.connect(fresh_owner_dsn, autocommit=True) as connection:
        connection.execute("alter table memory add column origin text not null default ''")
        connection.execute("alter table job add column origin text not null default ''")
        connection.execute("create index memory_origin on memory (bucket, type)")
        connection.execute("insert into schema_migration values (%s, 'next', '', now())", [SCHEMA_VERSION + 1])

    await fresh_desk.remember(scope, "The attic holds the maps.", document_id="attic")
    found = await fresh_desk.find(scope, "attic maps")

    assert found.candidates
    with pytest.raises(SetupError, match="newer than"):
        check_store(fresh_dsn, schema=SCHEMA_VERSION)


async def test_a_url_may_name_several_servers_of_which_one_is_away(fresh_dsn: str) -> None:
    known = psycopg.conninfo.conninfo_to_dict(fresh_dsn)
    port = known.get("port", "5432")
    several = psycopg.conninfo.make_conninfo(
        fresh_dsn, host=f"/nowhere,{known['host']}", port=f"{port},{port}", load_balance_hosts="random"
    )

    for _ in range(4):
        async with await Database.open(several) as database, database.control() as connection:
            cursor = await connection.execute("select 1")
            assert await cursor.fetchone() == (1,)
