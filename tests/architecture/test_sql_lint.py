"""Rules over all SQL text that keep one code base for plain and distributed servers; each rule is proven on a sample."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from synap.store import migrate, statements
from synap.store.migrate import migrations
from synap.store.splitting import split_statements, without_comments
from synap.store.statements import statement, statement_names

STORE = Path(migrate.__file__).parent
SQL_START = re.compile(
    r"\s*(select\s|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s|merge\s+into\s|truncate\s|"
    r"(create|alter|drop)\s+\w+\s+\w|set\s+(local|session|role)\s|grant\s+\w+\s+on\s|lock\s+table\s)",
    re.IGNORECASE,
)
VOLATILE = r"\b(clock_timestamp|timeofday|random|gen_random_uuid|uuidv4|uuidv7|nextval)\s*\("


def has(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.IGNORECASE | re.DOTALL)
    return lambda text: compiled.search(text) is not None


RULES: dict[str, tuple[Callable[[str], bool], str]] = {
    "set_config does not reach the workers": (
        lambda text: has(r"set_config\s*\(")(text) and not has(r"^\s*create function synap_enter\(")(text),
        "select set_config('app.scopes', '{1}', true)",
    ),
    "volatile functions in an update are refused": (
        has(r"\bupdate\s+\w+.*\bset\b.*" + VOLATILE),
        "update job set run_at = clock_timestamp() where bucket = 1",
    ),
    "merge is refused": (has(r"\bmerge\s+into\b"), "merge into job using x on true when matched then delete"),
    "triggers are refused": (has(r"\bcreate\s+(or\s+replace\s+)?trigger\b"), "create trigger t after insert on job"),
    "ids are made by the application": (
        has(r"\b(small|big)?serial\b|\bas\s+identity\b"),
        "create table t (id bigint generated always as identity)",
    ),
    "inheritance is refused": (has(r"\binherits\s*\("), "create table t () inherits (job)"),
    "exclusion constraints are refused": (
        has(r"\bexclude\s+using\b"),
        "create table t (x int, exclude using gist (x))",
    ),
    "set null is refused": (
        has(r"\bon\s+(delete|update)\s+set\s+null\b"),
        "create table t (a int references job on delete set null)",
    ),
    "a policy holds no query": (
        has(r"\bcreate\s+policy\b(?!.*\bfor\s+select\s+to\s+\w+\s*$).*\(\s*select\b"),
        "create policy p on job using (scope_id = (select 1))",
    ),
    "an inverted index serves all tenants at once": (
        has(r"\busing\s+gin\b"),
        "create index memory_words on memory using gin (terms)",
    ),
    "one statement at a time": (
        lambda text: len(split_statements(text)) > 1,
        "select 1; select 2",
    ),
    "no server feature above 16": (
        has(r"\buuidv7\s*\(|\breturning\s+(with\s*\(|old\.|new\.)|\bon_error\b"),
        "update job set state = 'x' where bucket = 1 returning old.state",
    ),
}
ADVISORY = has(r"pg_(try_)?advisory")


def python_strings(path: Path) -> Iterator[str]:
    """Yield the string constants of a module that read like SQL; those that stand alone are documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in documentation and isinstance(node.value, str | bytes):
            text = node.value if isinstance(node.value, str) else node.value.decode(errors="replace")
            if SQL_START.match(text):
                yield text


def named() -> Iterator[tuple[str, str]]:
    for name in statement_names():
        yield f"sql/{name}", statement(name).decode()
        yield f"sql/{name} (shared)", statement(name, shared=True).decode()


def modules() -> Iterator[tuple[str, str]]:
    for path in sorted(STORE.glob("*.py")):
        for text in python_strings(path):
            yield path.name, text


def migration_statements() -> Iterator[tuple[str, str]]:
    for migration in migrations():
        for text in split_statements(migration.sql):
            yield f"migrations/{migration.number:04d}", text


EVERYTHING = [*named(), *modules(), *migration_statements()]


def test_there_is_sql_to_look_at() -> None:
    assert len(list(named())) > 50
    assert any(where == "database.py" for where, _ in EVERYTHING)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_finds_its_sample(rule: str) -> None:
    broken, sample = RULES[rule]

    assert broken(sample)


@pytest.mark.parametrize("rule", RULES)
def test_all_sql_keeps_the_rule(rule: str) -> None:
    broken, _ = RULES[rule]

    assert [where for where, text in EVERYTHING if broken(without_comments(text))] == []


@pytest.mark.parametrize(
    "rule", ["set_config does not reach the workers", "an inverted index serves all tenants at once"]
)
def test_what_is_planted_is_seen_wherever_sql_stands(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, plant = RULES[rule]
    before = {"named": set(named()), "modules": set(modules()), "migrations": set(migration_statements())}
    (tmp_path / "planted.py").write_text(f"QUERY = {plant!r}\n", encoding="utf-8")
    known, founded = statements._statements(), migrations()  # noqa: SLF001 - where the files are read
    monkeypatch.setattr(statements, "_statements", lambda: known | {f"planted {rule}": plant})
    grown = replace(founded[-1], sql=f"{founded[-1].sql};\n{plant}")
    monkeypatch.setitem(globals(), "migrations", lambda: (*founded[:-1], grown))
    monkeypatch.setitem(globals(), "STORE", tmp_path)

    after = {"named": set(named()), "modules": set(modules()), "migrations": set(migration_statements())}

    for where, known_before in before.items():
        assert any(broken(without_comments(text)) for _, text in after[where] - known_before), where


def test_advisory_locks_are_for_migrations_alone() -> None:
    assert ADVISORY("select pg_advisory_xact_lock(1)")
    assert {where for where, text in EVERYTHING if ADVISORY(text)} <= {"migrate.py"}


def test_content_is_never_deleted_or_read_by_truncate_or_copy() -> None:
    # A role behind row-level security may not COPY FROM, and TRUNCATE passes by the policies.
    assert [where for where, text in EVERYTHING if has(r"^\s*(truncate|copy)\b")(text)] == []


PLACED = re.compile(r"synap_place\('(\w+)',\s*'(\w+)'")
CREATED = re.compile(r"create\s+table\s+(\w+)\s*\((.*)\)", re.IGNORECASE | re.DOTALL)
COLUMN_SETTING = re.compile(
    r"alter\s+table\s+(\w+)\s+alter\s+(?:column\s+)?\w+\s+set\s+(storage|statistics)", re.IGNORECASE
)
INDEXED = re.compile(r"create\s+(?:unique\s+)?index\s+\w+\s+on\s+(\w+)", re.IGNORECASE)


@pytest.mark.parametrize("migration", migrations(), ids=lambda migration: f"{migration.number:04d}")
def test_every_table_is_placed_where_it_is_created_and_set_up_in_order(migration: migrate.Migration) -> None:
    created: dict[str, str] = {}
    placed: dict[str, str] = {}
    for text in map(without_comments, split_statements(migration.sql)):
        if (found := CREATED.match(text.strip())) is not None:
            created[found[1]] = found[2]
        elif (setting := COLUMN_SETTING.search(text)) is not None:
            assert setting[1] not in placed, f"{setting[1]}: {setting[2]} is set after the table was placed"
        elif (index := INDEXED.search(text)) is not None and index[1] in created:
            assert index[1] in placed, f"{index[1]} is indexed before it is placed"
        elif text.lstrip().lower().startswith("select"):
            placed |= dict(PLACED.findall(text))

    assert created.keys() <= placed.keys()
    for table, kind in placed.items():
        if kind == "bucket" and table in created:
            assert created[table].lstrip().startswith("bucket int not null"), table
            assert re.search(r"primary key \(bucket\b", created[table]), table


def test_bucket_tables_carry_the_marker_that_divides_them() -> None:
    for migration in migrations():
        placed = dict(PLACED.findall(migration.sql))
        marked = {
            found[1]
            for text in split_statements(migration.sql)
            if "/* partition:bucket */" in text
            and (found := re.search(r"create\s+table\s+(\w+)", without_comments(text))) is not None
        }
        assert marked == {table for table, kind in placed.items() if kind == "bucket"}
