"""The history checker: what was acknowledged, by a log kept outside the engine, held against what a store holds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What a store holds once its queue is empty.

    Attributes:
        documents: How many documents there are under each key.
        contents: The text of every active memory.
        unfinished: Ingestions that are not completed.
        orphans: Memories without their document.
        doubles: Memories that are there twice in one scope.
        jobs: Jobs that are left.
    """

    documents: Mapping[str, int]
    contents: Sequence[str]
    unfinished: int
    orphans: int
    doubles: int
    jobs: int


class Acknowledgements:
    """The log of what the engine said yes to: on disk, flushed before the next call, read back by whoever checks."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sent: set[str] = set()

    def note(self, marker: str) -> None:
        """Note an acknowledgement."""
        with self.path.open("a", encoding="utf-8") as log:
            log.write(json.dumps({"marker": marker}) + "\n")
            log.flush()
            os.fsync(log.fileno())

    def read(self) -> set[str]:
        """Return what was acknowledged."""
        if not self.path.exists():
            return set()
        return {json.loads(line)["marker"] for line in self.path.read_text(encoding="utf-8").splitlines()}


def violations(acknowledged: Iterable[str], sent: Iterable[str], state: State) -> list[str]:
    """Return in words what is not as promised; nothing where all is.

    Acknowledged documents are there, once, with their memory; those that were not are wholly there or wholly absent; nothing
    is there that nobody sent.
    """
    said = "\n".join(state.contents)
    lost = set(acknowledged) - set(state.documents)
    found = [f"{marker} was acknowledged and is lost" for marker in sorted(lost)]
    for marker, count in sorted(state.documents.items()):
        if count != 1:
            found.append(f"{marker} is there {count} times")
        if marker not in said:
            found.append(f"{marker} has no memory although nothing is left to do")
    strangers = set(state.documents) - set(sent)
    found += [f"{marker} was never sent" for marker in sorted(strangers)]
    for name in ("unfinished", "orphans", "doubles", "jobs"):
        if count := getattr(state, name):
            found.append(f"{count} {name}")
    return found
