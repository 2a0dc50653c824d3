"""The types of the wire stay as they are, unless a change is meant.

`python tests/architecture/test_wire_schema.py` accepts the present state into `wire_schema.json`; the change then shows
in review.
"""

from __future__ import annotations

import json
import pkgutil
from importlib import import_module
from pathlib import Path
from typing import Any

import msgspec

import synap.api

FILE = Path(__file__).with_name("wire_schema.json")
REFERENCES = "#/{name}"


def wire_types() -> list[type[msgspec.Struct]]:
    """Return every type of `synap.api`, by name."""
    found = {}
    for module in pkgutil.iter_modules(synap.api.__path__):
        home = import_module(f"synap.api.{module.name}")
        for value in vars(home).values():
            if isinstance(value, type) and issubclass(value, msgspec.Struct) and value.__module__ == home.__name__:
                found[value.__name__] = value
    return [found[name] for name in sorted(found)]


def present() -> str:
    """Return the schema of all types, without their descriptions, in an order of its own."""
    _, components = msgspec.json.schema_components(wire_types(), ref_template=REFERENCES)
    return json.dumps(_bare(components), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _bare(schema: Any, *, named: bool = True) -> Any:
    """Return a schema without its texts; under `named` keys are members' names, not words of the schema language."""
    if isinstance(schema, list):
        return [_bare(item, named=False) for item in schema]
    if not isinstance(schema, dict):
        return schema
    texts = set() if named else {"description", "title"}
    return {
        key: _bare(value, named=not named and key == "properties") for key, value in schema.items() if key not in texts
    }


def test_the_wire_schema_is_the_committed_one() -> None:
    assert json.loads(present()) == json.loads(FILE.read_text(encoding="utf-8")), (
        "the types of the wire changed; if that is meant, run `python tests/architecture/test_wire_schema.py`"
    )


def test_the_wire_schema_holds_every_request_and_result() -> None:
    assert {"CreateMemory", "FetchContext", "ContextAnswer", "Health"} <= json.loads(present()).keys()


if __name__ == "__main__":
    FILE.write_text(present(), encoding="utf-8")
