"""Where one statement ends and the next begins."""

from __future__ import annotations

import pytest

from synap.store.migrate import migrations, partition
from synap.store.splitting import split_statements, without_comments


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("select 1; select 2;", ["select 1", "select 2"]),
        ("select ';'; select 2", ["select ';'", "select 2"]),
        ("select 'it''s; one'; select 2", ["select 'it''s; one'", "select 2"]),
        (r"select E'\';'; select 2", [r"select E'\';'", "select 2"]),
        ('select ";"; select 2', ['select ";"', "select 2"]),
        ("do $$ begin; end $$; select 2", ["do $$ begin; end $$", "select 2"]),
        ("do $a$ select $$;$$; $a$; select 2", ["do $a$ select $$;$$; $a$", "select 2"]),
        ("select 1 -- no; end\n; select 2", ["select 1 -- no; end", "select 2"]),
        ("select /* a; /* b; */ c; */ 1; select 2", ["select /* a; /* b; */ c; */ 1", "select 2"]),
        ("-- nothing but a comment;\n/* or two; */", []),
        ("", []),
        (";;", []),
    ],
)
def test_semicolons_divide_outside_of_quotes_and_comments(text: str, statements: list[str]) -> None:
    assert split_statements(text) == statements


def test_comments_go_and_strings_that_look_like_them_stay() -> None:
    assert without_comments("select '--x', $$/*y*/$$ -- gone\n").split() == ["select", "'--x',", "$$/*y*/$$"]


def test_a_marked_table_is_divided_and_others_are_left_alone() -> None:
    marked = partition("create table thing (bucket int primary key) /* partition:bucket */")

    assert marked[0] == "create table thing (bucket int primary key) partition by hash (bucket)"
    assert marked[1:] == [
        f"create table thing_p{n} partition of thing for values with (modulus 4, remainder {n})" for n in range(4)
    ]
    assert partition("create table other (id int)") == ["create table other (id int)"]


def test_migrations_are_numbered_from_one_without_gaps() -> None:
    assert [migration.number for migration in migrations()] == list(range(1, len(migrations()) + 1))
