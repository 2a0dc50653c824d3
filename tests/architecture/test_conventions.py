"""How the code reads, as far as a program can tell: names, sizes, docstrings, silenced rules, logs."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/synap"
MODULES = {str(path.relative_to(SOURCE)): path for path in sorted(SOURCE.rglob("*.py"))}
SILENCED_IN = [
    path for room in ("src", "tests", "examples", "benchmarks") for path in sorted((ROOT / room).rglob("*.py"))
]

NO_MODULES = {"utils", "util", "helpers", "helper", "common", "misc"}
NO_CLASSES = re.compile(r"\w+(Manager|Handler|Helper|Processor)$")
LONGEST_MODULE = 400
TABLES = {
    "domain/attributes.py": "the attributes that statements settle",
    "domain/slot_table.py": "the slots, each with its cardinality",
    "domain/values.py": "forms of values",
    "ingestion/date_rules.py": "the rules of the date grammar",
    "ingestion/shapes.py": "the shapes of personal data",
}
"""Modules of data, which may be longer."""

OPEN_DOORS = {"__init__.py": "the public names", "testing/__init__.py": "the public names for tests"}
CONTENT = {
    "content",
    "text",
    "document",
    "documents",
    "key",
    "api_key",
    "secret",
    "query",
    "prompt",
    "memory",
    "turn",
    "turns",
}
LEVELS = {"debug", "info", "warning", "error", "exception", "critical", "log"}

_NOQA = re.compile(r"#\s*noqa\b(?P<rest>.*)")
_NOQA_WITH_REASON = re.compile(r":\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*\s*-\s*\S.*")
_IGNORE = re.compile(r"#\s*type:\s*ignore(?P<rest>.*)")
_IGNORE_WITH_REASON = re.compile(r"\[[a-z\-, ]+\]\s*(#|-)\s*\S.*")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def public_definitions(body: list[ast.stmt], prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Yield public classes, functions and methods by name; overloads and properties' setters count as their first."""
    for node in body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or node.name.startswith("_"):
            continue
        yield f"{prefix}{node.name}", node
        if isinstance(node, ast.ClassDef):
            yield from public_definitions(node.body, f"{prefix}{node.name}.")


def inherits_its_docstring(module: str, name: str) -> bool:
    """Whether a method of an adapter takes the docstring of its port."""
    return module.startswith("adapters/") and "." in name


def test_no_module_is_a_drawer_for_odds_and_ends() -> None:
    assert [name for name, path in MODULES.items() if path.stem in NO_MODULES] == []


@pytest.mark.parametrize("module", MODULES)
def test_no_class_is_named_after_doing_things(module: str) -> None:
    classes = [node.name for node in ast.walk(tree_of(MODULES[module])) if isinstance(node, ast.ClassDef)]

    assert [name for name in classes if NO_CLASSES.fullmatch(name)] == []


@pytest.mark.parametrize("module", [name for name in MODULES if name not in TABLES and "/lexicon/" not in name])
def test_a_module_tells_one_story(module: str) -> None:
    lines = MODULES[module].read_text(encoding="utf-8").count("\n")

    assert lines <= LONGEST_MODULE, f"{module} has {lines} lines: find its two stories, or name it in TABLES"


def test_the_list_of_tables_holds_what_is_there() -> None:
    assert TABLES.keys() - MODULES.keys() == set()


@pytest.mark.parametrize("module", MODULES)
def test_what_is_public_has_a_docstring(module: str) -> None:
    tree = tree_of(MODULES[module])
    bare = [
        name
        for name, node in public_definitions(tree.body)
        if not ast.get_docstring(node) and not inherits_its_docstring(module, name)  # type: ignore[arg-type]  # all of them can have one
    ]

    assert ast.get_docstring(tree), "the module has none"
    assert bare == []


@pytest.mark.parametrize(
    "module", [name for name in MODULES if name.endswith("__init__.py") and name not in OPEN_DOORS]
)
def test_a_room_opens_with_one_sentence(module: str) -> None:
    tree = tree_of(MODULES[module])
    docstring = ast.get_docstring(tree) or ""

    assert len(tree.body) == 1
    assert docstring.endswith(".")
    assert len(re.findall(r"[.!?](?:\s|$)", docstring)) == 1


@pytest.mark.parametrize("path", SILENCED_IN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_silenced_rule_names_its_code_and_its_reason(path: Path) -> None:
    wrong = []
    for line, comment in comments(path):
        for marker, right in ((_NOQA, _NOQA_WITH_REASON), (_IGNORE, _IGNORE_WITH_REASON)):
            found = marker.search(comment)
            if found is not None and not right.match(found["rest"].strip()):
                wrong.append(f"{line}: {comment}")

    assert wrong == []


# ---------------------------------------------------------------- logs


def log_calls(tree: ast.Module) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in LEVELS:
            holder = node.func.value
            if isinstance(holder, ast.Name) and holder.id in ("logger", "log", "logging", "_logger"):
                yield node


def named(node: ast.AST) -> set[str]:
    """Return the names of variables and attributes whose value `node` gives away; what is only measured does not count."""
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("len", "type", "bool", "sum")
    ):
        return set()
    own = {node.id} if isinstance(node, ast.Name) else {node.attr} if isinstance(node, ast.Attribute) else set()
    if isinstance(node, ast.Attribute) and node.attr not in CONTENT:
        return own  # `document.id` gives away an id, not the document
    return own.union(*(named(child) for child in ast.iter_child_nodes(node)))


def leaks(call: ast.Call) -> set[str]:
    """Return the names of content that a log call gives away, in its message, its arguments or its fields."""
    given = [*call.args, *(keyword.value for keyword in call.keywords)]
    return {name for node in given for name in named(node)} & CONTENT


@pytest.mark.parametrize("module", MODULES)
def test_logs_never_hold_content(module: str) -> None:
    assert [(call.lineno, leaks(call)) for call in log_calls(tree_of(MODULES[module])) if leaks(call)] == []


@pytest.mark.parametrize("module", MODULES)
def test_a_log_message_is_a_fixed_event(module: str) -> None:
    fixed = [isinstance(call.args[0], ast.Constant) for call in log_calls(tree_of(MODULES[module])) if call.args]

    assert all(fixed)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('logger.info(f"got {content}")', {"content"}),
        ('logger.info("got %s", document)', {"document"}),
        ('logger.info("got", extra={"what": request.document})', {"document"}),
        ('logger.info("got", extra={"characters": len(text)})', set()),
        ('logger.info("got", extra={"document_id": document.id})', set()),
    ],
)
def test_the_rule_about_logs_finds_its_samples(line: str, found: set[str]) -> None:
    (call,) = log_calls(ast.parse(line))

    assert leaks(call) == found
