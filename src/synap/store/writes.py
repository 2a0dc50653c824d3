"""Notes which rows a write touched, so that whoever holds a scope's rows in memory need not read all of them again.

A version of a scope is *told whole* once its write has called `note_write`. A write that does not, such as an erasure, needs
to do nothing more: the version is missing from the notes, and the scope is read anew.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from synap.domain.scopes import Scope
from synap.store.database import Connection
from synap.store.rows import place
from synap.store.statements import execute

KEPT_VERSIONS = 32
"""Versions of a scope whose rows are noted, the latest."""

MOST_NOTED = 2000
"""Rows that one write notes at most; after a bigger one the scope is read anew."""


async def note_write(
    connection: Connection, scope: Scope, version: int, *, memories: Sequence[int] = (), segments: Sequence[int] = ()
) -> None:
    """Send the note that these rows, and those noted in this transaction before, are all that `version` touched.

    Rows are touched where a search may find them when it did not, or the other way round, or with another score, and where it
    finds anything else in them, such as when they were last said. To name more than that does no harm. A write that names no
    memories has not changed what the scope's entities are called either. Called once, at the end of the write that `touch` or `bump` gave the version.
    """
    if len(memories) + len(segments) > MOST_NOTED:
        return
    params = place(scope) | {
        "version": version,
        "kept": KEPT_VERSIONS,
        "memories": list(memories),
        "segments": list(segments),
    }
    await execute(connection, "note_write", params, shared=scope.shared)


def told_whole(writes: Sequence[Mapping[str, Any]], since: int | None, version: int) -> bool:
    """Whether notes, as `writes_since` reads them, tell of every version after `since` up to `version`."""
    told = {write["version"] for write in writes if write["whole"]}
    return since is not None and since < version and all(one in told for one in range(since + 1, version + 1))
