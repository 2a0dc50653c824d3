"""The reference model: plain dictionaries of who was told what. It shares no code with the engine."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from synap.verify.owners import Owner, sees

MARKER = re.compile(r"z[qi][0-9a-f]{10}", re.IGNORECASE)
"""What occurs in one statement alone (`zq`), or in the ids of one owner (`zi`)."""

_REPEATED = frozenset({"matched_queries"})
"""Fields that repeat what was asked, which may name anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A statement with a marker, as one owner was told it.

    Attributes:
        owner: Whom it was told.
        marker: What is in no other statement.
        text: The statement.
        document_id: Under which document.
        ingestion_id: The ingestion that it came by; empty for a message.
        memory_ids: The memories made of it; unknown, and empty, for a message.
        direct: Written as a memory, so that exactly one memory holds it.
        conversation_id: The conversation that it was said in.
        named: Whether the marker is part of the name of an entity, too.
    """

    owner: Owner
    marker: str
    text: str
    document_id: str = ""
    ingestion_id: str = ""
    memory_ids: tuple[str, ...] = ()
    direct: bool = False
    conversation_id: str = ""
    named: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong with an answer: markers of strangers, markers that should be gone, markers that should be there."""

    shown: frozenset[str]
    foreign: frozenset[str] = frozenset()
    remains: frozenset[str] = frozenset()
    missing: frozenset[str] = frozenset()


class Model:
    """What every owner was told and has not lost again."""

    def __init__(self) -> None:
        self.ever: dict[str, set[Owner]] = {}
        self.present: dict[str, dict[Owner, Planted]] = {}
        self.of: dict[Owner, dict[str, Planted]] = {}
        self.quoted: set[str] = set()
        self.why: dict[str, str] = {}

    def announce(self, marker: str, owner: Owner) -> None:
        """Note, before it is sent, whose a marker will be."""
        self.ever.setdefault(marker, set()).add(owner)

    def announce_ids(self, owner: Owner) -> None:
        """Note the markers in an owner's ids."""
        for marker in markers_in(owner.customer or ""):
            self.announce(marker, Owner(owner.instance, owner.customer))
        for marker in markers_in(owner.user or ""):
            self.announce(marker, owner)

    def learn(self, planted: Planted) -> None:
        """Note that a statement is there."""
        self.announce(planted.marker, planted.owner)
        self.present.setdefault(planted.marker, {})[planted.owner] = planted
        self.of.setdefault(planted.owner, {})[planted.marker] = planted

    def lose(self, planted: Planted, why: str, *, quoted: bool = False) -> None:
        """Note that an owner must not be shown a statement any more, but where it may be quoted as a newer one's evidence."""
        holders = self.present.get(planted.marker, {})
        holders.pop(planted.owner, None)
        if not holders:
            self.present.pop(planted.marker, None)
        self.of.get(planted.owner, {}).pop(planted.marker, None)
        self.why[planted.marker] = why
        if quoted:
            self.quoted.add(planted.marker)

    def lose_all(self, owner: Owner, why: str) -> None:
        """Note that nothing is left of what an owner was told."""
        for planted in list(self.of.get(owner, {}).values()):
            self.lose(planted, why)
        for marker, owners in self.ever.items():
            if owner in owners and marker in self.quoted:
                self.quoted.discard(marker)

    def foreign(self, viewer: Owner, shown: Iterable[str]) -> frozenset[str]:
        """Return those of the markers that were never told to anybody whom `viewer` may see."""
        return frozenset(
            marker for marker in shown if not any(sees(viewer, owner) for owner in self.ever.get(marker, ()))
        )

    def holds(self, viewer: Owner, marker: str) -> bool:
        """Whether `viewer` is to be shown a marker."""
        return any(sees(viewer, owner) for owner in self.present.get(marker, ()))

    def judge(
        self, viewer: Owner, shown: frozenset[str], *, wanted: Iterable[str] = (), still: bool, quotes: bool = False
    ) -> Verdict:
        """Hold an answer against the model.

        Args:
            viewer: On whose behalf was asked.
            shown: The markers in the answer.
            wanted: Those that it must show, as far as the viewer may see them.
            still: Whether nothing was changing meanwhile. Else only strangers' markers are judged.
            quotes: Whether the answer tells its evidence, which may hold what was replaced.
        """
        foreign = self.foreign(viewer, shown)
        if not still:
            return Verdict(shown=shown, foreign=foreign)
        kept = self.quoted if quotes else ()
        remains = frozenset(
            marker
            for marker in shown - foreign
            if marker.startswith("zq") and marker not in kept and not self.holds(viewer, marker)
        )
        missing = frozenset(marker for marker in wanted if self.holds(viewer, marker)) - shown
        return Verdict(shown=shown, foreign=foreign, remains=remains, missing=missing)


def markers_in(*parts: Any) -> frozenset[str]:
    """Return the markers that occur anywhere in what was answered, but in what repeats the question."""
    return frozenset(marker.lower() for part in parts for marker in MARKER.findall(_text(part)))


def _text(part: Any) -> str:
    return part if isinstance(part, str) else str(_without_repeats(msgspec.to_builtins(part, enc_hook=str)))


def _without_repeats(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_repeats(one) for key, one in value.items() if key not in _REPEATED}
    if isinstance(value, list | tuple):
        return [_without_repeats(one) for one in value]
    return value
