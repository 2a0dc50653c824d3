"""What `import synap` costs: a handful of modules, and none of the engine's."""

from __future__ import annotations

import subprocess
import sys

HEAVY = (
    "synap.bootstrap",
    "synap.engine",
    "synap.ingestion",
    "synap.retrieval",
    "synap.server",
    "synap.settings",
    "synap.store",
    "httpx",
    "litestar",
    "msgspec",
    "numpy",
    "onnxruntime",
    "psycopg",
    "typer",
)
OWN_MODULES = 2
"""`synap` and `synap.version`."""

CLIENT_MODULES = 60
"""Modules of ours that a client of a server may load; the engine has three times as many."""


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh interpreter has after a statement, beyond those it begins with."""
    script = f"import sys; before = set(sys.modules); {statement}; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter
    return set(done.stdout.split())


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.partition(".")[0] == "synap"}


def heavy(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith(HEAVY)}


def test_importing_the_package_loads_next_to_nothing() -> None:
    modules = loaded_by("import synap")

    assert heavy(modules) == set()
    assert len(ours(modules)) <= OWN_MODULES


def test_a_client_of_a_server_loads_no_engine() -> None:
    modules = loaded_by("from synap import Synap; Synap(api_key='synap_x', base_url='http://127.0.0.1:1')")

    assert heavy(modules) - {name for name in modules if name.startswith(("msgspec", "httpx"))} == set()
    assert len(ours(modules)) <= CLIENT_MODULES


def test_errors_and_types_load_no_engine() -> None:
    modules = loaded_by("import synap.errors, synap.types")

    assert {name for name in heavy(modules) if not name.startswith("msgspec")} == set()
