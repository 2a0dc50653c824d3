"""The public names: sorted, complete, there, documented, and used by a page."""

from __future__ import annotations

import ast
import inspect
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import synap
import synap.errors
import synap.testing
import synap.types

ROOT = Path(__file__).parents[2]
ROOMS = [synap, synap.testing, synap.types]
NAMES = [(room, name) for room in ROOMS for name in room.__all__]


def defined_in(folder: Path) -> set[str]:
    """Return the public classes that the modules of a folder define."""
    found = set()
    for path in folder.glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found |= {node.name for node in tree.body if isinstance(node, ast.ClassDef) and not node.name.startswith("_")}
    return found


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_public_names_are_sorted_and_named_once(room: ModuleType) -> None:
    assert room.__all__ == sorted(set(room.__all__))


@pytest.mark.parametrize(("room", "name"), NAMES, ids=lambda value: getattr(value, "__name__", value))
def test_a_public_name_is_there_and_documented(room: ModuleType, name: str) -> None:
    value = getattr(room, name)

    assert inspect.getdoc(value)
    assert name in dir(room)


def test_every_error_is_public() -> None:
    errors = {name for name, value in vars(synap.errors).items() if isinstance(value, type)}

    assert {name for name in errors if name.endswith("Error")} <= set(synap.__all__)


def test_everything_for_tests_is_public() -> None:
    assert defined_in(Path(synap.testing.__file__).parent) <= set(synap.testing.__all__)


def test_what_the_calls_of_the_sdk_give_is_public() -> None:
    given = {
        inspect.signature(call).return_annotation
        for group in (import_module("synap.sdk.memories").Memories, import_module("synap.sdk.contexts").UserContext)
        for name, call in vars(group).items()
        if inspect.iscoroutinefunction(call)
    }
    # A receipt of two fields, and tuples of what is public itself.
    given -= {"DeletedMemory", "tuple[MemoryRecord, ...]", "tuple[PendingRetraction, ...]"}

    assert given <= set(synap.__all__)


def test_a_name_that_is_not_public_is_refused() -> None:
    with pytest.raises(AttributeError, match="synap"):
        synap.Memory  # noqa: B018 - the access is the point


def test_every_public_name_is_on_a_page() -> None:
    page = (ROOT / "docs/reference/python.md").read_text(encoding="utf-8")

    assert [name for _, name in NAMES if name not in page] == []
